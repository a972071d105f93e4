/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "edge/agent/addr.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl.h"
#include "edge/agent/port.h"
#include "edge/agent/route.h"
#include "edge/agent/veth.h"
#include "edge/agent/vrf.h"

#define CACHE_MS 3000
#define VLAN_TAG_BYTES 4 /* IEEE 802.1Q */

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
parse_kind(const struct nlattr *info, struct link *ret)
{
	const struct nlattr *table[IFLA_INFO_MAX + 1], *data[IFLA_VLAN_MAX + 1];

	nl_nested(info, table, IFLA_INFO_MAX);
	nl_text(table[IFLA_INFO_KIND], ret->kind, sizeof(ret->kind));
	nl_nested(table[IFLA_INFO_DATA], data, IFLA_VLAN_MAX);
	if (strcmp(ret->kind, "vrf") == 0)
		ret->table = nl_u32(data[IFLA_VRF_TABLE]);
	if (strcmp(ret->kind, "vlan") == 0 && data[IFLA_VLAN_ID] != NULL)
		ret->vlan = mnl_attr_get_u16(data[IFLA_VLAN_ID]);
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
refresh(struct link_cache *cache, struct fault *fault)
{
	_cleanup_buf_ struct buf dump = {0};
	struct link *links;
	struct nl_msg msg;
	size_t count = 0;

	begin_get(&msg);
	if (nl_dump(cache->nl, &msg, &dump, fault) != 0)
		return fault_prefix(fault, "reading devices");
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&dump, h)) != NULL;)
		count++;
	if ((links = reallocarray(cache->link, count + 1, sizeof(*links))) == NULL)
		return fault_errno(fault, "reading devices");
	cache->link = links;
	cache->n = 0;
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&dump, h)) != NULL;)
		if (h->nlmsg_type == RTM_NEWLINK)
			parse_link(h, &links[cache->n++]);
	cache->fresh = true;
	cache->read = monotonic_now();
	return 0;
}

int
link_read(struct link_cache *cache, struct arena *arena, struct link **ret, size_t *n, struct fault *fault)
{
	/* First the look at what changed: what changes while it is read is seen the next time. */
	if (nl_changed(cache->watch) || monotonic_since(cache->read) > CACHE_MS)
		cache->fresh = false;
	if (!cache->fresh && refresh(cache, fault) != 0)
		return fault->code;
	*ret = arena_array(arena, cache->n + 1, sizeof(**ret));
	memcpy(*ret, cache->link, cache->n * sizeof(**ret));
	*n = cache->n;
	return 0;
}

int
link_cache_open(struct link_cache *cache, struct nl *nl, struct fault *fault)
{
	const int group = RTNLGRP_LINK;

	cache->nl = nl;
	cache->fresh = false;
	if (nl_open(NETLINK_ROUTE, &cache->watch, fault) != 0)
		return fault->code;
	return nl_join(cache->watch, &group, 1, fault);
}

void
link_cache_close(struct link_cache *cache)
{
	nl_close(cache->watch);
	free(cache->link);
	*cache = (struct link_cache){0};
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
	for (size_t i = 0; i < n && index != 0; i++)
		if (links[i].index == index)
			return &links[i];
	return NULL;
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
	return link_is_ours(link) && (strcmp(link->kind, "vlan") == 0 || strcmp(link->kind, "macvlan") == 0);
}

int
link_all_users(struct host *host, struct arena *arena, struct link_user **ret, size_t *n, struct fault *fault)
{
	struct link_user *users = NULL;
	uint32_t *numbers;
	size_t numbers_count, count = 0;

	if (netns_numbers(host, arena, &numbers, &numbers_count, fault) != 0)
		return fault->code;
	for (size_t i = 0; i < numbers_count; i++) {
		struct link_user *grown;
		struct netns *ns;
		struct link *links;
		size_t link_count;

		if (netns_get(host, numbers[i], &ns, fault) != 0 ||
		    link_read(&ns->links, arena, &links, &link_count, fault) != 0)
			return fault->code;
		grown = arena_array(arena, count + link_count + 1, sizeof(*grown));
		if (count > 0)
			memcpy(grown, users, count * sizeof(*grown));
		users = grown;
		/* What we make from a device always has it in the router's own namespace. */
		for (size_t k = 0; k < link_count; k++)
			if (link_is_from_port(&links[k]))
				users[count++] =
				    (struct link_user){links[k].lower, strcmp(links[k].kind, "macvlan") == 0};
	}
	*ret = users;
	*n = count;
	return 0;
}

struct reading { /* of one namespace */
	struct netns *ns;
	struct link *link, *port; /* port: of the router's own namespace */
	size_t links, ports;
	struct route *guard; /* of protocol GUARD */
	size_t guards;
	struct veth_map map; /* when there is a veth pair's end */
};

static bool
has_veth(const struct reading *all)
{
	for (size_t i = 0; i < all->links; i++)
		if (strcmp(all->link[i].kind, "veth") == 0)
			return true;
	return false;
}

