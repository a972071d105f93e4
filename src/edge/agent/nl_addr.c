/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl_addr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"

static bool
is_link_local(const struct ip_addr *a)
{
	return a->family == IP_V6 && a->byte[0] == 0xfe && (a->byte[1] & 0xc0) == 0x80;
}

static bool
parse_addr(const struct nlmsghdr *h, struct addr *ret)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(h);
	const struct nlattr *table[IFA_MAX + 1];

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*ifa))
		return false;
	nl_attrs(h, sizeof(*ifa), table, IFA_MAX);
	*ret = (struct addr){.index = ifa->ifa_index, .prefix.len = ifa->ifa_prefixlen};
	/* IFA_LOCAL is the address itself; IPv6 has it only when there is a peer. */
	return (nl_addr(table[IFA_LOCAL], ifa->ifa_family, &ret->prefix.addr) ||
		   nl_addr(table[IFA_ADDRESS], ifa->ifa_family, &ret->prefix.addr)) &&
	       !is_link_local(&ret->prefix.addr);
}

int
addr_read(struct nl *nl, struct arena *arena, uint32_t index, struct addr **ret, size_t *n, struct fault *fault)
{
	_cleanup_buf_ struct buf dump = {0};
	struct nl_msg msg;
	size_t count = 0;

	nl_begin(&msg, RTM_GETADDR, 0, sizeof(struct ifaddrmsg));
	((struct ifaddrmsg *)msg.body)->ifa_index = index;
	if (nl_dump(nl, &msg, &dump, fault) != 0)
		return fault_prefix(fault, "reading addresses");
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&dump, h)) != NULL;)
		count++;
	*ret = arena_array(arena, count + 1, sizeof(**ret));
	*n = 0;
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&dump, h)) != NULL;)
		if (h->nlmsg_type == RTM_NEWADDR && parse_addr(h, &(*ret)[*n]))
			++*n;
	return 0;
}

static void
begin_addr(struct nl_msg *msg, int type, int flags, uint32_t index, const struct ip_prefix *prefix)
{
	struct ifaddrmsg *ifa;

	nl_begin(msg, type, flags, sizeof(*ifa));
	ifa = msg->body;
	ifa->ifa_family = nl_family(prefix->addr.family);
	ifa->ifa_prefixlen = (uint8_t)prefix->len;
	ifa->ifa_scope = RT_SCOPE_UNIVERSE; /* also for 169.254/16, or it could not be a source */
	ifa->ifa_index = index;
	nl_put_addr(msg, IFA_LOCAL, &prefix->addr);
	nl_put_addr(msg, IFA_ADDRESS, &prefix->addr);
}

int
addr_put(struct nl *nl, uint32_t index, const struct ip_prefix *prefix, struct fault *fault)
{
	struct nl_msg msg;

	begin_addr(&msg, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, prefix);
	mnl_attr_put_u32(msg.h, IFA_FLAGS, IFA_F_NOPREFIXROUTE | IFA_F_NODAD | IFA_F_PERMANENT);
	return nl_call(nl, &msg, fault);
}

int
addr_delete(struct nl *nl, uint32_t index, const struct ip_prefix *prefix, struct fault *fault)
{
	struct nl_msg msg;

	begin_addr(&msg, RTM_DELADDR, 0, index, prefix);
	int code = nl_call(nl, &msg, fault);

	return code == EADDRNOTAVAIL ? 0 : code;
}
