/* SPDX-License-Identifier: ISC */
/* sim_kernel.c - links, addresses, routes and filters of the simulated router. Refuses what a kernel would. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "edge/sim_priv.h"

static struct sim *
of_kernel(struct kernel *k)
{
	return (struct sim *)((char *)k - offsetof(struct sim, kernel));
}

/* --- sorted arrays --- */

typedef int compare_fn(const void *, const void *);

/* Where the key stands, or would. */
static size_t
place(const void *base, size_t n, size_t size, const void *key, compare_fn *compare, bool *found)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (compare((const char *)base + middle * size, key) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	*found = lo < n && compare((const char *)base + lo * size, key) == 0;
	return lo;
}

/* Room for one more at that place; the array grows by doubling. */
static void *
insert(void *base, size_t *n, size_t size, size_t at, const void *item)
{
	char *v = base;

	if ((*n & (*n - 1)) == 0 && (v = realloc(v, (*n == 0 ? 1 : 2 * *n) * size)) == NULL)
		abort();
	memmove(v + (at + 1) * size, v + at * size, (*n - at) * size);
	memcpy(v + at * size, item, size);
	(*n)++;
	return v;
}

static void
take_out(void *base, size_t *n, size_t size, size_t at)
{
	memmove((char *)base + at * size, (char *)base + (at + 1) * size, (*n - at - 1) * size);
	(*n)--;
}

static int
compare_link(const void *a, const void *b)
{
	return strcmp(((const struct item_link *)a)->device, ((const struct item_link *)b)->device);
}

static int
compare_addr(const void *a, const void *b)
{
	const struct item_addr *x = a, *y = b;
	int c = strcmp(x->device, y->device);

	return c != 0 ? c : ip_addr_compare(&x->prefix.addr, &y->prefix.addr);
}

static int
compare_route(const void *a, const void *b)
{
	const struct item_route *x = a, *y = b;
	int c = x->table < y->table ? -1 : x->table > y->table;

	if (c == 0)
		c = ip_addr_compare(&x->prefix.addr, &y->prefix.addr);
	return c != 0 ? c : x->prefix.len < y->prefix.len ? -1 : x->prefix.len > y->prefix.len;
}

static int
compare_filter(const void *a, const void *b)
{
	return strcmp(((const struct item_filter *)a)->device, ((const struct item_filter *)b)->device);
}

static int
compare_allowed(const void *a, const void *b)
{
	const struct item_neighbour *x = a, *y = b;
	int c = strcmp(x->device, y->device);

	if (c == 0)
		c = ip_addr_compare(&x->local, &y->local);
	return c != 0 ? c : ip_addr_compare(&x->remote, &y->remote);
}

static int
compare_network(const void *a, const void *b)
{
	const struct item_network *x = a, *y = b;
	int c = x->table < y->table ? -1 : x->table > y->table;

	if (c == 0)
		c = ip_addr_compare(&x->prefix.addr, &y->prefix.addr);
	return c != 0 ? c : x->prefix.len < y->prefix.len ? -1 : x->prefix.len > y->prefix.len;
}

/* --- looking --- */

struct sim_instance *
sim_instance(const struct sim *s, uint32_t number)
{
	for (size_t i = 0; i < s->instances; i++)
		if (s->instance[i]->number == number)
			return s->instance[i];
	return NULL;
}

struct item_link *
sim_link(const struct sim_instance *in, const char *device)
{
	struct item_link key = {0};
	bool found;
	size_t at;

	strlcpy(key.device, device, sizeof(key.device));
	at = place(in->link, in->links, sizeof(key), &key, compare_link, &found);
	return found ? &in->link[at] : NULL;
}

struct item_addr *
sim_addr(const struct sim_instance *in, const char *device, const struct ip_addr *addr)
{
	struct item_addr key = {.prefix.addr = *addr};
	bool found;
	size_t at;

	strlcpy(key.device, device, sizeof(key.device));
	at = place(in->addr, in->addrs, sizeof(key), &key, compare_addr, &found);
	return found ? &in->addr[at] : NULL;
}

bool
sim_port_carrier(const struct sim *s, const char *port)
{
	return !sim_names(s->options.no_carrier, port);
}

static bool
port_is_known(const struct sim *s, const char *port)
{
	for (size_t i = 0; i < s->asked_n; i++)
		if (strcmp(s->asked[i], port) == 0)
			return true;
	return sim_names(s->options.ports, port);
}

