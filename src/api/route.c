/* SPDX-License-Identifier: ISC */
#include "api/route.h"

#include "auth/percent.h"

#define SEGMENTS_MAX 16

struct segment {
	const char *text; /* decoded; NULL when it cannot be */
	size_t len;
	bool slash; /* a '/' was encoded in it */
};

struct path {
	size_t n;
	struct segment segment[SEGMENTS_MAX];
};

static const char *const method_names[] = {[M_GET] = "GET",
    [M_POST] = "POST",
    [M_PUT] = "PUT",
    [M_DELETE] = "DELETE",
    [M_HEAD] = "HEAD",
    [M_OPTIONS] = "OPTIONS"};

enum method
method_parse(const char *name)
{
	for (int m = M_GET; m <= M_OPTIONS; m++)
		if (strcmp(method_names[m], name) == 0)
			return (enum method)m;
	return M_NONE;
}

static struct segment
decode_segment(const char *raw, size_t len, struct arena *arena)
{
	struct segment s;

	s.text = percent_decode_text(raw, len, arena);
	s.len = s.text != NULL ? strlen(s.text) : 0;
	s.slash = s.text != NULL && strchr(s.text, '/') != NULL;
	return s;
}

/* "/a/b/" is "/a/b": one slash at the end does not count. False when it is no path or too deep for any route. */
static bool
split(const char *raw, struct arena *arena, struct path *ret)
{
	ret->n = 0;
	if (*raw != '/')
		return false;
	while (*raw == '/' && raw[1] != '\0') {
		size_t len = strcspn(++raw, "/");

		if (ret->n == SEGMENTS_MAX)
			return false;
		ret->segment[ret->n++] = decode_segment(raw, len, arena);
		raw += len;
	}
	return true;
}

/* The parts of paths are short. */
static size_t
segment_len(const char *at)
{
	size_t len = 0;

	while (at[len] != '/' && at[len] != '\0')
		len++;
	return len;
}

static bool
is_param(const char *pattern, size_t len)
{
	return len > 2 && pattern[0] == '{' && pattern[len - 1] == '}';
}

static bool
param_matches(const struct segment *s, const char *pattern, size_t len)
{
	return s->text == NULL || s->text[0] != '\0' || (len == 12 && memcmp(pattern, "{project_id}", 12) == 0);
}

/* Whether the path has this form, and *literals: one bit for each segment that matched by its letters, the first
 * segment highest, so that the greater number is the more exact match. */
static bool
matches(const char *pattern, const struct path *path, unsigned *literals)
{
	size_t i;

	*literals = 0;
	for (i = 0; *pattern == '/' && pattern[1] != '\0'; i++) {
		size_t len = segment_len(++pattern);
		const struct segment *s = &path->segment[i];

		if (i == path->n)
			return false;
		*literals <<= 1;
		if (is_param(pattern, len)) {
			if (!param_matches(s, pattern, len))
				return false;
		} else {
			if (s->text == NULL || s->len != len || memcmp(s->text, pattern, len) != 0)
				return false;
			*literals |= 1;
		}
		pattern += len;
	}
	return i == path->n;
}

/* "{peer_link_id}": what a client's own path pattern has there, when it was given no id. */
static bool
is_unfilled(const char *name, const char *value)
{
	size_t len = strlen(value), of_name = strlen(name);

	return is_param(value, len) && of_name > 3 && strcmp(name + of_name - 3, "_id") == 0 &&
	       strcmp(name, "project_id") != 0; /* exchange.c says what to do about that one */
}

static enum dc_code
take_params(const struct path *path, struct arena *arena, struct route_match *ret, struct dc_error *err)
{
	const char *pattern = ret->route->path;

	for (size_t i = 0; *pattern == '/' && pattern[1] != '\0'; i++) {
		size_t len = strcspn(++pattern, "/");

		if (is_param(pattern, len) && ret->params < ROUTE_PARAMS_MAX) {
			const char *name = arena_strndup(arena, pattern + 1, len - 2);

			if (path->segment[i].text == NULL || path->segment[i].slash)
				return dc_fail(err, DC_E_REQUEST, name, "The path holds a broken or forbidden escape");
			if (is_unfilled(name, path->segment[i].text))
				return dc_fail(err, DC_E_PARAM, name,
				    "The client sent no %s: the path has %.80s in its place", name,
				    path->segment[i].text);
			ret->param[ret->params].name = name;
			ret->param[ret->params++].value = path->segment[i].text;
		}
		pattern += len;
	}
	return DC_OK;
}

static bool
takes(const struct route *r, enum method method)
{
	return r->method == method || ((r->flags & ROUTE_PROBED) && (method == M_HEAD || method == M_OPTIONS));
}

enum dc_code
route_find(const struct route *const *tables, enum method method, const char *raw_path, struct arena *arena,
    struct route_match *ret, struct dc_error *err)
{
	struct route_match match = {0};
	struct path path;
	unsigned best = 0, literals;
	enum dc_code rc;

	if (method != M_NONE && split(raw_path, arena, &path)) {
		for (; *tables != NULL; tables++)
			for (const struct route *r = *tables; r->path != NULL; r++)
				if (takes(r, method) && matches(r->path, &path, &literals) &&
				    (match.route == NULL || literals > best)) {
					match.route = r;
					best = literals;
				}
	}
	if (match.route == NULL)
		return dc_fail(
		    err, DC_E_NO_API, NULL, "The API does not exist or has not been published in the environment");
	if ((rc = take_params(&path, arena, &match, err)) == DC_OK)
		*ret = match;
	return rc;
}
