/* SPDX-License-Identifier: ISC */
/* project_connection.c - the connections that a project may order on, with what is free on each: VLANs and bandwidth.
 * The same rules as those of the orders, looked at from the other side (virtual_interface_place.c, direct_connect.c).
 */
#include <string.h>

#include "api/crud.h"
#include "res/direct_connect.h"
#include "res/inventory.h"
#include "res/project_view.h"
#include "res/silence.h"
#include "res/vif_row.h"

#define VLAN_MAX 3999

struct room {
	struct f_text id, tenant_id, name, type;
	struct f_int bandwidth, bandwidth_free;
	struct f_list vlans_free;
	struct f_int interfaces;
	struct f_text location, status, reason;
	struct f_text hosting_id, port_id;
	struct f_int vlan;
};

static const char *const types[] = {"standard", "hosting", "hosted", "onestop_standard", "onestop_hosted", NULL};
static const char *const statuses[] = {"BUILD", "PAID", "APPLY", "PENDING_SURVEY", "ACTIVE", "DOWN", "ERROR",
    "PENDING_DELETE", "DELETED", "DENY", "PENDING_PAY", "LEASED_LINE_DELIVERY", NULL};

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.member = "type"},
    {.title = "free", .member = "bandwidth_free", .of = "bandwidth"},
    {.title = "free vlans", .member = "vlans_free"},
    {.member = "interfaces"},
    {.member = "location"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

static const struct field_table room_table = {
    .name = "ProjectConnection",
    .sql = "direct_connect",
    .size = sizeof(struct room),
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(room, id), .ref = "direct_connect", .kind = F_UUID, .may = V_R, .must = V_R, .filter = true,
		.sort = true, .doc = "Identifier of the connection."},
	    {AT(room, tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = V_R, .must = V_R,
		.doc = "Project that owns the connection."},
	    {AT(room, name), .kind = F_TEXT, .max = 64, .may = V_R, .must = V_R, .filter = true, .filter_csv = true,
		.sort = true, .cli = true, .doc = "Display name."},
	    {AT(room, type), .kind = F_ENUM, .names = types, .may = V_R, .must = V_R, .filter = true, .cli = true,
		.doc = "Kind of connection. A hosting one carries hosted connections, any other interfaces."},
	    {AT(room, bandwidth), .kind = F_INT, .max = 100000, .may = V_R, .must = V_R, .cli = true,
		.doc = "Bandwidth in Mbit/s."},
	    {AT(room, bandwidth_free), .kind = F_INT, .max = 100000, .no_column = true, .may = V_R, .must = V_R,
		.cli = true, .doc = "Most that the next interface, or the next hosted connection, may have."},
	    {AT(room, vlans_free), .kind = F_LIST, .max = 9, .no_column = true, .may = V_R, .must = V_R, .cli = true,
		.doc = "Ranges of VLANs that the next one may have: \"1-99\", \"200\". None: it carries no other."},
	    {AT(room, interfaces), .kind = F_INT, .max = 100000, .no_column = true, .may = V_R, .must = V_R,
		.cli = true, .doc = "Interfaces, or hosted connections, that it carries."},
	    {AT(room, location), .kind = F_TEXT, .max = 255, .nullable = true, .may = V_R, .cli = true,
		.doc = "Name of the access location."},
	    {AT(room, status), .kind = F_ENUM, .names = statuses, .may = V_R, .must = V_R, .cli = true,
		.doc = "Life-cycle state."},
	    {AT(room, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = V_R,
		.doc = "Why the connection is in ERROR."},
	    {AT(room, hosting_id), .kind = F_UUID, .doc = "Connection below a hosted one."},
	    {AT(room, port_id), .kind = F_UUID, .doc = "Port that it is cabled to."},
	    {AT(room, vlan), .kind = F_INT, .max = VLAN_MAX, .doc = "VLAN of a hosted one."},
	    {0},
	},
};

/* Which VLANs of a connection are taken: by interfaces, or by hosted connections. */
struct taken {
	uint8_t vlan[(VLAN_MAX + 8) / 8];
	size_t n;
	int64_t bandwidth; /* of hosted connections */
};

static void
take(struct taken *t, int64_t vlan)
{
	t->n++;
	if (vlan >= 0 && vlan <= VLAN_MAX)
		t->vlan[vlan / 8] |= (uint8_t)(1u << (vlan % 8));
}

static bool
is_taken(const struct taken *t, int64_t vlan)
{
	return (t->vlan[vlan / 8] & (1u << (vlan % 8))) != 0;
}

static bool
is_hosted(const struct room *r)
{
	return strcmp(r->type.v, "hosted") == 0 || strcmp(r->type.v, "onestop_hosted") == 0;
}

static bool
is_hosting(const struct room *r)
{
	return strcmp(r->type.v, "hosting") == 0;
}

static void
add_range(struct f_list *list, int64_t first, int64_t last, struct arena *arena)
{
	list->v[list->n++] = first == last ? arena_printf(arena, "%lld", (long long)first)
					   : arena_printf(arena, "%lld-%lld", (long long)first, (long long)last);
}

/* VLAN 0 is the whole port: free only while nothing else is there, and nothing else is free beside it. */
static void
free_vlans(struct room *r, const struct taken *t, struct arena *arena)
{
	int64_t first = is_hosting(r) || t->n > 0 ? 1 : 0, begin = -1;

	r->vlans_free = (struct f_list){GIVEN, 0, arena_array(arena, t->n + 2, sizeof(*r->vlans_free.v))};
	if (r->port_id.set != GIVEN || (!is_hosting(r) && is_taken(t, 0)))
		return;
	if (is_hosted(r)) {
		if (t->n == 0)
			add_range(&r->vlans_free, r->vlan.v, r->vlan.v, arena);
		return;
	}
	for (int64_t vlan = first; vlan <= VLAN_MAX + 1; vlan++) {
		bool is_free = vlan <= VLAN_MAX && !is_taken(t, vlan);

		if (is_free && begin < 0)
			begin = vlan;
		if (!is_free && begin >= 0) {
			add_range(&r->vlans_free, begin, vlan - 1, arena);
			begin = -1;
		}
	}
}

static void
fill(struct room *r, const struct taken *t, struct arena *arena)
{
	int64_t left = r->bandwidth.v;

	if (is_hosting(r))
		left = t->bandwidth < left ? left - t->bandwidth : 0;
	if (is_hosted(r) && t->n > 0)
		left = 0;
	F_SET_INT(r->bandwidth_free, left);
	F_SET_INT(r->interfaces, (int64_t)t->n);
	free_vlans(r, t, arena);
}

static struct taken *
taken_of(const struct room *r, size_t n, struct taken *taken, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(r[i].id.v, id) == 0)
			return &taken[i];
	return NULL;
}

