/* SPDX-License-Identifier: ISC */
/* edge.c - the routers that the service drives, and the credential of each. */
#include <string.h>

#include "api/api.h"
#include "api/crud.h"
#include "auth/identity.h"
#include "reconcile/edge.h"
#include "res/inventory.h"
#include "res/router_question.h"
#include "store/row_lock.h"

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "device", .member = "device_id"},
    {.title = "location", .member = "location_id"},
    {.member = "fabric"},
    {.title = "reported", .member = "reported_time"},
    {.member = "held"},
    {.title = "reason", .member = "held_reason|conflict", .note = true},
    {0},
};

const struct field_table edge_table = {
    .name = "Edge",
    .sql = "edge",
    .constraints =
	(const struct constraint[]){
	    {.name = "edge_token"},
	    {.name = NULL},
	},
    .size = sizeof(struct edge),
    .rank = RANK_EDGE,
    .kept = true,
    .at_least_one = true,
    .created_differs = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(edge, id), .kind = F_UUID, .may = OP_CR | VIEW_CREATED, .must = VIEW_OP_ANSWER, .filter = true,
		.sort = true, .cli = true, .doc = "Identifier of the edge."},
	    {AT(edge, name), .example = "edge1", .kind = F_TEXT, .min = 1, .max = 64, .may = OP_CRU | VIEW_CREATED,
		.must = VIEW_OP_CREATE, .filter = true, .filter_csv = true, .sort = true, .cli = true, .doc = "Name."},
	    {AT(edge, description), .kind = F_TEXT, .max = 255, .may = OP_CRU | VIEW_CREATED, .fallback = "\"\"",
		.doc = "Free text."},
	    {AT(edge, location_id), .ref = "direct_connect_location", .example = "fra1", .kind = F_UUID,
		.nullable = true, .may = OP_CRU | VIEW_CREATED, .filter = true, .doc = "Site it stands in."},
	    {AT(edge, device_id), .example = "172.16.40.2", .kind = F_TEXT, .max = 36, .nullable = true,
		.may = OP_CRU | VIEW_CREATED, .filter = true, .cli = true,
		.doc = "What tenants see as device_id; often the router's address."},
	    {AT(edge, report_interval), .kind = F_INT, .min = 1, .max = 3600, .may = OP_CRU | VIEW_CREATED,
		.fallback = "10", .doc = "Seconds between heartbeats of the edge."},
	    {AT(edge, token), .kind = F_TEXT, .max = 64, .no_column = true, .may = VIEW_CREATED,
		.doc = "Credential of the edge; shown only once."},
	    {AT(edge, token_hash), .kind = F_TEXT, .max = 64, .may = 0, .doc = "SHA-256 of the credential."},
	    {AT(edge, created_time), .kind = F_TIME, .may = OP_R | VIEW_CREATED, .sort = true,
		.doc = "When it was described."},
	    {AT(edge, updated_time), .kind = F_TIME, .may = OP_R | VIEW_CREATED, .sort = true,
		.doc = "When it was last changed."},
	    {AT(edge, fabric), .kind = F_TEXT, .max = 16, .no_column = true, .nullable = true, .may = OP_R, .cli = true,
		.doc = "linux: a real router; sim: simulated; null: never heard of."},
	    {AT(edge, held), .kind = F_BOOL, .no_column = true, .nullable = true, .may = OP_R, .cli = true,
		.doc = "It keeps what it has and waits for the operator's confirmation."},
	    {AT(edge, held_reason), .kind = F_TEXT, .max = 1024, .no_column = true, .nullable = true, .may = OP_R,
		.doc = "Why it holds."},
	    {AT(edge, conflict), .kind = F_TEXT, .max = 1024, .no_column = true, .nullable = true, .may = OP_R,
		.doc = "Another router uses this edge's credential: what is known of it; null: none does."},
	    {AT(edge, revision), .kind = F_INT, .max = INT64_MAX, .no_column = true, .nullable = true, .may = OP_R,
		.doc = "Revision of the desired set that it holds."},
	    {AT(edge, key_room), .kind = F_INT, .max = INT32_MAX, .no_column = true, .nullable = true, .may = OP_R,
		.doc = "BGP peers with a password that one gateway and address family can have on it, by the router's "
		       "net.core.optmem_max; null: unknown."},
	    {AT(edge, reported_time), .kind = F_TIME, .no_column = true, .nullable = true, .may = OP_R, .cli = true,
		.doc = "When its newest report came in."},
	    {AT(edge, ports), .kind = F_JSON, .no_column = true, .nullable = true, .may = OP_R,
		.doc = "Devices of the router that can be ports."},
	    {0},
	},
};

