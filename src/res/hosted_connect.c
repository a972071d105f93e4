/* SPDX-License-Identifier: ISC */
/* hosted_connect.c - hosted connections as the partner sees them (semantics.md 5.2): a partner hands a VLAN of a
 * hosting connection to another project. The receiving project finds the same row among its connections. */
#include "res/hosted_connect.h"

#include <string.h>

#include "api/crud.h"
#include "auth/tables.h"
#include "res/direct_connect.h"
#include "res/quota.h"
#include "res/virtual_interface.h"
#include "store/row_lock.h"

static const char *const port_types[] = {"1G", "10G", "40G", "100G", NULL};
static const char *const types[] = {"standard", "hosting", "hosted", "onestop_standard", "onestop_hosted", NULL};
static const char *const provider_states[] = {"ACTIVE", "DOWN", NULL};
static const char *const statuses[] = {
    "BUILD", "ACTIVE", "DOWN", "ERROR", "PENDING_DELETE", "PENDING_UPDATE", "PENDING_CREATE", NULL};

/* The columns of direct_connect that a hosted connection fills. */
static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "receiver", .member = "tenant_id"},
    {.title = "part of", .member = "hosting_id"},
    {.member = "vlan"},
    {.member = "bandwidth"},
    {.member = "status"},
    {0},
};

const struct field_table hosted_connect_table = {
    .name = "HostedConnect",
    .sql = "direct_connect",
    .size = sizeof(struct direct_connect),
    .rank = RANK_CONNECTION,
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(direct_connect, id), .kind = F_UUID, .may = V_R, .must = V_R, .filter = true, .sort = true, .cli = true,
		.doc = "Identifier of the hosted connection."},
	    {AT(direct_connect, tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = V_R, .must = V_R,
		.cli = true, .doc = "Project that receives the hosted connection."},
	    {AT(direct_connect, resource_tenant_id), .ref = "project", .example = "acme", .kind = F_HEX32, .may = V_C,
		.must = V_C, .no_column = true, .doc = "Project that receives the hosted connection."},
	    {AT(direct_connect, name), .example = "line", .kind = F_TEXT, .max = 64, .may = V_CRU, .must = V_R,
		.filter = true, .filter_csv = true, .sort = true, .cli = true, .doc = "Display name."},
	    {AT(direct_connect, description), .kind = F_TEXT, .max = 128, .nullable = true, .may = V_CRU,
		.doc = "Free text."},
	    {AT(direct_connect, bandwidth), .example = "100", .kind = F_INT, .min = 2, .max = 400000, .quoted = true,
		.may = V_CRU, .must = V_C | V_R, .sort = true, .cli = true, .doc = "Bandwidth in Mbit/s."},
	    {AT(direct_connect, location), .kind = F_TEXT, .max = 255, .nullable = true, .may = V_R,
		.doc = "Access location, copied from the partner's connection."},
	    {AT(direct_connect, peer_location), .kind = F_TEXT, .max = 255, .nullable = true, .may = V_CRU,
		.doc = "Address of the customer end."},
	    {AT(direct_connect, hosting_id), .ref = "direct_connect", .kind = F_UUID, .may = V_CR, .must = V_C | V_R,
		.filter = true, .doc = "Partner's connection that this one is part of."},
	    {AT(direct_connect, provider), .kind = F_TEXT, .max = 255, .nullable = true, .may = V_R,
		.doc = "Carrier, copied from the partner's connection."},
	    {AT(direct_connect, admin_state_up), .kind = F_BOOL, .may = V_R, .fallback = "true",
		.doc = "Administrative state."},
	    {AT(direct_connect, vlan), .example = "77", .kind = F_INT, .max = 3999, .quoted = true, .may = V_CR,
		.must = V_C | V_R, .cli = true, .doc = "VLAN of the partner's connection; 0 is refused."},
	    {AT(direct_connect, status), .kind = F_ENUM, .names = statuses, .may = V_R, .must = V_R, .sort = true,
		.cli = true, .doc = "Life-cycle state: BUILD until its interface is up for the first time."},
	    {AT(direct_connect, apply_time), .kind = F_TIME, .nullable = true, .may = V_R, .sort = true,
		.doc = "When the connection was requested."},
	    {AT(direct_connect, create_time), .kind = F_TIME, .nullable = true, .may = V_R, .sort = true,
		.doc = "When the connection came into being."},
	    {AT(direct_connect, provider_status), .kind = F_ENUM, .names = provider_states, .nullable = true,
		.may = V_R, .doc = "Carrier-side line state."},
	    {AT(direct_connect, port_type), .kind = F_ENUM, .names = port_types, .nullable = true, .may = V_R,
		.doc = "Port class, copied from the partner's connection."},
	    {AT(direct_connect, type), .kind = F_ENUM, .names = types, .may = V_R, .fallback = "\"hosted\"",
		.doc = "Always hosted."},
	    {AT(direct_connect, device_id), .kind = F_TEXT, .max = 36, .nullable = true},
	    {AT(direct_connect, charge_mode), .kind = F_TEXT, .max = 64, .nullable = true},
	    {AT(direct_connect, vgw_type), .kind = F_TEXT, .max = 64, .nullable = true},
	    {AT(direct_connect, enterprise_project_id), .kind = F_UUID, .zero = true, .nullable = true},
	    {AT(direct_connect, reason), .kind = F_TEXT, .max = 255, .nullable = true},
	    {AT(direct_connect, port_id), .kind = F_UUID, .nullable = true},
	    {AT(direct_connect, hosting_tenant_id), .kind = F_HEX32, .nullable = true},
	    {0},
	},
};