static int
read_all(struct call *call, uint32_t instance, struct reading *ret)
{
	struct fault *fault = &call->fault;

	if (netns_get(call->host, instance, &ret->ns, fault) != 0 ||
	    link_read(&call->host->links, call->arena, &ret->port, &ret->ports, fault) != 0 ||
	    link_read(&ret->ns->links, call->arena, &ret->link, &ret->links, fault) != 0)
		return fault->code;
	if (has_veth(ret) && veth_map_read(call->host, call->arena, ret->ns, &ret->map, fault) != 0)
		return fault->code;
	return route_read(ret->ns, call->arena, ROUTE_PROTO_GUARD, 0, &ret->guard, &ret->guards, fault);
}

/* Both unreachable defaults. */
static bool
is_guarded(const struct reading *all, uint32_t table)
{
	size_t n = 0;

	for (size_t i = 0; i < all->guards; i++)
		n += all->guard[i].table == table && all->guard[i].type == RTN_UNREACHABLE &&
		     all->guard[i].prefix.len == 0;
	return n == 2;
}

/* The kernel takes a VLAN's MTU down with its port's, but not up again. Over ports that count the tag as a part of the
 * frame it stays a tag's length below. */
static bool
is_mtu_behind(const struct link *link, const struct link *port)
{
	return link->mtu + VLAN_TAG_BYTES < port->mtu;
}

static void
fill_item(struct call *call, const struct reading *all, const struct link *link, struct item_link *item)
{
	const struct link *master = link_by_index(all->link, all->links, link->master);
	const struct link *port = link_is_from_port(link) ? link_by_index(all->port, all->ports, link->lower) : NULL;

	*item = (struct item_link){.ifindex = link->index,
	    .table = link->table,
	    .vlan = link->vlan,
	    .is_vrf = strcmp(link->kind, "vrf") == 0,
	    .is_vlan = strcmp(link->kind, "vlan") == 0 || strcmp(link->kind, "macvlan") == 0,
	    .is_veth = strcmp(link->kind, "veth") == 0,
	    .up = link->up,
	    .carrier = link->carrier};
	strlcpy(item->device, link->name, sizeof(item->device));
	if (master != NULL)
		strlcpy(item->vrf, master->name, sizeof(item->vrf));
	if (port != NULL) {
		strlcpy(item->port, port->name, sizeof(item->port));
		/* Not every driver drops its carrier when its device is set down. */
		item->carrier = link->carrier && port->carrier && port->up;
	}
	if (!link_is_ours(link))
		return;
	strlcpy(item->mark, link->alias, sizeof(item->mark));
	if (item->is_vrf && !is_guarded(all, link->table))
		item->up = 0;
	if (port != NULL && is_mtu_behind(link, port))
		item->up = 0;
	if (item->is_veth)
		veth_peer(call->host, &all->map, all->ns, link, &item->peer_instance, item->peer);
}

int
op_read_links(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	struct reading all = {0};

	if (read_all(call, op->instance, &all) != 0)
		return call->fault.code;
	for (size_t i = 0; i < all.links; i++) {
		struct item_link item;

		/* What is half made will be made anew; until then it is not there. */
		if (strcmp(all.link[i].name, "lo") == 0 || link_is_half_made(&all.link[i]))
			continue;
		fill_item(call, &all, &all.link[i], &item);
		call_item(call, &item, sizeof(item));
	}
	return 0;
}

static int
take_mtu_of_port(struct call *call, const struct netns *ns, const struct link *link)
{
	struct link port;

	if (!link_is_from_port(link) || link_find_index(call->host->route, link->lower, &port, &call->fault) != 0)
		return call->fault.code;
	if (!is_mtu_behind(link, &port) || link_set_mtu(ns->route, link->index, port.mtu, &call->fault) == 0)
		return 0;
	if (call->fault.code != ERANGE)
		return call->fault.code;
	return link_set_mtu(ns->route, link->index, port.mtu - VLAN_TAG_BYTES, &call->fault);
}

int
op_link_up(struct call *call, const void *request)
{
	const struct op_device *op = request;
	struct netns *ns;
	struct link link, vrf;

	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    link_find_ours(ns->route, op->device, &link, &call->fault) != 0)
		return call->fault.code;
	if (strcmp(link.kind, "vrf") == 0)
		return vrf_complete(ns, &link, &call->fault);
	if (take_mtu_of_port(call, ns, &link) != 0)
		return fault_prefix(&call->fault, "MTU of device %s", op->device);
	if (!link.up && link_set_up(ns->route, link.index, &call->fault) != 0)
		return fault_prefix(&call->fault, "device %s up", op->device);
	if (link.master == 0)
		return 0;
	/* Routes cannot be added over a device that is down: those of the addresses it has got come now. */
	if (link_find_index(ns->route, link.master, &vrf, &call->fault) != 0)
		return call->fault.code;
	return addr_subnet_routes(call, ns, &link, vrf.table);
}

int
op_link_del(struct call *call, const void *request)
{
	const struct op_device *op = request;
	struct netns *ns;
	struct link link;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);

	if (code == 0)
		code = link_find_ours(ns->route, op->device, &link, &call->fault);
	if (code == ENOENT || code == ENODEV)
		return 0;
	if (code != 0)
		return code;
	if (strcmp(link.kind, "vrf") == 0)
		return vrf_delete(call, ns, &link);
	if (link_delete(ns->route, link.index, &call->fault) != 0)
		return fault_prefix(&call->fault, "removing device %s", op->device);
	if (!link_is_from_port(&link))
		return 0;
	return port_lost(call, ns, link.lower, strcmp(link.kind, "macvlan") == 0);
}
