/* SPDX-License-Identifier: ISC */
/* plan_route.c - routes. */
#include <string.h>

#include "edge/plan_priv.h"

static bool
route_is_as_asked(const struct item_route *r, const struct want_route *w, const char *device)
{
	return r->proto == w->proto && !r->unreachable && strcmp(r->device, device) == 0 &&
	       (w->via.family == IP_NONE ? r->via.family == IP_NONE : ip_addr_equal(&r->via, &w->via));
}

static void
plan_route(struct planning *p, struct item *i)
{
	const struct want_route *w = &i->want->route;
	struct item *vrf = find_item(p, w->vrf, OBJECT_VRF);
	char prefix[IP_TEXT_SIZE];
	struct seen_route *seen;
	struct plan_step *s;

	if (!is_on(i, vrf, w->vrf, p->arena) || !is_on_link(p, i, w->link))
		return;
	if (vrf != i->vrf) {
		set_verdict(i, PLAN_WRONG, arena_printf(p->arena, "%s is not in %s", w->link, w->vrf));
		return;
	}
	ip_format_prefix(&w->prefix, prefix);
	seen = find_route(p, i->verdict->instance, vrf->want->vrf.table, &w->prefix);
	if (!reserve(p, arena_printf(p->arena, "route %u %u %s", i->verdict->instance, vrf->want->vrf.table, prefix))) {
		set_verdict(i, PLAN_WRONG, "the prefix is asked for by another object, too");
		return;
	}
	if (i->want->shut) { /* what is there is swept away */
		if (seen != NULL)
			seen->owner = i->want->key;
		set_verdict(i, seen == NULL ? PLAN_THERE : PLAN_MISSING, NULL);
		return;
	}
	if (seen != NULL) {
		seen->wanted = true; /* adding replaces it */
		if (!i->link->rebuilt && route_is_as_asked(seen->r, w, want_link_device(i->link->want))) {
			set_verdict(i, PLAN_THERE, NULL);
			return;
		}
	}
	s = add_step(p, ADD_ROUTE, OP_ROUTE_ADD, i->verdict->instance, i->want->key, sizeof(s->ask.route));
	s->ask.route.table = vrf->want->vrf.table;
	s->ask.route.proto = w->proto;
	s->ask.route.prefix = w->prefix;
	s->ask.route.via = w->via;
	strlcpy(s->ask.route.device, want_link_device(i->link->want), sizeof(s->ask.route.device));
	set_verdict(i, PLAN_MISSING, NULL);
}

static const char **
route_left(struct planning *p, struct item *i)
{
	const struct want_route *w = &i->want->route;
	const struct item *vrf = find_item(p, w->vrf, OBJECT_VRF);
	struct seen_route *r;

	if (vrf == NULL)
		return NULL;
	i->verdict->instance = vrf->want->vrf.instance;
	r = find_route(p, vrf->want->vrf.instance, vrf->want->vrf.table, &w->prefix);
	return r != NULL && !r->wanted && r->r->proto == w->proto ? &r->owner : NULL;
}

static void
sweep_routes(struct planning *p)
{
	for (size_t i = 0; i < p->routes; i++) {
		const struct item_route *r = p->route[i].r;
		struct plan_step *s;

		if (p->route[i].aside || p->route[i].wanted || r->proto == ROUTE_PROTO_GUARD ||
		    r->table < TABLE_FIRST || r->table > TABLE_LAST)
			continue;
		s = add_step(p, DEL_ROUTE, OP_ROUTE_DEL, p->route[i].instance, p->route[i].owner, sizeof(s->ask.route));
		s->ask.route.table = r->table;
		s->ask.route.proto = r->proto;
		s->ask.route.prefix = r->prefix;
		s->ask.route.via = r->via;
		strlcpy(s->ask.route.device, r->device, sizeof(s->ask.route.device));
	}
}

const struct plan_kind plan_route_kind = {OBJECT_ROUTE, plan_route, route_left, sweep_routes};
