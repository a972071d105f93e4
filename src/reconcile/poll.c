/* SPDX-License-Identifier: ISC */
/* poll.c - desired down: a snapshot or what changed, for one edge, whole or in parts. */
#include <string.h>

#include "reconcile/edge.h"
#include "store/snapshot.h"

enum dc_code
edge_rows_create(struct tx *tx, const char *edge_id, int64_t report_interval, struct dc_error *err)
{
	struct edge_revision revision = {0};
	struct edge_report report = {0};
	enum dc_code rc;

	F_SET_TEXT(revision.id, edge_id);
	F_SET_INT(revision.revision, 0);
	F_SET_INT(revision.floor, 0);
	F_SET_TEXT(report.id, edge_id);
	F_SET_INT(report.sequence, 0);
	F_SET_INT(report.part, 0);
	F_SET_BOOL(report.unfinished, false);
	F_SET_INT(report.series, 0);
	F_SET_INT(report.revision, 0);
	F_SET_BOOL(report.held, false);
	F_SET_INT(report.report_interval, report_interval);
	if ((rc = query_insert(tx, &edge_revision_table, &revision, err)) != DC_OK)
		return rc;
	return query_insert(tx, &edge_report_table, &report, err);
}

/* The kind's secret member, put back into the body for the one who has to know it. */
static enum dc_code
body_with_secret(struct tx *tx, const struct edge_object *o, const char **ret, struct dc_error *err)
{
	const struct field_table *table = object_kind_table(object_kind_parse(o->kind.v));
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
	struct json out = JSON_INIT(&text);
	json_t *json;
	void *row;
	enum dc_code rc;

	if (o->secret.set != GIVEN || table == NULL) {
		*ret = o->body.v;
		return DC_OK;
	}
	if ((rc = field_parse(o->body.v, strlen(o->body.v), &json, err)) != DC_OK)
		return rc;
	rc = field_decode(table, VIEW_WIRE, json, o->kind.v, tx_arena(tx), &row, err);
	json_decref(json);
	if (rc != DC_OK)
		return rc;
	for (const struct field *f = table->fields; f->name != NULL; f++)
		if (f->kind == F_SECRET)
			*(struct f_text *)field_ptr(f, row) = o->secret;
	field_encode(table, VIEW_WIRE, row, NULL, &out);
	if (text.failed)
		return dc_fail(err, DC_E_SYSTEM, NULL, "%s is too large for its edge", o->key.v);
	*ret = arena_strdup(tx_arena(tx), buf_str(&text));
	return DC_OK;
}

/* --- which part of an answer --- */

/* Where the part before ended, in the order of (revision, id), and what all parts of one answer have in common. */
struct cursor {
	bool full;
	int64_t begun; /* the edge's revision at the first part: what was dropped since then is missing */
	int64_t part;  /* that this one is */
	int64_t revision;
	const char *id; /* "": from that revision on, without it */
};

static const char *
cursor_text(const struct cursor *c, const char *epoch, struct arena *arena)
{
	return arena_printf(arena, "%s/%d/%lld/%lld/%lld/%s", epoch, c->full, (long long)c->begun, (long long)c->part,
	    (long long)c->revision, c->id);
}

/* False for anything that was not made by cursor_text() of this store. */
static bool
cursor_parse(const char *text, const char *epoch, struct arena *arena, struct cursor *ret)
{
	char *rest = arena_strdup(arena, text), *word[6];
	const char *wrong[4] = {NULL};

	for (size_t i = 0; i < 6; i++)
		if ((word[i] = strsep(&rest, "/")) == NULL)
			return false;
	ret->full = strtonum(word[1], 0, 1, &wrong[0]) == 1;
	ret->begun = strtonum(word[2], 0, INT64_MAX, &wrong[1]);
	ret->part = strtonum(word[3], 2, INT32_MAX, &wrong[2]);
	ret->revision = strtonum(word[4], 0, INT64_MAX, &wrong[3]);
	ret->id = word[5];
	return rest == NULL && strcmp(word[0], epoch) == 0 && uuid_is_valid(ret->id) && wrong[0] == NULL &&
	       wrong[1] == NULL && wrong[2] == NULL && wrong[3] == NULL;
}

