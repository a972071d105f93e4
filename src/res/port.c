/* SPDX-License-Identifier: ISC */
/* port.c - customer ports of an edge: a network device of the router, and who has which VLAN of it. */
#include "api/crud.h"
#include "res/inventory.h"
#include "store/row_lock.h"

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "edge", .member = "edge_id"},
    {.member = "device"},
    {0},
};

const struct field_table port_table = {
    .name = "Port",
    .sql = "port",
    .constraints =
	(const struct constraint[]){
	    {"port_edge_id_device_key", DC_E_PARAM, "port.device", "the edge has a port of this device already"},
	    {"port_edge_id_fkey", DC_E_NOT_FOUND, "port.edge_id", "the edge does not exist", DC_E_PARAM,
		"The edge has ports"},
	    {.name = NULL},
	},
    .size = sizeof(struct port),
    .rank = RANK_PORT,
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(port, id), .kind = F_UUID, .may = OP_CR, .must = VIEW_OP_ANSWER, .filter = true, .sort = true,
		.cli = true, .doc = "Identifier of the port."},
	    {AT(port, edge_id), .ref = "edge", .example = "edge1", .kind = F_UUID, .may = OP_CR, .must = VIEW_OP_CREATE,
		.filter = true, .cli = true, .doc = "Edge it is a port of."},
	    {AT(port, name), .example = "customer", .kind = F_TEXT, .max = 64, .may = OP_CRU, .fallback = "\"\"",
		.filter = true, .filter_csv = true, .sort = true, .cli = true, .doc = "Name."},
	    {AT(port, device), .example = "eth1", .kind = F_TEXT, .min = 1, .max = 15, .may = OP_CR,
		.must = VIEW_OP_CREATE, .filter = true, .cli = true, .doc = "Network device on the edge."},
	    {AT(port, created_time), .kind = F_TIME, .may = OP_R, .sort = true, .doc = "When it was described."},
	    {AT(port, updated_time), .kind = F_TIME, .may = OP_R, .sort = true, .doc = "When it was last changed."},
	    {0},
	},
};

const struct field_table port_vlan_table = {
    .name = "PortVlan",
    .sql = "port_vlan",
    .constraints =
	(const struct constraint[]){
	    {"port_vlan_port_id_vlan_key", DC_E_VLAN_TAKEN, "vlan", "the VLAN is taken on the port"},
	    {"port_vlan_port_id_fkey", DC_E_NOT_FOUND, "port_id", "the port does not exist", DC_E_PARAM,
		"VLANs of the port are taken"},
	    {.name = NULL},
	},
    .size = sizeof(struct port_vlan),
    .guarded_by = "port",
    .guard_column = "port_id",
    .freed_without_lock = true,
    .fields =
	(const struct field[]){
	    {AT(port_vlan, id), .kind = F_UUID, .doc = "Virtual interface or attachment."},
	    {AT(port_vlan, port_id), .kind = F_UUID, .doc = "Port."},
	    {AT(port_vlan, vlan), .kind = F_INT, .max = 4094, .doc = "VLAN; 0: the whole port."},
	    {0},
	},
};

enum dc_code
port_get(struct tx *tx, const char *id, struct port **ret, struct dc_error *err)
{
	void *row;
	enum dc_code rc;

	if ((rc = query_get(tx, &port_table, Q(Q_EQ("id", id)), &row, err)) == DC_OK)
		*ret = row;
	return rc;
}

/* Which of them it is. */
static enum dc_code
port_is_taken(struct tx *tx, const char *port_id, int64_t vlan, const char *member, enum dc_code zero,
    enum dc_code taken, struct dc_error *err)
{
	int64_t same;
	enum dc_code rc =
	    query_count(tx, &port_vlan_table, Q(Q_EQ("port_id", port_id), Q_EQ_INT("vlan", vlan)), &same, err);

	if (rc != DC_OK)
		return rc;
	if (same > 0)
		return dc_fail(err, taken, member, "%s: VLAN %lld is taken", member, (long long)vlan);
	return dc_fail(err, zero, member, "%s: VLAN 0 takes the whole port, %s", member,
	    vlan == 0 ? "and others are on it" : "and another one has it");
}

enum dc_code
port_claim(struct tx *tx, const char *port_id, int64_t vlan, const char *owner_id, const char *member,
    enum dc_code zero, enum dc_code taken, struct dc_error *err)
{
	const char *const both[] = {arena_printf(tx_arena(tx), "%lld", (long long)vlan), "0", NULL};
	struct port_vlan row = {0};
	int64_t others = 0;
	enum dc_code rc;

