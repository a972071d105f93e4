/* SPDX-License-Identifier: ISC */
#include "edge/agent/filter.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_ether.h>

#include "edge/agent/bpf.h"
#include "edge/agent/nl_tc.h"

#define SWEEP_MS 60000

static_assert(OP_DROPS == FILTER_REASON_COUNT, "a device's counters are as many as there are reasons");

/* The namespace, with its tables. */
static int
enter(struct call *call, uint32_t instance, struct netns **ns, struct link **links, size_t *n)
{
	struct fault *fault = &call->fault;

	if (netns_get(call->host, instance, ns, fault) != 0 ||
	    link_read(&(*ns)->links, call->arena, links, n, fault) != 0)
		return fault->code;
	return filter_tables_have(&(*ns)->filter, *links, *n, fault);
}

/* A device of ours in a VRF; ENODEV when there is none. */
static int
find(struct call *call, uint32_t instance, const char *device, struct netns **ns, struct link *ret)
{
	struct link *links;
	size_t n;

	if (enter(call, instance, ns, &links, &n) != 0 || link_find_ours((*ns)->route, device, ret, &call->fault) != 0)
		return call->fault.code;
	return ret->master != 0 ? 0 : fault_set(&call->fault, EINVAL, "device %s is in no VRF", device);
}

/* --- devices --- */

static int
op_filter_add(struct call *call, const void *request)
{
	const struct op_filter *op = request;
	struct fault *fault = &call->fault, none = {0};
	struct filter_device row = {0};
	struct link link, vrf;
	struct netns *ns;

	if (find(call, op->instance, op->device, &ns, &link) != 0 ||
	    link_find_index(ns->route, link.master, &vrf, fault) != 0)
		return fault->code;
	bpf_get(ns->filter.table[FILTER_DEVICES], &link.index, &row, &none); /* what it counted stays */
	row.table = vrf.table;
	row.role = op->is_customer != 0 ? FILTER_CUSTOMER : FILTER_INSIDE;
	if (bpf_put(ns->filter.table[FILTER_DEVICES], &link.index, &row, fault) != 0 ||
	    filter_tables_attach(&ns->filter, link.index, fault) != 0)
		return fault_prefix(fault, "device %s", op->device);
	/* Earlier versions closed addresses while a key was put in place. */
	if (tc_del(ns->route, link.index, TC_GUARD_V4, ETH_P_IP, 0, fault) != 0 ||
	    tc_del(ns->route, link.index, TC_GUARD_V6, ETH_P_IPV6, 0, fault) != 0)
		return fault_prefix(fault, "device %s", op->device);
	return 0;
}

static int
op_read_filters(struct call *call, const void *request)
{
	const struct op_read *op = request;
	struct fault *fault = &call->fault, none = {0};
	struct link *links;
	struct netns *ns;
	size_t n, first = 0, end;

	if (enter(call, op->instance, &ns, &links, &n) != 0)
		return fault->code;
	bool *has = arena_array(call->arena, n + 1, sizeof(*has));

	end = n;
	if (op->device[0] != '\0') {
		while (first < n && strcmp(links[first].name, op->device) != 0)
			first++;
		end = first < n ? first + 1 : n;
	}
	if (end - first == n ? filter_tables_on(&ns->filter, links, n, has, fault) != 0
			     : first < n && filter_tables_on_one(&ns->filter, &links[first], &has[first], fault) != 0)
		return fault->code;
	for (size_t i = first; i < end; i++) {
		const struct link *vrf = has[i] ? link_by_index(links, n, links[i].master) : NULL;
		struct item_filter item = {0};
		struct filter_device row;

		if (vrf == NULL || bpf_get(ns->filter.table[FILTER_DEVICES], &links[i].index, &row, &none) != 0 ||
		    row.table != vrf->table)
			continue;
		strlcpy(item.device, links[i].name, sizeof(item.device));
		item.is_customer = row.role == FILTER_CUSTOMER;
		memcpy(item.drops, row.drops, sizeof(item.drops));
		call_item(call, &item, sizeof(item));
	}
	return 0;
}

/* --- rows of devices that are gone --- */

