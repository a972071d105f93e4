/* SPDX-License-Identifier: ISC */
/* plan_vrf.c - VRFs, and the removal of all devices that nobody wants. */
#include <string.h>

#include "edge/plan_priv.h"

static void
add_vrf(struct planning *p, struct item *i)
{
	const struct want_vrf *w = &i->want->vrf;
	struct plan_step *s = add_step(p, ADD_VRF, OP_VRF_ADD, w->instance, i->want->key, sizeof(s->ask.link));

	strlcpy(s->ask.link.device, w->device, sizeof(s->ask.link.device));
	strlcpy(s->ask.link.mark, w->mark, sizeof(s->ask.link.mark));
	s->ask.link.table = w->table;
}

/* As it is asked for, if perhaps not up or without its unreachable defaults, which adding it again mends. */
static void
keep_vrf(struct planning *p, struct item *i)
{
	bool known = has_networks(p, i);

	i->seen->wanted = true;
	i->verdict->in_place = true;
	set_verdict(i, i->seen->l->up && known ? PLAN_THERE : PLAN_MISSING, NULL);
	if (!i->seen->l->up)
		add_vrf(p, i);
}

static void
plan_vrf(struct planning *p, struct item *i)
{
	const struct want_vrf *w = &i->want->vrf;

	i->verdict->instance = w->instance;
	if (!reserve_link(p, i, w->device))
		return;
	if (i->seen != NULL && i->seen->l->is_vrf && strcmp(i->seen->l->mark, w->mark) == 0 &&
	    i->seen->l->table == w->table) {
		keep_vrf(p, i);
		return;
	}
	if (i->seen != NULL)
		delete_link(p, i->seen, i->want->key);
	add_vrf(p, i);
	has_networks(p, i);
	i->rebuilt = true;
	set_verdict(i, PLAN_MISSING, NULL);
}

static const char **
vrf_left(struct planning *p, struct item *i)
{
	const struct want_vrf *w = &i->want->vrf;

	return link_left(p, i, w->instance, w->device, w->mark);
}

static void
sweep_links(struct planning *p)
{
	for (size_t i = 0; i < p->links; i++)
		if (!p->link[i].aside && is_ours(p->link[i].l) && !p->link[i].wanted && !p->link[i].deleted)
			delete_link(p, &p->link[i], p->link[i].owner);
}

static void
sweep_vrfs(struct planning *p)
{
	sweep_links(p);
	sweep_networks(p);
}

const struct plan_kind plan_vrf_kind = {OBJECT_VRF, plan_vrf, vrf_left, sweep_vrfs};
