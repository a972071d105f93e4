/* SPDX-License-Identifier: ISC */
/* global_dc_gateway.c - global DC gateways (semantics.md 5.10): what tenants order, its rules and its state. */
#include "res/global_dc_gateway.h"

#include <string.h>

#include "api/crud.h"
#include "reconcile/edge.h"
#include "res/lifecycle.h"
#include "res/link_end.h"
#include "res/vif_row.h"
#include "res/quota.h"
#include "res/tag.h"
#include "store/row_lock.h"

static const char *const statuses[] = {"DOWN", "PENDING_UPDATE", "ACTIVE", "ERROR", NULL};
static const char *const families[] = {"ipv4", "dual", NULL};

/* Members that the operator sees as the tenant does. */
#define R (V_R | OP_R)
#define CR (V_CR | OP_CR)
#define CRU (V_CRU | OP_CR)
#define HAVE (VIEW_ANSWER | VIEW_OP_ANSWER)

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "family", .member = "address_family"},
    {.title = "asn", .member = "bgp_asn"},
    {.title = "links", .member = "current_peer_link_count"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

const struct field_table global_dc_gateway_table = {
    .name = "GlobalDcGateway",
    .sql = "global_dc_gateway",
    .constraints =
	(const struct constraint[]){
	    {"global_dc_gateway_tenant_id_fkey", DC_E_NOT_FOUND, "project_id", "the project does not exist", DC_E_PARAM,
		"The project has global DC gateways"},
	    {.name = "global_dc_gateway_address_family_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct global_dc_gateway),
    .guarded_by = "gateway",
    .guard_column = "id",
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(global_dc_gateway, id), .kind = F_UUID, .may = V_R | OP_CR, .must = HAVE, .filter = true, .sort = true,
		.cli = true, .doc = "Identifier of the gateway."},
	    {AT(global_dc_gateway, tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = CR,
		.must = HAVE | VIEW_OP_CREATE, .doc = "Project that owns the gateway."},
	    {AT(global_dc_gateway, name), .example = "backbone", .kind = F_TEXT, .min = 1, .max = 64, .may = CRU,
		.must = HAVE | VIEW_CREATE | VIEW_OP_CREATE, .filter = true, .filter_csv = true, .sort = true,
		.cli = true, .pattern = "^[\\u4e00-\\u9fa50-9a-zA-Z_.\\-]+$", .doc = "Display name."},
	    {AT(global_dc_gateway, description), .kind = F_TEXT, .max = 255, .nullable = true, .may = CRU,
		.pattern = "^[^<>]*$", .doc = "Free text."},
	    {AT(global_dc_gateway, address_family), .kind = F_ENUM, .names = families, .fold = true, .nullable = true,
		.may = CRU, .fallback = "\"ipv4\"", .cli = true,
		.doc = "Address families of its interfaces: ipv4, or dual for both."},
	    {AT(global_dc_gateway, bgp_asn), .kind = F_INT, .min = 1, .max = 4294967295, .quoted = true,
		.code = DC_E_ASN, .may = CR, .must = HAVE, .fallback = "64512", .cli = true,
		.doc = "AS number towards customers."},
	    {AT(global_dc_gateway, admin_state_up), .kind = F_BOOL, .may = R, .fallback = "true",
		.doc = "Administrative state."},
	    {AT(global_dc_gateway, status), .kind = F_ENUM, .names = statuses, .may = R, .must = HAVE, .filter = true,
		.sort = true, .cli = true, .doc = "ACTIVE while one of its interfaces is, else DOWN."},
	    {AT(global_dc_gateway, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = R,
		.doc = "Why it is in ERROR."},
	    {AT(global_dc_gateway, region_id), .kind = F_TEXT, .max = 36, .nullable = true, .may = R,
		.doc = "Region of its first interface; null before that."},
	    {AT(global_dc_gateway, location_name), .kind = F_TEXT, .max = 36, .nullable = true, .may = R,
		.doc = "Location of its first interface; null before that."},
	    {AT(global_dc_gateway, locales), .kind = F_OBJECT, .of = &localized_table, .nullable = true, .may = R,
		.doc = "Display name of that location."},
	    {AT(global_dc_gateway, global_center_network_id), .kind = F_UUID, .nullable = true, .may = R,
		.filter = true, .doc = "Central network that it takes part in."},
	    {AT(global_dc_gateway, site_network_id), .kind = F_UUID, .nullable = true, .may = R, .filter = true,
		.doc = "Site network that it takes part in."},
	    {AT(global_dc_gateway, cloud_connection_id), .kind = F_UUID, .nullable = true, .may = R, .filter = true,
		.doc = "Cloud connection that it takes part in."},
	    {AT(global_dc_gateway, current_peer_link_count), .kind = F_INT, .max = 2147483647, .no_column = true,
		.nullable = true, .may = R, .doc = "Peer links that it has."},
	    {AT(global_dc_gateway, available_peer_link_count), .kind = F_INT, .max = 2147483647, .no_column = true,
		.nullable = true, .may = R, .doc = "Peer links that it may still get; null: no limit."},
	    {AT(global_dc_gateway, enterprise_project_id), .fallback = "\"0\"", .kind = F_TEXT, .max = 36,
		.nullable = true, .may = CR, .filter = true, .filter_csv = true,
		.doc = "Enterprise project; 0 is the default one."},
	    {AT(global_dc_gateway, tags), .kind = F_OBJECTS, .of = &tag_table, .rows = &global_dc_gateway_tag_table,
		.max_items = 10, .may = CR, .doc = "Tags of the gateway."},
	    {AT(global_dc_gateway, internal_asn), .kind = F_INT, .no_column = true, .nullable = true, .may = OP_R,
		.doc = "AS number of its links."},
	    {AT(global_dc_gateway, created_time), .kind = F_TIME, .may = R, .must = HAVE, .sort = true,
		.doc = "When it was ordered."},
	    {AT(global_dc_gateway, updated_time), .kind = F_TIME, .nullable = true, .may = R, .sort = true,
		.doc = "When the order was last changed."},
	    {AT(global_dc_gateway, deleted_time), .kind = F_TIME,
		.doc = "When it was deleted; it stays until its edges have let go."},
	    {AT(global_dc_gateway, spelling), .kind = F_TEXT,
		.doc = "Ids as they were sent, where that is not in lower case."},
	    {0},
	},
};

/* --- rules --- */

static enum dc_code
check_texts(const struct global_dc_gateway *gw, struct dc_error *err)
{
	const char *description = text_or_null(&gw->description);
	enum dc_code rc = name_check(gw->name.v, "global_dc_gateway.name", err);

	if (rc != DC_OK)
		return rc;
	if (description != NULL && strpbrk(description, "<>") != NULL)
		return dc_fail(err, DC_E_PARAM, "global_dc_gateway.description",
		    "global_dc_gateway.description must not hold < or >");
	return DC_OK;
}

/* The path names the project; the body may repeat it. */
static enum dc_code
check_tenant(const struct call *call, struct dc_error *err)
{
	const struct global_dc_gateway *sent = call->body;

	if (call->project == NULL || sent->tenant_id.set != GIVEN || strcmp(sent->tenant_id.v, call->project) == 0)
		return DC_OK;
	return dc_fail(err, DC_E_PARAM, "global_dc_gateway.tenant_id",
	    "global_dc_gateway.tenant_id is not the project that the path names");
}

static enum dc_code
check_quota(struct tx *tx, struct call *call, const struct global_dc_gateway *gw, struct dc_error *err)
{
	enum dc_code rc = project_check(tx, gw->tenant_id.v, "global_dc_gateway.tenant_id", err);

	return rc == DC_OK ? quota_check(tx, call, gw->tenant_id.v, QUOTA_GLOBAL_GATEWAYS, err) : rc;
}

static enum dc_code
global_dc_gateway_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct global_dc_gateway *gw = row;
	enum dc_code rc;

	if ((rc = check_texts(gw, err)) != DC_OK || (rc = check_tenant(call, err)) != DC_OK ||
	    (rc = tags_check(&gw->tags, "global_dc_gateway.tags", err)) != DC_OK ||
	    (rc = gateway_check_asn(res_settings(call), gw->bgp_asn.v, "global_dc_gateway.bgp_asn", err)) != DC_OK)
		return rc;
	fill_common(&gw->name, &gw->description, &gw->enterprise_project_id);
	F_SET_TEXT(gw->status, "DOWN"); /* no interface yet */
	return check_quota(tx, call, gw, err);
}

static enum dc_code
global_dc_gateway_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	return gateway_insert(
	    tx, &global_dc_gateway_kind, ((struct global_dc_gateway *)row)->id.v, res_settings(call), err);
}

static enum dc_code
global_dc_gateway_update(
    struct tx *tx, struct call *call, const void *old_row, const void *patch, void *row, struct dc_error *err)
{
	const struct global_dc_gateway *old = old_row;
	struct global_dc_gateway *gw = row;
	int64_t peers;
	enum dc_code rc;

	(void)call;
	(void)patch;
	if ((rc = check_texts(gw, err)) != DC_OK)
		return rc;
	if (strcmp(gw->address_family.v, old->address_family.v) == 0 || strcmp(gw->address_family.v, "ipv4") != 0)
		return DC_OK;
	if ((rc = query_count(tx, &vif_peer_table, Q(Q_EQ("gateway_id", gw->id.v), Q_EQ("address_family", "ipv6")),
		 &peers, err)) != DC_OK)
		return rc;
	return peers == 0
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, "global_dc_gateway.address_family",
			 "global_dc_gateway.address_family cannot become ipv4 while the gateway has %lld IPv6 peers",
			 (long long)peers);
}

