/* SPDX-License-Identifier: ISC */
#include "edge/plan.h"

#include <stdlib.h>
#include <string.h>

#include "edge/plan_priv.h"

/* --- what is wanted, and steps --- */

static int
compare_item(const void *key, const void *element)
{
	return strcmp(key, ((const struct item *)element)->want->key);
}

struct item *
find_item(struct planning *p, const char *key, enum object_kind kind)
{
	struct item *i = bsearch(key, p->item, p->items, sizeof(*p->item), compare_item);

	return i != NULL && i->want->kind == kind && i->want->known ? i : NULL;
}

struct item *
find_link_item(struct planning *p, const char *key)
{
	struct item *i = find_item(p, key, OBJECT_VLAN);

	return i != NULL ? i : find_item(p, key, OBJECT_VETH);
}

void
judge(struct item *i, enum plan_state state, const char *text)
{
	i->verdict->state = state;
	i->verdict->text = text;
}

struct plan_step *
add_step(struct planning *p, enum phase phase, enum agent_op op, uint32_t instance, const char *key, size_t size)
{
	struct step_list *l = &p->phase[phase];
	struct plan_step *s;

	if (l->n == l->cap) {
		struct plan_step *old = l->v;

		l->cap = l->cap == 0 ? 16 : 2 * l->cap;
		l->v = arena_array(p->arena, l->cap, sizeof(*l->v));
		if (l->n > 0)
			memcpy(l->v, old, l->n * sizeof(*old));
	}
	s = &l->v[l->n++];
	*s = (struct plan_step){.op = op, .key = key, .instance = instance, .size = size};
	s->ask.header.op = op;
	s->ask.netns.instance = instance; /* every request but none has it there */
	return s;
}

void
add_device_step(
    struct planning *p, enum phase phase, enum agent_op op, uint32_t instance, const char *device, const char *key)
{
	struct plan_step *s = add_step(p, phase, op, instance, key, sizeof(s->ask.device));

	strlcpy(s->ask.device.device, device, sizeof(s->ask.device.device));
}

bool
stands(struct item *i, const struct item *below, const char *key, struct arena *arena)
{
	const char *why = NULL;

	if (below == NULL || below->want->deleted)
		why = "is not there";
	else if (below->verdict->state == PLAN_WRONG)
		why = "is in error";
	else if (below->verdict->state == PLAN_WAITS)
		why = "waits itself";
	if (why != NULL)
		judge(i, PLAN_WAITS, arena_printf(arena, "waits for %s, which %s", key, why));
	return why == NULL;
}

bool
claim(struct planning *p, const char *name)
{
	size_t at = 5381;

	for (const char *c = name; *c != '\0'; c++)
		at = at * 33 + (unsigned char)*c;
	for (at &= p->claim_slots - 1; p->claim[at] != NULL; at = (at + 1) & (p->claim_slots - 1))
		if (strcmp(p->claim[at], name) == 0)
			return false;
	p->claim[at] = name;
	return true;
}

static void
open_claims(struct planning *p)
{
	p->claim_slots = 16;
	while (p->claim_slots < 2 * p->items)
		p->claim_slots *= 2;
	p->claim = arena_array(p->arena, p->claim_slots, sizeof(*p->claim));
}

/* --- what stands on devices --- */

/* Links are judged before all that stands on them, so `link` has its verdict. */
static bool
stands_on_link(struct planning *p, struct item *i, const char *key)
{
	i->link = find_link_item(p, key);
	if (!stands(i, i->link, key, p->arena))
		return false;
	i->vrf = i->link->vrf;
	i->verdict->instance = i->link->verdict->instance;
	return true;
}

