/* SPDX-License-Identifier: ISC */
#include "base/arena.h"

#include <err.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)4096)
#define SMALL_SIZE ((size_t)512)

struct chunk {
	struct chunk *next;
	size_t used;
	size_t cap;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct chunk *head; /* the one that small pieces are cut from */
};

static size_t
round_up(size_t size)
{
	const size_t a = alignof(max_align_t);

	if (size > SIZE_MAX - a - sizeof(struct chunk))
		errx(70, "arena: impossible size %zu", size);
	return (size + a - 1) / a * a;
}

static struct chunk *
chunk_new(size_t cap)
{
	struct chunk *c = malloc(sizeof(*c) + cap);

	if (c == NULL)
		err(71, "arena: %zu bytes", cap);
	c->next = NULL;
	c->used = 0;
	c->cap = cap;
	return c;
}

static struct arena *
arena_of(size_t first)
{
	struct arena *a = malloc(sizeof(*a));

	if (a == NULL)
		err(71, "arena");
	a->head = chunk_new(first - sizeof(struct chunk));
	return a;
}

struct arena *
arena_new(void)
{
	return arena_of(CHUNK_SIZE);
}

struct arena *
arena_new_small(void)
{
	return arena_of(SMALL_SIZE);
}

struct arena *
arena_free(struct arena *a)
{
	if (a == NULL)
		return NULL;
	for (struct chunk *c = a->head, *next; c != NULL; c = next) {
		next = c->next;
		explicit_bzero(c->data, c->used);
		free(c);
	}
	free(a);
	return NULL;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t need = round_up(size > 0 ? size : 1);
	struct chunk *c = a->head;

	if (c->cap - c->used < need) {
		/* A piece of half a chunk and more gets one of its own, behind the head, so that the head's rest stays
		 * in use. Otherwise chunks double up to 1 MiB, so that large sets need few. */
		if (need > c->cap / 2) {
			c = chunk_new(need);
			c->next = a->head->next;
			a->head->next = c;
		} else {
			size_t cap = c->cap < ((size_t)1 << 20) ? c->cap * 2 : c->cap;

			c = chunk_new(cap);
			c->next = a->head;
			a->head = c;
		}
	}
	void *p = c->data + c->used;

	c->used += need;
	return memset(p, 0, need);
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		errx(70, "arena: %zu times %zu bytes", count, size);
	return arena_alloc(a, total);
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return s != NULL ? arena_memdup(a, s, strlen(s) + 1) : NULL;
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	if (s == NULL)
		return NULL;
	size_t n = strnlen(s, len);
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

void *
arena_memdup(struct arena *a, const void *data, size_t len)
{
	if (data == NULL)
		return NULL;
	void *p = arena_alloc(a, len);

	if (len > 0)
		memcpy(p, data, len);
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *s = arena_vprintf(a, fmt, ap);

	va_end(ap);
	return s;
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char brief[256]; /* most texts are: formatted once, then copied */
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(brief, sizeof(brief), fmt, ap);

	if (n < 0)
		err(70, "arena: format");
	char *s = arena_alloc(a, (size_t)n + 1);

	if ((size_t)n < sizeof(brief))
		memcpy(s, brief, (size_t)n);
	else
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

void
arena_freep(struct arena **a)
{
	*a = arena_free(*a);
}
