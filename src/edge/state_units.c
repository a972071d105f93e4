/* SPDX-License-Identifier: ISC */
/* state_units.c - which objects belong to which instance: a VRF names it, a device stands in a VRF, and the rest stands
 * on a device or in a VRF. */
#include <stdlib.h>
#include <string.h>

#include "edge/state_priv.h"

static size_t
unit_place(const struct state *s, uint32_t instance, bool *found)
{
	size_t lo = 0, hi = s->units;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (s->unit[middle]->instance < instance)
			lo = middle + 1;
		else
			hi = middle;
	}
	*found = lo < s->units && s->unit[lo]->instance == instance;
	return lo;
}

static struct unit *
unit_find(const struct state *s, uint32_t instance)
{
	bool found;
	size_t at = unit_place(s, instance, &found);

	return found ? s->unit[at] : NULL;
}

static struct unit *
unit_make(struct state *s, uint32_t instance)
{
	bool found;
	size_t at = unit_place(s, instance, &found);
	struct unit *u;

	if (found)
		return s->unit[at];
	if ((s->unit = reallocarray(s->unit, s->units + 1, sizeof(struct unit *))) == NULL ||
	    (u = calloc(1, sizeof(*u))) == NULL)
		abort();
	memmove(&s->unit[at + 1], &s->unit[at], (s->units - at) * sizeof(struct unit *));
	s->unit[at] = u;
	s->units++;
	u->instance = instance;
	return u;
}

void
units_free(struct state *s)
{
	for (size_t i = 0; i < s->units; i++) {
		free(s->unit[i]->object);
		free(s->unit[i]);
	}
	free(s->unit);
	s->unit = NULL;
	s->units = 0;
}

static void
unit_add(struct state *s, uint32_t instance, struct edge_object *o)
{
	struct unit *u = unit_make(s, instance);

	if (u->n == u->cap) {
		u->cap = u->cap == 0 ? 8 : 2 * u->cap;
		if ((u->object = reallocarray(u->object, u->cap, sizeof(struct edge_object *))) == NULL)
			abort();
	}
	o->home = instance;
	o->home_at = u->n;
	u->object[u->n++] = o;
	u->changed = true;
	u->sorted = false;
}

void
units_forget(struct state *s, struct edge_object *o)
{
	struct unit *u = unit_find(s, o->home);

	if (u == NULL || o->home_at >= u->n || u->object[o->home_at] != o)
		return; /* it is in none yet */
	u->object[o->home_at] = u->object[--u->n];
	u->object[o->home_at]->home_at = o->home_at;
	u->sorted = false;
}

/* --- where an object belongs --- */

static const struct edge_object *
find_known(const struct state *s, const char *key)
{
	const struct edge_object *o = state_find(s, key);

	return o != NULL && o->want->known ? o : NULL;
}

static uint32_t
home_of_vrf(const struct state *s, const char *key)
{
	const struct edge_object *o = find_known(s, key);

	return o != NULL && o->want->kind == OBJECT_VRF ? o->want->vrf.instance : 0;
}

static bool
is_device(const struct want *w)
{
	return w->known && (w->kind == OBJECT_VLAN || w->kind == OBJECT_VETH);
}

static uint32_t
home_of(const struct state *s, const struct want *w)
{
	const struct edge_object *link;

	if (!w->known)
		return 0;
	if (w->kind == OBJECT_VRF)
		return w->vrf.instance;
	if (is_device(w))
		return home_of_vrf(s, want_link_vrf(w));
	if (w->kind == OBJECT_ROUTE)
		return home_of_vrf(s, w->route.vrf);
	if (w->kind == OBJECT_BGP)
		return home_of_vrf(s, w->bgp.vrf);
	link = w->kind == OBJECT_ADDR   ? find_known(s, w->addr.link)
	       : w->kind == OBJECT_BFD  ? find_known(s, w->bfd.link)
	       : w->kind == OBJECT_PING ? find_known(s, w->ping.link)
	       : w->kind == OBJECT_RATE ? find_known(s, w->rate.link)
					: NULL;
	return link != NULL && is_device(link->want) ? home_of_vrf(s, want_link_vrf(link->want)) : 0;
}

