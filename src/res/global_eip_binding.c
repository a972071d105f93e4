/* SPDX-License-Identifier: ISC */
/* global_eip_binding.c - global EIPs bound to connect gateways (semantics.md 5.13): on each edge where the gateway has
 * an interface, the address is a route to that interface's peer, which uplinks announce.
 *
 * A binding succeeds when the edges have read its routes back. A gateway without interfaces has nothing on any edge, as
 * a virtual gateway without interfaces has not: its bindings succeed at once. */
#include <string.h>

#include "api/crud.h"
#include "auth/tables.h"
#include "res/connect_gateway.h"
#include "res/global_eip.h"
#include "res/lifecycle.h"
#include "res/quota.h"
#include "res/remote_subnet.h"
#include "res/vif_peer.h"
#include "store/row_lock.h"

#define BATCH_MAX 100
#define REASON_MAX 255

static const char *const types[] = {"IP_ADDRESS", "IP_SEGMENT", NULL};
static const char *const statuses[] = {"BINDING", "BIND_SUCCESSFULLY", "UNBINDING", "ERROR", NULL};

static const struct field_column list_columns[] = {
    {.title = "eip", .member = "global_eip_id"},
    {.member = "cidr"},
    {.member = "type"},
    {.member = "status"},
    {.member = "error_message", .note = true},
    {0},
};

const struct field_table global_eip_binding_table = {
    .name = "GlobalEipBinding",
    .sql = "global_eip_binding",
    .constraints =
	(const struct constraint[]){
	    {"global_eip_binding_global_eip_id_key", DC_E_PARAM, "global_eips", "a global EIP is bound already"},
	    {"global_eip_binding_eip_id_fkey", DC_E_NOT_FOUND, "global_eips", "a global EIP does not exist",
		DC_E_VGW_IN_USE, "The global EIP is bound"},
	    {"global_eip_binding_connect_gateway_id_fkey", DC_E_NOT_FOUND, "connect_gateway_id",
		"the gateway does not exist", DC_E_VGW_IN_USE, "The gateway has global EIPs"},
	    {"global_eip_binding_tenant_id_fkey", DC_E_NOT_FOUND, "project_id", "the project does not exist",
		DC_E_PARAM, "The project has bound global EIPs"},
	    {.name = "global_eip_binding_status_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct global_eip_binding),
    .guarded_by = "gateway",
    .guard_column = "connect_gateway_id",
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(global_eip_binding, id), .kind = F_UUID, .doc = "Identifier of the binding."},
	    {AT(global_eip_binding, tenant_id), .fixed = true, .kind = F_HEX32, .doc = "Project."},
	    {AT(global_eip_binding, connect_gateway_id), .fixed = true, .kind = F_UUID, .doc = "Gateway."},
	    {AT(global_eip_binding, global_eip_id), .ref = "eip", .kind = F_UUID, .may = V_R, .nullable = true,
		.filter = true, .cli = true, .doc = "Global EIP that is bound; of a segment, the segment."},
	    {AT(global_eip_binding, global_eip_segment_id), .ref = "eip", .kind = F_UUID, .may = V_R, .nullable = true,
		.filter = true, .doc = "Segment that is bound."},
	    {AT(global_eip_binding, type), .kind = F_ENUM, .names = types, .may = V_R, .must = V_R, .cli = true,
		.doc = "Single address or segment."},
	    {AT(global_eip_binding, status), .kind = F_ENUM, .names = statuses, .may = V_R, .must = V_R, .filter = true,
		.cli = true, .doc = "Progress of the binding, as the edges report it."},
	    {AT(global_eip_binding, error_message), .kind = F_TEXT, .max = 255, .may = V_R, .nullable = true,
		.doc = "Why the binding failed, or what it waits for."},
	    {AT(global_eip_binding, cidr), .kind = F_TEXT, .max = 64, .may = V_R, .nullable = true, .cli = true,
		.doc = "Address or segment; null while the operator has not entered it."},
	    {AT(global_eip_binding, address_family), .kind = F_TEXT, .max = 36, .may = V_R, .nullable = true,
		.doc = "Family of the address."},
	    {AT(global_eip_binding, ie_vtep_ip), .kind = F_TEXT, .max = 64, .may = V_R, .nullable = true,
		.no_column = true, .doc = "Tunnel end point at the Internet exit."},
	    {AT(global_eip_binding, gcb_id), .kind = F_TEXT, .max = 36, .may = V_R, .nullable = true,
		.doc = "Global connection bandwidth, as it was sent."},
	    {AT(global_eip_binding, created_time), .kind = F_TIME, .may = V_R, .nullable = true, .sort = true,
		.doc = "When the binding was made."},
	    {AT(global_eip_binding, eip_id), .kind = F_UUID, .doc = "Row of the inventory."},
	    {0},
	},
};

