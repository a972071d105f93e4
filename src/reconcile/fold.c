/* SPDX-License-Identifier: ISC */
/* fold.c - observed up: one report of an edge into the rows it is about, and then into the resources that own them.
 *
 * Order of reports: (boot, sequence, part). Another boot must begin with a full report, because what the old process
 * had reported is void, and it must not be one of two (twins.c); within a boot only a higher sequence counts, and its
 * parts in their order. A part is folded in slices, each in a transaction of its own, so that a report of thousands of
 * objects keeps nobody waiting. A slice that fails ends the report: the edge then reports everything again. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "reconcile/edge.h"
#include "reconcile/work.h"

#define APPLIES_KEPT 200 /* per edge */
#define SLICE_ITEMS 24   /* objects or sessions of one transaction, and with them at most so many owners */
#define SLICE_LOOKED 256 /* objects of one transaction that are looked at only */
#define RETIRE_ROUNDS_MAX 16

struct fold {
	struct tx *tx;
	const char *edge_id;
	const struct wire_report *report;
	int64_t series; /* of a full report; 0: it is none */
	struct dc_error *err;
};

int64_t
report_part(const struct wire_report *r)
{
	return r->part.set == GIVEN ? r->part.v : 1;
}

static bool
is_last(const struct wire_report *r)
{
	return r->last.set != GIVEN || r->last.v;
}

/* The resource that renders the object is to look at it again. */
static void
touch(struct fold *f, const struct edge_object *o)
{
	work_reported(f->tx, o->holder_kind.v, o->holder_id.v);
}

