/* SPDX-License-Identifier: ISC */
/* Events: one row for each change, kept by age.
 *
 * Nobody can push events out, neither another's nor last week's own: an event younger than KEPT_ALL_MS stays, however
 * many there are, and of older events each project keeps the newest OLD_KEPT. So that nobody can fill the disk, the
 * same thing done again within an hour is counted in one row, and a user who does more than BURST_MAX of a kind within
 * an hour has the rest of it counted in one row that names no resource; the log has each call. */
#include "api/crud.h"

#include <inttypes.h>

#include "api/api_priv.h"
#include "auth/tables.h"
#include "store/due.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define KEPT_ALL_MS (30 * DAY_MS)
#define KEPT_MS (90 * DAY_MS)
#define OLD_KEPT 10000
#define TRIM_PROJECTS 64 /* in one transaction */
#define SAME_MS (INT64_C(3600) * 1000)
#define BURST_MAX 1000
#define RATES_KEPT 24 /* hours */

/* Of refused credentials: one event per address and name each REFUSED_EVERY_MS, and REFUSED_PER_SECOND of all. */
#define REFUSED_SLOTS 64
#define REFUSED_EVERY_MS 5000
#define REFUSED_PER_SECOND 10

struct event_row {
	struct f_text id, project_id;
	struct f_int create_time, last_time, count;
	struct f_text action, kind, resource_id, user_id, user_name, address, credential, request_id;
};

#define MAY VIEW_OP_ANSWER

static const struct field event_fields[] = {
    {AT(event_row, id), .kind = F_UUID, .may = MAY, .must = MAY, .sort = true,
	.doc = "Id of the event; by it events are in the order they happened."},
    {AT(event_row, project_id), .ref = "project", .kind = F_HEX32, .may = MAY, .nullable = true, .filter = true,
	.cli = true, .doc = "Project it concerns; null: the operator's own things."},
    {AT(event_row, create_time), .kind = F_TIME, .may = MAY, .must = MAY, .sort = true, .cli = true, .doc = "When."},
    {AT(event_row, last_time), .kind = F_TIME, .may = MAY, .must = MAY,
	.doc = "When for the last time, where count is more than 1."},
    {AT(event_row, count), .kind = F_INT, .may = MAY, .must = MAY, .min = 1, .max = INT64_MAX, .cli = true,
	.doc = "How often within the hour: the same, or, without a resource, more of the kind by this user."},
    {AT(event_row, action), .kind = F_TEXT, .may = MAY, .must = MAY, .max = 64, .filter = true, .cli = true,
	.doc = "What was done: create, update, delete and others."},
    {AT(event_row, kind), .kind = F_TEXT, .may = MAY, .must = MAY, .max = 64, .filter = true, .cli = true,
	.doc = "Kind of resource."},
    {AT(event_row, resource_id), .ref_kind = "kind", .kind = F_TEXT, .may = MAY, .max = 64, .nullable = true,
	.filter = true, .fold = true, .cli = true, .doc = "Its id."},
    {AT(event_row, user_id), .kind = F_TEXT, .may = MAY, .max = 64, .nullable = true, .filter = true, .fold = true,
	.doc = "Who; null: the service itself."},
    {AT(event_row, user_name), .kind = F_TEXT, .may = MAY, .max = 64, .nullable = true, .cli = true,
	.doc = "Who, by name; for an edge its id."},
    {AT(event_row, address), .kind = F_TEXT, .may = MAY, .max = 64, .nullable = true, .filter = true, .cli = true,
	.doc = "Address that the call came from."},
    {AT(event_row, credential), .kind = F_TEXT, .may = MAY, .max = 64, .nullable = true, .filter = true,
	.doc = "Access key that signed the call, or id of its token; never the secret."},
    {AT(event_row, request_id), .kind = F_HEX32, .may = MAY, .nullable = true, .filter = true,
	.doc = "The call's X-Request-Id."},
    {.name = NULL},
};