	if (vlan == 0)
		rc = query_count_to(tx, &port_vlan_table, Q(Q_EQ("port_id", port_id)), 1, &others, err);
	else
		rc = query_count(tx, &port_vlan_table, Q(Q_EQ("port_id", port_id), Q_IN("vlan", both)), &others, err);
	if (rc == DC_OK && others > 0)
		rc = port_is_taken(tx, port_id, vlan, member, zero, taken, err);
	if (rc != DC_OK)
		return rc;
	F_SET_TEXT(row.id, owner_id);
	F_SET_TEXT(row.port_id, port_id);
	F_SET_INT(row.vlan, vlan);
	return query_insert(tx, &port_vlan_table, &row, err);
}

enum dc_code
port_release(struct tx *tx, const char *owner_id, struct dc_error *err)
{
	return query_delete(tx, &port_vlan_table, Q(Q_EQ("id", owner_id)), NULL, err);
}

/* What the kernel takes as an interface name, and nothing that could be read as a path or an option. */
static bool
device_name_ok(const char *s)
{
	for (const char *p = s; *p != '\0'; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');

		if (!plain && (p == s || (*p != '.' && *p != '-' && *p != '_' && *p != '@')))
			return false;
	}
	return true;
}

static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	(void)tx;
	(void)call;
	(void)err;
	lock_want(set, &edge_table, ((const struct port *)row)->edge_id.v);
	return DC_OK;
}

static enum dc_code
port_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	const struct port *p = row;
	struct edge *edge;
	int64_t same;
	enum dc_code rc;

	(void)call;
	if (!device_name_ok(p->device.v))
		return dc_fail(err, DC_E_PARAM, "port.device", "port.device is not the name of a network device");
	rc = edge_get(tx, p->edge_id.v, &edge, err);
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(
		    err, DC_E_NOT_FOUND, "port.edge_id", "port.edge_id: edge %s does not exist", p->edge_id.v);
	if (rc != DC_OK)
		return rc;
	if ((rc = query_count(
		 tx, &port_table, Q(Q_EQ("edge_id", p->edge_id.v), Q_EQ("device", p->device.v)), &same, err)) != DC_OK)
		return rc;
	return same == 0 ? DC_OK
			 : dc_fail(err, DC_E_PARAM, "port.device", "port.device: %s is a port of the edge already",
			       p->device.v);
}

static enum dc_code
port_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	const struct port *p = row;
	int64_t used;
	enum dc_code rc;

	(void)call;
	if ((rc = query_count(tx, &port_vlan_table, Q(Q_EQ("port_id", p->id.v)), &used, err)) != DC_OK)
		return rc;
	return used == 0 ? DC_OK : dc_fail(err, DC_E_PARAM, NULL, "the port still carries %lld VLANs", (long long)used);
}

static const struct blocker blockers[] = {
    {"direct_connect", "port_id", DC_E_PARAM},
    {0},
};

static const struct route port_routes[] = {
    {M_GET, "/dcaas/v1/ports", ROLE_OPERATOR, .res = &port_resource, .run = crud_list, .operation = "ListPorts",
	.summary = "List the ports."},
    {M_POST, "/dcaas/v1/ports", ROLE_OPERATOR, ROUTE_WRITES, &port_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreatePort", .summary = "Describe a port of an edge."},
    {M_GET, "/dcaas/v1/ports/{port_id}", ROLE_OPERATOR, .res = &port_resource, .run = crud_show,
	.operation = "ShowPort", .summary = "Read one port."},
    {M_PUT, "/dcaas/v1/ports/{port_id}", ROLE_OPERATOR, ROUTE_WRITES, &port_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdatePort", .summary = "Rename a port."},
    {M_DELETE, "/dcaas/v1/ports/{port_id}", ROLE_OPERATOR, ROUTE_WRITES, &port_resource, .status = 204,
	.run = crud_delete, .operation = "DeletePort", .summary = "Forget a port that carries nothing."},
    {0},
};

const struct resource port_resource = {
    .name = "port",
    .plural = "ports",
    .title = "port",
    .table = &port_table,
    .missing = DC_E_NOT_FOUND,
    .routes = port_routes,
    .chain = chain,
    .create = port_create,
    .blockers = blockers,
    .remove = port_remove,
};
