/* SPDX-License-Identifier: ISC */
#include "dcaasd/snapshot_routes.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/fault.h"
#include "api/kept.h"
#include "base/log.h"
#include "dcaasd/health.h"
#include "reconcile/edge.h"
#include "store/snapshot.h"

struct entry {
	char *name;
	utc_ms made;
	struct store_snapshot *of;
	struct entry *next;
};

/* One call at a time works with them: none goes while it is put back. */
struct snapshots {
	pthread_mutex_t lock;
	struct entry *first; /* the oldest one */
	size_t n;
};

struct snapshots *
snapshots_new(void)
{
	struct snapshots *s = calloc(1, sizeof(*s));

	if (s == NULL || pthread_mutex_init(&s->lock, NULL) != 0)
		abort(); /* as arenas do */
	return s;
}

static void
entry_free(struct entry *e)
{
	store_snapshot_free(e->of);
	free(e->name);
	free(e);
}

struct snapshots *
snapshots_free(struct snapshots *s)
{
	struct entry *e;

	if (s == NULL)
		return NULL;
	while ((e = s->first) != NULL) {
		s->first = e->next;
		entry_free(e);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

/* Under the lock: the place of the one with this name, or of the end. */
static struct entry **
find(struct snapshots *s, const char *name)
{
	struct entry **at = &s->first;

	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

static bool
drop(struct snapshots *s, const char *name)
{
	struct entry **at = find(s, name), *e = *at;

	if (e == NULL)
		return false;
	*at = e->next;
	s->n--;
	entry_free(e);
	return true;
}

/* --- bodies --- */

#define OUT VIEW_ANSWER

struct snapshot_row {
	struct f_text name;
	struct f_int created_time, bytes, milliseconds;
};

static const struct field_column list_columns[] = {
    {.member = "name"}, {.title = "age", .member = "created_time"}, {.member = "bytes"}, {0}};

static const struct field_table snapshot_table = {
    .name = "Snapshot",
    .size = sizeof(struct snapshot_row),
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(snapshot_row, name), .kind = F_TEXT, .min = 1, .max = 64, .may = VIEW_OP_CREATE | OUT,
		.must = VIEW_OP_CREATE | OUT, .example = "clean",
		.doc = "Its name; an earlier snapshot of that name is replaced."},
	    {AT(snapshot_row, created_time), .kind = F_TIME, .may = OUT, .must = OUT, .doc = "When it was made."},
	    {AT(snapshot_row, bytes), .kind = F_INT, .max = INT64_MAX, .may = OUT, .must = OUT,
		.doc = "Size in memory."},
	    {AT(snapshot_row, milliseconds), .kind = F_INT, .max = INT64_MAX, .nullable = true, .may = OUT,
		.doc = "What the call took; null in lists."},
	    {0},
	},
};

struct one_snapshot {
	struct f_objects snapshot;
	struct f_text request_id;
};

static const struct field_table one_snapshot_table = {
    .name = "OneSnapshot",
    .size = sizeof(struct one_snapshot),
    .fields =
	(const struct field[]){
	    {AT(one_snapshot, snapshot), .kind = F_OBJECT, .of = &snapshot_table, .may = OUT, .must = OUT,
		.doc = "The snapshot."},
	    {AT(one_snapshot, request_id), .kind = F_TEXT, .max = 36, .may = OUT, .must = OUT,
		.doc = "Identifier of this call."},
	    {0},
	},
};

struct snapshot_list {
	struct f_objects snapshots;
	struct f_text request_id;
};

static const struct field_table snapshot_list_table = {
    .name = "SnapshotList",
    .size = sizeof(struct snapshot_list),
    .fields =
	(const struct field[]){
	    {AT(snapshot_list, snapshots), .kind = F_OBJECTS, .of = &snapshot_table, .may = OUT, .must = OUT,
		.doc = "All snapshots, the oldest first."},
	    {AT(snapshot_list, request_id), .kind = F_TEXT, .max = 36, .may = OUT, .must = OUT,
		.doc = "Identifier of this call."},
	    {0},
	},
};

/* Of the path. */
static const struct field_table snapshot_path_table = {
    .name = "SnapshotPath",
    .size = sizeof(struct snapshot_row),
    .fields =
	(const struct field[]){
	    {AT(snapshot_row, name), .kind = F_TEXT, .min = 1, .max = 64, .may = OUT, .doc = "Name of the snapshot."},
	    {0},
	},
};

static void
fill(struct snapshot_row *row, const struct entry *e, struct arena *arena)
{
	F_SET_TEXT(row->name, arena_strdup(arena, e->name));
	F_SET_INT(row->created_time, e->made);
	F_SET_INT(row->bytes, store_snapshot_size(e->of));
}

/* --- calls --- */

static enum dc_code
snapshots_of(const struct call *call, struct snapshots **ret, struct dc_error *err)
{
	const struct shared *shared = api_get_options(call->api)->user;

	*ret = shared->snapshots;
	return *ret != NULL ? DC_OK
			    : dc_fail(err, DC_E_POLICY, NULL,
				  "Only a test double has snapshots: set test_double = yes in dcaasd.conf");
}

/* Under the lock. */
static enum dc_code
take(struct snapshots *all, struct call *call, const char *name, struct snapshot_row *row, struct dc_error *err)
{
	struct store *store = api_get_options(call->api)->store;
	struct store_snapshot *of = NULL;
	struct entry *e, **end;
	enum dc_code rc;

	if (*find(all, name) == NULL && all->n == SNAPSHOTS_MAX)
		return dc_fail(
		    err, DC_E_QUOTA, NULL, "A server keeps at most %d snapshots: delete one first", SNAPSHOTS_MAX);
	if ((rc = store_snapshot_take(store, &of, err)) != DC_OK)
		return rc;
	(void)drop(all, name);
	if ((e = calloc(1, sizeof(*e))) == NULL || (e->name = strdup(name)) == NULL)
		abort();
	e->made = store_time(store);
	e->of = of;
	for (end = &all->first; *end != NULL; end = &(*end)->next)
		;
	*end = e;
	all->n++;
	fill(row, e, call->arena);
	return DC_OK;
}

static enum dc_code
create_snapshot(struct call *call, struct dc_error *err)
{
	const struct snapshot_row *body = call->body;
	struct monotonic began = monotonic_now();
	struct snapshot_row *row = arena_new_of(call->arena, struct snapshot_row);
	struct snapshots *all;
	enum dc_code rc;

	if ((rc = snapshots_of(call, &all, err)) != DC_OK)
		return rc;
	pthread_mutex_lock(&all->lock);
	rc = take(all, call, body->name.v, row, err);
	pthread_mutex_unlock(&all->lock);
	if (rc == DC_OK)
		F_SET_INT(row->milliseconds, monotonic_since(began));
	call->prepared = row;
	return rc;
}

struct restoring {
	const struct shared *shared;
	const struct api_options *options;
	struct edges_seen *seen;
};

static enum dc_code
before_restore(struct tx *tx, void *arg, struct dc_error *err)
{
	struct restoring *r = arg;

	return edges_note(tx, &r->seen, err);
}

static enum dc_code
after_restore(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct restoring *r = arg;

	return edges_carry(tx, r->seen, err);
}

static void
forget_all(void *arg)
{
	const struct restoring *r = arg;

	if (r->options->kept != NULL)
		kept_forget(r->options->kept);
	if (r->options->faults != NULL)
		(void)faults_remove(r->options->faults, NULL);
}

/* Under the lock. */
static enum dc_code
restore(struct snapshots *all, struct call *call, const char *name, struct snapshot_row *row, struct dc_error *err)
{
	const struct entry *e = *find(all, name);
	struct restoring r = {api_get_options(call->api)->user, api_get_options(call->api), NULL};
	const struct store_restoring work = {before_restore, after_restore, forget_all, &r};
	enum dc_code rc;

	if (e == NULL)
		return dc_missing(err, DC_E_NOT_FOUND, "The snapshot %.64s does not exist", name);
	if ((rc = store_snapshot_restore(r.options->store, e->of, &work, err)) != DC_OK)
		return rc;
	fill(row, e, call->arena);
	health_look(r.shared->health);
	return DC_OK;
}

static enum dc_code
restore_snapshot(struct call *call, struct dc_error *err)
{
	struct monotonic began = monotonic_now();
	const char *name = call_param(call, "name");
	struct snapshot_row *row = arena_new_of(call->arena, struct snapshot_row);
	struct snapshots *all;
	enum dc_code rc;

	if ((rc = snapshots_of(call, &all, err)) != DC_OK)
		return rc;
	pthread_mutex_lock(&all->lock);
	rc = restore(all, call, name, row, err);
	pthread_mutex_unlock(&all->lock);
	if (rc != DC_OK)
		return rc;
	F_SET_INT(row->milliseconds, monotonic_since(began));
	dc_log(LOG_NOTICE, "snapshot restored", "name=%s ms=%lld request_id=%s", log_quote(call->arena, name),
	    (long long)row->milliseconds.v, call->request_id);
	call->prepared = row;
	return DC_OK;
}

static enum dc_code
answer_snapshot(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct one_snapshot answer = {.snapshot = {GIVEN, 1, (void *)(uintptr_t)call->prepared}};

	(void)tx;
	(void)err;
	F_SET_TEXT(answer.request_id, call->request_id);
	call_answer_row(call, &answer);
	return DC_OK;
}

static enum dc_code
list_snapshots(struct call *call, struct dc_error *err)
{
	struct snapshot_list *answer = arena_new_of(call->arena, struct snapshot_list);
	struct snapshot_row *rows;
	struct snapshots *all;
	enum dc_code rc = snapshots_of(call, &all, err);

	if (rc != DC_OK)
		return rc;
	pthread_mutex_lock(&all->lock);
	rows = arena_array(call->arena, all->n + 1, sizeof(*rows));
	for (const struct entry *e = all->first; e != NULL; e = e->next)
		fill(&rows[answer->snapshots.n++], e, call->arena);
	pthread_mutex_unlock(&all->lock);
	answer->snapshots.set = GIVEN;
	answer->snapshots.v = rows;
	call->prepared = answer;
	return DC_OK;
}

static enum dc_code
answer_list(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct snapshot_list answer = *(const struct snapshot_list *)call->prepared;

	(void)tx;
	(void)err;
	F_SET_TEXT(answer.request_id, call->request_id);
	call_answer_row(call, &answer);
	return DC_OK;
}

static enum dc_code
delete_snapshot(struct call *call, struct dc_error *err)
{
	const char *name = call_param(call, "name");
	struct snapshots *all;
	bool found;
	enum dc_code rc = snapshots_of(call, &all, err);

	if (rc != DC_OK)
		return rc;
	pthread_mutex_lock(&all->lock);
	found = drop(all, name);
	pthread_mutex_unlock(&all->lock);
	return found ? DC_OK : dc_missing(err, DC_E_NOT_FOUND, "The snapshot %.64s does not exist", name);
}

static enum dc_code
nothing_more(struct tx *tx, struct call *call, struct dc_error *err)
{
	(void)tx;
	(void)call;
	(void)err;
	return DC_OK;
}

#define PATH "/dcaas/v1/snapshots"

const struct route snapshot_routes[] = {
    {M_GET, PATH, ROLE_OPERATOR, ROUTE_NO_FAULTS, .run = answer_list, .answer_table = &snapshot_list_table,
	.operation = "ListSnapshots", .summary = "List the snapshots of the whole service (test double only).",
	.prepare = list_snapshots, .lane = LANE_OPERATOR},
    {M_POST, PATH, ROLE_OPERATOR, ROUTE_NO_FAULTS, .view = VIEW_OP_CREATE, .body_table = &snapshot_table,
	.envelope = "snapshot", .status = 201, .run = answer_snapshot, .answer_table = &one_snapshot_table,
	.operation = "CreateSnapshot",
	.summary = "Keep the whole service as it is now, under a name (test double only).", .prepare = create_snapshot,
	.lane = LANE_OPERATOR},
    {M_POST, PATH "/{name}/restore", ROLE_OPERATOR, ROUTE_NO_FAULTS, .run = answer_snapshot,
	.answer_table = &one_snapshot_table, .query_table = &snapshot_path_table, .operation = "RestoreSnapshot",
	.summary = "Put the whole service back as it was at a snapshot; simulated routers follow (test double only).",
	.prepare = restore_snapshot, .lane = LANE_OPERATOR},
    {M_DELETE, PATH "/{name}", ROLE_OPERATOR, ROUTE_NO_FAULTS, .query_table = &snapshot_path_table, .status = 204,
	.run = nothing_more, .operation = "DeleteSnapshot", .summary = "Drop a snapshot (test double only).",
	.prepare = delete_snapshot, .lane = LANE_OPERATOR},
    {0},
};