static const struct field_column event_columns[] = {
    {.title = "time", .member = "create_time"},
    {.title = "user", .member = "user_name"},
    {.member = "action"},
    {.member = "kind"},
    {.title = "resource", .member = "resource_id"},
    {.title = "times", .member = "count"},
    {.member = "address"},
    {0},
};

const struct field_table event_table = {
    .name = "Event",
    .sql = "event",
    .size = sizeof(struct event_row),
    .columns = event_columns,
    .fields = event_fields,
};

const struct resource event_resource = {
    .name = "event",
    .plural = "events",
    .title = "event",
    .trail = &(const struct trail){"create_time", "user_name", "action", "kind", "resource_id", "address", "count"},
    .table = &event_table,
    .missing = DC_E_NOT_FOUND,
    .routes = event_routes,
};

const struct route event_routes[] = {
    {.method = M_GET,
	.path = "/dcaas/v1/events",
	.role = ROLE_OPERATOR,
	.res = &event_resource,
	.run = crud_list,
	.operation = "ListEvents",
	.summary = "List what was done, by whom and when."},
    {.path = NULL},
};

/* --- the same rows, as a tenant sees those of a project --- */

#define OWN VIEW_ANSWER

static const struct field project_event_fields[] = {
    {AT(event_row, id), .kind = F_UUID, .may = OWN, .must = OWN, .sort = true,
	.doc = "Id of the event; by it events are in the order they happened."},
    {AT(event_row, project_id), .ref = "project", .kind = F_HEX32, .doc = "Project it concerns."},
    {AT(event_row, create_time), .kind = F_TIME, .may = OWN, .must = OWN, .sort = true, .cli = true, .doc = "When."},
    {AT(event_row, last_time), .kind = F_TIME, .may = OWN, .must = OWN,
	.doc = "When for the last time, where count is more than 1."},
    {AT(event_row, count), .kind = F_INT, .may = OWN, .must = OWN, .min = 1, .max = INT64_MAX, .cli = true,
	.doc = "How often within the hour: the same, or, without a resource, more of the kind by this user."},
    {AT(event_row, action), .kind = F_TEXT, .may = OWN, .must = OWN, .max = 64, .filter = true, .cli = true,
	.doc = "What was done: create, update, delete and others."},
    {AT(event_row, kind), .kind = F_TEXT, .may = OWN, .must = OWN, .max = 64, .filter = true, .cli = true,
	.doc = "Kind of resource."},
    {AT(event_row, resource_id), .ref_kind = "kind", .kind = F_TEXT, .may = OWN, .max = 64, .nullable = true,
	.filter = true, .fold = true, .cli = true, .doc = "Its id."},
    {AT(event_row, user_id), .kind = F_TEXT, .may = OWN, .max = 64, .nullable = true,
	.doc = "Which of the project's users; null: the operator, or the service itself."},
    {AT(event_row, user_name), .kind = F_TEXT, .may = OWN, .max = 64, .nullable = true, .cli = true,
	.doc = "The user's name."},
    {AT(event_row, address), .kind = F_TEXT, .may = OWN, .max = 64, .nullable = true, .cli = true,
	.doc = "Address that the user's call came from."},
    {AT(event_row, credential), .kind = F_TEXT, .may = OWN, .max = 64, .nullable = true,
	.doc = "Access key that signed the call, or id of its token; never the secret."},
    {AT(event_row, request_id), .kind = F_HEX32, .may = OWN, .nullable = true, .filter = true,
	.doc = "The call's X-Request-Id."},
    {.name = NULL},
};

static const struct field_table project_event_table = {
    .name = "ProjectEvent",
    .sql = "event",
    .size = sizeof(struct event_row),
    .columns = event_columns,
    .fields = project_event_fields,
};

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct user_row *)a)->id.v, ((const struct user_row *)b)->id.v);
}

/* Of other users than the project's own a tenant sees the change, and not who made it, from where and with what key.
 * The users come sorted by id. */
