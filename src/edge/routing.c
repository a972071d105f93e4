/* SPDX-License-Identifier: ISC */
#include "edge/routing.h"

static const struct ip_prefix *
copy_prefixes(const struct ip_prefix *v, size_t n, struct arena *arena)
{
	return n == 0 ? NULL : arena_memdup(arena, v, n * sizeof(*v));
}

static const struct routing_vrf *
copy_vrfs(const struct routing_desired *d, struct arena *arena)
{
	struct routing_vrf *v = arena_array(arena, d->vrf_count + 1, sizeof(*v));

	for (size_t i = 0; i < d->vrf_count; i++) {
		v[i] = d->vrf[i];
		v[i].device = arena_strdup(arena, v[i].device);
		v[i].own = copy_prefixes(v[i].own, v[i].own_count, arena);
		v[i].linked = copy_prefixes(v[i].linked, v[i].linked_count, arena);
	}
	return v;
}

static const struct routing_neighbour *
copy_neighbours(const struct routing_desired *d, struct arena *arena)
{
	struct routing_neighbour *v = arena_array(arena, d->neighbour_count + 1, sizeof(*v));

	for (size_t i = 0; i < d->neighbour_count; i++) {
		v[i] = d->neighbour[i];
		v[i].key = arena_strdup(arena, v[i].key);
		v[i].name = arena_strdup(arena, v[i].name);
		v[i].vrf = arena_strdup(arena, v[i].vrf);
		v[i].link = arena_strdup(arena, v[i].link);
		v[i].password = arena_strdup(arena, v[i].password);
	}
	return v;
}

struct routing_desired
routing_copy(const struct routing_desired *d, struct arena *arena)
{
	struct routing_desired copy = *d;

	copy.vrf = copy_vrfs(d, arena);
	copy.neighbour = copy_neighbours(d, arena);
	return copy;
}

#define ROUTING_REASON(name, word, text) [ROUTING_WHY_##name] = {word, text},
static const struct {
	const char *name, *text;
} reasons[] = {ROUTING_REASONS(ROUTING_REASON)};
#undef ROUTING_REASON

const char *
routing_reason_name(enum routing_reason why)
{
	return reasons[why].name;
}

const char *
routing_reason_text(enum routing_reason why)
{
	return reasons[why].text;
}

const char *
routing_state_name(enum routing_state s)
{
#define ROUTING_STATE(name, text) [ROUTING_##name] = text,
	static const char *const names[] = {ROUTING_STATES(ROUTING_STATE)};
#undef ROUTING_STATE

	return names[s];
}

bool
routing_settled(const struct routing_seen *s)
{
	return s->set == s->loaded || s->why != NULL;
}
