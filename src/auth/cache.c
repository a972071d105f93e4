/* SPDX-License-Identifier: ISC */
#include "auth/cache.h"

#include <pthread.h>

#include "base/turns.h"

#define BUCKETS 512
#define ENTRIES_MAX 2048
#define KEPT_MS 10000 /* for rows that something else than this program has changed */

struct entry {
	struct arena *arena; /* of the entry and all that it points to */
	enum credential kind;
	const char *key;
	uint64_t generation;
	int64_t until; /* monotonic ms */
	struct principal principal;
	struct entry *next;
};

struct auth_cache {
	pthread_rwlock_t lock; /* threads that find somebody do not wait for each other */
	size_t n;
	struct entry *bucket[BUCKETS];
};

struct auth_cache *
auth_cache_new(void)
{
	struct auth_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort(); /* as arenas do */
	pthread_rwlock_init(&c->lock, NULL);
	return c;
}

static void
drop(struct auth_cache *c, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	c->n--;
	arena_free(e->arena);
}

static void
drop_all(struct auth_cache *c)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (c->bucket[i] != NULL)
			drop(c, &c->bucket[i]);
}

struct auth_cache *
auth_cache_free(struct auth_cache *c)
{
	if (c == NULL)
		return NULL;
	drop_all(c);
	pthread_rwlock_destroy(&c->lock);
	free(c);
	return NULL;
}

static struct entry **
place_of(struct auth_cache *c, enum credential kind, const char *key)
{
	struct entry **at = &c->bucket[(turns_party(key) + kind) % BUCKETS];

	while (*at != NULL && ((*at)->kind != kind || strcmp((*at)->key, key) != 0))
		at = &(*at)->next;
	return at;
}

struct principal
principal_copy(const struct principal *p, const char *key, struct arena *arena)
{
	struct principal own = *p;

	own.who.project_id = arena_strdup(arena, p->who.project_id);
	own.who.domain_id = arena_strdup(arena, p->who.domain_id);
	own.who.user_id = arena_strdup(arena, p->who.user_id);
	own.who.user_name = arena_strdup(arena, p->who.user_name);
	own.who.edge_id = arena_strdup(arena, p->who.edge_id);
	own.who.credential_id = arena_strdup(arena, p->who.credential_id);
	own.who.credential_row = arena_strdup(arena, p->who.credential_row);
	own.who.credential_key = key;
	own.secret_key = arena_strdup(arena, p->secret_key);
	return own;
}

static bool
is_good(const struct entry *e, uint64_t generation)
{
	return e->generation == generation && e->until > monotonic_now().ms;
}

static void
drop_stale(struct auth_cache *c, enum credential kind, const char *key, uint64_t generation)
{
	struct entry **at;

	pthread_rwlock_wrlock(&c->lock);
	at = place_of(c, kind, key);
	if (*at != NULL && (*at)->generation <= generation && !is_good(*at, generation))
		drop(c, at);
	pthread_rwlock_unlock(&c->lock);
}

bool
auth_cache_get(struct auth_cache *c, enum credential kind, const char *key, uint64_t generation, struct arena *arena,
    struct principal *ret)
{
	const struct entry *e;
	bool found, stale;

	if (c == NULL || generation == 0)
		return false;
	pthread_rwlock_rdlock(&c->lock);
	e = *place_of(c, kind, key);
	found = e != NULL && is_good(e, generation);
	stale = e != NULL && !found;
	if (found)
		*ret = principal_copy(&e->principal, key, arena);
	pthread_rwlock_unlock(&c->lock);
	if (stale)
		drop_stale(c, kind, key, generation);
	return found;
}

void
auth_cache_put(
    struct auth_cache *c, enum credential kind, const char *key, uint64_t generation, const struct principal *p)
{
	struct arena *arena;
	struct entry **at, *e;

	if (c == NULL || generation == 0)
		return;
	arena = arena_new();
	e = arena_new_of(arena, struct entry);
	*e = (struct entry){.arena = arena,
	    .kind = kind,
	    .key = arena_strdup(arena, key),
	    .generation = generation,
	    .until = monotonic_now().ms + KEPT_MS};
	e->principal = principal_copy(p, e->key, arena);
	pthread_rwlock_wrlock(&c->lock);
	if (*(at = place_of(c, kind, key)) != NULL)
		drop(c, at);
	if (c->n >= ENTRIES_MAX)
		drop_all(c);
	at = place_of(c, kind, key);
	e->next = *at;
	*at = e;
	c->n++;
	pthread_rwlock_unlock(&c->lock);
}
