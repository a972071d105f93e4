/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl_route.h"

#include <errno.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"

#define SAME_ROUTE_MAX 16 /* routes of ours that one deletion looks for */

static const enum ip_family families[] = {IP_V4, IP_V6};

bool
route_is_in_range(uint32_t table)
{
	return table >= TABLE_FIRST && table <= TABLE_LAST;
}

/* Header, destination, table and metric, which all messages have. */
static void
begin_route(struct nl_msg *msg, int type, int flags, const struct route *route)
{
	struct rtmsg *rtm;

	nl_begin(msg, type, flags, sizeof(*rtm));
	rtm = msg->body;
	rtm->rtm_family = nl_family(route->prefix.addr.family);
	rtm->rtm_dst_len = (uint8_t)route->prefix.len;
	rtm->rtm_protocol = (uint8_t)route->proto;
	rtm->rtm_type = route->type;
	rtm->rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE;
	if (type == RTM_NEWROUTE && route->type == RTN_UNICAST && route->via.family == IP_NONE)
		rtm->rtm_scope = RT_SCOPE_LINK;
	rtm->rtm_table = RT_TABLE_UNSPEC; /* the attribute has it: it does not fit here */
	mnl_attr_put_u32(msg->h, RTA_TABLE, route->table);
	if (route->prefix.len > 0)
		nl_put_addr(msg, RTA_DST, &route->prefix.addr);
	if (route->metric != 0)
		mnl_attr_put_u32(msg->h, RTA_PRIORITY, route->metric);
}

int
route_put(struct nl *nl, const struct route *route, bool replace, struct fault *fault)
{
	struct nl_msg msg;

	begin_route(&msg, RTM_NEWROUTE, replace ? NLM_F_REPLACE : NLM_F_CREATE | NLM_F_EXCL, route);
	if (route->oif != 0)
		mnl_attr_put_u32(msg.h, RTA_OIF, route->oif);
	if (route->via.family != IP_NONE)
		nl_put_addr(&msg, RTA_GATEWAY, &route->via);
	if (route->source.family != IP_NONE)
		nl_put_addr(&msg, RTA_PREFSRC, &route->source);
	return nl_call(nl, &msg, fault);
}

static int
del_one(struct nl *nl, const struct route *route, struct fault *fault)
{
	struct nl_msg msg;

	begin_route(&msg, RTM_DELROUTE, 0, route);
	if (route->oif != 0)
		mnl_attr_put_u32(msg.h, RTA_OIF, route->oif);
	return nl_call(nl, &msg, fault);
}

int
route_delete(struct nl *nl, const struct route *route, struct fault *fault)
{
	for (int i = 0; i < SAME_ROUTE_MAX; i++) {
		int code = del_one(nl, route, fault);

		if (code == ESRCH || code == ENOENT)
			return 0;
		if (code != 0)
			return code;
	}
	return fault_set(fault, EAGAIN, "the route keeps coming back");
}

static bool
parse_route(const struct nlmsghdr *h, struct route *ret)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(h);
	const struct nlattr *table[RTA_MAX + 1];
	struct ip_addr any = {.family = rtm->rtm_family == AF_INET6 ? IP_V6 : IP_V4};

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*rtm))
		return false;
	nl_attrs(h, sizeof(*rtm), table, RTA_MAX);
	*ret = (struct route){.proto = rtm->rtm_protocol,
	    .type = rtm->rtm_type,
	    .table = table[RTA_TABLE] != NULL ? nl_u32(table[RTA_TABLE]) : rtm->rtm_table,
	    .metric = nl_u32(table[RTA_PRIORITY]),
	    .oif = nl_u32(table[RTA_OIF]),
	    .prefix = {.addr = any, .len = rtm->rtm_dst_len}};
	nl_addr(table[RTA_GATEWAY], rtm->rtm_family, &ret->via);
	nl_addr(table[RTA_PREFSRC], rtm->rtm_family, &ret->source);
	return rtm->rtm_dst_len == 0 || nl_addr(table[RTA_DST], rtm->rtm_family, &ret->prefix.addr);
}

static int
dump_family(struct nl *nl, enum ip_family family, uint32_t proto, uint32_t table, uint32_t oif, struct buf *out,
    struct fault *fault)
{
	struct nl_msg msg;
	struct rtmsg *rtm;

	nl_begin(&msg, RTM_GETROUTE, 0, sizeof(*rtm));
	rtm = msg.body;
	rtm->rtm_family = nl_family(family);
	rtm->rtm_protocol = (uint8_t)proto;
	if (table != 0)
		mnl_attr_put_u32(msg.h, RTA_TABLE, table);
	if (oif != 0)
		mnl_attr_put_u32(msg.h, RTA_OIF, oif);
	int code = nl_dump(nl, &msg, out, fault);

	/* No such table, or no such device: no route there. */
	if ((code == ENOENT && table != 0) || (code == ENODEV && oif != 0)) {
		buf_reset(out);
		return 0;
	}
	return code == 0 ? 0 : fault_prefix(fault, "reading routes");
}

static int
read_routes(struct nl *nl, struct arena *arena, uint32_t proto, uint32_t table, uint32_t oif, struct route **ret,
    size_t *n, struct fault *fault)
{
	size_t count = 0, cap = 0;

	*ret = NULL;
	for (size_t f = 0; f < 2; f++) {
		_cleanup_buf_ struct buf dump = {0};
		size_t more = 0;

		if (dump_family(nl, families[f], proto, table, oif, &dump, fault) != 0)
			return fault->code;
		for (const struct nlmsghdr *h = NULL; (h = nl_next(&dump, h)) != NULL;)
			more++;
		struct route *grown = arena_array(arena, cap + more + 1, sizeof(*grown));

		if (count > 0)
			memcpy(grown, *ret, count * sizeof(*grown));
		cap += more;
		*ret = grown;
		for (const struct nlmsghdr *h = NULL; (h = nl_next(&dump, h)) != NULL;)
			if (h->nlmsg_type == RTM_NEWROUTE && parse_route(h, &grown[count]) &&
			    grown[count].proto == proto &&
			    (table != 0 ? grown[count].table == table : route_is_in_range(grown[count].table)))
				count++;
	}
	*n = count;
	return 0;
}

int
route_read(struct nl *nl, struct arena *arena, uint32_t proto, uint32_t table, struct route **ret, size_t *n,
    struct fault *fault)
{
	return read_routes(nl, arena, proto, table, 0, ret, n, fault);
}

int
route_read_over(struct nl *nl, struct arena *arena, uint32_t proto, uint32_t oif, struct route **ret, size_t *n,
    struct fault *fault)
{
	return read_routes(nl, arena, proto, 0, oif, ret, n, fault);
}
