/* SPDX-License-Identifier: ISC */
/* peer_link.c - peer links (semantics.md 5.11): what tenants order and its rules. */
#include "res/peer_link.h"

#include <string.h>

#include "api/crud.h"
#include "reconcile/edge.h"
#include "res/gdgw_route.h"
#include "res/global_dc_gateway.h"
#include "res/peer_link_crossing.h"
#include "res/silence.h"
#include "res/vif_row.h"
#include "res/quota.h"
#include "res/router_lock.h"
#include "store/row_lock.h"

struct bandwidth_info {
	struct f_int bandwidth_size;
	struct f_text gcb_id;
};

static const char *const statuses[] = {"PENDING_CREATE", "PENDING_UPDATE", "ACTIVE", "ERROR", NULL};
static const char *const types[] = {"ER", "GDGW", NULL};

/* The answer of a create leaves out what only reads have; the operator reads the rest, too. */
#define READ (VIEW_ANSWER | VIEW_OP_ANSWER)
#define ANSWERS (VIEW_CREATED | READ)

static const struct field_table bandwidth_info_table = {
    .name = "BandwidthInfo",
    .size = sizeof(struct bandwidth_info),
    .fields =
	(const struct field[]){
	    {AT(bandwidth_info, bandwidth_size), .kind = F_INT, .max = 268435455, .may = ANSWERS, .must = ANSWERS,
		.doc = "Mbit/s; 0 while none is attached."},
	    {AT(bandwidth_info, gcb_id), .kind = F_TEXT, .max = 36, .nullable = true, .may = ANSWERS,
		.doc = "Global connection bandwidth in use."},
	    {0},
	},
};

