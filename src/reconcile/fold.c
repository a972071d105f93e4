/* fold.c - observed up: one report of an edge into the rows it is about, and then into the resources that own them.
 *
 * Order of reports: (boot, sequence). Another boot must begin with a full report, because what the old process had said
 * is void, and it must not be one of two (twins.c); within a boot, only a higher sequence counts. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "reconcile/edge.h"
#include "reconcile/work.h"

#define APPLIES_KEPT 200 /* per edge */
#define RETIRE_ROUNDS_MAX 16

struct fold {
	struct tx *tx;
	const char *edge_id;
	const struct wire_report *report;
	struct dc_error *err;
};

/* The resource that renders the object is to look at it again. */
static void
touch(struct fold *f, const struct edge_object *o)
{
	work_reported(f->tx, o->holder_kind.v, o->holder_id.v);
}

static enum dc_code
fold_object(struct fold *f, const struct wire_object_state *s)
{
	static const char *const columns[] = {
	    "state", "error", "applied_revision", "carrier", "detail", "updated_time", NULL};
	struct edge_object *row;
	void *found;
	enum dc_code rc;

	rc =
	    query_get(f->tx, &edge_object_table, Q(Q_EQ("edge_id", f->edge_id), Q_EQ("key", s->key.v)), &found, f->err);
	if (rc == DC_E_NOT_FOUND)
		return DC_OK; /* it was let go meanwhile */
	if (rc != DC_OK)
		return rc;
	row = found;
	if (s->revision.v != row->revision.v) {
		/* About an older wish: only what the device shows still counts. */
		if (s->carrier.set == GIVEN && row->carrier.set == GIVEN && s->carrier.v == row->carrier.v)
			return DC_OK;
		row->carrier = s->carrier;
		touch(f, row);
		return query_set(f->tx, &edge_object_table, (const char *const[]){"carrier", NULL}, row,
		    Q(Q_EQ("id", row->id.v)), NULL, f->err);
	}
	touch(f, row);
	if (row->deleted.v && strcmp(s->state.v, "removed") == 0)
		return query_delete(f->tx, &edge_object_table, Q(Q_EQ("id", row->id.v)), NULL, f->err);
	row->state = s->state;
	row->error = s->error;
	row->carrier = s->carrier;
	row->detail = s->detail;
	if (strcmp(s->state.v, "applied") == 0)
		row->applied_revision = row->revision;
	F_SET_INT(row->updated_time, tx_now(f->tx));
	return query_set(f->tx, &edge_object_table, columns, row, Q(Q_EQ("id", row->id.v)), NULL, f->err);
}

