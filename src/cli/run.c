/* SPDX-License-Identifier: ISC */
#include "cli/run.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "cli/answer.h"
#include "cli/http.h"
#include "cli/text.h"

#define OUTPUT_MAX (512 << 20)
#define REFUSAL_MAX 65536
#define WATCH_SECONDS 2
#define WAIT_SECONDS 60

struct run {
	const struct spec *spec;
	const struct arguments *args;
	const struct settings *settings;
	struct arena *arena;
	struct http *http;
	const char *access_key, *secret_key;
	const char *path, *body;
	bool seen; /* what a wait is about was there once */
	struct dc_error *err;
};

/* --- output --- */

/* Whole or not at all, as far as a pipe allows. */
static enum dc_code
put_out(struct run *r, const struct buf *out)
{
	if (out->failed)
		return dc_fail(r->err, DC_E_PROTOCOL, NULL, "the answer is too large to print");
	if (fwrite(buf_str(out), 1, out->len, stdout) != out->len || fflush(stdout) != 0)
		return dc_fail(r->err, DC_E_IO, NULL, "standard output cannot be written");
	return DC_OK;
}

static void
put_json(struct buf *out, const char *text)
{
	text_safe_json(out, text);
	if (out->len == 0 || out->data[out->len - 1] != '\n')
		buf_putc(out, '\n');
}

/* --- one call --- */

static enum dc_code
refused(struct run *r, const struct http_answer *a)
{
	_cleanup_buf_ struct buf line = BUF_INIT(REFUSAL_MAX);

	answer_refusal(a->status, buf_str(&a->body), a->body.len, a->request_id, &line);
	fprintf(stderr, "dcaas: %s\n", buf_str(&line));
	if (a->status == 401 || a->status == 403)
		return dc_fail(r->err, DC_E_UNAUTHORIZED, NULL, "%s", "");
	return dc_fail(r->err, a->status == 404 ? DC_E_NOT_FOUND : DC_E_SYSTEM, NULL, "%s", "");
}

/* Makes the call; *ret holds whatever was answered. */
static enum dc_code
call(struct run *r, const char *query, struct http_answer *ret)
{
	const struct http_request request = {
	    .method = r->args->command->method,
	    .path = r->path,
	    .query = query,
	    .body = r->body,
	    .project_id = r->args->command->in_project ? r->settings->project_id : NULL,
	    .access_key = r->access_key,
	    .secret_key = r->secret_key,
	};
	struct monotonic begun = monotonic_now();
	enum dc_code rc = http_call(r->http, &request, ret, r->err);

	if (rc == DC_OK && r->args->verbose)
		fprintf(stderr, "%s %s%s%s: %ld, %lld ms, request %s\n", request.method, r->path,
		    query[0] != '\0' ? "?" : "", query, ret->status, (long long)monotonic_since(begun),
		    ret->request_id);
	return rc;
}

static bool
is_success(const struct http_answer *a)
{
	return a->status >= 200 && a->status < 300;
}

/* A call that has to succeed; *ret_body is NULL when the answer has none. */
static enum dc_code
call_well(struct run *r, const char *query, struct http_answer *ret, json_t **ret_body)
{
	enum dc_code rc = call(r, query, ret);
	json_error_t wrong;

	*ret_body = NULL;
	if (rc != DC_OK)
		return rc;
	if (!is_success(ret)) {
		rc = refused(r, ret);
	} else if (ret->body.len > 0 && (*ret_body = json_loadb(ret->body.data, ret->body.len, 0, &wrong)) == NULL) {
		rc = dc_fail(r->err, DC_E_PROTOCOL, NULL, "%s answers no JSON: %s", r->settings->endpoint, wrong.text);
	}
	if (rc != DC_OK)
		buf_free(&ret->body);
	return rc;
}

/* --- one thing --- */

static json_t *
thing_of(const struct command *c, json_t *body)
{
	json_t *thing = c->member != NULL ? json_object_get(body, c->member) : NULL;

	return thing != NULL ? thing : body;
}

