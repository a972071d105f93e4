/* SPDX-License-Identifier: ISC */
/* buf.h - a growing byte buffer with a ceiling. The first failure sticks: append as often as you like, ask once.
 *
 * Always NUL-terminated behind the data, so that b->data is a C string when no NUL was appended. */
#ifndef DC_BUF_H
#define DC_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* heap; NULL until something was appended */
	size_t len;
	size_t cap;
	size_t max; /* ceiling of len in bytes */
	bool failed;
};

#define BUF_INIT(ceiling)                                                                                              \
	{                                                                                                              \
		.max = (ceiling)                                                                                       \
	}

void buf_free(struct buf *);  /* also makes it empty and usable again */
void buf_reset(struct buf *); /* empty, keeps the memory */
void buf_add(struct buf *, const void *, size_t len);
/* len bytes more, for the caller to fill at once; NULL when there is no room. */
char *buf_extend(struct buf *, size_t len);
void buf_puts(struct buf *, const char *);
void buf_putc(struct buf *, char);
void buf_int(struct buf *, int64_t); /* decimal; several times faster than "%lld" */
void buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *, const char *fmt, va_list) __attribute__((format(printf, 2, 0)));
/* The data as a C string, "" when empty. Borrowed, until the next change. */
const char *buf_str(const struct buf *);
/* Hands the data over to the caller (free() it); the buffer is empty afterwards. Never NULL unless failed. */
char *buf_steal(struct buf *);

#define _cleanup_buf_ __attribute__((cleanup(buf_free)))

#endif
