/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"

bool
link_is_ours(const struct link *link)
{
	return strncmp(link->alias, LINK_MARK, sizeof(LINK_MARK) - 1) == 0;
}

bool
link_is_half_made(const struct link *link)
{
	return link->group == LINK_GROUP && link->alias[0] == '\0';
}

static void
parse_vrf(const struct nlattr *data, struct link *ret)
{
	const struct nlattr *table[IFLA_VRF_MAX + 1];

	nl_nested(data, table, IFLA_VRF_MAX);
	ret->table = nl_u32(table[IFLA_VRF_TABLE]);
}

static void
parse_vlan(const struct nlattr *data, struct link *ret)
{
	const struct nlattr *table[IFLA_VLAN_MAX + 1];

	nl_nested(data, table, IFLA_VLAN_MAX);
	if (table[IFLA_VLAN_ID] != NULL)
		ret->vlan = mnl_attr_get_u16(table[IFLA_VLAN_ID]);
}

static const struct {
	const char *name; /* as the kernel calls it */
	void (*parse)(const struct nlattr *data, struct link *);
	bool from_port; /* made from a device of the router's own namespace */
} kinds[LINK_KINDS] = {
    [LINK_OTHER] = {"", NULL, false},
    [LINK_VRF] = {"vrf", parse_vrf, false},
    [LINK_VLAN] = {"vlan", parse_vlan, true},
    [LINK_MACVLAN] = {"macvlan", NULL, true},
    [LINK_VETH] = {"veth", NULL, false},
};

const char *
link_kind_name(enum link_kind kind)
{
	return kinds[kind].name;
}

static void
parse_kind(const struct nlattr *info, struct link *ret)
{
	const struct nlattr *table[IFLA_INFO_MAX + 1];
	char name[16];

	nl_nested(info, table, IFLA_INFO_MAX);
	nl_text(table[IFLA_INFO_KIND], name, sizeof(name));
	for (enum link_kind kind = LINK_OTHER; kind < LINK_KINDS; kind++)
		if (strcmp(kinds[kind].name, name) == 0)
			ret->kind = kind;
	if (kinds[ret->kind].parse != NULL)
		kinds[ret->kind].parse(table[IFLA_INFO_DATA], ret);
}

static void
parse_link(const struct nlmsghdr *h, struct link *ret)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *table[IFLA_MAX + 1];

	*ret = (struct link){.index = (uint32_t)ifi->ifi_index, .up = (ifi->ifi_flags & IFF_UP) != 0};
	nl_attrs(h, sizeof(*ifi), table, IFLA_MAX);
	nl_text(table[IFLA_IFNAME], ret->name, sizeof(ret->name));
	nl_text(table[IFLA_IFALIAS], ret->alias, sizeof(ret->alias));
	ret->master = nl_u32(table[IFLA_MASTER]);
	ret->lower = nl_u32(table[IFLA_LINK]);
	ret->lower_netns = table[IFLA_LINK_NETNSID] != NULL ? (int32_t)nl_u32(table[IFLA_LINK_NETNSID]) : -1;
	ret->group = nl_u32(table[IFLA_GROUP]);
	ret->mtu = nl_u32(table[IFLA_MTU]);
	ret->carrier = table[IFLA_CARRIER] != NULL && mnl_attr_get_u8(table[IFLA_CARRIER]) != 0;
	parse_kind(table[IFLA_LINKINFO], ret);
}

static void
begin_get(struct nl_msg *msg)
{
	nl_begin(msg, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(msg->h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

static int
compare_index(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

int
link_dump(struct nl *nl, struct link **links, size_t *n, struct fault *fault)
{
	_cleanup_buf_ struct buf dump = {0};
	struct link *grown;
	struct nl_msg msg;
	size_t count = 0;

	begin_get(&msg);
	if (nl_dump(nl, &msg, &dump, fault) != 0)
		return fault_prefix(fault, "reading devices");
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&dump, h)) != NULL;)
		count++;
	if ((grown = reallocarray(*links, count + 1, sizeof(*grown))) == NULL)
		return fault_errno(fault, "reading devices");
	*links = grown;
	*n = 0;
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&dump, h)) != NULL;)
		if (h->nlmsg_type == RTM_NEWLINK)
			parse_link(h, &grown[(*n)++]);
	qsort(grown, *n, sizeof(*grown), compare_index);
	return 0;
}

static int
get_one(struct nl *nl, struct nl_msg *msg, struct link *ret, struct fault *fault)
{
	_cleanup_buf_ struct buf answer = {.max = 65536};

	if (nl_get(nl, msg, &answer, fault) != 0)
		return fault->code;
	const struct nlmsghdr *h = nl_next(&answer, NULL);

	if (h == NULL || h->nlmsg_type != RTM_NEWLINK)
		return fault_set(fault, EPROTO, "no device in the kernel's answer");
	parse_link(h, ret);
	return 0;
}

int
link_find(struct nl *nl, const char *name, struct link *ret, struct fault *fault)
{
	struct nl_msg msg;

	begin_get(&msg);
	mnl_attr_put_strz(msg.h, IFLA_IFNAME, name);
	if (get_one(nl, &msg, ret, fault) == 0)
		return 0;
	if (fault->code == ENODEV)
		return fault_set(fault, ENODEV, "there is no device %s", name);
	return fault_prefix(fault, "device %s", name);
}

int
link_find_index(struct nl *nl, uint32_t index, struct link *ret, struct fault *fault)
{
	struct nl_msg msg;

	begin_get(&msg);
	((struct ifinfomsg *)msg.body)->ifi_index = (int)index;
	return get_one(nl, &msg, ret, fault);
}

