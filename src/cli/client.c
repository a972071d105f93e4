/* SPDX-License-Identifier: ISC */
#include "cli/client.h"

#include "base/clock.h"
#include "cli/refusal.h"
#include "cli/text.h"

#define QUERY_MAX (128 * 1024)
#define PATH_MAX_BYTES (64 * 1024)
#define REFUSAL_MAX 65536
#define PAGE_MOST 2000

struct client {
	const struct spec *spec;
	const struct settings *settings;
	struct http *http;
	bool verbose;
};

enum dc_code
client_open(const struct client_options *o, struct client **ret, struct dc_error *err)
{
	const struct http_options options = {
	    .endpoint = o->settings->endpoint,
	    .ca = o->settings->ca,
	    .max_seconds = o->max_seconds,
	};
	struct client *c = calloc(1, sizeof(*c));
	enum dc_code rc;

	if (c == NULL)
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	if ((rc = http_open(&options, &c->http, err)) != DC_OK) {
		free(c);
		return rc;
	}
	c->spec = o->spec;
	c->settings = o->settings;
	c->verbose = o->verbose;
	*ret = c;
	return DC_OK;
}

struct client *
client_close(struct client *c)
{
	if (c != NULL) {
		http_close(c->http);
		free(c);
	}
	return NULL;
}

const struct settings *
client_settings(const struct client *c)
{
	return c->settings;
}

/* --- keys --- */

/* The operator's commands go by the operator's key where there is one; a call that needs none is not signed. */
static void
choose_key(const struct settings *s, const struct command *c, const char **access, const char **secret)
{
	bool admin = (c->operator_side || s->access_key == NULL) && s->admin_access_key != NULL;

	*access = c->open ? NULL : admin ? s->admin_access_key : s->access_key;
	*secret = c->open ? NULL : admin ? s->admin_secret_key : s->secret_key;
}

enum dc_code
client_check(const struct settings *s, const struct command *c, struct dc_error *err)
{
	const char *access, *secret;

	choose_key(s, c, &access, &secret);
	if (c->in_project && s->project_id == NULL)
		return dc_fail(
		    err, DC_E_PARAM, "project", "in which project? Set DCAAS_PROJECT_ID or give --project ID");
	if (access != NULL || c->open)
		return DC_OK;
	return dc_fail(err, DC_E_UNAUTHORIZED, NULL, "no credentials: set %s",
	    c->operator_side ? "DCAAS_ADMIN_ACCESS_KEY and DCAAS_ADMIN_SECRET_KEY"
			     : "DCAAS_ACCESS_KEY and DCAAS_SECRET_KEY");
}

bool
client_may(const struct settings *s, const struct command *c)
{
	return client_check(s, c, NULL) == DC_OK;
}

/* --- one call --- */

const char *
client_path(const struct command *c, const char *project, const char *const *ids, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(PATH_MAX_BYTES);
	const char *at = c->path;
	size_t id = 0;

	while (*at != '\0') {
		size_t plain = strcspn(at, "{");

		buf_add(&out, at, plain);
		if (at[plain] == '\0')
			break;
		at += plain;
		bool of_project = c->in_project && strncmp(at, "{project_id}", strlen("{project_id}")) == 0;

		text_percent(&out, of_project ? project : ids[id++]);
		at += strcspn(at, "}") + 1;
	}
	return arena_strdup(arena, buf_str(&out));
}

enum dc_code
client_call(struct client *c, const struct request *r, struct http_answer *ret, struct dc_error *err)
{
	struct http_request request = {
	    .method = r->command->method,
	    .path = r->path,
	    .query = r->query,
	    .body = r->body,
	    .project_id = r->command->in_project ? c->settings->project_id : NULL,
	};
	struct monotonic begun = monotonic_now();
	enum dc_code rc;

	choose_key(c->settings, r->command, &request.access_key, &request.secret_key);
	rc = http_call(c->http, &request, ret, err);
	if (rc == DC_OK && c->verbose)
		fprintf(stderr, "%s %s%s%s: %ld, %lld ms, request %s\n", request.method, r->path,
		    r->query[0] != '\0' ? "?" : "", r->query, ret->status, (long long)monotonic_since(begun),
		    ret->request_id);
	return rc;
}

bool
client_is_success(const struct http_answer *a)
{
	return a->status >= 200 && a->status < 300;
}

