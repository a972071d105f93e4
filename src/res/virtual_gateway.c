/* SPDX-License-Identifier: ISC */
/* virtual_gateway.c - virtual gateways (semantics.md 5.4). */
#include "res/virtual_gateway.h"

#include <string.h>

#include "api/crud.h"
#include "auth/tables.h"
#include "res/lifecycle.h"
#include "res/vif_peer.h"
#include "res/quota.h"
#include "res/tag.h"
#include "store/row_lock.h"

static const char *const statuses[] = {
    "ACTIVE", "DOWN", "BUILD", "ERROR", "PENDING_CREATE", "PENDING_UPDATE", "PENDING_DELETE", NULL};

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "vpc", .member = "vpc_id|enterprise_router_id"},
    {.title = "blocks", .member = "local_ep_group|local_ep_group_ipv6"},
    {.title = "asn", .member = "bgp_asn"},
    {.member = "status"},
    {0},
};

const struct field_table virtual_gateway_table = {
    .name = "VirtualGateway",
    .sql = "virtual_gateway",
    .outdated = (const struct outdated[]){{"local_ep_group_id", "local_ep_group"}, {NULL, NULL}},
    .constraints =
	(const struct constraint[]){
	    {"virtual_gateway_tenant_id_vpc_id_key", DC_E_VPC_HAS_VGW, "virtual_gateway.vpc_id",
		"the VPC has a virtual gateway already"},
	    {"virtual_gateway_tenant_id_fkey", DC_E_NOT_FOUND, "project_id", "the project does not exist", DC_E_PARAM,
		"The project has virtual gateways"},
	    {.name = NULL},
	},
    .size = sizeof(struct virtual_gateway),
    .guarded_by = "gateway",
    .guard_column = "id",
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(virtual_gateway, id), .kind = F_UUID, .may = V_R, .must = VIEW_ANSWER, .filter = true, .sort = true,
		.cli = true, .doc = "Identifier of the gateway."},
	    {AT(virtual_gateway, tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = V_R,
		.must = VIEW_ANSWER, .doc = "Project that owns the gateway."},
	    {AT(virtual_gateway, name), .example = "office", .kind = F_TEXT, .max = 64, .may = V_CRU,
		.must = VIEW_ANSWER, .filter = true, .filter_csv = true, .sort = true, .cli = true,
		.doc = "Display name."},
	    {AT(virtual_gateway, description), .kind = F_TEXT, .max = 128, .nullable = true, .may = V_CRU,
		.doc = "Free text."},
	    {AT(virtual_gateway, vpc_id), .example = "6a1e2f30-0000-4000-8000-000000000001", .kind = F_UUID,
		.nullable = true, .may = V_CR, .filter = true, .cli = true, .doc = "VPC behind the gateway."},
	    {AT(virtual_gateway, enterprise_router_id), .ref = "enterprise_router", .kind = F_UUID, .nullable = true,
		.may = V_CR, .doc = "Enterprise router behind the gateway, instead of a VPC."},
	    {AT(virtual_gateway, local_ep_group), .example = "10.1.0.0/16", .kind = F_LIST, .renders = true, .max = 255,
		.min_items = 1, .max_items = 200, .nullable = true, .may = V_CRU, .cli = true,
		.doc = "IPv4 blocks of the VPC that customers reach."},
	    {AT(virtual_gateway, local_ep_group_ipv6), .kind = F_LIST, .renders = true, .max = 255, .min_items = 1,
		.max_items = 50, .nullable = true, .may = V_CRU, .doc = "IPv6 blocks of the VPC that customers reach."},
	    {AT(virtual_gateway, bgp_asn), .kind = F_INT, .min = 1, .max = 4294967295, .quoted = true,
		.quirks = QUIRK_INT32, .code = DC_E_ASN, .may = V_CR, .must = VIEW_ANSWER, .fallback = "64512",
		.cli = true, .doc = "AS number of the gateway."},
	    {AT(virtual_gateway, type), .kind = F_TEXT, .max = 255, .may = V_R, .must = VIEW_ANSWER,
		.fallback = "\"default\"", .doc = "Kind of gateway."},
	    {AT(virtual_gateway, admin_state_up), .kind = F_BOOL, .may = V_R, .fallback = "true",
		.doc = "Administrative state."},
	    {AT(virtual_gateway, status), .kind = F_ENUM, .names = statuses, .may = V_R, .must = VIEW_ANSWER,
		.sort = true, .cli = true, .doc = "Life-cycle state."},
	    {AT(virtual_gateway, device_id), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_R,
		.doc = "Edge that it has its first interface on."},
	    {AT(virtual_gateway, redundant_device_id), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_R,
		.doc = "Second edge that it has an interface on."},
	    {AT(virtual_gateway, public_border_group), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_R,
		.fallback = "\"center\"", .doc = "Border group."},
	    {AT(virtual_gateway, enterprise_project_id), .fallback = "\"0\"", .kind = F_UUID, .zero = true,
		.nullable = true, .may = V_CR, .filter = true, .filter_csv = true,
		.doc = "Enterprise project of the gateway; 0 is the default one."},
	    {AT(virtual_gateway, tags), .kind = F_OBJECTS, .of = &tag_table, .rows = &virtual_gateway_tag_table,
		.max_items = 10, .may = V_CR, .doc = "Tags of the gateway."},
	    {AT(virtual_gateway, spelling), .kind = F_TEXT,
		.doc = "Ids as they were sent, where that is not in lower case."},
	    {0},
	},
};

