/* SPDX-License-Identifier: ISC */
#include "res/vif_peer_detection.h"

#include <string.h>

#include "api/crud.h"
#include "res/lifecycle.h"
#include "res/vif_peer.h"
#include "store/row_lock.h"

#define REQUESTS 10
#define INTERVAL_MS 200
#define ANSWER_MS 60000 /* that an edge gets */
#define KEPT_MAX 100    /* of one peer: the oldest go */

struct peer_detection {
	struct f_text id, vif_peer_id, project_id, domain_id, status;
	struct f_int loss_ratio, start_time, end_time;
	/* ours */
	struct f_text vif_id, reason;
	struct f_int deleted_time;
};

static const char *const statuses[] = {"processing", "complete", "error", NULL};

static const struct field_column list_columns[] = {
    {.title = "peer", .member = "vif_peer_id"},
    {.member = "status"},
    {.title = "loss %", .member = "loss_ratio"},
    {.title = "started", .member = "start_time"},
    {.title = "ended", .member = "end_time"},
    {0},
};

const struct field_table peer_detection_table = {
    .name = "VifPeerDetection",
    .sql = "peer_detection",
    .size = sizeof(struct peer_detection),
    .guarded_by = "virtual_interface",
    .guard_column = "vif_id",
    .constraints =
	(const struct constraint[]){
	    {"peer_detection_running", DC_E_PARAM, "vif_peer_detection.vif_peer_id",
		"a detection of the peer is running"},
	    {.name = NULL},
	},
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(peer_detection, id), .kind = F_UUID, .may = V_R, .must = V_R, .cli = true,
		.doc = "Identifier of the detection."},
	    {AT(peer_detection, vif_peer_id), .fixed = true, .ref = "vif_peer", .example = "office", .kind = F_UUID,
		.may = V_CR, .must = V_C | V_R, .cli = true, .doc = "Peer whose far router is asked."},
	    {AT(peer_detection, project_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = V_R, .must = V_R,
		.doc = "Project of the peer."},
	    {AT(peer_detection, domain_id), .ref = "domain", .kind = F_HEX32, .nullable = true, .may = V_R,
		.doc = "Account of the project."},
	    {AT(peer_detection, status), .kind = F_ENUM, .names = statuses, .may = V_R, .must = V_R, .cli = true,
		.doc = "How far it is."},
	    {AT(peer_detection, loss_ratio), .kind = F_INT, .max = 100, .nullable = true, .may = V_R, .cli = true,
		.doc = "Echo requests without an answer, in percent."},
	    {AT(peer_detection, start_time), .kind = F_TIME, .may = V_R, .must = V_R, .sort = true, .cli = true,
		.doc = "When it was ordered."},
	    {AT(peer_detection, end_time), .kind = F_TIME, .nullable = true, .may = V_R, .cli = true,
		.doc = "When the edge had its result, or had failed."},
	    {AT(peer_detection, vif_id), .fixed = true, .kind = F_UUID, .doc = "Interface of the peer."},
	    {AT(peer_detection, reason), .kind = F_TEXT, .max = 255, .doc = "Why there is no result."},
	    {AT(peer_detection, deleted_time), .kind = F_TIME, .doc = "When it was deleted."},
	    {0},
	},
};

static bool
is_running(const struct peer_detection *d)
{
	return strcmp(d->status.v, "processing") == 0;
}

/* --- the calls --- */

static enum dc_code
load_peer(struct tx *tx, const struct peer_detection *d, struct vif_peer **ret, struct dc_error *err)
{
	void *row;
	enum dc_code rc = query_get(
	    tx, &vif_peer_table, Q(Q_EQ("id", d->vif_peer_id.v), Q_EQ("tenant_id", d->project_id.v)), &row, err);

	if (rc == DC_OK)
		*ret = row;
	return rc == DC_E_NOT_FOUND ? dc_fail(err, DC_E_NOT_FOUND, "vif_peer_detection.vif_peer_id",
					  "vif_peer_detection.vif_peer_id: peer %s does not exist", d->vif_peer_id.v)
				    : rc;
}

