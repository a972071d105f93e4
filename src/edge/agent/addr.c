/* SPDX-License-Identifier: ISC */
#include "edge/agent/addr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "edge/agent/filter.h"
#include "edge/agent/nl_addr.h"
#include "edge/agent/nl_route.h"
#include "edge/agent/route.h"

/* The address of a /32 or /128 is its own subnet, and the kernel has a route to it. */
static bool
has_subnet(const struct ip_prefix *p)
{
	return p->len < ip_bits(p->addr.family);
}

int
addr_subnet_routes(struct call *call, struct netns *ns, const struct link *link, uint32_t table)
{
	struct addr *addrs;
	size_t n;

	if (addr_read(ns->route, call->arena, link->index, &addrs, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n; i++)
		if (addrs[i].index == link->index && has_subnet(&addrs[i].prefix) &&
		    route_add_subnet(call, ns, table, link->index, &addrs[i].prefix) != 0)
			return call->fault.code;
	return 0;
}

/* The device, ours, and in the VRF that has the table. */
static int
find(struct call *call, const struct op_addr *op, struct netns **ns, struct link *ret)
{
	struct fault *fault = &call->fault;
	struct link vrf;

	if (netns_get(call->host, op->instance, ns, fault) != 0 ||
	    link_find_ours((*ns)->route, op->device, ret, fault) != 0)
		return fault->code;
	if (ret->master == 0)
		return fault_set(fault, EINVAL, "device %s is in no VRF", op->device);
	if (link_find_index((*ns)->route, ret->master, &vrf, fault) != 0)
		return fault->code;
	if (vrf.table != op->table)
		return fault_set(
		    fault, EINVAL, "device %s is in VRF %s, whose table is %u", op->device, vrf.name, vrf.table);
	return 0;
}

static int
compare_oif(const void *a, const void *b)
{
	const struct route *x = a, *y = b;

	return x->oif < y->oif ? -1 : x->oif > y->oif;
}

/* The first one over that device in a list by device; n: there is none. */
static size_t
first_over(const struct route *routes, size_t n, uint32_t oif)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (routes[middle].oif < oif)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/* The kernel's own routes to addresses: without its one an address neither receives nor can be a source. */
static int
read_local(struct call *call, struct netns *ns, uint32_t oif, struct route **ret, size_t *n)
{
	if (route_read_over(ns->route, call->arena, RTPROT_KERNEL, oif, ret, n, &call->fault) != 0)
		return call->fault.code;
	qsort(*ret, *n, sizeof(**ret), compare_oif);
	return 0;
}

static bool
has_local(const struct route *routes, size_t n, uint32_t index, const struct ip_addr *addr)
{
	for (size_t i = first_over(routes, n, index); i < n && routes[i].oif == index; i++)
		if (routes[i].type == RTN_LOCAL && routes[i].prefix.len == ip_bits(addr->family) &&
		    ip_addr_equal(&routes[i].prefix.addr, addr))
			return true;
	return false;
}

/* A hand that flushed the table took the kernel's route along, which comes back only with the address. */
static int
remove_when_dead(struct call *call, struct netns *ns, const struct link *link, const struct ip_prefix *prefix)
{
	struct route *routes;
	size_t n;

	if (!link->up)
		return 0;
	if (read_local(call, ns, link->index, &routes, &n) != 0)
		return call->fault.code;
	if (has_local(routes, n, link->index, &prefix->addr))
		return 0;
	return addr_delete(ns->route, link->index, prefix, &call->fault);
}

static int
op_addr_add(struct call *call, const void *request)
{
	const struct op_addr *op = request;
	struct netns *ns;
	struct link link;

	if (find(call, op, &ns, &link) != 0)
		return call->fault.code;
	if (remove_when_dead(call, ns, &link, &op->prefix) != 0)
		return fault_prefix(&call->fault, "address on %s", op->device);
	if (filter_put_addr(call, ns, op->table, link.index, &op->prefix, &call->fault) != 0 ||
	    addr_put(ns->route, link.index, &op->prefix, &call->fault) != 0)
		return fault_prefix(&call->fault, "address on %s", op->device);
	if (!link.up || !has_subnet(&op->prefix))
		return 0;
	return route_add_subnet(call, ns, op->table, link.index, &op->prefix);
}

static int
op_addr_del(struct call *call, const void *request)
{
	const struct op_addr *op = request;
	struct netns *ns;
	struct link link;
	int code = find(call, op, &ns, &link);

	if (code == ENOENT || code == ENODEV)
		return 0;
	if (code != 0)
		return code;
	if (has_subnet(&op->prefix) && route_del_subnet(ns, op->table, link.index, &op->prefix, &call->fault) != 0)
		return fault_prefix(&call->fault, "subnet route of %s", op->device);
	if (addr_delete(ns->route, link.index, &op->prefix, &call->fault) != 0 ||
	    filter_del_addr(ns, op->table, link.index, &op->prefix, &call->fault) != 0)
		return fault_prefix(&call->fault, "address on %s", op->device);
	return 0;
}

/* An agent that has just started finds the filter's tables by the devices that have it. */
static bool
is_known_to_filter(
    struct netns *ns, const struct link *links, size_t n, const struct link *link, const struct ip_prefix *prefix)
{
	const struct link *vrf = link_by_index(links, n, link->master);
	struct fault ignored = {0};

	return vrf != NULL && filter_tables_have(&ns->filter, links, n, &ignored) == 0 &&
	       filter_has_addr(ns, vrf->table, link->index, prefix);
}

static bool
has_route(const struct route *routes, size_t n, const struct addr *addr)
{
	for (size_t i = first_over(routes, n, addr->index); i < n && routes[i].oif == addr->index; i++)
		if (ip_prefix_equal(&routes[i].prefix, &addr->prefix))
			return true;
	return false;
}

/* 0: there is no such device. */
static uint32_t
index_of(const struct link *links, size_t n, const char *device)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(links[i].name, device) == 0)
			return links[i].index;
	return 0;
}