/* Both local lists in one. */
static enum dc_code
local_subnets(const struct virtual_gateway *gw, struct arena *arena, struct cidr_list *ret, struct dc_error *err)
{
	struct cidr_list v4, v6;
	enum dc_code rc;

	if ((rc = cidr_list_parse(&gw->local_ep_group, IP_V4, "virtual_gateway.local_ep_group", arena, &v4, err)) !=
		DC_OK ||
	    (rc = cidr_list_parse(
		 &gw->local_ep_group_ipv6, IP_V6, "virtual_gateway.local_ep_group_ipv6", arena, &v6, err)) != DC_OK)
		return rc;
	ret->v = arena_array(arena, v4.n + v6.n + 1, sizeof(*ret->v));
	ret->n = v4.n + v6.n;
	for (size_t i = 0; i < v4.n; i++)
		ret->v[i] = v4.v[i];
	for (size_t i = 0; i < v6.n; i++)
		ret->v[v4.n + i] = v6.v[i];
	return DC_OK;
}

/* --- rules --- */

static enum dc_code
check_local(struct tx *tx, const struct call *call, const struct virtual_gateway *gw, struct cidr_list *ret,
    struct dc_error *err)
{
	int64_t most = INT64_MAX;
	enum dc_code rc;

	if ((rc = local_subnets(gw, tx_arena(tx), ret, err)) != DC_OK)
		return rc;
	if (ret->n > 1 && (rc = quota_limit(tx, call, gw->tenant_id.v, QUOTA_LOCAL_SUBNETS, &most, err)) != DC_OK)
		return rc;
	if ((int64_t)ret->n > most)
		return dc_fail(err, DC_E_LOCAL_SUBNETS, "virtual_gateway.local_ep_group",
		    "virtual_gateway.local_ep_group: %zu local subnets are more than the quota of %lld", ret->n,
		    (long long)most);
	for (size_t i = 0; i < ret->n; i++)
		if (ret->v[i].len == 0)
			return dc_fail(err, DC_E_ADDRESS, "virtual_gateway.local_ep_group",
			    "virtual_gateway.local_ep_group: a default route is not a local subnet");
	return DC_OK;
}

/* The VPC has to be one that the operator attached for this project, unless the configuration waits for the operator.
 */