enum dc_code
edge_get(struct tx *tx, const char *id, struct edge **ret, struct dc_error *err)
{
	void *row;
	enum dc_code rc;

	if ((rc = query_get(tx, &edge_table, Q(Q_EQ("id", id)), &row, err)) == DC_OK)
		*ret = row;
	return rc;
}

static enum dc_code
check_location(struct tx *tx, const struct f_text *id, struct dc_error *err)
{
	void *row;
	enum dc_code rc;

	if (id->set != GIVEN)
		return DC_OK;
	rc = query_get(tx, location_resource.table, Q(Q_EQ("id", id->v)), &row, err);
	return rc == DC_E_NOT_FOUND ? dc_fail(err, DC_E_NOT_FOUND, "edge.location_id",
					  "edge.location_id: location %s does not exist", id->v)
				    : rc;
}

enum dc_code
edge_location(struct tx *tx, const struct edge *e, struct location **ret, struct dc_error *err)
{
	void *row;
	enum dc_code rc;

	*ret = NULL;
	if (e->location_id.set != GIVEN)
		return DC_OK;
	if ((rc = query_get(tx, location_resource.table, Q(Q_EQ("id", e->location_id.v)), &row, err)) == DC_OK)
		*ret = row;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

/* 32 random bytes as hex; only its hash is kept. */
static void
new_token(struct edge *e, struct arena *arena)
{
	uint8_t secret[32];
	char token[2 * sizeof(secret) + 1], hash[SHA256_HEX_SIZE];

	random_bytes(secret, sizeof(secret));
	hex_encode(secret, sizeof(secret), token);
	auth_token_hash(token, hash);
	F_SET_TEXT(e->token, arena_strdup(arena, token));
	F_SET_TEXT(e->token_hash, arena_strdup(arena, hash));
}

/* What is kept of the edge's reports and of its revisions. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	const struct edge *e = row;

	(void)tx;
	(void)call;
	(void)err;
	lock_want(set, &edge_report_table, e->id.v);
	lock_want(set, &edge_revision_table, e->id.v);
	return DC_OK;
}

static enum dc_code
edge_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct edge *e = row;
	enum dc_code rc;

	(void)call;
	if ((rc = check_location(tx, &e->location_id, err)) != DC_OK)
		return rc;
	new_token(e, tx_arena(tx));
	return DC_OK;
}

static enum dc_code
edge_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct edge *e = row;

	(void)call;
	return edge_rows_create(tx, e->id.v, e->report_interval.v, err);
}

static enum dc_code
edge_update(struct tx *tx, struct call *call, const void *old, const void *patch, void *row, struct dc_error *err)
{
	struct edge *e = row;

	(void)call;
	(void)old;
	(void)patch;
	return check_location(tx, &e->location_id, err);
}

static enum dc_code
edge_updated(struct tx *tx, struct call *call, const void *old, void *row, struct dc_error *err)
{
	static const char *const columns[] = {"report_interval", NULL};
	const struct edge *e = row;
	struct edge_report report = {.report_interval = e->report_interval};

	(void)call;
	(void)old;
	return query_set(tx, &edge_report_table, columns, &report, Q(Q_EQ("id", e->id.v)), NULL, err);
}

static enum dc_code
edge_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	const struct edge *e = row;
	int64_t used;
	enum dc_code rc;

	(void)call;
	tx_wake_edge(tx, e->id.v); /* nobody waits for its news any more */
	if ((rc = query_count(tx, &edge_object_table, Q(Q_EQ("edge_id", e->id.v)), &used, err)) != DC_OK)
		return rc;
	if (used > 0)
		return dc_fail(err, DC_E_PARAM, NULL,
		    "the edge still has %lld objects; a dead one can be retired first", (long long)used);
	if ((rc = query_delete(tx, &edge_apply_table, Q(Q_EQ("edge_id", e->id.v)), NULL, err)) != DC_OK ||
	    (rc = query_delete(tx, &edge_report_table, Q(Q_EQ("id", e->id.v)), NULL, err)) != DC_OK)
		return rc;
	return query_delete(tx, &edge_revision_table, Q(Q_EQ("id", e->id.v)), NULL, err);
}