/* Whether the member is told by this call and never again: a show of the same thing does not have it. */
static bool
is_told_once(const struct arguments *a, const char *member)
{
	const struct command *show = NULL;

	for (size_t i = 0; i < a->noun->n; i++)
		if (strcmp(a->noun->commands[i].verb, "show") == 0)
			show = &a->noun->commands[i];
	return strcmp(a->command->method, "POST") == 0 && show != NULL &&
	       json_object_get(schema_properties(show->answer), member) == NULL;
}

/* People see secrets only where they would be lost else; -j shows all that the server answers. */
static void
hide_secrets(const struct run *r, json_t *thing)
{
	json_t *properties = schema_properties(r->args->command->answer), *value;
	const char *member;

	json_object_foreach(thing, member, value)
	{
		if (!is_told_once(r->args, member))
			schema_mask(r->spec, json_object_get(properties, member), value);
	}
}

static enum dc_code
write_thing(struct run *r, const struct http_answer *a, json_t *body, struct buf *out)
{
	const struct arguments *args = r->args;
	json_t *thing = thing_of(args->command, body), *list;
	enum dc_code rc = DC_OK;

	if (args->json) {
		put_json(out, buf_str(&a->body));
	} else if (args->quiet) {
		list = json_pack("[O]", thing);
		answer_ids(list, out);
		json_decref(list);
	} else {
		hide_secrets(r, thing);
		if (thing == body)
			json_object_del(body, "request_id");
		rc = answer_one(r->spec, args->command->answer, thing, args->columns, out, r->err);
		if (rc == DC_OK && a->observed_age[0] != '\0') {
			buf_puts(out, "observed ");
			text_safe(out, a->observed_age);
			buf_puts(out, " s ago\n");
		}
	}
	return rc;
}

static enum dc_code
read_thing(struct run *r, struct buf *out)
{
	struct http_answer a;
	json_t *body;
	enum dc_code rc = call_well(r, buf_str(&r->args->query), &a, &body);

	if (rc != DC_OK)
		return rc;
	if (body != NULL)
		rc = write_thing(r, &a, body, out);
	json_decref(body);
	buf_free(&a.body);
	return rc;
}

/* --- lists --- */

struct pages {
	json_t *items; /* of all pages */
	json_t *last;  /* body of the last page */
	char *text;    /* of the only page; NULL when there were more */
	size_t n;
};

static void
pages_free(struct pages *p)
{
	json_decref(p->items);
	json_decref(p->last);
	free(p->text);
}

/* The query of the next page. */
static void
page_query(const struct run *r, const struct pages *p, const char *marker, struct buf *out)
{
	const struct arguments *a = r->args;
	int64_t left = a->limit != 0 ? a->limit - (int64_t)json_array_size(p->items) : 0;
	int64_t size = a->page_size != 0 && (left == 0 || a->page_size < left) ? a->page_size
		       : left < 2000                                           ? left
									       : 2000;

	buf_add(out, buf_str(&a->query), a->query.len);
	if (a->command->paged && size > 0)
		buf_printf(out, "%slimit=%lld", out->len > 0 ? "&" : "", (long long)size);
	if (marker == NULL)
		return;
	buf_printf(out, "%smarker=", out->len > 0 ? "&" : "");
	text_percent(out, marker);
}

static enum dc_code
read_page(struct run *r, struct pages *p, const char *marker)
{
	_cleanup_buf_ struct buf query = BUF_INIT(128 * 1024);
	struct http_answer a;
	json_t *body, *items;
	enum dc_code rc;

	page_query(r, p, marker, &query);
	if ((rc = call_well(r, buf_str(&query), &a, &body)) != DC_OK)
		return rc;
	items = json_object_get(body, r->args->command->member);
	if (!json_is_array(items))
		rc = dc_fail(r->err, DC_E_PROTOCOL, NULL, "%s answers no list", r->settings->endpoint);
	else
		json_array_extend(p->items, items);
	json_decref(p->last);
	p->last = body;
	free(p->text);
	p->text = p->n++ == 0 ? buf_steal(&a.body) : NULL;
	buf_free(&a.body);
	return rc;
}