/* --- bodies --- */

struct bind_entry {
	struct f_text global_eip_id, type;
};

struct bind_request {
	struct f_objects global_eips;
	struct f_text gcb_id;
};

struct bind_answer {
	struct f_text global_eips; /* JSON: one object for one entry, an array for several */
	struct f_text request_id;
};

#define ENTRY_ID                                                                                                       \
	{                                                                                                              \
		AT(bind_entry, global_eip_id), .ref = "eip", .kind = F_UUID, .may = VIEW_CREATE, .must = VIEW_CREATE,  \
					       .doc = "Global EIP or segment."                                         \
	}

static const struct field_table bind_entry_table = {
    .name = "BindGlobalEip",
    .size = sizeof(struct bind_entry),
    .fields =
	(const struct field[]){
	    ENTRY_ID,
	    {AT(bind_entry, type), .kind = F_ENUM, .names = types, .may = VIEW_CREATE, .fallback = "\"IP_ADDRESS\"",
		.doc = "Single address or segment."},
	    {0},
	},
};
static const struct field_table unbind_entry_table = {
    .name = "UnbindGlobalEip",
    .size = sizeof(struct bind_entry),
    .fields = (const struct field[]){ENTRY_ID, {0}},
};

static const struct field_table bind_table = {
    .name = "BindGlobalEips",
    .size = sizeof(struct bind_request),
    .fields =
	(const struct field[]){
	    {AT(bind_request, global_eips), .kind = F_OBJECTS, .of = &bind_entry_table, .min_items = 1,
		.max_items = BATCH_MAX, .may = VIEW_CREATE, .must = VIEW_CREATE, .doc = "Global EIPs to bind."},
	    {AT(bind_request, gcb_id), .kind = F_UUID, .may = VIEW_CREATE,
		.doc = "Global connection bandwidth to use; kept and shown."},
	    {0},
	},
};
static const struct field_table unbind_table = {
    .name = "UnbindGlobalEips",
    .size = sizeof(struct bind_request),
    .fields =
	(const struct field[]){
	    {AT(bind_request, global_eips), .kind = F_OBJECTS, .of = &unbind_entry_table, .min_items = 1,
		.max_items = BATCH_MAX, .may = VIEW_CREATE, .must = VIEW_CREATE, .doc = "Global EIPs to unbind."},
	    {0},
	},
};

static const struct field_table answer_table = {
    .name = "GlobalEipsTouched",
    .size = sizeof(struct bind_answer),
    .fields =
	(const struct field[]){
	    {AT(bind_answer, global_eips), .kind = F_JSON, .max = 1 << 20, .may = V_R, .must = V_R,
		.doc = "The binding, or a list of them when several were asked for."},
	    {AT(bind_answer, request_id), .kind = F_TEXT, .max = 36, .may = V_R, .must = V_R,
		.doc = "Identifier of this call."},
	    {0},
	},
};

/* --- one entry --- */

/* One call of one gateway. */
struct change {
	struct tx *tx;
	struct call *call;
	struct gateway gw;
	const char *member; /* of the entry */
	struct global_eip_binding *row;
	struct dc_error *err;
};

