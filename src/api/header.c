/* SPDX-License-Identifier: ISC */
/* HTTP's own rules for a request's header (RFC 9110, RFC 9112). libmicrohttpd accepts more than the RFCs do. This file
 * refuses what a proxy could read differently: as another message, or from another caller. */
#include "api/api_priv.h"

/* That a second one would contradict: where the message ends, whom it is for, who sent it. */
static const char *const single[] = {"Host", "Content-Length", "Transfer-Encoding", "Authorization", "X-Auth-Token",
    "X-Sdk-Date", "X-Subject-Token", "X-Dcaas-Edge-Token"};

/* RFC 9110, 5.6.2. A blank before the colon is the old way to hide a header from one of two readers. */
static bool
is_token(const char *name)
{
	static const char others[] = "!#$%&'*+.^_`|~";

	for (const char *c = name; *c != '\0'; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' ||
			strchr(others, *c) != NULL))
			return false;
	return name[0] != '\0';
}

static size_t
count_of(const struct exchange *x, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < x->header_n; i++)
		n += (x->headers[i].name[0] | 0x20) == (name[0] | 0x20) && strcasecmp(x->headers[i].name, name) == 0;
	return n;
}

const char *
header_fault(const struct exchange *x, const char *version)
{
	const char *coding = exchange_header(&x->call, "Transfer-Encoding");

	if (x->broken_lines)
		return "A header's line is folded, or is cut short by a NUL";
	if (strchr(x->call.raw_path, '\r') != NULL || strchr(x->call.raw_query, '\r') != NULL)
		return "The request line holds a carriage return";
	for (size_t i = 0; i < x->header_n; i++) {
		if (!is_token(x->headers[i].name))
			return "A header's name holds what no name may hold";
		if (strchr(x->headers[i].value, '\r') != NULL)
			return "A header's value holds a carriage return";
	}
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (count_of(x, single[i]) > 1)
			return arena_printf(x->call.arena, "The header %s stands twice.", single[i]);
	if (strcmp(version, "HTTP/1.1") == 0 && exchange_header(&x->call, "Host") == NULL)
		return "The header Host is missing";
	if (coding != NULL && strcasecmp(coding, "chunked") != 0)
		return "Of the transfer encodings only chunked is known";
	if (coding != NULL && exchange_header(&x->call, "Content-Length") != NULL)
		return "The headers Content-Length and Transfer-Encoding exclude each other";
	return NULL;
}

/* How many bytes b is behind a; of no meaning, and large, when they are not in the same text. */
static size_t
behind(const char *a, const char *b)
{
	return (size_t)((uintptr_t)b - (uintptr_t)a);
}

/* libmicrohttpd 0.9.75 ends the parts of a line with NULs where they stand, and appends a folded line (RFC 9112, 5.2)
 * to a copy of the *name*: "Transfer-Encoding:" and " chunked" become a header of another name, without value. It is
 * known by where it stands. A NUL that was received is known by what follows it: no other line. */
void
header_line(struct header_lines *lines, const char *name, const char *value)
{
	const char *colon = name + strlen(name);
	size_t blanks = strspn(colon + 1, " \t"), gap = lines->at != NULL ? behind(lines->at, name) : 1;

	if (gap < 1 || gap > 2 || behind(colon + 1, value) != blanks)
		lines->broken = true;
	lines->at = value + strlen(value);
}

/* Between them are the end of the line and an empty line, of one or two bytes each. */
bool
header_lines_end(const struct header_lines *lines, const char *end)
{
	size_t gap = lines->at != NULL ? behind(lines->at, end) : 2;

	return gap >= 2 && gap <= 4;
}

const char *
header_value(const struct exchange *x, const char *value)
{
	size_t len = strlen(value);

	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	return arena_strndup(x->call.arena, value, len);
}

/* Whether the text begins so, in upper or lower case. */
static bool
begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

const char *
header_origin_form(const char *target, struct arena *arena)
{
	size_t scheme = begins(target, "http://") ? 7 : begins(target, "https://") ? 8 : 0;
	size_t authority = scheme > 0 ? strcspn(target + scheme, "/?") : 0;
	const char *path = target + scheme + authority;

	if (authority == 0)
		return target;
	return path[0] == '/' ? path : arena_printf(arena, "/%s", path);
}
