/* SPDX-License-Identifier: ISC */
/* plan_rate.c - how much passes a device. It is changed in place; nothing waits for it. */
#include <string.h>

#include "edge/plan_priv.h"

static bool
is_as_asked(const struct item_rate *r, const struct want_rate *w)
{
	return r->ingress_kbit == w->ingress_kbit && r->egress_kbit == w->egress_kbit && r->burst == w->burst;
}

static void
plan_rate(struct planning *p, struct item *i)
{
	const struct want_rate *w = &i->want->rate;
	struct seen_rate *seen;
	const char *device;
	struct plan_step *s;

	if (!is_on_link(p, i, w->link))
		return;
	device = want_link_device(i->link->want);
	if (!reserve(p, arena_printf(p->arena, "rate %u %s", i->verdict->instance, device))) {
		set_verdict(i, PLAN_WRONG, arena_printf(p->arena, "%s has another rate, too", w->link));
		return;
	}
	seen = i->link->rebuilt ? NULL : find_rate(p, i->verdict->instance, device);
	if (seen != NULL) {
		seen->wanted = true;
		i->verdict->drops = seen->r->drops;
		if (is_as_asked(seen->r, w)) {
			set_verdict(i, PLAN_THERE, NULL);
			return;
		}
	}
	s = add_step(p, ADD_RATE, OP_RATE_SET, i->verdict->instance, i->want->key, sizeof(s->ask.rate));
	strlcpy(s->ask.rate.device, device, sizeof(s->ask.rate.device));
	s->ask.rate.ingress_kbit = w->ingress_kbit;
	s->ask.rate.egress_kbit = w->egress_kbit;
	s->ask.rate.burst = w->burst;
	set_verdict(i, PLAN_MISSING, NULL);
}

static const char **
rate_left(struct planning *p, struct item *i)
{
	const struct item *link = find_link_item(p, i->want->rate.link);
	const struct item *vrf = link != NULL ? find_item(p, want_link_vrf(link->want), OBJECT_VRF) : NULL;
	struct seen_rate *seen;

	if (vrf == NULL)
		return NULL;
	i->verdict->instance = vrf->want->vrf.instance;
	seen = find_rate(p, vrf->want->vrf.instance, want_link_device(link->want));
	return seen != NULL && !seen->wanted ? &seen->owner : NULL;
}

static void
sweep_rates(struct planning *p)
{
	for (size_t i = 0; i < p->rates; i++) {
		const struct seen_rate *seen = &p->rate[i];
		const struct seen_link *link = find_link(p, seen->instance, seen->r->device);

		if (!seen->aside && !seen->wanted && link != NULL && link->wanted)
			add_device_step(p, DEL_RATE, OP_RATE_DEL, seen->instance, seen->r->device, seen->owner);
	}
}

const struct plan_kind plan_rate_kind = {OBJECT_RATE, plan_rate, rate_left, sweep_rates};