static enum dc_code
check_vpc(struct tx *tx, struct call *call, const struct virtual_gateway *gw, struct dc_error *err)
{
	int64_t mine;
	enum dc_code rc;

	if ((rc = query_count(tx, &attachment_table,
		 Q(Q_EQ("vpc_id", gw->vpc_id.v), Q_EQ("tenant_id", gw->tenant_id.v)), &mine, err)) != DC_OK)
		return rc;
	return mine > 0 || res_settings(call)->accept_unattached_vpc
		   ? DC_OK
		   : dc_fail(err, DC_E_VPC, "virtual_gateway.vpc_id", "virtual_gateway.vpc_id: VPC %s does not exist",
			 gw->vpc_id.v);
}

/* One that is on its way out leaves the VPC within milliseconds of its edges' next report. */
static enum dc_code
check_vpc_free(struct tx *tx, struct call *call, const struct virtual_gateway *gw, struct dc_error *err)
{
	const struct virtual_gateway *other;
	bool leaving;
	void *row;
	enum dc_code rc = query_get(
	    tx, &virtual_gateway_table, Q(Q_EQ("vpc_id", gw->vpc_id.v), Q_EQ("tenant_id", gw->tenant_id.v)), &row, err);

	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	other = row;
	leaving = strcmp(other->status.v, "PENDING_DELETE") == 0;
	if (leaving && call_wait(call, other->id.v))
		return DC_OK;
	return dc_fail(err, DC_E_VPC_HAS_VGW, "virtual_gateway.vpc_id",
	    "virtual_gateway.vpc_id: VPC %s has a virtual gateway already%s", gw->vpc_id.v,
	    leaving ? ", which is being deleted: an edge has not let go of it yet" : "");
}

/* A router of the project. */
static enum dc_code
check_router(struct tx *tx, const struct virtual_gateway *gw, struct dc_error *err)
{
	struct gateway router;
	enum dc_code rc = gateway_get(tx, gw->enterprise_router_id.v, &router, err);

	if (rc == DC_OK && (router.kind != &enterprise_router_kind || router.leaving ||
			       strcmp(router.tenant_id, gw->tenant_id.v) != 0))
		rc = DC_E_NOT_FOUND;
	return rc != DC_E_NOT_FOUND ? rc
				    : dc_fail(err, DC_E_NOT_FOUND, "virtual_gateway.enterprise_router_id",
					  "virtual_gateway.enterprise_router_id: enterprise router %s does not exist",
					  gw->enterprise_router_id.v);
}

static enum dc_code
check_behind(struct tx *tx, struct call *call, const struct virtual_gateway *gw, struct dc_error *err)
{
	return gw->vpc_id.set == GIVEN ? check_vpc(tx, call, gw, err) : check_router(tx, gw, err);
}

/* A gateway of a router joins the set of those. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	lock_want(set, &gateway_table, ((const struct virtual_gateway *)row)->enterprise_router_id.v);
	return gateway_chain(tx, call, row, set, err);
}

static enum dc_code
virtual_gateway_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct virtual_gateway *gw = row;
	const struct res_settings *settings = res_settings(call);
	struct cidr_list local;
	enum dc_code rc;

	if (gw->enterprise_router_id.set == GIVEN && gw->vpc_id.set == GIVEN)
		return dc_fail(err, DC_E_PARAM, "virtual_gateway.enterprise_router_id",
		    "virtual_gateway.enterprise_router_id and vpc_id exclude each other");
	if (gw->enterprise_router_id.set != GIVEN && gw->vpc_id.set != GIVEN)
		return dc_fail(err, DC_E_PARAM, "virtual_gateway.vpc_id", "virtual_gateway.vpc_id is missing");
	if (gw->vpc_id.set == GIVEN && gw->local_ep_group.set != GIVEN && gw->local_ep_group_ipv6.set != GIVEN)
		return dc_fail(
		    err, DC_E_PARAM, "virtual_gateway.local_ep_group", "virtual_gateway.local_ep_group is missing");
	if ((rc = tags_check(&gw->tags, "virtual_gateway.tags", err)) != DC_OK)
		return rc;
	if ((rc = gateway_check_asn(settings, gw->bgp_asn.v, "virtual_gateway.bgp_asn", err)) != DC_OK)
		return rc;
	fill_common(&gw->name, &gw->description, &gw->enterprise_project_id);
	F_SET_TEXT(gw->status, "ACTIVE"); /* it has no objects on any edge yet */
	if ((rc = check_behind(tx, call, gw, err)) != DC_OK ||
	    (rc = quota_check(tx, call, call->project, QUOTA_VIRTUAL_GATEWAYS, err)) != DC_OK ||
	    (rc = check_local(tx, call, gw, &local, err)) != DC_OK)
		return rc;
	return gw->vpc_id.set == GIVEN ? check_vpc_free(tx, call, gw, err) : DC_OK;
}