/* A port appears as it is asked for, and stays. */
static void
ask_port(struct sim *s, const char *port)
{
	char name[OP_NAME_MAX];

	if (port_is_known(s, port))
		return;
	strlcpy(name, port, sizeof(name));
	s->ports_changed = true;
	s->asked = insert(s->asked, &s->asked_n, sizeof(name), s->asked_n, name);
}

static enum dc_code
refuse(struct dc_error *err, const char *subject, const char *why)
{
	return dc_fail(err, DC_E_KERNEL, NULL, "%s: %s (simulated)", subject, why);
}

/* The instance that a request is about. */
static enum dc_code
enter_instance(const struct sim *s, uint32_t number, struct sim_instance **ret, struct dc_error *err)
{
	*ret = sim_instance(s, number);
	return *ret != NULL ? DC_OK : refuse(err, "namespace", "No such file or directory");
}

/* --- namespaces --- */

static enum dc_code
netns_add(struct sim *s, const struct op_instance *r, struct dc_error *err)
{
	struct sim_instance *in;

	(void)err;
	if (sim_instance(s, r->instance) != NULL)
		return DC_OK;
	if ((in = calloc(1, sizeof(*in))) == NULL)
		abort();
	in->number = r->instance;
	s->instance = insert(s->instance, &s->instances, sizeof(struct sim_instance *), s->instances, &in);
	return DC_OK;
}

void
sim_instance_free(struct sim_instance *in)
{
	sim_forget_neighbours(in);
	free(in->link);
	free(in->addr);
	free(in->route);
	free(in->filter);
	free(in->allowed);
	free(in->network);
	free(in);
}

static enum dc_code
netns_del(struct sim *s, const struct op_instance *r, struct dc_error *err)
{
	for (size_t i = 0; i < s->instances; i++) {
		struct sim_instance *in = s->instance[i];

		if (in->number != r->instance)
			continue;
		if (in->links > 0 || in->vrfs > 0)
			return refuse(err, "namespace", "Device or resource busy");
		sim_instance_free(in);
		take_out(s->instance, &s->instances, sizeof(struct sim_instance *), i);
		return DC_OK;
	}
	return DC_OK;
}

/* --- links --- */

static void
add_link(struct sim *s, struct sim_instance *in, struct item_link *l)
{
	bool found;
	size_t at;

	l->ifindex = ++s->next_index;
	at = place(in->link, in->links, sizeof(*l), l, compare_link, &found);
	in->link = insert(in->link, &in->links, sizeof(*l), at, l);
}

static bool
table_is_taken(const struct sim_instance *in, uint32_t table)
{
	for (size_t i = 0; i < in->links; i++)
		if (in->link[i].is_vrf && in->link[i].table == table)
			return true;
	return false;
}

static enum dc_code
vrf_add(struct sim *s, const struct op_link *r, struct dc_error *err)
{
	struct item_link l = {.table = r->table, .is_vrf = 1, .up = 1, .carrier = 1};
	struct sim_instance *in;
	struct item_link *there;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if ((there = sim_link(in, r->device)) != NULL) {
		if (!there->is_vrf || there->table != r->table || strcmp(there->mark, r->mark) != 0)
			return refuse(err, r->device, "File exists");
		there->up = 1;
		return DC_OK;
	}
	if (table_is_taken(in, r->table))
		return refuse(err, r->device, "the table belongs to another VRF");
	strlcpy(l.device, r->device, sizeof(l.device));
	strlcpy(l.mark, r->mark, sizeof(l.mark));
	add_link(s, in, &l);
	return DC_OK;
}

static bool
vlan_is_taken(const struct sim *s, const char *port, uint32_t vlan)
{
	for (size_t i = 0; i < s->instances; i++) {
		const struct sim_instance *in = s->instance[i];

		for (size_t k = 0; k < in->links; k++)
			if (in->link[k].is_vlan && in->link[k].vlan == vlan && strcmp(in->link[k].port, port) == 0)
				return true;
	}
	return false;
}

static bool
is_that_vlan(const struct item_link *l, const struct op_link *r)
{
	return l->is_vlan && l->vlan == r->vlan && strcmp(l->port, r->port) == 0 && strcmp(l->vrf, r->vrf) == 0 &&
	       strcmp(l->mark, r->mark) == 0;
}