static enum dc_code
hide_others(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct event_row *events = rows;
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	size_t asked = 0, count;
	void *found;
	enum dc_code rc;

	for (size_t i = 0; i < n; i++)
		if (events[i].user_id.set == GIVEN)
			ids[asked++] = events[i].user_id.v;
	if ((rc = query_list(tx, &user_table, Q(Q_IN("id", ids)), NULL, &found, &count, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct event_row *e = &events[i];
		struct user_row key = {.id = e->user_id};
		const struct user_row *user =
		    e->user_id.set == GIVEN && count > 0 ? bsearch(&key, found, count, sizeof(key), by_id) : NULL;

		if (user == NULL || user->project_id.set != GIVEN || strcmp(user->project_id.v, call->project) != 0)
			e->user_id = e->user_name = e->address = e->credential = (struct f_text){0};
	}
	return DC_OK;
}

const struct resource project_event_resource = {
    .name = "project_event",
    .plural = "project_events",
    .title = "event of the project",
    .trail = &(const struct trail){"create_time", "user_name", "action", "kind", "resource_id", "address", "count"},
    .table = &project_event_table,
    .owner = "project_id",
    .missing = DC_E_NOT_FOUND,
    .embed = hide_others,
    .routes = project_event_routes,
};

const struct route project_event_routes[] = {
    {.method = M_GET,
	.path = "/dcaas/v1/projects/{project_id}/events",
	.role = ROLE_READER,
	.res = &project_event_resource,
	.run = crud_list,
	.operation = "ListProjectEvents",
	.summary = "List what was done in the project, by whom and when."},
    {.path = NULL},
};

/* How much of a kind a user does within an hour. */
struct rate_row {
	struct f_text id;
	struct f_int hour, done;
};

static const struct field rate_fields[] = {
    {AT(rate_row, id), .kind = F_TEXT, .max = 256},
    {AT(rate_row, hour), .kind = F_INT},
    {AT(rate_row, done), .kind = F_INT},
    {.name = NULL},
};
const struct field_table event_rate_table = {
    .name = "EventRate",
    .sql = "event_rate",
    .size = sizeof(struct rate_row),
    .fields = rate_fields,
};

static const char *
text_or(const char *text, const char *other)
{
	return text != NULL ? text : other;
}

/* The smallest id that could be made at this time (UUIDv7). */
static const char *
id_at(utc_ms when, struct arena *arena)
{
	uint64_t ms = when > 0 ? (uint64_t)when : 0;

	return arena_printf(arena, "%08" PRIx64 "-%04" PRIx64 "-7000-8000-000000000000", ms >> 16, ms & 0xffff);
}

static struct query_cond
is_text(const char *column, const char *text)
{
	return text != NULL ? (struct query_cond)Q_EQ(column, text) : (struct query_cond)Q_IS_NULL(column);
}

/* Of what is older than KEPT_ALL_MS, all but the project's newest. */
static enum dc_code
trim_project(struct tx *tx, const char *project, struct dc_error *err)
{
	struct query_page newest = {.sort = "id", .descending = true, .offset = OLD_KEPT, .limit = 1};
	const struct query_cond of_project = is_text("project_id", project);
	const char *old = id_at(tx_now(tx) - KEPT_ALL_MS, tx_arena(tx));
	void *rows = NULL;
	size_t n = 0;
	enum dc_code rc = query_list(
	    tx, &event_table, Q(of_project, {.column = "id", .op = Q_OP_LT, .text = old}), &newest, &rows, &n, err);

	if (rc != DC_OK || n == 0)
		return rc;
	return query_delete(tx, &event_table,
	    Q(of_project, {.column = "id", .op = Q_OP_LE, .text = ((const struct event_row *)rows)->id.v}), NULL, err);
}

/* What is too old for all of them, and what belongs to no project. */
static enum dc_code
trim_all(struct tx *tx, struct dc_error *err)
{
	enum dc_code rc;

	if ((rc = query_delete(tx, &event_table, Q(Q_LT_INT("create_time", tx_now(tx) - KEPT_MS)), NULL, err)) !=
		DC_OK ||
	    (rc = query_delete(
		 tx, &event_rate_table, Q(Q_LT_INT("hour", tx_now(tx) / SAME_MS - RATES_KEPT)), NULL, err)) != DC_OK)
		return rc;
	return trim_project(tx, NULL, err);
}

enum dc_code
event_trim(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	const char *project = due->ref.v, *next = NULL;
	enum dc_code rc = project == NULL ? trim_all(tx, err) : DC_OK;

	(void)user;
	for (size_t i = 0; i < TRIM_PROJECTS; i++, project = next) {
		if (rc != DC_OK ||
		    (rc = query_next(tx, &event_table, "project_id", text_or(project, ""), Q_ALL, &next, err)) != DC_OK)
			return rc;
		if (next == NULL)
			return due_set(tx, EVENT_TRIM, "", NULL, tx_now(tx) + EVENT_TRIM_MS, err);
		rc = trim_project(tx, next, err);
	}
	return rc == DC_OK ? due_set(tx, EVENT_TRIM, "", project, tx_now(tx), err) : rc;
}

/* This hour's row of the same event, counted once more; *found false: there is none. */
static enum dc_code
count_in(struct tx *tx, const struct event_row *row, bool *found, struct dc_error *err)
{
	static const char *const columns[] = {"count", "last_time", "request_id", NULL};
	struct query_page newest = {.sort = "create_time", .descending = true, .limit = 1};
	const struct query_cond *same = Q(is_text("resource_id", row->resource_id.v), Q_EQ("action", row->action.v),
	    Q_GT_INT("create_time", tx_now(tx) - SAME_MS), Q_LE_INT("create_time", tx_now(tx)),
	    Q_EQ("kind", row->kind.v), is_text("project_id", row->project_id.v), is_text("user_id", row->user_id.v),
	    is_text("user_name", row->user_name.v), is_text("address", row->address.v),
	    is_text("credential", row->credential.v));
	struct event_row *before;
	void *rows = NULL;
	size_t n = 0;
	enum dc_code rc;

	*found = false;
	if ((rc = query_list(tx, &event_table, same, &newest, &rows, &n, err)) != DC_OK || n == 0)
		return rc;
	*found = true;
	before = rows;
	F_SET_INT(before->count, before->count.v + row->count.v);
	before->last_time = row->last_time;
	before->request_id = row->request_id;
	return query_set(tx, &event_table, columns, before, Q(Q_EQ("id", before->id.v)), NULL, err);
}

/* Counts it; whether the user has done so much of this kind within the hour that more is only counted. */
static enum dc_code
is_burst(struct tx *tx, const struct event_row *row, bool *ret, struct dc_error *err)
{
	int64_t hour = tx_now(tx) / SAME_MS, done = 1;
	const char *id = arena_printf(tx_arena(tx), "%s %" PRId64 " %s %s %s", text_or(row->project_id.v, "-"), hour,
	    text_or(row->user_id.v, text_or(row->user_name.v, "-")), row->action.v, row->kind.v);
	struct rate_row rate = {0};
	enum dc_code rc = query_bump(tx, &event_rate_table, id, "done", 1, &done, err);

	*ret = done > BURST_MAX;
	if (rc != DC_E_NOT_FOUND)
		return rc;
	F_SET_TEXT(rate.id, id);
	F_SET_INT(rate.hour, hour);
	F_SET_INT(rate.done, 1);
	return query_insert(tx, &event_rate_table, &rate, err);
}

static enum dc_code
add(struct tx *tx, struct event_row *row, struct dc_error *err)
{
	char own_id[UUID_TEXT_SIZE];
	bool found = false, burst = false;
	enum dc_code rc;

	F_SET_INT(row->create_time, tx_now(tx));
	F_SET_INT(row->last_time, tx_now(tx));
	/* What was made just now was not made before. */
	if (strcmp(row->action.v, "create") != 0 && (rc = count_in(tx, row, &found, err)) != DC_OK)
		return rc;
	if (found)
		return DC_OK;
	if ((rc = is_burst(tx, row, &burst, err)) != DC_OK)
		return rc;
	if (burst) {
		F_SET_TEXT(row->resource_id, NULL);
		if ((rc = count_in(tx, row, &found, err)) != DC_OK || found)
			return rc;
	}
	uuid_new(own_id);
	F_SET_TEXT(row->id, own_id);
	return query_insert(tx, &event_table, row, err);
}

enum dc_code
event_add_for(struct tx *tx, const struct call *call, const char *project, const char *action, const char *kind,
    const char *id, struct dc_error *err)
{
	struct event_row row = {0};

	F_SET_TEXT(row.project_id, project);
	F_SET_INT(row.count, 1);
	F_SET_TEXT(row.action, action);
	F_SET_TEXT(row.kind, kind);
	F_SET_TEXT(row.resource_id, id);
	F_SET_TEXT(row.user_id, call->who.user_id);
	F_SET_TEXT(row.user_name, call->who.edge_id != NULL ? call->who.edge_id : call->who.user_name);
	F_SET_TEXT(row.address, call->address);
	F_SET_TEXT(row.credential, call->who.edge_id == NULL ? call->who.credential_id : NULL);
	F_SET_TEXT(row.request_id, call->request_id);
	return add(tx, &row, err);
}

enum dc_code
event_add(
    struct tx *tx, const struct call *call, const char *action, const char *kind, const char *id, struct dc_error *err)
{
	return event_add_for(tx, call, call->project, action, kind, id, err);
}

/* --- refused credentials --- */

struct refused_slot {
	uint32_t hash;
	int64_t last_ms; /* monotonic; 0: free */
	int64_t unsaid;  /* refused since, without an event */
};

/* Whether this event gets a row, and how many it stands for. The log has what is left out, like each call. */
static bool
is_told(uint32_t hash, int64_t *count)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct refused_slot slots[REFUSED_SLOTS];
	static int64_t second, told;
	struct refused_slot *slot = &slots[hash % REFUSED_SLOTS];
	int64_t now = monotonic_now().ms;
	bool tell;

	pthread_mutex_lock(&lock);
	if (slot->hash != hash)
		*slot = (struct refused_slot){.hash = hash};
	if (now / 1000 != second) {
		second = now / 1000;
		told = 0;
	}
	slot->unsaid++;
	tell = told < REFUSED_PER_SECOND && (slot->last_ms == 0 || now - slot->last_ms >= REFUSED_EVERY_MS);
	if (tell) {
		told++;
		*count = slot->unsaid;
		*slot = (struct refused_slot){.hash = hash, .last_ms = now};
	}
	pthread_mutex_unlock(&lock);
	return tell;
}

struct refusal {
	struct arena *arena;
	struct event_row row;
};

static enum dc_code
refusal_run(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct refusal *r = arg;
	struct event_row row = r->row;

	return add(tx, &row, err);
}

static void
refusal_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct refusal *r = arg;

	(void)rc;
	(void)err;
	arena_free(r->arena);
}