static const struct field_table peer_site_table = {
    .name = "PeerSite",
    .size = sizeof(struct peer_site),
    .fields =
	(const struct field[]){
	    {AT(peer_site, gateway_id), .ref = "global_dc_gateway|enterprise_router", .kind = F_UUID,
		.may = VIEW_CREATE | ANSWERS, .must = VIEW_CREATE | ANSWERS,
		.doc = "Enterprise router or global DC gateway at the far end."},
	    {AT(peer_site, link_id), .kind = F_TEXT, .max = 64, .nullable = true, .may = ANSWERS,
		.doc = "The link at the far end; null until it is ACTIVE."},
	    {AT(peer_site, project_id), .ref = "project", .kind = F_HEX32, .may = VIEW_CREATE | ANSWERS,
		.must = VIEW_CREATE | ANSWERS, .doc = "Project of the far end."},
	    {AT(peer_site, region_id), .kind = F_TEXT, .max = 36, .may = VIEW_CREATE | ANSWERS,
		.must = VIEW_CREATE | ANSWERS, .doc = "Region of the far end."},
	    {AT(peer_site, site_code), .kind = F_TEXT, .max = 64, .nullable = true, .may = ANSWERS,
		.doc = "Site of the far end."},
	    {AT(peer_site, type), .kind = F_ENUM, .names = types, .nullable = true, .may = ANSWERS,
		.doc = "Kind of the far end."},
	    {0},
	},
};

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "gateway", .member = "global_dc_gateway_id"},
    {.title = "far end", .member = "gateway_id", .in = "peer_site"},
    {.title = "far kind", .member = "type", .in = "peer_site"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

const struct field_table peer_link_table = {
    .name = "PeerLink",
    .sql = "peer_link",
    .constraints =
	(const struct constraint[]){
	    {"peer_link_pair", DC_E_PARAM, "peer_link.peer_site.gateway_id", "the two gateways are linked already"},
	    {.name = "peer_link_number_key"},
	    {"peer_link_edge_id_fkey", .in_use_code = DC_E_PARAM, .in_use = "The edge has peer links"},
	    {"peer_link_peer_gateway_id_fkey", DC_E_VGW_NOT_FOUND, "peer_link.peer_site.gateway_id",
		"the gateway does not exist", DC_E_VGW_IN_USE, "The gateway has peer links"},
	    {"peer_link_global_dc_gateway_id_fkey", DC_E_VGW_NOT_FOUND, "global_dc_gateway_id",
		"the gateway does not exist", DC_E_VGW_IN_USE, "The gateway has peer links"},
	    {"peer_link_tenant_id_fkey", DC_E_NOT_FOUND, "project_id", "the project does not exist", DC_E_PARAM,
		"The project has peer links"},
	    {.name = "peer_link_status_check"},
	    {.name = "peer_link_peer_type_check"},
	    {.name = "peer_link_low_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct peer_link),
    .rank = RANK_LINK,
    .created_differs = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(peer_link, id), .kind = F_UUID, .may = ANSWERS, .must = ANSWERS, .filter = true, .sort = true,
		.cli = true, .doc = "Identifier of the link."},
	    {AT(peer_link, tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = ANSWERS,
		.must = ANSWERS, .doc = "Project that owns the link."},
	    {AT(peer_link, name), .example = "to-router", .kind = F_TEXT, .max = 64,
		.may = VIEW_CREATE | VIEW_UPDATE | ANSWERS, .must = VIEW_CREATE | ANSWERS, .filter = true,
		.filter_csv = true, .sort = true, .cli = true, .pattern = "^[\\u4e00-\\u9fa50-9a-zA-Z_.\\-]*$",
		.doc = "Display name."},
	    {AT(peer_link, description), .kind = F_TEXT, .max = 128, .out_max = 255, .nullable = true,
		.may = VIEW_CREATE | VIEW_UPDATE | ANSWERS, .doc = "Free text."},
	    {AT(peer_link, status), .kind = F_ENUM, .names = statuses, .may = ANSWERS, .must = ANSWERS, .sort = true,
		.cli = true, .doc = "State, as the edge reports it."},
	    {AT(peer_link, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = ANSWERS,
		.doc = "What keeps it from being ACTIVE."},
	    {AT(peer_link, global_dc_gateway_id), .fixed = true, .ref = "global_dc_gateway|enterprise_router",
		.kind = F_UUID, .may = ANSWERS, .must = ANSWERS, .cli = true, .doc = "Gateway at the near end."},
	    {AT(peer_link, bandwidth_info), .kind = F_OBJECT, .of = &bandwidth_info_table, .no_column = true,
		.may = ANSWERS, .doc = "Bandwidth attached to the link."},
	    {AT(peer_link, peer_site), .kind = F_OBJECT, .of = &peer_site_table, .no_column = true,
		.may = VIEW_CREATE | ANSWERS, .must = VIEW_CREATE | ANSWERS, .doc = "The far end."},
	    {AT(peer_link, instance_id), .kind = F_TEXT, .max = 36, .no_column = true, .nullable = true, .may = ANSWERS,
		.doc = "Instance that realises the link."},
	    {AT(peer_link, create_owner), .kind = F_TEXT, .max = 64, .no_column = true, .nullable = true,
		.quirks = QUIRK_TYPED_AS_TIME, .may = READ, .doc = "Service that made the link."},
	    {AT(peer_link, created_time), .kind = F_TIME, .may = ANSWERS, .must = ANSWERS, .sort = true,
		.doc = "When it was ordered."},
	    {AT(peer_link, updated_time), .kind = F_TIME, .nullable = true, .may = READ, .sort = true,
		.doc = "When the order was last changed."},
	    {AT(peer_link, peer_gateway_id), .ref = "global_dc_gateway|enterprise_router", .kind = F_UUID,
		.may = VIEW_OP_ANSWER, .filter = true, .cli = true, .doc = "Gateway at the far end."},
	    {AT(peer_link, peer_project_id), .kind = F_HEX32, .doc = "Project of the far end."},
	    {AT(peer_link, peer_region_id), .kind = F_TEXT, .max = 36, .doc = "Region of the far end."},
	    {AT(peer_link, peer_type), .kind = F_ENUM, .names = types, .doc = "Kind of the far end."},
	    {AT(peer_link, peer_link_id), .kind = F_TEXT, .max = 64, .doc = "The link at the far end."},
	    {AT(peer_link, receiver_id), .fixed = true, .kind = F_HEX32,
		.doc = "Another project that has the far gateway."},
	    {AT(peer_link, low), .kind = F_UUID, .doc = "Gateway with the lower id."},
	    {AT(peer_link, high), .kind = F_UUID, .doc = "Gateway with the higher id."},
	    {AT(peer_link, edge_id), .ref = "edge", .kind = F_UUID, .may = VIEW_OP_ANSWER, .filter = true,
		.doc = "Edge that it is on."},
	    {AT(peer_link, number), .kind = F_INT, .may = VIEW_OP_ANSWER,
		.doc = "Number of its subnets in the blocks of links."},
	    {AT(peer_link, near_v4), .kind = F_UUID, .no_column = true, .may = VIEW_OP_ANSWER,
		.doc = "IPv4 session of the near end."},
	    {AT(peer_link, near_v6), .kind = F_UUID, .no_column = true, .may = VIEW_OP_ANSWER,
		.doc = "IPv6 session of the near end."},
	    {AT(peer_link, far_v4), .kind = F_UUID, .no_column = true, .may = VIEW_OP_ANSWER,
		.doc = "IPv4 session of the far end."},
	    {AT(peer_link, far_v6), .kind = F_UUID, .no_column = true, .may = VIEW_OP_ANSWER,
		.doc = "IPv6 session of the far end."},
	    {AT(peer_link, deleted_time), .kind = F_TIME,
		.doc = "When it was deleted; it stays until its edge has let go."},
	    {0},
	},
};

/* --- rules --- */

static enum dc_code
check_site(const struct call *call, const struct peer_link *link, struct dc_error *err)
{
	const char *region = res_settings(call)->region_id;

	if (strcmp(link->peer_region_id.v, region) != 0)
		return dc_fail(err, DC_E_PARAM, "peer_link.peer_site.region_id",
		    "peer_link.peer_site.region_id: a link into another region than %s is not served yet", region);
	if (strcmp(link->peer_gateway_id.v, link->global_dc_gateway_id.v) == 0)
		return dc_fail(err, DC_E_PARAM, "peer_link.peer_site.gateway_id",
		    "peer_link.peer_site.gateway_id: a gateway is not linked to itself");
	return DC_OK;
}

static enum dc_code
no_gateway(const struct peer_link *link, struct dc_error *err)
{
	return dc_fail(err, DC_E_NOT_FOUND, "peer_link.peer_site.gateway_id",
	    "peer_link.peer_site.gateway_id: enterprise router or global DC gateway %s does not exist",
	    link->peer_gateway_id.v);
}

/* Both gateways; a new one takes a number from the pool, too. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	const struct peer_link *link = row;
	const struct peer_site *site = link->peer_site.v;

	lock_want(set, &gateway_table, link->global_dc_gateway_id.v);
	if (call != NULL && call->route->method == M_POST) {
		lock_want(set, &pool_table, POOL_LINK);
		lock_want(set, &gateway_table, site->gateway_id.v);
		return router_want_locks(tx, site->gateway_id.v, set, err);
	}
	lock_want(set, &gateway_table, link->peer_gateway_id.v);
	return call != NULL ? router_want_locks(tx, link->peer_gateway_id.v, set, err) : DC_OK;
}

static enum dc_code
find_gateways(
    struct tx *tx, const struct peer_link *link, struct gateway *near, struct gateway *far, struct dc_error *err)
{
	enum dc_code rc = gateway_get(tx, link->peer_gateway_id.v, far, err);

	if (rc == DC_OK && (!far->kind->links || far->leaving || strcmp(far->tenant_id, link->peer_project_id.v) != 0))
		rc = DC_E_NOT_FOUND;
	if (rc == DC_E_NOT_FOUND)
		return no_gateway(link, err);
	return rc == DC_OK ? gateway_get(tx, link->global_dc_gateway_id.v, near, err) : rc;
}

/* A link uses a place at each of its global DC gateways. */
static enum dc_code
check_quota(struct tx *tx, const struct call *call, const struct gateway *gw, struct dc_error *err)
{
	int64_t quota, used;
	enum dc_code rc;

	if (gw->kind != &global_dc_gateway_kind)
		return DC_OK;
	if ((rc = quota_limit(tx, call, gw->tenant_id, QUOTA_PEER_LINKS, &quota, err)) != DC_OK || quota < 0 ||
	    (rc = link_ends_count(tx, gw->id, &used, err)) != DC_OK)
		return rc;
	return used < quota ? DC_OK
			    : dc_fail(err, DC_E_QUOTA, NULL,
				  "the quota of %lld peer links of the global DC gateway %s is used up",
				  (long long)quota, gw->id);
}

static enum dc_code
check_pair(struct tx *tx, const struct peer_link *link, struct dc_error *err)
{
	int64_t same;
	enum dc_code rc = query_count(tx, &peer_link_table,
	    Q(Q_EQ("low", link->low.v), Q_EQ("high", link->high.v), Q_IS_NULL("deleted_time")), &same, err);

	if (rc != DC_OK)
		return rc;
	return same == 0 ? DC_OK
			 : dc_fail(err, DC_E_PARAM, "peer_link.peer_site.gateway_id",
			       "peer_link.peer_site.gateway_id: the two gateways are linked already");
}

/* Each gateway hides the AS numbers of its range from customers: the other one's has to be among them. */
static enum dc_code
check_ranges(const struct gateway *near, const struct gateway *far, struct dc_error *err)
{
	bool hidden = far->internal_asn >= near->internal_asn_first && far->internal_asn <= near->internal_asn_last &&
		      near->internal_asn >= far->internal_asn_first && near->internal_asn <= far->internal_asn_last;

	return hidden ? DC_OK
		      : dc_fail(err, DC_E_PARAM, "peer_link.peer_site.gateway_id",
			    "peer_link.peer_site.gateway_id: the two gateways take the AS numbers of their links from "
			    "different ranges");
}

/* --- where it can be --- */

/* The edges that a gateway can have an end on: those of its interfaces, or of the networks attached to the gateway. */
struct places {
	const char **edge;
	size_t n;
};

static void
add_place(struct places *p, const char *edge_id)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->edge[i], edge_id) == 0)
			return;
	p->edge[p->n++] = edge_id;
}