void
global_eip_fill(struct global_eip_binding *b, const struct global_eip *eip)
{
	b->eip_id = eip->id;
	b->cidr = eip->cidr;
	b->address_family = eip->address_family;
	b->type = eip->type;
	F_SET_TEXT(b->global_eip_segment_id, strcmp(eip->type.v, types[1]) == 0 ? eip->id.v : NULL);
}

static enum dc_code
no_eip(const struct change *c)
{
	return dc_fail(
	    c->err, DC_E_NOT_FOUND, c->member, "%s: global EIP %s does not exist", c->member, c->row->global_eip_id.v);
}

/* The project's EIP of the inventory; unknown ones as the operator's configuration has it. */
static enum dc_code
take_eip(struct change *c, const struct bind_entry *e)
{
	struct global_eip_binding *b = c->row;
	const struct global_eip *eip;
	void *row;
	enum dc_code rc = query_get(c->tx, &global_eip_table, Q(Q_EQ("id", b->global_eip_id.v)), &row, c->err);

	if (rc == DC_E_NOT_FOUND && res_settings(c->call)->accept_unknown_global_eip) {
		b->type = e->type;
		F_SET_TEXT(b->global_eip_segment_id, strcmp(e->type.v, types[1]) == 0 ? b->global_eip_id.v : NULL);
		return DC_OK;
	}
	if (rc == DC_E_NOT_FOUND ||
	    (rc == DC_OK && strcmp(((struct global_eip *)row)->tenant_id.v, c->gw.tenant_id) != 0))
		return no_eip(c);
	if (rc != DC_OK)
		return rc;
	eip = row;
	if (strcmp(eip->type.v, e->type.v) != 0)
		return dc_fail(c->err, DC_E_PARAM, c->member, "%s: global EIP %s is of the type %s", c->member,
		    eip->id.v, eip->type.v);
	if (strcmp(eip->address_family.v, "ipv6") == 0 && !c->gw.ipv6)
		return dc_fail(c->err, DC_E_PARAM, c->member, "%s: the gateway's address_family is ipv4", c->member);
	global_eip_fill(b, eip);
	return DC_OK;
}

/* A binding that is on its way out leaves its place with its edges' next report; the call waits for it. */
static enum dc_code
check_unbound(const struct change *c)
{
	const struct global_eip_binding *other;
	void *row;
	enum dc_code rc = query_get(
	    c->tx, &global_eip_binding_table, Q(Q_EQ("global_eip_id", c->row->global_eip_id.v)), &row, c->err);

	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	other = row;
	if (strcmp(other->tenant_id.v, c->gw.tenant_id) != 0)
		return no_eip(c); /* an unknown one, which another project has taken */
	if (global_eip_binding_leaving(other) && call_wait(c->call, other->id.v))
		return DC_OK;
	return dc_fail(c->err, DC_E_PARAM, c->member, "%s: global EIP %s is bound to the connect gateway %s already%s",
	    c->member, other->global_eip_id.v, other->connect_gateway_id.v,
	    global_eip_binding_leaving(other) ? ", which an edge has not let go of yet" : "");
}

/* In the gateway's VRF an address has one next hop. */
static enum dc_code
take_route(const struct change *c)
{
	const struct global_eip_binding *b = c->row;
	struct ip_prefix prefix;
	struct cidr_list one = {&prefix, 1};

	return b->cidr.set != GIVEN || !ip_parse_prefix(b->cidr.v, &prefix)
		   ? DC_OK
		   : remote_subnets_take(c->tx, b->id.v, b->id.v, c->gw.id, &one, c->member, c->err);
}