static enum dc_code
global_dc_gateway_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	static const char *const columns[] = {"deleted_time", NULL};
	struct global_dc_gateway *gw = row;

	(void)call;
	/* The contract knows no state for a gateway that waits for its edges, so it is not shown any more. */
	F_SET_INT(gw->deleted_time, tx_now(tx));
	return query_set(tx, &global_dc_gateway_table, columns, gw, Q(Q_EQ("id", gw->id.v)), NULL, err);
}

/* --- reading --- */

static void
count_links(struct global_dc_gateway *gw, const struct link_end *end, size_t n, int64_t quota)
{
	int64_t links = 0;

	for (size_t i = 0; i < n; i++)
		links += strcmp(end[i].gateway_id.v, gw->id.v) == 0;
	F_SET_INT(gw->current_peer_link_count, links);
	if (quota < 0)
		F_SET_NULL(gw->available_peer_link_count);
	else
		F_SET_INT(gw->available_peer_link_count, links < quota ? quota - links : 0);
}

static enum dc_code
global_dc_gateway_embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct query_page by_gateway = {.sort = "gateway_id"};
	struct global_dc_gateway *gw = rows;
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	struct f_text **reasons = arena_array(tx_arena(tx), n + 1, sizeof(*reasons));
	const struct gateway_row *common;
	void *commons, *ends;
	size_t ends_n, commons_n;
	int64_t quota = -1;
	enum dc_code rc;

	for (size_t i = 0; i < n; i++) {
		ids[i] = gw[i].id.v;
		reasons[i] = &gw[i].reason;
	}
	if ((rc = query_list(tx, &link_end_table, Q(Q_IN("gateway_id", ids), Q_EQ_INT("leaving", 0)), &by_gateway,
		 &ends, &ends_n, err)) != DC_OK ||
	    (rc = query_list(tx, &gateway_table, Q(Q_IN("id", ids)), NULL, &commons, &commons_n, err)) != DC_OK)
		return rc;
	common = commons;
	for (size_t i = 0; i < n; i++) {
		if ((i == 0 || !text_is_same(&gw[i].tenant_id, &gw[i - 1].tenant_id)) &&
		    (rc = quota_limit(tx, call, gw[i].tenant_id.v, QUOTA_PEER_LINKS, &quota, err)) != DC_OK)
			return rc;
		count_links(&gw[i], ends, ends_n, quota);
		for (size_t k = 0; k < commons_n; k++)
			if (strcmp(common[k].id.v, gw[i].id.v) == 0)
				gw[i].internal_asn = common[k].internal_asn;
	}
	return gateway_silence(tx, ids, reasons, n, err);
}