/* Of a new one the interface is found by its peer. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	struct peer_detection *d = row;
	struct vif_peer *p;
	enum dc_code rc;

	if (call != NULL && call->route->method == M_POST) {
		if ((rc = load_peer(tx, d, &p, err)) != DC_OK)
			return rc;
		d->vif_id = p->vif_id;
	}
	lock_want(set, &virtual_interface_table, d->vif_id.v);
	return DC_OK;
}

static enum dc_code
drop_old(struct tx *tx, const char *peer_id, struct dc_error *err)
{
	struct query_page oldest = {.descending = true, .offset = KEPT_MAX - 1, .limit = KEPT_MAX};
	struct peer_detection *d;
	void *rows;
	size_t n;
	enum dc_code rc =
	    query_list(tx, &peer_detection_table, Q(Q_EQ("vif_peer_id", peer_id)), &oldest, &rows, &n, err);

	d = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		if (d[i].deleted_time.set != GIVEN && !is_running(&d[i]))
			rc = query_delete(tx, &peer_detection_table, Q(Q_EQ("id", d[i].id.v)), NULL, err);
	return rc;
}

static enum dc_code
check_free(struct tx *tx, const char *peer_id, struct dc_error *err)
{
	int64_t running;
	enum dc_code rc = query_count(tx, &peer_detection_table,
	    Q(Q_EQ("vif_peer_id", peer_id), Q_EQ("status", "processing"), Q_IS_NULL("deleted_time")), &running, err);

	if (rc != DC_OK || running == 0)
		return rc;
	return dc_fail(err, DC_E_PARAM, "vif_peer_detection.vif_peer_id",
	    "vif_peer_detection.vif_peer_id: a detection of the peer is running");
}

static enum dc_code
detection_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct peer_detection *d = row;
	struct vif_peer *p;
	enum dc_code rc;

	if ((rc = load_peer(tx, d, &p, err)) != DC_OK)
		return rc;
	if (life_is(&p->status, LIFE_PENDING_DELETE))
		return dc_fail(err, DC_E_VIF_STATE, "vif_peer_detection.vif_peer_id", "the peer is being deleted");
	if (text_or_null(&p->remote_gateway_ip) == NULL)
		return dc_fail(err, DC_E_PARAM, "vif_peer_detection.vif_peer_id",
		    "vif_peer_detection.vif_peer_id: the peer has no gateway addresses");
	if ((rc = check_free(tx, p->id.v, err)) != DC_OK || (rc = drop_old(tx, p->id.v, err)) != DC_OK)
		return rc;
	F_SET_TEXT(d->domain_id, call->who.domain_id);
	F_SET_TEXT(d->status, "processing");
	F_SET_INT(d->start_time, tx_now(tx));
	return due_set(tx, PEER_DETECTION_END, d->id.v, NULL, tx_now(tx) + ANSWER_MS, err);
}

static enum dc_code
detection_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	static const char *const columns[] = {"deleted_time", NULL};
	struct peer_detection *d = row;
	enum dc_code rc;

	(void)call;
	F_SET_INT(d->deleted_time, tx_now(tx));
	if ((rc = due_clear(tx, PEER_DETECTION_END, d->id.v, err)) != DC_OK)
		return rc;
	return query_set(tx, &peer_detection_table, columns, d, Q(Q_EQ("id", d->id.v)), NULL, err);
}

/* --- on the edge --- */

static bool
leaving(const void *row)
{
	return ((const struct peer_detection *)row)->deleted_time.set == GIVEN;
}

static enum dc_code
render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	const struct peer_detection *d = row;
	const struct virtual_interface *v;
	const struct vif_peer *p;
	struct link_addresses link;
	struct wire_ping ping = {0};
	char local[IP_TEXT_SIZE], remote[IP_TEXT_SIZE];
	void *peer, *vif;
	enum dc_code rc;

	work_show_as(work, "virtual_interface", d->vif_id.v);
	if (leaving(d) || !is_running(d))
		return DC_OK;
	if ((rc = work_row(tx, "vif_peer", d->vif_peer_id.v, &peer, err)) != DC_OK ||
	    (rc = work_row(tx, "virtual_interface", d->vif_id.v, &vif, err)) != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc; /* its peer has gone: nobody will answer */
	p = peer;
	v = vif;
	if ((rc = link_addresses_parse(&p->local_gateway_ip, &p->remote_gateway_ip, IP_NONE, "local_gateway_ip",
		 "remote_gateway_ip", &link, err)) != DC_OK ||
	    link.family == IP_NONE)
		return rc;
	ip_format_addr(&link.local.addr, local);
	ip_format_addr(&link.remote.addr, remote);
	F_SET_TEXT(ping.link, vif_vlan_key(tx_arena(tx), v->id.v));
	F_SET_TEXT(ping.local, local);
	F_SET_TEXT(ping.remote, remote);
	F_SET_INT(ping.count, REQUESTS);
	F_SET_INT(ping.interval, INTERVAL_MS);
	work_put(work, v->edge_id.v, arena_printf(tx_arena(tx), "ping/%s", d->id.v), OBJECT_PING, &ping, NULL);
	return DC_OK;
}

static enum dc_code
end(struct tx *tx, struct peer_detection *d, const char *status, const char *reason, struct dc_error *err)
{
	static const char *const columns[] = {"status", "loss_ratio", "end_time", "reason", NULL};
	enum dc_code rc;

	F_SET_TEXT(d->status, status);
	F_SET_INT(d->end_time, tx_now(tx));
	F_SET_TEXT(d->reason, reason != NULL ? arena_printf(tx_arena(tx), "%.255s", reason) : NULL);
	rc = query_set(tx, &peer_detection_table, columns, d, Q(Q_EQ("id", d->id.v)), NULL, err);
	if (rc == DC_OK)
		tx_dirty(tx, &peer_detection_resource, d->id.v); /* its edge may forget it */
	return rc;
}