static enum dc_code
bind_one(struct change *c, const struct bind_entry *e, const struct f_text *gcb_id)
{
	struct global_eip_binding *b = c->row;
	char id[UUID_TEXT_SIZE];
	enum dc_code rc;

	uuid_new(id);
	F_SET_TEXT(b->id, arena_strdup(tx_arena(c->tx), id));
	F_SET_TEXT(b->tenant_id, c->gw.tenant_id);
	F_SET_TEXT(b->connect_gateway_id, c->gw.id);
	b->global_eip_id = e->global_eip_id;
	b->gcb_id = *gcb_id;
	F_SET_TEXT(b->status, "BINDING");
	F_SET_INT(b->created_time, tx_now(c->tx));
	if ((rc = take_eip(c, e)) != DC_OK || (rc = check_unbound(c)) != DC_OK || c->call->wait ||
	    (rc = take_route(c)) != DC_OK || (rc = query_insert(c->tx, &global_eip_binding_table, b, c->err)) != DC_OK)
		return rc;
	tx_made(c->tx, &global_eip_binding_resource, b->id.v);
	return event_add_for(
	    c->tx, c->call, c->gw.tenant_id, "create", global_eip_binding_resource.name, b->id.v, c->err);
}

static enum dc_code
unbind_one(struct change *c, const struct bind_entry *e, const struct f_text *none)
{
	struct global_eip_binding *b = c->row;
	void *row;
	enum dc_code rc;

	(void)none;
	b->global_eip_id = e->global_eip_id;
	rc = query_get(c->tx, &global_eip_binding_table,
	    Q(Q_EQ("global_eip_id", e->global_eip_id.v), Q_EQ("connect_gateway_id", c->gw.id)), &row, c->err);
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(c->err, DC_E_NOT_FOUND, c->member, "%s: global EIP %s is not bound to the gateway",
		    c->member, e->global_eip_id.v);
	if (rc != DC_OK)
		return rc;
	*b = *(struct global_eip_binding *)row;
	if (global_eip_binding_leaving(b))
		return DC_OK;
	F_SET_TEXT(b->status, "UNBINDING");
	if ((rc = query_set(c->tx, &global_eip_binding_table, (const char *const[]){"status", NULL}, b,
		 Q(Q_EQ("id", b->id.v)), NULL, c->err)) != DC_OK)
		return rc;
	tx_dirty(c->tx, &global_eip_binding_resource, b->id.v);
	return event_add_for(
	    c->tx, c->call, c->gw.tenant_id, "delete", global_eip_binding_resource.name, b->id.v, c->err);
}

/* --- the calls --- */

/* The gateway that the path names, under its lock. Counting EIPs needs the project's, too. */
static enum dc_code
lock_gateway(struct change *c)
{
	const char *id = call_param(c->call, "connect_gateway_id");
	LOCK_SET(set, c->tx);
	void *row;
	enum dc_code rc = crud_load(c->tx, c->call, &connect_gateway_resource, id, &row, c->err);

	if (rc != DC_OK)
		return rc;
	lock_want(&set, &project_table, c->call->project);
	lock_want(&set, &gateway_table, ((const struct connect_gateway *)row)->id.v);
	if ((rc = lock_rows(c->tx, &set, c->err)) != DC_OK ||
	    (lock_is_late(c->tx) &&
		(rc = crud_load(c->tx, c->call, &connect_gateway_resource, id, &row, c->err)) != DC_OK))
		return rc;
	return gateway_of_row(c->tx, &connect_gateway_kind, row, &c->gw, c->err);
}

/* SDKs read one object, the official examples show a list. */
static void
answer_bindings(struct change *c, struct global_eip_binding *rows, size_t n)
{
	struct buf text = BUF_INIT(1 << 20);
	struct json w = JSON_INIT(&text);
	struct field_options options = call_options(c->call);
	struct bind_answer answer = {0};

	if (n != 1)
		jw_array_begin(&w);
	for (size_t i = 0; i < n; i++) {
		const struct global_eip_binding *now = tx_row(c->tx, &global_eip_binding_resource, rows[i].id.v);

		field_encode(&global_eip_binding_table, VIEW_ANSWER, now != NULL ? now : &rows[i], &options, &w);
	}
	if (n != 1)
		jw_array_end(&w);
	F_SET_TEXT(answer.global_eips, arena_strndup(tx_arena(c->tx), text.data, text.len));
	F_SET_TEXT(answer.request_id, c->call->request_id);
	buf_free(&text);
	call_answer_row(c->call, &answer);
}