/* Marker of the page behind the last one; NULL: there is none, or none is wanted. */
static const char *
next_marker(const struct run *r, const struct pages *p)
{
	const struct arguments *a = r->args;
	json_t *info = json_object_get(p->last, "page_info");

	if (!a->command->paged || a->single_page || (a->limit != 0 && (int64_t)json_array_size(p->items) >= a->limit))
		return NULL;
	return json_string_value(json_object_get(info, "next_marker"));
}

static enum dc_code
read_pages(struct run *r, struct pages *p)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *marker = r->args->marker, *next;
	enum dc_code rc;

	while ((rc = read_page(r, p, marker)) == DC_OK && (next = next_marker(r, p)) != NULL) {
		if (marker != NULL && strcmp(next, marker) == 0)
			return dc_fail(
			    r->err, DC_E_PROTOCOL, NULL, "%s gives the same page again", r->settings->endpoint);
		marker = arena_strdup(arena, next);
	}
	return rc;
}

/* Several pages as one: the last one's document with all the items. */
static void
write_merged(const struct run *r, const struct pages *p, struct buf *out)
{
	json_t *info = json_object_get(p->last, "page_info");
	char *text;

	json_object_set(p->last, r->args->command->member, p->items);
	if (json_is_object(info))
		json_object_set_new(info, "current_count", json_integer((json_int_t)json_array_size(p->items)));
	if ((text = json_dumps(p->last, JSON_COMPACT)) != NULL)
		put_json(out, text);
	free(text);
}

static enum dc_code
write_list(struct run *r, const struct pages *p, struct buf *out)
{
	const struct command *c = r->args->command;
	json_t *item;
	size_t i;

	if (r->args->json && p->text != NULL) {
		put_json(out, p->text);
	} else if (r->args->json) {
		write_merged(r, p, out);
	} else if (r->args->quiet) {
		answer_ids(p->items, out);
	} else {
		json_array_foreach(p->items, i, item) schema_mask(r->spec, c->answer, item);
		return answer_list(r->spec, c->answer, p->items, r->args->columns, out, r->err);
	}
	return DC_OK;
}

static enum dc_code
read_list(struct run *r, struct buf *out)
{
	struct pages p = {.items = json_array()};
	enum dc_code rc = read_pages(r, &p);

	if (rc == DC_OK)
		rc = write_list(r, &p, out);
	pages_free(&p);
	return rc;
}

/* --- again and again --- */

static void
pause_for(int64_t ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static enum dc_code
read_into(struct run *r, struct buf *out)
{
	return r->args->command->kind == COMMAND_LIST ? read_list(r, out) : read_thing(r, out);
}

static enum dc_code
read_once(struct run *r)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);
	enum dc_code rc = read_into(r, &out);

	return rc == DC_OK ? put_out(r, &out) : rc;
}

/* A terminal is cleared each time, once there is something to show; into a pipe goes one after the other, an empty line
 * between. A server that was there is waited for. */
static enum dc_code
watch_once(struct run *r, bool first, bool terminal)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);
	enum dc_code rc = read_into(r, &out);

	if (rc == DC_E_UNAVAILABLE && !first) {
		fprintf(stderr, "dcaas: %s\n", r->err->text);
		*r->err = (struct dc_error){0};
		return DC_OK;
	}
	if (rc != DC_OK)
		return rc;
	if (terminal)
		fputs("\033[H\033[2J", stdout);
	else if (!first)
		putchar('\n');
	return put_out(r, &out);
}

static enum dc_code
watch(struct run *r)
{
	int64_t ms = (r->args->interval != 0 ? r->args->interval : WATCH_SECONDS) * 1000;
	bool terminal = isatty(STDOUT_FILENO) == 1;
	enum dc_code rc;

	for (bool first = true; (rc = watch_once(r, first, terminal)) == DC_OK; first = false)
		pause_for(ms);
	return rc;
}