int
link_read_counts(struct nl *nl, uint32_t index, struct link_counts *ret, struct fault *fault)
{
	_cleanup_buf_ struct buf answer = {.max = 65536};
	const struct nlattr *table[IFLA_MAX + 1];
	struct rtnl_link_stats64 all = {0};
	struct nl_msg msg;

	nl_begin(&msg, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)msg.body)->ifi_index = (int)index;
	if (nl_get(nl, &msg, &answer, fault) != 0)
		return fault_prefix(fault, "reading counters of a device");
	const struct nlmsghdr *h = nl_next(&answer, NULL);

	if (h == NULL || h->nlmsg_type != RTM_NEWLINK)
		return fault_set(fault, EPROTO, "no device in the kernel's answer");
	nl_attrs(h, sizeof(struct ifinfomsg), table, IFLA_MAX);
	if (table[IFLA_STATS64] != NULL) { /* a later kernel has more behind, an earlier one less */
		size_t size = mnl_attr_get_payload_len(table[IFLA_STATS64]);

		memcpy(&all, mnl_attr_get_payload(table[IFLA_STATS64]), size < sizeof(all) ? size : sizeof(all));
	}
	*ret = (struct link_counts){all.rx_packets, all.rx_bytes, all.tx_packets, all.tx_bytes};
	return 0;
}

int
link_find_ours(struct nl *nl, const char *name, struct link *ret, struct fault *fault)
{
	if (link_find(nl, name, ret, fault) != 0)
		return fault->code;
	if (!link_is_ours(ret) && !link_is_half_made(ret))
		return fault_set(fault, EEXIST, "device %s exists and was not made by dcaas", name);
	return 0;
}

int
link_claim(struct nl *nl, const char *name, struct link *ret, struct fault *fault)
{
	if (link_find_ours(nl, name, ret, fault) != 0)
		return fault->code;
	if (!link_is_half_made(ret))
		return 0;
	if (link_delete(nl, ret->index, fault) != 0)
		return fault_prefix(fault, "removing device %s, which is half made", name);
	return fault_set(fault, ENODEV, "there is no device %s", name);
}

const struct link *
link_by_index(const struct link *links, size_t n, uint32_t index)
{
	const struct link key = {.index = index};

	return index != 0 && n > 0 ? bsearch(&key, links, n, sizeof(*links), compare_index) : NULL;
}

enum link_news
link_parse_change(const struct nlmsghdr *h, struct link *ret)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *table[IFLA_MAX + 1];

	if ((h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC)
		return LINK_NO_NEWS; /* of a bridge: its message about one of its ports concerns the bridge alone */
	parse_link(h, ret);
	if (h->nlmsg_type == RTM_DELLINK)
		return LINK_GONE;
	nl_attrs(h, sizeof(*ifi), table, IFLA_MAX);
	return table[IFLA_MTU] != NULL && table[IFLA_GROUP] != NULL ? LINK_IS : LINK_UNCLEAR;
}

int
link_set_alias(struct nl *nl, const char *name, const char *alias, struct fault *fault)
{
	struct nl_msg msg;

	nl_begin(&msg, RTM_SETLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg.h, IFLA_IFNAME, name);
	mnl_attr_put_strz(msg.h, IFLA_IFALIAS, alias);
	return nl_call(nl, &msg, fault) == 0 ? 0 : fault_prefix(fault, "marking device %s", name);
}

int
link_set_master(struct nl *nl, uint32_t index, uint32_t master, struct fault *fault)
{
	struct nl_msg msg;

	nl_begin(&msg, RTM_SETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)msg.body)->ifi_index = (int)index;
	mnl_attr_put_u32(msg.h, IFLA_MASTER, master);
	return nl_call(nl, &msg, fault);
}

int
link_set_up(struct nl *nl, uint32_t index, struct fault *fault)
{
	struct nl_msg msg;
	struct ifinfomsg *ifi;

	nl_begin(&msg, RTM_SETLINK, 0, sizeof(*ifi));
	ifi = msg.body;
	ifi->ifi_index = (int)index;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	return nl_call(nl, &msg, fault);
}

int
link_set_mtu(struct nl *nl, uint32_t index, uint32_t mtu, struct fault *fault)
{
	struct nl_msg msg;

	nl_begin(&msg, RTM_SETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)msg.body)->ifi_index = (int)index;
	mnl_attr_put_u32(msg.h, IFLA_MTU, mtu);
	return nl_call(nl, &msg, fault);
}

int
link_set_group(struct nl *nl, uint32_t index, uint32_t group, struct fault *fault)
{
	struct nl_msg msg;

	nl_begin(&msg, RTM_SETLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)msg.body)->ifi_index = (int)index;
	mnl_attr_put_u32(msg.h, IFLA_GROUP, group);
	return nl_call(nl, &msg, fault);
}

int
link_delete_group(struct nl *nl, uint32_t group, struct fault *fault)
{
	struct nl_msg msg;

	nl_begin(&msg, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(msg.h, IFLA_GROUP, group);
	return nl_call(nl, &msg, fault);
}

int
link_delete(struct nl *nl, uint32_t index, struct fault *fault)
{
	struct nl_msg msg;

	nl_begin(&msg, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	((struct ifinfomsg *)msg.body)->ifi_index = (int)index;
	return nl_call(nl, &msg, fault) == 0 || fault->code == ENODEV ? 0 : fault->code;
}

bool
link_is_from_port(const struct link *link)
{
	return link_is_ours(link) && kinds[link->kind].from_port;
}
