/* SPDX-License-Identifier: ISC */
/* gdgw_route.c - routes of global DC gateways: what tenants order, and its rules. The objects and the state of a route
 * are in gdgw_route_edge.c. */
#include "res/gdgw_route.h"

#include <string.h>

#include "api/crud.h"
#include "res/global_dc_gateway.h"
#include "res/lifecycle.h"
#include "res/link_end.h"
#include "res/link_subnet.h"
#include "res/peer_link_row.h"
#include "res/quota.h"
#include "res/remote_subnet.h"
#include "res/vif_peer.h"
#include "store/row_lock.h"

#define BATCH_MAX 100
#define MEMBER "gdgw_routetable"

static const char *const types[] = {"vif_peer", "gdgw", NULL};
static const char *const modes[] = {"customized", "specific", "bgp", NULL};
static const char *const statuses[] = {"ACTIVE", "ERROR", "PENDING_CREATE", NULL};
static const char *const families[] = {"ipv4", "ipv6", NULL};

static const struct field_column list_columns[] = {
    {.member = "destination"},
    {.title = "next hop", .member = "nexthop"},
    {.member = "type"},
    {.title = "mode", .member = "obtain_mode"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

const struct field_table gdgw_route_table = {
    .name = "GdgwRoute",
    .sql = "gdgw_route",
    .constraints =
	(const struct constraint[]){
	    {"gdgw_route_destination", DC_E_CIDR_TWICE, MEMBER ".add_routes",
		"the gateway has a route to a destination already"},
	    {"gdgw_route_gateway_id_fkey", DC_E_PARAM, "gateway_id", "the gateway does not exist", DC_E_VGW_IN_USE,
		"The gateway has routes"},
	    {"gdgw_route_peer_id_fkey", DC_E_PARAM, MEMBER ".add_routes", "a next hop does not exist", DC_E_VIF_IN_USE,
		"A route of the gateway leads to the peer"},
	    {"gdgw_route_vif_id_fkey", DC_E_PARAM, MEMBER ".add_routes", "a next hop does not exist", DC_E_VIF_IN_USE,
		"A route of the gateway leads to the interface"},
	    {"gdgw_route_link_id_fkey", DC_E_PARAM, MEMBER ".add_routes", "a next hop does not exist", DC_E_VGW_IN_USE,
		"A route of the gateway leads over the peer link"},
	    {"gdgw_route_tenant_id_fkey", DC_E_NOT_FOUND, "project_id", "the project does not exist", DC_E_PARAM,
		"The project has routes"},
	    {.name = "gdgw_route_address_family_check"},
	    {.name = "gdgw_route_type_check"},
	    {.name = "gdgw_route_deleted_time_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct gdgw_route),
    .guarded_by = "gateway",
    .guard_column = "gateway_id",
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(gdgw_route, id), .kind = F_UUID, .may = V_R, .must = V_R, .cli = true,
		.doc = "Identifier of the route."},
	    {AT(gdgw_route, tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = V_R, .must = V_R,
		.doc = "Project that owns the route."},
	    {AT(gdgw_route, gateway_id), .fixed = true, .ref = "global_dc_gateway", .kind = F_UUID, .may = V_R,
		.must = V_R, .doc = "Gateway that the route belongs to."},
	    {AT(gdgw_route, destination), .kind = F_TEXT, .max = 64, .may = V_R, .must = V_R, .filter = true,
		.cli = true, .doc = "Destination block."},
	    {AT(gdgw_route, nexthop), .ref = "vif_peer|global_dc_gateway|enterprise_router", .kind = F_UUID, .may = V_R,
		.must = V_R, .filter = true, .cli = true,
		.doc = "Peer of an interface, or linked gateway, that gets the traffic."},
	    {AT(gdgw_route, type), .kind = F_ENUM, .names = types, .may = V_R, .must = V_R, .cli = true,
		.doc = "Kind of next hop."},
	    {AT(gdgw_route, obtain_mode), .kind = F_ENUM, .names = modes, .may = V_R, .must = V_R, .cli = true,
		.doc = "customized: a default route; specific: any other."},
	    {AT(gdgw_route, status), .kind = F_ENUM, .names = statuses, .may = V_R, .must = V_R, .cli = true,
		.doc = "State, as the edge reports it."},
	    {AT(gdgw_route, address_family), .kind = F_ENUM, .names = families, .may = V_R, .must = V_R, .filter = true,
		.doc = "Family of the destination."},
	    {AT(gdgw_route, description), .kind = F_TEXT, .max = 1024, .nullable = true, .may = V_R,
		.doc = "Free text."},
	    {AT(gdgw_route, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = V_R,
		.doc = "What keeps it from being ACTIVE."},
	    {AT(gdgw_route, created_time), .kind = F_TIME, .nullable = true, .may = V_R, .doc = "When it was ordered."},
	    {AT(gdgw_route, updated_time), .kind = F_TIME, .nullable = true, .may = V_R,
		.doc = "When the order was last changed."},
	    {AT(gdgw_route, prefix), .kind = F_TEXT, .max = 64, .doc = "Destination, host bits cleared."},
	    {AT(gdgw_route, peer_id), .kind = F_UUID, .doc = "Peer that it leads to."},
	    {AT(gdgw_route, vif_id), .kind = F_UUID, .doc = "Interface that it leads over."},
	    {AT(gdgw_route, link_id), .kind = F_UUID, .doc = "Peer link that it leads over."},
	    {AT(gdgw_route, deleted_time), .kind = F_TIME,
		.doc = "When it was deleted; it stays until its edge has let go."},
	    {0},
	},
};

/* --- bodies --- */

struct route_entry {
	struct f_text destination, nexthop, type, description;
};

struct route_change {
	struct f_objects add_routes, del_routes, update_routes;
};

struct route_request {
	struct f_objects gdgw_routetable;
	struct f_bool dry_run;
};

struct route_answer {
	struct f_objects gdgw_routetable;
	struct f_text request_id;
};

#define ENTRY_KEY                                                                                                      \
	{AT(route_entry, destination), .example = "172.16.0.0/12", .kind = F_TEXT, .min = 1, .max = 64,                \
	    .may = VIEW_UPDATE, .must = VIEW_UPDATE, .doc = "Destination block; with nexthop it names the route."},    \
	{                                                                                                              \
		AT(route_entry, nexthop), .kind = F_TEXT, .min = 1, .max = 255, .may = VIEW_UPDATE,                    \
					  .must = VIEW_UPDATE, .doc = "Identifier of the next hop."                    \
	}
#define ENTRY_TYPE                                                                                                     \
	{                                                                                                              \
		AT(route_entry, type), .kind = F_ENUM, .names = types, .may = VIEW_UPDATE, .doc = "Kind of next hop."  \
	}
#define ENTRY_TEXT                                                                                                     \
	{                                                                                                              \
		AT(route_entry, description), .kind = F_TEXT, .max = 255, .may = VIEW_UPDATE, .pattern = "^[^<>`]*$",  \
					      .doc = "Free text."                                                      \
	}

static const struct field_table add_table = {
    .name = "AddGdgwRoute",
    .size = sizeof(struct route_entry),
    .fields = (const struct field[]){ENTRY_KEY, ENTRY_TYPE, ENTRY_TEXT, {0}},
};
static const struct field_table delete_table = {
    .name = "DeleteGdgwRoute",
    .size = sizeof(struct route_entry),
    .fields = (const struct field[]){ENTRY_KEY, ENTRY_TYPE, {0}},
};
static const struct field_table describe_table = {
    .name = "UpdateGdgwRoute",
    .size = sizeof(struct route_entry),
    .fields = (const struct field[]){ENTRY_KEY, ENTRY_TEXT, {0}},
};

static const struct field_table change_table = {
    .name = "GdgwRouteTableChange",
    .size = sizeof(struct route_change),
    .fields =
	(const struct field[]){
	    {AT(route_change, add_routes), .kind = F_OBJECTS, .of = &add_table, .max_items = BATCH_MAX,
		.may = VIEW_UPDATE, .doc = "Routes to add."},
	    {AT(route_change, del_routes), .kind = F_OBJECTS, .of = &delete_table, .max_items = BATCH_MAX,
		.may = VIEW_UPDATE, .doc = "Routes to remove."},
	    {AT(route_change, update_routes), .kind = F_OBJECTS, .of = &describe_table, .max_items = BATCH_MAX,
		.may = VIEW_UPDATE, .doc = "Routes whose description changes."},
	    {0},
	},
};

static const struct field_table request_table = {
    .name = "GdgwRouteTable",
    .size = sizeof(struct route_request),
    .fields =
	(const struct field[]){
	    {AT(route_request, gdgw_routetable), .kind = F_OBJECT, .of = &change_table, .may = VIEW_UPDATE,
		.must = VIEW_UPDATE, .doc = "One of the three lists."},
	    {AT(route_request, dry_run), .option = "check-only", .kind = F_BOOL, .may = VIEW_UPDATE,
		.doc = "Check the change, and do not make it."},
	    {0},
	},
};

static const struct field_table answer_table = {
    .name = "GdgwRoutesTouched",
    .size = sizeof(struct route_answer),
    .fields =
	(const struct field[]){
	    {AT(route_answer, gdgw_routetable), .kind = F_OBJECTS, .of = &gdgw_route_table, .may = V_R, .must = V_R,
		.doc = "Routes that the change concerns."},
	    {AT(route_answer, request_id), .kind = F_TEXT, .max = 36, .may = V_R, .must = V_R,
		.doc = "Identifier of this call."},
	    {0},
	},
};

/* --- rules --- */

/* One change of one gateway's table. */
struct change {
	struct tx *tx;
	struct call *call;
	struct gateway gw;
	const char *list; /* the member with the entries */
	size_t at;        /* the entry */
	struct gdgw_route *row;
	struct dc_error *err;
};

static const char *
member_of(const struct change *c, const char *member)
{
	return arena_printf(tx_arena(c->tx), MEMBER ".%s[%zu].%s", c->list, c->at, member);
}

static enum dc_code refuse(const struct change *c, enum dc_code code, const char *member, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static enum dc_code
refuse(const struct change *c, enum dc_code code, const char *member, const char *fmt, ...)
{
	const char *name = member_of(c, member);
	char words[DC_ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	return dc_fail(c->err, code, name, "%s: %.300s", name, words);
}

static enum dc_code
take_destination(struct change *c, const struct route_entry *e, struct ip_prefix *ret)
{
	struct gdgw_route *route = c->row;
	struct cidr_list one = {ret, 1};
	char text[IP_TEXT_SIZE];

	if (!ip_parse_prefix(e->destination.v, ret))
		return refuse(c, DC_E_ADDRESS, "destination", "\"%.64s\" is not a block", e->destination.v);
	*ret = ip_network(ret);
	ip_format_prefix(ret, text);
	route->destination = e->destination;
	F_SET_TEXT(route->prefix, arena_strdup(tx_arena(c->tx), text));
	F_SET_TEXT(route->address_family, ip_family_name(ret->addr.family));
	F_SET_TEXT(route->obtain_mode, ret->len == 0 ? "customized" : "specific");
	if (ret->addr.family == IP_V6 && !c->gw.ipv6)
		return refuse(c, DC_E_PARAM, "destination", "the gateway's address_family is ipv4");
	return ret->len == 0 ? DC_OK : cidr_check_customer(&one, NULL, member_of(c, "destination"), c->err);
}

static enum dc_code
take_description(struct change *c, const struct route_entry *e)
{
	if (e->description.set == GIVEN && strpbrk(e->description.v, "<>`") != NULL)
		return refuse(c, DC_E_PARAM, "description", "must not hold <, > or `");
	F_SET_TEXT(c->row->description, text_or_null(&e->description));
	return DC_OK;
}

/* A peer of one of the gateway's interfaces. */
static enum dc_code
hop_peer(struct change *c, const char *id, enum ip_family family, bool *found)
{
	const struct vif_peer *p;
	void *row;
	enum dc_code rc =
	    query_get(c->tx, &vif_peer_table, Q(Q_EQ("id", id), Q_EQ("gateway_id", c->gw.id)), &row, c->err);

	*found = rc == DC_OK && !vif_peer_leaving(row);
	if (!*found)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	p = row;
	if (vif_peer_is_v6(p) != (family == IP_V6))
		return refuse(c, DC_E_PARAM, "nexthop", "the peer is of another address family than the destination");
	if (text_or_null(&p->local_gateway_ip) == NULL)
		return refuse(c, DC_E_PARAM, "nexthop", "the peer has no addresses");
	c->row->peer_id = p->id;
	c->row->vif_id = p->vif_id;
	return DC_OK;
}

/* A gateway at the other end of one of the gateway's links. */
static enum dc_code
hop_link(struct change *c, const char *id, bool *found)
{
	bool first = strcmp(c->gw.id, id) < 0;
	void *row;
	enum dc_code rc = query_get(c->tx, &peer_link_table,
	    Q(Q_EQ("low", first ? c->gw.id : id), Q_EQ("high", first ? id : c->gw.id), Q_IS_NULL("deleted_time")), &row,
	    c->err);

	*found = rc == DC_OK;
	if (*found)
		c->row->link_id = ((const struct peer_link *)row)->id;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

static enum dc_code
take_next_hop(struct change *c, const struct route_entry *e, enum ip_family family)
{
	const char *type = e->type.set == GIVEN ? e->type.v : NULL;
	const char *id = crud_normal_id(&gdgw_route_table, e->nexthop.v, tx_arena(c->tx));
	bool found = false;
	enum dc_code rc = DC_OK;

	if (id != NULL && (type == NULL || strcmp(type, types[0]) == 0)) {
		if ((rc = hop_peer(c, id, family, &found)) != DC_OK)
			return rc;
		F_SET_TEXT(c->row->type, types[0]);
	}
	if (!found && id != NULL && (type == NULL || strcmp(type, types[1]) == 0)) {
		if ((rc = hop_link(c, id, &found)) != DC_OK)
			return rc;
		F_SET_TEXT(c->row->type, types[1]);
	}
	if (!found)
		return refuse(c, DC_E_PARAM, "nexthop",
		    "%.64s is neither a peer of the gateway's interfaces nor linked to the gateway%s%s", e->nexthop.v,
		    type != NULL ? ", with the type " : "", type != NULL ? type : "");
	F_SET_TEXT(c->row->nexthop, id);
	return DC_OK;
}

/* One next hop for each destination, of a route of the table or of a static peer's block. */
static enum dc_code
check_free(struct change *c, const struct gdgw_route *route)
{
	int64_t taken;
	enum dc_code rc = query_count(c->tx, &gdgw_route_table,
	    Q(Q_EQ("gateway_id", c->gw.id), Q_EQ("prefix", route->prefix.v), Q_IS_NULL("deleted_time")), &taken,
	    c->err);

	if (rc != DC_OK)
		return rc;
	return taken == 0 ? DC_OK
			  : refuse(c, DC_E_CIDR_TWICE, "destination", "the gateway has a route to %s already",
				route->prefix.v);
}

static enum dc_code
check_quota(const struct change *c, size_t more)
{
	int64_t limit, used;
	enum dc_code rc = quota_limit(c->tx, c->call, c->gw.tenant_id, QUOTA_GATEWAY_ROUTES, &limit, c->err);

	if (rc != DC_OK || limit < 0)
		return rc;
	if ((rc = query_count(c->tx, &gdgw_route_table, Q(Q_EQ("gateway_id", c->gw.id), Q_IS_NULL("deleted_time")),
		 &used, c->err)) != DC_OK)
		return rc;
	return used + (int64_t)more <= limit
		   ? DC_OK
		   : dc_fail(c->err, DC_E_QUOTA, NULL, "the quota of %lld routes of the global DC gateway is used up",
			 (long long)limit);
}

/* --- one entry --- */

static enum dc_code
add_route(struct change *c, const struct route_entry *e)
{
	struct gdgw_route *route = c->row;
	struct ip_prefix prefix;
	struct cidr_list one = {&prefix, 1};
	char id[UUID_TEXT_SIZE];
	enum dc_code rc;

	uuid_new(id);
	F_SET_TEXT(route->id, arena_strdup(tx_arena(c->tx), id));
	F_SET_TEXT(route->tenant_id, c->gw.tenant_id);
	F_SET_TEXT(route->gateway_id, c->gw.id);
	F_SET_TEXT(route->status, "PENDING_CREATE");
	F_SET_INT(route->created_time, tx_now(c->tx));
	F_SET_INT(route->updated_time, tx_now(c->tx));
	if ((rc = take_destination(c, e, &prefix)) != DC_OK || (rc = take_description(c, e)) != DC_OK ||
	    (rc = take_next_hop(c, e, prefix.addr.family)) != DC_OK || (rc = check_free(c, route)) != DC_OK ||
	    (rc = remote_subnets_take(c->tx, route->id.v, route->peer_id.set == GIVEN ? route->peer_id.v : route->id.v,
		 c->gw.id, &one, member_of(c, "destination"), c->err)) != DC_OK ||
	    (rc = query_insert(c->tx, &gdgw_route_table, route, c->err)) != DC_OK)
		return rc;
	tx_made(c->tx, &gdgw_route_resource, route->id.v);
	return event_add_for(c->tx, c->call, c->gw.tenant_id, "create", gdgw_route_resource.name, route->id.v, c->err);
}

/* The route that an entry names: by its destination and next hop. */
static enum dc_code
find_route(struct change *c, const struct route_entry *e)
{
	const char *hop = crud_normal_id(&gdgw_route_table, e->nexthop.v, tx_arena(c->tx));
	struct ip_prefix prefix;
	char text[IP_TEXT_SIZE];
	void *row;
	enum dc_code rc = DC_E_NOT_FOUND;

	if (ip_parse_prefix(e->destination.v, &prefix) && hop != NULL) {
		prefix = ip_network(&prefix);
		ip_format_prefix(&prefix, text);
		rc = query_get(c->tx, &gdgw_route_table,
		    Q(Q_EQ("gateway_id", c->gw.id), Q_EQ("prefix", text), Q_IS_NULL("deleted_time")), &row, c->err);
	}
	if (rc == DC_OK) {
		*c->row = *(const struct gdgw_route *)row;
		if (strcmp(c->row->nexthop.v, hop) != 0 ||
		    (e->type.set == GIVEN && strcmp(c->row->type.v, e->type.v) != 0))
			rc = DC_E_NOT_FOUND;
	}
	return rc != DC_E_NOT_FOUND
		   ? rc
		   : refuse(c, DC_E_ROUTE_NOT_FOUND, "destination",
			 "the gateway has no route to %.64s with the next hop %.64s", e->destination.v, e->nexthop.v);
}

/* Its destination is free at once: on the edge another route takes its place, or nothing does. */
static enum dc_code
end_route(struct tx *tx, struct call *call, const struct gdgw_route *route, struct dc_error *err)
{
	static const char *const columns[] = {"peer_id", "vif_id", "link_id", "deleted_time", NULL};
	struct gdgw_route left = *route;
	enum dc_code rc;

	left.peer_id = left.vif_id = left.link_id = (struct f_text){NULLED, NULL};
	F_SET_INT(left.deleted_time, tx_now(tx));
	if ((rc = query_set(tx, &gdgw_route_table, columns, &left, Q(Q_EQ("id", route->id.v)), NULL, err)) != DC_OK ||
	    (rc = remote_subnets_release(tx, route->id.v, err)) != DC_OK)
		return rc;
	tx_dirty(tx, &gdgw_route_resource, route->id.v);
	return event_add_for(tx, call, route->tenant_id.v, "delete", gdgw_route_resource.name, route->id.v, err);
}

static enum dc_code
delete_route(struct change *c, const struct route_entry *e)
{
	enum dc_code rc = find_route(c, e);

	return rc == DC_OK ? end_route(c->tx, c->call, c->row, c->err) : rc;
}

enum dc_code
gdgw_routes_end(struct tx *tx, struct call *call, const char *link_id, struct dc_error *err)
{
	struct query_page by_id = {.sort = "id"};
	const struct gdgw_route *route;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(
	    tx, &gdgw_route_table, Q(Q_EQ("link_id", link_id), Q_IS_NULL("deleted_time")), &by_id, &rows, &n, err);

	route = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		rc = end_route(tx, call, &route[i], err);
	return rc;
}

static enum dc_code
describe_route(struct change *c, const struct route_entry *e)
{
	static const char *const columns[] = {"description", "updated_time", NULL};
	struct gdgw_route *route = c->row;
	struct f_text before;
	enum dc_code rc = find_route(c, e);

	if (rc != DC_OK || e->description.set != GIVEN)
		return rc;
	before = route->description;
	if ((rc = take_description(c, e)) != DC_OK || text_is_same(&before, &route->description))
		return rc;
	F_SET_INT(route->updated_time, tx_now(c->tx));
	if ((rc = query_set(c->tx, &gdgw_route_table, columns, route, Q(Q_EQ("id", route->id.v)), NULL, c->err)) !=
	    DC_OK)
		return rc;
	return event_add_for(c->tx, c->call, c->gw.tenant_id, "update", gdgw_route_resource.name, route->id.v, c->err);
}

/* --- the call --- */

struct batch {
	const char *list;
	const struct f_objects *entries;
	enum dc_code (*each)(struct change *, const struct route_entry *);
};

/* The list that the call brings. */
static enum dc_code
take_batch(const struct route_request *request, struct batch *ret, struct dc_error *err)
{
	const struct route_change *change = request->gdgw_routetable.v;
	const struct batch all[] = {
	    {"add_routes", &change->add_routes, add_route},
	    {"del_routes", &change->del_routes, delete_route},
	    {"update_routes", &change->update_routes, describe_route},
	};
	size_t given = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].entries->set == GIVEN) {
			*ret = all[i];
			given++;
		}
	return given == 1 ? DC_OK
			  : dc_fail(err, DC_E_PARAM, MEMBER,
				MEMBER " must have one of add_routes, del_routes and update_routes%s",
				given == 0 ? "" : ", and not several");
}

/* The gateway under its lock. An unknown one is 400 here, and not 404: clients take 400 DC.0001 for "gone already". */
static enum dc_code
lock_gateway(struct change *c)
{
	const char *id = call_param(c->call, "gateway_id");
	LOCK_SET(set, c->tx);
	void *row;
	enum dc_code rc = crud_load(c->tx, c->call, &global_dc_gateway_resource, id, &row, c->err);

	if (rc == DC_OK) {
		lock_want(&set, &gateway_table, ((const struct global_dc_gateway *)row)->id.v);
		if ((rc = lock_rows(c->tx, &set, c->err)) == DC_OK && lock_is_late(c->tx))
			rc = crud_load(c->tx, c->call, &global_dc_gateway_resource, id, &row, c->err);
	}
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(c->err, DC_E_PARAM, "gateway_id", "The global DC gateway %.64s does not exist", id);
	return rc == DC_OK ? gateway_of_row(c->tx, &global_dc_gateway_kind, row, &c->gw, c->err) : rc;
}

/* The touched routes as they are now; those that were removed, as they were. */
static void
answer_routes(struct change *c, struct gdgw_route *rows, size_t n)
{
	struct route_answer answer = {.gdgw_routetable = {GIVEN, n, rows}};

	for (size_t i = 0; i < n; i++) {
		const struct gdgw_route *now = tx_row(c->tx, &gdgw_route_resource, rows[i].id.v);

		if (now != NULL && now->deleted_time.set != GIVEN)
			rows[i] = *now;
	}
	F_SET_TEXT(answer.request_id, c->call->request_id);
	call_answer_row(c->call, &answer);
}

static enum dc_code
update_routes(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct route_request *request = call->body;
	struct change c = {.tx = tx, .call = call, .err = err};
	const struct route_entry *entry;
	struct gdgw_route *rows;
	struct batch batch = {0};
	size_t n;
	enum dc_code rc;

	if ((rc = take_batch(request, &batch, err)) != DC_OK || (rc = lock_gateway(&c)) != DC_OK)
		return rc;
	n = batch.entries->n;
	entry = batch.entries->v;
	c.list = batch.list;
	if (batch.each == add_route && (rc = check_quota(&c, n)) != DC_OK)
		return rc;
	rows = arena_array(tx_arena(tx), n + 1, sizeof(*rows));
	for (c.at = 0; c.at < n; c.at++) {
		c.row = &rows[c.at];
		if ((rc = batch.each(&c, &entry[c.at])) != DC_OK)
			return rc;
	}
	if ((rc = tx_settle(tx, err)) != DC_OK)
		return rc;
	if (request->dry_run.set == GIVEN && request->dry_run.v)
		tx_make_dry(tx);
	answer_routes(&c, rows, n);
	return DC_OK;
}

static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	(void)tx;
	(void)call;
	(void)err;
	lock_want(set, &gateway_table, ((const struct gdgw_route *)row)->gateway_id.v);
	return DC_OK;
}

#define PATH "/v3/{project_id}/dcaas/gdgw/{gateway_id}/routetables"

static const struct route gdgw_route_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &gdgw_route_resource, .run = crud_list, .operation = "ListGdgwRouteTables",
	.errors = ERRORS(DC_E_NOT_FOUND), .summary = "List the routes of a global DC gateway."},
    {M_PUT, PATH, ROLE_MEMBER, ROUTE_WRITES, &gdgw_route_resource, VIEW_UPDATE, &request_table, "",
	.answer_table = &answer_table, .run = update_routes, .operation = "UpdateGdgwRouteTable",
	.errors = ERRORS(DC_E_ROUTE_NOT_FOUND, DC_E_ADDRESS, DC_E_CIDR_TWICE, DC_E_QUOTA),
	.summary = "Add, remove or describe routes of a global DC gateway."},
    {0},
};

const struct resource gdgw_route_resource = {
    .name = "gdgw_routetable",
    .plural = "gdgw_routetables",
    .title = "route of a global DC gateway",
    .identity = "gateway_id|destination",
    .table = &gdgw_route_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .parent = &global_dc_gateway_resource,
    .parent_column = "gateway_id",
    .hidden = "deleted_time",
    .counted = true,
    .routes = gdgw_route_routes,
    .chain = chain,
    .rank = RANK_ROUTE,
    .life = gdgw_route_life,
    .leaving = gdgw_route_leaving,
    .render = gdgw_route_render,
    .settle = gdgw_route_settle,
};
