/* SPDX-License-Identifier: ISC */
/* plan_vlan.c - VLANs. */
#include <string.h>

#include "edge/plan_priv.h"

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
	i->rebuilt = true;
	has_filter(p, i, w->device);
	add_device_step(p, UP, OP_LINK_UP, instance, w->device, i->want->key);
}

static bool
vlan_is_as_asked(const struct item *i)
{
	const struct want_vlan *w = &i->want->vlan;
	const struct item_link *l = i->seen->l;

	/* The lower device is in another namespace and is not always known. */
	return !i->vrf->rebuilt && !l->is_vrf && strcmp(l->mark, w->mark) == 0 && l->vlan == w->vlan &&
	       strcmp(l->vrf, i->vrf->want->vrf.device) == 0 && (l->port[0] == '\0' || strcmp(l->port, w->port) == 0);
}

static void
plan_vlan(struct planning *p, struct item *i)
{
	const struct want_vlan *w = &i->want->vlan;
	const struct item_port *port = find_port(p, w->port);

	i->vrf = find_item(p, w->vrf, OBJECT_VRF);
	i->verdict->exposed = port != NULL && port->exposed;
	if (!is_on(i, i->vrf, w->vrf, p->arena))
		return;
	i->verdict->instance = i->vrf->verdict->instance;
	if (!reserve_link(p, i, w->device))
		return;
	if (i->seen != NULL && vlan_is_as_asked(i)) {
		keep_link(p, i, w->device);
		i->verdict->has_carrier = true;
		i->verdict->carrier = i->seen->l->carrier && (port == NULL || port->carrier);
		return;
	}
	if (i->seen != NULL)
		delete_link(p, i->seen, i->want->key);
	add_vlan(p, i);
	set_verdict(i, PLAN_MISSING, NULL);
}

const struct plan_kind plan_vlan_kind = {OBJECT_VLAN, plan_vlan, link_in_vrf_left, NULL};