static enum dc_code
places_of(struct tx *tx, const struct gateway *gw, struct places *ret, struct dc_error *err)
{
	struct virtual_interface *v;
	struct attachment *a;
	void *rows = NULL;
	size_t interfaces = 0, attachments;
	enum dc_code rc;

	if ((rc = query_list(tx, &virtual_interface_table,
		 Q(Q_EQ("vrf_gateway_id", gw->id), Q_NE("status", "PENDING_DELETE")), NULL, &rows, &interfaces, err)) !=
	    DC_OK)
		return rc;
	if ((rc = attachments_of(tx, gw, NULL, &a, &attachments, err)) != DC_OK)
		return rc;
	v = rows;
	*ret = (struct places){arena_array(tx_arena(tx), interfaces + attachments + 1, sizeof(*ret->edge)), 0};
	for (size_t i = 0; i < interfaces; i++)
		add_place(ret, v[i].edge_id.v);
	for (size_t i = 0; i < attachments; i++)
		add_place(ret, a[i].edge_id.v);
	return DC_OK;
}

/* The edge for a link: one where both gateways are. A router that nothing is attached to can be anywhere. */
static enum dc_code
choose_edge(
    struct tx *tx, const struct gateway *near, const struct gateway *far, struct peer_link *link, struct dc_error *err)
{
	struct places here, there;
	enum dc_code rc;

