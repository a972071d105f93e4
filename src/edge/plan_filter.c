/* SPDX-License-Identifier: ISC */
/* plan_filter.c - what may come in by devices: the filter of each, and the rows that it looks into. A device gets it
 * before it is up, and before the routing daemon hears of a neighbour on it. */
#include <string.h>

#include "edge/plan_priv.h"

bool
has_filter(struct planning *p, const struct item *link, const char *device)
{
	bool is_customer = link->want->kind == OBJECT_VLAN && link->want->vlan.is_customer;
	uint32_t instance = link->verdict->instance;
	const struct item_filter *seen = link->rebuilt ? NULL : find_filter(p, instance, device);
	struct plan_step *s;

	link->verdict->drops = seen != NULL ? seen->drops : NULL;
	if (seen != NULL && (seen->is_customer != 0) == is_customer)
		return true;
	s = add_step(p, ADD_FILTER, OP_FILTER_ADD, instance, link->want->key, sizeof(s->ask.filter));
	strlcpy(s->ask.filter.device, device, sizeof(s->ask.filter.device));
	s->ask.filter.is_customer = is_customer;
	s->early = !link->rebuilt;
	return false;
}

/* --- networks --- */

/* Two lists may name the same one. */
static bool
has_network(struct planning *p, const struct item *vrf, const struct ip_prefix *prefix)
{
	const struct want_vrf *w = &vrf->want->vrf;
	struct seen_network *seen = find_network(p, w->instance, w->table, prefix);
	char text[IP_TEXT_SIZE];
	struct plan_step *s;

	if (prefix->len == 0)
		return true; /* a gateway with a default route has not all there is */
	if (seen != NULL) {
		seen->wanted = true;
		return true;
	}
	ip_format_prefix(prefix, text);
	if (!reserve(p, arena_printf(p->arena, "network %u %u %s", w->instance, w->table, text)))
		return false;
	s = add_step(p, ADD_NETWORK, OP_NETWORK_ADD, w->instance, vrf->want->key, sizeof(s->ask.network));
	s->ask.network.table = w->table;
	s->ask.network.prefix = ip_network(prefix);
	return false;
}

bool
has_networks(struct planning *p, const struct item *vrf)
{
	const struct want_vrf *w = &vrf->want->vrf;
	bool all = true;

	for (size_t i = 0; i < w->own_count; i++)
		all = has_network(p, vrf, &w->own[i]) && all;
	for (size_t i = 0; i < w->linked_count; i++)
		all = has_network(p, vrf, &w->linked[i]) && all;
	return all;
}

/* --- neighbours --- */

static struct seen_neighbour *
seen_of(struct planning *p, const struct item *bgp, const struct want *link)
{
	return find_neighbour(
	    p, bgp->verdict->instance, want_link_device(link), &bgp->want->bgp.local, &bgp->want->bgp.remote);
}

bool
has_neighbour(struct planning *p, const struct item *bgp)
{
	const struct want_bgp *w = &bgp->want->bgp;
	struct seen_neighbour *seen = bgp->link->rebuilt ? NULL : seen_of(p, bgp, bgp->link->want);
	bool has_key = w->password != NULL;
	struct plan_step *s;

	if (seen != NULL) {
		seen->wanted = true; /* adding replaces it */
		if ((seen->n->has_key != 0) == has_key)
			return true;
	}
	s = add_step(
	    p, ADD_NEIGHBOUR, OP_NEIGHBOUR_ADD, bgp->verdict->instance, bgp->want->key, sizeof(s->ask.neighbour));
	strlcpy(s->ask.neighbour.device, want_link_device(bgp->link->want), sizeof(s->ask.neighbour.device));
	s->ask.neighbour.local = w->local;
	s->ask.neighbour.remote = w->remote;
	s->ask.neighbour.has_key = has_key;
	s->early = !bgp->link->rebuilt;
	return false;
}

const char **
neighbour_left(struct planning *p, const struct item *bgp)
{
	const struct item *link = find_link_item(p, bgp->want->bgp.link);
	struct seen_neighbour *seen = link != NULL ? seen_of(p, bgp, link->want) : NULL;

	return seen != NULL && !seen->wanted ? &seen->owner : NULL;
}

/* --- what nobody wants --- */

void
sweep_neighbours(struct planning *p)
{
	for (size_t i = 0; i < p->neighbours; i++) {
		const struct seen_neighbour *seen = &p->neighbour[i];
		const struct seen_link *link = find_link(p, seen->instance, seen->n->device);
		struct plan_step *s;

		if (seen->aside || seen->wanted || link == NULL || !link->wanted)
			continue; /* what goes with its device needs no step */
		s = add_step(p, DEL_NEIGHBOUR, OP_NEIGHBOUR_DEL, seen->instance, seen->owner, sizeof(s->ask.neighbour));
		strlcpy(s->ask.neighbour.device, seen->n->device, sizeof(s->ask.neighbour.device));
		s->ask.neighbour.local = seen->n->local;
		s->ask.neighbour.remote = seen->n->remote;
	}
}

void
sweep_networks(struct planning *p)
{
	for (size_t i = 0; i < p->networks; i++) {
		const struct seen_network *seen = &p->network[i];
		struct plan_step *s;

		if (seen->aside || seen->wanted)
			continue;
		s = add_step(p, DEL_NETWORK, OP_NETWORK_DEL, seen->instance, NULL, sizeof(s->ask.network));
		s->ask.network.table = seen->n->table;
		s->ask.network.prefix = seen->n->prefix;
	}
}