/* True: it belongs elsewhere than before. */
static bool
move_one(struct state *s, struct edge_object *o)
{
	uint32_t home = home_of(s, o->want);
	const struct unit *u = unit_find(s, o->home);
	bool is_in = u != NULL && o->home_at < u->n && u->object[o->home_at] == o;

	if (is_in && home == o->home)
		return false;
	if (is_in)
		unit_find(s, o->home)->changed = true;
	units_forget(s, o);
	unit_add(s, home, o);
	return true;
}

/* What stands on something that has moved moves, too, and what waited for it to come. */
static void
move_all_of(struct state *s, uint32_t instance)
{
	const struct unit *u = unit_find(s, instance);
	struct edge_object **copy;
	size_t n = u != NULL ? u->n : 0;

	if (n == 0)
		return;
	if ((copy = calloc(n, sizeof(struct edge_object *))) == NULL)
		abort();
	memcpy(copy, u->object, n * sizeof(struct edge_object *));
	for (size_t i = 0; i < n; i++)
		move_one(s, copy[i]);
	free(copy);
}

static bool
carries_others(const struct want *w)
{
	return w->kind == OBJECT_VRF || w->kind == OBJECT_VLAN || w->kind == OBJECT_VETH;
}

void
units_move(struct state *s, struct edge_object *const *touched, size_t n)
{
	bool waiting = false;

	for (size_t i = 0; i < n; i++) {
		uint32_t before = touched[i]->home;

		if (!move_one(s, touched[i]) || !carries_others(touched[i]->want))
			continue;
		waiting = true;
		if (before != 0 && before != touched[i]->home)
			move_all_of(s, before);
	}
	/* Those that came before what they stand on. */
	if (waiting)
		move_all_of(s, 0);
	for (size_t i = 0; i < n; i++)
		units_touch(s, touched[i]);
}

void
units_touch(struct state *s, struct edge_object *o)
{
	const struct edge_object *peer =
	    o->want->known && o->want->kind == OBJECT_VETH ? state_find(s, o->want->veth.peer) : NULL;
	struct unit *u = unit_find(s, o->home), *far = peer != NULL ? unit_find(s, peer->home) : NULL;

	if (u != NULL)
		u->changed = true;
	if (far != NULL)
		far->changed = true;
}

/* --- for others --- */

static int
compare_objects(const void *a, const void *b)
{
	return strcmp((*(struct edge_object *const *)a)->want->key, (*(struct edge_object *const *)b)->want->key);
}

const struct unit *
state_unit(struct state *s, uint32_t instance)
{
	struct unit *u = unit_find(s, instance);

	if (u == NULL || u->n == 0)
		return NULL;
	if (!u->sorted) {
		qsort(u->object, u->n, sizeof(struct edge_object *), compare_objects);
		for (size_t i = 0; i < u->n; i++)
			u->object[i]->home_at = i;
		u->sorted = true;
	}
	return u;
}

uint32_t *
state_units(const struct state *s, bool changed, struct arena *arena, size_t *n)
{
	uint32_t *number = arena_array(arena, s->units + 1, sizeof(*number));

	*n = 0;
	for (size_t i = 0; i < s->units; i++)
		if (!changed || s->unit[i]->changed)
			number[(*n)++] = s->unit[i]->instance;
	return number;
}

void
state_units_taken(struct state *s)
{
	for (size_t i = 0; i < s->units; i++)
		s->unit[i]->changed = false;
}

bool
state_unit_is_saved(const struct state *s, uint32_t instance)
{
	const struct object_list *l = &s->list[LIST_UNSAVED];

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i]->home == instance)
			return false;
	return !s->save_whole;
}
