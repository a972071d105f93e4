/* SPDX-License-Identifier: ISC */
/* plan_routing.c - which neighbours may run now, by the verdicts of a plan. */
#include "edge/plan_priv.h"

#include <stdlib.h>
#include <string.h>

struct group { /* routing_desired while it grows */
	struct routing_vrf *vrf;
	size_t vrfs;
	struct routing_neighbour *neighbour;
	size_t neighbours;
};

struct own { /* of one VRF */
	struct ip_prefix *v;
	size_t n;
};

struct grouping {
	const struct want *const *want;
	size_t n;
	const struct plan *plan;
	struct arena *arena;
	uint32_t *number;    /* of the instances, ascending, each once */
	struct group *group; /* same order */
	struct own *own;     /* one per want (those of VRFs are used), and one for addresses without a VRF */
	size_t groups;
};

static bool
runs(const struct grouping *g, size_t i, enum object_kind kind)
{
	const struct plan_verdict *v = &g->plan->verdict[i];

	return !g->want[i]->deleted && g->want[i]->kind == kind && (v->state == PLAN_THERE || v->in_place);
}

static void
open_groups(struct grouping *g, const uint32_t *known, size_t known_n)
{
	size_t count = 0;

	g->number = arena_array(g->arena, g->n + known_n + 1, sizeof(*g->number));
	for (size_t i = 0; i < g->n; i++)
		if (runs(g, i, OBJECT_VRF))
			g->number[count++] = g->want[i]->vrf.instance;
	for (size_t i = 0; i < known_n; i++)
		g->number[count++] = known[i];
	g->groups = plan_unique(g->number, count);
	g->group = arena_array(g->arena, g->groups + 1, sizeof(*g->group));
}

/* The instance is among the numbers: a neighbour runs only in a VRF that does. */
static struct group *
group_of(const struct grouping *g, uint32_t instance)
{
	size_t lo = 0, hi = g->groups;

	while (lo + 1 < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (g->number[middle] <= instance)
			lo = middle;
		else
			hi = middle;
	}
	return &g->group[lo];
}

static void
size_groups(struct grouping *g)
{
	for (size_t i = 0; i < g->n; i++) {
		if (runs(g, i, OBJECT_VRF))
			group_of(g, g->want[i]->vrf.instance)->vrfs++;
		else if (runs(g, i, OBJECT_BGP))
			group_of(g, g->plan->verdict[i].instance)->neighbours++;
	}
	for (size_t i = 0; i < g->groups; i++) {
		struct group *group = &g->group[i];

		group->vrf = arena_array(g->arena, group->vrfs + 1, sizeof(*group->vrf));
		group->neighbour = arena_array(g->arena, group->neighbours + 1, sizeof(*group->neighbour));
		group->vrfs = group->neighbours = 0;
	}
}

static int
compare_want(const void *key, const void *element)
{
	return strcmp(key, (*(const struct want *const *)element)->key);
}

static const struct want *const *
find_want_at(const struct grouping *g, const char *key)
{
	return bsearch(key, g->want, g->n, sizeof(*g->want), compare_want);
}

static const struct want *
find_want(const struct grouping *g, const char *key)
{
	const struct want *const *w = find_want_at(g, key);

	return w != NULL ? *w : NULL;
}

/* The VRF that an address is in: its position among the wants; n when there is none. */
static size_t
vrf_of_addr(const struct grouping *g, const struct want *addr)
{
	const struct want *link = find_want(g, addr->addr.link);
	const struct want *const *vrf;

	if (link == NULL || link->deleted || !link->known || (link->kind != OBJECT_VLAN && link->kind != OBJECT_VETH))
		return g->n;
	vrf = find_want_at(g, want_link_vrf(link));
	return vrf != NULL && (*vrf)->kind == OBJECT_VRF ? (size_t)(vrf - g->want) : g->n;
}

static bool
is_known_addr(const struct want *w)
{
	return w->kind == OBJECT_ADDR && !w->deleted && w->known;
}

/* What no neighbour of a VRF may announce: the VPC's blocks, and the subnets of all links in it. A /32 of another
 * customer's link would draw that customer's traffic. */
