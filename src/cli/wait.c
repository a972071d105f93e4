/* SPDX-License-Identifier: ISC */
#include <time.h>
#include <unistd.h>

#include "base/uuid.h"
#include "cli/run_priv.h"
#include "cli/text.h"

#define WAIT_SECONDS 60
#define FIRST_STEP_MS 250
#define STEP_MS 1000
#define LINE_MAX_BYTES 65536

struct waiting {
	struct run *run;
	const struct command *show;
	const char *const *ids;
	const struct wish *wish;
	struct monotonic begun;
	bool seen; /* it was there once */
	bool told; /* a line of progress stands on the terminal */
};

static void
pause_for(int64_t ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static bool
is_as_wanted(const struct wish *w, json_t *thing)
{
	const char *status = json_string_value(json_object_get(thing, "status"));

	if (w->idle != NULL && status != NULL && strcmp(status, w->idle) == 0)
		return true;
	for (size_t i = 0; i < w->n; i++) {
		if (!json_equal(json_object_get(thing, w->expect[i].member), w->expect[i].value))
			return false;
	}
	return !w->gone;
}

static void
put_member(struct buf *out, const char *member, json_t *value)
{
	buf_printf(out, "%s%s is ", out->len > 0 ? ", " : "", member);
	if (json_is_string(value)) {
		text_safe(out, json_string_value(value));
	} else {
		char *text = json_dumps(value, JSON_ENCODE_ANY);

		text_safe(out, text != NULL ? text : "not there");
		free(text);
	}
}

static bool
is_expected(const struct wish *w, const char *member)
{
	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(w->expect[i].member, member) == 0)
			return true;
	}
	return false;
}

/* What stands in its way: the members as they are, and the reason where there is one. */
static void
describe(const struct wish *w, json_t *thing, struct buf *out)
{
	static const char *const others[] = {"status", "reason"};

	for (size_t i = 0; i < w->n; i++)
		put_member(out, w->expect[i].member, json_object_get(thing, w->expect[i].member));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		json_t *value = json_object_get(thing, others[i]);

		if (json_is_string(value) && value_is_there(value) && !is_expected(w, others[i]))
			put_member(out, others[i], value);
	}
}

/* --- what was never there --- */

/* Whether the operator's trail has an event of it; yes where the trail cannot be read. */
static bool
is_on_record(struct run *r, const char *id)
{
	const struct command *list = spec_trail(r->spec, true);
	struct request request = {.command = list, .path = list != NULL ? list->path : ""};
	struct dc_error ignored = {0};
	json_t *body;
	bool yes;

	if (list == NULL)
		return true;
	request.query = arena_printf(
	    r->arena, "limit=1&%s=%s", json_string_value(json_object_get(list->resource->trail, "thing")), id);
	if (!client_may(r->settings, list) || r->settings->admin_access_key == NULL ||
	    client_json(r->client, &request, NULL, &body, &ignored) != DC_OK)
		return true;
	yes = json_array_size(json_object_get(body, list->member)) > 0;
	json_decref(body);
	return yes;
}

/* What the very first look does not find is gone already, or is a slip of the user's: a name, or an id that nothing is
 * on record of. */
static bool
may_have_been(struct waiting *w)
{
	const char *id = w->ids[w->show->ids_n - 1];

	if ((!uuid_is_valid(id) && !hex32_is_valid(id)) || !is_on_record(w->run, id))
		return false;
	if (!w->run->args->quiet)
		fprintf(stderr, "dcaas: %s was not there when the wait began\n", id);
	return true;
}

/* --- progress --- */

static void
clear_line(struct waiting *w)
{
	if (w->told)
		fputs("\r\033[K", stderr);
	w->told = false;
}

