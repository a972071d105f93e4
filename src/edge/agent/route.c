/* SPDX-License-Identifier: ISC */
#include "edge/agent/route.h"

#include <errno.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl_link.h"
#include "edge/agent/nl_route.h"

#define METRIC_SUBNET 25 /* behind ours: BIRD learns the best one of a prefix, and a VPC may be just its subnet */
#define METRIC_OURS 20
#define METRIC_LAST 4278198272u /* what ip-vrf(8) recommends */

static const enum ip_family families[] = {IP_V4, IP_V6};
/* Of the routes that the edge asks for. */
static const uint32_t protocols[] = {ROUTE_PROTO_VPC, ROUTE_PROTO_STATIC, ROUTE_PROTO_LINK, ROUTE_PROTO_EIP};
#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

/* What is there already */

/* Of one of these protocols, with the same prefix and metric. */
static int
find_ours(struct call *call, struct netns *ns, const struct route *like, const uint32_t *of, size_t of_n,
    struct route *ret, bool *found)
{
	*found = false;
	for (size_t p = 0; p < of_n; p++) {
		struct route *routes;
		size_t n;

		if (route_read(ns->route, call->arena, of[p], like->table, &routes, &n, &call->fault) != 0)
			return call->fault.code;
		for (size_t i = 0; i < n; i++) {
			if (routes[i].metric != like->metric || !ip_prefix_equal(&routes[i].prefix, &like->prefix))
				continue;
			*found = true;
			*ret = routes[i];
			return 0;
		}
	}
	return 0;
}

static bool
is_same_addr(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && (a->family == IP_NONE || ip_addr_equal(a, b));
}

static bool
is_same_route(const struct route *a, const struct route *b)
{
	return a->proto == b->proto && a->type == b->type && a->oif == b->oif && is_same_addr(&a->via, &b->via) &&
	       is_same_addr(&a->source, &b->source);
}

/* Adds, or replaces one of these protocols. That costs a dump of the table, so it is done only when adding shows the
 * need. */
static int
put_route(struct call *call, struct netns *ns, const struct route *route, const uint32_t *of, size_t of_n)
{
	int code = route_put(ns->route, route, false, &call->fault);
	struct route old;
	bool found;

	if (code != EEXIST)
		return code;
	if (find_ours(call, ns, route, of, of_n, &old, &found) != 0)
		return call->fault.code;
	if (!found)
		return fault_set(&call->fault, EEXIST, "there is such a route already, and it is not ours");
	return is_same_route(&old, route) ? 0 : route_put(ns->route, route, true, &call->fault);
}

/* The guard of a table */

static struct route
unreachable(uint32_t table, enum ip_family family)
{
	return (struct route){.table = table,
	    .proto = ROUTE_PROTO_GUARD,
	    .metric = METRIC_LAST,
	    .type = RTN_UNREACHABLE,
	    .prefix = {.addr = {.family = family}}};
}

int
route_guard_table(struct netns *ns, uint32_t table, struct fault *fault)
{
	for (size_t f = 0; f < 2; f++) {
		struct route route = unreachable(table, families[f]);
		int code = route_put(ns->route, &route, false, fault);

		if (code != 0 && code != EEXIST)
			return fault_prefix(fault, "unreachable default of table %u", table);
	}
	return 0;
}

int
route_unguard_table(struct netns *ns, uint32_t table, struct fault *fault)
{
	for (size_t f = 0; f < 2; f++) {
		struct route route = unreachable(table, families[f]);

		if (route_delete(ns->route, &route, fault) != 0)
			return fault_prefix(fault, "unreachable default of table %u", table);
	}
	return 0;
}

/* Subnets */

static struct route
subnet(uint32_t table, uint32_t oif, const struct ip_prefix *host)
{
	return (struct route){.table = table,
	    .proto = ROUTE_PROTO_GUARD,
	    .metric = METRIC_SUBNET,
	    .type = RTN_UNICAST,
	    .oif = oif,
	    .prefix = ip_network(host)};
}

int
route_add_subnet(struct call *call, struct netns *ns, uint32_t table, uint32_t oif, const struct ip_prefix *host)
{
	static const uint32_t protocol = ROUTE_PROTO_GUARD;
	struct route route = subnet(table, oif, host);
	char text[IP_TEXT_SIZE];

	if (host->addr.family == IP_V4)
		route.source = host->addr;
	ip_format_prefix(&route.prefix, text);
	return put_route(call, ns, &route, &protocol, 1) == 0 ? 0
							      : fault_prefix(&call->fault, "route of subnet %s", text);
}

