/* SPDX-License-Identifier: ISC */
/* connect_gateway.c - connect gateways (semantics.md 5.13): what tenants order, its rules and its state. */
#include "res/connect_gateway.h"

#include <string.h>

#include "api/crud.h"
#include "reconcile/edge.h"
#include "res/global_eip.h"
#include "res/lifecycle.h"
#include "res/quota.h"
#include "res/vif_row.h"
#include "store/row_lock.h"

static const char *const families[] = {"ipv4", "dual", NULL};

#define R (V_R | OP_R)
#define CR (V_CR | OP_R)
#define CRU (V_CRU | OP_R)
#define HAVE (VIEW_ANSWER | VIEW_OP_ANSWER)

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "project", .member = "tenant_id"},
    {.title = "family", .member = "address_family"},
    {.title = "eips", .member = "current_geip_count"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

const struct field_table connect_gateway_table = {
    .name = "ConnectGateway",
    .sql = "connect_gateway",
    .constraints =
	(const struct constraint[]){
	    {"connect_gateway_tenant_id_fkey", DC_E_NOT_FOUND, "project_id", "the project does not exist", DC_E_PARAM,
		"The project has connect gateways"},
	    {.name = "connect_gateway_address_family_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct connect_gateway),
    .guarded_by = "gateway",
    .guard_column = "id",
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(connect_gateway, id), .kind = F_UUID, .may = R, .must = HAVE, .filter = true, .sort = true, .cli = true,
		.doc = "Identifier of the gateway."},
	    {AT(connect_gateway, tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = R, .must = HAVE,
		.doc = "Project that owns the gateway."},
	    {AT(connect_gateway, name), .example = "internet", .kind = F_TEXT, .max = 64, .may = CRU,
		.must = HAVE | VIEW_CREATE, .filter = true, .filter_csv = true, .sort = true, .cli = true,
		.pattern = "^[\\u4e00-\\u9fa50-9a-zA-Z_.\\-]*$", .doc = "Display name."},
	    {AT(connect_gateway, description), .kind = F_TEXT, .max = 255, .nullable = true, .may = CRU,
		.pattern = "^[^<>]*$", .doc = "Free text."},
	    {AT(connect_gateway, address_family), .kind = F_ENUM, .names = families, .may = CRU, .must = HAVE,
		.fallback = "\"ipv4\"", .cli = true, .doc = "Address families: ipv4, or dual for both."},
	    {AT(connect_gateway, status), .kind = F_TEXT, .max = 64, .may = R, .must = HAVE, .filter = true,
		.sort = true, .cli = true,
		.doc = "DOWN, ACTIVE while one of its interfaces is, or ERROR, as the edges report it."},
	    {AT(connect_gateway, bgp_asn), .kind = F_INT, .min = 1, .max = 4294967295, .nullable = true, .may = R,
		.doc = "AS number towards customers."},
	    {AT(connect_gateway, gcb_id), .kind = F_TEXT, .max = 36, .nullable = true, .may = R,
		.doc = "Global connection bandwidth in use."},
	    {AT(connect_gateway, gateway_site), .kind = F_TEXT, .max = 255, .nullable = true, .may = R,
		.doc = "Site of the gateway."},
	    {AT(connect_gateway, access_site), .kind = F_TEXT, .max = 255, .nullable = true, .may = R,
		.doc = "Site that the lines come in at."},
	    {AT(connect_gateway, current_geip_count), .kind = F_INT, .max = 2147483647, .no_column = true, .may = R,
		.must = HAVE, .doc = "Global EIPs that are bound to it."},
	    {AT(connect_gateway, created_time), .kind = F_TIME, .may = R, .must = HAVE, .sort = true,
		.doc = "When it was ordered."},
	    {AT(connect_gateway, updated_time), .kind = F_TIME, .nullable = true, .may = R, .sort = true,
		.doc = "When the order was last changed."},
	    {AT(connect_gateway, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = R,
		.doc = "What keeps it from being ACTIVE."},
	    {AT(connect_gateway, deleted_time), .kind = F_TIME,
		.doc = "When it was deleted; it stays until its edges have let go."},
	    {0},
	},
};

/* --- rules --- */

static enum dc_code
check_texts(const struct connect_gateway *gw, struct dc_error *err)
{
	const char *description = text_or_null(&gw->description);
	enum dc_code rc = name_check(gw->name.v, "connect_gateway.name", err);

	if (rc == DC_OK && description != NULL && strpbrk(description, "<>") != NULL)
		return dc_fail(
		    err, DC_E_PARAM, "connect_gateway.description", "connect_gateway.description must not hold < or >");
	return rc;
}

static enum dc_code
connect_gateway_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct connect_gateway *gw = row;
	struct f_text none = {0};
	enum dc_code rc;

	if ((rc = check_texts(gw, err)) != DC_OK ||
	    (rc = quota_check(tx, call, gw->tenant_id.v, QUOTA_CONNECT_GATEWAYS, err)) != DC_OK)
		return rc;
	fill_common(&gw->name, &gw->description, &none);
	F_SET_TEXT(gw->status, "DOWN"); /* no interface yet */
	F_SET_INT(gw->bgp_asn, res_settings(call)->connect_gateway_asn);
	return DC_OK;
}

static enum dc_code
connect_gateway_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	return gateway_insert(
	    tx, &connect_gateway_kind, ((struct connect_gateway *)row)->id.v, res_settings(call), err);
}

/* What is IPv6 and would be left behind. */
static enum dc_code
check_shrink(struct tx *tx, const struct connect_gateway *gw, struct dc_error *err)
{
	const struct {
		const struct field_table *table;
		const char *column, *words;
	} kinds[] = {
	    {&vif_peer_table, "gateway_id", "peers"},
	    {&global_eip_binding_table, "connect_gateway_id", "global EIPs"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int64_t n;
		enum dc_code rc = query_count(
		    tx, kinds[i].table, Q(Q_EQ(kinds[i].column, gw->id.v), Q_EQ("address_family", "ipv6")), &n, err);

		if (rc != DC_OK)
			return rc;
		if (n > 0)
			return dc_fail(err, DC_E_PARAM, "connect_gateway.address_family",
			    "connect_gateway.address_family cannot become ipv4 while the gateway has %lld IPv6 %s",
			    (long long)n, kinds[i].words);
	}
	return DC_OK;
}

static enum dc_code
connect_gateway_update(
    struct tx *tx, struct call *call, const void *old_row, const void *patch, void *row, struct dc_error *err)
{
	const struct connect_gateway *old = old_row;
	const struct connect_gateway *gw = row;
	enum dc_code rc = check_texts(gw, err);

	(void)call;
	(void)patch;
	return rc != DC_OK || text_is_same(&old->address_family, &gw->address_family) ||
		       strcmp(gw->address_family.v, "dual") == 0
		   ? rc
		   : check_shrink(tx, gw, err);
}

static enum dc_code
connect_gateway_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	static const char *const columns[] = {"deleted_time", NULL};
	struct connect_gateway *gw = row;

	(void)call;
	F_SET_INT(gw->deleted_time, tx_now(tx));
	return query_set(tx, &connect_gateway_table, columns, gw, Q(Q_EQ("id", gw->id.v)), NULL, err);
}

static enum dc_code
connect_gateway_embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct connect_gateway *gw = rows;
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	struct f_text **reasons = arena_array(tx_arena(tx), n + 1, sizeof(*reasons));
	const struct global_eip_binding *binding;
	void *found;
	size_t bindings;
	enum dc_code rc;

	(void)call;
	for (size_t i = 0; i < n; i++) {
		ids[i] = gw[i].id.v;
		reasons[i] = &gw[i].reason;
		F_SET_INT(gw[i].current_geip_count, 0);
	}
	if ((rc = query_list(tx, &global_eip_binding_table, Q(Q_IN("connect_gateway_id", ids)),
		 &(struct query_page){.sort = "connect_gateway_id"}, &found, &bindings, err)) != DC_OK)
		return rc;
	binding = found;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < bindings; k++)
			gw[i].current_geip_count.v += strcmp(binding[k].connect_gateway_id.v, gw[i].id.v) == 0;
	return gateway_silence(tx, ids, reasons, n, err);
}

