/* SPDX-License-Identifier: ISC */
#include "base/turns.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/uuid.h"

struct turn_party {
	uint64_t party, group;
	struct turn *first, **end;
	size_t waiting;
	unsigned out;
	bool in_round;
	struct turn_party *next_in_bucket, *next_in_round;
};

void
turns_init(struct turns *t, unsigned at_once)
{
	*t = (struct turns){.at_once = at_once};
}

void
turns_fini(struct turns *t)
{
	assert(t->waiting == 0);
	for (size_t i = 0; i < TURNS_BUCKETS; i++)
		for (struct turn_party *p; (p = t->bucket[i]) != NULL;) {
			t->bucket[i] = p->next_in_bucket;
			free(p);
		}
}

static uint64_t start;

static void
choose_start(void)
{
	random_bytes(&start, sizeof(start));
}

/* FNV-1a from a start of our own, so that nobody outside can choose a text that meets another's. */
uint64_t
turns_party(const char *text)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint64_t hash, word;
	size_t len;

	pthread_once(&once, choose_start);
	hash = start;

	if (text == NULL)
		text = "";
	for (len = strlen(text); len >= sizeof(word); text += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 1099511628211U;
	return hash ^ hash >> 29;
}

static struct turn_party **
place_of(const struct turns *t, uint64_t party)
{
	struct turn_party *const *at = &t->bucket[party % TURNS_BUCKETS];

	while (*at != NULL && (*at)->party != party)
		at = &(*at)->next_in_bucket;
	return (struct turn_party **)(uintptr_t)at;
}

/* Into the round once it may be taken from: behind all others. */
static void
join(struct turns *t, struct turn_party *p)
{
	if (p->in_round || p->waiting == 0 || (t->at_once > 0 && p->out >= t->at_once))
		return;
	p->in_round = true;
	p->next_in_round = t->last != NULL ? t->last->next_in_round : p;
	if (t->last != NULL)
		t->last->next_in_round = p;
	t->last = p;
}

/* The first one of the round. */
static struct turn_party *
leave(struct turns *t)
{
	struct turn_party *p = t->last->next_in_round;

	if (p == t->last)
		t->last = NULL;
	else
		t->last->next_in_round = p->next_in_round;
	p->in_round = false;
	return p;
}

/* It has more than one waiting, so it stays in the round. */
static struct turn *
take_last(struct turns *t, struct turn_party *p)
{
	struct turn **at = &p->first, *item;

	while ((*at)->next != NULL)
		at = &(*at)->next;
	item = *at;
	*at = NULL;
	p->end = at;
	p->waiting--;
	t->waiting--;
	return item;
}

static void
forget_idle(struct turns *t, uint64_t party)
{
	struct turn_party **at = place_of(t, party), *p = *at;

	if (p == NULL || p->waiting > 0 || p->out > 0)
		return;
	*at = p->next_in_bucket;
	free(p);
}

void
turns_add(struct turns *t, uint64_t party, uint64_t group, struct turn *item)
{
	struct turn_party **at = place_of(t, party), *p = *at;

	if (p == NULL) {
		if ((p = calloc(1, sizeof(*p))) == NULL)
			abort(); /* as arenas do: no caller could answer without memory */
		p->party = party;
		p->group = group;
		p->end = &p->first;
		p->next_in_bucket = *at;
		*at = p;
	}
	*item = (struct turn){.party = party};
	*p->end = item;
	p->end = &item->next;
	p->waiting++;
	t->waiting++;
	join(t, p);
}

struct turn *
turns_take(struct turns *t)
{
	struct turn_party *p;
	struct turn *item;

	if (t->last == NULL)
		return NULL;
	p = leave(t);
	item = p->first;
	if ((p->first = item->next) == NULL)
		p->end = &p->first;
	item->next = NULL;
	p->waiting--;
	t->waiting--;
	if (t->at_once > 0)
		p->out++;
	join(t, p);
	forget_idle(t, item->party);
	return item;
}

void
turns_done(struct turns *t, uint64_t party)
{
	struct turn_party *p = *place_of(t, party);

	if (t->at_once == 0 || p == NULL)
		return;
	assert(p->out > 0);
	p->out--;
	join(t, p);
	forget_idle(t, party);
}

struct turn *
turns_push_out(struct turns *t, uint64_t group, size_t more_than)
{
	struct turn_party *most = NULL;

	for (size_t i = 0; i < TURNS_BUCKETS; i++)
		for (struct turn_party *p = t->bucket[i]; p != NULL; p = p->next_in_bucket)
			if (p->group == group && p->waiting > (most != NULL ? most->waiting : more_than))
				most = p;
	return most != NULL && most->waiting > 1 ? take_last(t, most) : NULL;
}

/* Out of the round, wherever it stands in it. */
static void
drop_out(struct turns *t, struct turn_party *p)
{
	struct turn_party *before = t->last;

	if (!p->in_round)
		return;
	while (before->next_in_round != p)
		before = before->next_in_round;
	before->next_in_round = p->next_in_round;
	if (t->last == p)
		t->last = before != p ? before : NULL;
	p->in_round = false;
}

static struct turn *
remove_of(struct turns *t, struct turn_party *p, bool (*is)(const struct turn *))
{
	struct turn **at = &p->first, *item;

	while ((item = *at) != NULL && !is(item))
		at = &item->next;
	if (item == NULL)
		return NULL;
	if ((*at = item->next) == NULL)
		p->end = at;
	p->waiting--;
	t->waiting--;
	if (p->waiting == 0)
		drop_out(t, p);
	forget_idle(t, item->party);
	item->next = NULL;
	return item;
}

struct turn *
turns_remove(struct turns *t, bool (*is)(const struct turn *))
{
	struct turn *item;

	for (size_t i = 0; i < TURNS_BUCKETS; i++)
		for (struct turn_party *p = t->bucket[i], *next; p != NULL; p = next) {
			next = p->next_in_bucket;
			if ((item = remove_of(t, p, is)) != NULL)
				return item;
		}
	return NULL;
}

size_t
turns_of_party(const struct turns *t, uint64_t party)
{
	const struct turn_party *p = *place_of(t, party);

	return p != NULL ? p->waiting : 0;
}

size_t
turns_of_group(const struct turns *t, uint64_t group)
{
	size_t n = 0;

	for (size_t i = 0; i < TURNS_BUCKETS; i++)
		for (const struct turn_party *p = t->bucket[i]; p != NULL; p = p->next_in_bucket)
			n += p->group == group ? p->waiting : 0;
	return n;
}
