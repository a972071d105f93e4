/* SPDX-License-Identifier: ISC */
/* sim_tables.c - addresses, routes, filters and rates of the simulated router. Refuses what a kernel would. */
#include <string.h>

#include "edge/sim_array.h"
#include "edge/sim_change.h"

static int
compare_addr(const void *a, const void *b)
{
	const struct item_addr *x = a, *y = b;
	int c = strcmp(x->device, y->device);

	return c != 0 ? c : ip_addr_compare(&x->prefix.addr, &y->prefix.addr);
}

/* By table, then by prefix. */
static int
compare_in_tables(int64_t x_table, const struct ip_prefix *x, int64_t y_table, const struct ip_prefix *y)
{
	int c = x_table < y_table ? -1 : x_table > y_table;

	if (c == 0)
		c = ip_addr_compare(&x->addr, &y->addr);
	return c != 0 ? c : x->len < y->len ? -1 : x->len > y->len;
}

static int
compare_route(const void *a, const void *b)
{
	const struct item_route *x = a, *y = b;

	return compare_in_tables(x->table, &x->prefix, y->table, &y->prefix);
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

	return compare_in_tables(x->table, &x->prefix, y->table, &y->prefix);
}

static int
compare_rate(const void *a, const void *b)
{
	return strcmp(((const struct item_rate *)a)->device, ((const struct item_rate *)b)->device);
}

struct item_addr *
sim_addr(const struct sim_instance *in, const char *device, const struct ip_addr *addr)
{
	struct item_addr key = {.prefix.addr = *addr};
	bool found;
	size_t at;

	strlcpy(key.device, device, sizeof(key.device));
	at = sorted_place(in->addr, in->addrs, sizeof(key), &key, compare_addr, &found);
	return found ? &in->addr[at] : NULL;
}

/* --- addresses and routes --- */

enum dc_code
sim_addr_add(struct sim *s, const struct op_addr *r, struct dc_error *err)
{
	struct item_addr a = {.prefix = r->prefix, .subnet_route = 1};
	struct sim_instance *in;
	struct item_addr *there;
	bool found;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if (sim_link(in, r->device) == NULL)
		return sim_refuse(err, r->device, "No such device");
	if ((there = sim_addr(in, r->device, &r->prefix.addr)) != NULL) {
		if (there->prefix.len != r->prefix.len)
			return sim_refuse(err, r->device, "File exists");
		there->subnet_route = 1;
		return DC_OK;
	}
	strlcpy(a.device, r->device, sizeof(a.device));
	in->addr = sorted_insert(in->addr, &in->addrs, sizeof(a),
	    sorted_place(in->addr, in->addrs, sizeof(a), &a, compare_addr, &found), &a);
	return DC_OK;
}

enum dc_code
sim_addr_del(struct sim *s, const struct op_addr *r, struct dc_error *err)
{
	struct sim_instance *in;
	struct item_addr *a;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc == DC_OK && (a = sim_addr(in, r->device, &r->prefix.addr)) != NULL)
		sorted_remove(in->addr, &in->addrs, sizeof(*a), (size_t)(a - in->addr));
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

enum dc_code
sim_route_add(struct sim *s, const struct op_route *r, struct dc_error *err)
{
	struct item_route route = {.table = r->table, .proto = r->proto, .prefix = r->prefix, .via = r->via};
	struct sim_instance *in;
	struct item_link *l;
	bool found;
	size_t at;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if ((l = sim_link(in, r->device)) == NULL)
		return sim_refuse(err, r->device, "No such device");
	if (!l->up)
		return sim_refuse(err, r->device, "Network is down");
	if (r->via.family != IP_NONE && !is_reachable(in, r))
		return sim_refuse(err, r->device, "Nexthop has invalid gateway");
	strlcpy(route.device, r->device, sizeof(route.device));
	at = sorted_place(in->route, in->routes, sizeof(route), &route, compare_route, &found);
	if (found)
		in->route[at] = route;
	else
		in->route = sorted_insert(in->route, &in->routes, sizeof(route), at, &route);
	return DC_OK;
}