static enum dc_code
each_entry(struct tx *tx, struct call *call, bool bind,
    enum dc_code (*one)(struct change *, const struct bind_entry *, const struct f_text *), struct dc_error *err)
{
	const struct bind_request *request = call->body;
	struct f_objects entries = request->global_eips;
	struct change c = {.tx = tx, .call = call, .err = err};
	struct global_eip_binding *rows = arena_array(tx_arena(tx), entries.n + 1, sizeof(*rows));
	enum dc_code rc = lock_gateway(&c);

	if (bind)
		field_rows_defaults(&bind_entry_table, tx_arena(tx), &entries);
	for (size_t i = 0; rc == DC_OK && i < entries.n; i++) {
		const struct bind_entry *e = entries.v;

		c.member = arena_printf(tx_arena(tx), "global_eips[%zu].global_eip_id", i);
		c.row = &rows[i];
		if (bind && (rc = quota_check(tx, call, c.gw.tenant_id, QUOTA_GLOBAL_EIPS, err)) != DC_OK)
			return rc;
		if ((rc = one(&c, &e[i], &request->gcb_id)) != DC_OK || call->wait)
			return rc;
	}
	if (rc != DC_OK || (rc = tx_settle(tx, err)) != DC_OK)
		return rc;
	answer_bindings(&c, rows, entries.n);
	return DC_OK;
}

static enum dc_code
bind_eips(struct tx *tx, struct call *call, struct dc_error *err)
{
	return each_entry(tx, call, true, bind_one, err);
}

static enum dc_code
unbind_eips(struct tx *tx, struct call *call, struct dc_error *err)
{
	return each_entry(tx, call, false, unbind_one, err);
}

/* --- on the edges --- */

static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	(void)tx;
	(void)call;
	(void)err;
	lock_want(set, &gateway_table, ((const struct global_eip_binding *)row)->connect_gateway_id.v);
	return DC_OK;
}

bool
global_eip_binding_leaving(const void *row)
{
	return strcmp(((const struct global_eip_binding *)row)->status.v, "UNBINDING") == 0;
}

/* Whether a peer takes an address of this family now. Those of a switchover test come last: its end finds them. */
static enum dc_code
takes(struct tx *tx, const struct vif_peer *p, enum ip_family family, bool shut, struct next_hop *hop, bool *ret,
    struct dc_error *err)
{
	enum dc_code rc;

	*ret = false;
	if (vif_peer_leaving(p) || vif_peer_is_v6(p) != (family == IP_V6))
		return DC_OK;
	if ((rc = vif_peer_next_hop(tx, p, hop, err)) == DC_OK)
		*ret = hop->edge_id != NULL && (hop->shut_until.set == GIVEN) == shut;
	return rc;
}

static bool
is_among(const char *const *ids, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

/* On each edge the address leads to one peer of its family: the gateway's oldest there that no test has shut down. */
static enum dc_code
render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	const struct global_eip_binding *b = row;
	struct ip_prefix prefix;
	struct vif_peer *peer;
	const char **done;
	size_t peers, edges = 0;
	enum dc_code rc;

	work_show_as(work, "connect_gateway", b->connect_gateway_id.v);
	if (global_eip_binding_leaving(b) || b->cidr.set != GIVEN || !ip_parse_prefix(b->cidr.v, &prefix))
		return DC_OK;
	if ((rc = vif_peers_of_gateway(tx, b->connect_gateway_id.v, &peer, &peers, err)) != DC_OK)
		return rc;
	done = arena_array(tx_arena(tx), peers + 1, sizeof(*done));
	for (size_t i = 0; i < 2 * peers; i++) {
		struct next_hop hop = {0};
		bool takes_it;

		rc = takes(tx, &peer[i % peers], prefix.addr.family, i >= peers, &hop, &takes_it, err);
		if (rc != DC_OK)
			return rc;
		if (!takes_it || is_among(done, edges, hop.edge_id))
			continue;
		done[edges++] = hop.edge_id;
		gateway_put_route(work, tx_arena(tx), b->connect_gateway_id.v, &hop, b->id.v, &prefix, "eip");
	}
	return DC_OK;
}