	if ((rc = places_of(tx, near, &here, err)) != DC_OK || (rc = places_of(tx, far, &there, err)) != DC_OK)
		return rc;
	if (here.n == 0)
		return dc_fail(err, DC_E_VIF_RELATED, NULL, "the global DC gateway has no virtual interface yet");
	if (there.n == 0 && far->kind->service != NULL)
		return dc_fail(err, DC_E_VIF_RELATED, "peer_link.peer_site.gateway_id",
		    "peer_link.peer_site.gateway_id: the global DC gateway there has no virtual interface yet");
	for (size_t i = 0; i < here.n; i++) {
		bool common = there.n == 0;

		for (size_t k = 0; k < there.n; k++)
			common = common || strcmp(here.edge[i], there.edge[k]) == 0;
		if (common) {
			F_SET_TEXT(link->edge_id, here.edge[i]);
			return DC_OK;
		}
	}
	return dc_fail(err, DC_E_VIF_RELATED, "peer_link.peer_site.gateway_id",
	    "peer_link.peer_site.gateway_id: the two gateways are on different edges, and a link between edges is not "
	    "served yet");
}

/* --- create --- */

static void
new_id(struct f_text *to, struct arena *arena)
{
	char id[UUID_TEXT_SIZE];

	uuid_new(id);
	F_SET_TEXT(*to, arena_strdup(arena, id));
}