static void
gather_own(struct grouping *g)
{
	g->own = arena_array(g->arena, g->n + 1, sizeof(*g->own));
	for (size_t i = 0; i < g->n; i++)
		if (is_known_addr(g->want[i]))
			g->own[vrf_of_addr(g, g->want[i])].n++;
	for (size_t i = 0; i < g->n; i++) {
		const struct want_vrf *w = &g->want[i]->vrf;

		if (!runs(g, i, OBJECT_VRF))
			continue;
		g->own[i].v = arena_array(g->arena, w->own_count + g->own[i].n + 1, sizeof(*g->own[i].v));
		if (w->own_count > 0)
			memcpy(g->own[i].v, w->own, w->own_count * sizeof(*w->own));
		g->own[i].n = w->own_count;
	}
	for (size_t i = 0; i < g->n; i++) {
		struct own *own = is_known_addr(g->want[i]) ? &g->own[vrf_of_addr(g, g->want[i])] : NULL;

		if (own != NULL && own->v != NULL)
			own->v[own->n++] = ip_network(&g->want[i]->addr.prefix);
	}
}

static void
group_vrf(struct grouping *g, size_t i)
{
	const struct want_vrf *w = &g->want[i]->vrf;
	struct group *group = group_of(g, w->instance);

	group->vrf[group->vrfs++] = (struct routing_vrf){
	    .device = w->device,
	    .table = w->table,
	    .router_id = w->router_id,
	    .own = g->own[i].v,
	    .own_count = g->own[i].n,
	    .linked = w->linked,
	    .linked_count = w->linked_count,
	    .internal_asn_first = w->internal_asn_first,
	    .internal_asn_last = w->internal_asn_last,
	};
}

static void
add_neighbour(struct grouping *g, const struct want *w, uint32_t instance)
{
	const struct want *vrf = find_want(g, w->bgp.vrf), *link = find_want(g, w->bgp.link);
	struct group *group = group_of(g, instance);

	if (vrf == NULL || link == NULL)
		return; /* the plan found both, or the neighbour would not run */
	group->neighbour[group->neighbours++] = (struct routing_neighbour){
	    .key = w->key,
	    .name = w->bgp.name,
	    .vrf = vrf->vrf.device,
	    .link = want_link_device(link),
	    .local = w->bgp.local,
	    .remote = w->bgp.remote,
	    .local_asn = w->bgp.local_asn,
	    .remote_asn = w->bgp.remote_asn,
	    .password = w->bgp.password,
	    .route_limit = w->bgp.route_limit,
	    .is_link = w->bgp.is_link,
	    .is_uplink = w->bgp.is_uplink,
	    .accept_default = w->bgp.accept_default,
	    .shut = w->shut,
	};
}

/* BFD goes with its session. */
static void
add_bfd(struct grouping *g, const struct want *w, uint32_t instance)
{
	struct group *group = group_of(g, instance);

	for (size_t i = 0; i < group->neighbours; i++)
		if (strcmp(group->neighbour[i].key, w->bfd.bgp) == 0)
			group->neighbour[i].bfd =
			    (struct routing_bfd){w->bfd.min_rx_ms, w->bfd.min_tx_ms, w->bfd.multiplier};
}

void
plan_routing(const struct want *const *want, size_t n, const struct plan *plan, const uint32_t *known, size_t known_n,
    struct arena *arena, struct routing_desired **ret, size_t *ret_n)
{
	struct grouping g = {.want = want, .n = n, .plan = plan, .arena = arena};
	struct routing_desired *out;

	open_groups(&g, known, known_n);
	size_groups(&g);
	gather_own(&g);
	for (size_t i = 0; i < n; i++) {
		if (runs(&g, i, OBJECT_VRF))
			group_vrf(&g, i);
		else if (runs(&g, i, OBJECT_BGP))
			add_neighbour(&g, want[i], plan->verdict[i].instance);
	}
	for (size_t i = 0; i < n; i++)
		if (runs(&g, i, OBJECT_BFD))
			add_bfd(&g, want[i], plan->verdict[i].instance);
	out = arena_array(arena, g.groups + 1, sizeof(*out));
	for (size_t i = 0; i < g.groups; i++)
		out[i] = (struct routing_desired){
		    g.number[i], g.group[i].vrf, g.group[i].vrfs, g.group[i].neighbour, g.group[i].neighbours};
	*ret = out;
	*ret_n = g.groups;
}