/* --- as a gateway --- */

static enum dc_code
view(struct tx *tx, struct gateway *ret, struct dc_error *err)
{
	const struct global_dc_gateway *gw = ret->row;

	(void)tx;
	(void)err;
	ret->tenant_id = gw->tenant_id.v;
	ret->status = gw->status.v;
	ret->bgp_asn = gw->bgp_asn.v;
	ret->ipv6 = gw->address_family.set == GIVEN && strcmp(gw->address_family.v, "dual") == 0;
	ret->leaving = gw->deleted_time.set == GIVEN;
	return DC_OK;
}

static const struct gateway_user users[] = {
    {&virtual_interface_table, "vrf_gateway_id"}, {&link_end_table, "gateway_id"}, {0}};

const struct gateway_kind global_dc_gateway_kind = {
    .res = &global_dc_gateway_resource,
    .users = users,
    .service = "GDGW",
    .links = true,
    .view = view,
};

static bool
leaving(const void *row)
{
	return ((const struct global_dc_gateway *)row)->deleted_time.set == GIVEN;
}

static enum dc_code
render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	return gateway_render_row(tx, work, &global_dc_gateway_kind, row, err);
}

/* Its place is where it is first: the site of the edge. */
static enum dc_code
take_place(struct tx *tx, struct global_dc_gateway *gw, const char *edge_id, struct dc_error *err)
{
	static const char *const columns[] = {"region_id", "location_name", "locales", NULL};
	struct location *location;
	struct edge *edge;
	enum dc_code rc;

	if ((rc = edge_get(tx, edge_id, &edge, err)) != DC_OK ||
	    (rc = edge_location(tx, edge, &location, err)) != DC_OK)
		return rc;
	F_SET_TEXT(gw->region_id, res_settings_of(tx)->region_id);
	if (location != NULL) {
		gw->location_name = location->name;
		gw->locales = location->locales;
		if (text_or_null(&location->region_id) != NULL)
			gw->region_id = location->region_id;
	}
	return query_set(tx, &global_dc_gateway_table, columns, gw, Q(Q_EQ("id", gw->id.v)), NULL, err);
}