static enum dc_code
vlan_add(struct sim *s, const struct op_link *r, struct dc_error *err)
{
	struct item_link l = {.vlan = r->vlan, .is_vlan = 1};
	struct sim_instance *in;
	struct item_link *there;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if ((there = sim_link(in, r->device)) != NULL)
		return is_that_vlan(there, r) ? DC_OK : refuse(err, r->device, "File exists");
	if ((there = sim_link(in, r->vrf)) == NULL || !there->is_vrf)
		return refuse(err, r->vrf, "No such device");
	if (vlan_is_taken(s, r->port, r->vlan))
		return refuse(err, r->device, "another device has that VLAN of the port");
	strlcpy(l.device, r->device, sizeof(l.device));
	strlcpy(l.mark, r->mark, sizeof(l.mark));
	strlcpy(l.vrf, r->vrf, sizeof(l.vrf));
	strlcpy(l.port, r->port, sizeof(l.port));
	ask_port(s, r->port);
	add_link(s, in, &l);
	return DC_OK;
}

static enum dc_code
find_vrf(const struct sim *s, uint32_t instance, const char *device, struct sim_instance **ret, struct dc_error *err)
{
	const struct item_link *vrf;
	enum dc_code rc = enter_instance(s, instance, ret, err);

	if (rc != DC_OK)
		return rc;
	vrf = sim_link(*ret, device);
	return vrf != NULL && vrf->is_vrf ? DC_OK : refuse(err, device, "No such device");
}

static struct item_link
veth_end(const char *device, const char *mark, const char *vrf, uint32_t peer_instance, const char *peer)
{
	struct item_link l = {.is_veth = 1, .up = 1, .carrier = 1, .peer_instance = peer_instance};

	strlcpy(l.device, device, sizeof(l.device));
	strlcpy(l.mark, mark, sizeof(l.mark));
	strlcpy(l.vrf, vrf, sizeof(l.vrf));
	strlcpy(l.peer, peer, sizeof(l.peer));
	return l;
}

static enum dc_code
veth_add(struct sim *s, const struct op_veth *r, struct dc_error *err)
{
	struct item_link near = veth_end(r->device, r->mark, r->vrf, r->peer_instance, r->peer_device);
	struct item_link far = veth_end(r->peer_device, r->peer_mark, r->peer_vrf, r->instance, r->device);
	struct sim_instance *in, *peer_in;
	const struct item_link *there;
	enum dc_code rc;

	if ((rc = find_vrf(s, r->instance, r->vrf, &in, err)) != DC_OK ||
	    (rc = find_vrf(s, r->peer_instance, r->peer_vrf, &peer_in, err)) != DC_OK)
		return rc;
	if ((there = sim_link(in, r->device)) != NULL && there->is_veth && strcmp(there->peer, r->peer_device) == 0)
		return DC_OK;
	if (there != NULL || sim_link(peer_in, r->peer_device) != NULL)
		return refuse(err, r->device, "File exists");
	add_link(s, in, &near);
	add_link(s, peer_in, &far);
	return DC_OK;
}

static enum dc_code
link_up(struct sim *s, const struct op_device *r, struct dc_error *err)
{
	struct sim_instance *in;
	struct item_link *l;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if ((l = sim_link(in, r->device)) == NULL)
		return refuse(err, r->device, "No such device");
	l->up = 1;
	return DC_OK;
}

/* What stands on a device goes with it. */
static void
drop_from(struct sim_instance *in, const char *device)
{
	for (size_t i = in->addrs; i-- > 0;)
		if (strcmp(in->addr[i].device, device) == 0)
			take_out(in->addr, &in->addrs, sizeof(*in->addr), i);
	for (size_t i = in->routes; i-- > 0;)
		if (strcmp(in->route[i].device, device) == 0)
			take_out(in->route, &in->routes, sizeof(*in->route), i);
	for (size_t i = in->filters; i-- > 0;)
		if (strcmp(in->filter[i].device, device) == 0)
			take_out(in->filter, &in->filters, sizeof(*in->filter), i);
	for (size_t i = in->allowed_n; i-- > 0;)
		if (strcmp(in->allowed[i].device, device) == 0)
			take_out(in->allowed, &in->allowed_n, sizeof(*in->allowed), i);
}