static void
fill(struct peer_link *link)
{
	const struct peer_site *site = link->peer_site.v;
	bool near_first;

	link->peer_gateway_id = site->gateway_id;
	link->peer_project_id = site->project_id;
	link->peer_region_id = site->region_id;
	near_first = strcmp(link->global_dc_gateway_id.v, link->peer_gateway_id.v) < 0;
	link->low = near_first ? link->global_dc_gateway_id : link->peer_gateway_id;
	link->high = near_first ? link->peer_gateway_id : link->global_dc_gateway_id;
	F_SET_TEXT(link->status, "PENDING_CREATE");
	if (text_or_null(&link->description) == NULL)
		F_SET_TEXT(link->description, NULL);
}

/* What the ends are made of, for as long as the link lives. */
static enum dc_code
make_ends(struct tx *tx, struct peer_link *link, const struct res_settings *settings, struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	struct link_end *end = arena_array(arena, 2, sizeof(*end));
	struct edge_number number;
	enum dc_code rc = number_get(tx, link->edge_id.v, "link", link->id.v, NULL, &number, err);

	if (rc != DC_OK)
		return rc;
	for (unsigned i = 0; i < 2; i++) {
		struct f_text *ids[] = {&end[i].id, &end[i].mark, &end[i].session_v4, &end[i].session_v6};

		for (size_t k = 0; k < sizeof(ids) / sizeof(ids[0]); k++)
			new_id(ids[k], arena);
		end[i].link_id = link->id;
		F_SET_TEXT(end[i].side, i == 0 ? "a" : "b");
		F_SET_TEXT(end[i].region_id, settings->region_id);
		end[i].edge_id = link->edge_id;
		end[i].gateway_id = i == 0 ? link->global_dc_gateway_id : link->peer_gateway_id;
		F_SET_TEXT(end[i].device, arena_printf(arena, "dcl%lld%s", (long long)number.number.v, end[i].side.v));
		F_SET_BOOL(end[i].leaving, false);
	}
	link->ends = end;
	return peer_link_take_number(tx, link, end, settings, err);
}

static enum dc_code
peer_link_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct peer_link *link = row;
	struct gateway near = {0}, far = {0};
	enum dc_code rc;

	fill(link);
	if ((rc = name_check(link->name.v, "peer_link.name", err)) != DC_OK ||
	    (rc = check_site(call, link, err)) != DC_OK ||
	    (rc = peer_link_crossing_check(tx, call, link, err)) != DC_OK ||
	    (rc = find_gateways(tx, link, &near, &far, err)) != DC_OK ||
	    (rc = check_quota(tx, call, &near, err)) != DC_OK || (rc = check_quota(tx, call, &far, err)) != DC_OK ||
	    (rc = check_pair(tx, link, err)) != DC_OK || (rc = check_ranges(&near, &far, err)) != DC_OK ||
	    (rc = choose_edge(tx, &near, &far, link, err)) != DC_OK)
		return rc;
	F_SET_TEXT(link->peer_type, far.kind == &enterprise_router_kind ? "ER" : "GDGW");
	return make_ends(tx, link, res_settings(call), err);
}

static enum dc_code
peer_link_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	const struct peer_link *link = row;
	enum dc_code rc;

	for (unsigned i = 0; i < 2; i++)
		if ((rc = query_insert(tx, &link_end_table, &link->ends[i], err)) != DC_OK)
			return rc;
	rc = peer_link_take_subnets(tx, link->ends, err);
	return rc == DC_OK ? peer_link_tell_receiver(tx, call, link, "create", err) : rc;
}

/* --- update and delete --- */