/* What the new local subnets may not touch: the customers' subnets behind the gateway, and the links to them. */
static enum dc_code
check_against_interfaces(
    struct tx *tx, const struct virtual_gateway *gw, const struct cidr_list *local, struct dc_error *err)
{
	struct vif_peer *peer;
	size_t n;
	enum dc_code rc;

	if ((rc = vif_peers_of_gateway(tx, gw->id.v, &peer, &n, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct cidr_list remote, link;
		struct ip_prefix a, b;
		char text[2][IP_TEXT_SIZE];

		if ((rc = vif_peer_prefixes(tx, &peer[i], &remote, &link, err)) != DC_OK)
			return rc;
		if (cidr_overlap(local, &remote, &a, &b) || cidr_overlap(local, &link, &a, &b)) {
			ip_format_prefix(&a, text[0]);
			ip_format_prefix(&b, text[1]);
			return dc_fail(err, DC_E_OVERLAP, "virtual_gateway.local_ep_group",
			    "virtual_gateway.local_ep_group: %s overlaps %s of interface %s", text[0], text[1],
			    peer[i].vif_id.v);
		}
	}
	return DC_OK;
}

static enum dc_code
virtual_gateway_update(
    struct tx *tx, struct call *call, const void *old, const void *patch_row, void *row, struct dc_error *err)
{
	struct virtual_gateway *gw = row;
	const struct virtual_gateway *patch = patch_row;
	struct cidr_list local;
	enum dc_code rc;

	(void)old;
	if (strncmp(gw->status.v, "PENDING_", 8) == 0)
		return dc_fail(err, DC_E_VGW_LOCKED, NULL, "the gateway is in state %s", gw->status.v);
	if (patch->local_ep_group.set != GIVEN && patch->local_ep_group_ipv6.set != GIVEN)
		return DC_OK;
	if ((rc = check_local(tx, call, gw, &local, err)) != DC_OK)
		return rc;
	return check_against_interfaces(tx, gw, &local, err);
}

/* After the row: its lock is named before either is there. */
static enum dc_code
virtual_gateway_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	return gateway_insert(
	    tx, &virtual_gateway_kind, ((struct virtual_gateway *)row)->id.v, res_settings(call), err);
}

static enum dc_code
virtual_gateway_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	static const char *const columns[] = {"status", NULL};
	struct virtual_gateway *gw = row;

	(void)call;
	F_SET_TEXT(gw->status, "PENDING_DELETE");
	return query_set(tx, &virtual_gateway_table, columns, gw, Q(Q_EQ("id", gw->id.v)), NULL, err);
}

/* --- as a gateway --- */