/* The connection below it, and the project that gets it. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	const struct direct_connect *dc = row;

	(void)tx;
	(void)call;
	(void)err;
	lock_want(set, &direct_connect_table, dc->hosting_id.v);
	lock_want(set, &project_table, dc->resource_tenant_id.v);
	return DC_OK;
}

static enum dc_code
hosted_connect_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct direct_connect *dc = row;
	struct direct_connect *hosting;
	void *found;
	enum dc_code rc;

	dc->tenant_id = dc->resource_tenant_id;
	if ((rc = project_check(tx, dc->tenant_id.v, "hosted_connect.resource_tenant_id", err)) != DC_OK ||
	    (rc = direct_connect_host(tx, dc, call->project, "hosted_connect", err)) != DC_OK ||
	    (rc = quota_check(tx, call, dc->tenant_id.v, QUOTA_CONNECTIONS, err)) != DC_OK ||
	    (rc = query_get(tx, &direct_connect_table, Q(Q_EQ("id", dc->hosting_id.v)), &found, err)) != DC_OK)
		return rc;
	hosting = found;
	dc->device_id = hosting->device_id;
	fill_common(&dc->name, &dc->description, &dc->enterprise_project_id);
	F_SET_TEXT(dc->type, "hosted");
	F_SET_TEXT(dc->charge_mode, "bandwidth");
	F_SET_TEXT(dc->vgw_type, "default");
	F_SET_TEXT(dc->status, "BUILD");
	F_SET_INT(dc->apply_time, tx_now(tx));
	F_SET_INT(dc->create_time, tx_now(tx));
	return DC_OK;
}

/* What an interface was promised stays. */
static enum dc_code
check_interfaces(struct tx *tx, const struct direct_connect *dc, struct dc_error *err)
{
	int64_t larger;
	enum dc_code rc = query_count(tx, &virtual_interface_table,
	    Q(Q_EQ("direct_connect_id", dc->id.v), Q_GT_INT("bandwidth", dc->bandwidth.v)), &larger, err);

	if (rc != DC_OK || larger == 0)
		return rc;
	return dc_fail(err, DC_E_DC_BANDWIDTH, "hosted_connect.bandwidth",
	    "hosted_connect.bandwidth: the interface on the hosted connection has more");
}

