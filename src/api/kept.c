/* SPDX-License-Identifier: ISC */
#include "api/kept.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/turns.h"

#define SHARDS 16
#define BUCKETS 256
#define SHARE_OF_ONE 8 /* an answer may have this part of its shard */

/* One piece of memory: places, rests, key and text follow. */
struct answer {
	TAILQ_ENTRY(answer) by_use, by_age;
	atomic_bool used; /* since it was put where it is by use */
	struct answer *next;
	uint64_t hash;
	size_t size; /* of the piece */
	struct footing footing;
	struct observed observed;
	int64_t until; /* monotonic ms */
	const char *key;
	size_t len, id_at; /* of the text; where the request's id is */
	char *text;
};

TAILQ_HEAD(answers, answer);

struct shard {
	pthread_rwlock_t lock; /* threads that find something do not wait for each other */
	struct answer *bucket[BUCKETS];
	struct answers by_use, by_age; /* the next to leave is the first */
	size_t n, bytes;
	atomic_uint_fast64_t given;
};

struct kept {
	struct store *store;
	size_t shard_bytes;
	atomic_uint_fast64_t epoch;
	struct shard shard[SHARDS];
};

struct kept *
kept_new(struct store *store, size_t bytes)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (k == NULL)
		abort(); /* as arenas do */
	k->store = store;
	k->shard_bytes = bytes / SHARDS;
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_rwlock_init(&k->shard[i].lock, NULL);
		TAILQ_INIT(&k->shard[i].by_use);
		TAILQ_INIT(&k->shard[i].by_age);
	}
	return k;
}

static void
drop(struct shard *s, struct answer *a)
{
	struct answer **at = &s->bucket[a->hash / SHARDS % BUCKETS];

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	TAILQ_REMOVE(&s->by_use, a, by_use);
	TAILQ_REMOVE(&s->by_age, a, by_age);
	s->n--;
	s->bytes -= a->size;
	explicit_bzero(a, a->size);
	free(a);
}

static void
drop_all(struct kept *k)
{
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &k->shard[i];

		pthread_rwlock_wrlock(&s->lock);
		while (!TAILQ_EMPTY(&s->by_use))
			drop(s, TAILQ_FIRST(&s->by_use));
		pthread_rwlock_unlock(&s->lock);
	}
}

struct kept *
kept_free(struct kept *k)
{
	if (k == NULL)
		return NULL;
	drop_all(k);
	for (size_t i = 0; i < SHARDS; i++)
		pthread_rwlock_destroy(&k->shard[i].lock);
	free(k);
	return NULL;
}

uint64_t
kept_epoch(const struct kept *k)
{
	return atomic_load(&k->epoch);
}

/* The number first: it refuses each older answer that is put in from now on. */
void
kept_forget(struct kept *k)
{
	atomic_fetch_add(&k->epoch, 1);
	drop_all(k);
}

static struct answer *
find(const struct shard *s, uint64_t hash, const char *key)
{
	struct answer *a = s->bucket[hash / SHARDS % BUCKETS];

	while (a != NULL && (a->hash != hash || strcmp(a->key, key) != 0))
		a = a->next;
	return a;
}

static void
give(struct shard *s, struct answer *a, const char *request_id, struct buf *out, struct observed *observed)
{
	atomic_store_explicit(&a->used, true, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->given, 1, memory_order_relaxed);
	buf_add(out, a->text, a->len);
	if (a->id_at != SIZE_MAX && !out->failed)
		memcpy(out->data + out->len - a->len + a->id_at, request_id, strlen(request_id));
	*observed = a->observed;
}

static bool
is_good(const struct kept *k, const struct answer *a)
{
	return a->until > monotonic_now().ms && footing_stands(k->store, &a->footing);
}

static void
drop_fallen(struct kept *k, struct shard *s, uint64_t hash, const char *key)
{
	struct answer *a;

	pthread_rwlock_wrlock(&s->lock);
	if ((a = find(s, hash, key)) != NULL && !is_good(k, a))
		drop(s, a);
	pthread_rwlock_unlock(&s->lock);
}

bool
kept_get(struct kept *k, const char *key, const char *request_id, struct buf *out, struct observed *observed)
{
	uint64_t hash = turns_party(key);
	struct shard *s = &k->shard[hash % SHARDS];
	struct answer *a;
	bool stands;

	pthread_rwlock_rdlock(&s->lock);
	a = find(s, hash, key);
	stands = a != NULL && is_good(k, a);
	if (stands)
		give(s, a, request_id, out, observed);
	pthread_rwlock_unlock(&s->lock);
	if (a != NULL && !stands)
		drop_fallen(k, s, hash, key);
	return stands;
}

