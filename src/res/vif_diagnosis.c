/* SPDX-License-Identifier: ISC */
#include "res/vif_diagnosis.h"

#include <string.h>

#include "base/ip.h"
#include "reconcile/objects.h"
#include "res/lifecycle.h"
#include "res/link_subnet.h"
#include "res/router_question.h"
#include "res/session_advice.h"
#include "res/switchover.h"
#include "res/vif_peer.h"
#include "res/virtual_interface.h"

#define FINDINGS_MAX 32

static const char *const layers[] = {
    "order", "edge", "router", "carrier", "frames", "neighbour", "echo", "session", "routes", NULL};
static const char *const results[] = {"ok", "failed", "unknown", NULL};

struct finding {
	struct f_text layer, result, peer_id, description, advice;
};

static const struct field_column columns[] = {
    {.member = "layer"},
    {.member = "result"},
    {.member = "description"},
    {0},
};

static const struct field_table finding_table = {
    .name = "VifFinding",
    .size = sizeof(struct finding),
    .columns = columns,
    .fields =
	(const struct field[]){
	    {AT(finding, layer), .kind = F_ENUM, .names = layers, .may = V_R, .must = V_R,
		.doc = "What was looked at, from the order to the routes."},
	    {AT(finding, result), .kind = F_ENUM, .names = results, .may = V_R, .must = V_R,
		.doc = "ok, failed, or unknown because the router could not be asked."},
	    {AT(finding, peer_id), .ref = "vif_peer", .kind = F_UUID, .nullable = true, .may = V_R,
		.doc = "Peer that the finding is about; null: the interface."},
	    {AT(finding, description), .kind = F_TEXT, .max = 1024, .may = V_R, .must = V_R, .doc = "What is there."},
	    {AT(finding, advice), .kind = F_TEXT, .max = 1024, .nullable = true, .may = V_R,
		.doc = "What to do about it."},
	    {0},
	},
};

struct diagnosis {
	struct f_text virtual_interface_id;
	struct f_bool healthy;
	struct f_text layer, description, advice;
	struct f_objects findings;
};

static const struct field_table diagnosis_table = {
    .name = "VifDiagnosis",
    .size = sizeof(struct diagnosis),
    .fields =
	(const struct field[]){
	    {AT(diagnosis, virtual_interface_id), .ref = "virtual_interface", .kind = F_UUID, .may = V_R, .must = V_R,
		.doc = "The interface."},
	    {AT(diagnosis, healthy), .kind = F_BOOL, .may = V_R, .must = V_R, .cli = true,
		.doc = "No layer has failed, and none is unknown."},
	    {AT(diagnosis, layer), .kind = F_ENUM, .names = layers, .nullable = true, .may = V_R, .cli = true,
		.doc = "The first layer that has failed; null: none."},
	    {AT(diagnosis, description), .kind = F_TEXT, .max = 1024, .nullable = true, .may = V_R, .cli = true,
		.doc = "What is wrong there."},
	    {AT(diagnosis, advice), .kind = F_TEXT, .max = 1024, .nullable = true, .may = V_R, .cli = true,
		.doc = "What to do about it."},
	    {AT(diagnosis, findings), .kind = F_OBJECTS, .of = &finding_table, .may = V_R, .must = V_R,
		.max_items = FINDINGS_MAX, .doc = "All that was looked at, in order."},
	    {0},
	},
};

struct diagnosis_answer {
	struct f_objects vif_diagnosis;
	struct f_text request_id;
};

static const struct field_table answer_table = {
    .name = "VifDiagnosisAnswer",
    .size = sizeof(struct diagnosis_answer),
    .fields =
	(const struct field[]){
	    {AT(diagnosis_answer, vif_diagnosis), .kind = F_OBJECT, .of = &diagnosis_table, .may = V_R, .must = V_R,
		.doc = "The diagnosis."},
	    {AT(diagnosis_answer, request_id), .kind = F_HEX32, .may = V_R, .must = V_R,
		.doc = "Identifier of this call."},
	    {0},
	},
};

/* --- findings --- */

struct exam { /* one interface, and all that is known of it */
	struct tx *tx;
	struct call *call;
	struct arena *arena;
	const struct virtual_interface *v;
	struct vif_peer *peer;
	size_t peers;
	const struct wire_line *line; /* NULL: the router was not asked, or has no answer */
	struct finding finding[FINDINGS_MAX];
	size_t n;
};

enum result { OK, FAILED, UNKNOWN };

static void
find(struct exam *x, const char *layer, const struct vif_peer *p, enum result result, const char *words,
    const char *advice)
{
	struct finding *f = &x->finding[x->n];

	if (x->n == FINDINGS_MAX)
		return;
	x->n++;
	F_SET_TEXT(f->layer, layer);
	F_SET_TEXT(f->result, results[result]);
	F_SET_TEXT(f->peer_id, p != NULL ? p->id.v : NULL);
	F_SET_TEXT(f->description, words);
	F_SET_TEXT(f->advice, advice);
}