static bool
is_as_wanted(const struct arguments *a, json_t *thing)
{
	for (size_t i = 0; i < a->expect_n; i++) {
		if (!json_equal(json_object_get(thing, a->expect[i].member), a->expect[i].value))
			return false;
	}
	return !a->gone;
}

/* What stands in its way: the members as they are. */
static void
describe(const struct arguments *a, json_t *thing, struct buf *out)
{
	static const char *const told[] = {"status", "reason"};

	for (size_t i = 0; i < a->expect_n; i++) {
		char *text = json_dumps(json_object_get(thing, a->expect[i].member), JSON_ENCODE_ANY);

		buf_printf(out, "%s%s is ", out->len > 0 ? ", " : "", a->expect[i].member);
		text_safe(out, text != NULL ? text : "not there");
		free(text);
	}
	for (size_t i = 0; a->gone && i < sizeof(told) / sizeof(told[0]); i++) {
		const char *text = json_string_value(json_object_get(thing, told[i]));

		if (text != NULL) {
			buf_printf(out, "%s%s is ", out->len > 0 ? ", " : "", told[i]);
			text_safe(out, text);
		}
	}
}

/* Whether the operator's trail has an event of it; yes where the trail cannot be read. */
static bool
is_on_record(struct run *r, const char *id)
{
	const struct settings *s = r->settings;
	const struct http_request request = {
	    .method = "GET",
	    .path = "/dcaas/v1/events",
	    .query = arena_printf(r->arena, "limit=1&resource_id=%s", id),
	    .access_key = s->admin_access_key,
	    .secret_key = s->admin_secret_key,
	};
	struct http_answer answer;
	struct dc_error ignored = {0};
	json_t *body, *events;
	bool yes;

	if (s->admin_access_key == NULL || http_call(r->http, &request, &answer, &ignored) != DC_OK)
		return true;
	body = json_loadb(buf_str(&answer.body), answer.body.len, 0, NULL);
	events = json_object_get(body, "events");
	yes = !is_success(&answer) || !json_is_array(events) || json_array_size(events) > 0;
	json_decref(body);
	buf_free(&answer.body);
	return yes;
}

/* What the very first look does not find is gone already, or is a slip of the user's: a name, or an id that nothing is
 * on record of. */
static bool
may_have_been(struct run *r)
{
	const char *id = r->args->ids[r->args->command->ids_n - 1];

	if ((!uuid_is_valid(id) && !hex32_is_valid(id)) || !is_on_record(r, id))
		return false;
	if (!r->args->quiet)
		fprintf(stderr, "dcaas: %s was not there when the wait began\n", id);
	return true;
}

enum waiting { WAIT_ON, WAIT_DONE, WAIT_FAILED };

/* Looks once. ERROR is the end of every wait that is not for it: nothing comes after it by itself. */
static enum waiting
look(struct run *r, struct buf *now, enum dc_code *rc)
{
	const struct arguments *a = r->args;
	struct http_answer answer;
	enum waiting found = WAIT_ON;
	json_t *body, *thing;
	const char *status;

	if ((*rc = call(r, "", &answer)) != DC_OK)
		return WAIT_FAILED;
	body = json_loadb(buf_str(&answer.body), answer.body.len, 0, NULL);
	thing = thing_of(a->command, body);
	status = json_string_value(json_object_get(thing, "status"));
	buf_reset(now);
	r->seen = r->seen || is_success(&answer);
	if (a->gone && answer.status == 404 && (r->seen || may_have_been(r))) {
		found = WAIT_DONE;
	} else if (!is_success(&answer)) {
		*rc = refused(r, &answer);
		found = WAIT_FAILED;
	} else if (is_as_wanted(a, thing)) {
		found = WAIT_DONE;
		*rc = a->json || !a->quiet ? write_thing(r, &answer, body, now) : DC_OK;
	} else {
		describe(a, thing, now);
		if (status != NULL && strcmp(status, "ERROR") == 0 && !a->gone) {
			*rc = dc_fail(r->err, DC_E_SYSTEM, NULL, "it is in ERROR: %s", buf_str(now));
			found = WAIT_FAILED;
		}
	}
	json_decref(body);
	buf_free(&answer.body);
	return found;
}