static enum dc_code
count_interfaces(
    struct tx *tx, const struct room *r, size_t n, const char *const *ids, struct taken *taken, struct dc_error *err)
{
	struct query_page by_connection = {.sort = "direct_connect_id"};
	const struct virtual_interface *v;
	struct taken *t;
	void *rows;
	size_t found;
	enum dc_code rc = query_list(
	    tx, &virtual_interface_table, Q(Q_IN("direct_connect_id", ids)), &by_connection, &rows, &found, err);

	v = rows;
	for (size_t i = 0; rc == DC_OK && i < found; i++)
		if ((t = taken_of(r, n, taken, v[i].direct_connect_id.v)) != NULL)
			take(t, v[i].vlan.v);
	return rc;
}

static enum dc_code
count_hosted(
    struct tx *tx, const struct room *r, size_t n, const char *const *ids, struct taken *taken, struct dc_error *err)
{
	struct query_page by_connection = {.sort = "hosting_id"};
	const struct direct_connect *dc;
	struct taken *t;
	void *rows;
	size_t found;
	enum dc_code rc =
	    query_list(tx, &direct_connect_table, Q(Q_IN("hosting_id", ids)), &by_connection, &rows, &found, err);

	dc = rows;
	for (size_t i = 0; rc == DC_OK && i < found; i++)
		if ((t = taken_of(r, n, taken, dc[i].hosting_id.v)) != NULL) {
			take(t, dc[i].vlan.v);
			t->bandwidth += dc[i].bandwidth.v;
		}
	return rc;
}

static enum dc_code
tell_silence(struct tx *tx, struct silence *silence, struct room *r, struct dc_error *err)
{
	struct port *port;
	enum dc_code rc;

	if (r->port_id.set != GIVEN)
		return DC_OK;
	if ((rc = port_get(tx, r->port_id.v, &port, err)) != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	return silence_tell(tx, silence, port->edge_id.v, &r->reason, err);
}

static enum dc_code
embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct room *r = rows;
	struct taken *taken = arena_array(tx_arena(tx), n + 1, sizeof(*taken));
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	struct silence silence = {0};
	enum dc_code rc;

	(void)call;
	for (size_t i = 0; i < n; i++)
		ids[i] = r[i].id.v;
	if ((rc = count_interfaces(tx, r, n, ids, taken, err)) != DC_OK ||
	    (rc = count_hosted(tx, r, n, ids, taken, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n && rc == DC_OK; i++) {
		fill(&r[i], &taken[i], tx_arena(tx));
		rc = tell_silence(tx, &silence, &r[i], err);
	}
	return rc;
}

#define PATH "/dcaas/v1/projects/{project_id}/connections"

static const struct route room_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &project_connection_resource, .run = crud_list,
	.operation = "ListProjectConnections",
	.summary = "List the project's connections with the VLANs and the bandwidth that are free on them."},
    {M_GET, PATH "/{project_connection_id}", ROLE_READER, .res = &project_connection_resource, .run = crud_show,
	.operation = "ShowProjectConnection", .summary = "Read what is free on one connection of the project."},
    {0},
};

const struct resource project_connection_resource = {
    .name = "project_connection",
    .plural = "project_connections",
    .title = "connection with its free places",
    .table = &room_table,
    .missing = DC_E_DC_NOT_FOUND,
    .owner = "tenant_id",
    .embed = embed,
    .routes = room_routes,
};
