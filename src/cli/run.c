/* SPDX-License-Identifier: ISC */
#include "cli/run.h"

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/resolve.h"
#include "cli/run_priv.h"
#include "cli/text.h"
#include "cli/tool.h"

#define QUERY_MAX (128 * 1024)
#define WATCH_SECONDS 2
#define WIDTH_MIN 20
#define WIDTH_USUAL 80

/* --- one thing --- */

/* Among the things that come inside of others. *body holds it then. */
static enum dc_code
show_inside(
    struct run *r, const struct command *show, const char *id, struct http_answer *ret, json_t **body, json_t **thing)
{
	const struct request request = {
	    .command = show, .path = client_path(show, r->settings->project_id, NULL, r->arena), .query = ""};
	const struct list_limits all = {0};
	struct listing l;
	json_t *item;
	size_t i;
	enum dc_code rc = client_list(r->client, &request, &all, &l, r->err);

	if (rc != DC_OK)
		return rc;
	*ret = (struct http_answer){.status = 404, .body = BUF_INIT(1024)};
	buf_printf(&ret->body, "{\"error_msg\":\"The %s does not exist\"}", show->resource->title);
	json_array_foreach(l.items, i, item)
	{
		const char *found = json_string_value(json_object_get(item, "id"));

		if (found == NULL || strcasecmp(found, id) != 0)
			continue;
		*body = *thing = json_incref(item);
		ret->status = 200;
	}
	listing_free(&l);
	return DC_OK;
}

enum dc_code
run_show(struct run *r, const struct command *show, const char *const *ids, struct http_answer *ret, json_t **body,
    json_t **thing)
{
	struct request request = {.command = show, .query = ""};
	enum dc_code rc;

	*body = *thing = NULL;
	if (show->inside != NULL)
		return show_inside(r, show, ids[show->ids_n - 1], ret, body, thing);
	request.path = client_path(show, r->settings->project_id, ids, r->arena);
	if ((rc = client_call(r->client, &request, ret, r->err)) != DC_OK)
		return rc;
	*body = json_loadb(buf_str(&ret->body), ret->body.len, 0, NULL);
	*thing = run_thing(show, *body);
	return DC_OK;
}

static enum dc_code
read_inside(struct run *r, struct buf *out)
{
	struct http_answer a;
	json_t *body, *thing;
	enum dc_code rc = run_show(r, r->args->command, r->ids, &a, &body, &thing);

	if (rc != DC_OK)
		return rc;
	rc =
	    client_is_success(&a) ? print_thing(r, r->args->command, &a, body, thing, out) : client_refused(&a, r->err);
	json_decref(body);
	buf_free(&a.body);
	return rc;
}

static struct request
request_of(struct run *r, const struct buf *query)
{
	return (struct request){
	    .command = r->args->command,
	    .path = client_path(r->args->command, r->settings->project_id, r->ids, r->arena),
	    .query = buf_str(query),
	    .body = arguments_body(r->spec, r->args, r->args->dry_run, r->arena),
	};
}

static const char *
who(struct run *r, json_t *thing)
{
	const struct command *c = r->args->command;
	const char *name = json_string_value(json_object_get(thing, "name"));
	const char *id = json_string_value(json_object_get(thing, "id"));

	return arena_printf(r->arena, "%s %s", c->resource != NULL ? c->resource->title : c->noun,
	    name != NULL && name[0] != '\0' ? name
	    : id != NULL                    ? id
					    : "");
}

/* After a change: until the thing that was answered is ACTIVE. */
static enum dc_code
wait_for_change(struct run *r, json_t *thing, struct buf *out)
{
	const struct command *c = r->args->command;
	const struct command *show = spec_beside(r->spec, c, "show");
	const char **ids = arena_array(r->arena, show->ids_n + 1, sizeof(*ids));
	const char *id = json_string_value(json_object_get(thing, "id"));

	for (size_t i = 0; i + 1 < show->ids_n; i++)
		ids[i] = r->ids[i];
	if (id == NULL || show->ids_n == 0)
		return dc_fail(r->err, DC_E_PROTOCOL, NULL, "the answer has no id to wait for");
	ids[show->ids_n - 1] = arena_strdup(r->arena, id);
	return wait_until_active(r, show, ids, who(r, thing), out);
}

