/* SPDX-License-Identifier: ISC */
/* held.c - what an instance is to be, and what is known of its neighbours from one wish to the next. */
#include <stdlib.h>
#include <string.h>

#include "edge/bird/instance.h"
#include "edge/bird/pace.h"

static void
peer_free(struct peer *p)
{
	free(p->key);
	free(p->refused);
	secret_set(&p->block, NULL);
	secret_set(&p->wish, NULL);
	free(p);
}

static int
by_key(const void *a, const void *b)
{
	return strcmp((*(struct peer *const *)a)->key, (*(struct peer *const *)b)->key);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct peer *const *)a)->want->name, (*(struct peer *const *)b)->want->name);
}

struct peer *
instance_peer_by_name(const struct instance *in, const char *name)
{
	struct routing_neighbour n = {.name = name};
	struct peer probe = {.want = &n}, *at = &probe;
	struct peer **found = in->held.neighbour_count == 0
				  ? NULL
				  : bsearch(&at, in->by_name, in->held.neighbour_count, sizeof(struct peer *), by_name);

	return found == NULL ? NULL : *found;
}

/* Takes the peer of that key out of the sorted old ones, or makes one. */
static struct peer *
take_peer(struct peer **old, size_t n, bool *taken, const struct routing_neighbour *want)
{
	struct peer probe = {.key = NULL}, *at = &probe;
	char *key = must(strdup(want->key));

	probe.key = key;
	struct peer **found = n == 0 ? NULL : bsearch(&at, old, n, sizeof(*old), by_key);

	if (found == NULL || taken[found - old]) {
		struct peer *p = must(calloc(1, sizeof(*p)));

		p->key = key;
		p->state = "Down";
		pace_hurry(p);
		return p;
	}
	free(key);
	taken[found - old] = true;
	return *found;
}

static void
renew(struct peer *p, const struct routing_neighbour *want)
{
	if (p->want != NULL && p->want->route_limit != want->route_limit)
		limit_forget(&p->limit);
	if (p->want != NULL && strcmp(p->want->name, want->name) != 0)
		p->seen = p->established = false;
	p->want = want;
	words_set(&p->refused, NULL);
}

static void
drop_rest(struct peer **old, size_t n, const bool *taken)
{
	for (size_t i = 0; i < n; i++)
		if (!taken[i])
			peer_free(old[i]);
}

enum dc_code
instance_wish(const struct routing_desired *d, struct arena *a, struct bird_config *ret, struct dc_error *err)
{
	enum bird_how *how = arena_array(a, d->neighbour_count + 1, sizeof(*how));

	for (size_t i = 0; i < d->neighbour_count; i++)
		how[i] = BIRD_RUN;
	return bird_render(d, how, BIRD_LOG, a, ret, err);
}

/* Whose part of the wish differs from that of the one before. */
static void
note_changes(struct instance *in, const struct bird_config *wish)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct bird_config config;

	if (wish != NULL)
		config = *wish;
	else if (instance_wish(&in->held, a, &config, NULL) != DC_OK)
		return;
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		struct peer *p = in->peer[i];

		if (p->changed != 0 && p->wish != NULL && config.block[i] != NULL &&
		    strcmp(p->wish, config.block[i]) == 0)
			continue;
		secret_set(&p->wish, config.block[i]);
		p->changed = in->set;
		pace_hurry(p);
	}
}

void
instance_hold(struct instance *in, const struct routing_desired *d, const struct bird_config *wish)
{
	struct arena *a = arena_new();
	struct routing_desired held = routing_copy(d, a);
	size_t old_n = in->held.neighbour_count, n = d->neighbour_count;
	struct peer **old = in->peer, **peer = arena_array(a, n + 1, sizeof(*peer));
	bool *taken = arena_array(a, old_n + 1, sizeof(*taken));

	if (old_n > 0)
		qsort(old, old_n, sizeof(*old), by_key);
	for (size_t i = 0; i < n; i++) {
		peer[i] = take_peer(old, old_n, taken, &held.neighbour[i]);
		renew(peer[i], &held.neighbour[i]);
	}
	drop_rest(old, old_n, taken);
	arena_free(in->arena);
	in->arena = a;
	in->held = held;
	in->peer = peer;
	in->by_name = arena_memdup(a, peer, (n + 1) * sizeof(*peer));
	if (n > 0)
		qsort(in->by_name, n, sizeof(*peer), by_name);
	note_changes(in, wish);
	free(in->shown);
	in->shown = must(calloc(n + 1, sizeof(*in->shown)));
	look_show(in);
}

void
instance_drop_all(struct instance *in)
{
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		peer_free(in->peer[i]);
	free(in->shown);
	arena_free(in->arena);
	arena_free(in->next_arena);
}