static bool
has_failed(const struct exam *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->finding[i].result.v, results[FAILED]) == 0)
			return true;
	return false;
}

/* --- the order, and the router's objects --- */

static void
look_at_order(struct exam *x)
{
	const struct virtual_interface *v = x->v;

	if (life_is(&v->status, LIFE_AUTHORIZATION) || life_is(&v->status, LIFE_REJECTED))
		find(x, "order", NULL, FAILED, "the owner of the gateway has not accepted the interface",
		    "Ask the owner of the gateway to accept the interface.");
	else if (v->edge_id.set != GIVEN)
		find(x, "order", NULL, FAILED, "the interface is on no router",
		    "Check the connection's port and location.");
	else if (switchover_shuts(v))
		find(x, "order", NULL, FAILED, switchover_words(v, x->arena),
		    "End the switchover test (undo_shutdown), or wait for its end.");
	else if (x->peers == 0)
		find(x, "order", NULL, FAILED, "the interface has no peer", "Order a virtual interface peer.");
	else
		find(x, "order", NULL, OK, "the interface and its peers are ordered", NULL);
}

static enum dc_code
object_of(struct exam *x, const char *key, const struct edge_object **ret, struct dc_error *err)
{
	void *row = NULL;
	enum dc_code rc =
	    query_get(x->tx, &edge_object_table, Q(Q_EQ("edge_id", x->v->edge_id.v), Q_EQ("key", key)), &row, err);

	*ret = row;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

/* What keeps a peer from its router: a failure, or that nothing was reported yet. */
static void
look_at_objects(struct exam *x)
{
	for (size_t i = 0; i < x->peers; i++) {
		const struct vif_peer *p = &x->peer[i];
		const char *reason = text_or_null(&p->reason);

		if (life_is(&p->status, LIFE_ERROR))
			find(x, "router", p, FAILED, reason != NULL ? reason : "the router could not set the peer up",
			    "The words are the router's own. Ask the operator, or change what they name.");
		else if (life_is(&p->status, LIFE_ACTIVE) || life_is(&p->status, LIFE_DOWN))
			find(x, "router", p, OK, "the router has the peer as ordered", NULL);
		else
			find(x, "router", p, FAILED,
			    reason != NULL ? reason : "the router has not reported the peer yet",
			    "Wait some seconds. If it stays so, ask the operator to look at the edge.");
	}
}

static enum dc_code
look_at_carrier(struct exam *x, struct dc_error *err)
{
	const struct edge_object *vlan;
	enum dc_code rc = object_of(x, vif_vlan_key(x->arena, x->v->id.v), &vlan, err);

	if (rc != DC_OK)
		return rc;
	if (vlan == NULL || vlan->carrier.set != GIVEN)
		find(x, "carrier", NULL, UNKNOWN, "the router has not reported whether the port has a carrier", NULL);
	else if (vlan->carrier.v)
		find(x, "carrier", NULL, OK, "the port has a carrier", NULL);
	else
		find(x, "carrier", NULL, FAILED, "the port has no carrier",
		    "Check the cable, the optics, and that the port at the other end is enabled.");
	return DC_OK;
}

/* --- the line at this moment --- */

static const struct wire_line_router *
router_of(const struct exam *x, const struct vif_peer *p)
{
	const struct wire_line_router *all = x->line != NULL ? x->line->routers.v : NULL;
	struct ip_prefix remote;
	char text[IP_TEXT_SIZE];

	if (all == NULL || text_or_null(&p->remote_gateway_ip) == NULL ||
	    !ip_parse_prefix(p->remote_gateway_ip.v, &remote))
		return NULL;
	ip_format_addr(&remote.addr, text);
	for (size_t i = 0; i < x->line->routers.n; i++)
		if (strcmp(all[i].address.v, text) == 0)
			return &all[i];
	return NULL;
}

static bool
is_known(const struct wire_line_router *r)
{
	return r != NULL && (r->answered.v || strcmp(r->neighbour.v, "known") == 0);
}

static void
look_at_frames(struct exam *x)
{
	int64_t received = x->line->received_packets.set == GIVEN ? x->line->received_packets.v : 0;

	if (received > 0)
		find(x, "frames", NULL, OK,
		    arena_printf(x->arena, "%lld packets have come in on VLAN %lld", (long long)received,
			(long long)x->v->vlan.v),
		    NULL);
	else
		find(x, "frames", NULL, FAILED,
		    arena_printf(x->arena, "no packet has ever come in on VLAN %lld", (long long)x->v->vlan.v),
		    arena_printf(x->arena,
			"Check that the customer's router uses VLAN %lld on this line, and that every switch between "
			"passes it.",
			(long long)x->v->vlan.v));
}

static void
look_at_neighbour(struct exam *x, const struct vif_peer *p)
{
	const struct wire_line_router *r = router_of(x, p);
	const char *protocol = vif_peer_is_v6(p) ? "neighbour discovery" : "ARP";

	if (r == NULL)
		return;
	if (!is_known(r)) {
		find(x, "neighbour", p, FAILED,
		    arena_printf(x->arena, "nobody answers %s for %s", protocol, r->address.v),
		    arena_printf(x->arena,
			"Check that the customer's router has the address %s on this VLAN, with the mask of %s.",
			r->address.v, p->local_gateway_ip.v));
		return;
	}
	find(x, "neighbour", p, OK,
	    arena_printf(x->arena, "%s answers %s%s%s", r->address.v, protocol,
		r->hardware_address.set == GIVEN ? " as " : "",
		r->hardware_address.set == GIVEN ? r->hardware_address.v : ""),
	    NULL);
	find(x, "echo", p, r->answered.v ? OK : UNKNOWN,
	    r->answered.v ? "the customer's router answers echo requests"
			  : "the customer's router does not answer echo requests, which is allowed",
	    NULL);
}

/* --- the session, and its routes --- */

static void
look_at_routes(struct exam *x, const struct vif_peer *p, const struct edge_session *s)
{
	if (s->accepted.v > 0)
		find(x, "routes", p, OK,
		    arena_printf(x->arena, "routes of %s: %lld accepted, %lld rejected, %lld advertised",
			p->remote_gateway_ip.v, (long long)s->accepted.v, (long long)s->rejected.v,
			(long long)s->advertised.v),
		    NULL);
	else if (s->rejected.v > 0)
		find(x, "routes", p, FAILED, "every route that the customer's router announces is rejected",
		    "The routes of the peer show why each is rejected.");
	else
		find(x, "routes", p, FAILED, "the customer's router announces no route",
		    "Configure the customer's router to announce its networks to this peer.");
}

static enum dc_code
look_at_session(struct exam *x, const struct vif_peer *p, struct dc_error *err)
{
	const struct edge_object *bgp;
	const struct edge_object *vlan;
	struct session_facts facts = {.peer = p};
	const struct edge_session *s;
	const char *words, *advice;
	void *row = NULL;
	enum dc_code rc = query_get(x->tx, &edge_session_table, Q(Q_EQ("id", p->id.v)), &row, err);

	if (rc != DC_OK && rc != DC_E_NOT_FOUND)
		return rc;
	s = row;
	if (s != NULL && s->established.v) {
		find(x, "session", p, OK,
		    arena_printf(x->arena, "the BGP session of %s is Established", p->remote_gateway_ip.v), NULL);
		look_at_routes(x, p, s);
		return DC_OK;
	}
	if ((rc = object_of(x, arena_printf(x->arena, "bgp/%s", p->id.v), &bgp, err)) != DC_OK ||
	    (rc = object_of(x, vif_vlan_key(x->arena, x->v->id.v), &vlan, err)) != DC_OK)
		return rc;
	facts.session = s;
	facts.bgp = bgp;
	facts.drops = vlan != NULL ? text_or_null(&vlan->detail) : NULL;
	facts.is_there = is_known(router_of(x, p));
	facts.answers = router_of(x, p) != NULL && router_of(x, p)->answered.v;
	words = session_words(&facts, x->arena, &advice);
	find(x, "session", p, FAILED, words, advice);
	return DC_OK;
}

static enum dc_code
look_at_peers(struct exam *x, struct dc_error *err)
{
	enum dc_code rc = DC_OK;

	for (size_t i = 0; rc == DC_OK && i < x->peers; i++) {
		size_t before = x->n;

		if (x->line != NULL)
			look_at_neighbour(x, &x->peer[i]);
		/* Without the router there is no session: its last words are old. */
		if (before < x->n && strcmp(x->finding[before].result.v, results[FAILED]) == 0)
			continue;
		if (vif_peer_is_bgp(&x->peer[i]))
			rc = look_at_session(x, &x->peer[i], err);
	}
	return rc;
}

/* --- the call --- */

static const char *
question_text(const struct exam *x)
{
	struct wire_line_query w = {.local = {0}};
	_cleanup_buf_ struct buf text = BUF_INIT(1024);
	struct json json = JSON_INIT(&text);

	F_SET_TEXT(w.link, vif_vlan_key(x->arena, x->v->id.v));
	for (size_t i = 0; i < x->peers; i++) {
		const struct vif_peer *p = &x->peer[i];
		struct ip_prefix local, remote;
		char local_text[IP_TEXT_SIZE], remote_text[IP_TEXT_SIZE];

		if (text_or_null(&p->local_gateway_ip) == NULL || text_or_null(&p->remote_gateway_ip) == NULL ||
		    !ip_parse_prefix(p->local_gateway_ip.v, &local) ||
		    !ip_parse_prefix(p->remote_gateway_ip.v, &remote))
			continue;
		ip_format_addr(&local.addr, local_text);
		ip_format_addr(&remote.addr, remote_text);
		F_SET_TEXT(*(vif_peer_is_v6(p) ? &w.local_v6 : &w.local), arena_strdup(x->arena, local_text));
		F_SET_TEXT(*(vif_peer_is_v6(p) ? &w.remote_v6 : &w.remote), arena_strdup(x->arena, remote_text));
	}
	field_encode(&wire_line_query_table, VIEW_WIRE, &w, NULL, &json);
	return arena_strdup(x->arena, buf_str(&text));
}

/* Fills x->line; *waits: the answer is not there yet. */
static enum dc_code
ask_router(struct exam *x, bool *waits, struct dc_error *err)
{
	const struct wire_answer *answer = NULL;
	void *decoded = NULL;
	enum dc_code rc = router_ask(x->tx, x->call, x->v->edge_id.v, QUESTION_LINE, question_text(x), &answer, err);

	*waits = rc == DC_OK && answer == NULL;
	if (rc == DC_OK && answer != NULL)
		rc = router_answer(x->call, answer, &wire_line_table, DC_E_UNAVAILABLE, &decoded, err);
	if (rc == DC_E_UNAVAILABLE) {
		find(x, "edge", NULL, FAILED, arena_printf(x->arena, "the router cannot be asked: %s", err->text),
		    "What follows is what was known last. Ask the operator to look at the edge.");
		return DC_OK;
	}
	x->line = decoded;
	if (x->line != NULL)
		find(x, "edge", NULL, OK, "the router answers", NULL);
	return rc;
}

static enum dc_code
examine(struct exam *x, bool *waits, struct dc_error *err)
{
	enum dc_code rc;

	*waits = false;
	look_at_order(x);
	if (has_failed(x))
		return DC_OK;
	if ((rc = ask_router(x, waits, err)) != DC_OK || *waits)
		return rc;
	look_at_objects(x);
	if ((rc = look_at_carrier(x, err)) != DC_OK)
		return rc;
	if (x->line != NULL)
		look_at_frames(x);
	return look_at_peers(x, err);
}

static void
answer(struct exam *x)
{
	struct diagnosis d = {.findings = {GIVEN, x->n, x->finding}};
	struct diagnosis_answer out = {.vif_diagnosis = {GIVEN, 1, &d}};
	bool healthy = true;

	d.virtual_interface_id = x->v->id;
	for (size_t i = x->n; i-- > 0;) {
		const struct finding *f = &x->finding[i];

		if (strcmp(f->result.v, results[FAILED]) != 0)
			continue;
		healthy = false;
		d.layer = f->layer;
		d.description = f->description;
		d.advice = f->advice;
	}
	F_SET_BOOL(d.healthy, healthy);
	F_SET_TEXT(out.request_id, x->call->request_id);
	call_answer_row(x->call, &out);
}

static enum dc_code
show_diagnosis(struct tx *tx, struct call *call, struct dc_error *err)
{
	const char *id = call_param(call, "virtual_interface_id");
	struct exam *x = arena_new_of(call->arena, struct exam);
	void *row;
	bool waits;
	enum dc_code rc =
	    query_get(tx, &virtual_interface_table, Q(Q_EQ("id", id), Q_EQ("tenant_id", call->project)), &row, err);

	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? dc_missing(err, virtual_interface_resource.missing,
						  "The virtual interface %.64s does not exist", id)
					    : rc;
	*x = (struct exam){.tx = tx, .call = call, .arena = call->arena, .v = row};
	if ((rc = vif_peers_of(tx, x->v->id.v, &x->peer, &x->peers, err)) != DC_OK ||
	    (rc = examine(x, &waits, err)) != DC_OK || waits)
		return rc;
	answer(x);
	return DC_OK;
}

static const struct route diagnosis_routes[] = {
    {M_GET, "/dcaas/v1/projects/{project_id}/virtual-interfaces/{virtual_interface_id}/diagnosis", ROLE_READER,
	.run = show_diagnosis, .answer_table = &answer_table, .operation = "ShowVifDiagnosis",
	.summary = "Find out why an interface does not work: the first layer that fails, and what to do."},
    {0},
};

const struct resource vif_diagnosis_resource = {
    .name = "vif_diagnosis",
    .plural = "vif_diagnoses",
    .title = "diagnosis of the interface",
    .table = &diagnosis_table,
    .missing = DC_E_NOT_FOUND,
    .routes = diagnosis_routes,
};