/* One line that changes, for who watches. */
static void
tell_progress(struct waiting *w, const char *now)
{
	_cleanup_buf_ struct buf line = BUF_INIT(LINE_MAX_BYTES), cut = BUF_INIT(LINE_MAX_BYTES);
	size_t width = w->run->look.width > 0 ? w->run->look.width : 80;

	if (w->run->args->quiet || isatty(STDERR_FILENO) != 1)
		return;
	text_age(&line, monotonic_since(w->begun));
	buf_printf(&line, " %s: %s", w->wish->who, now);
	text_cut(&cut, buf_str(&line), width - 1);
	fprintf(stderr, "\r\033[K%s", buf_str(&cut));
	fflush(stderr);
	w->told = true;
}

/* --- looking --- */

enum found { FOUND_NOT_YET, FOUND_DONE, FOUND_FAILED };

/* ERROR is the end of every wait that is not for it: nothing comes after it by itself. */
static enum found
judge(
    struct waiting *w, const struct http_answer *answer, json_t *body, json_t *thing, struct buf *now, enum dc_code *rc)
{
	const char *status = json_string_value(json_object_get(thing, "status"));

	if (w->wish->gone && answer->status == 404 && (w->seen || may_have_been(w)))
		return FOUND_DONE;
	if (!client_is_success(answer)) {
		*rc = client_refused(answer, w->run->err);
		return FOUND_FAILED;
	}
	if (is_as_wanted(w->wish, thing)) {
		*rc = print_thing(w->run, w->show, answer, body, thing, now);
		return FOUND_DONE;
	}
	describe(w->wish, thing, now);
	if (status == NULL || strcmp(status, "ERROR") != 0 || w->wish->gone)
		return FOUND_NOT_YET;
	*rc = dc_fail(w->run->err, DC_E_SYSTEM, NULL, "%s is in ERROR: %s", w->wish->who, buf_str(now));
	return FOUND_FAILED;
}

static enum found
look(struct waiting *w, struct buf *now, enum dc_code *rc)
{
	struct http_answer answer;
	json_t *body, *thing;
	enum found found;

	if ((*rc = run_show(w->run, w->show, w->ids, &answer, &body, &thing)) != DC_OK)
		return FOUND_FAILED;
	buf_reset(now);
	w->seen = w->seen || client_is_success(&answer);
	found = judge(w, &answer, body, thing, now, rc);
	json_decref(body);
	buf_free(&answer.body);
	return found;
}

enum dc_code
wait_for(struct run *r, const struct command *show, const char *const *ids, const struct wish *wish, struct buf *out)
{
	struct waiting w = {
	    .run = r, .show = show, .ids = ids, .wish = wish, .begun = monotonic_now(), .seen = wish->was_there};
	int64_t limit = (wish->timeout != 0 ? wish->timeout : WAIT_SECONDS) * 1000;
	int64_t step = wish->interval != 0 ? wish->interval * 1000 : FIRST_STEP_MS, left;
	enum found found;
	enum dc_code rc = DC_OK;

	while ((found = look(&w, out, &rc)) == FOUND_NOT_YET) {
		if ((left = limit - monotonic_since(w.begun)) <= 0)
			break;
		tell_progress(&w, buf_str(out));
		pause_for(left < step ? left : step);
		/* Quick at first, a second later on. */
		if (wish->interval == 0 && step < STEP_MS)
			step += FIRST_STEP_MS;
	}
	clear_line(&w);
	if (found == FOUND_NOT_YET)
		return dc_fail(r->err, DC_E_AGAIN, NULL, "%s: timed out after %lld s: %s", wish->who,
		    (long long)(limit / 1000), buf_str(out));
	return rc;
}

enum dc_code
wait_until_active(struct run *r, const struct command *show, const char *const *ids, const char *who, struct buf *out)
{
	const struct expectation active = {.member = "status", .value = json_string("ACTIVE")};
	const struct wish wish = {.expect = &active,
	    .n = 1,
	    .idle = show->resource->idle,
	    .timeout = r->args->timeout,
	    .interval = r->args->interval,
	    .who = who};
	enum dc_code rc = wait_for(r, show, ids, &wish, out);

	json_decref(active.value);
	return rc;
}