static enum dc_code
wait_for(struct run *r)
{
	_cleanup_buf_ struct buf now = BUF_INIT(OUTPUT_MAX);
	int64_t limit = (r->args->timeout != 0 ? r->args->timeout : WAIT_SECONDS) * 1000;
	int64_t step = r->args->interval != 0 ? r->args->interval * 1000 : 250, left;
	struct monotonic begun = monotonic_now();
	enum waiting found;
	enum dc_code rc = DC_OK;

	while ((found = look(r, &now, &rc)) == WAIT_ON) {
		if ((left = limit - monotonic_since(begun)) <= 0)
			return dc_fail(r->err, DC_E_AGAIN, NULL, "waited %lld s in vain: %s", (long long)(limit / 1000),
			    buf_str(&now));
		pause_for(left < step ? left : step);
		/* Quick at first, a second later on. */
		if (r->args->interval == 0 && step < 1000)
			step += 250;
	}
	return found == WAIT_DONE && rc == DC_OK ? put_out(r, &now) : rc;
}

/* --- the command --- */

/* The operator's commands go by the operator's key where there is one; nobody's are signed that need no key. */
static enum dc_code
choose_key(struct run *r)
{
	const struct settings *s = r->settings;
	const struct command *c = r->args->command;
	bool admin = (c->operator_side || s->access_key == NULL) && s->admin_access_key != NULL;

	if (c->open)
		return DC_OK;
	r->access_key = admin ? s->admin_access_key : s->access_key;
	r->secret_key = admin ? s->admin_secret_key : s->secret_key;
	if (r->access_key != NULL || r->args->dry_run)
		return DC_OK;
	return dc_fail(r->err, DC_E_UNAUTHORIZED, NULL, "no credentials: set %s",
	    c->operator_side ? "DCAAS_ADMIN_ACCESS_KEY and DCAAS_ADMIN_SECRET_KEY"
			     : "DCAAS_ACCESS_KEY and DCAAS_SECRET_KEY");
}

static enum dc_code
prepare(struct run *r)
{
	const struct arguments *a = r->args;

	if (a->command->in_project && r->settings->project_id == NULL)
		return dc_fail(
		    r->err, DC_E_PARAM, "project", "in which project? Set DCAAS_PROJECT_ID or give --project ID");
	r->path = arguments_path(a, r->settings->project_id, r->arena);
	r->body = arguments_body(r->spec, a, a->dry_run, r->arena);
	return choose_key(r);
}

static enum dc_code
tell(struct run *r)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX), query = BUF_INIT(128 * 1024);
	const struct pages none = {0};

	if (r->args->command->kind == COMMAND_LIST)
		page_query(r, &none, r->args->marker, &query);
	else
		buf_puts(&query, buf_str(&r->args->query));
	buf_printf(&out, "%s %s%s%s%s\n", r->args->command->method, r->settings->endpoint, r->path,
	    query.len > 0 ? "?" : "", buf_str(&query));
	if (r->body != NULL)
		put_json(&out, r->body);
	return put_out(r, &out);
}

static enum dc_code
connect_and_run(struct run *r)
{
	const struct http_options options = {
	    .endpoint = r->settings->endpoint,
	    .ca = r->settings->ca,
	    .max_seconds = r->args->max_time,
	};
	enum dc_code rc = http_open(&options, &r->http, r->err);

	if (rc != DC_OK)
		return rc;
	if (r->args->command->kind == COMMAND_WAIT)
		rc = wait_for(r);
	else
		rc = r->args->watch ? watch(r) : read_once(r);
	http_close(r->http);
	return rc;
}

enum dc_code
run_command(
    const struct spec *spec, const struct arguments *args, const struct settings *settings, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct run r = {.spec = spec, .args = args, .settings = settings, .arena = arena, .err = err};
	enum dc_code rc = prepare(&r);

	if (rc != DC_OK)
		return rc;
	return args->dry_run ? tell(&r) : connect_and_run(&r);
}