/* Words that are longer than an error holds are printed at once. */
enum dc_code
client_refused(const struct http_answer *a, struct dc_error *err)
{
	_cleanup_buf_ struct buf line = BUF_INIT(REFUSAL_MAX);
	enum dc_code code = a->status == 401 || a->status == 403 ? DC_E_UNAUTHORIZED
			    : a->status == 404                   ? DC_E_NOT_FOUND
								 : DC_E_SYSTEM;

	refusal_text(a->status, buf_str(&a->body), a->body.len, a->request_id, &line);
	if (line.len < DC_ERROR_TEXT_MAX)
		return dc_fail(err, code, NULL, "%s", buf_str(&line));
	fprintf(stderr, "dcaas: %s\n", buf_str(&line));
	return dc_fail(err, code, NULL, "%s", "");
}

enum dc_code
client_json(struct client *c, const struct request *r, struct http_answer *text, json_t **ret, struct dc_error *err)
{
	struct http_answer answer;
	json_error_t wrong;
	enum dc_code rc = client_call(c, r, &answer, err);

	*ret = NULL;
	if (rc != DC_OK)
		return rc;
	if (!client_is_success(&answer))
		rc = client_refused(&answer, err);
	else if (answer.body.len > 0 && (*ret = json_loadb(answer.body.data, answer.body.len, 0, &wrong)) == NULL)
		rc = dc_fail(err, DC_E_PROTOCOL, NULL, "%s answers no JSON: %s", c->settings->endpoint, wrong.text);
	if (rc == DC_OK && text != NULL)
		*text = answer;
	else
		buf_free(&answer.body);
	return rc;
}

/* --- lists --- */

void
listing_free(struct listing *l)
{
	json_decref(l->items);
	json_decref(l->last);
	free(l->text);
	*l = (struct listing){0};
}

void
client_page_query(
    const struct request *r, const struct list_limits *limits, size_t have, const char *marker, struct buf *out)
{
	int64_t left = limits->limit != 0 ? limits->limit - (int64_t)have : 0;
	int64_t size = limits->page_size != 0 && (left == 0 || limits->page_size < left) ? limits->page_size
		       : left < PAGE_MOST                                                ? left
											 : PAGE_MOST;

	buf_puts(out, r->query);
	if (r->command->paged && size > 0)
		buf_printf(out, "%slimit=%lld", out->len > 0 ? "&" : "", (long long)size);
	if (marker == NULL)
		return;
	buf_printf(out, "%smarker=", out->len > 0 ? "&" : "");
	text_percent(out, marker);
}

/* Where the things come inside of the items, they are taken out. */
static void
take_items(const struct command *c, json_t *items, json_t *to)
{
	json_t *item;
	size_t i;

	if (c->inside == NULL) {
		json_array_extend(to, items);
		return;
	}
	json_array_foreach(items, i, item) json_array_extend(to, json_object_get(item, c->inside));
}

static enum dc_code
read_page(struct client *c, const struct request *r, const struct list_limits *limits, const char *marker,
    struct listing *l, struct dc_error *err)
{
	_cleanup_buf_ struct buf query = BUF_INIT(QUERY_MAX);
	struct request page = *r;
	struct http_answer a;
	json_t *body, *items;
	enum dc_code rc;

	client_page_query(r, limits, json_array_size(l->items), marker, &query);
	page.query = buf_str(&query);
	if ((rc = client_json(c, &page, &a, &body, err)) != DC_OK)
		return rc;
	items = json_object_get(body, r->command->member);
	if (!json_is_array(items))
		rc = dc_fail(err, DC_E_PROTOCOL, NULL, "%s answers no list", c->settings->endpoint);
	else
		take_items(r->command, items, l->items);
	json_decref(l->last);
	l->last = body;
	free(l->text);
	l->text = l->n++ == 0 ? buf_steal(&a.body) : NULL;
	buf_free(&a.body);
	return rc;
}

/* Marker of the page behind the last one; NULL: there is none, or none is wanted. */
static const char *
next_marker(const struct request *r, const struct list_limits *limits, const struct listing *l)
{
	json_t *info = json_object_get(l->last, "page_info");

	if (!r->command->paged || limits->single_page ||
	    (limits->limit != 0 && (int64_t)json_array_size(l->items) >= limits->limit))
		return NULL;
	return json_string_value(json_object_get(info, "next_marker"));
}

enum dc_code
client_list(struct client *c, const struct request *r, const struct list_limits *limits, struct listing *ret,
    struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct listing l = {.items = json_array()};
	const char *marker = limits->marker, *next;
	enum dc_code rc;

	while (
	    (rc = read_page(c, r, limits, marker, &l, err)) == DC_OK && (next = next_marker(r, limits, &l)) != NULL) {
		if (marker != NULL && strcmp(next, marker) == 0) {
			rc = dc_fail(err, DC_E_PROTOCOL, NULL, "%s gives the same page again", c->settings->endpoint);
			break;
		}
		marker = arena_strdup(arena, next);
	}
	if (rc == DC_OK)
		*ret = l;
	else
		listing_free(&l);
	return rc;
}