static int
compare_index(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

struct present { /* devices by their numbers */
	const struct link **by_index;
	uint32_t *index;
	size_t n;
	const char *only; /* the one that is asked for; "": all */
};

static int
compare_link(const void *a, const void *b)
{
	return compare_index(&(*(const struct link *const *)a)->index, &(*(const struct link *const *)b)->index);
}

static struct present
present_of(const struct link *links, size_t n, struct arena *arena)
{
	struct present p = {
	    arena_array(arena, n + 1, sizeof(*p.by_index)), arena_array(arena, n + 1, sizeof(*p.index)), n, ""};

	for (size_t i = 0; i < n; i++)
		p.by_index[i] = &links[i];
	qsort(p.by_index, n, sizeof(*p.by_index), compare_link);
	for (size_t i = 0; i < n; i++)
		p.index[i] = p.by_index[i]->index;
	return p;
}

static const struct link *
device_of(const struct present *p, uint32_t ifindex)
{
	const uint32_t *found = p->n == 0 ? NULL : bsearch(&ifindex, p->index, p->n, sizeof(*p->index), compare_index);

	return found == NULL ? NULL : p->by_index[found - p->index];
}

/* Calls visit for each row of a table; one that it does not want is taken out. */
static int
each_row(struct call *call, struct netns *ns, enum filter_map map, size_t key, size_t value, const char *only,
    bool (*visit)(struct call *, const struct present *, const void *key, const void *value))
{
	_cleanup_buf_ struct buf rows = {0};
	size_t key_room = (key + 7) & ~(size_t)7, step = key_room + ((value + 7) & ~(size_t)7), n;
	struct fault *fault = &call->fault;
	struct link *links;

	if (bpf_read(ns->filter.table[map], key, value, &rows, fault) != 0 ||
	    link_read(&ns->links, call->arena, &links, &n, fault) != 0)
		return fault->code;
	struct present present = present_of(links, n, call->arena);

	present.only = only;
	for (size_t at = 0; at + step <= rows.len; at += step)
		if (!visit(call, &present, rows.data + at, rows.data + at + key_room) &&
		    bpf_del(ns->filter.table[map], rows.data + at, fault) != 0)
			return fault->code;
	return 0;
}

/* --- neighbours --- */

static void
fill_key(const struct op_neighbour *op, uint32_t ifindex, struct filter_neighbour_key *ret)
{
	*ret = (struct filter_neighbour_key){.ifindex = ifindex, .family = (uint32_t)op->local.family};
	memcpy(ret->local, op->local.byte, ip_bits(op->local.family) / 8);
	memcpy(ret->remote, op->remote.byte, ip_bits(op->remote.family) / 8);
}

static int
op_neighbour_add(struct call *call, const void *request)
{
	const struct op_neighbour *op = request;
	struct filter_neighbour row = {.has_key = op->has_key != 0};
	struct fault *fault = &call->fault;
	struct filter_neighbour_key key;
	struct link link;
	struct netns *ns;
	uint32_t id;

	if (op->local.family != op->remote.family)
		return fault_set(fault, EINVAL, "two addresses of two families");
	if (find(call, op->instance, op->device, &ns, &link) != 0 ||
	    tc_program_get(ns->route, link.index, &id, fault) != 0)
		return fault->code;
	if (id != ns->filter.id)
		return fault_set(fault, ENODEV, "device %s has no filter yet", op->device);
	fill_key(op, link.index, &key);
	return bpf_put(ns->filter.table[FILTER_NEIGHBOURS], &key, &row, fault);
}

static int
op_neighbour_del(struct call *call, const void *request)
{
	const struct op_neighbour *op = request;
	struct filter_neighbour_key key;
	struct link link;
	struct netns *ns;
	int code = find(call, op->instance, op->device, &ns, &link);

	if (code == ENOENT || code == ENODEV)
		return 0; /* rows of a device that is gone go at the next look */
	if (code != 0)
		return code;
	fill_key(op, link.index, &key);
	return bpf_del(ns->filter.table[FILTER_NEIGHBOURS], &key, &call->fault);
}

static bool
tell_neighbour(struct call *call, const struct present *present, const void *key, const void *value)
{
	const struct filter_neighbour_key *k = key;
	const struct link *link = device_of(present, k->ifindex);
	struct item_neighbour item = {.has_key = ((const struct filter_neighbour *)value)->has_key};

	if (link == NULL)
		return false;
	if (present->only[0] != '\0' && strcmp(present->only, link->name) != 0)
		return true;
	strlcpy(item.device, link->name, sizeof(item.device));
	item.local.family = item.remote.family = k->family == 6 ? IP_V6 : IP_V4;
	memcpy(item.local.byte, k->local, sizeof(item.local.byte));
	memcpy(item.remote.byte, k->remote, sizeof(item.remote.byte));
	call_item(call, &item, sizeof(item));
	return true;
}

static int
op_read_neighbours(struct call *call, const void *request)
{
	const struct op_read *op = request;
	struct link *links;
	struct netns *ns;
	size_t n;

	if (enter(call, op->instance, &ns, &links, &n) != 0)
		return call->fault.code;
	return each_row(call, ns, FILTER_NEIGHBOURS, sizeof(struct filter_neighbour_key),
	    sizeof(struct filter_neighbour), op->device, tell_neighbour);
}

/* --- addresses --- */

static struct filter_prefix_key
prefix_key(uint32_t table, const struct ip_prefix *prefix)
{
	struct ip_prefix net = ip_network(prefix);
	struct filter_prefix_key key = {
	    .bits = FILTER_PREFIX_BITS + net.len, .table = table, .family = (uint32_t)net.addr.family};

	memcpy(key.addr, net.addr.byte, ip_bits(net.addr.family) / 8);
	return key;
}

static struct ip_prefix
host_of(const struct ip_prefix *prefix)
{
	return (struct ip_prefix){prefix->addr, ip_bits(prefix->addr.family)};
}

int
filter_put_addr(struct call *call, struct netns *ns, uint32_t table, uint32_t ifindex, const struct ip_prefix *prefix,
    struct fault *fault)
{
	const struct filter_link ours = {FILTER_IS_OURS, ifindex}, link = {FILTER_IS_SUBNET, ifindex};
	struct ip_prefix host = host_of(prefix);
	struct filter_prefix_key key = prefix_key(table, &host);
	struct link *links;
	size_t n;

	if (link_read(&ns->links, call->arena, &links, &n, fault) != 0 ||
	    filter_tables_have(&ns->filter, links, n, fault) != 0 ||
	    bpf_put(ns->filter.table[FILTER_LINKS], &key, &ours, fault) != 0)
		return fault->code;
	key = prefix_key(table, prefix);
	return prefix->len == host.len ? 0 : bpf_put(ns->filter.table[FILTER_LINKS], &key, &link, fault);
}

/* Another device may have taken the address over meanwhile. */
static int
del_source(struct netns *ns, const struct filter_prefix_key *key, uint32_t ifindex, struct fault *fault)
{
	struct filter_link row;
	struct fault none = {0};

	if (bpf_get(ns->filter.table[FILTER_LINKS], key, &row, &none) != 0 || row.ifindex != ifindex)
		return 0;
	return bpf_del(ns->filter.table[FILTER_LINKS], key, fault);
}

int
filter_del_addr(struct netns *ns, uint32_t table, uint32_t ifindex, const struct ip_prefix *prefix, struct fault *fault)
{
	struct ip_prefix host = host_of(prefix);
	struct filter_prefix_key key = prefix_key(table, &host);

	if (!ns->filter.open)
		return 0;
	if (del_source(ns, &key, ifindex, fault) != 0)
		return fault->code;
	key = prefix_key(table, prefix);
	return prefix->len == host.len ? 0 : del_source(ns, &key, ifindex, fault);
}

/* A table of longest prefixes answers with a shorter one, too: that one is another's or, of this device, as good. */
bool
filter_has_addr(struct netns *ns, uint32_t table, uint32_t ifindex, const struct ip_prefix *prefix)
{
	struct ip_prefix host = host_of(prefix);
	struct filter_prefix_key key = prefix_key(table, &host);
	struct filter_link row;
	struct fault none = {0};

	if (!ns->filter.open || bpf_get(ns->filter.table[FILTER_LINKS], &key, &row, &none) != 0 ||
	    row.class != FILTER_IS_OURS || row.ifindex != ifindex)
		return false;
	key = prefix_key(table, prefix);
	return prefix->len == host.len || (bpf_get(ns->filter.table[FILTER_LINKS], &key, &row, &none) == 0 &&
					      row.class == FILTER_IS_SUBNET && row.ifindex == ifindex);
}

/* --- networks --- */

static int
check_table(uint32_t table, struct fault *fault)
{
	if (table >= TABLE_FIRST && table <= TABLE_LAST)
		return 0;
	return fault_set(fault, EINVAL, "table %u is not ours", table);
}

static int
op_network_add(struct call *call, const void *request)
{
	const struct filter_network row = {.there = 1};
	const struct op_network *op = request;
	struct filter_prefix_key key = prefix_key(op->table, &op->prefix);
	struct link *links;
	struct netns *ns;
	size_t n;

	if (check_table(op->table, &call->fault) != 0 || enter(call, op->instance, &ns, &links, &n) != 0)
		return call->fault.code;
	return bpf_put(ns->filter.table[FILTER_NETWORKS], &key, &row, &call->fault);
}

static int
op_network_del(struct call *call, const void *request)
{
	const struct op_network *op = request;
	struct filter_prefix_key key = prefix_key(op->table, &op->prefix);
	struct link *links;
	struct netns *ns;
	size_t n;
	int code = check_table(op->table, &call->fault);

	if (code == 0)
		code = enter(call, op->instance, &ns, &links, &n);
	if (code == ENOENT)
		return 0;
	return code != 0 ? code : bpf_del(ns->filter.table[FILTER_NETWORKS], &key, &call->fault);
}

static bool
tell_network(struct call *call, const struct present *present, const void *key, const void *value)
{
	const struct filter_prefix_key *k = key;
	struct item_network item = {.table = k->table};

	(void)present;
	(void)value;
	item.prefix.addr.family = k->family == 6 ? IP_V6 : IP_V4;
	item.prefix.len = k->bits - FILTER_PREFIX_BITS;
	memcpy(item.prefix.addr.byte, k->addr, sizeof(item.prefix.addr.byte));
	call_item(call, &item, sizeof(item));
	return true;
}

static bool
is_of_a_device(struct call *call, const struct present *present, const void *key, const void *value)
{
	(void)call;
	(void)key;
	return device_of(present, ((const struct filter_link *)value)->ifindex) != NULL;
}

/* Addresses leave no row, but those that went with their device do. */
static int
sweep_links(struct call *call, struct netns *ns)
{
	if (ns->filter.swept.ms != 0 && monotonic_since(ns->filter.swept) < SWEEP_MS)
		return 0;
	ns->filter.swept = monotonic_now();
	return each_row(
	    call, ns, FILTER_LINKS, sizeof(struct filter_prefix_key), sizeof(struct filter_link), "", is_of_a_device);
}

static int
op_read_networks(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	struct link *links;
	struct netns *ns;
	size_t n;

	if (enter(call, op->instance, &ns, &links, &n) != 0 || sweep_links(call, ns) != 0)
		return call->fault.code;
	return each_row(call, ns, FILTER_NETWORKS, sizeof(struct filter_prefix_key), sizeof(struct filter_network), "",
	    tell_network);
}

/* --- rows --- */

static const struct member filter_members[] = {
    MEMBER(op_filter, INSTANCE, instance), MEMBER(op_filter, NAME, device), {MEMBER_END, 0}};
static const struct member neighbour_members[] = {MEMBER(op_neighbour, INSTANCE, instance),
    MEMBER(op_neighbour, NAME, device), MEMBER(op_neighbour, ADDR, local), MEMBER(op_neighbour, ADDR, remote),
    {MEMBER_END, 0}};
static const struct member network_members[] = {
    MEMBER(op_network, INSTANCE, instance), MEMBER(op_network, PREFIX, prefix), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_FILTER_ADD, op_filter_add, sizeof(struct op_filter), filter_members},
    {OP_READ_FILTERS, op_read_filters, sizeof(struct op_read), members_read},
    {OP_NEIGHBOUR_ADD, op_neighbour_add, sizeof(struct op_neighbour), neighbour_members},
    {OP_NEIGHBOUR_DEL, op_neighbour_del, sizeof(struct op_neighbour), neighbour_members},
    {OP_READ_NEIGHBOURS, op_read_neighbours, sizeof(struct op_read), members_read},
    {OP_NETWORK_ADD, op_network_add, sizeof(struct op_network), network_members},
    {OP_NETWORK_DEL, op_network_del, sizeof(struct op_network), network_members},
    {OP_READ_NETWORKS, op_read_networks, sizeof(struct op_instance), members_instance},
};

const struct object filter_object = OBJECT(rows);
