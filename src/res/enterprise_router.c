/* SPDX-License-Identifier: ISC */
/* enterprise_router.c - enterprise routers: the operator's side of links. It has no interfaces of its own; its VRF is
 * on an edge while a link ends there. */
#include "res/enterprise_router.h"

#include <string.h>

#include "api/crud.h"
#include "res/lifecycle.h"
#include "res/link_end.h"
#include "res/vif_row.h"
#include "store/row_lock.h"

static const char *const statuses[] = {"PENDING", "ACTIVE", "DOWN", "ERROR", NULL};

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "project", .member = "tenant_id"},
    {.title = "asn", .member = "internal_asn"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

const struct field_table enterprise_router_table = {
    .name = "EnterpriseRouter",
    .sql = "enterprise_router",
    .constraints =
	(const struct constraint[]){
	    {"enterprise_router_tenant_id_fkey", DC_E_NOT_FOUND, "enterprise_router.tenant_id",
		"the project does not exist", DC_E_PARAM, "The project has enterprise routers"},
	    {.name = NULL},
	},
    .size = sizeof(struct enterprise_router),
    .guarded_by = "gateway",
    .guard_column = "id",
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(enterprise_router, id), .kind = F_UUID, .may = OP_CR, .must = VIEW_OP_ANSWER, .filter = true,
		.sort = true, .cli = true, .doc = "Identifier of the router."},
	    {AT(enterprise_router, tenant_id), .ref = "project", .example = "acme", .kind = F_HEX32, .may = OP_CR,
		.must = VIEW_OP_CREATE, .filter = true, .cli = true, .doc = "Project that it belongs to."},
	    {AT(enterprise_router, name), .example = "router", .kind = F_TEXT, .max = 64, .may = OP_CRU,
		.fallback = "\"\"", .filter = true, .filter_csv = true, .cli = true, .doc = "Name."},
	    {AT(enterprise_router, description), .kind = F_TEXT, .max = 255, .may = OP_CRU, .fallback = "\"\"",
		.doc = "Free text."},
	    {AT(enterprise_router, status), .kind = F_ENUM, .names = statuses, .may = OP_R, .filter = true, .cli = true,
		.doc = "State, as its edges report it; DOWN while neither a peer link nor an interface leads to it."},
	    {AT(enterprise_router, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = OP_R,
		.doc = "What keeps it from being ACTIVE."},
	    {AT(enterprise_router, internal_asn), .kind = F_INT, .no_column = true, .nullable = true, .may = OP_R,
		.cli = true, .doc = "AS number of its links."},
	    {AT(enterprise_router, created_time), .kind = F_TIME, .may = OP_R, .sort = true,
		.doc = "When it was described."},
	    {AT(enterprise_router, updated_time), .kind = F_TIME, .may = OP_R, .sort = true,
		.doc = "When it was last changed."},
	    {AT(enterprise_router, deleted_time), .kind = F_TIME,
		.doc = "When it was deleted; it stays until its edges have let go."},
	    {0},
	},
};

static enum dc_code
enterprise_router_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct enterprise_router *er = row;

	(void)call;
	F_SET_TEXT(er->status, "DOWN");
	return project_check(tx, er->tenant_id.v, "enterprise_router.tenant_id", err);
}

static enum dc_code
enterprise_router_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	return gateway_insert(
	    tx, &enterprise_router_kind, ((struct enterprise_router *)row)->id.v, res_settings(call), err);
}

static enum dc_code
enterprise_router_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	static const char *const columns[] = {"deleted_time", NULL};
	struct enterprise_router *er = row;

	(void)call;
	F_SET_INT(er->deleted_time, tx_now(tx));
	return query_set(tx, &enterprise_router_table, columns, er, Q(Q_EQ("id", er->id.v)), NULL, err);
}

static enum dc_code
enterprise_router_embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct enterprise_router *er = rows;
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	const struct gateway_row *gw;
	void *found;
	size_t count;
	enum dc_code rc;

	(void)call;
	for (size_t i = 0; i < n; i++)
		ids[i] = er[i].id.v;
	if ((rc = query_list(tx, &gateway_table, Q(Q_IN("id", ids)), NULL, &found, &count, err)) != DC_OK)
		return rc;
	gw = found;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < count; k++)
			if (strcmp(er[i].id.v, gw[k].id.v) == 0)
				er[i].internal_asn = gw[k].internal_asn;
	return DC_OK;
}

/* --- as a gateway --- */

static enum dc_code
view(struct tx *tx, struct gateway *ret, struct dc_error *err)
{
	const struct enterprise_router *er = ret->row;
	struct attachment *attachment;
	size_t n;
	enum dc_code rc;

	ret->tenant_id = er->tenant_id.v;
	ret->behind = er->id.v;
	ret->ipv6 = true;
	ret->leaving = er->deleted_time.set == GIVEN;
	if ((rc = attachments_of(tx, ret, NULL, &attachment, &n, err)) != DC_OK)
		return rc;
	return attachment_prefixes(tx, attachment, n, &ret->local, err);
}

