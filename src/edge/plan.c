/* SPDX-License-Identifier: ISC */
#include "edge/plan.h"

#include <stdlib.h>
#include <string.h>

#include "edge/plan_priv.h"

/* In the order in which they stand on each other. */
static const struct plan_kind *const kinds[] = {&plan_vrf_kind, &plan_vlan_kind, &plan_veth_kind, &plan_addr_kind,
    &plan_route_kind, &plan_bgp_kind, &plan_bfd_kind, &plan_ping_kind, &plan_rate_kind};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

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
set_verdict(struct item *i, enum plan_state state, const char *text)
{
	i->verdict->state = state;
	i->verdict->text = text;
}

struct plan_step *
add_step(struct planning *p, enum plan_phase phase, enum agent_op op, uint32_t instance, const char *key, size_t size)
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
    struct planning *p, enum plan_phase phase, enum agent_op op, uint32_t instance, const char *device, const char *key)
{
	struct plan_step *s = add_step(p, phase, op, instance, key, sizeof(s->ask.device));

	strlcpy(s->ask.device.device, device, sizeof(s->ask.device.device));
}

bool
is_on(struct item *i, const struct item *below, const char *key, struct arena *arena)
{
	const char *why = NULL;

	if (below == NULL || below->want->deleted)
		why = "is not there";
	else if (below->verdict->state == PLAN_WRONG)
		why = "is in error";
	else if (below->verdict->state == PLAN_WAITS)
		why = "waits itself";
	if (why != NULL)
		set_verdict(i, PLAN_WAITS, arena_printf(arena, "waits for %s, which %s", key, why));
	return why == NULL;
}

/* Links are planned before all that stands on them, so `link` has its verdict. */
bool
is_on_link(struct planning *p, struct item *i, const char *key)
{
	i->link = find_link_item(p, key);
	if (!is_on(i, i->link, key, p->arena))
		return false;
	i->vrf = i->link->vrf;
	i->verdict->instance = i->link->verdict->instance;
	return true;
}

bool
reserve(struct planning *p, const char *name)
{
	size_t at = 5381;

	for (const char *c = name; *c != '\0'; c++)
		at = at * 33 + (unsigned char)*c;
	for (at &= p->name_slots - 1; p->name[at] != NULL; at = (at + 1) & (p->name_slots - 1))
		if (strcmp(p->name[at], name) == 0)
			return false;
	p->name[at] = name;
	return true;
}

static void
open_names(struct planning *p)
{
	p->name_slots = 16;
	while (p->name_slots < 2 * p->items)
		p->name_slots *= 2;
	p->name = arena_array(p->arena, p->name_slots, sizeof(*p->name));
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
	for (size_t i = 0; i < p->state->in_count; i++) {
		uint32_t instance = p->state->in[i].kernel->instance;

		if (!p->state->in[i].aside && bsearch(&instance, needed, n, sizeof(*needed), compare_u32) == NULL)
			add_step(p, DEL_NETNS, OP_NETNS_DEL, instance, NULL, sizeof(struct op_instance));
	}
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

/* --- all of it --- */

static void
plan_wanted(struct planning *p, const struct plan_kind *kind)
{
	for (size_t i = 0; i < p->items; i++) {
		struct item *item = &p->item[i];

		if (item->want->deleted || item->want->kind != kind->kind)
			continue;
		if (!item->want->known)
			set_verdict(item, PLAN_WRONG, item->want->bad);
		else
			kind->plan(p, item);
	}
}

/* A tombstone is gone when nothing of it is left that nobody else wants. */
static void
plan_tombstones(struct planning *p, const struct plan_kind *kind)
{
	for (size_t i = 0; i < p->items; i++) {
		struct item *item = &p->item[i];
		const char **owner = NULL;

		if (!item->want->deleted || item->want->kind != kind->kind || !item->want->known)
			continue;
		owner = kind->left(p, item);
		set_verdict(item, owner != NULL ? PLAN_MISSING : PLAN_GONE, NULL);
		if (owner != NULL)
			*owner = item->want->key;
	}
}

/* What no kind plans. */
static void
plan_unknown(struct planning *p)
{
	for (size_t i = 0; i < p->items; i++) {
		if (p->item[i].want->deleted)
			set_verdict(&p->item[i], PLAN_GONE, NULL);
		else if (p->item[i].want->kind == OBJECT_UNKNOWN)
			set_verdict(&p->item[i], PLAN_WRONG, p->item[i].want->bad);
	}
}

void
plan_make(const struct want *const *want, size_t n, const struct seen *seen, struct arena *arena, struct plan *ret)
{
	struct planning p = {.arena = arena, .state = seen};

	*ret = (struct plan){.verdict = arena_array(arena, n + 1, sizeof(*ret->verdict))};
	p.item = arena_array(arena, n + 1, sizeof(*p.item));
	p.items = n;
	for (size_t i = 0; i < n; i++)
		p.item[i] = (struct item){.want = want[i], .verdict = &ret->verdict[i]};
	index_seen(&p);
	open_names(&p);
	plan_unknown(&p);
	for (size_t i = 0; i < KINDS; i++)
		plan_wanted(&p, kinds[i]);
	for (size_t i = 0; i < KINDS; i++)
		plan_tombstones(&p, kinds[i]);
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i]->sweep != NULL)
			kinds[i]->sweep(&p);
	plan_namespaces(&p);
	collect(&p, ret);
}