/* Where the id is in the text: there once, or not at all (SIZE_MAX). False: more often, so that one is somebody's. */
static bool
find_id(const struct buf *out, const char *id, size_t *at)
{
	size_t len = strlen(id);
	const char *first = memmem(out->data, out->len, id, len);

	*at = first != NULL ? (size_t)(first - out->data) : SIZE_MAX;
	return first == NULL || memmem(first + len, out->len - *at - len, id, len) == NULL;
}

static struct answer *
answer_new(const char *key, const struct footing *f, const struct buf *out)
{
	size_t places = f->places * sizeof(*f->place), rests = f->rests * sizeof(*f->rest), key_size = strlen(key) + 1;
	size_t size = sizeof(struct answer) + rests + places + key_size + out->len;
	struct answer *a = calloc(1, size);
	char *at;

	if (a == NULL)
		return NULL;
	a->size = size;
	a->footing = *f;
	a->footing.arena = NULL;
	at = (char *)(a + 1);
	a->footing.rest = (void *)at;
	if (rests > 0)
		memcpy(at, f->rest, rests);
	a->footing.place = (void *)(at += rests);
	if (places > 0)
		memcpy(at, f->place, places);
	a->key = memcpy(at += places, key, key_size);
	a->text = memcpy(at + key_size, out->data, out->len);
	a->len = out->len;
	return a;
}

/* An answer that was used since the last look moves behind the others. */
static struct answer *
least_used(struct shard *s)
{
	struct answer *a;

	while (atomic_exchange(&(a = TAILQ_FIRST(&s->by_use))->used, false)) {
		TAILQ_REMOVE(&s->by_use, a, by_use);
		TAILQ_INSERT_TAIL(&s->by_use, a, by_use);
	}
	return a;
}

static void
insert(struct kept *k, struct shard *s, struct answer *a)
{
	struct answer *old = find(s, a->hash, a->key), **bucket;

	if (old != NULL)
		drop(s, old);
	while (s->bytes + a->size > k->shard_bytes)
		drop(s, least_used(s));
	bucket = &s->bucket[a->hash / SHARDS % BUCKETS];
	a->next = *bucket;
	*bucket = a;
	TAILQ_INSERT_TAIL(&s->by_use, a, by_use);
	TAILQ_INSERT_TAIL(&s->by_age, a, by_age);
	s->n++;
	s->bytes += a->size;
}

void
kept_put(struct kept *k, uint64_t epoch, const char *key, const char *request_id, const struct footing *footing,
    const struct buf *out, const struct observed *observed)
{
	struct answer *a;
	struct shard *s;
	size_t id_at;

	if (out->failed || out->len == 0 || !footing_stands(k->store, footing) || !find_id(out, request_id, &id_at) ||
	    (a = answer_new(key, footing, out)) == NULL)
		return;
	a->hash = turns_party(key);
	a->id_at = id_at;
	a->observed = *observed;
	s = &k->shard[a->hash % SHARDS];
	pthread_rwlock_wrlock(&s->lock);
	a->until = monotonic_now().ms + KEPT_ANSWER_MS;
	if (a->size <= k->shard_bytes / SHARE_OF_ONE && kept_epoch(k) == epoch) {
		insert(k, s, a);
		a = NULL;
	}
	pthread_rwlock_unlock(&s->lock);
	if (a != NULL) {
		explicit_bzero(a, a->size);
		free(a);
	}
}

void
kept_sweep(struct kept *k)
{
	int64_t now = monotonic_now().ms;

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &k->shard[i];
		struct answer *a;

		pthread_rwlock_wrlock(&s->lock);
		while ((a = TAILQ_FIRST(&s->by_age)) != NULL && a->until <= now)
			drop(s, a);
		pthread_rwlock_unlock(&s->lock);
	}
}

void
kept_get_stats(struct kept *k, struct kept_stats *ret)
{
	*ret = (struct kept_stats){0};
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &k->shard[i];

		pthread_rwlock_wrlock(&s->lock);
		ret->answers += s->n;
		ret->bytes += s->bytes;
		ret->given += atomic_load(&s->given);
		pthread_rwlock_unlock(&s->lock);
	}
}