static enum dc_code
fold_session(struct fold *f, const struct wire_session *s)
{
	static const char *const key[] = {"id", NULL};
	struct edge_object *object;
	struct edge_session row = {0};
	const char *peer;
	void *found;
	enum dc_code rc;

	rc =
	    query_get(f->tx, &edge_object_table, Q(Q_EQ("edge_id", f->edge_id), Q_EQ("key", s->key.v)), &found, f->err);
	if (rc == DC_E_NOT_FOUND)
		return DC_OK;
	if (rc != DC_OK)
		return rc;
	object = found;
	peer = strchr(s->key.v, '/'); /* keys of neighbours are ours: "bgp/<peer>" */
	if (object->deleted.v || peer == NULL)
		return DC_OK;
	F_SET_TEXT(row.id, peer + 1);
	F_SET_TEXT(row.edge_id, f->edge_id);
	row.key = s->key;
	row.owner_kind = object->owner_kind;
	row.owner_id = object->owner_id;
	row.established = s->established;
	row.state = s->state;
	row.since = s->since;
	row.uptime = s->uptime;
	row.received = s->received;
	row.accepted = s->accepted;
	row.rejected = s->rejected;
	row.advertised = s->advertised;
	row.last_error = s->last_error;
	row.tcp = s->tcp;
	row.md5 = s->md5;
	row.md5_failures = s->md5_failures;
	row.md5_not_found = s->md5_not_found;
	row.md5_unexpected = s->md5_unexpected;
	F_SET_INT(row.observed_time, tx_now(f->tx));
	touch(f, object);
	return query_upsert(f->tx, &edge_session_table, key, &row, f->err);
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys that the report names, sorted. */
static const char **
named_keys(struct fold *f)
{
	const struct wire_object_state *said = f->report->objects.v;
	size_t n = f->report->objects.n;
	const char **keys = arena_array(tx_arena(f->tx), n + 1, sizeof(*keys));

	for (size_t i = 0; i < n; i++)
		keys[i] = said[i].key.v;
	qsort(keys, n, sizeof(*keys), compare_texts);
	return keys;
}

/* A full report says all that there is: applied objects that it does not name are no longer known to be there. */
static enum dc_code
void_unnamed(struct fold *f)
{
	static const char *const columns[] = {"state", NULL};
	const char **named = named_keys(f);
	const struct query_page by_revision = {.sort = "revision"}; /* as an index has them */
	struct edge_object *row;
	void *rows;
	size_t n;
	enum dc_code rc;

	if ((rc = query_list(f->tx, &edge_object_table, Q(Q_EQ("edge_id", f->edge_id), Q_NE("state", "pending")),
		 &by_revision, &rows, &n, f->err)) != DC_OK)
		return rc;
	row = rows;
	for (size_t i = 0; i < n; i++) {
		if (bsearch(&row[i].key.v, named, f->report->objects.n, sizeof(*named), compare_texts) != NULL)
			continue;
		F_SET_TEXT(row[i].state, "pending");
		touch(f, &row[i]);
		if ((rc = query_set(f->tx, &edge_object_table, columns, &row[i], Q(Q_EQ("id", row[i].id.v)), NULL,
			 f->err)) != DC_OK)
			return rc;
	}
	return DC_OK;
}

static enum dc_code
fold_applies(struct fold *f)
{
	const struct wire_apply *a = f->report->applies.v;
	struct query_page page = {.sort = "id", .descending = true, .offset = APPLIES_KEPT, .limit = 1};
	void *rows;
	size_t n;
	enum dc_code rc = DC_OK;

	for (size_t i = 0; f->report->applies.set == GIVEN && i < f->report->applies.n && rc == DC_OK; i++) {
		struct edge_apply row = {0};
		char id[UUID_TEXT_SIZE];

		uuid_new(id);
		F_SET_TEXT(row.id, arena_strdup(tx_arena(f->tx), id));
		F_SET_TEXT(row.edge_id, f->edge_id);
		F_SET_INT(row.applied_time, tx_now(f->tx));
		row.revision = a[i].revision;
		row.steps = a[i].steps;
		row.failed = a[i].failed;
		row.ms = a[i].ms;
		row.reset = a[i].reset;
		row.watched = a[i].watched;
		row.shortest_uptime = a[i].shortest_uptime;
		rc = query_insert(f->tx, &edge_apply_table, &row, f->err);
	}
	if (rc != DC_OK || f->report->applies.n == 0)
		return rc;
	if ((rc = query_list(f->tx, &edge_apply_table, Q(Q_EQ("edge_id", f->edge_id)), &page, &rows, &n, f->err)) !=
	    DC_OK)
		return rc;
	if (n == 0)
		return DC_OK;
	return query_delete(f->tx, &edge_apply_table,
	    Q(Q_EQ("edge_id", f->edge_id), {.column = "id", .op = Q_OP_LE, .text = ((struct edge_apply *)rows)->id.v}),
	    NULL, f->err);
}

static enum dc_code
ports_json(struct fold *f, struct f_text *ret)
{
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
	struct json out = JSON_INIT(&text);
	const struct wire_port *port = f->report->ports.v;

	jw_array_begin(&out);
	for (size_t i = 0; i < f->report->ports.n; i++)
		field_encode(&wire_port_table, VIEW_WIRE, &port[i], NULL, &out);
	jw_array_end(&out);
	if (text.failed)
		return dc_fail(f->err, DC_E_PARAM, "ports", "ports: there are too many.");
	F_SET_TEXT(*ret, arena_strdup(tx_arena(f->tx), buf_str(&text)));
	return DC_OK;
}

static enum dc_code
write_report_row(struct fold *f, struct edge_report *row)
{
	const struct wire_report *r = f->report;
	enum dc_code rc;

	row->boot = r->boot;
	row->sequence = r->sequence;
	F_SET_INT(row->received_time, tx_now(f->tx));
	edge_heard(f->edge_id, tx_now(f->tx));
	row->fabric = r->fabric;
	row->agent_version = r->agent_version;
	row->epoch = r->epoch;
	row->revision = r->revision;
	row->held = r->held;
	row->held_reason = r->held_reason;
	if (!r->held.v && row->confirm_epoch.set == GIVEN) {
		row->confirm_epoch = (struct f_text){NULLED, NULL};
		F_SET_NULL(row->confirm_revision);
	}
	if (r->ports.set == GIVEN && (rc = ports_json(f, &row->ports)) != DC_OK)
		return rc;
	return query_update(f->tx, &edge_report_table, row, f->err);
}

static enum dc_code
observe_ports(struct fold *f, const struct resource *const *resources)
{
	const struct wire_port *port = f->report->ports.v;
	size_t n = f->report->ports.n;
	struct port_seen *seen = arena_array(tx_arena(f->tx), n + 1, sizeof(*seen));
	enum dc_code rc = DC_OK;

	if (f->report->ports.set != GIVEN)
		return DC_OK;
	for (size_t i = 0; i < n; i++)
		seen[i] = (struct port_seen){port[i].device.v, port[i].carrier.v};
	for (const struct resource *const *r = resources; *r != NULL && rc == DC_OK; r++)
		if ((*r)->observe_ports != NULL)
			rc = (*r)->observe_ports(f->tx, f->edge_id, seen, n, f->err);
	return rc;
}

static bool
is_old(const struct edge_report *row, const struct wire_report *report)
{
	return row->boot.set == GIVEN && strcmp(row->boot.v, report->boot.v) == 0 &&
	       report->sequence.v <= row->sequence.v;
}

enum dc_code
edge_fold(struct tx *tx, const char *edge_id, const struct wire_report *report, const struct resource *const *resources,
    enum edge_answer *ret, struct dc_error *err)
{
	struct fold f = {.tx = tx, .edge_id = edge_id, .report = report, .err = err};
	const struct wire_object_state *o = report->objects.v;
	const struct wire_session *s = report->sessions.v;
	struct edge_report *row;
	void *found;
	enum dc_code rc;

	if ((rc = query_lock(tx, &edge_report_table, edge_id, err)) != DC_OK ||
	    (rc = query_get(tx, &edge_report_table, Q(Q_EQ("id", edge_id)), &found, err)) != DC_OK)
		return rc;
	row = found;
	if ((rc = twin_admit(tx, row, report, ret, err)) != DC_OK || *ret != EDGE_TAKEN || is_old(row, report))
		return rc;
	if (report->full.v && !report->held.v && (rc = void_unnamed(&f)) != DC_OK)
		return rc;
	for (size_t i = 0; report->objects.set == GIVEN && i < report->objects.n; i++)
		if ((rc = fold_object(&f, &o[i])) != DC_OK)
			return rc;
	for (size_t i = 0; report->sessions.set == GIVEN && i < report->sessions.n; i++)
		if ((rc = fold_session(&f, &s[i])) != DC_OK)
			return rc;
	if ((rc = fold_applies(&f)) != DC_OK || (rc = write_report_row(&f, row)) != DC_OK)
		return rc;
	return observe_ports(&f, resources);
}

enum dc_code
edge_confirm(struct tx *tx, const char *edge_id, struct dc_error *err)
{
	struct edge_report *row;
	void *found;
	enum dc_code rc;

	if ((rc = query_lock(tx, &edge_report_table, edge_id, err)) != DC_OK ||
	    (rc = query_get(tx, &edge_report_table, Q(Q_EQ("id", edge_id)), &found, err)) != DC_OK)
		return rc;
	row = found;
	if (!row->held.v)
		return dc_fail(err, DC_E_PARAM, NULL, "the edge does not hold: there is nothing to confirm");
	row->confirm_epoch = row->epoch;
	row->confirm_revision = row->revision;
	if ((rc = query_update(tx, &edge_report_table, row, err)) != DC_OK)
		return rc;
	tx_wake_edge(tx, edge_id);
	return DC_OK;
}

/* Drops the tombstones that there are, and lets their owners settle, which may leave others: an interface's end that of
 * its VRF. */
static enum dc_code
drop_tombstones(struct tx *tx, const char *edge_id, bool *any, struct dc_error *err)
{
	struct fold f = {.tx = tx, .edge_id = edge_id, .err = err};
	const struct query_page by_revision = {.sort = "revision"}; /* as an index has them */
	struct edge_object *row;
	void *rows;
	size_t n;
	enum dc_code rc;

	if ((rc = query_list(tx, &edge_object_table, Q(Q_EQ("edge_id", edge_id), Q_EQ_INT("deleted", 1)), &by_revision,
		 &rows, &n, err)) != DC_OK)
		return rc;
	row = rows;
	for (size_t i = 0; i < n; i++) {
		touch(&f, &row[i]);
		if ((rc = query_delete(tx, &edge_object_table, Q(Q_EQ("id", row[i].id.v)), NULL, err)) != DC_OK)
			return rc;
	}
	*any = n > 0;
	return tx_settle(tx, err);
}

/* Who knows an older revision than this one has not been told of what was dropped. */
static enum dc_code
raise_floor(struct tx *tx, const char *edge_id, struct dc_error *err)
{
	static const char *const columns[] = {"floor", NULL};
	struct edge_revision row = {0};
	enum dc_code rc;

	F_SET_INT(row.floor, 0);
	if ((rc = query_bump(tx, &edge_revision_table, edge_id, "revision", 1, &row.floor.v, err)) != DC_OK ||
	    (rc = query_set(tx, &edge_revision_table, columns, &row, Q(Q_EQ("id", edge_id)), NULL, err)) != DC_OK)
		return rc;
	tx_wake_edge(tx, edge_id);
	return DC_OK;
}

static enum dc_code
check_silent(const struct edge_report *row, utc_ms now, struct dc_error *err)
{
	if (edge_is_silent(row, now))
		return DC_OK;
	return dc_fail(err, DC_E_PARAM, "force",
	    "the edge reports, last %lld s ago, and ends its deletions itself; with force they count as done now",
	    (long long)(edge_age(row, now) / 1000));
}

enum dc_code
edge_retire(struct tx *tx, const char *edge_id, bool force, struct dc_error *err)
{
	bool any = true, dropped = false;
	void *found;
	enum dc_code rc;

	if ((rc = query_lock(tx, &edge_report_table, edge_id, err)) != DC_OK ||
	    (rc = query_get(tx, &edge_report_table, Q(Q_EQ("id", edge_id)), &found, err)) != DC_OK ||
	    (!force && (rc = check_silent(found, tx_now(tx), err)) != DC_OK))
		return rc;
	for (int round = 0; any; round++) {
		if (round == RETIRE_ROUNDS_MAX)
			return dc_fail(err, DC_E_SYSTEM, NULL, "the edge's deletions do not come to an end");
		if ((rc = drop_tombstones(tx, edge_id, &any, err)) != DC_OK)
			return rc;
		dropped = dropped || any;
	}
	return dropped ? raise_floor(tx, edge_id, err) : DC_OK;
}
