/* SPDX-License-Identifier: ISC */
#include "cli/text.h"

#include <locale.h>
#include <wchar.h>
#include <wctype.h>

void
text_init(void)
{
	/* Not the user's locale: the API speaks UTF-8 everywhere. */
	setlocale(LC_CTYPE, "C.UTF-8");
}

/* Marks and overrides of direction, joiners that show nothing, tags: all invisible, and able to disguise. */
static bool
is_hidden(wint_t c)
{
	static const struct {
		wint_t first, last;
	} ranges[] = {
	    {0xad, 0xad},
	    {0x61c, 0x61c},
	    {0x180e, 0x180e},
	    {0x200b, 0x200b},
	    {0x200e, 0x200f},
	    {0x2028, 0x202e},
	    {0x2060, 0x206f},
	    {0xfeff, 0xfeff},
	    {0xfff9, 0xfffb},
	    {0xe0000, 0xe007f},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

static bool
is_safe(wchar_t c)
{
	return !iswcntrl((wint_t)c) && wcwidth(c) >= 0 && !is_hidden((wint_t)c);
}

/* The next character; *len is its bytes. False: those bytes (one) are no UTF-8. */
static bool
next_char(const char *at, size_t left, wchar_t *c, size_t *len)
{
	mbstate_t state = {0};
	size_t n = mbrtowc(c, at, left, &state);

	*len = n == 0 || n > left ? 1 : n;
	return n != 0 && n <= left;
}

static void
escape(struct buf *out, unsigned c)
{
	if (c == '\n' || c == '\t' || c == '\r')
		buf_printf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else if (c < 0x100)
		buf_printf(out, "\\x%02x", c);
	else
		buf_printf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
}

void
text_safe(struct buf *out, const char *utf8)
{
	size_t left = strlen(utf8), len;
	wchar_t c;

	for (; left > 0; utf8 += len, left -= len) {
		if (!next_char(utf8, left, &c, &len))
			escape(out, (unsigned char)utf8[0]);
		else if (is_safe(c))
			buf_add(out, utf8, len);
		else
			escape(out, (unsigned)c);
	}
}

static void
escape_json(struct buf *out, unsigned c)
{
	if (c > 0xffff) {
		buf_printf(out, "\\u%04x", 0xd7c0 + (c >> 10));
		c = 0xdc00 + (c & 0x3ff);
	}
	buf_printf(out, "\\u%04x", c);
}

void
text_safe_json(struct buf *out, const char *json)
{
	size_t left = strlen(json), len;
	wchar_t c;

	for (; left > 0; json += len, left -= len) {
		bool blank = json[0] == '\n' || json[0] == '\t' || json[0] == '\r';

		if (!next_char(json, left, &c, &len))
			buf_puts(out, "\\ufffd");
		else if (blank || is_safe(c))
			buf_add(out, json, len);
		else
			escape_json(out, (unsigned)c);
	}
}

size_t
text_width(const char *safe)
{
	size_t left = strlen(safe), width = 0, len;
	wchar_t c;

	for (; left > 0; safe += len, left -= len) {
		int columns = next_char(safe, left, &c, &len) ? wcwidth(c) : 1;

		width += columns > 0 ? (size_t)columns : 0;
	}
	return width;
}

void
text_percent(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			     (c < 0x80 && strchr("-_.~", c) != NULL);

		if (plain)
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void
text_cut(struct buf *out, const char *safe, size_t columns)
{
	size_t left = strlen(safe), width = 0, len;
	wchar_t c;

	if (text_width(safe) <= columns) {
		buf_puts(out, safe);
		return;
	}
	if (columns == 0)
		return;
	for (; left > 0; safe += len, left -= len) {
		int one = next_char(safe, left, &c, &len) ? wcwidth(c) : 1;

		if (one > 0 && width + (size_t)one > columns - 1)
			break;
		width += one > 0 ? (size_t)one : 0;
		buf_add(out, safe, len);
	}
	buf_puts(out, "…");
}

void
text_age(struct buf *out, int64_t ms)
{
	static const struct {
		int64_t seconds, below;
		char unit;
	} units[] = {{1, 120, 's'}, {60, 120 * 60, 'm'}, {3600, 48 * 3600, 'h'}, {86400, INT64_MAX, 'd'}};
	int64_t seconds = ms > 0 ? ms / 1000 : 0;
	size_t i = 0;

	while (seconds >= units[i].below)
		i++;
	buf_printf(out, "%lld%c", (long long)(seconds / units[i].seconds), units[i].unit);
}
