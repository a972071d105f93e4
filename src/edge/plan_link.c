/* SPDX-License-Identifier: ISC */
/* plan_link.c - what all kinds of devices have in common. */
#include <string.h>

#include "edge/plan_priv.h"

/* Takes the device of that name, when it is ours to take. False when it is not. */
bool
reserve_link(struct planning *p, struct item *i, const char *device)
{
	struct seen_link *seen = find_link(p, i->verdict->instance, device);

	i->seen = seen;
	if (seen != NULL && !is_ours(seen->l)) {
		set_verdict(i, PLAN_WRONG, arena_printf(p->arena, "device %s is there and is not ours", device));
		return false;
	}
	if (!reserve(p, arena_printf(p->arena, "device %u %s", i->verdict->instance, device))) {
		set_verdict(
		    i, PLAN_WRONG, arena_printf(p->arena, "device %s is asked for by another object, too", device));
		return false;
	}
	return true;
}

void
delete_link(struct planning *p, struct seen_link *seen, const char *key)
{
	seen->deleted = true;
	add_device_step(p, seen->l->is_vrf ? DEL_VRF : DEL_VLAN, OP_LINK_DEL, seen->instance, seen->l->device, key);
}

void
keep_link(struct planning *p, struct item *i, const char *device)
{
	bool filtered = has_filter(p, i, device);

	i->seen->wanted = true;
	i->verdict->in_place = true;
	set_verdict(i, i->seen->l->up && filtered ? PLAN_THERE : PLAN_MISSING, NULL);
	if (!i->seen->l->up)
		add_device_step(p, UP, OP_LINK_UP, i->verdict->instance, device, i->want->key);
}

const char **
link_left(struct planning *p, struct item *i, uint32_t instance, const char *device, const char *mark)
{
	struct seen_link *seen = find_link(p, instance, device);

	i->verdict->instance = instance;
	return seen != NULL && !seen->wanted && !seen->deleted && strcmp(seen->l->mark, mark) == 0 ? &seen->owner
												   : NULL;
}

const char **
link_in_vrf_left(struct planning *p, struct item *i)
{
	const struct item *vrf = find_item(p, want_link_vrf(i->want), OBJECT_VRF);

	if (vrf == NULL)
		return NULL;
	return link_left(p, i, vrf->want->vrf.instance, want_link_device(i->want), want_link_mark(i->want));
}