static const char *
conflict(const struct edge_report *r, struct arena *arena, utc_ms now)
{
	char when[UTC_TEXT_SIZE];

	if (!twin_is_heard(r, now))
		return NULL;
	utc_format(r->refused_time.v, when);
	return arena_printf(arena,
	    "another process reports with this edge's credential, last at %s (boot %s); it is refused, and changes "
	    "nothing. Was this router cloned? A clone needs an edge of its own. A renewed credential ends both: give "
	    "it to the right one",
	    when, r->refused_boot.v);
}

static void
take_report(struct edge *e, const struct edge_report *r)
{
	e->fabric = r->fabric;
	e->held = r->held;
	e->held_reason = r->held_reason;
	e->revision = r->revision;
	e->key_room = r->key_room;
	e->reported_time = r->received_time;
	e->ports = r->ports;
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct edge_report *)a)->id.v, ((const struct edge_report *)b)->id.v);
}

/* The edges' last reports; the reports come sorted by id. */
static enum dc_code
edge_embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct edge *edges = rows;
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	struct edge_report *reports;
	void *found;
	size_t count;
	enum dc_code rc;

	(void)call;
	for (size_t i = 0; i < n; i++)
		ids[i] = edges[i].id.v;
	if ((rc = query_list(tx, &edge_report_table, Q(Q_IN("id", ids)), NULL, &found, &count, err)) != DC_OK)
		return rc;
	reports = found;
	for (size_t i = 0; i < n; i++) {
		struct edge_report key = {.id = edges[i].id};
		const struct edge_report *r = count > 0 ? bsearch(&key, reports, count, sizeof(*reports), by_id) : NULL;

		if (r != NULL) {
			take_report(&edges[i], r);
			F_SET_TEXT(edges[i].conflict, conflict(r, tx_arena(tx), tx_now(tx)));
		}
	}
	return DC_OK;
}

/* The edge that the path names, locked, for the operator's words on it. */
static enum dc_code
load(struct tx *tx, struct call *call, struct edge **ret, struct dc_error *err)
{
	LOCK_SET(set, tx);
	void *row;
	enum dc_code rc;

	if ((rc = crud_load(tx, call, &edge_resource, call_param(call, "edge_id"), &row, err)) != DC_OK)
		return rc;
	*ret = row;
	lock_want(&set, &edge_report_table, (*ret)->id.v);
	return lock_rows(tx, &set, err);
}

static enum dc_code
confirm(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct edge *e;
	enum dc_code rc;

	if ((rc = load(tx, call, &e, err)) != DC_OK || (rc = edge_confirm(tx, e->id.v, err)) != DC_OK)
		return rc;
	if ((rc = event_add(tx, call, "confirm", "edge", e->id.v, err)) != DC_OK)
		return rc;
	return crud_answer(tx, call, &edge_resource, e, false, err);
}

struct edge_retirement {
	struct f_bool force;
};

static const struct field_table edge_retirement_table = {
    .name = "EdgeRetirement",
    .size = sizeof(struct edge_retirement),
    .fields =
	(const struct field[]){
	    {AT(edge_retirement, force), .kind = F_BOOL, .may = VIEW_OP_CREATE, .fallback = "false",
		.doc = "Retire it although it reports."},
	    {0},
	},
};

