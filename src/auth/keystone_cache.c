/* SPDX-License-Identifier: ISC */
#include "auth/keystone_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/turns.h"

#define BUCKETS 4096
#define KNOWN_MAX 10000
#define REFUSED_MAX 2000
#define REFUSED_MS 5000 /* a role that was given a moment ago is to count soon */

struct entry {
	struct arena *arena; /* of the entry and all that it points to */
	const char *hash;
	int64_t until; /* monotonic ms */
	struct principal principal;
	const struct dc_error *refused; /* NULL: the token is good */
	struct entry *next;
	TAILQ_ENTRY(entry) in_order;
};

/* Entries of one kind live equally long, so the oldest ends first. */
struct entries {
	TAILQ_HEAD(, entry) all;
	size_t n, most;
	int64_t life_ms;
};

struct keystone_cache {
	pthread_rwlock_t lock;
	struct entries known, refused;
	struct entry *bucket[BUCKETS];
};

struct keystone_cache *
keystone_cache_new(int64_t life_ms)
{
	struct keystone_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort(); /* as arenas do */
	pthread_rwlock_init(&c->lock, NULL);
	c->known = (struct entries){.most = KNOWN_MAX, .life_ms = life_ms};
	c->refused = (struct entries){.most = REFUSED_MAX, .life_ms = REFUSED_MS};
	TAILQ_INIT(&c->known.all);
	TAILQ_INIT(&c->refused.all);
	return c;
}

static struct entry **
place_of(struct keystone_cache *c, const char *hash)
{
	struct entry **at = &c->bucket[turns_party(hash) % BUCKETS];

	while (*at != NULL && strcmp((*at)->hash, hash) != 0)
		at = &(*at)->next;
	return at;
}

static void
drop(struct keystone_cache *c, struct entry *e)
{
	struct entries *from = e->refused != NULL ? &c->refused : &c->known;

	*place_of(c, e->hash) = e->next;
	TAILQ_REMOVE(&from->all, e, in_order);
	from->n--;
	arena_free(e->arena);
}

static void
drop_oldest(struct keystone_cache *c, struct entries *of, size_t most, int64_t now)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&of->all)) != NULL && (of->n > most || e->until <= now))
		drop(c, e);
}

struct keystone_cache *
keystone_cache_free(struct keystone_cache *c)
{
	if (c == NULL)
		return NULL;
	drop_oldest(c, &c->known, 0, INT64_MAX);
	drop_oldest(c, &c->refused, 0, INT64_MAX);
	pthread_rwlock_destroy(&c->lock);
	free(c);
	return NULL;
}

enum keystone_look
keystone_cache_get(
    struct keystone_cache *c, const char *hash, struct arena *arena, struct principal *ret, struct dc_error *err)
{
	enum keystone_look found = KEYSTONE_UNKNOWN;
	const struct entry *e;

	pthread_rwlock_rdlock(&c->lock);
	e = *place_of(c, hash);
	if (e != NULL && e->until > monotonic_now().ms) {
		found = e->refused != NULL ? KEYSTONE_REFUSED : KEYSTONE_KNOWN;
		if (found == KEYSTONE_KNOWN)
			*ret = principal_copy(&e->principal, arena_strdup(arena, hash), arena);
		else if (err != NULL)
			*err = *e->refused;
	}
	pthread_rwlock_unlock(&c->lock);
	return found;
}

static struct entry *
entry_new(const char *hash)
{
	struct arena *arena = arena_new_small();
	struct entry *e = arena_new_of(arena, struct entry);

	e->arena = arena;
	e->hash = arena_strdup(arena, hash);
	return e;
}

static void
add(struct keystone_cache *c, struct entries *to, struct entry *e)
{
	int64_t now = monotonic_now().ms;
	struct entry *before;

	e->until = now + to->life_ms;
	pthread_rwlock_wrlock(&c->lock);
	if ((before = *place_of(c, e->hash)) != NULL)
		drop(c, before);
	drop_oldest(c, &c->known, c->known.most - 1, now);
	drop_oldest(c, &c->refused, c->refused.most - 1, now);
	*place_of(c, e->hash) = e;
	TAILQ_INSERT_TAIL(&to->all, e, in_order);
	to->n++;
	pthread_rwlock_unlock(&c->lock);
}

void
keystone_cache_put(struct keystone_cache *c, const char *hash, const struct principal *p)
{
	struct entry *e = entry_new(hash);

	e->principal = principal_copy(p, e->hash, e->arena);
	add(c, &c->known, e);
}

void
keystone_cache_refuse(struct keystone_cache *c, const char *hash, const struct dc_error *why)
{
	struct entry *e = entry_new(hash);

	e->refused = arena_memdup(e->arena, why, sizeof(*why));
	add(c, &c->refused, e);
}
