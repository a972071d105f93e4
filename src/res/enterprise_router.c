/* enterprise_router.c - enterprise routers: the operator's side of links. It has no interfaces of its own; its VRF is
 * on an edge while a link ends there. */
#include "res/enterprise_router.h"

#include <string.h>

#include "api/crud.h"
#include "auth/tables.h"
#include "reconcile/objects.h"
#include "res/peer_link.h"

const struct field_table enterprise_router_table = {
    .name = "EnterpriseRouter",
    .sql = "enterprise_router",
    .size = sizeof(struct enterprise_router),
    .at_least_one = true,
    .fields =
	(const struct field[]){
	    {AT(enterprise_router, id), .kind = F_UUID, .may = OP_CR, .must = VIEW_OP_ANSWER, .filter = true,
		.sort = true, .cli = true, .doc = "Identifier of the router."},
	    {AT(enterprise_router, tenant_id), .kind = F_HEX32, .may = OP_CR, .must = VIEW_OP_CREATE, .filter = true,
		.cli = true, .doc = "Project that it belongs to."},
	    {AT(enterprise_router, name), .kind = F_TEXT, .max = 64, .may = OP_CRU, .fallback = "\"\"", .filter = true,
		.filter_csv = true, .cli = true, .doc = "Name."},
	    {AT(enterprise_router, description), .kind = F_TEXT, .max = 255, .may = OP_CRU, .fallback = "\"\"",
		.doc = "Free text."},
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
	const struct enterprise_router *er = row;
	enum dc_code rc = query_lock(tx, &project_table, er->tenant_id.v, err);

	(void)call;
	return rc != DC_E_NOT_FOUND ? rc
				    : dc_fail(err, DC_E_NOT_FOUND, "enterprise_router.tenant_id",
					  "enterprise_router.tenant_id: project %s does not exist", er->tenant_id.v);
}

static enum dc_code
enterprise_router_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	return gateway_insert(
	    tx, &enterprise_router_kind, ((struct enterprise_router *)row)->id.v, res_settings(call), err);
}

static enum dc_code
enterprise_router_remove(struct tx *tx, struct call *call, void *row, bool *later, struct dc_error *err)
{
	static const char *const columns[] = {"deleted_time", NULL};
	struct enterprise_router *er = row;
	struct edge_number *number;
	int64_t links, attachments;
	size_t n;
	enum dc_code rc;

	(void)call;
	if ((rc = query_lock(tx, &gateway_table, er->id.v, err)) != DC_OK ||
	    (rc = peer_links_of(tx, er->id.v, &links, err)) != DC_OK ||
	    (rc = query_count(
		 tx, attachment_resource.table, Q(Q_EQ("enterprise_router_id", er->id.v)), &attachments, err)) != DC_OK)
		return rc;
	if (links > 0)
		return dc_fail(err, DC_E_VGW_IN_USE, NULL, "the router has %lld peer links", (long long)links);
	if (attachments > 0)
		return dc_fail(err, DC_E_VGW_IN_USE, NULL, "the router has %lld attachments", (long long)attachments);
	if ((rc = gateway_edges(tx, er->id.v, &number, &n, err)) != DC_OK || n == 0)
		return rc;
	*later = true; /* an edge still has its VRF */
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

static enum dc_code
settle(struct tx *tx, const struct gateway *gw, struct dc_error *err)
{
	(void)tx;
	(void)gw;
	(void)err;
	return DC_OK; /* nothing of it is observed */
}

const struct gateway_kind enterprise_router_kind = {
    .res = &enterprise_router_resource,
    .attachments = "enterprise_router_id",
    .links = true,
    .view = view,
    .settle = settle,
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
    .table = &enterprise_router_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .hidden = "deleted_time",
    .routes = enterprise_router_routes,
    .create = enterprise_router_create,
    .created = enterprise_router_created,
    .remove = enterprise_router_remove,
    .removed = gateway_removed,
    .embed = enterprise_router_embed,
    .observe = gateway_observe,
};