static int
op_read_addrs(struct call *call, const void *request)
{
	const struct op_read *op = request;
	size_t n, link_count, route_count, local_count;
	struct route *routes, *local;
	struct link *links;
	struct addr *addrs;
	struct netns *ns;
	uint32_t only;

	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    link_read(&ns->links, call->arena, &links, &link_count, &call->fault) != 0)
		return call->fault.code;
	only = index_of(links, link_count, op->device);
	if (only == 0 && op->device[0] != '\0')
		return 0;
	if (addr_read(ns->route, call->arena, only, &addrs, &n, &call->fault) != 0 ||
	    route_read_over(ns->route, call->arena, ROUTE_PROTO_GUARD, only, &routes, &route_count, &call->fault) !=
		0 ||
	    read_local(call, ns, only, &local, &local_count) != 0)
		return call->fault.code;
	qsort(routes, route_count, sizeof(*routes), compare_oif);
	for (size_t i = 0; i < n; i++) {
		const struct link *link = link_by_index(links, link_count, addrs[i].index);
		struct item_addr item = {.prefix = addrs[i].prefix};

		if (link == NULL || !link_is_ours(link) || strcmp(link->name, "lo") == 0 ||
		    (only != 0 && link->index != only))
			continue;
		item.subnet_route = (!has_subnet(&addrs[i].prefix) || has_route(routes, route_count, &addrs[i])) &&
				    (!link->up || has_local(local, local_count, link->index, &addrs[i].prefix.addr)) &&
				    is_known_to_filter(ns, links, link_count, link, &addrs[i].prefix);
		strlcpy(item.device, link->name, sizeof(item.device));
		call_item(call, &item, sizeof(item));
	}
	return 0;
}

static const struct member members[] = {MEMBER(op_addr, INSTANCE, instance), MEMBER(op_addr, NAME, device),
    MEMBER(op_addr, PREFIX, prefix), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_READ_ADDRS, op_read_addrs, sizeof(struct op_read), members_read},
    {OP_ADDR_ADD, op_addr_add, sizeof(struct op_addr), members},
    {OP_ADDR_DEL, op_addr_del, sizeof(struct op_addr), members},
};

const struct object addr_object = OBJECT(rows);