void
event_refused(const struct call *call)
{
	const struct identity *who = &call->who;
	_cleanup_arena_ struct arena *own = arena_new();
	const char *name = who->edge_id != NULL ? who->edge_id : who->user_name;
	struct arena *arena;
	struct refusal *r;
	int64_t count = 0;

	if (!is_told(text_hash(arena_printf(own, "%s %s %s", text_or(call->address, "-"), text_or(name, "-"),
			 text_or(who->credential_id, "-"))),
		&count))
		return;
	arena = arena_new();
	r = arena_new_of(arena, struct refusal);
	r->arena = arena;
	F_SET_INT(r->row.count, count);
	F_SET_TEXT(r->row.action, "refuse");
	F_SET_TEXT(r->row.kind, "credential");
	F_SET_TEXT(r->row.user_id, arena_strdup(arena, who->user_id));
	F_SET_TEXT(r->row.resource_id, arena_strdup(arena, who->user_id));
	F_SET_TEXT(r->row.user_name, arena_strdup(arena, name));
	F_SET_TEXT(r->row.address, arena_strdup(arena, call->address));
	F_SET_TEXT(r->row.credential, arena_strdup(arena, who->credential_id));
	F_SET_TEXT(r->row.request_id, arena_strdup(arena, call->request_id));
	store_submit(api_get_options(call->api)->store, refusal_run, r, refusal_done);
}
