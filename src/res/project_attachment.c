/* SPDX-License-Identifier: ISC */
/* project_attachment.c - the networks that the operator has attached for a project: its VPCs, those of its enterprise
 * routers, and the Internet behind its connect gateways. How they are attached (port, VLAN, addresses) is the
 * operator's. */
#include <string.h>

#include "api/crud.h"
#include "res/inventory.h"
#include "res/project_view.h"
#include "res/silence.h"
#include "res/virtual_gateway_row.h"

struct attached {
	struct f_text id, tenant_id, name, vpc_id, enterprise_router_id, connect_gateway_id;
	struct f_list prefixes;
	struct f_text virtual_gateway_id, location; /* computed */
	struct f_text status, reason;
	struct f_int created_time;
	struct f_text edge_id;
};

static const char *const statuses[] = {"PENDING", "ACTIVE", "DOWN", "ERROR", "PENDING_DELETE", NULL};

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "network", .member = "vpc_id|enterprise_router_id|connect_gateway_id"},
    {.member = "prefixes"},
    {.member = "location"},
    {.title = "gateway", .member = "virtual_gateway_id"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

static const struct field_table attached_table = {
    .name = "ProjectAttachment",
    .sql = "attachment",
    .size = sizeof(struct attached),
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(attached, id), .kind = F_UUID, .may = V_R, .must = V_R, .filter = true, .sort = true,
		.doc = "Identifier of the attachment."},
	    {AT(attached, tenant_id), .ref = "project", .kind = F_HEX32, .may = V_R, .must = V_R,
		.doc = "Project that the network belongs to."},
	    {AT(attached, name), .kind = F_TEXT, .max = 64, .may = V_R, .filter = true, .filter_csv = true, .cli = true,
		.doc = "Name that the operator gave it."},
	    {AT(attached, vpc_id), .kind = F_UUID, .nullable = true, .may = V_R, .filter = true, .cli = true,
		.doc = "VPC, as a virtual gateway names it."},
	    {AT(attached, enterprise_router_id), .ref = "enterprise_router", .kind = F_UUID, .nullable = true,
		.may = V_R, .filter = true, .cli = true,
		.doc = "Enterprise router whose network it is, as a virtual gateway or a peer link names it."},
	    {AT(attached, connect_gateway_id), .ref = "connect_gateway", .kind = F_UUID, .nullable = true, .may = V_R,
		.filter = true, .cli = true, .doc = "Connect gateway behind which this is the Internet."},
	    {AT(attached, prefixes), .kind = F_LIST, .max = 64, .may = V_R, .cli = true,
		.doc = "Blocks that are reached here."},
	    {AT(attached, virtual_gateway_id), .ref = "virtual_gateway", .kind = F_UUID, .nullable = true,
		.no_column = true, .may = V_R, .cli = true,
		.doc = "The VPC's virtual gateway; null: the VPC is free for an order of one."},
	    {AT(attached, location), .kind = F_TEXT, .max = 255, .nullable = true, .no_column = true, .may = V_R,
		.cli = true, .doc = "Name of the location."},
	    {AT(attached, status), .kind = F_ENUM, .names = statuses, .may = V_R, .must = V_R, .filter = true,
		.cli = true, .doc = "State, as its edge reports it; DOWN while no gateway there leads to it."},
	    {AT(attached, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = V_R,
		.doc = "What keeps it from being ACTIVE."},
	    {AT(attached, created_time), .kind = F_TIME, .may = V_R, .doc = "When it was attached."},
	    {AT(attached, edge_id), .kind = F_UUID, .doc = "Edge of its port."},
	    {0},
	},
};

static enum dc_code
find_gateways(struct tx *tx, const struct call *call, struct attached *a, size_t n, struct dc_error *err)
{
	const char **vpcs = arena_array(tx_arena(tx), n + 1, sizeof(*vpcs));
	const struct virtual_gateway *gw;
	void *rows;
	size_t asked = 0, found;
	enum dc_code rc;

	for (size_t i = 0; i < n; i++)
		if (a[i].vpc_id.set == GIVEN)
			vpcs[asked++] = a[i].vpc_id.v;
	rc = query_list(tx, &virtual_gateway_table, Q(Q_EQ("tenant_id", call->project), Q_IN("vpc_id", vpcs)), NULL,
	    &rows, &found, err);
	gw = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		for (size_t k = 0; k < found; k++)
			if (text_is_same(&a[i].vpc_id, &gw[k].vpc_id))
				a[i].virtual_gateway_id = gw[k].id;
	return rc;
}

static enum dc_code
find_location(struct tx *tx, const char *edge_id, struct f_text *ret, struct dc_error *err)
{
	struct location *location = NULL;
	struct edge *edge;
	enum dc_code rc;

	if ((rc = edge_get(tx, edge_id, &edge, err)) == DC_OK)
		rc = edge_location(tx, edge, &location, err);
	F_SET_TEXT(*ret, location != NULL ? location->name.v : NULL);
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

/* Of one edge several attachments are listed in a row, most often all of a page. */
static enum dc_code
embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct attached *a = rows;
	struct silence silence = {0};
	enum dc_code rc = find_gateways(tx, call, a, n, err);

	for (size_t i = 0; rc == DC_OK && i < n; i++) {
		size_t k = 0;

		while (strcmp(a[k].edge_id.v, a[i].edge_id.v) != 0)
			k++;
		if (k < i)
			a[i].location = a[k].location;
		else if ((rc = find_location(tx, a[i].edge_id.v, &a[i].location, err)) != DC_OK)
			break;
		rc = silence_tell(tx, &silence, a[i].edge_id.v, &a[i].reason, err);
	}
	return rc;
}

#define PATH "/dcaas/v1/projects/{project_id}/attachments"

static const struct route attached_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &project_attachment_resource, .run = crud_list,
	.operation = "ListProjectAttachments",
	.summary = "List the VPCs and the networks of enterprise routers that are attached for the project."},
    {M_GET, PATH "/{project_attachment_id}", ROLE_READER, .res = &project_attachment_resource, .run = crud_show,
	.operation = "ShowProjectAttachment", .summary = "Read one attached network of the project."},
    {0},
};

const struct resource project_attachment_resource = {
    .name = "project_attachment",
    .plural = "project_attachments",
    .title = "attached network of the project",
    .table = &attached_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .embed = embed,
    .routes = attached_routes,
};
