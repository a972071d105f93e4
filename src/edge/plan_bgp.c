/* SPDX-License-Identifier: ISC */
/* plan_bgp.c - neighbours: the filter lets one in, and it waits for what it stands on. */
#include "edge/plan_priv.h"

static void
plan_bgp(struct planning *p, struct item *i)
{
	const struct want_bgp *w = &i->want->bgp;
	char text[IP_TEXT_SIZE];
	struct seen_addr *local;
	bool known;

	if (!is_on_link(p, i, w->link))
		return;
	if (find_item(p, w->vrf, OBJECT_VRF) != i->vrf) {
		set_verdict(i, PLAN_WRONG, arena_printf(p->arena, "%s is not in %s", w->link, w->vrf));
		return;
	}
	known = has_neighbour(p, i);
	local = find_addr(p, i->verdict->instance, want_link_device(i->link->want), &w->local);
	/* A device that is only down is set up in this plan; its sessions are not to be touched for that. */
	if (!i->vrf->verdict->in_place || !i->link->verdict->in_place || local == NULL || !local->wanted) {
		ip_format_addr(&w->local, text);
		set_verdict(
		    i, PLAN_WAITS, arena_printf(p->arena, "waits for %s and the address %s on it", w->link, text));
		return;
	}
	set_verdict(i, known ? PLAN_THERE : PLAN_MISSING, NULL);
}

static const char **
bgp_left(struct planning *p, struct item *i)
{
	const struct item *vrf = find_item(p, i->want->bgp.vrf, OBJECT_VRF);

	if (vrf == NULL)
		return NULL;
	i->verdict->instance = vrf->want->vrf.instance;
	return neighbour_left(p, i);
}

const struct plan_kind plan_bgp_kind = {OBJECT_BGP, plan_bgp, bgp_left, sweep_neighbours};