static void
remove_link(struct sim_instance *in, struct item_link *l)
{
	for (size_t i = 0; l->is_vrf && i < in->links; i++)
		if (strcmp(in->link[i].vrf, l->device) == 0)
			in->link[i].vrf[0] = '\0';
	drop_from(in, l->device);
	take_out(in->link, &in->links, sizeof(*l), (size_t)(l - in->link));
}

static enum dc_code
link_del(struct sim *s, const struct op_device *r, struct dc_error *err)
{
	struct sim_instance *in, *peer_in;
	struct item_link *l, *peer;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK || (l = sim_link(in, r->device)) == NULL)
		return rc;
	/* The other end of a pair goes, too. */
	if (l->is_veth && (peer_in = sim_instance(s, l->peer_instance)) != NULL &&
	    (peer = sim_link(peer_in, l->peer)) != NULL) {
		remove_link(peer_in, peer);
		l = sim_link(in, r->device);
	}
	if (l != NULL)
		remove_link(in, l);
	return DC_OK;
}

/* --- addresses and routes --- */

static enum dc_code
addr_add(struct sim *s, const struct op_addr *r, struct dc_error *err)
{
	struct item_addr a = {.prefix = r->prefix, .subnet_route = 1};
	struct sim_instance *in;
	struct item_addr *there;
	bool found;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if (sim_link(in, r->device) == NULL)
		return refuse(err, r->device, "No such device");
	if ((there = sim_addr(in, r->device, &r->prefix.addr)) != NULL) {
		if (there->prefix.len != r->prefix.len)
			return refuse(err, r->device, "File exists");
		there->subnet_route = 1;
		return DC_OK;
	}
	strlcpy(a.device, r->device, sizeof(a.device));
	in->addr = insert(
	    in->addr, &in->addrs, sizeof(a), place(in->addr, in->addrs, sizeof(a), &a, compare_addr, &found), &a);
	return DC_OK;
}

static enum dc_code
addr_del(struct sim *s, const struct op_addr *r, struct dc_error *err)
{
	struct sim_instance *in;
	struct item_addr *a;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc == DC_OK && (a = sim_addr(in, r->device, &r->prefix.addr)) != NULL)
		take_out(in->addr, &in->addrs, sizeof(*a), (size_t)(a - in->addr));
	return rc;
}

static bool
is_reachable(const struct sim_instance *in, const struct op_route *r)
{
	struct ip_prefix via = {r->via, ip_bits(r->via.family)};

	for (size_t i = 0; i < in->addrs; i++)
		if (strcmp(in->addr[i].device, r->device) == 0 && ip_contains(&in->addr[i].prefix, &via))
			return true;
	return false;
}

static enum dc_code
route_add(struct sim *s, const struct op_route *r, struct dc_error *err)
{
	struct item_route route = {.table = r->table, .proto = r->proto, .prefix = r->prefix, .via = r->via};
	struct sim_instance *in;
	struct item_link *l;
	bool found;
	size_t at;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if ((l = sim_link(in, r->device)) == NULL)
		return refuse(err, r->device, "No such device");
	if (!l->up)
		return refuse(err, r->device, "Network is down");
	if (r->via.family != IP_NONE && !is_reachable(in, r))
		return refuse(err, r->device, "Nexthop has invalid gateway");
	strlcpy(route.device, r->device, sizeof(route.device));
	at = place(in->route, in->routes, sizeof(route), &route, compare_route, &found);
	if (found)
		in->route[at] = route;
	else
		in->route = insert(in->route, &in->routes, sizeof(route), at, &route);
	return DC_OK;
}

static enum dc_code
route_del(struct sim *s, const struct op_route *r, struct dc_error *err)
{
	struct item_route key = {.table = r->table, .prefix = r->prefix};
	struct sim_instance *in;
	bool found;
	size_t at;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	at = place(in->route, in->routes, sizeof(key), &key, compare_route, &found);
	if (found && in->route[at].proto == r->proto)
		take_out(in->route, &in->routes, sizeof(key), at);
	return DC_OK;
}

/* --- filters --- */

static enum dc_code
filter_add(struct sim *s, const struct op_filter *r, struct dc_error *err)
{
	struct item_filter f = {.is_customer = r->is_customer};
	struct sim_instance *in;
	bool found;
	size_t at;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if (sim_link(in, r->device) == NULL)
		return refuse(err, r->device, "No such device");
	strlcpy(f.device, r->device, sizeof(f.device));
	at = place(in->filter, in->filters, sizeof(f), &f, compare_filter, &found);
	if (found)
		in->filter[at].is_customer = r->is_customer;
	else
		in->filter = insert(in->filter, &in->filters, sizeof(f), at, &f);
	return DC_OK;
}