static enum dc_code
view(struct tx *tx, struct gateway *ret, struct dc_error *err)
{
	const struct virtual_gateway *gw = ret->row;

	ret->tenant_id = gw->tenant_id.v;
	ret->status = gw->status.v;
	ret->bgp_asn = gw->bgp_asn.v;
	ret->behind = gw->vpc_id.v;
	ret->ipv6 = true;
	ret->leaving = strcmp(gw->status.v, "PENDING_DELETE") == 0;
	return local_subnets(gw, tx_arena(tx), &ret->local, err);
}

static const struct gateway_user users[] = {{&virtual_interface_table, "vrf_gateway_id"}, {0}};

const struct gateway_kind virtual_gateway_kind = {
    .res = &virtual_gateway_resource,
    .users = users,
    .service = "VGW",
    .attachments = "vpc_id",
    .view = view,
};

static bool
leaving(const void *row)
{
	return strcmp(((const struct virtual_gateway *)row)->status.v, "PENDING_DELETE") == 0;
}

static enum dc_code
render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	return gateway_render_row(tx, work, &virtual_gateway_kind, row, err);
}

/* device_id and redundant_device_id follow the edges that the gateway is on. */
static enum dc_code
show_devices(struct tx *tx, const struct gateway_state *state, struct virtual_gateway *out, struct dc_error *err)
{
	struct f_text *members[] = {&out->device_id, &out->redundant_device_id};
	struct edge *edge;
	enum dc_code rc;

	for (size_t i = 0; i < 2; i++) {
		*members[i] = (struct f_text){NULLED, NULL};
		if (state->edge_id[i] == NULL)
			continue;
		if ((rc = edge_get(tx, state->edge_id[i], &edge, err)) != DC_OK)
			return rc;
		*members[i] = edge->device_id.set == GIVEN ? edge->device_id : edge->id;
	}
	return DC_OK;
}

/* The VRF of a router's gateway is the router's. */
static enum dc_code
observe_router(struct tx *tx, const struct virtual_gateway *gw, struct gateway_state *state, struct dc_error *err)
{
	const struct edge_object *vrf;
	struct edge_number *number;
	size_t n, numbers;
	enum dc_code rc;

	if (gw->enterprise_router_id.set != GIVEN)
		return DC_OK;
	if ((rc = work_objects_of(tx, enterprise_router_kind.res->name, gw->enterprise_router_id.v, &vrf, &n, err)) !=
		DC_OK ||
	    (rc = numbers_of(tx, gw->enterprise_router_id.v, &number, &numbers, err)) != DC_OK)
		return rc;
	state->verdict = work_judge(vrf, n, NULL);
	for (size_t i = 0; i < numbers && i < 2; i++)
		state->edge_id[i] = number[i].edge_id.v;
	return DC_OK;
}

/* A gateway that nothing leads into has nothing on a router, and is ACTIVE; so it is while a VRF is on its way. */
static enum dc_code
settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	static const char *const columns[] = {"status", "device_id", "redundant_device_id", NULL};
	struct virtual_gateway *gw = row, now = *gw;
	struct gateway view_of;
	struct gateway_state state;
	enum dc_code rc;

	if ((rc = gateway_of_row(tx, &virtual_gateway_kind, gw, &view_of, err)) != DC_OK ||
	    (rc = gateway_observe(tx, work, &view_of, &state, err)) != DC_OK ||
	    (rc = observe_router(tx, gw, &state, err)) != DC_OK || (rc = show_devices(tx, &state, &now, err)) != DC_OK)
		return rc;
	*gone = state.gone;
	if (state.gone)
		return DC_OK;
	if (!view_of.leaving)
		life_set(
		    &now.status, state.verdict == VERDICT_FAILED ? "ERROR" : "ACTIVE", "virtual_gateway", gw->id.v);
	if (text_is_same(&now.status, &gw->status) && text_is_same(&now.device_id, &gw->device_id) &&
	    text_is_same(&now.redundant_device_id, &gw->redundant_device_id))
		return DC_OK;
	*gw = now;
	return query_set(tx, &virtual_gateway_table, columns, gw, Q(Q_EQ("id", gw->id.v)), NULL, err);
}

