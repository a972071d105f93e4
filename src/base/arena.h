/* SPDX-License-Identifier: ISC */
/* arena.h - memory with one lifetime: everything taken from an arena is freed with it, nothing alone.
 *
 * A request, a transaction's job and a report each own one. Allocation never fails: a process that cannot get a few
 * kilobytes ends with a message, because no handler could answer without them either. An arena belongs to one thread at
 * a time. */
#ifndef DC_ARENA_H
#define DC_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* For one of very many: begins with some hundred bytes instead of a page. */
struct arena *arena_new_small(void);
/* Frees the arena and all that was taken from it, wiped: requests and rows hold passwords and keys, and the holder of a
 * copy need not know. NULL is fine; returns NULL. */
struct arena *arena_free(struct arena *);
/* size bytes, zeroed, aligned for any type. */
void *arena_alloc(struct arena *, size_t size);
/* count * size bytes, zeroed; an overflow of the product aborts (our bug: counts are bounded before). */
void *arena_array(struct arena *, size_t count, size_t size);
/* Copies; NULL in gives NULL out. */
char *arena_strdup(struct arena *, const char *);
char *arena_strndup(struct arena *, const char *, size_t len);
void *arena_memdup(struct arena *, const void *, size_t len);
char *arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *, const char *fmt, va_list) __attribute__((format(printf, 2, 0)));

#define arena_new_of(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

void arena_freep(struct arena **);
#define _cleanup_arena_ __attribute__((cleanup(arena_freep)))

#endif