static enum dc_code
retire(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct edge_retirement *how = call->body;
	bool force = how->force.set == GIVEN && how->force.v;
	struct edge *e;
	enum dc_code rc;

	if ((rc = load(tx, call, &e, err)) != DC_OK || (rc = edge_retire(tx, e->id.v, force, err)) != DC_OK)
		return rc;
	if ((rc = event_add(tx, call, "retire", "edge", e->id.v, err)) != DC_OK)
		return rc;
	return crud_answer(tx, call, &edge_resource, e, false, err);
}

static enum dc_code
renew_token(struct tx *tx, struct call *call, struct dc_error *err)
{
	static const char *const columns[] = {"token_hash", NULL};
	struct edge *e;
	enum dc_code rc;

	if ((rc = load(tx, call, &e, err)) != DC_OK)
		return rc;
	new_token(e, tx_arena(tx));
	if ((rc = query_lock(tx, &edge_table, e->id.v, err)) != DC_OK ||
	    (rc = query_set(tx, &edge_table, columns, e, Q(Q_EQ("id", e->id.v)), NULL, err)) != DC_OK)
		return rc;
	if ((rc = edge_forget_twin(tx, e->id.v, err)) != DC_OK)
		return rc;
	tx_wake_edge(tx, e->id.v); /* a poll that waits with the old credential is refused now */
	if ((rc = event_add(tx, call, "renew-token", "edge", e->id.v, err)) != DC_OK)
		return rc;
	return crud_answer(tx, call, &edge_resource, e, true, err);
}

/* --- the router at this moment --- */

struct instance_answer {
	struct f_int instance;
	struct f_text daemon, why;
	struct f_int age_ms, sessions, established, devices, addresses, routes, wanted, applied;
	struct f_text request_id;
};

static const struct field_table instance_answer_table = {
    .name = "EdgeInstance",
    .size = sizeof(struct instance_answer),
    .fields =
	(const struct field[]){
	    {AT(instance_answer, instance), .kind = F_INT, .may = VIEW_ANSWER, .doc = "Number of the instance."},
	    {AT(instance_answer, daemon), .kind = F_TEXT, .max = 32, .nullable = true, .may = VIEW_ANSWER,
		.doc = "State of its routing daemon (running, silent, backoff ...); null: none is wanted."},
	    {AT(instance_answer, why), .kind = F_TEXT, .max = 1024, .nullable = true, .may = VIEW_ANSWER,
		.doc = "What keeps the daemon from what is wanted; null: nothing."},
	    {AT(instance_answer, age_ms), .kind = F_INT, .nullable = true, .may = VIEW_ANSWER,
		.doc = "Age of the daemon's last answer about its sessions, in milliseconds."},
	    {AT(instance_answer, sessions), .kind = F_INT, .may = VIEW_ANSWER, .doc = "BGP sessions of the daemon."},
	    {AT(instance_answer, established), .kind = F_INT, .may = VIEW_ANSWER, .doc = "Those that are Established."},
	    {AT(instance_answer, devices), .kind = F_INT, .may = VIEW_ANSWER,
		.doc = "Network devices of dcaas in its namespace, read for this answer."},
	    {AT(instance_answer, addresses), .kind = F_INT, .may = VIEW_ANSWER, .doc = "Addresses on them."},
	    {AT(instance_answer, routes), .kind = F_INT, .may = VIEW_ANSWER,
		.doc = "Static and VPC routes in its tables."},
	    {AT(instance_answer, wanted), .kind = F_INT, .may = VIEW_ANSWER,
		.doc = "Objects that the edge is asked to have there."},
	    {AT(instance_answer, applied), .kind = F_INT, .may = VIEW_ANSWER, .doc = "Those that are in place."},
	    {AT(instance_answer, request_id), .kind = F_HEX32, .may = VIEW_ANSWER, .doc = "Of the call."},
	    {0},
	},
};

static enum dc_code
answer_instance(struct call *call, const struct wire_answer *answer, struct dc_error *err)
{
	struct instance_answer row = {0};
	const struct wire_instance *w;
	void *decoded;
	enum dc_code rc = router_answer(call, answer, &wire_instance_table, DC_E_NOT_FOUND, &decoded, err);

	if (rc != DC_OK)
		return rc;
	w = decoded;
	row = (struct instance_answer){w->instance, w->daemon, w->why, w->age_ms, w->sessions, w->established,
	    w->devices, w->addresses, w->routes, w->wanted, w->applied, {0}};
	F_SET_TEXT(row.request_id, call->request_id);
	call_answer_row(call, &row);
	return DC_OK;
}