static enum dc_code
peer_link_update(struct tx *tx, struct call *call, const void *old, const void *patch, void *row, struct dc_error *err)
{
	struct peer_link *link = row;

	(void)tx;
	(void)old;
	(void)patch;
	if (peer_link_is_received(call, link))
		return dc_fail(err, DC_E_POLICY, NULL,
		    "the project that has ordered the link names and describes it; this project may delete it");
	if (text_or_null(&link->description) == NULL)
		F_SET_TEXT(link->description, NULL); /* "" clears it */
	return name_check(link->name.v, "peer_link.name", err);
}

static enum dc_code
peer_link_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct peer_link *link = row;
	const struct link_end leaving = {.leaving = {GIVEN, true}};
	enum dc_code rc;

	if ((rc = gdgw_routes_end(tx, call, link->id.v, err)) != DC_OK)
		return rc;
	F_SET_INT(link->deleted_time, tx_now(tx));
	if ((rc = query_set(tx, &peer_link_table, (const char *const[]){"deleted_time", NULL}, link,
		 Q(Q_EQ("id", link->id.v)), NULL, err)) != DC_OK)
		return rc;
	rc = query_set(tx, &link_end_table, (const char *const[]){"leaving", NULL}, &leaving,
	    Q(Q_EQ("link_id", link->id.v)), NULL, err);
	return rc == DC_OK ? peer_link_tell_receiver(tx, call, link, "delete", err) : rc;
}

/* --- reading --- */

/* The operator reads the ids of the ends' sessions. */
static enum dc_code
show_sessions(struct tx *tx, struct peer_link *link, size_t n, struct dc_error *err)
{
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	struct query_page by_link = {.sort = "link_id"};
	const struct link_end *end;
	void *rows;
	size_t ends;
	enum dc_code rc;

	for (size_t i = 0; i < n; i++)
		ids[i] = link[i].id.v;
	if ((rc = query_list(tx, &link_end_table, Q(Q_IN("link_id", ids)), &by_link, &rows, &ends, err)) != DC_OK)
		return rc;
	end = rows;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ends; k++) {
			bool near = strcmp(end[k].side.v, "a") == 0;

			if (strcmp(end[k].link_id.v, link[i].id.v) != 0)
				continue;
			*(near ? &link[i].near_v4 : &link[i].far_v4) = end[k].session_v4;
			*(near ? &link[i].near_v6 : &link[i].far_v6) = end[k].session_v6;
		}
	return DC_OK;
}

static enum dc_code
peer_link_embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct peer_link *link = rows;
	struct silence silence = {0};
	enum dc_code rc;

	for (size_t i = 0; i < n; i++) {
		struct peer_site *site = arena_new_of(tx_arena(tx), struct peer_site);
		struct bandwidth_info *bandwidth = arena_new_of(tx_arena(tx), struct bandwidth_info);

		*site = (struct peer_site){link[i].peer_gateway_id, link[i].peer_link_id, link[i].peer_project_id,
		    link[i].peer_region_id, link[i].peer_region_id, link[i].peer_type};
		F_SET_INT(bandwidth->bandwidth_size, 0);
		link[i].peer_site = (struct f_objects){GIVEN, 1, site};
		link[i].bandwidth_info = (struct f_objects){GIVEN, 1, bandwidth};
		F_SET_TEXT(link[i].create_owner, "dc");
		if ((rc = silence_tell(tx, &silence, link[i].edge_id.v, &link[i].reason, err)) != DC_OK)
			return rc;
		if (peer_link_is_received(call, &link[i]))
			peer_link_show_received(&link[i]);
	}
	return crud_is_operator(call) ? show_sessions(tx, link, n, err) : DC_OK;
}

static const struct depend depends[] = {
    {"global_dc_gateway", "global_dc_gateway_id", "id", .settle = WORK_STATE},
    {"global_dc_gateway", "peer_gateway_id", "id", .settle = WORK_STATE},
    {"enterprise_router", "peer_gateway_id", "id", .settle = WORK_STATE | WORK_REST},
    {0},
};

static const struct blocker blockers[] = {
    /* Another project's routes do not keep this one from ending the link: they go with it. */
    {"gdgw_routetable", "link_id", DC_E_VGW_IN_USE, .owner = "tenant_id"},
    {0},
};

static enum dc_code
peer_link_observed(struct tx *tx, const void *row, struct observed *ret, struct dc_error *err)
{
	return edge_observed(tx, ((const struct peer_link *)row)->edge_id.v, ret, err);
}