static enum dc_code
show_state(struct tx *tx, struct global_dc_gateway *gw, const struct gateway_state *state, struct dc_error *err)
{
	static const char *const columns[] = {"status", "reason", NULL};
	const struct global_dc_gateway old = *gw;
	const char *word;
	enum dc_code rc;

	if ((rc = gateway_word(tx, gw->id.v, state, &word, err)) != DC_OK)
		return rc;
	life_set(&gw->status, word, "global_dc_gateway", gw->id.v);
	F_SET_TEXT(gw->reason, state->error != NULL ? arena_printf(tx_arena(tx), "%.200s", state->error) : NULL);
	if (text_is_same(&old.status, &gw->status) && text_is_same(&old.reason, &gw->reason))
		return DC_OK;
	return query_set(tx, &global_dc_gateway_table, columns, gw, Q(Q_EQ("id", gw->id.v)), NULL, err);
}

static enum dc_code
settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	struct global_dc_gateway *gw = row;
	struct gateway view_of;
	struct gateway_state state;
	enum dc_code rc;

	if ((rc = gateway_of_row(tx, &global_dc_gateway_kind, gw, &view_of, err)) != DC_OK ||
	    (rc = gateway_observe(tx, work, &view_of, &state, err)) != DC_OK)
		return rc;
	*gone = state.gone;
	if (state.gone)
		return DC_OK;
	if (gw->region_id.set != GIVEN && state.edge_id[0] != NULL &&
	    (rc = take_place(tx, gw, state.edge_id[0], err)) != DC_OK)
		return rc;
	return show_state(tx, gw, &state, err);
}

static const struct depend depends[] = {
    {"virtual_interface", "id", "gateway_id", .render = WORK_ROW, .settle = WORK_STATE | WORK_REST},
    /* A link, and what is known to be behind its other end. */
    {"peer_link", "id", "global_dc_gateway_id", .render = WORK_ROW | WORK_REST},
    {"peer_link", "id", "peer_gateway_id", .render = WORK_ROW | WORK_REST},
    {0},
};

