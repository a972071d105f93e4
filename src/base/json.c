/* SPDX-License-Identifier: ISC */
#include "base/json.h"

#include <string.h>

static void
separate(struct json *w)
{
	if (w->comma)
		buf_putc(w->out, ',');
	w->comma = true;
}

void
jw_object_begin(struct json *w)
{
	separate(w);
	buf_putc(w->out, '{');
	w->comma = false;
}

void
jw_object_end(struct json *w)
{
	buf_putc(w->out, '}');
	w->comma = true;
}

void
jw_array_begin(struct json *w)
{
	separate(w);
	buf_putc(w->out, '[');
	w->comma = false;
}

void
jw_array_end(struct json *w)
{
	buf_putc(w->out, ']');
	w->comma = true;
}

static void
escape(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		buf_puts(out, "\\\"");
		break;
	case '\\':
		buf_puts(out, "\\\\");
		break;
	case '\n':
		buf_puts(out, "\\n");
		break;
	case '\r':
		buf_puts(out, "\\r");
		break;
	case '\t':
		buf_puts(out, "\\t");
		break;
	default:
		buf_printf(out, "\\u%04x", c);
	}
}

/* Bytes of the character at s: 1 to 4; 0 when it is none (RFC 3629: nothing cut off, overlong, or a surrogate). */
static size_t
character(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
	size_t len = 0;

	if (c[0] < 0x80)
		len = 1;
	else if (c[0] >= 0xc2 && c[0] <= 0xdf)
		len = 2;
	else if ((c[0] & 0xf0) == 0xe0)
		len = 3;
	else if (c[0] >= 0xf0 && c[0] <= 0xf4)
		len = 4;

	if (c[0] == 0xe0)
		low = 0xa0;
	else if (c[0] == 0xed)
		high = 0x9f;
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < len; i++) {
		if (c[i] < low || c[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

/* Bytes at its beginning that stand for themselves. */
static size_t
plain_ascii(const char *s)
{
	const char *at = s;

	while ((signed char)*at >= 0x20 && *at != '"' && *at != '\\')
		at++;
	return (size_t)(at - s);
}

/* Texts that were cut to a size may end inside a character: what is none becomes U+FFFD, so that the whole stays JSON.
 */
static void
quoted_with_care(struct buf *out, const char *s)
{
	buf_putc(out, '"');
	while (*s != '\0') {
		size_t plain = 0, len;

		while ((unsigned char)s[plain] >= 0x20 && s[plain] != '"' && s[plain] != '\\' &&
		       (len = character(s + plain)) > 0)
			plain += len;
		buf_add(out, s, plain);
		s += plain;
		if ((unsigned char)*s >= 0x80) {
			buf_puts(out, "\\ufffd");
			s++;
		} else if (*s != '\0')
			escape(out, (unsigned char)*s++);
	}
	buf_putc(out, '"');
}

static void
quoted(struct buf *out, const char *s)
{
	size_t len = plain_ascii(s);
	char *at;

	if (s[len] != '\0')
		quoted_with_care(out, s);
	else if ((at = buf_extend(out, len + 2)) != NULL) {
		at[0] = at[len + 1] = '"';
		memcpy(at + 1, s, len);
	}
}

void
jw_key(struct json *w, const char *key)
{
	separate(w);
	quoted(w->out, key);
	buf_putc(w->out, ':');
	w->comma = false;
}

void
jw_string(struct json *w, const char *s)
{
	if (s == NULL) {
		jw_null(w);
		return;
	}
	separate(w);
	quoted(w->out, s);
}

void
jw_int(struct json *w, int64_t v)
{
	separate(w);
	buf_int(w->out, v);
}

void
jw_bool(struct json *w, bool v)
{
	separate(w);
	buf_puts(w->out, v ? "true" : "false");
}

void
jw_null(struct json *w)
{
	separate(w);
	buf_puts(w->out, "null");
}

void
jw_raw(struct json *w, const char *text)
{
	if (text == NULL || text[0] == '\0') {
		jw_null(w);
		return;
	}
	separate(w);
	buf_puts(w->out, text);
}

void
jw_member_string(struct json *w, const char *key, const char *value)
{
	jw_key(w, key);
	jw_string(w, value);
}

void
jw_member_int(struct json *w, const char *key, int64_t value)
{
	jw_key(w, key);
	jw_int(w, value);
}

void
jw_member_bool(struct json *w, const char *key, bool value)
{
	jw_key(w, key);
	jw_bool(w, value);
}