static const struct gateway_user users[] = {
    {&link_end_table, "gateway_id"}, {&virtual_interface_table, "vrf_gateway_id"}, {0}};

const struct gateway_kind enterprise_router_kind = {
    .res = &enterprise_router_resource,
    .users = users,
    .attachments = "enterprise_router_id",
    .links = true,
    .view = view,
};

static bool
leaving(const void *row)
{
	return ((const struct enterprise_router *)row)->deleted_time.set == GIVEN;
}

static enum dc_code
render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	return gateway_render_row(tx, work, &enterprise_router_kind, row, err);
}

/* What the operator reads of each verdict on its VRFs. */
static const char *const words[] = {
    [VERDICT_NONE] = "DOWN",
    [VERDICT_APPLIED] = "ACTIVE",
    [VERDICT_WAITING] = "PENDING",
    [VERDICT_FAILED] = "ERROR",
};
static const char *const reasons[] = {
    [VERDICT_NONE] = "neither a peer link nor an interface leads to the router",
    [VERDICT_APPLIED] = NULL,
    [VERDICT_WAITING] = "the edge has not read it back yet",
    [VERDICT_FAILED] = NULL,
};

static enum dc_code
settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	static const char *const columns[] = {"status", "reason", NULL};
	struct enterprise_router *er = row, old = *er;
	struct gateway gw;
	struct gateway_state state;
	enum dc_code rc;

	if ((rc = gateway_of_row(tx, &enterprise_router_kind, er, &gw, err)) != DC_OK ||
	    (rc = gateway_observe(tx, work, &gw, &state, err)) != DC_OK)
		return rc;
	*gone = state.gone;
	if (state.gone)
		return DC_OK;
	life_set(&er->status, words[state.verdict], "enterprise_router", er->id.v);
	F_SET_TEXT(er->reason,
	    state.error != NULL ? arena_printf(tx_arena(tx), "%.255s", state.error) : reasons[state.verdict]);
	if (text_is_same(&old.status, &er->status) && text_is_same(&old.reason, &er->reason))
		return DC_OK;
	return query_set(tx, &enterprise_router_table, columns, er, Q(Q_EQ("id", er->id.v)), NULL, err);
}

static const struct depend depends[] = {
    {"peer_link", "id", "peer_gateway_id", .render = WORK_ROW},
    {"attachment", "id", "enterprise_router_id", .render = WORK_ROW},
    {"virtual_interface", "id", "router_id", .render = WORK_ROW},
    {0},
};

static const struct blocker blockers[] = {
    {"peer_link", "peer_gateway_id", DC_E_VGW_IN_USE},
    {"attachment", "enterprise_router_id", DC_E_VGW_IN_USE},
    {"virtual_gateway", "enterprise_router_id", DC_E_VGW_IN_USE},
    {0},
};

#define PATH "/dcaas/v1/enterprise-routers"

static const struct route enterprise_router_routes[] = {
    {M_GET, PATH, ROLE_OPERATOR, .res = &enterprise_router_resource, .run = crud_list,
	.operation = "ListEnterpriseRouters", .summary = "List the enterprise routers."},
    {M_POST, PATH, ROLE_OPERATOR, ROUTE_WRITES, &enterprise_router_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateEnterpriseRouter",
	.summary = "Describe an enterprise router of a project."},
    {M_GET, PATH "/{enterprise_router_id}", ROLE_OPERATOR, .res = &enterprise_router_resource, .run = crud_show,
	.operation = "ShowEnterpriseRouter", .summary = "Read one enterprise router."},
    {M_PUT, PATH "/{enterprise_router_id}", ROLE_OPERATOR, ROUTE_WRITES, &enterprise_router_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateEnterpriseRouter",
	.summary = "Change name or text of an enterprise router."},
    {M_DELETE, PATH "/{enterprise_router_id}", ROLE_OPERATOR, ROUTE_WRITES, &enterprise_router_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteEnterpriseRouter",
	.summary = "Forget an enterprise router without links and attachments."},
    {0},
};

const struct resource enterprise_router_resource = {
    .name = "enterprise_router",
    .plural = "enterprise_routers",
    .title = "enterprise router",
    .shorts = "er",
    .idle = "DOWN",
    .table = &enterprise_router_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .hidden = "deleted_time",
    .routes = enterprise_router_routes,
    .chain = gateway_chain,
    .create = enterprise_router_create,
    .created = enterprise_router_created,
    .blockers = blockers,
    .remove = enterprise_router_remove,
    .embed = enterprise_router_embed,
    .rank = RANK_GATEWAY,
    .depends = depends,
    .leaving = leaving,
    .render = render,
    .settle = settle,
};