/* --- as a gateway --- */

static enum dc_code
view(struct tx *tx, struct gateway *ret, struct dc_error *err)
{
	const struct connect_gateway *gw = ret->row;

	(void)tx;
	(void)err;
	ret->tenant_id = gw->tenant_id.v;
	ret->status = gw->status.v;
	ret->bgp_asn = gw->bgp_asn.v;
	ret->behind = gw->id.v;
	ret->ipv6 = strcmp(gw->address_family.v, "dual") == 0;
	ret->leaving = gw->deleted_time.set == GIVEN;
	return DC_OK;
}

static const struct gateway_user users[] = {{&virtual_interface_table, "vrf_gateway_id"}, {0}};

const struct gateway_kind connect_gateway_kind = {
    .res = &connect_gateway_resource,
    .users = users,
    .service = "GEIP",
    .attachments = "connect_gateway_id",
    .eips = true,
    .view = view,
};

static bool
leaving(const void *row)
{
	return ((const struct connect_gateway *)row)->deleted_time.set == GIVEN;
}

static enum dc_code
render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	return gateway_render_row(tx, work, &connect_gateway_kind, row, err);
}

/* Its site is where it is first. */
static enum dc_code
take_place(struct tx *tx, struct connect_gateway *gw, const char *edge_id, struct dc_error *err)
{
	struct location *location;
	struct edge *edge;
	enum dc_code rc;

	if ((rc = edge_get(tx, edge_id, &edge, err)) != DC_OK ||
	    (rc = edge_location(tx, edge, &location, err)) != DC_OK || location == NULL)
		return rc;
	gw->gateway_site = location->name;
	gw->access_site = location->name;
	return DC_OK;
}