static const struct depend depends[] = {
    {"virtual_interface", "id", "vgw_id", .render = WORK_ROW},
    {"enterprise_router", "enterprise_router_id", "id", .settle = WORK_STATE | WORK_REST},
    {0},
};

static const struct blocker blockers[] = {
    {"virtual_interface", "vgw_id", DC_E_VGW_IN_USE},
    {0},
};

#define PATH "/v3/{project_id}/dcaas/virtual-gateways"

static const struct route virtual_gateway_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &virtual_gateway_resource, .run = crud_list, .operation = "ListVirtualGateways",
	.summary = "List the virtual gateways of the project."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &virtual_gateway_resource, VIEW_CREATE, .status = 201, .run = crud_create,
	.operation = "CreateVirtualGateway",
	.errors =
	    ERRORS(DC_E_VPC, DC_E_VPC_HAS_VGW, DC_E_LOCAL_SUBNETS, DC_E_CIDR_TWICE, DC_E_ADDRESS, DC_E_ASN, DC_E_QUOTA),
	.summary = "Create a virtual gateway for a VPC or an enterprise router."},
    {M_GET, PATH "/{virtual_gateway_id}", ROLE_READER, .res = &virtual_gateway_resource, .run = crud_show,
	.operation = "ShowVirtualGateway", .errors = ERRORS(DC_E_VGW_NOT_FOUND),
	.summary = "Read one virtual gateway."},
    {M_PUT, PATH "/{virtual_gateway_id}", ROLE_MEMBER, ROUTE_WRITES, &virtual_gateway_resource, VIEW_UPDATE,
	.run = crud_update, .operation = "UpdateVirtualGateway",
	.errors = ERRORS(
	    DC_E_VGW_NOT_FOUND, DC_E_LOCAL_SUBNETS, DC_E_OVERLAP, DC_E_VGW_LOCKED, DC_E_CIDR_TWICE, DC_E_ADDRESS),
	.summary = "Change name, text or local subnets of a virtual gateway."},
    {M_DELETE, PATH "/{virtual_gateway_id}", ROLE_MEMBER, ROUTE_WRITES, &virtual_gateway_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteVirtualGateway", .errors = ERRORS(DC_E_VGW_NOT_FOUND, DC_E_VGW_IN_USE),
	.summary = "Remove a virtual gateway without interfaces."},
    {0},
};

static const struct field_column shows[] = {
    {.member = "status"},
    {.title = "AS", .member = "bgp_asn"},
    {.member = "local_ep_group"},
    {.member = "local_ep_group_ipv6"},
    {0},
};

static const struct topology topology = {.shows = shows};

static const struct life_move *
life(struct arena *arena)
{
	static const struct life_move moves[] = {
	    {NULL, "its edges have its VRF, or are asked for none", "ACTIVE"},
	    {NULL, "an edge could not make its VRF", "ERROR"},
	    {NULL, "it is deleted", "PENDING_DELETE"},
	    {"PENDING_DELETE", "its edges have removed the VRF", NULL},
	    {0},
	};

	(void)arena;
	return moves;
}

const struct resource virtual_gateway_resource = {
    .name = "virtual_gateway",
    .plural = "virtual_gateways",
    .title = "virtual gateway",
    .shorts = "vgw",
    .topology = &topology,
    .table = &virtual_gateway_table,
    .missing = DC_E_VGW_NOT_FOUND,
    .owner = "tenant_id",
    .routes = virtual_gateway_routes,
    .chain = chain,
    .create = virtual_gateway_create,
    .created = virtual_gateway_created,
    .update = virtual_gateway_update,
    .blockers = blockers,
    .remove = virtual_gateway_remove,
    .rank = RANK_GATEWAY,
    .depends = depends,
    .leaving = leaving,
    .render = render,
    .life = life,
    .settle = settle,
};