/* The objects behind the cursor, in order, at most `most`; 0: all. */
static enum dc_code
list_objects(struct tx *tx, const char *edge_id, const struct cursor *at, int64_t most, struct edge_object **ret,
    size_t *n, struct dc_error *err)
{
	struct query_page same = {.limit = most}, later = {.sort = "revision", .limit = most};
	struct edge_object *all;
	void *first = NULL, *second = NULL;
	size_t firsts = 0, seconds = 0;
	enum dc_code rc = DC_OK;

	if (at->id[0] != '\0')
		rc = query_list(tx, &edge_object_table,
		    Q(Q_EQ("edge_id", edge_id), Q_EQ_INT("revision", at->revision),
			{.column = "id", .op = Q_OP_GT, .text = at->id}),
		    &same, &first, &firsts, err);
	later.limit -= (int64_t)firsts;
	if (rc == DC_OK && (most == 0 || later.limit > 0))
		rc = query_list(tx, &edge_object_table, Q(Q_EQ("edge_id", edge_id), Q_GT_INT("revision", at->revision)),
		    &later, &second, &seconds, err);
	if (rc != DC_OK)
		return rc;
	all = arena_array(tx_arena(tx), firsts + seconds + 1, sizeof(*all));
	if (firsts > 0)
		memcpy(all, first, firsts * sizeof(*all));
	if (seconds > 0)
		memcpy(all + firsts, second, seconds * sizeof(*all));
	*ret = all;
	*n = firsts + seconds;
	return DC_OK;
}

static size_t
size_of(const struct wire_object *o)
{
	return strlen(o->key.v) + strlen(o->kind.v) + (o->body.v != NULL ? strlen(o->body.v) : 0) + 80;
}

/* Objects of one answer, or of one part: then *next is where the following one begins, NULL: it is the last. */
static enum dc_code
fill_objects(struct tx *tx, const char *edge_id, struct cursor *at, bool parts, struct wire_desired *desired,
    struct dc_error *err)
{
	struct wire_object *out;
	struct edge_object *row;
	size_t n, filled = 0, bytes = 0;
	enum dc_code rc;

	if ((rc = list_objects(tx, edge_id, at, parts ? WIRE_PART_OBJECTS : 0, &row, &n, err)) != DC_OK)
		return rc;
	out = arena_array(tx_arena(tx), n + 1, sizeof(*out));
	for (; filled < n && (!parts || bytes < WIRE_PART_BYTES); filled++) {
		const struct edge_object *o = &row[filled];
		struct wire_object *w = &out[filled];
		const char *body = NULL;

		if (!o->deleted.v && (rc = body_with_secret(tx, o, &body, err)) != DC_OK)
			return rc;
		w->key = o->key;
		w->kind = o->kind;
		w->revision = o->revision;
		w->deleted = o->deleted;
		F_SET_TEXT(w->body, body);
		bytes += size_of(w);
	}
	desired->objects = (struct f_objects){GIVEN, filled, out};
	if (!parts)
		return DC_OK;
	F_SET_INT(desired->part, at->part);
	if (filled < n || n == WIRE_PART_OBJECTS) {
		at->part++;
		at->revision = row[filled - 1].revision.v;
		at->id = row[filled - 1].id.v;
		F_SET_TEXT(desired->next, cursor_text(at, tx_epoch(tx), tx_arena(tx)));
	}
	return DC_OK;
}

/* The requested part continues an answer that was begun, and nothing of that was dropped since. */
static bool
goes_on(struct tx *tx, const struct edge_poll *poll, const struct edge_revision *newest, struct cursor *ret)
{
	return poll->parts && poll->next != NULL && cursor_parse(poll->next, tx_epoch(tx), tx_arena(tx), ret) &&
	       ret->begun >= newest->floor.v && ret->begun <= newest->revision.v;
}