static bool
same_text(const struct f_text *a, const struct f_text *b)
{
	const char *x = a->set == GIVEN ? a->v : NULL, *y = b->set == GIVEN ? b->v : NULL;

	return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

static bool
same_int(const struct f_int *a, const struct f_int *b)
{
	return (a->set == GIVEN) == (b->set == GIVEN) && (a->set != GIVEN || a->v == b->v);
}

static bool
same_bool(const struct f_bool *a, const struct f_bool *b)
{
	return (a->set == GIVEN) == (b->set == GIVEN) && (a->set != GIVEN || a->v == b->v);
}

/* What a state is derived from. A full report repeats what is known: a gateway's VRF that is as it was concerns none
 * of its thousand interfaces. */
static bool
is_news(const struct edge_object *row, const struct wire_object_state *s)
{
	bool applied = strcmp(s->state.v, "applied") == 0;

	return row->updated_time.set != GIVEN || row->deleted.v || !same_text(&row->state, &s->state) ||
	       !same_text(&row->error, &s->error) || !same_bool(&row->carrier, &s->carrier) ||
	       (applied && row->applied_revision.v != row->revision.v);
}

static bool
is_session_news(const struct edge_session *old, const struct edge_session *now)
{
	return old == NULL || !same_bool(&old->established, &now->established) || !same_int(&old->since, &now->since) ||
	       !same_int(&old->received, &now->received) || !same_int(&old->advertised, &now->advertised) ||
	       !same_text(&old->last_error, &now->last_error);
}

/* The row, unless an order has changed it since it was read. */
static const struct query_cond *
at_revision(const struct edge_object *row, struct query_cond cond[3])
{
	cond[0] = (struct query_cond)Q_EQ("id", row->id.v);
	cond[1] = (struct query_cond)Q_EQ_INT("revision", row->revision.v);
	cond[2] = (struct query_cond)Q_END;
	return cond;
}

static enum dc_code
fold_object(struct fold *f, const struct wire_object_state *s)
{
	static const char *const columns[] = {
	    "state", "error", "applied_revision", "carrier", "detail", "updated_time", "series", NULL};
	static const char *const of_older[] = {"carrier", "series", NULL};
	struct query_cond as_read[3];
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
	if (f->series != 0)
		F_SET_INT(row->series, f->series);
	if (s->revision.v != row->revision.v) {
		/* About an older wish: only what the device shows still counts. */
		if (f->series == 0 && s->carrier.set == GIVEN && row->carrier.set == GIVEN &&
		    s->carrier.v == row->carrier.v)
			return DC_OK;
		row->carrier = s->carrier;
		touch(f, row);
		return query_set(f->tx, &edge_object_table, of_older, row, Q(Q_EQ("id", row->id.v)), NULL, f->err);
	}
	if (is_news(row, s))
		touch(f, row);
	if (row->deleted.v && strcmp(s->state.v, "removed") == 0)
		return query_delete(f->tx, &edge_object_table, at_revision(row, as_read), NULL, f->err);
	row->state = s->state;
	row->error = s->error;
	row->carrier = s->carrier;
	row->detail = s->detail;
	if (strcmp(s->state.v, "applied") == 0)
		row->applied_revision = row->revision;
	F_SET_INT(row->updated_time, tx_now(f->tx));
	return query_set(f->tx, &edge_object_table, columns, row, at_revision(row, as_read), NULL, f->err);
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
	rc = query_get(f->tx, &edge_session_table, Q(Q_EQ("id", row.id.v)), &found, f->err);
	if (rc != DC_OK && rc != DC_E_NOT_FOUND)
		return rc;
	if (is_session_news(rc == DC_OK ? found : NULL, &row))
		touch(f, object);
	return query_upsert(f->tx, &edge_session_table, key, &row, f->err);
}

static bool
is_named(const struct fold *f, const struct edge_object *o)
{
	return o->series.set == GIVEN && o->series.v == f->series;
}

/* A full report lists all that there is: objects that none of its parts named are no longer known to be there. Looks at
 * some, in the order of their keys. */
static enum dc_code
void_unnamed(struct fold *f, struct edge_folded *at)
{
	static const char *const columns[] = {"state", NULL};
	const struct query_page page = {.sort = "key", .limit = SLICE_LOOKED};
	struct edge_object *row;
	size_t n, touched = 0, i;
	void *rows;
	enum dc_code rc;

	if ((rc = query_list(f->tx, &edge_object_table,
		 Q(Q_EQ("edge_id", f->edge_id),
		     {.column = "key", .op = Q_OP_GT, .text = at->looked != NULL ? at->looked : ""}),
		 &page, &rows, &n, f->err)) != DC_OK)
		return rc;
	row = rows;
	for (i = 0; i < n && touched < SLICE_ITEMS; i++) {
		at->looked = row[i].key.v;
		if (is_named(f, &row[i]) || strcmp(row[i].state.v, "pending") == 0)
			continue;
		F_SET_TEXT(row[i].state, "pending");
		touch(f, &row[i]);
		touched++;
		if ((rc = query_set(f->tx, &edge_object_table, columns, &row[i], Q(Q_EQ("id", row[i].id.v)), NULL,
			 f->err)) != DC_OK)
			return rc;
	}
	at->done = i == n && n < SLICE_LOOKED;
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
		return dc_fail(f->err, DC_E_PARAM, "ports", "ports: there are too many");
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
	F_SET_INT(row->part, report_part(r));
	F_SET_BOOL(row->unfinished, !is_last(r));
	if (r->full.v && report_part(r) == 1)
		F_SET_INT(row->series, row->series.v + 1);
	F_SET_INT(row->received_time, tx_now(f->tx));
	edge_heard(f->edge_id, tx_now(f->tx));
	row->fabric = r->fabric;
	row->agent_version = r->agent_version;
	row->key_room = r->key_room;
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

/* What the place of a part in the order of all means: EDGE_TAKEN with *skip for what was folded already. */
static enum edge_answer
place_of(const struct edge_report *row, const struct wire_report *r, bool *skip)
{
	bool same_boot = row->boot.set == GIVEN && strcmp(row->boot.v, r->boot.v) == 0;
	int64_t part = report_part(r);

	*skip =
	    same_boot && (r->sequence.v < row->sequence.v || (r->sequence.v == row->sequence.v && part <= row->part.v));
	if (*skip)
		return EDGE_TAKEN;
	if (same_boot && r->sequence.v == row->sequence.v)
		return row->unfinished.v && part == row->part.v + 1 ? EDGE_TAKEN : EDGE_RESEND;
	return part == 1 ? EDGE_TAKEN : EDGE_RESEND;
}

/* Whether the part that is being folded is still the newest report of the edge. */
static bool
is_newest(const struct edge_report *row, const struct wire_report *r)
{
	return row->boot.set == GIVEN && strcmp(row->boot.v, r->boot.v) == 0 && row->sequence.v == r->sequence.v &&
	       row->part.v == report_part(r);
}

/* The part's first slice: whether it is to be folded at all, and its words about the edge itself. */
static enum dc_code
begin(struct fold *f, struct edge_report *row, const struct resource *const *resources, struct edge_folded *at,
    enum edge_answer *answer)
{
	bool skip = false;
	enum dc_code rc;

	if ((rc = twin_admit(f->tx, row, f->report, answer, f->err)) != DC_OK)
		return rc;
	if (*answer == EDGE_TAKEN)
		*answer = place_of(row, f->report, &skip);
	at->done = skip || *answer != EDGE_TAKEN;
	if (at->done)
		return DC_OK;
	at->begun = true;
	if ((rc = fold_applies(f)) != DC_OK || (rc = write_report_row(f, row)) != DC_OK)
		return rc;
	return observe_ports(f, resources);
}

/* The next objects, or else sessions, or else what a full report did not name. */
static enum dc_code
fold_slice(struct fold *f, struct edge_folded *at)
{
	const struct wire_report *r = f->report;
	const struct wire_object_state *o = r->objects.v;
	const struct wire_session *s = r->sessions.v;
	size_t objects = r->objects.set == GIVEN ? r->objects.n : 0;
	size_t sessions = r->sessions.set == GIVEN ? r->sessions.n : 0, left = SLICE_ITEMS;
	enum dc_code rc;

	for (; at->objects < objects && left > 0; at->objects++, left--)
		if ((rc = fold_object(f, &o[at->objects])) != DC_OK)
			return rc;
	for (; at->sessions < sessions && left > 0; at->sessions++, left--)
		if ((rc = fold_session(f, &s[at->sessions])) != DC_OK)
			return rc;
	if (left == 0)
		return DC_OK;
	if (r->full.v && is_last(r) && !r->held.v)
		return void_unnamed(f, at);
	at->done = true;
	return DC_OK;
}

enum dc_code
edge_fold(struct tx *tx, const char *edge_id, const struct wire_report *report, const struct edge_folded *from,
    const struct resource *const *resources, struct edge_folded *ret, enum edge_answer *answer, struct dc_error *err)
{
	struct fold f = {.tx = tx, .edge_id = edge_id, .report = report, .err = err};
	struct edge_report *row;
	void *found;
	enum dc_code rc;

	*ret = *from;
	*answer = EDGE_TAKEN;
	if ((rc = query_lock(tx, &edge_report_table, edge_id, err)) != DC_OK ||
	    (rc = query_get(tx, &edge_report_table, Q(Q_EQ("id", edge_id)), &found, err)) != DC_OK)
		return rc;
	row = found;
	if (!from->begun && ((rc = begin(&f, row, resources, ret, answer)) != DC_OK || ret->done))
		return rc;
	if (!is_newest(row, report)) {
		ret->done = true; /* the edge has given up on it */
		return DC_OK;
	}
	f.series = report->full.v ? row->series.v : 0;
	return fold_slice(&f, ret);
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

/* An edge with an older revision than this one does not know what was dropped. */
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
