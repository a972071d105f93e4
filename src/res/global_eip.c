/* SPDX-License-Identifier: ISC */
/* global_eip.c - the operator's inventory of global EIPs: which address, or segment of addresses, a project has. No two
 * overlap. What becomes of one that is bound is global_eip_binding.c. */
#include "res/global_eip.h"

#include <string.h>

#include "api/crud.h"
#include "res/gateway.h"
#include "res/link_subnet.h"
#include "store/row_lock.h"

static const char *const types[] = {"IP_ADDRESS", "IP_SEGMENT", NULL};
static const char *const families[] = {"ipv4", "ipv6", NULL};

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "project", .member = "tenant_id"},
    {.member = "cidr"},
    {.member = "type"},
    {0},
};

const struct field_table global_eip_table = {
    .name = "GlobalEip",
    .sql = "global_eip",
    .constraints =
	(const struct constraint[]){
	    {"global_eip_tenant_id_fkey", DC_E_NOT_FOUND, "eip.tenant_id", "the project does not exist", DC_E_PARAM,
		"The project has global EIPs"},
	    {.name = "global_eip_type_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct global_eip),
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(global_eip, id), .kind = F_UUID, .may = OP_CR, .must = VIEW_OP_ANSWER, .filter = true, .sort = true,
		.cli = true, .doc = "Identifier of the global EIP."},
	    {AT(global_eip, tenant_id), .ref = "project", .example = "acme", .kind = F_HEX32, .may = OP_CR,
		.must = VIEW_OP_CREATE, .filter = true, .cli = true, .doc = "Project that may bind it."},
	    {AT(global_eip, name), .example = "www", .kind = F_TEXT, .max = 64, .may = OP_CRU, .fallback = "\"\"",
		.filter = true, .filter_csv = true, .cli = true, .doc = "Name."},
	    {AT(global_eip, description), .kind = F_TEXT, .max = 255, .may = OP_CRU, .fallback = "\"\"",
		.doc = "Free text."},
	    {AT(global_eip, type), .kind = F_ENUM, .names = types, .may = OP_R, .filter = true, .cli = true,
		.doc = "IP_ADDRESS for a single address, else IP_SEGMENT."},
	    {AT(global_eip, cidr), .example = "203.0.113.7/32", .kind = F_TEXT, .max = 64, .may = OP_CR,
		.must = VIEW_OP_CREATE | VIEW_OP_ANSWER, .filter = true, .cli = true,
		.doc = "The address with its mask (/32, /128), or the block of a segment."},
	    {AT(global_eip, address_family), .kind = F_ENUM, .names = families, .may = OP_R, .filter = true,
		.doc = "Family of the address."},
	    {AT(global_eip, created_time), .kind = F_TIME, .may = OP_R, .sort = true, .doc = "When it was entered."},
	    {AT(global_eip, updated_time), .kind = F_TIME, .may = OP_R, .sort = true,
		.doc = "When it was last changed."},
	    {AT(global_eip, first), .kind = F_TEXT, .max = 32, .doc = "First address."},
	    {AT(global_eip, last), .kind = F_TEXT, .max = 32, .doc = "Last address."},
	    {0},
	},
};

/* The binding that was made before the operator entered the EIP; NULL: none. */
static enum dc_code
early_binding(struct tx *tx, const char *id, struct global_eip_binding **ret, struct dc_error *err)
{
	void *row = NULL;
	enum dc_code rc = query_get(tx, &global_eip_binding_table, Q(Q_EQ("global_eip_id", id)), &row, err);

	*ret = row;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

/* All addresses that the operator has entered are one set. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	const struct global_eip *eip = row;
	struct global_eip_binding *early;
	enum dc_code rc;

	if (call == NULL || call->route->method != M_POST)
		return DC_OK;
	lock_want(set, &pool_table, POOL_GLOBAL_EIP);
	if ((rc = early_binding(tx, eip->id.v, &early, err)) == DC_OK && early != NULL)
		lock_want(set, &gateway_table, early->connect_gateway_id.v);
	return rc;
}

/* Entered ones do not overlap, so only the one that begins nearest before our end can reach into ours. */
static enum dc_code
check_overlap(struct tx *tx, const struct global_eip *eip, struct dc_error *err)
{
	struct query_page nearest = {.sort = "first", .descending = true, .limit = 1};
	const struct global_eip *other;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &global_eip_table,
	    Q(Q_EQ("address_family", eip->address_family.v), {.column = "first", .op = Q_OP_LE, .text = eip->last.v}),
	    &nearest, &rows, &n, err);

	if (rc != DC_OK || n == 0)
		return rc;
	other = rows;
	return strcmp(other->last.v, eip->first.v) < 0
		   ? DC_OK
		   : dc_fail(err, DC_E_ADDRESS, "eip.cidr", "eip.cidr: %s overlaps the global EIP %s, which is %s",
			 eip->cidr.v, other->id.v, other->cidr.v);
}