static void
judge_addr(struct planning *p, struct item *i)
{
	const struct want_addr *w = &i->want->addr;
	const char *device;
	struct seen_addr *seen;
	struct plan_step *s;

	if (!stands_on_link(p, i, w->link))
		return;
	device = want_link_device(i->link->want);
	seen = i->link->rebuilt ? NULL : find_addr(p, i->verdict->instance, device, &w->prefix.addr);
	if (seen != NULL && seen->a->prefix.len == w->prefix.len) {
		seen->wanted = true;
		if (seen->a->subnet_route) {
			judge(i, PLAN_THERE, NULL);
			return;
		}
	}
	s = add_step(p, ADD_ADDR, OP_ADDR_ADD, i->verdict->instance, i->want->key, sizeof(s->ask.addr));
	strlcpy(s->ask.addr.device, device, sizeof(s->ask.addr.device));
	s->ask.addr.table = i->vrf->want->vrf.table;
	s->ask.addr.prefix = w->prefix;
	judge(i, PLAN_MISSING, NULL);
}

static bool
route_is_as_asked(const struct item_route *r, const struct want_route *w, const char *device)
{
	return r->proto == w->proto && !r->unreachable && strcmp(r->device, device) == 0 &&
	       (w->via.family == IP_NONE ? r->via.family == IP_NONE : ip_addr_equal(&r->via, &w->via));
}

static void
judge_route(struct planning *p, struct item *i)
{
	const struct want_route *w = &i->want->route;
	struct item *vrf = find_item(p, w->vrf, OBJECT_VRF);
	char prefix[IP_TEXT_SIZE];
	struct seen_route *seen;
	struct plan_step *s;

	if (!stands(i, vrf, w->vrf, p->arena) || !stands_on_link(p, i, w->link))
		return;
	if (vrf != i->vrf) {
		judge(i, PLAN_WRONG, arena_printf(p->arena, "%s is not in %s", w->link, w->vrf));
		return;
	}
	ip_format_prefix(&w->prefix, prefix);
	seen = find_route(p, i->verdict->instance, vrf->want->vrf.table, &w->prefix);
	if (!claim(p, arena_printf(p->arena, "route %u %u %s", i->verdict->instance, vrf->want->vrf.table, prefix))) {
		judge(i, PLAN_WRONG, "the prefix is asked for by another object, too");
		return;
	}
	if (seen != NULL) {
		seen->wanted = true; /* adding replaces it */
		if (!i->link->rebuilt && route_is_as_asked(seen->r, w, want_link_device(i->link->want))) {
			judge(i, PLAN_THERE, NULL);
			return;
		}
	}
	s = add_step(p, ADD_ROUTE, OP_ROUTE_ADD, i->verdict->instance, i->want->key, sizeof(s->ask.route));
	s->ask.route.table = vrf->want->vrf.table;
	s->ask.route.proto = w->proto;
	s->ask.route.prefix = w->prefix;
	s->ask.route.via = w->via;
	strlcpy(s->ask.route.device, want_link_device(i->link->want), sizeof(s->ask.route.device));
	judge(i, PLAN_MISSING, NULL);
}

static void
judge_bgp(struct planning *p, struct item *i)
{
	const struct want_bgp *w = &i->want->bgp;
	char text[IP_TEXT_SIZE];
	struct seen_addr *local;

	if (!stands_on_link(p, i, w->link))
		return;
	if (find_item(p, w->vrf, OBJECT_VRF) != i->vrf) {
		judge(i, PLAN_WRONG, arena_printf(p->arena, "%s is not in %s", w->link, w->vrf));
		return;
	}
	local = find_addr(p, i->verdict->instance, want_link_device(i->link->want), &w->local);
	/* A device that is only down is set up in this plan; its sessions are not to be touched for that. */
	if (!i->vrf->verdict->stands || !i->link->verdict->stands || local == NULL || !local->wanted) {
		ip_format_addr(&w->local, text);
		judge(i, PLAN_WAITS, arena_printf(p->arena, "waits for %s and the address %s on it", w->link, text));
		return;
	}
	judge(i, PLAN_THERE, NULL);
}

/* --- tombstones: whether anything of them is left that nobody else wants --- */

