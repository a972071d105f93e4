/* SPDX-License-Identifier: ISC */
#include "auth/percent.h"

#include <ctype.h>
#include <stdint.h>

#include "base/uuid.h"

/* Whether an escape begins at text[i]; *ret is its byte. */
static bool
escape_at(const char *text, size_t len, size_t i, char *ret)
{
	int high, low;

	if (text[i] != '%' || len - i < 3 || (high = hex_value(text[i + 1])) < 0 || (low = hex_value(text[i + 2])) < 0)
		return false;
	*ret = (char)(high << 4 | low);
	return true;
}

static char *
decode(const char *text, size_t len, struct arena *arena, size_t *ret_len, bool *broken)
{
	char *out = arena_alloc(arena, len + 1), byte;
	size_t n = 0;

	*broken = false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '%')
			out[n++] = text[i];
		else if (escape_at(text, len, i, &byte)) {
			out[n++] = byte;
			i += 2;
		} else {
			*broken = true;
			out[n++] = text[i];
		}
	}
	out[n] = '\0';
	*ret_len = n;
	return out;
}

char *
percent_decode(const char *text, size_t len, struct arena *arena, size_t *ret_len)
{
	bool broken;

	return decode(text, len, arena, ret_len, &broken);
}

/* Length of the UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF); 0 when it is none.
 */
static size_t
utf8_sequence(const uint8_t *s, size_t left)
{
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static bool
is_utf8(const char *text, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n)
		if ((n = utf8_sequence((const uint8_t *)text + i, len - i)) == 0)
			return false;
	return true;
}

char *
percent_decode_text(const char *text, size_t len, struct arena *arena)
{
	size_t n;
	bool broken;
	char *out = decode(text, len, arena, &n, &broken);

	if (broken || memchr(out, '\0', n) != NULL || !is_utf8(out, n))
		return NULL;
	return out;
}

static bool
is_plain(uint8_t c, const char *keep)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))
		return true;
	return c < 0x80 && c != '\0' && (strchr("-_.~", c) != NULL || strchr(keep, c) != NULL);
}

void
percent_encode(struct buf *out, const char *bytes, size_t len, const char *keep)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		size_t plain = i;
		uint8_t c;

		while (plain < len && is_plain((uint8_t)bytes[plain], keep))
			plain++;
		buf_add(out, bytes + i, plain - i);
		if ((i = plain) == len)
			break;
		c = (uint8_t)bytes[i];
		buf_putc(out, '%');
		buf_putc(out, hex[c >> 4]);
		buf_putc(out, hex[c & 15]);
	}
}