/* A simulated edge whose orders are of a database that a snapshot has taken the place of: a tester wants it to follow.
 * A real router waits for the operator's word. */
static bool
follows(const struct tx *tx, const struct edge_poll *poll, const struct edge_report *report)
{
	return tx_epoch_was_ended(tx, poll->epoch) && report->fabric.set == GIVEN &&
	       strcmp(report->fabric.v, "sim") == 0;
}

/* The state that an edge may leave without holding: the one that the operator has confirmed. */
static void
take_confirmed(struct tx *tx, const struct edge_poll *poll, struct edge_report *report)
{
	if (!follows(tx, poll, report))
		return;
	F_SET_TEXT(report->confirm_epoch, poll->epoch);
	F_SET_INT(report->confirm_revision, poll->revision);
}

/* Where an answer begins. False: there is no news. */
static bool
begins(struct tx *tx, const struct edge_poll *poll, const struct edge_revision *newest,
    const struct edge_report *report, struct cursor *ret)
{
	bool same_epoch = poll->epoch != NULL && strcmp(poll->epoch, tx_epoch(tx)) == 0;
	bool full = !same_epoch || poll->revision <= 0 || poll->revision < newest->floor.v ||
		    poll->revision > newest->revision.v;
	bool confirmed = report->confirm_epoch.set == GIVEN && poll->epoch != NULL &&
			 strcmp(report->confirm_epoch.v, poll->epoch) == 0 &&
			 report->confirm_revision.v == poll->revision;

	*ret = (struct cursor){full, newest->revision.v, 1, full ? 0 : poll->revision, ""};
	if (confirmed)
		return true;
	if (same_epoch && poll->revision == newest->revision.v)
		return false;
	/* A held edge asks again and again with what it holds: it is answered at once only when the operator spoke. */
	return !(poll->epoch != NULL && poll->revision > 0 && full && report->held.v);
}

enum dc_code
edge_desired(struct tx *tx, const char *edge_id, const struct edge_poll *poll, struct buf *out, enum edge_news *ret,
    struct dc_error *err)
{
	struct wire_desired desired = {0};
	struct json json = JSON_INIT(out);
	struct edge_revision *newest;
	struct edge_report *report;
	struct cursor at;
	void *row;
	enum dc_code rc;

	if ((rc = query_get(tx, &edge_revision_table, Q(Q_EQ("id", edge_id)), &row, err)) != DC_OK)
		return rc;
	newest = row;
	if ((rc = query_get(tx, &edge_report_table, Q(Q_EQ("id", edge_id)), &row, err)) != DC_OK)
		return rc;
	report = row;
	*ret = EDGE_NOT_FOR_YOU;
	if (twin_is_refused(report, poll->boot, tx_now(tx)))
		return DC_OK;
	*ret = EDGE_NO_NEWS;
	take_confirmed(tx, poll, report);
	if (!goes_on(tx, poll, newest, &at) && !begins(tx, poll, newest, report, &at))
		return DC_OK;
	*ret = EDGE_NEWS;
	F_SET_INT(desired.version, WIRE_VERSION);
	F_SET_TEXT(desired.edge, edge_id);
	F_SET_TEXT(desired.epoch, tx_epoch(tx));
	desired.revision = newest->revision;
	F_SET_BOOL(desired.full, at.full);
	desired.confirm_epoch = report->confirm_epoch;
	desired.confirm_revision = report->confirm_revision;
	desired.report_interval = report->report_interval;
	if ((rc = fill_objects(tx, edge_id, &at, poll->parts, &desired, err)) != DC_OK)
		return rc;
	field_encode(&wire_desired_table, VIEW_WIRE, &desired, NULL, &json);
	return DC_OK;
}