static enum dc_code
read_thing(struct run *r, struct buf *out)
{
	_cleanup_buf_ struct buf query = BUF_INIT(QUERY_MAX);
	struct request request;
	struct http_answer a;
	json_t *body, *thing;
	enum dc_code rc;

	if (r->args->command->inside != NULL)
		return read_inside(r, out);
	arguments_query(r->args, &query);
	request = request_of(r, &query);
	if ((rc = client_json(r->client, &request, &a, &body, r->err)) != DC_OK)
		return rc;
	thing = run_thing(r->args->command, body);
	if (body != NULL && r->args->wait)
		rc = wait_for_change(r, thing, out);
	else if (body != NULL)
		rc = print_thing(r, r->args->command, &a, body, thing, out);
	json_decref(body);
	buf_free(&a.body);
	return rc;
}

/* --- lists --- */

static struct list_limits
limits_of(const struct arguments *a)
{
	return (struct list_limits){a->limit, a->page_size, a->marker, a->single_page};
}

static enum dc_code
read_list(struct run *r, struct buf *out)
{
	_cleanup_buf_ struct buf query = BUF_INIT(QUERY_MAX);
	const struct list_limits limits = limits_of(r->args);
	struct request request;
	struct listing l;
	enum dc_code rc;

	arguments_query(r->args, &query);
	request = request_of(r, &query);
	if ((rc = client_list(r->client, &request, &limits, &l, r->err)) != DC_OK)
		return rc;
	if (json_array_size(l.items) == 0 && r->look.terminal && r->look.output <= OUTPUT_WIDE && !r->args->quiet)
		print_nothing(r, out);
	else
		rc = print_list(r, &l, out);
	listing_free(&l);
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
	if (r->args->command->kind == COMMAND_TOPOLOGY)
		return tool_topology(r, out);
	if (r->args->command->kind == COMMAND_EVENTS)
		return tool_events(r, out);
	return r->args->command->kind == COMMAND_LIST ? read_list(r, out) : read_thing(r, out);
}

static enum dc_code
read_once(struct run *r)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);
	enum dc_code rc = read_into(r, &out);

	return rc == DC_OK ? run_put(r, &out) : rc;
}

/* A terminal is cleared each time, once there is something to show; into a pipe goes one after the other, an empty line
 * between. A server that was there is waited for. */
static enum dc_code
watch_once(struct run *r, bool first)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);
	enum dc_code rc;

	r->look.now = utc_now();
	rc = read_into(r, &out);
	names_free(r->names);
	if (rc == DC_E_UNAVAILABLE && !first) {
		fprintf(stderr, "dcaas: %s\n", r->err->text);
		*r->err = (struct dc_error){0};
		return DC_OK;
	}
	if (rc != DC_OK)
		return rc;
	if (r->look.terminal)
		fputs("\033[H\033[2J", stdout);
	else if (!first)
		putchar('\n');
	return run_put(r, &out);
}

static enum dc_code
watch(struct run *r)
{
	int64_t ms = (r->args->interval != 0 ? r->args->interval : WATCH_SECONDS) * 1000;
	enum dc_code rc;

	for (bool first = true; (rc = watch_once(r, first)) == DC_OK; first = false)
		pause_for(ms);
	return rc;
}

/* --- wait --- */

static enum dc_code
wait_command(struct run *r)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);
	const struct arguments *a = r->args;
	const struct wish wish = {.expect = a->expect,
	    .n = a->expect_n,
	    .gone = a->gone,
	    .timeout = a->timeout,
	    .interval = a->interval,
	    .who = run_typed(r, a->ids_n - 1)};
	enum dc_code rc = wait_for(r, a->command, r->ids, &wish, &out);

	if (rc != DC_OK || (a->quiet && !print_is_for_programs(&r->look)))
		return rc;
	return run_put(r, &out);
}

/* --- the command --- */

static enum dc_code
tell_call(struct run *r, const struct request *request)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);

	buf_printf(&out, "%s %s%s%s%s\n", request->command->method, r->settings->endpoint, request->path,
	    request->query[0] != '\0' ? "?" : "", request->query);
	if (request->body != NULL)
		print_json(&out, request->body);
	return run_put(r, &out);
}

static enum dc_code
dry_run(struct run *r)
{
	_cleanup_buf_ struct buf query = BUF_INIT(QUERY_MAX), page = BUF_INIT(QUERY_MAX);
	const struct list_limits limits = limits_of(r->args);
	struct request request;
	enum dc_code rc = DC_OK;

	arguments_query(r->args, &query);
	request = request_of(r, &query);
	if (r->args->command->kind == COMMAND_LIST) {
		client_page_query(&request, &limits, 0, limits.marker, &page);
		request.query = buf_str(&page);
	}
	if (strcmp(r->args->command->method, "DELETE") != 0 || r->args->command->ids_n == 0)
		return tell_call(r, &request);
	for (size_t i = r->args->command->ids_n - 1; i < r->args->ids_n && rc == DC_OK; i++) {
		request.path = client_path(r->args->command, r->settings->project_id, run_ids_for(r, i), r->arena);
		rc = tell_call(r, &request);
	}
	return rc;
}