static enum dc_code
show_instance(struct tx *tx, struct call *call, struct dc_error *err)
{
	const char *edge_id = call_param(call, "edge_id"), *instance = call_param(call, "instance"), *why = NULL;
	const struct wire_answer *answer;
	struct edge_report pulse;
	enum dc_code rc = edge_pulse_get(tx, edge_id, &pulse, err);

	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? dc_fail(err, rc, "edge_id", "there is no edge %s", edge_id) : rc;
	(void)strtonum(instance, 1, 9999, &why);
	if (why != NULL)
		return dc_fail(err, DC_E_PARAM, "instance", "instance must be a number from 1 to 9999");
	if ((rc = router_ask(tx, call, edge_id, QUESTION_INSTANCE, instance, &answer, err)) != DC_OK || answer == NULL)
		return rc;
	return answer_instance(call, answer, err);
}

static const struct blocker blockers[] = {
    {"port", "edge_id", DC_E_PARAM},
    {0},
};

static const struct route edge_routes[] = {
    {M_GET, "/dcaas/v1/edges", ROLE_OPERATOR, .res = &edge_resource, .run = crud_list, .operation = "ListEdges",
	.summary = "List the edges."},
    {M_POST, "/dcaas/v1/edges", ROLE_OPERATOR, ROUTE_WRITES, &edge_resource, VIEW_OP_CREATE, .status = 201,
	.answer = VIEW_CREATED, .run = crud_create, .operation = "CreateEdge",
	.summary = "Describe an edge; the answer holds its credential."},
    {M_GET, "/dcaas/v1/edges/{edge_id}", ROLE_OPERATOR, .res = &edge_resource, .run = crud_show,
	.operation = "ShowEdge", .summary = "Read one edge."},
    {M_PUT, "/dcaas/v1/edges/{edge_id}", ROLE_OPERATOR, ROUTE_WRITES, &edge_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateEdge", .summary = "Change an edge."},
    {M_DELETE, "/dcaas/v1/edges/{edge_id}", ROLE_OPERATOR, ROUTE_WRITES, &edge_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteEdge", .summary = "Forget an edge without ports."},
    {M_POST, "/dcaas/v1/edges/{edge_id}/confirm", ROLE_OPERATOR, ROUTE_WRITES, &edge_resource, .run = confirm,
	.operation = "ConfirmEdge",
	.summary = "Let a held edge take this store's objects, and remove what is missing from them."},
    {M_POST, "/dcaas/v1/edges/{edge_id}/retire", ROLE_OPERATOR, ROUTE_WRITES, &edge_resource, VIEW_OP_CREATE,
	.body_table = &edge_retirement_table, .envelope = "", .run = retire, .operation = "RetireEdge",
	.summary = "Count the pending removals of a dead edge as done."},
    {M_GET, "/dcaas/v1/edges/{edge_id}/instances/{instance}", ROLE_OPERATOR, .answer_table = &instance_answer_table,
	.run = show_instance, .operation = "ShowEdgeInstance",
	.summary = "Ask the router how one of its instances is at this moment."},
    {M_POST, "/dcaas/v1/edges/{edge_id}/token", ROLE_OPERATOR, ROUTE_WRITES, &edge_resource, .status = 201,
	.answer = VIEW_CREATED, .run = renew_token, .operation = "RenewEdgeToken",
	.summary = "Give the edge a new credential; the old one ends."},
    {0},
};

const struct resource edge_resource = {
    .name = "edge",
    .plural = "edges",
    .title = "edge",
    .table = &edge_table,
    .missing = DC_E_NOT_FOUND,
    .routes = edge_routes,
    .chain = chain,
    .create = edge_create,
    .blockers = blockers,
    .created = edge_created,
    .update = edge_update,
    .updated = edge_updated,
    .remove = edge_remove,
    .embed = edge_embed,
};