static enum dc_code
take_cidr(struct tx *tx, struct global_eip *eip, struct dc_error *err)
{
	struct ip_prefix block;
	struct cidr_list one = {&block, 1};
	struct subnet_range range;
	char text[IP_TEXT_SIZE];

	if (!ip_parse_prefix(eip->cidr.v, &block))
		return dc_fail(
		    err, DC_E_ADDRESS, "eip.cidr", "eip.cidr: \"%.64s\" is no address with its mask", eip->cidr.v);
	block = ip_network(&block);
	if (block.len == 0)
		return dc_fail(err, DC_E_ADDRESS, "eip.cidr", "eip.cidr: all addresses are no segment");
	ip_format_prefix(&block, text);
	range = subnet_range(&block, tx_arena(tx));
	F_SET_TEXT(eip->cidr, arena_strdup(tx_arena(tx), text));
	F_SET_TEXT(eip->type, types[block.len == ip_bits(block.addr.family) ? 0 : 1]);
	F_SET_TEXT(eip->address_family, ip_family_name(block.addr.family));
	F_SET_TEXT(eip->first, range.first);
	F_SET_TEXT(eip->last, range.last);
	return cidr_check_customer(&one, NULL, "eip.cidr", err);
}

static enum dc_code
global_eip_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct global_eip *eip = row;
	struct global_eip_binding *early;
	enum dc_code rc;

	(void)call;
	if ((rc = take_cidr(tx, eip, err)) != DC_OK ||
	    (rc = project_check(tx, eip->tenant_id.v, "eip.tenant_id", err)) != DC_OK ||
	    (rc = check_overlap(tx, eip, err)) != DC_OK || (rc = early_binding(tx, eip->id.v, &early, err)) != DC_OK)
		return rc;
	return early == NULL || strcmp(early->tenant_id.v, eip->tenant_id.v) == 0
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, "eip.id", "eip.id: another project has bound %s before it was entered",
			 eip->id.v);
}

/* A binding that waits for its address has it now. */
static enum dc_code
global_eip_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	static const char *const columns[] = {
	    "cidr", "address_family", "eip_id", "type", "global_eip_segment_id", NULL};
	const struct global_eip *eip = row;
	struct global_eip_binding *early;
	enum dc_code rc = early_binding(tx, eip->id.v, &early, err);

	(void)call;
	if (rc != DC_OK || early == NULL)
		return rc;
	global_eip_fill(early, eip);
	if ((rc = query_set(tx, &global_eip_binding_table, columns, early, Q(Q_EQ("id", early->id.v)), NULL, err)) !=
	    DC_OK)
		return rc;
	tx_dirty(tx, &global_eip_binding_resource, early->id.v);
	return DC_OK;
}

static const struct blocker blockers[] = {
    {"global_eip_binding", "eip_id", DC_E_VGW_IN_USE},
    {0},
};

#define PATH "/dcaas/v1/eips"

static const struct route global_eip_routes[] = {
    {M_GET, PATH, ROLE_OPERATOR, .res = &global_eip_resource, .run = crud_list, .operation = "ListEips",
	.summary = "List the global EIPs of all projects."},
    {M_POST, PATH, ROLE_OPERATOR, ROUTE_WRITES, &global_eip_resource, VIEW_OP_CREATE, .status = 201, .run = crud_create,
	.operation = "CreateEip", .summary = "Enter an address, or a segment of them, that a project may bind."},
    {M_GET, PATH "/{eip_id}", ROLE_OPERATOR, .res = &global_eip_resource, .run = crud_show, .operation = "ShowEip",
	.summary = "Read one global EIP."},
    {M_PUT, PATH "/{eip_id}", ROLE_OPERATOR, ROUTE_WRITES, &global_eip_resource, VIEW_OP_UPDATE, .run = crud_update,
	.operation = "UpdateEip", .summary = "Change name or text of a global EIP."},
    {M_DELETE, PATH "/{eip_id}", ROLE_OPERATOR, ROUTE_WRITES, &global_eip_resource, .status = 204, .run = crud_delete,
	.operation = "DeleteEip", .summary = "Take back a global EIP that is not bound."},
    {0},
};

const struct resource global_eip_resource = {
    .name = "eip",
    .plural = "eips",
    .title = "global EIP",
    .table = &global_eip_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .routes = global_eip_routes,
    .chain = chain,
    .create = global_eip_create,
    .created = global_eip_created,
    .blockers = blockers,
};