/* Names that were typed become ids. */
static enum dc_code
resolve_names(struct run *r)
{
	const struct arguments *a = r->args;
	const struct command *c = a->command;
	enum dc_code rc;

	r->ids = arena_array(r->arena, a->ids_n + 1, sizeof(*r->ids));
	for (size_t i = 0; i < a->ids_n; i++) {
		size_t place = i < c->ids_n ? i : c->ids_n - 1;
		const char *parent = place > 0 ? r->ids[place - 1] : NULL;

		if ((rc = resolve_id(r->names, c, place, parent, a->ids[i], &r->ids[i], r->err)) != DC_OK)
			return rc;
	}
	for (size_t i = 0; i < a->filters_n; i++) {
		const struct names_place where = {.resources = a->filters[i].ref, .operator_side = c->operator_side};

		if (where.resources != NULL &&
		    (rc = names_find(r->names, &where, a->filters[i].value, &a->filters[i].value, r->err)) != DC_OK)
			return rc;
	}
	return a->body != NULL ? resolve_body(r->names, r->spec, c->body, a->body, c->operator_side, r->err) : DC_OK;
}

/* --project may be a name, where the operator's list of projects may be read. */
static enum dc_code
resolve_project(struct run *r, struct settings *s)
{
	struct names_place where = {.operator_side = true};
	size_t n;
	const struct noun *noun = spec_nouns(r->spec, &n);

	for (size_t i = 0; i < n && where.resources == NULL; i++)
		where.resources = noun[i].commands[0].project_ref;
	if (s->project_id == NULL || where.resources == NULL)
		return DC_OK;
	return names_find(r->names, &where, s->project_id, &s->project_id, r->err);
}

static enum dc_code
run_api_command(struct run *r)
{
	const struct command *c = r->args->command;
	enum dc_code rc;

	if ((!r->args->dry_run || c->in_project) && (rc = client_check(r->settings, c, r->err)) != DC_OK &&
	    !(r->args->dry_run && rc == DC_E_UNAUTHORIZED))
		return rc;
	if ((rc = resolve_names(r)) != DC_OK)
		return rc;
	if (r->args->dry_run)
		return dry_run(r);
	if (c->kind == COMMAND_WAIT)
		return wait_command(r);
	if (strcmp(c->method, "DELETE") == 0 && c->ids_n > 0)
		return run_delete(r);
	return r->args->watch ? watch(r) : read_once(r);
}

static enum dc_code
run_tool(struct run *r)
{
	enum command_kind kind = r->args->command->kind;

	if (kind == COMMAND_APPLY || kind == COMMAND_DIFF)
		return tool_apply(r);
	if (kind == COMMAND_EXPORT)
		return tool_export(r);
	return r->args->watch ? watch(r) : read_once(r);
}

/* --- the terminal --- */

static size_t
terminal_width(void)
{
	const char *columns = getenv("COLUMNS"), *wrong = NULL;
	struct winsize size = {0};
	long long n = columns != NULL ? strtonum(columns, WIDTH_MIN, 10000, &wrong) : 0;

	if (columns != NULL && wrong == NULL)
		return (size_t)n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_MIN)
		return size.ws_col;
	return WIDTH_USUAL;
}

/* https://no-color.org */
static bool
may_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no == NULL || no[0] == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
}

static struct look
look_of(const struct arguments *a)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;

	return (struct look){
	    .output = a->output,
	    .columns = a->columns,
	    .header = !a->no_header,
	    .terminal = terminal,
	    .width = terminal ? terminal_width() : 0,
	    .color = terminal && may_color(),
	    .now = utc_now(),
	    .operator_side = a->command->operator_side,
	    .own = a->command->project_ref,
	};
}

enum dc_code
run_command(
    const struct spec *spec, const struct arguments *args, const struct settings *settings, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct settings here = *settings;
	const struct client_options options = {spec, &here, args->max_time, args->verbose};
	struct run r = {
	    .spec = spec, .args = args, .settings = &here, .arena = arena, .look = look_of(args), .err = err};
	enum dc_code rc = client_open(&options, &r.client, err);

	if (rc != DC_OK)
		return rc;
	r.names = r.look.names = names_new(r.client, spec, arena);
	rc = resolve_project(&r, &here);
	r.look.project = here.project_id;
	if (rc == DC_OK)
		rc = tool_is(args->command) ? run_tool(&r) : run_api_command(&r);
	names_free(r.names);
	client_close(r.client);
	return rc;
}