#define PATH "/v3/{project_id}/dcaas/global-dc-gateways/{global_dc_gateway_id}/peer-links"
#define OWN_PATH "/dcaas/v1/projects/{project_id}/peer-links"
#define OP_PATH "/dcaas/v1/peer-links"

static const struct route peer_link_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &peer_link_resource, .run = crud_list, .operation = "ListPeerLinks",
	.errors = ERRORS(DC_E_NOT_FOUND), .summary = "List the peer links of a global DC gateway."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &peer_link_resource, VIEW_CREATE, .status = 201, .run = crud_create,
	.operation = "CreatePeerLink", .errors = ERRORS(DC_E_NOT_FOUND, DC_E_QUOTA, DC_E_VIF_RELATED, DC_E_POLICY),
	.summary = "Link a global DC gateway to an enterprise router or another global DC gateway."},
    {M_GET, PATH "/{peer_link_id}", ROLE_READER, ROUTE_OBSERVED, &peer_link_resource, .run = crud_show,
	.operation = "ShowPeerLink", .errors = ERRORS(DC_E_NOT_FOUND), .summary = "Read one peer link."},
    {M_PUT, PATH "/{peer_link_id}", ROLE_MEMBER, ROUTE_WRITES, &peer_link_resource, VIEW_UPDATE, .answer = VIEW_ANSWER,
	.run = crud_update, .operation = "UpdatePeerLink", .errors = ERRORS(DC_E_NOT_FOUND, DC_E_POLICY),
	.summary = "Change name or text of a peer link."},
    {M_DELETE, PATH "/{peer_link_id}", ROLE_MEMBER, ROUTE_WRITES, &peer_link_resource, .status = 204,
	.run = crud_delete, .operation = "DeletePeerLink", .errors = ERRORS(DC_E_NOT_FOUND),
	.summary = "Remove a peer link."},
    {M_GET, OWN_PATH, ROLE_READER, .res = &peer_link_resource, .run = crud_list, .operation = "ListProjectPeerLinks",
	.summary =
	    "List the peer links of all the project's gateways, and those that other projects have ordered to them."},
    {M_GET, OWN_PATH "/{peer_link_id}", ROLE_READER, ROUTE_OBSERVED, &peer_link_resource, .run = crud_show,
	.operation = "ShowProjectPeerLink", .summary = "Read one peer link of the project."},
    {M_DELETE, OWN_PATH "/{peer_link_id}", ROLE_MEMBER, ROUTE_WRITES, &peer_link_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteProjectPeerLink",
	.summary = "Remove a peer link of the project, also one that another project has ordered."},
    {M_GET, OP_PATH, ROLE_OPERATOR, .res = &peer_link_resource, .run = crud_list, .operation = "ListLinks",
	.summary = "List the peer links of all projects, with their edges and sessions."},
    {M_GET, OP_PATH "/{peer_link_id}", ROLE_OPERATOR, ROUTE_OBSERVED, &peer_link_resource, .run = crud_show,
	.operation = "ShowLink", .summary = "Read one peer link of any project."},
    {0},
};

static const struct field_column shows[] = {
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

static const struct topology topology = {
    .under = "global_dc_gateway_id", .leads = "peer_site.gateway_id", .shows = shows};

const struct resource peer_link_resource = {
    .name = "peer_link",
    .plural = "peer_links",
    .title = "peer link",
    .shorts = "link",
    .identity = "global_dc_gateway_id|name",
    .topology = &topology,
    .table = &peer_link_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .receiver = "receiver_id",
    .received_below = "peer_gateway_id",
    .parent = &global_dc_gateway_resource,
    .parent_column = "global_dc_gateway_id",
    .hidden = "deleted_time",
    .routes = peer_link_routes,
    .chain = chain,
    .create = peer_link_create,
    .created = peer_link_created,
    .update = peer_link_update,
    .blockers = blockers,
    .remove = peer_link_remove,
    .embed = peer_link_embed,
    .rank = RANK_LINK,
    .life = peer_link_life,
    .depends = depends,
    .leaving = peer_link_leaving,
    .render = peer_link_render,
    .settle = peer_link_settle,
    .observed = peer_link_observed,
};
