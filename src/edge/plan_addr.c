/* SPDX-License-Identifier: ISC */
/* plan_addr.c - addresses. */
#include <string.h>

#include "edge/plan_priv.h"

static void
plan_addr(struct planning *p, struct item *i)
{
	const struct want_addr *w = &i->want->addr;
	const char *device;
	struct seen_addr *seen;
	struct plan_step *s;

	if (!is_on_link(p, i, w->link))
		return;
	device = want_link_device(i->link->want);
	seen = i->link->rebuilt ? NULL : find_addr(p, i->verdict->instance, device, &w->prefix.addr);
	if (seen != NULL && seen->a->prefix.len == w->prefix.len) {
		seen->wanted = true;
		if (seen->a->subnet_route) {
			set_verdict(i, PLAN_THERE, NULL);
			return;
		}
	}
	s = add_step(p, ADD_ADDR, OP_ADDR_ADD, i->verdict->instance, i->want->key, sizeof(s->ask.addr));
	strlcpy(s->ask.addr.device, device, sizeof(s->ask.addr.device));
	s->ask.addr.table = i->vrf->want->vrf.table;
	s->ask.addr.prefix = w->prefix;
	set_verdict(i, PLAN_MISSING, NULL);
}

static const char **
addr_left(struct planning *p, struct item *i)
{
	const struct want_addr *w = &i->want->addr;
	const struct item *link = find_link_item(p, w->link);
	const struct item *vrf = link != NULL ? find_item(p, want_link_vrf(link->want), OBJECT_VRF) : NULL;
	struct seen_addr *a;

	if (vrf == NULL)
		return NULL;
	i->verdict->instance = vrf->want->vrf.instance;
	a = find_addr(p, vrf->want->vrf.instance, want_link_device(link->want), &w->prefix.addr);
	return a != NULL && !a->wanted && a->a->prefix.len == w->prefix.len ? &a->owner : NULL;
}

static bool
is_link_local(const struct ip_addr *a)
{
	return a->family == IP_V6 && a->byte[0] == 0xfe && (a->byte[1] & 0xc0) == 0x80;
}

/* The table an address's subnet route is in is its VRF's. */
static uint32_t
table_of(struct planning *p, const struct seen_link *link)
{
	struct seen_link *vrf = find_link(p, link->instance, link->l->vrf);

	return vrf != NULL ? vrf->l->table : 0;
}

static void
sweep_addrs(struct planning *p)
{
	for (size_t i = 0; i < p->addrs; i++) {
		struct seen_addr *a = &p->addr[i];
		struct seen_link *link = find_link(p, a->instance, a->a->device);
		struct plan_step *s;

		if (a->aside || a->wanted || link == NULL || !link->wanted || is_link_local(&a->a->prefix.addr))
			continue; /* what goes with its device needs no step */
		s = add_step(p, DEL_ADDR, OP_ADDR_DEL, a->instance, a->owner, sizeof(s->ask.addr));
		strlcpy(s->ask.addr.device, a->a->device, sizeof(s->ask.addr.device));
		s->ask.addr.table = table_of(p, link);
		s->ask.addr.prefix = a->a->prefix;
	}
}

const struct plan_kind plan_addr_kind = {OBJECT_ADDR, plan_addr, addr_left, sweep_addrs};