static const char *const words[] = {
    [VERDICT_NONE] = "BIND_SUCCESSFULLY",
    [VERDICT_APPLIED] = "BIND_SUCCESSFULLY",
    [VERDICT_WAITING] = "BINDING",
    [VERDICT_FAILED] = "ERROR",
};

static const struct life_move *
life(struct arena *arena)
{
	static const struct life_move more[] = {
	    {NULL, "it is unbound", "UNBINDING"}, {"UNBINDING", "its edges have removed the routes", NULL}, {0}};

	return life_by_verdict(words, more, arena);
}

static enum dc_code
settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	static const char *const columns[] = {"status", "error_message", NULL};
	struct global_eip_binding *b = row, old = *b;
	const struct edge_object *object, *culprit = NULL;
	enum work_verdict verdict;
	size_t n;

	object = work_objects(work, &n);
	if (global_eip_binding_leaving(b)) {
		*gone = n == 0;
		return *gone ? remote_subnets_release(tx, b->id.v, err) : DC_OK;
	}
	verdict = work_judge(object, n, &culprit);
	life_set(&b->status, words[verdict], "global_eip_binding", b->id.v);
	F_SET_TEXT(b->error_message, verdict == VERDICT_FAILED ? arena_printf(tx_arena(tx), "%.*s", REASON_MAX,
								     work_error(culprit, tx_arena(tx)))
				     : b->cidr.set != GIVEN    ? "the operator has not entered the address yet"
							       : NULL);
	if (text_is_same(&old.status, &b->status) && text_is_same(&old.error_message, &b->error_message))
		return DC_OK;
	return query_set(tx, &global_eip_binding_table, columns, b, Q(Q_EQ("id", b->id.v)), NULL, err);
}

static const struct depend depends[] = {
    /* A change of the gateway's interfaces reaches the gateway, too. */
    {"connect_gateway", "connect_gateway_id", "id", .render = WORK_ROW | WORK_REST},
    {0},
};

#define PATH "/v3/{project_id}/dcaas/connect-gateways/{connect_gateway_id}"

static const struct route binding_routes[] = {
    {M_GET, PATH "/binding-global-eips", ROLE_READER, .res = &global_eip_binding_resource, .run = crud_list,
	.operation = "ListGlobalEips", .errors = ERRORS(DC_E_NOT_FOUND),
	.summary = "List the global EIPs that are bound to a connect gateway."},
    {M_POST, PATH "/binding-global-eips", ROLE_MEMBER, ROUTE_WRITES, &global_eip_binding_resource, VIEW_CREATE,
	&bind_table, "", .answer_table = &answer_table, .status = 201, .run = bind_eips, .operation = "BindGlobalEips",
	.errors = ERRORS(DC_E_NOT_FOUND, DC_E_QUOTA, DC_E_ADDRESS),
	.summary = "Bind global EIPs to a connect gateway."},
    {M_POST, PATH "/unbinding-global-eips", ROLE_MEMBER, ROUTE_WRITES, &global_eip_binding_resource, VIEW_CREATE,
	&unbind_table, "", .answer_table = &answer_table, .status = 201, .run = unbind_eips,
	.operation = "UnbindGlobalEips", .errors = ERRORS(DC_E_NOT_FOUND),
	.summary = "Unbind global EIPs from a connect gateway."},
    {0},
};

const struct resource global_eip_binding_resource = {
    .name = "global_eip_binding",
    .plural = "global_eips",
    .title = "binding of a global EIP",
    .table = &global_eip_binding_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .parent = &connect_gateway_resource,
    .parent_column = "connect_gateway_id",
    .counted = true,
    .routes = binding_routes,
    .chain = chain,
    .rank = RANK_ROUTE,
    .depends = depends,
    .leaving = global_eip_binding_leaving,
    .render = render,
    .life = life,
    .settle = settle,
};
