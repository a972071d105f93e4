/* SPDX-License-Identifier: ISC */
/* plan_veth.c - pairs between two VRFs: two objects, each an end, that name each other; made in one step. */
#include <string.h>

#include "edge/plan_priv.h"

static struct item *
other_end(struct planning *p, struct item *i)
{
	struct item *other = find_item(p, i->want->veth.peer, OBJECT_VETH);

	return other != NULL && other != i && strcmp(other->want->veth.peer, i->want->key) == 0 ? other : NULL;
}

static bool
veth_is_as_asked(const struct item *i, const struct item *other)
{
	const struct item_link *l = i->seen != NULL ? i->seen->l : NULL;

	return l != NULL && !i->vrf->rebuilt && l->is_veth && strcmp(l->mark, i->want->veth.mark) == 0 &&
	       strcmp(l->vrf, i->vrf->want->vrf.device) == 0 &&
	       (l->peer_instance == 0 ||
		   (l->peer_instance == other->verdict->instance && strcmp(l->peer, other->want->veth.device) == 0));
}

/* Its VRF is there and its name is to be had. */
static bool
end_is_ready(struct planning *p, struct item *i)
{
	i->vrf = find_item(p, i->want->veth.vrf, OBJECT_VRF);
	if (!is_on(i, i->vrf, i->want->veth.vrf, p->arena))
		return false;
	i->verdict->instance = i->vrf->verdict->instance;
	return reserve_link(p, i, i->want->veth.device);
}

static void
add_veth(struct planning *p, struct item *i, struct item *other)
{
	struct plan_step *s =
	    add_step(p, ADD_VLAN, OP_VETH_ADD, i->verdict->instance, i->want->key, sizeof(s->ask.veth));
	struct op_veth *ask = &s->ask.veth;

	strlcpy(ask->device, i->want->veth.device, sizeof(ask->device));
	strlcpy(ask->mark, i->want->veth.mark, sizeof(ask->mark));
	strlcpy(ask->vrf, i->vrf->want->vrf.device, sizeof(ask->vrf));
	ask->peer_instance = other->verdict->instance;
	strlcpy(ask->peer_device, other->want->veth.device, sizeof(ask->peer_device));
	strlcpy(ask->peer_mark, other->want->veth.mark, sizeof(ask->peer_mark));
	strlcpy(ask->peer_vrf, other->vrf->want->vrf.device, sizeof(ask->peer_vrf));
}

static void
make_pair(struct planning *p, struct item *i, struct item *other)
{
	struct item *end[2] = {i, other};

	for (size_t k = 0; k < 2; k++) {
		if (end[k]->seen != NULL)
			delete_link(p, end[k]->seen, end[k]->want->key);
		end[k]->rebuilt = true;
		has_filter(p, end[k], end[k]->want->veth.device);
		set_verdict(end[k], PLAN_MISSING, NULL);
	}
	add_veth(p, i, other);
}

static void
plan_veth(struct planning *p, struct item *i)
{
	struct item *other = other_end(p, i);
	bool ready, other_ready;

	if (i->paired)
		return;
	if (other == NULL || other->want->deleted) {
		set_verdict(i, PLAN_WAITS,
		    arena_printf(p->arena, "waits for %s, the other end, which is not there", i->want->veth.peer));
		return;
	}
	i->paired = other->paired = true;
	ready = end_is_ready(p, i);
	other_ready = end_is_ready(p, other);
	if (!ready || !other_ready) {
		if (ready)
			set_verdict(
			    i, PLAN_WAITS, arena_printf(p->arena, "waits for %s, the other end", other->want->key));
		if (other_ready)
			set_verdict(
			    other, PLAN_WAITS, arena_printf(p->arena, "waits for %s, the other end", i->want->key));
	} else if (veth_is_as_asked(i, other) && veth_is_as_asked(other, i)) {
		keep_link(p, i, i->want->veth.device);
		keep_link(p, other, other->want->veth.device);
	} else
		make_pair(p, i, other);
}

const struct plan_kind plan_veth_kind = {OBJECT_VETH, plan_veth, link_in_vrf_left, NULL};