enum dc_code
sim_route_del(struct sim *s, const struct op_route *r, struct dc_error *err)
{
	struct item_route key = {.table = r->table, .prefix = r->prefix};
	struct sim_instance *in;
	bool found;
	size_t at;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	at = sorted_place(in->route, in->routes, sizeof(key), &key, compare_route, &found);
	if (found && in->route[at].proto == r->proto)
		sorted_remove(in->route, &in->routes, sizeof(key), at);
	return DC_OK;
}

/* --- filters --- */

enum dc_code
sim_filter_add(struct sim *s, const struct op_filter *r, struct dc_error *err)
{
	struct item_filter f = {.is_customer = r->is_customer};
	struct sim_instance *in;
	bool found;
	size_t at;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if (sim_link(in, r->device) == NULL)
		return sim_refuse(err, r->device, "No such device");
	strlcpy(f.device, r->device, sizeof(f.device));
	at = sorted_place(in->filter, in->filters, sizeof(f), &f, compare_filter, &found);
	if (found)
		in->filter[at].is_customer = r->is_customer;
	else
		in->filter = sorted_insert(in->filter, &in->filters, sizeof(f), at, &f);
	return DC_OK;
}

enum dc_code
sim_neighbour_change(struct sim *s, const struct op_neighbour *r, bool add, struct dc_error *err)
{
	struct item_neighbour n = {.local = r->local, .remote = r->remote, .has_key = r->has_key};
	struct item_filter f = {0};
	struct sim_instance *in;
	bool found, filtered;
	size_t at;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	strlcpy(n.device, r->device, sizeof(n.device));
	strlcpy(f.device, r->device, sizeof(f.device));
	sorted_place(in->filter, in->filters, sizeof(f), &f, compare_filter, &filtered);
	at = sorted_place(in->allowed, in->allowed_n, sizeof(n), &n, compare_allowed, &found);
	if (add && !filtered)
		return sim_refuse(err, r->device, "the device has no filter yet");
	if (add && found)
		in->allowed[at].has_key = r->has_key;
	else if (add)
		in->allowed = sorted_insert(in->allowed, &in->allowed_n, sizeof(n), at, &n);
	else if (found)
		sorted_remove(in->allowed, &in->allowed_n, sizeof(n), at);
	return DC_OK;
}

enum dc_code
sim_network_change(struct sim *s, const struct op_network *r, bool add, struct dc_error *err)
{
	struct item_network n = {.table = r->table, .prefix = ip_network(&r->prefix)};
	struct sim_instance *in;
	bool found;
	size_t at;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	at = sorted_place(in->network, in->networks, sizeof(n), &n, compare_network, &found);
	if (add && !found)
		in->network = sorted_insert(in->network, &in->networks, sizeof(n), at, &n);
	else if (!add && found)
		sorted_remove(in->network, &in->networks, sizeof(n), at);
	return DC_OK;
}

/* --- rates: kept, and nothing is limited or counted --- */

enum dc_code
sim_rate_set(struct sim *s, const struct op_rate *r, struct dc_error *err)
{
	struct item_rate rate = {.ingress_kbit = r->ingress_kbit, .egress_kbit = r->egress_kbit, .burst = r->burst};
	struct sim_instance *in;
	bool found;
	size_t at;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if (sim_link(in, r->device) == NULL)
		return sim_refuse(err, r->device, "No such device");
	strlcpy(rate.device, r->device, sizeof(rate.device));
	at = sorted_place(in->rate, in->rates, sizeof(rate), &rate, compare_rate, &found);
	if (found)
		in->rate[at] = rate;
	else
		in->rate = sorted_insert(in->rate, &in->rates, sizeof(rate), at, &rate);
	return DC_OK;
}

enum dc_code
sim_rate_del(struct sim *s, const struct op_device *r, struct dc_error *err)
{
	struct item_rate key = {0};
	struct sim_instance *in;
	bool found;
	size_t at;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	strlcpy(key.device, r->device, sizeof(key.device));
	at = sorted_place(in->rate, in->rates, sizeof(key), &key, compare_rate, &found);
	if (found)
		sorted_remove(in->rate, &in->rates, sizeof(key), at);
	return DC_OK;
}
