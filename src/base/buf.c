/* SPDX-License-Identifier: ISC */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT(b->max);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

/* Room for len more bytes and the NUL. */
static bool
reserve(struct buf *b, size_t len)
{
	if (b->failed)
		return false;
	if (len > b->max || b->len > b->max - len) {
		b->failed = true;
		return false;
	}
	size_t need = b->len + len + 1;

	if (need <= b->cap)
		return true;
	size_t cap = b->cap > 0 ? b->cap : 256;

	while (cap < need)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	char *data = realloc(b->data, cap);

	if (data == NULL) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

char *
buf_extend(struct buf *b, size_t len)
{
	char *at;

	if (!reserve(b, len))
		return NULL;
	at = b->data + b->len;
	b->len += len;
	b->data[b->len] = '\0';
	return at;
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	if (!b->failed && b->len < b->max && b->len + 1 < b->cap) {
		b->data[b->len++] = c;
		b->data[b->len] = '\0';
		return;
	}
	buf_add(b, &c, 1);
}

void
buf_int(struct buf *b, int64_t v)
{
	char digits[20], *at = digits + sizeof(digits);
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (v < 0)
		buf_putc(b, '-');
	buf_add(b, at, (size_t)(digits + sizeof(digits) - at));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	/* Most texts fit into what is there already; the others are printed a second time. */
	size_t room = b->failed || b->data == NULL ? 0 : b->cap - b->len;
	int n = vsnprintf(room > 0 ? b->data + b->len : NULL, room, fmt, ap);

	if (n < 0 || !reserve(b, (size_t)n))
		b->failed = true;
	else {
		if ((size_t)n >= room)
			vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	if (b->failed && b->data != NULL)
		b->data[b->len] = '\0';
	va_end(again);
}

const char *
buf_str(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

char *
buf_steal(struct buf *b)
{
	char *data = NULL;

	if (!b->failed && (b->data != NULL || reserve(b, 0))) {
		data = b->data;
		data[b->len] = '\0';
		b->data = NULL;
	}
	buf_free(b);
	return data;
}