static const struct blocker blockers[] = {
    {"virtual_interface", "gateway_id", DC_E_VGW_IN_USE},
    {"peer_link", "global_dc_gateway_id", DC_E_VGW_IN_USE},
    {"peer_link", "peer_gateway_id", DC_E_VGW_IN_USE},
    {0},
};

/* All its interfaces are on one edge. */
static enum dc_code
global_dc_gateway_observed(struct tx *tx, const void *row, struct observed *ret, struct dc_error *err)
{
	struct edge_number *number;
	size_t n;
	enum dc_code rc = numbers_of(tx, ((const struct global_dc_gateway *)row)->id.v, &number, &n, err);

	return rc == DC_OK && n > 0 ? edge_observed(tx, number[0].edge_id.v, ret, err) : rc;
}

#define PATH "/v3/{project_id}/dcaas/global-dc-gateways"
#define OP_PATH "/dcaas/v1/global-dc-gateways"

static const struct route global_dc_gateway_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &global_dc_gateway_resource, .run = crud_list,
	.operation = "ListGlobalDcGateways", .summary = "List the global DC gateways of the project."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &global_dc_gateway_resource, VIEW_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateGlobalDcGateway", .errors = ERRORS(DC_E_ASN, DC_E_QUOTA),
	.summary = "Make a global DC gateway."},
    {M_GET, PATH "/{global_dc_gateway_id}", ROLE_READER, ROUTE_OBSERVED, &global_dc_gateway_resource, .run = crud_show,
	.operation = "ShowGlobalDcGateway", .errors = ERRORS(DC_E_NOT_FOUND), .summary = "Read one global DC gateway."},
    {M_PUT, PATH "/{global_dc_gateway_id}", ROLE_MEMBER, ROUTE_WRITES, &global_dc_gateway_resource, VIEW_UPDATE,
	.run = crud_update, .operation = "UpdateGlobalDcGateway", .errors = ERRORS(DC_E_NOT_FOUND),
	.summary = "Change name, text or address families of a global DC gateway."},
    {M_DELETE, PATH "/{global_dc_gateway_id}", ROLE_MEMBER, ROUTE_WRITES, &global_dc_gateway_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteGlobalDcGateway", .errors = ERRORS(DC_E_NOT_FOUND, DC_E_VGW_IN_USE),
	.summary = "Remove a global DC gateway without interfaces and peer links."},
    {M_GET, OP_PATH, ROLE_OPERATOR, .res = &global_dc_gateway_resource, .run = crud_list,
	.operation = "ListGlobalGateways", .summary = "List the global DC gateways of all projects."},
    {M_POST, OP_PATH, ROLE_OPERATOR, ROUTE_WRITES, &global_dc_gateway_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateGlobalGateway",
	.summary = "Make a global DC gateway for a project, with a chosen id."},
    {M_GET, OP_PATH "/{global_dc_gateway_id}", ROLE_OPERATOR, ROUTE_OBSERVED, &global_dc_gateway_resource,
	.run = crud_show, .operation = "ShowGlobalGateway", .summary = "Read one global DC gateway of any project."},
    {0},
};

static const struct field_column shows[] = {
    {.member = "status"},
    {.title = "AS", .member = "bgp_asn"},
    {.member = "reason", .note = true},
    {0},
};

static const struct topology topology = {.shows = shows};

const struct resource global_dc_gateway_resource = {
    .name = "global_dc_gateway",
    .plural = "global_dc_gateways",
    .title = "global DC gateway",
    .shorts = "gdgw",
    .topology = &topology,
    .idle = "DOWN",
    .table = &global_dc_gateway_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .hidden = "deleted_time",
    .routes = global_dc_gateway_routes,
    .chain = gateway_chain,
    .create = global_dc_gateway_create,
    .created = global_dc_gateway_created,
    .update = global_dc_gateway_update,
    .blockers = blockers,
    .remove = global_dc_gateway_remove,
    .embed = global_dc_gateway_embed,
    .rank = RANK_GATEWAY,
    .depends = depends,
    .leaving = leaving,
    .render = render,
    .life = gateway_life,
    .settle = settle,
    .observed = global_dc_gateway_observed,
};
