/* SPDX-License-Identifier: ISC */
#include "edge/agent/addr.h"

#include <errno.h>
#include <string.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"
#include "edge/agent/route.h"

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
addr_read(struct nl *nl, struct arena *arena, struct addr **ret, size_t *n, struct fault *fault)
{
	_cleanup_buf_ struct buf dump = {0};
	struct nl_msg msg;
	size_t count = 0;

	nl_begin(&msg, RTM_GETADDR, 0, sizeof(struct ifaddrmsg));
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

	if (addr_read(ns->route, call->arena, &addrs, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n; i++)
		if (addrs[i].index == link->index && has_subnet(&addrs[i].prefix) &&
		    route_add_subnet(call, ns, table, link->index, &addrs[i].prefix) != 0)
			return call->fault.code;
	return 0;
}

static void
begin(struct nl_msg *msg, int type, int flags, uint32_t index, const struct ip_prefix *prefix)
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

/* The kernel's own routes to addresses: without its one an address neither receives nor can be a source. */
static int
read_local(struct call *call, struct netns *ns, struct route **ret, size_t *n)
{
	return route_read(ns, call->arena, RTPROT_KERNEL, 0, ret, n, &call->fault);
}

static bool
has_local(const struct route *routes, size_t n, uint32_t index, const struct ip_addr *addr)
{
	for (size_t i = 0; i < n; i++)
		if (routes[i].oif == index && routes[i].type == RTN_LOCAL &&
		    routes[i].prefix.len == ip_bits(addr->family) && ip_addr_equal(&routes[i].prefix.addr, addr))
			return true;
	return false;
}

/* A hand that flushed the table took the kernel's route along, which comes back only with the address. */
static int
remove_when_dead(struct call *call, struct netns *ns, const struct link *link, const struct ip_prefix *prefix)
{
	struct route *routes;
	struct nl_msg msg;
	size_t n;

	if (!link->up)
		return 0;
	if (read_local(call, ns, &routes, &n) != 0)
		return call->fault.code;
	if (has_local(routes, n, link->index, &prefix->addr))
		return 0;
	begin(&msg, RTM_DELADDR, 0, link->index, prefix);
	int code = nl_call(ns->route, &msg, &call->fault);

	return code == EADDRNOTAVAIL ? 0 : code;
}

int
op_addr_add(struct call *call, const void *request)
{
	const struct op_addr *op = request;
	struct nl_msg msg;
	struct netns *ns;
	struct link link;

	if (find(call, op, &ns, &link) != 0)
		return call->fault.code;
	if (remove_when_dead(call, ns, &link, &op->prefix) != 0)
		return fault_prefix(&call->fault, "address on %s", op->device);
	begin(&msg, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, link.index, &op->prefix);
	mnl_attr_put_u32(msg.h, IFA_FLAGS, IFA_F_NOPREFIXROUTE | IFA_F_NODAD | IFA_F_PERMANENT);
	if (nl_call(ns->route, &msg, &call->fault) != 0)
		return fault_prefix(&call->fault, "address on %s", op->device);
	if (!link.up || !has_subnet(&op->prefix))
		return 0;
	return route_add_subnet(call, ns, op->table, link.index, &op->prefix);
}

int
op_addr_del(struct call *call, const void *request)
{
	const struct op_addr *op = request;
	struct nl_msg msg;
	struct netns *ns;
	struct link link;
	int code = find(call, op, &ns, &link);

	if (code == ENOENT || code == ENODEV)
		return 0;
	if (code != 0)
		return code;
	if (has_subnet(&op->prefix) && route_del_subnet(ns, op->table, link.index, &op->prefix, &call->fault) != 0)
		return fault_prefix(&call->fault, "subnet route of %s", op->device);
	begin(&msg, RTM_DELADDR, 0, link.index, &op->prefix);
	code = nl_call(ns->route, &msg, &call->fault);
	if (code != 0 && code != EADDRNOTAVAIL)
		return fault_prefix(&call->fault, "address on %s", op->device);
	return 0;
}

static bool
has_route(const struct route *routes, size_t n, const struct addr *addr)
{
	for (size_t i = 0; i < n; i++)
		if (routes[i].oif == addr->index && ip_prefix_equal(&routes[i].prefix, &addr->prefix))
			return true;
	return false;
}

int
op_read_addrs(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	size_t n, link_count, route_count, local_count;
	struct route *routes, *local;
	struct link *links;
	struct addr *addrs;
	struct netns *ns;

	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    link_read(&ns->links, call->arena, &links, &link_count, &call->fault) != 0 ||
	    addr_read(ns->route, call->arena, &addrs, &n, &call->fault) != 0 ||
	    route_read(ns, call->arena, ROUTE_PROTO_GUARD, 0, &routes, &route_count, &call->fault) != 0 ||
	    read_local(call, ns, &local, &local_count) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n; i++) {
		const struct link *link = link_by_index(links, link_count, addrs[i].index);
		struct item_addr item = {.prefix = addrs[i].prefix};

		if (link == NULL || !link_is_ours(link) || strcmp(link->name, "lo") == 0)
			continue;
		item.subnet_route = (!has_subnet(&addrs[i].prefix) || has_route(routes, route_count, &addrs[i])) &&
				    (!link->up || has_local(local, local_count, link->index, &addrs[i].prefix.addr));
		strlcpy(item.device, link->name, sizeof(item.device));
		call_item(call, &item, sizeof(item));
	}
	return 0;
}