static enum dc_code
settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	static const char *const columns[] = {"status", "reason", "gateway_site", "access_site", NULL};
	struct connect_gateway *gw = row, old = *gw;
	struct gateway as_gateway;
	struct gateway_state state;
	const char *word;
	enum dc_code rc;

	if ((rc = gateway_of_row(tx, &connect_gateway_kind, gw, &as_gateway, err)) != DC_OK ||
	    (rc = gateway_observe(tx, work, &as_gateway, &state, err)) != DC_OK)
		return rc;
	*gone = state.gone;
	if (state.gone)
		return DC_OK;
	if ((gw->gateway_site.set != GIVEN && state.edge_id[0] != NULL &&
		(rc = take_place(tx, gw, state.edge_id[0], err)) != DC_OK) ||
	    (rc = gateway_word(tx, gw->id.v, &state, &word, err)) != DC_OK)
		return rc;
	life_set(&gw->status, word, "connect_gateway", gw->id.v);
	F_SET_TEXT(gw->reason, state.error != NULL ? arena_printf(tx_arena(tx), "%.200s", state.error) : NULL);
	if (text_is_same(&old.status, &gw->status) && text_is_same(&old.reason, &gw->reason) &&
	    text_is_same(&old.gateway_site, &gw->gateway_site))
		return DC_OK;
	return query_set(tx, &connect_gateway_table, columns, gw, Q(Q_EQ("id", gw->id.v)), NULL, err);
}

static const struct depend depends[] = {
    {"virtual_interface", "id", "gateway_id", .render = WORK_ROW, .settle = WORK_STATE | WORK_REST},
    {0},
};

static const struct blocker blockers[] = {
    {"virtual_interface", "gateway_id", DC_E_VGW_IN_USE},
    {"global_eip_binding", "connect_gateway_id", DC_E_VGW_IN_USE},
    {0},
};

#define PATH "/v3/{project_id}/dcaas/connect-gateways"
#define OP_PATH "/dcaas/v1/connect-gateways"

static const struct route connect_gateway_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &connect_gateway_resource, .run = crud_list, .operation = "ListConnectGateways",
	.summary = "List the connect gateways of the project."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &connect_gateway_resource, VIEW_CREATE, .status = 201, .run = crud_create,
	.operation = "CreateConnectGateway", .errors = ERRORS(DC_E_QUOTA), .summary = "Make a connect gateway."},
    {M_GET, PATH "/{connect_gateway_id}", ROLE_READER, .res = &connect_gateway_resource, .run = crud_show,
	.operation = "ShowConnectGateway", .errors = ERRORS(DC_E_NOT_FOUND), .summary = "Read one connect gateway."},
    {M_PUT, PATH "/{connect_gateway_id}", ROLE_MEMBER, ROUTE_WRITES, &connect_gateway_resource, VIEW_UPDATE,
	.run = crud_update, .operation = "UpdateConnectGateway", .errors = ERRORS(DC_E_NOT_FOUND),
	.summary = "Change name, text or address families of a connect gateway."},
    {M_DELETE, PATH "/{connect_gateway_id}", ROLE_MEMBER, ROUTE_WRITES, &connect_gateway_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteConnectGateway", .errors = ERRORS(DC_E_NOT_FOUND, DC_E_VGW_IN_USE),
	.summary = "Remove a connect gateway without interfaces and global EIPs."},
    {M_GET, OP_PATH, ROLE_OPERATOR, .res = &connect_gateway_resource, .run = crud_list,
	.operation = "ListInternetGateways", .summary = "List the connect gateways of all projects."},
    {M_GET, OP_PATH "/{connect_gateway_id}", ROLE_OPERATOR, .res = &connect_gateway_resource, .run = crud_show,
	.operation = "ShowInternetGateway", .summary = "Read one connect gateway of any project."},
    {0},
};

static const struct field_column shows[] = {
    {.member = "status"},
    {.title = "AS", .member = "bgp_asn"},
    {.title = "EIPs", .member = "current_geip_count"},
    {.member = "reason", .note = true},
    {0},
};

static const struct topology topology = {.shows = shows};

const struct resource connect_gateway_resource = {
    .name = "connect_gateway",
    .plural = "connect_gateways",
    .title = "connect gateway",
    .shorts = "cgw",
    .topology = &topology,
    .idle = "DOWN",
    .table = &connect_gateway_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .hidden = "deleted_time",
    .counted = true,
    .routes = connect_gateway_routes,
    .chain = gateway_chain,
    .create = connect_gateway_create,
    .created = connect_gateway_created,
    .update = connect_gateway_update,
    .blockers = blockers,
    .remove = connect_gateway_remove,
    .embed = connect_gateway_embed,
    .rank = RANK_GATEWAY,
    .depends = depends,
    .leaving = leaving,
    .render = render,
    .life = gateway_life,
    .settle = settle,
};
