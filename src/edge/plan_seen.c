/* SPDX-License-Identifier: ISC */
/* plan_seen.c - what was read back, sorted for looking up. */
#include <stdlib.h>
#include <string.h>

#include "edge/plan_priv.h"

#define MARK_PREFIX "dcaas:"

bool
is_ours(const struct item_link *l)
{
	return strncmp(l->mark, MARK_PREFIX, sizeof(MARK_PREFIX) - 1) == 0;
}

int
compare_number(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare_link(const void *a, const void *b)
{
	const struct seen_link *x = a, *y = b;
	int c = compare_number(x->instance, y->instance);

	return c != 0 ? c : strcmp(x->l->device, y->l->device);
}

/* Without the mask: an address is on a device once. */
static int
compare_addr(const void *a, const void *b)
{
	const struct seen_addr *x = a, *y = b;
	int c = compare_number(x->instance, y->instance);

	if (c == 0)
		c = strcmp(x->a->device, y->a->device);
	return c != 0 ? c : ip_addr_compare(&x->a->prefix.addr, &y->a->prefix.addr);
}

static int
compare_route(const void *a, const void *b)
{
	const struct seen_route *x = a, *y = b;
	int c = compare_number(x->instance, y->instance);

	if (c == 0)
		c = compare_number(x->r->table, y->r->table);
	if (c == 0)
		c = ip_addr_compare(&x->r->prefix.addr, &y->r->prefix.addr);
	return c != 0 ? c : compare_number(x->r->prefix.len, y->r->prefix.len);
}

static int
compare_filter(const void *a, const void *b)
{
	const struct seen_filter *x = a, *y = b;
	int c = compare_number(x->instance, y->instance);

	return c != 0 ? c : strcmp(x->f->device, y->f->device);
}

static int
compare_neighbour(const void *a, const void *b)
{
	const struct seen_neighbour *x = a, *y = b;
	int c = compare_number(x->instance, y->instance);

	if (c == 0)
		c = strcmp(x->n->device, y->n->device);
	if (c == 0)
		c = ip_addr_compare(&x->n->local, &y->n->local);
	return c != 0 ? c : ip_addr_compare(&x->n->remote, &y->n->remote);
}

static int
compare_network(const void *a, const void *b)
{
	const struct seen_network *x = a, *y = b;
	int c = compare_number(x->instance, y->instance);

	if (c == 0)
		c = compare_number(x->n->table, y->n->table);
	if (c == 0)
		c = ip_addr_compare(&x->n->prefix.addr, &y->n->prefix.addr);
	return c != 0 ? c : compare_number(x->n->prefix.len, y->n->prefix.len);
}

static int
compare_rate(const void *a, const void *b)
{
	const struct seen_rate *x = a, *y = b;
	int c = compare_number(x->instance, y->instance);

	return c != 0 ? c : strcmp(x->r->device, y->r->device);
}

static int
compare_port(const void *a, const void *b)
{
	const struct item_port *const *x = a, *const *y = b;

	return strcmp((*x)->device, (*y)->device);
}

static void
index_sizes(struct planning *p)
{
	for (size_t i = 0; i < p->state->in_count; i++) {
		const struct kernel_instance *in = p->state->in[i].kernel;

		p->links += in->link_count;
		p->addrs += in->addr_count;
		p->routes += in->route_count;
		p->filters += in->filter_count;
		p->neighbours += in->neighbour_count;
		p->networks += in->network_count;
		p->rates += in->rate_count;
	}
	p->link = arena_array(p->arena, p->links + 1, sizeof(*p->link));
	p->addr = arena_array(p->arena, p->addrs + 1, sizeof(*p->addr));
	p->route = arena_array(p->arena, p->routes + 1, sizeof(*p->route));
	p->filter = arena_array(p->arena, p->filters + 1, sizeof(*p->filter));
	p->neighbour = arena_array(p->arena, p->neighbours + 1, sizeof(*p->neighbour));
	p->network = arena_array(p->arena, p->networks + 1, sizeof(*p->network));
	p->rate = arena_array(p->arena, p->rates + 1, sizeof(*p->rate));
	p->port = arena_array(p->arena, p->state->port_count + 1, sizeof(*p->port));
	p->links = p->addrs = p->routes = p->filters = p->neighbours = p->networks = p->rates = 0;
}

static void
index_filters(struct planning *p, const struct kernel_instance *in, bool aside)
{
	for (size_t k = 0; k < in->filter_count; k++)
		p->filter[p->filters++] = (struct seen_filter){.instance = in->instance, .f = &in->filter[k]};
	for (size_t k = 0; k < in->neighbour_count; k++)
		p->neighbour[p->neighbours++] =
		    (struct seen_neighbour){.instance = in->instance, .aside = aside, .n = &in->neighbour[k]};
	for (size_t k = 0; k < in->network_count; k++)
		p->network[p->networks++] =
		    (struct seen_network){.instance = in->instance, .aside = aside, .n = &in->network[k]};
	for (size_t k = 0; k < in->rate_count; k++)
		p->rate[p->rates++] = (struct seen_rate){.instance = in->instance, .aside = aside, .r = &in->rate[k]};
}

void
index_seen(struct planning *p)
{
	index_sizes(p);
	for (size_t i = 0; i < p->state->in_count; i++) {
		const struct kernel_instance *in = p->state->in[i].kernel;
		bool aside = p->state->in[i].aside;

		for (size_t k = 0; k < in->link_count; k++)
			p->link[p->links++] =
			    (struct seen_link){.instance = in->instance, .aside = aside, .l = &in->link[k]};
		for (size_t k = 0; k < in->addr_count; k++)
			p->addr[p->addrs++] =
			    (struct seen_addr){.instance = in->instance, .aside = aside, .a = &in->addr[k]};
		for (size_t k = 0; k < in->route_count; k++)
			p->route[p->routes++] =
			    (struct seen_route){.instance = in->instance, .aside = aside, .r = &in->route[k]};
		index_filters(p, in, aside);
	}
	for (size_t i = 0; i < p->state->port_count; i++)
		p->port[i] = &p->state->port[i];
	qsort(p->link, p->links, sizeof(*p->link), compare_link);
	qsort(p->addr, p->addrs, sizeof(*p->addr), compare_addr);
	qsort(p->route, p->routes, sizeof(*p->route), compare_route);
	qsort(p->filter, p->filters, sizeof(*p->filter), compare_filter);
	qsort(p->neighbour, p->neighbours, sizeof(*p->neighbour), compare_neighbour);
	qsort(p->network, p->networks, sizeof(*p->network), compare_network);
	qsort(p->rate, p->rates, sizeof(*p->rate), compare_rate);
	qsort(p->port, p->state->port_count, sizeof(*p->port), compare_port);
}

struct seen_link *
find_link(struct planning *p, uint32_t instance, const char *device)
{
	struct item_link probe = {0};
	struct seen_link key = {.instance = instance, .l = &probe};

	strlcpy(probe.device, device, sizeof(probe.device));
	return bsearch(&key, p->link, p->links, sizeof(*p->link), compare_link);
}

struct seen_addr *
find_addr(struct planning *p, uint32_t instance, const char *device, const struct ip_addr *addr)
{
	struct item_addr probe = {.prefix.addr = *addr};
	struct seen_addr key = {.instance = instance, .a = &probe};

	strlcpy(probe.device, device, sizeof(probe.device));
	return bsearch(&key, p->addr, p->addrs, sizeof(*p->addr), compare_addr);
}

struct seen_route *
find_route(struct planning *p, uint32_t instance, uint32_t table, const struct ip_prefix *prefix)
{
	struct item_route probe = {.table = table, .prefix = *prefix};
	struct seen_route key = {.instance = instance, .r = &probe};

	return bsearch(&key, p->route, p->routes, sizeof(*p->route), compare_route);
}

const struct item_filter *
find_filter(struct planning *p, uint32_t instance, const char *device)
{
	struct item_filter probe = {0};
	struct seen_filter key = {.instance = instance, .f = &probe}, *found;

	strlcpy(probe.device, device, sizeof(probe.device));
	found = bsearch(&key, p->filter, p->filters, sizeof(*p->filter), compare_filter);
	return found != NULL ? found->f : NULL;
}

struct seen_neighbour *
find_neighbour(struct planning *p, uint32_t instance, const char *device, const struct ip_addr *local,
    const struct ip_addr *remote)
{
	struct item_neighbour probe = {.local = *local, .remote = *remote};
	struct seen_neighbour key = {.instance = instance, .n = &probe};

	strlcpy(probe.device, device, sizeof(probe.device));
	return bsearch(&key, p->neighbour, p->neighbours, sizeof(*p->neighbour), compare_neighbour);
}

struct seen_network *
find_network(struct planning *p, uint32_t instance, uint32_t table, const struct ip_prefix *prefix)
{
	struct item_network probe = {.table = table, .prefix = ip_network(prefix)};
	struct seen_network key = {.instance = instance, .n = &probe};

	return bsearch(&key, p->network, p->networks, sizeof(*p->network), compare_network);
}

struct seen_rate *
find_rate(struct planning *p, uint32_t instance, const char *device)
{
	struct item_rate probe = {0};
	struct seen_rate key = {.instance = instance, .r = &probe};

	strlcpy(probe.device, device, sizeof(probe.device));
	return bsearch(&key, p->rate, p->rates, sizeof(*p->rate), compare_rate);
}

const struct item_port *
find_port(struct planning *p, const char *device)
{
	struct item_port probe = {0};
	const struct item_port *key = &probe, **found;

	strlcpy(probe.device, device, sizeof(probe.device));
	found = bsearch(&key, p->port, p->state->port_count, sizeof(*p->port), compare_port);
	return found != NULL ? *found : NULL;
}

bool
has_instance(const struct seen *state, uint32_t instance)
{
	for (size_t i = 0; i < state->instance_count; i++)
		if (state->instance[i].instance == instance)
			return true;
	return false;
}
