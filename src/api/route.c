/* SPDX-License-Identifier: ISC */
#include "api/route.h"

#include <stdlib.h>

#include "auth/percent.h"

#define OPERATOR_SIDE "/dcaas/v1"
#define V3_PROJECT "/v3/{project_id}/"
#define OWN_PROJECT OPERATOR_SIDE "/projects/{project_id}/"

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

bool
route_in_project(const struct route *r)
{
	return strncmp(r->path, V3_PROJECT, strlen(V3_PROJECT)) == 0 ||
	       strncmp(r->path, OWN_PROJECT, strlen(OWN_PROJECT)) == 0;
}

bool
route_is_operators(const struct route *r)
{
	return strncmp(r->path, OPERATOR_SIDE, strlen(OPERATOR_SIDE)) == 0 && !route_in_project(r);
}

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

/* A route's path, taken apart. */
struct pattern {
	const struct route *route;
	struct pattern *next; /* with as many segments */
	/* One bit for each segment that is no parameter, the first segment highest: of two patterns that match a path,
	 * the one with the greater number is the more exact. */
	unsigned literals;
	struct part {
		const char *text;
		size_t len;
		bool param, may_be_empty;
	} part[SEGMENTS_MAX];
};

struct route_index {
	struct arena *arena;
	struct pattern *of[SEGMENTS_MAX + 1]; /* by the number of segments */
};

static void
add_route(struct route_index *index, const struct route *r)
{
	struct pattern *p = arena_new_of(index->arena, struct pattern);
	const char *at = r->path;
	size_t n = 0;

	p->route = r;
	for (; *at == '/' && at[1] != '\0'; n++) {
		size_t len = segment_len(++at);
		bool param = is_param(at, len);

		if (n == SEGMENTS_MAX)
			abort();
		p->part[n] = (struct part){at, len, param, param && len == 12 && memcmp(at, "{project_id}", 12) == 0};
		p->literals = p->literals << 1 | !param;
		at += len;
	}
	p->next = index->of[n];
	index->of[n] = p;
}

struct route_index *
route_index_new(const struct route *const *tables)
{
	struct route_index *index = calloc(1, sizeof(*index));

	if (index == NULL)
		abort(); /* as arenas do */
	index->arena = arena_new();
	for (; *tables != NULL; tables++)
		for (const struct route *r = *tables; r->path != NULL; r++)
			add_route(index, r);
	return index;
}

struct route_index *
route_index_free(struct route_index *index)
{
	if (index != NULL)
		arena_free(index->arena);
	free(index);
	return NULL;
}

static bool
part_matches(const struct part *part, const struct segment *s)
{
	if (part->param)
		return s->text == NULL || s->text[0] != '\0' || part->may_be_empty;
	return s->text != NULL && s->len == part->len && memcmp(s->text, part->text, s->len) == 0;
}

/* From the end: there paths differ most. */
static bool
matches(const struct pattern *p, const struct path *path)
{
	for (size_t i = path->n; i > 0; i--)
		if (!part_matches(&p->part[i - 1], &path->segment[i - 1]))
			return false;
	return true;
}

/* "{peer_link_id}": what a client's own path pattern has there, when it was given no id. */
static bool
is_unfilled(const char *name, const char *value)
{
	size_t len = strlen(value), of_name = strlen(name);

	return is_param(value, len) && of_name > 3 && strcmp(name + of_name - 3, "_id") == 0 &&
	       strcmp(name, "project_id") != 0; /* exchange.c handles that one */
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
route_find(const struct route_index *index, enum method method, const char *raw_path, struct arena *arena,
    struct route_match *ret, struct dc_error *err)
{
	struct route_match match = {0};
	struct path path;
	unsigned best = 0;
	enum dc_code rc;

	if (method != M_NONE && split(raw_path, arena, &path)) {
		for (const struct pattern *p = index->of[path.n]; p != NULL; p = p->next)
			if (takes(p->route, method) && matches(p, &path) &&
			    (match.route == NULL || p->literals >= best)) {
				match.route = p->route;
				best = p->literals;
			}
	}
	if (match.route == NULL)
		return dc_fail(
		    err, DC_E_NO_API, NULL, "The API does not exist or has not been published in the environment");
	if ((rc = take_params(&path, arena, &match, err)) == DC_OK)
		*ret = match;
	return rc;
}
