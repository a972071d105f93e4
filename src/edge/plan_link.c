/* SPDX-License-Identifier: ISC */
/* plan_link.c - devices: VRFs, VLANs and the pairs between two VRFs. */
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

static void
add_vlan(struct planning *p, struct item *i)
{
	const struct want_vlan *w = &i->want->vlan;
	uint32_t instance = i->verdict->instance;
	struct plan_step *s = add_step(p, ADD_VLAN, OP_VLAN_ADD, instance, i->want->key, sizeof(s->ask.link));

	strlcpy(s->ask.link.device, w->device, sizeof(s->ask.link.device));
	strlcpy(s->ask.link.mark, w->mark, sizeof(s->ask.link.mark));
	strlcpy(s->ask.link.port, w->port, sizeof(s->ask.link.port));
	strlcpy(s->ask.link.vrf, i->vrf->want->vrf.device, sizeof(s->ask.link.vrf));
	s->ask.link.vlan = w->vlan;
	add_device_step(p, UP, OP_LINK_UP, instance, w->device, i->want->key);
	i->rebuilt = true;
}

/* Takes the device of that name, when it is ours to take. False when it is not. */
static bool
claim_link(struct planning *p, struct item *i, const char *device)
{
	struct seen_link *seen = find_link(p, i->verdict->instance, device);

	i->seen = seen;
	if (seen != NULL && !is_ours(seen->l)) {
		judge(i, PLAN_WRONG, arena_printf(p->arena, "device %s is there and is not ours", device));
		return false;
	}
	if (!claim(p, arena_printf(p->arena, "device %u %s", i->verdict->instance, device))) {
		judge(i, PLAN_WRONG, arena_printf(p->arena, "device %s is asked for by another object, too", device));
		return false;
	}
	return true;
}

void
doom(struct planning *p, struct seen_link *seen, const char *key)
{
	seen->doomed = true;
	add_device_step(p, seen->l->is_vrf ? DEL_VRF : DEL_VLAN, OP_LINK_DEL, seen->instance, seen->l->device, key);
}

static void
settle_link(struct planning *p, struct item *i, const char *device)
{
	i->seen->wanted = true;
	i->verdict->stands = true;
	judge(i, i->seen->l->up ? PLAN_THERE : PLAN_MISSING, NULL);
	if (!i->seen->l->up)
		add_device_step(p, UP, OP_LINK_UP, i->verdict->instance, device, i->want->key);
}

/* As it is asked for, if perhaps not up or without its unreachable defaults, which adding it again mends. */
static void
settle_vrf(struct planning *p, struct item *i)
{
	i->seen->wanted = true;
	i->verdict->stands = true;
	judge(i, i->seen->l->up ? PLAN_THERE : PLAN_MISSING, NULL);
	if (!i->seen->l->up)
		add_vrf(p, i);
}

void
judge_vrf(struct planning *p, struct item *i)
{
	const struct want_vrf *w = &i->want->vrf;

	i->verdict->instance = w->instance;
	if (!claim_link(p, i, w->device))
		return;
	if (i->seen != NULL && i->seen->l->is_vrf && strcmp(i->seen->l->mark, w->mark) == 0 &&
	    i->seen->l->table == w->table) {
		settle_vrf(p, i);
		return;
	}
	if (i->seen != NULL)
		doom(p, i->seen, i->want->key);
	add_vrf(p, i);
	i->rebuilt = true;
	judge(i, PLAN_MISSING, NULL);
}

static bool
vlan_is_as_asked(const struct item *i)
{
	const struct want_vlan *w = &i->want->vlan;
	const struct item_link *l = i->seen->l;

	/* The lower device is in another namespace and cannot always be told. */
	return !i->vrf->rebuilt && !l->is_vrf && strcmp(l->mark, w->mark) == 0 && l->vlan == w->vlan &&
	       strcmp(l->vrf, i->vrf->want->vrf.device) == 0 && (l->port[0] == '\0' || strcmp(l->port, w->port) == 0);
}

void
judge_vlan(struct planning *p, struct item *i)
{
	const struct want_vlan *w = &i->want->vlan;
	const struct item_port *port = find_port(p, w->port);

	i->vrf = find_item(p, w->vrf, OBJECT_VRF);
	i->verdict->exposed = port != NULL && port->exposed;
	if (!stands(i, i->vrf, w->vrf, p->arena))
		return;
	i->verdict->instance = i->vrf->verdict->instance;
	if (!claim_link(p, i, w->device))
		return;
	if (i->seen != NULL && vlan_is_as_asked(i)) {
		settle_link(p, i, w->device);
		i->verdict->has_carrier = true;
		i->verdict->carrier = i->seen->l->carrier && (port == NULL || port->carrier);
		return;
	}
	if (i->seen != NULL)
		doom(p, i->seen, i->want->key);
	add_vlan(p, i);
	judge(i, PLAN_MISSING, NULL);
}

/* --- veth pairs: two objects, each an end, that name each other; made in one step --- */

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
	if (!stands(i, i->vrf, i->want->veth.vrf, p->arena))
		return false;
	i->verdict->instance = i->vrf->verdict->instance;
	return claim_link(p, i, i->want->veth.device);
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
			doom(p, end[k]->seen, end[k]->want->key);
		end[k]->rebuilt = true;
		judge(end[k], PLAN_MISSING, NULL);
	}
	add_veth(p, i, other);
}

void
judge_veth(struct planning *p, struct item *i)
{
	struct item *other = other_end(p, i);
	bool ready, other_ready;

	if (i->paired)
		return;
	if (other == NULL || other->want->deleted) {
		judge(i, PLAN_WAITS,
		    arena_printf(p->arena, "waits for %s, the other end, which is not there", i->want->veth.peer));
		return;
	}
	i->paired = other->paired = true;
	ready = end_is_ready(p, i);
	other_ready = end_is_ready(p, other);
	if (!ready || !other_ready) {
		if (ready)
			judge(i, PLAN_WAITS, arena_printf(p->arena, "waits for %s, the other end", other->want->key));
		if (other_ready)
			judge(other, PLAN_WAITS, arena_printf(p->arena, "waits for %s, the other end", i->want->key));
	} else if (veth_is_as_asked(i, other) && veth_is_as_asked(other, i)) {
		settle_link(p, i, i->want->veth.device);
		settle_link(p, other, other->want->veth.device);
	} else
		make_pair(p, i, other);
}