static void
bury(struct item *i, bool left, const char **owner)
{
	judge(i, left ? PLAN_MISSING : PLAN_GONE, NULL);
	if (left)
		*owner = i->want->key;
}

static void
bury_link(struct planning *p, struct item *i, uint32_t instance, const char *device, const char *mark)
{
	struct seen_link *seen = find_link(p, instance, device);
	bool left = seen != NULL && !seen->wanted && !seen->doomed && strcmp(seen->l->mark, mark) == 0;

	i->verdict->instance = instance;
	bury(i, left, left ? &seen->owner : NULL);
}

static void
bury_item(struct planning *p, struct item *i)
{
	struct item *vrf, *link;

	judge(i, PLAN_GONE, NULL);
	if (!i->want->known)
		return;
	if (i->want->kind == OBJECT_VRF)
		bury_link(p, i, i->want->vrf.instance, i->want->vrf.device, i->want->vrf.mark);
	else if ((i->want->kind == OBJECT_VLAN || i->want->kind == OBJECT_VETH) &&
		 (vrf = find_item(p, want_link_vrf(i->want), OBJECT_VRF)) != NULL)
		bury_link(p, i, vrf->want->vrf.instance, want_link_device(i->want), want_link_mark(i->want));
	else if (i->want->kind == OBJECT_ADDR && (link = find_link_item(p, i->want->addr.link)) != NULL &&
		 (vrf = find_item(p, want_link_vrf(link->want), OBJECT_VRF)) != NULL) {
		struct seen_addr *a =
		    find_addr(p, vrf->want->vrf.instance, want_link_device(link->want), &i->want->addr.prefix.addr);
		bool left = a != NULL && !a->wanted && a->a->prefix.len == i->want->addr.prefix.len;

		i->verdict->instance = vrf->want->vrf.instance;
		bury(i, left, left ? &a->owner : NULL);
	} else if (i->want->kind == OBJECT_ROUTE && (vrf = find_item(p, i->want->route.vrf, OBJECT_VRF)) != NULL) {
		struct seen_route *r =
		    find_route(p, vrf->want->vrf.instance, vrf->want->vrf.table, &i->want->route.prefix);
		bool left = r != NULL && !r->wanted && r->r->proto == i->want->route.proto;

		i->verdict->instance = vrf->want->vrf.instance;
		bury(i, left, left ? &r->owner : NULL);
	} else if (i->want->kind == OBJECT_BGP && (vrf = find_item(p, i->want->bgp.vrf, OBJECT_VRF)) != NULL)
		i->verdict->instance = vrf->want->vrf.instance;
}

/* --- what is there and nobody wants --- */

static void
sweep_links(struct planning *p)
{
	for (size_t i = 0; i < p->links; i++)
		if (is_ours(p->link[i].l) && !p->link[i].wanted && !p->link[i].doomed)
			doom(p, &p->link[i], p->link[i].owner);
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

		if (a->wanted || link == NULL || !link->wanted || is_link_local(&a->a->prefix.addr))
			continue; /* what goes with its device needs no step */
		s = add_step(p, DEL_ADDR, OP_ADDR_DEL, a->instance, a->owner, sizeof(s->ask.addr));
		strlcpy(s->ask.addr.device, a->a->device, sizeof(s->ask.addr.device));
		s->ask.addr.table = table_of(p, link);
		s->ask.addr.prefix = a->a->prefix;
	}
}

static void
sweep_routes(struct planning *p)
{
	for (size_t i = 0; i < p->routes; i++) {
		const struct item_route *r = p->route[i].r;
		struct plan_step *s;

		if (p->route[i].wanted || (r->proto != ROUTE_PROTO_VPC && r->proto != ROUTE_PROTO_STATIC) ||
		    r->table < TABLE_FIRST || r->table > TABLE_LAST)
			continue;
		s = add_step(p, DEL_ROUTE, OP_ROUTE_DEL, p->route[i].instance, p->route[i].owner, sizeof(s->ask.route));
		s->ask.route.table = r->table;
		s->ask.route.proto = r->proto;
		s->ask.route.prefix = r->prefix;
		s->ask.route.via = r->via;
		strlcpy(s->ask.route.device, r->device, sizeof(s->ask.route.device));
	}
}

