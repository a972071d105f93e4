/* SPDX-License-Identifier: ISC */
#include "edge/loaded.h"

#include <stdlib.h>
#include <string.h>

static bool
text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What a session rests on; what is filtered may change under it. */
static bool
vrf_ground_equal(const struct routing_vrf *a, const struct routing_vrf *b)
{
	return strcmp(a->device, b->device) == 0 && a->table == b->table && ip_addr_equal(&a->router_id, &b->router_id);
}

static bool
vrf_equal(const struct routing_vrf *a, const struct routing_vrf *b)
{
	if (!vrf_ground_equal(a, b) || a->internal_asn_first != b->internal_asn_first ||
	    a->internal_asn_last != b->internal_asn_last || a->own_count != b->own_count)
		return false;
	for (size_t i = 0; i < a->own_count; i++)
		if (!ip_prefix_equal(&a->own[i], &b->own[i]))
			return false;
	return true;
}

static bool
neighbour_equal(const struct routing_neighbour *a, const struct routing_neighbour *b)
{
	return strcmp(a->key, b->key) == 0 && strcmp(a->name, b->name) == 0 && strcmp(a->vrf, b->vrf) == 0 &&
	       strcmp(a->link, b->link) == 0 && ip_addr_equal(&a->local, &b->local) &&
	       ip_addr_equal(&a->remote, &b->remote) && a->local_asn == b->local_asn &&
	       a->remote_asn == b->remote_asn && text_equal(a->password, b->password) &&
	       a->route_limit == b->route_limit && a->is_link == b->is_link && a->accept_default == b->accept_default;
}

static bool
desired_equal(const struct routing_desired *a, const struct routing_desired *b)
{
	if (a->vrf_count != b->vrf_count || a->neighbour_count != b->neighbour_count)
		return false;
	for (size_t i = 0; i < a->vrf_count; i++)
		if (!vrf_equal(&a->vrf[i], &b->vrf[i]))
			return false;
	for (size_t i = 0; i < a->neighbour_count; i++)
		if (!neighbour_equal(&a->neighbour[i], &b->neighbour[i]))
			return false;
	return true;
}

/* --- the set --- */

void
loaded_clear(struct loaded *l)
{
	for (size_t i = 0; i < l->n; i++)
		arena_free(l->v[i].arena);
	free(l->v);
	*l = (struct loaded){0};
}

struct loaded_instance *
loaded_find(const struct loaded *l, uint32_t number)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].number == number)
			return &l->v[i];
	return NULL;
}

bool
loaded_was_given(const struct loaded *l, const struct routing_desired *d)
{
	const struct loaded_instance *i = loaded_find(l, d->instance);

	return i != NULL && desired_equal(&i->desired, d);
}

bool
loaded_is(const struct loaded *l, const struct routing_desired *d)
{
	const struct loaded_instance *i = loaded_find(l, d->instance);

	return i != NULL && i->whole && desired_equal(&i->desired, d);
}

static struct loaded_instance *
find_or_add(struct loaded *l, uint32_t number)
{
	struct loaded_instance *i = loaded_find(l, number), *grown;

	if (i != NULL)
		return i;
	if ((grown = realloc(l->v, (l->n + 1) * sizeof(*grown))) == NULL)
		abort();
	l->v = grown;
	grown[l->n] = (struct loaded_instance){.number = number};
	return &grown[l->n++];
}

void
loaded_set(struct loaded *l, const struct routing_desired *d, enum loaded_how how)
{
	struct loaded_instance *i = find_or_add(l, d->instance);
	struct arena *arena = arena_new();
	struct routing_desired copy = routing_copy(d, arena);

	arena_free(i->arena);
	i->arena = arena;
	i->desired = copy;
	i->taken = how != LOADED_FAILED;
	i->whole = how == LOADED_WHOLE;
}

static int
compare_key(const void *key, const void *element)
{
	return strcmp(key, ((const struct routing_neighbour *)element)->key);
}

static const struct routing_neighbour *
find_neighbour(const struct routing_desired *d, const char *key)
{
	return d->neighbour_count > 0
		   ? bsearch(key, d->neighbour, d->neighbour_count, sizeof(*d->neighbour), compare_key)
		   : NULL;
}

bool
loaded_may_run(const struct loaded *l, uint32_t instance, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if ((instance == 0 || l->v[i].number == instance) &&
		    (!l->v[i].taken || find_neighbour(&l->v[i].desired, key) != NULL))
			return true;
	return false;
}

/* --- differences --- */

static bool
vrf_is_same(const struct routing_desired *a, const struct routing_desired *b, const char *device)
{
	const struct routing_vrf *x = NULL, *y = NULL;

	for (size_t i = 0; i < a->vrf_count; i++)
		if (strcmp(a->vrf[i].device, device) == 0)
			x = &a->vrf[i];
	for (size_t i = 0; i < b->vrf_count; i++)
		if (strcmp(b->vrf[i].device, device) == 0)
			y = &b->vrf[i];
	return x != NULL && y != NULL && vrf_ground_equal(x, y);
}

void
loaded_diff(
    const struct loaded *l, const struct routing_desired *next, void (*touched)(void *, const char *), void *arg)
{
	static const struct routing_desired nothing;
	const struct loaded_instance *i = loaded_find(l, next->instance);
	const struct routing_desired *old = i != NULL ? &i->desired : &nothing;

	for (size_t k = 0; k < next->neighbour_count; k++) {
		const struct routing_neighbour *n = &next->neighbour[k], *before = find_neighbour(old, n->key);

		if (before == NULL || !neighbour_equal(before, n) || !vrf_is_same(old, next, n->vrf))
			touched(arg, n->key);
	}
	for (size_t k = 0; k < old->neighbour_count; k++)
		if (find_neighbour(next, old->neighbour[k].key) == NULL)
			touched(arg, old->neighbour[k].key);
}
