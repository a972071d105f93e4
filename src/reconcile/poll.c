/* poll.c - desired down: a snapshot or what changed, for one edge. */
#include <string.h>

#include "reconcile/edge.h"

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

static enum dc_code
fill_objects(
    struct tx *tx, const char *edge_id, int64_t since, bool full, struct wire_desired *desired, struct dc_error *err)
{
	struct query_page page = {.sort = "revision"};
	struct wire_object *out;
	struct edge_object *row;
	void *rows;
	size_t n;
	enum dc_code rc;

	if ((rc = query_list(tx, &edge_object_table,
		 full ? Q(Q_EQ("edge_id", edge_id)) : Q(Q_EQ("edge_id", edge_id), Q_GT_INT("revision", since)), &page,
		 &rows, &n, err)) != DC_OK)
		return rc;
	row = rows;
	out = arena_array(tx_arena(tx), n + 1, sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		const char *body = NULL;

		if (!row[i].deleted.v && (rc = body_with_secret(tx, &row[i], &body, err)) != DC_OK)
			return rc;
		out[i].key = row[i].key;
		out[i].kind = row[i].kind;
		out[i].revision = row[i].revision;
		out[i].deleted = row[i].deleted;
		F_SET_TEXT(out[i].body, body);
	}
	desired->objects = (struct f_objects){GIVEN, n, out};
	return DC_OK;
}

enum dc_code
edge_desired(struct tx *tx, const char *edge_id, const char *boot, const char *epoch, int64_t revision, struct buf *out,
    enum edge_news *ret, struct dc_error *err)
{
	struct wire_desired desired = {0};
	struct json json = JSON_INIT(out);
	struct edge_revision *newest;
	struct edge_report *report;
	bool same_epoch, full, confirmed;
	void *row;
	enum dc_code rc;

	if ((rc = query_get(tx, &edge_revision_table, Q(Q_EQ("id", edge_id)), &row, err)) != DC_OK)
		return rc;
	newest = row;
	if ((rc = query_get(tx, &edge_report_table, Q(Q_EQ("id", edge_id)), &row, err)) != DC_OK)
		return rc;
	report = row;
	*ret = EDGE_NOT_FOR_YOU;
	if (twin_is_refused(report, boot, tx_now(tx)))
		return DC_OK;
	same_epoch = epoch != NULL && strcmp(epoch, tx_epoch(tx)) == 0;
	full = !same_epoch || revision <= 0 || revision < newest->floor.v || revision > newest->revision.v;
	confirmed = report->confirm_epoch.set == GIVEN && epoch != NULL &&
		    strcmp(report->confirm_epoch.v, epoch) == 0 && report->confirm_revision.v == revision;
	/* A held edge asks again and again with what it holds: it is answered at once only when the operator spoke. */
	*ret = EDGE_NO_NEWS;
	if (!confirmed && ((same_epoch && revision == newest->revision.v) ||
			      (epoch != NULL && revision > 0 && full && report->held.v)))
		return DC_OK;
	*ret = EDGE_NEWS;
	F_SET_INT(desired.version, WIRE_VERSION);
	F_SET_TEXT(desired.edge, edge_id);
	F_SET_TEXT(desired.epoch, tx_epoch(tx));
	desired.revision = newest->revision;
	F_SET_BOOL(desired.full, full);
	desired.confirm_epoch = report->confirm_epoch;
	desired.confirm_revision = report->confirm_revision;
	desired.report_interval = report->report_interval;
	if ((rc = fill_objects(tx, edge_id, revision, full, &desired, err)) != DC_OK)
		return rc;
	field_encode(&wire_desired_table, VIEW_WIRE, &desired, NULL, &json);
	return DC_OK;
}