static int
compare_u32(const void *a, const void *b)
{
	return compare_number(*(const uint32_t *)a, *(const uint32_t *)b);
}

size_t
plan_unique(uint32_t *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), compare_u32);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

static void
plan_namespaces(struct planning *p)
{
	uint32_t *needed = arena_array(p->arena, p->items + 1, sizeof(*needed));
	size_t n = 0;

	for (size_t i = 0; i < p->items; i++)
		if (!p->item[i].want->deleted && p->item[i].want->known && p->item[i].want->kind == OBJECT_VRF)
			needed[n++] = p->item[i].want->vrf.instance;
	n = plan_unique(needed, n);
	for (size_t i = 0; i < n; i++)
		if (!has_instance(p->state, needed[i]))
			add_step(p, ADD_NETNS, OP_NETNS_ADD, needed[i], NULL, sizeof(struct op_instance));
	for (size_t i = 0; i < p->state->instance_count; i++)
		if (bsearch(&p->state->instance[i].instance, needed, n, sizeof(*needed), compare_u32) == NULL)
			add_step(p, DEL_NETNS, OP_NETNS_DEL, p->state->instance[i].instance, NULL,
			    sizeof(struct op_instance));
}

static void
collect(struct planning *p, struct plan *ret)
{
	for (size_t i = 0; i < PHASES; i++)
		ret->steps += p->phase[i].n;
	ret->step = arena_array(p->arena, ret->steps + 1, sizeof(*ret->step));
	ret->steps = 0;
	for (size_t i = 0; i < PHASES; i++) {
		if (p->phase[i].n > 0)
			memcpy(&ret->step[ret->steps], p->phase[i].v, p->phase[i].n * sizeof(*ret->step));
		ret->steps += p->phase[i].n;
		if (i == DEL_VRF)
			ret->deletions = ret->steps;
	}
	ret->late = p->phase[DEL_NETNS].n;
}

static void
judge_kind(struct planning *p, enum object_kind kind, void (*how)(struct planning *, struct item *))
{
	for (size_t i = 0; i < p->items; i++) {
		struct item *item = &p->item[i];

		if (item->want->deleted || item->want->kind != kind)
			continue;
		if (!item->want->known)
			judge(item, PLAN_WRONG, item->want->bad);
		else
			how(p, item);
	}
}

void
plan_make(
    const struct want *const *want, size_t n, const struct kernel_state *seen, struct arena *arena, struct plan *ret)
{
	struct planning p = {.arena = arena, .state = seen};

	*ret = (struct plan){.verdict = arena_array(arena, n + 1, sizeof(*ret->verdict))};
	p.item = arena_array(arena, n + 1, sizeof(*p.item));
	p.items = n;
	for (size_t i = 0; i < n; i++)
		p.item[i] = (struct item){.want = want[i], .verdict = &ret->verdict[i]};
	index_seen(&p);
	open_claims(&p);
	judge_kind(&p, OBJECT_VRF, judge_vrf);
	judge_kind(&p, OBJECT_VLAN, judge_vlan);
	judge_kind(&p, OBJECT_VETH, judge_veth);
	judge_kind(&p, OBJECT_ADDR, judge_addr);
	judge_kind(&p, OBJECT_ROUTE, judge_route);
	judge_kind(&p, OBJECT_BGP, judge_bgp);
	for (size_t i = 0; i < n; i++) {
		if (want[i]->deleted)
			bury_item(&p, &p.item[i]);
		else if (want[i]->kind == OBJECT_UNKNOWN)
			judge(&p.item[i], PLAN_WRONG, "this edge does not know the kind");
	}
	sweep_links(&p);
	sweep_addrs(&p);
	sweep_routes(&p);
	plan_namespaces(&p);
	collect(&p, ret);
}