int
route_del_subnet(struct netns *ns, uint32_t table, uint32_t oif, const struct ip_prefix *host, struct fault *fault)
{
	struct route route = subnet(table, oif, host);

	return route_delete(ns->route, &route, fault);
}

/* Operations */

static bool
is_of_routes(uint32_t proto)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (protocols[i] == proto)
			return true;
	return false;
}

static int
check_route(const struct op_route *op, struct fault *fault)
{
	if (!route_is_in_range(op->table))
		return fault_set(fault, EINVAL, "table %u is not of our range", op->table);
	if (!is_of_routes(op->proto))
		return fault_set(fault, EINVAL, "protocol %u is not for routes of this kind", op->proto);
	if (op->via.family != IP_NONE && op->via.family != op->prefix.addr.family)
		return fault_set(fault, EINVAL, "next hop and prefix are of two families");
	return 0;
}

/* A route into another VRF's device would be a leak. */
static int
find_device(struct netns *ns, const struct op_route *op, struct link *ret, struct fault *fault)
{
	struct link vrf;

	if (link_find_ours(ns->route, op->device, ret, fault) != 0)
		return fault->code;
	if (ret->master == 0)
		return fault_set(fault, EINVAL, "device %s is in no VRF", op->device);
	if (link_find_index(ns->route, ret->master, &vrf, fault) != 0)
		return fault->code;
	if (vrf.table != op->table)
		return fault_set(
		    fault, EINVAL, "device %s is in VRF %s, whose table is %u", op->device, vrf.name, vrf.table);
	return 0;
}

static struct route
asked(const struct op_route *op)
{
	return (struct route){.table = op->table,
	    .proto = op->proto,
	    .metric = METRIC_OURS,
	    .type = RTN_UNICAST,
	    .prefix = ip_network(&op->prefix),
	    .via = op->via};
}

static int
op_route_add(struct call *call, const void *request)
{
	const struct op_route *op = request;
	struct route route = asked(op);
	char text[IP_TEXT_SIZE];
	struct netns *ns;
	struct link link;

	if (check_route(op, &call->fault) != 0 || netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    find_device(ns, op, &link, &call->fault) != 0)
		return call->fault.code;
	route.oif = link.index;
	ip_format_prefix(&route.prefix, text);
	return put_route(call, ns, &route, protocols, PROTOCOLS) == 0 ? 0
								      : fault_prefix(&call->fault, "route %s", text);
}

static int
op_route_del(struct call *call, const void *request)
{
	const struct op_route *op = request;
	struct route route = asked(op);
	char text[IP_TEXT_SIZE];
	struct netns *ns;

	if (check_route(op, &call->fault) != 0)
		return call->fault.code;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);

	if (code == ENOENT)
		return 0;
	if (code != 0)
		return code;
	route.metric = 0;
	route.type = RTN_UNSPEC;
	ip_format_prefix(&route.prefix, text);
	return route_delete(ns->route, &route, &call->fault) == 0 ? 0 : fault_prefix(&call->fault, "route %s", text);
}

static int
list_protocol(struct call *call, struct netns *ns, uint32_t proto, const struct link *links, size_t link_count)
{
	struct route *routes;
	size_t n;

	if (route_read(ns->route, call->arena, proto, 0, &routes, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n; i++) {
		const struct link *link = link_by_index(links, link_count, routes[i].oif);
		struct item_route item = {.table = routes[i].table,
		    .proto = proto,
		    .prefix = routes[i].prefix,
		    .via = routes[i].via,
		    .unreachable = routes[i].type != RTN_UNICAST};

		if (link != NULL)
			strlcpy(item.device, link->name, sizeof(item.device));
		call_item(call, &item, sizeof(item));
	}
	return 0;
}

static int
op_read_routes(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	struct link *links;
	struct netns *ns;
	size_t n;

	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    link_read(&ns->links, call->arena, &links, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (list_protocol(call, ns, protocols[i], links, n) != 0)
			return call->fault.code;
	return 0;
}

static const struct member members[] = {MEMBER(op_route, INSTANCE, instance), MEMBER(op_route, PREFIX, prefix),
    MEMBER(op_route, MAYBE_ADDR, via), MEMBER(op_route, NAME, device), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_READ_ROUTES, op_read_routes, sizeof(struct op_instance), members_instance},
    {OP_ROUTE_ADD, op_route_add, sizeof(struct op_route), members},
    {OP_ROUTE_DEL, op_route_del, sizeof(struct op_route), members},
};

const struct object route_object = OBJECT(rows);