/* The edge's counts; false: it has none. */
static bool
read_result(const struct edge_object *o, struct arena *arena, struct wire_ping_result *ret)
{
	struct dc_error ignored = {0};
	json_t *json = NULL;
	void *row = NULL;

	if (o->detail.set == GIVEN && field_parse(o->detail.v, strlen(o->detail.v), &json, &ignored) == DC_OK &&
	    field_decode(&wire_ping_result_table, VIEW_WIRE, json, "", arena, &row, &ignored) == DC_OK)
		*ret = *(struct wire_ping_result *)row;
	json_decref(json);
	return row != NULL && ret->sent.v > 0 && ret->received.v <= ret->sent.v;
}

static enum dc_code
settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	struct peer_detection *d = row;
	const struct edge_object *culprit = NULL, *object;
	struct wire_ping_result result = {0};
	enum work_verdict verdict;
	enum dc_code rc;
	size_t n;

	object = work_objects(work, &n);
	if (leaving(d)) {
		*gone = n == 0;
		return DC_OK;
	}
	if (!is_running(d))
		return DC_OK;
	verdict = work_judge(object, n, &culprit);
	if (verdict != VERDICT_FAILED && verdict != VERDICT_APPLIED)
		return DC_OK;
	if ((rc = due_clear(tx, PEER_DETECTION_END, d->id.v, err)) != DC_OK)
		return rc;
	if (verdict == VERDICT_FAILED || !read_result(culprit, tx_arena(tx), &result))
		return end(tx, d, "error", work_error(culprit, tx_arena(tx)), err);
	/* A single lost packet of a thousand is a loss, too. */
	F_SET_INT(d->loss_ratio, (100 * (result.sent.v - result.received.v) + result.sent.v - 1) / result.sent.v);
	return end(tx, d, "complete", NULL, err);
}

enum dc_code
peer_detection_end(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	LOCK_SET(set, tx);
	struct peer_detection *d;
	void *row;
	enum dc_code rc = query_get(tx, &peer_detection_table, Q(Q_EQ("id", due->owner.v)), &row, err);

	(void)user;
	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	lock_want(&set, &virtual_interface_table, ((struct peer_detection *)row)->vif_id.v);
	if ((rc = lock_rows(tx, &set, err)) != DC_OK ||
	    (rc = query_get(tx, &peer_detection_table, Q(Q_EQ("id", due->owner.v)), &row, err)) != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	d = row;
	return leaving(d) || !is_running(d) ? DC_OK : end(tx, d, "error", "the edge has not answered", err);
}

#define PATH "/v3/{project_id}/dcaas/vif-peer-detections"

static const struct route detection_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &peer_detection_resource, .run = crud_list, .operation = "ListVifPeerDetections",
	.summary = "List the detections of the project's peers."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &peer_detection_resource, VIEW_CREATE, .run = crud_create,
	.operation = "CreateVifPeerDetection", .errors = ERRORS(DC_E_NOT_FOUND, DC_E_VIF_STATE),
	.summary = "Ask whether the far router of a peer answers."},
    {M_GET, PATH "/{vif_peer_detection_id}", ROLE_READER, .res = &peer_detection_resource, .run = crud_show,
	.operation = "ShowVifPeerDetection", .errors = ERRORS(DC_E_NOT_FOUND), .summary = "Read one detection."},
    {M_DELETE, PATH "/{vif_peer_detection_id}", ROLE_MEMBER, ROUTE_WRITES, &peer_detection_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteVifPeerDetection", .errors = ERRORS(DC_E_NOT_FOUND),
	.summary = "Remove a detection, which ends with that."},
    {0},
};

static const struct life_move *
life(struct arena *arena)
{
	static const struct life_move moves[] = {
	    {NULL, "it is ordered", "processing"},
	    {"processing", "the edge has sent its requests and counted the answers", "complete"},
	    {"processing", "the edge could not, or did not report in time", "error"},
	    {NULL, "it is deleted", NULL},
	    {0},
	};

	(void)arena;
	return moves;
}

const struct resource peer_detection_resource = {
    .name = "vif_peer_detection",
    .plural = "vif_peer_detections",
    .title = "peer detection",
    .shorts = "detection",
    .identity = "id",
    .table = &peer_detection_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "project_id",
    .hidden = "deleted_time",
    .life = life,
    .routes = detection_routes,
    .chain = chain,
    .create = detection_create,
    .remove = detection_remove,
    .rank = RANK_DETECTION,
    .leaving = leaving,
    .render = render,
    .settle = settle,
};
