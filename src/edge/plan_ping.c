/* SPDX-License-Identifier: ISC */
/* plan_ping.c - echo requests: they wait for what they leave by. The rest is ping.c. */
#include "edge/plan_priv.h"

static void
plan_ping(struct planning *p, struct item *i)
{
	const struct want_ping *w = &i->want->ping;
	struct seen_addr *local;

	if (!is_on_link(p, i, w->link))
		return;
	local = find_addr(p, i->verdict->instance, want_link_device(i->link->want), &w->local);
	if (!i->link->verdict->in_place || local == NULL || !local->wanted) {
		set_verdict(i, PLAN_WAITS, arena_printf(p->arena, "waits for %s and its address", w->link));
		return;
	}
	set_verdict(i, PLAN_THERE, NULL);
}

/* Nothing of it is in the kernel. */
static const char **
ping_left(struct planning *p, struct item *i)
{
	(void)p;
	(void)i;
	return NULL;
}

const struct plan_kind plan_ping_kind = {OBJECT_PING, plan_ping, ping_left, NULL};