static enum dc_code
neighbour_change(struct sim *s, const struct op_neighbour *r, bool add, struct dc_error *err)
{
	struct item_neighbour n = {.local = r->local, .remote = r->remote, .has_key = r->has_key};
	struct item_filter f = {0};
	struct sim_instance *in;
	bool found, filtered;
	size_t at;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	strlcpy(n.device, r->device, sizeof(n.device));
	strlcpy(f.device, r->device, sizeof(f.device));
	place(in->filter, in->filters, sizeof(f), &f, compare_filter, &filtered);
	at = place(in->allowed, in->allowed_n, sizeof(n), &n, compare_allowed, &found);
	if (add && !filtered)
		return refuse(err, r->device, "the device has no filter yet");
	if (add && found)
		in->allowed[at].has_key = r->has_key;
	else if (add)
		in->allowed = insert(in->allowed, &in->allowed_n, sizeof(n), at, &n);
	else if (found)
		take_out(in->allowed, &in->allowed_n, sizeof(n), at);
	return DC_OK;
}

static enum dc_code
network_change(struct sim *s, const struct op_network *r, bool add, struct dc_error *err)
{
	struct item_network n = {.table = r->table, .prefix = ip_network(&r->prefix)};
	struct sim_instance *in;
	bool found;
	size_t at;
	enum dc_code rc = enter_instance(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	at = place(in->network, in->networks, sizeof(n), &n, compare_network, &found);
	if (add && !found)
		in->network = insert(in->network, &in->networks, sizeof(n), at, &n);
	else if (!add && found)
		take_out(in->network, &in->networks, sizeof(n), at);
	return DC_OK;
}

/* --- the interface --- */

/* Whether the operator of the simulation wants this change to take its time. */
static bool
is_slow(const struct sim *s, enum agent_op op, const void *request)
{
	const struct sim_instance *in = sim_instance(s, ((const struct op_instance *)request)->instance);
	const char *device = "", *mark = "";
	const struct ip_addr *addr = NULL;

	if (s->options.slow[0] == '\0' || s->options.change_ms == 0)
		return s->options.change_ms > 0;
	if (op == OP_VRF_ADD || op == OP_VLAN_ADD) {
		device = ((const struct op_link *)request)->device;
		mark = ((const struct op_link *)request)->mark;
	} else if (op == OP_VETH_ADD) {
		device = ((const struct op_veth *)request)->device;
		mark = ((const struct op_veth *)request)->mark;
	} else if (op == OP_LINK_UP || op == OP_LINK_DEL) {
		device = ((const struct op_device *)request)->device;
	} else if (op == OP_ADDR_ADD || op == OP_ADDR_DEL) {
		device = ((const struct op_addr *)request)->device;
		addr = &((const struct op_addr *)request)->prefix.addr;
	} else if (op == OP_ROUTE_ADD || op == OP_ROUTE_DEL)
		device = ((const struct op_route *)request)->device;
	else if (op == OP_FILTER_ADD)
		device = ((const struct op_filter *)request)->device;
	else if (op == OP_NEIGHBOUR_ADD || op == OP_NEIGHBOUR_DEL)
		device = ((const struct op_neighbour *)request)->device;
	return sim_lists_change(s->options.slow, in, device, mark, addr);
}

/* Whether the operator of the simulation wants this change to fail. */
static bool
must_fail(const struct sim *s, enum agent_op op, const void *request)
{
	char text[IP_TEXT_SIZE] = "";
	const char *device = NULL;

	if (s->options.fail[0] == '\0')
		return false;
	if (op == OP_VRF_ADD || op == OP_VLAN_ADD)
		device = ((const struct op_link *)request)->device;
	else if (op == OP_VETH_ADD)
		device = ((const struct op_veth *)request)->device;
	else if (op == OP_LINK_UP || op == OP_LINK_DEL)
		device = ((const struct op_device *)request)->device;
	else if (op == OP_ADDR_ADD || op == OP_ADDR_DEL)
		ip_format_addr(&((const struct op_addr *)request)->prefix.addr, text);
	else if (op == OP_ROUTE_ADD || op == OP_ROUTE_DEL)
		ip_format_prefix(&((const struct op_route *)request)->prefix, text);
	return (device != NULL && sim_names(s->options.fail, device)) ||
	       (text[0] != '\0' && sim_names(s->options.fail, text));
}

static enum dc_code
carry_out(struct sim *s, enum agent_op op, const void *request, struct dc_error *err)
{
	if (op == OP_NETNS_ADD)
		return netns_add(s, request, err);
	if (op == OP_NETNS_DEL)
		return netns_del(s, request, err);
	if (op == OP_VRF_ADD)
		return vrf_add(s, request, err);
	if (op == OP_VLAN_ADD)
		return vlan_add(s, request, err);
	if (op == OP_VETH_ADD)
		return veth_add(s, request, err);
	if (op == OP_LINK_UP)
		return link_up(s, request, err);
	if (op == OP_LINK_DEL)
		return link_del(s, request, err);
	if (op == OP_ADDR_ADD)
		return addr_add(s, request, err);
	if (op == OP_ADDR_DEL)
		return addr_del(s, request, err);
	if (op == OP_ROUTE_ADD)
		return route_add(s, request, err);
	if (op == OP_ROUTE_DEL)
		return route_del(s, request, err);
	if (op == OP_FILTER_ADD)
		return filter_add(s, request, err);
	if (op == OP_NEIGHBOUR_ADD || op == OP_NEIGHBOUR_DEL)
		return neighbour_change(s, request, op == OP_NEIGHBOUR_ADD, err);
	if (op == OP_NETWORK_ADD || op == OP_NETWORK_DEL)
		return network_change(s, request, op == OP_NETWORK_ADD, err);
	return refuse(err, "operation", "Operation not supported");
}

/* As a kernel announces its changes: where they are. */
static void
note_change(struct sim *s, enum agent_op op, const void *request)
{
	struct sim_instance *in = sim_instance(s, ((const struct op_instance *)request)->instance);
	const struct item_link *link =
	    in != NULL && op == OP_LINK_DEL ? sim_link(in, ((const struct op_device *)request)->device) : NULL;

	if (in != NULL)
		in->changed = true;
	if (link != NULL && link->is_veth && (in = sim_instance(s, link->peer_instance)) != NULL)
		in->changed = true;
	if (op == OP_VETH_ADD && (in = sim_instance(s, ((const struct op_veth *)request)->peer_instance)) != NULL)
		in->changed = true;
}

static enum dc_code
sim_change(struct kernel *k, enum agent_op op, void *request, size_t size, struct dc_error *err)
{
	struct sim *s = of_kernel(k);

	(void)size;
	sim_reread(s);
	if (is_slow(s, op, request))
		sim_pause(s);
	if (must_fail(s, op, request))
		return refuse(err, "change", "refused as the options ask");
	note_change(s, op, request);
	return carry_out(s, op, request, err);
}

static void
read_instance(const struct sim *s, const struct sim_instance *in, struct arena *arena, struct kernel_instance *ret)
{
	struct item_link *link = arena_array(arena, in->links + 1, sizeof(*link));

	if (in->links > 0)
		memcpy(link, in->link, in->links * sizeof(*link));
	for (size_t i = 0; i < in->links; i++)
		if (link[i].is_vlan)
			link[i].carrier = link[i].up && sim_port_carrier(s, link[i].port);
	*ret = (struct kernel_instance){
	    .instance = in->number,
	    .link = link,
	    .link_count = in->links,
	    .addr = in->addrs > 0 ? arena_memdup(arena, in->addr, in->addrs * sizeof(*in->addr)) : NULL,
	    .addr_count = in->addrs,
	    .route = in->routes > 0 ? arena_memdup(arena, in->route, in->routes * sizeof(*in->route)) : NULL,
	    .route_count = in->routes,
	    .filter = in->filters > 0 ? arena_memdup(arena, in->filter, in->filters * sizeof(*in->filter)) : NULL,
	    .filter_count = in->filters,
	    .neighbour =
		in->allowed_n > 0 ? arena_memdup(arena, in->allowed, in->allowed_n * sizeof(*in->allowed)) : NULL,
	    .neighbour_count = in->allowed_n,
	    .network = in->networks > 0 ? arena_memdup(arena, in->network, in->networks * sizeof(*in->network)) : NULL,
	    .network_count = in->networks,
	};
}

static void
show_port(const struct sim *s, const char *name, size_t len, struct item_port *p)
{
	memcpy(p->device, name, len);
	p->carrier = sim_port_carrier(s, p->device);
	p->exposed = sim_names(s->options.exposed, p->device);
	p->up = 1;
}

static const struct item_port *
show_ports(const struct sim *s, struct arena *arena, size_t *n)
{
	struct item_port *port = arena_array(arena, strlen(s->options.ports) / 2 + 2 + s->asked_n, sizeof(*port));

	*n = 0;
	for (const char *at = s->options.ports; *at != '\0';) {
		size_t len = strcspn(at, " ,");

		if (len > 0 && len < OP_NAME_MAX)
			show_port(s, at, len, &port[(*n)++]);
		at += len;
		at += strspn(at, " ,");
	}
	for (size_t i = 0; i < s->asked_n; i++)
		if (!sim_names(s->options.ports, s->asked[i]))
			show_port(s, s->asked[i], strlen(s->asked[i]), &port[(*n)++]);
	return port;
}

/* What the options change may be anywhere. */
static enum dc_code
sim_where(struct kernel *k, struct arena *arena, uint32_t **ret, size_t *n, struct dc_error *err)
{
	struct sim *s = of_kernel(k);
	eventfd_t ignored;
	bool all;

	(void)err;
	sim_reread(s);
	all = eventfd_read(s->changes, &ignored) == 0;
	*ret = arena_array(arena, s->instances + 1, sizeof(**ret));
	*n = 0;
	if (all || s->ports_changed)
		(*ret)[(*n)++] = 0;
	for (size_t i = 0; i < s->instances; i++) {
		if (all || s->instance[i]->changed)
			(*ret)[(*n)++] = s->instance[i]->number;
		s->instance[i]->changed = false;
	}
	s->ports_changed = false;
	return DC_OK;
}

static enum dc_code
sim_read_ports(struct kernel *k, struct arena *arena, const struct item_port **ret, size_t *n, struct dc_error *err)
{
	(void)err;
	*ret = show_ports(of_kernel(k), arena, n);
	return DC_OK;
}

static int
compare_instance(const void *a, const void *b)
{
	const struct item_instance *x = a, *y = b;

	return x->instance < y->instance ? -1 : x->instance > y->instance;
}

static enum dc_code
sim_read_instances(
    struct kernel *k, struct arena *arena, const struct item_instance **ret, size_t *n, struct dc_error *err)
{
	const struct sim *s = of_kernel(k);
	struct item_instance *instance = arena_array(arena, s->instances + 1, sizeof(*instance));

	(void)err;
	for (size_t i = 0; i < s->instances; i++)
		instance[i] = (struct item_instance){s->instance[i]->number, s->instance[i]->vrfs > 0};
	qsort(instance, s->instances, sizeof(*instance), compare_instance);
	*ret = instance;
	*n = s->instances;
	return DC_OK;
}

static enum dc_code
sim_read_instance(
    struct kernel *k, uint32_t number, struct arena *arena, struct kernel_instance *ret, struct dc_error *err)
{
	const struct sim *s = of_kernel(k);
	struct sim_instance *in;
	enum dc_code rc = enter_instance(s, number, &in, err);

	if (rc == DC_OK)
		read_instance(s, in, arena, ret);
	return rc;
}

/* Nobody's connections outlive the process here. */
static enum dc_code
sim_read_connections(struct kernel *k, uint32_t number, struct arena *arena, const struct item_connection **ret,
    size_t *n, struct dc_error *err)
{
	(void)k;
	(void)number;
	(void)arena;
	(void)err;
	*ret = NULL;
	*n = 0;
	return DC_OK;
}

static int
sim_changes(struct kernel *k)
{
	return of_kernel(k)->changes;
}

static struct kernel *
sim_kernel_close(struct kernel *k)
{
	sim_release(of_kernel(k));
	return NULL;
}

const struct kernel_ops sim_kernel_ops = {
    .where = sim_where,
    .read_ports = sim_read_ports,
    .read_instances = sim_read_instances,
    .read_instance = sim_read_instance,
    .read_connections = sim_read_connections,
    .change = sim_change,
    .changes = sim_changes,
    .close = sim_kernel_close,
};