static enum dc_code
hosted_connect_update(
    struct tx *tx, struct call *call, const void *old_row, const void *patch_row, void *row, struct dc_error *err)
{
	const struct direct_connect *old = old_row;
	struct direct_connect *dc = row;
	enum dc_code rc;

	(void)call;
	(void)patch_row;
	if (dc->bandwidth.v == old->bandwidth.v)
		return DC_OK;
	if ((rc = direct_connect_check_share(tx, dc, "hosted_connect", err)) != DC_OK)
		return rc;
	return check_interfaces(tx, dc, err);
}

static const struct blocker blockers[] = {
    {"virtual_interface", "direct_connect_id", DC_E_DC_IN_USE},
    {0},
};

#define PATH "/v3/{project_id}/dcaas/hosted-connects"

static const struct route hosted_connect_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &hosted_connect_resource, .run = crud_list,
	.operation = "ListHostedDirectConnects", .summary = "List the hosted connections that the project hands out."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &hosted_connect_resource, VIEW_CREATE, .status = 201, .run = crud_create,
	.operation = "CreateHostedDirectConnect",
	.errors = ERRORS(DC_E_DC_NOT_FOUND, DC_E_NOT_HOSTING, DC_E_HOSTED_NO_VLAN, DC_E_HOSTED_VLAN_TAKEN,
	    DC_E_HOSTED_VLAN_ZERO, DC_E_DC_BANDWIDTH, DC_E_QUOTA, DC_E_NOT_FOUND),
	.summary = "Hand a VLAN of a hosting connection to another project."},
    {M_GET, PATH "/{hosted_connect_id}", ROLE_READER, ROUTE_OBSERVED, &hosted_connect_resource, .run = crud_show,
	.operation = "ShowHostedDirectConnect", .errors = ERRORS(DC_E_DC_NOT_FOUND),
	.summary = "Read one hosted connection."},
    {M_PUT, PATH "/{hosted_connect_id}", ROLE_MEMBER, ROUTE_WRITES, &hosted_connect_resource, VIEW_UPDATE,
	.run = crud_update, .operation = "UpdateHostedDirectConnect",
	.errors = ERRORS(DC_E_DC_NOT_FOUND, DC_E_DC_BANDWIDTH),
	.summary = "Change name, text, bandwidth or address of a hosted connection."},
    {M_DELETE, PATH "/{hosted_connect_id}", ROLE_MEMBER, ROUTE_WRITES, &hosted_connect_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteHostedDirectConnect",
	.errors = ERRORS(DC_E_DC_NOT_FOUND, DC_E_DC_IN_USE),
	.summary = "Take back a hosted connection that carries nothing."},
    {0},
};

static const struct life_move *
life(struct arena *arena)
{
	static const struct life_move moves[] = {
	    {NULL, "it is ordered", "BUILD"},
	    {"BUILD", "an interface on it is ACTIVE for the first time", "ACTIVE"},
	    {"ACTIVE", "the partner's port loses its carrier", "DOWN"},
	    {"DOWN", "the partner's port has carrier again", "ACTIVE"},
	    {NULL, "it is deleted", NULL},
	    {0},
	};

	(void)arena;
	return moves;
}

const struct resource hosted_connect_resource = {
    .name = "hosted_connect",
    .plural = "hosted_connects",
    .title = "hosted connection",
    .table = &hosted_connect_table,
    .missing = DC_E_DC_NOT_FOUND,
    .owner = "hosting_tenant_id",
    .life = life,
    .routes = hosted_connect_routes,
    .chain = chain,
    .create = hosted_connect_create,
    .update = hosted_connect_update,
    .blockers = blockers,
    .embed = direct_connect_embed,
    .observed = direct_connect_observed,
};
