/* SPDX-License-Identifier: ISC */
/* plan_bfd.c - BFD of a neighbour: it runs with its session. */
#include "edge/plan_priv.h"

static void
plan_bfd(struct planning *p, struct item *i)
{
	const struct want_bfd *w = &i->want->bfd;
	const struct item *bgp = find_item(p, w->bgp, OBJECT_BGP);

	if (!is_on_link(p, i, w->link) || !is_on(i, bgp, w->bgp, p->arena))
		return;
	set_verdict(i, bgp->verdict->state == PLAN_THERE ? PLAN_THERE : PLAN_WAITS,
	    bgp->verdict->state == PLAN_THERE ? NULL : arena_printf(p->arena, "waits for %s", w->bgp));
}

/* Nothing of it is in the kernel. */
static const char **
bfd_left(struct planning *p, struct item *i)
{
	(void)p;
	(void)i;
	return NULL;
}

const struct plan_kind plan_bfd_kind = {OBJECT_BFD, plan_bfd, bfd_left, NULL};
