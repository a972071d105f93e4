/* virtual_gateway.c - virtual gateways (semantics.md 5.4). */
#include "res/virtual_gateway.h"

#include <arpa/inet.h>
#include <string.h>

#include "api/crud.h"
#include "auth/tables.h"
#include "reconcile/objects.h"
#include "res/virtual_interface.h"

static const char *const statuses[] = { "ACTIVE", "DOWN", "BUILD", "ERROR", "PENDING_CREATE", "PENDING_UPDATE", "PENDING_DELETE",
	NULL };

const struct field_table virtual_gateway_table = {
	.name = "VirtualGateway",
	.sql = "virtual_gateway",
	.size = sizeof(struct virtual_gateway),
	.at_least_one = true,
	.fields = (const struct field[]) {
	    { AT(virtual_gateway, id), .kind = F_UUID, .may = V_R, .must = VIEW_ANSWER, .filter = true, .sort = true, .cli = true, .doc = "Identifier of the gateway." },
	    { AT(virtual_gateway, tenant_id), .kind = F_HEX32, .may = V_R, .must = VIEW_ANSWER, .doc = "Project that owns the gateway." },
	    { AT(virtual_gateway, name), .kind = F_TEXT, .max = 64, .may = V_CRU, .must = VIEW_ANSWER, .filter = true, .filter_csv = true, .sort = true, .cli = true, .doc = "Display name." },
	    { AT(virtual_gateway, description), .kind = F_TEXT, .max = 128, .nullable = true, .may = V_CRU, .doc = "Free text." },
	    { AT(virtual_gateway, vpc_id), .kind = F_UUID, .nullable = true, .may = V_CR, .filter = true, .cli = true, .doc = "VPC behind the gateway." },
	    { AT(virtual_gateway, enterprise_router_id), .kind = F_UUID, .nullable = true, .may = V_CR, .doc = "Enterprise router behind the gateway, instead of a VPC." },
	    { AT(virtual_gateway, local_ep_group), .kind = F_LIST, .max = 255, .min_items = 1, .max_items = 200, .nullable = true, .may = V_CRU, .cli = true, .doc = "IPv4 blocks of the VPC that customers reach." },
	    { AT(virtual_gateway, local_ep_group_ipv6), .kind = F_LIST, .max = 255, .min_items = 1, .max_items = 50, .nullable = true, .may = V_CRU, .doc = "IPv6 blocks of the VPC that customers reach." },
	    { AT(virtual_gateway, bgp_asn), .kind = F_INT, .min = 1, .max = 4294967295, .quoted = true, .code = DC_E_ASN, .may = V_CR, .must = VIEW_ANSWER, .fallback = "64512", .cli = true, .doc = "AS number of the gateway." },
	    { AT(virtual_gateway, type), .kind = F_TEXT, .max = 255, .may = V_R, .must = VIEW_ANSWER, .fallback = "\"default\"", .doc = "Kind of gateway." },
	    { AT(virtual_gateway, admin_state_up), .kind = F_BOOL, .may = V_R, .fallback = "true", .doc = "Administrative state." },
	    { AT(virtual_gateway, status), .kind = F_ENUM, .names = statuses, .may = V_R, .must = VIEW_ANSWER, .sort = true, .cli = true, .doc = "Life-cycle state." },
	    { AT(virtual_gateway, device_id), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_R, .doc = "Edge that it has its first interface on." },
	    { AT(virtual_gateway, redundant_device_id), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_R, .doc = "Second edge that it has an interface on." },
	    { AT(virtual_gateway, public_border_group), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_R, .fallback = "\"center\"", .doc = "Border group." },
	    { AT(virtual_gateway, enterprise_project_id), .kind = F_UUID, .zero = true, .nullable = true, .may = V_CR, .filter = true, .filter_csv = true, .doc = "Enterprise project of the gateway; 0 is the default one." },
	    { AT(virtual_gateway, tags), .kind = F_OBJECTS, .of = &tag_table, .max_items = 10, .may = V_CR, .doc = "Tags of the gateway." },
	    { 0 },
	},
};

const char *
gateway_key(struct arena *arena, const char *gateway_id)
{
	return arena_printf(arena, "vrf/%s", gateway_id);
}

enum dc_code
gateway_local(const struct virtual_gateway *gw, struct arena *arena, struct cidr_list *ret, struct dc_error *err)
{
	struct cidr_list v4, v6;
	enum dc_code rc;

	if ((rc = cidr_list_parse(&gw->local_ep_group, IP_V4, "virtual_gateway.local_ep_group", arena, &v4, err)) != DC_OK ||
	    (rc = cidr_list_parse(&gw->local_ep_group_ipv6, IP_V6, "virtual_gateway.local_ep_group_ipv6", arena, &v6, err)) != DC_OK)
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
check_local(const struct virtual_gateway *gw, const struct res_settings *settings, struct arena *arena,
    struct cidr_list *ret, struct dc_error *err)
{
	enum dc_code rc;

	if ((rc = gateway_local(gw, arena, ret, err)) != DC_OK)
		return rc;
	if (settings->quota_local_subnets >= 0 && (int64_t)ret->n > settings->quota_local_subnets)
		return dc_fail(err, DC_E_LOCAL_SUBNETS, "virtual_gateway.local_ep_group",
		    "virtual_gateway.local_ep_group: %zu local subnets are more than the quota of %lld", ret->n,
		    (long long)settings->quota_local_subnets);
	for (size_t i = 0; i < ret->n; i++)
		if (ret->v[i].len == 0)
			return dc_fail(err, DC_E_ADDRESS, "virtual_gateway.local_ep_group",
			    "virtual_gateway.local_ep_group: a default route is not a local subnet");
	return DC_OK;
}

/* The VPC has to be one that the operator attached for this project, unless the configuration waits for him. */
static enum dc_code
check_vpc(struct tx *tx, struct call *call, const struct virtual_gateway *gw, struct dc_error *err)
{
	int64_t mine, gateways;
	enum dc_code rc;

	if ((rc = query_count(tx, attachment_resource.table, Q(Q_EQ("vpc_id", gw->vpc_id.v), Q_EQ("tenant_id", gw->tenant_id.v)), &mine, err)) != DC_OK)
		return rc;
	if (mine == 0 && !res_settings(call)->accept_unattached_vpc)
		return dc_fail(err, DC_E_VPC, "virtual_gateway.vpc_id", "virtual_gateway.vpc_id: VPC %s does not exist", gw->vpc_id.v);
	if ((rc = query_count(tx, &virtual_gateway_table, Q(Q_EQ("vpc_id", gw->vpc_id.v), Q_EQ("tenant_id", gw->tenant_id.v)), &gateways, err)) != DC_OK)
		return rc;
	return gateways == 0 ? DC_OK :
	    dc_fail(err, DC_E_VPC_HAS_VGW, "virtual_gateway.vpc_id", "virtual_gateway.vpc_id: VPC %s has a virtual gateway already", gw->vpc_id.v);
}

static enum dc_code
check_quota(struct tx *tx, struct call *call, struct dc_error *err)
{
	enum dc_code rc = query_lock(tx, &project_table, call->project, err);

	return rc != DC_OK ? rc :
	    quota_check(tx, &virtual_gateway_table, call->project, res_settings(call)->quota_vgw, "virtual gateways", err);
}

static enum dc_code
virtual_gateway_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct virtual_gateway *gw = row;
	const struct res_settings *settings = res_settings(call);
	struct cidr_list local;
	enum dc_code rc;

	if (gw->enterprise_router_id.set == GIVEN)
		return dc_fail(err, DC_E_PARAM, "virtual_gateway.enterprise_router_id", "virtual_gateway.enterprise_router_id is not served yet");
	if (gw->vpc_id.set != GIVEN)
		return dc_fail(err, DC_E_PARAM, "virtual_gateway.vpc_id", "virtual_gateway.vpc_id is missing");
	if (gw->local_ep_group.set != GIVEN && gw->local_ep_group_ipv6.set != GIVEN)
		return dc_fail(err, DC_E_PARAM, "virtual_gateway.local_ep_group", "virtual_gateway.local_ep_group is missing");
	if ((rc = tags_check(&gw->tags, "virtual_gateway.tags", err)) != DC_OK)
		return rc;
	if (gw->bgp_asn.v >= settings->internal_asn_first && gw->bgp_asn.v <= settings->internal_asn_last)
		return dc_fail(err, DC_E_ASN, "virtual_gateway.bgp_asn", "virtual_gateway.bgp_asn: %lld to %lld are kept for links between gateways", (long long)settings->internal_asn_first, (long long)settings->internal_asn_last);
	fill_common(&gw->name, &gw->description, &gw->enterprise_project_id);
	F_SET_TEXT(gw->status, "ACTIVE"); /* it has no objects on any edge yet */
	if ((rc = check_quota(tx, call, err)) != DC_OK || (rc = check_vpc(tx, call, gw, err)) != DC_OK)
		return rc;
	return check_local(gw, settings, tx_arena(tx), &local, err);
}

/* What the new local subnets may not touch: the customers' subnets behind it, and the links to them. */
static enum dc_code
check_against_interfaces(struct tx *tx, const struct virtual_gateway *gw, const struct cidr_list *local, struct dc_error *err)
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
			    "virtual_gateway.local_ep_group: %s overlaps %s of interface %s", text[0], text[1], peer[i].vif_id.v);
		}
	}
	return DC_OK;
}

static enum dc_code
virtual_gateway_update(struct tx *tx, struct call *call, const void *old, const void *patch_row, void *row, struct dc_error *err)
{
	struct virtual_gateway *gw = row;
	const struct virtual_gateway *patch = patch_row;
	struct cidr_list local;
	enum dc_code rc;

	(void)old;
	if ((rc = query_lock(tx, &virtual_gateway_table, gw->id.v, err)) != DC_OK)
		return rc;
	if (strncmp(gw->status.v, "PENDING_", 8) == 0)
		return dc_fail(err, DC_E_VGW_LOCKED, NULL, "the gateway is in state %s", gw->status.v);
	if (patch->local_ep_group.set != GIVEN && patch->local_ep_group_ipv6.set != GIVEN)
		return DC_OK;
	if ((rc = check_local(gw, res_settings(call), tx_arena(tx), &local, err)) != DC_OK)
		return rc;
	return check_against_interfaces(tx, gw, &local, err);
}

/* The edges that the gateway has numbers on, i.e. a VRF or one that is being removed. */
static enum dc_code
edges_of(struct tx *tx, const struct virtual_gateway *gw, struct edge_number **ret, size_t *n, struct dc_error *err)
{
	void *rows;
	enum dc_code rc = query_list(tx, &edge_number_table, Q(Q_EQ("space", "vrf"), Q_EQ("owner_id", gw->id.v)), NULL, &rows, n, err);

	if (rc == DC_OK)
		*ret = rows;
	return rc;
}

static enum dc_code
virtual_gateway_updated(struct tx *tx, struct call *call, const void *old, void *row, struct dc_error *err)
{
	struct virtual_gateway *gw = row;
	struct edge_number *number;
	size_t n;
	enum dc_code rc;

	(void)old;
	if ((rc = edges_of(tx, gw, &number, &n, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		if ((rc = gateway_render(tx, gw, number[i].edge_id.v, res_settings(call), err)) != DC_OK)
			return rc;
	return DC_OK;
}

static enum dc_code
virtual_gateway_remove(struct tx *tx, struct call *call, void *row, bool *later, struct dc_error *err)
{
	static const char *const columns[] = { "status", NULL };
	struct virtual_gateway *gw = row;
	struct edge_number *number;
	int64_t interfaces;
	size_t n;
	enum dc_code rc;

	(void)call;
	if ((rc = query_lock(tx, &virtual_gateway_table, gw->id.v, err)) != DC_OK ||
	    (rc = query_count(tx, virtual_interface_resource.table, Q(Q_EQ("vgw_id", gw->id.v)), &interfaces, err)) != DC_OK)
		return rc;
	if (interfaces > 0)
		return dc_fail(err, DC_E_VGW_IN_USE, NULL, "the gateway has %lld virtual interfaces", (long long)interfaces);
	if ((rc = edges_of(tx, gw, &number, &n, err)) != DC_OK || n == 0)
		return rc;
	*later = true; /* an edge still has its VRF */
	F_SET_TEXT(gw->status, "PENDING_DELETE");
	return query_set(tx, &virtual_gateway_table, columns, gw, Q(Q_EQ("id", gw->id.v)), NULL, err);
}

/* --- on the edge --- */

static struct f_list
texts_of(const struct cidr_list *list, struct arena *arena)
{
	struct f_list out = { GIVEN, list->n, arena_array(arena, list->n + 1, sizeof(char *)) };

	for (size_t i = 0; i < list->n; i++) {
		char text[IP_TEXT_SIZE];

		ip_format_prefix(&list->v[i], text);
		out.v[i] = arena_strdup(arena, text);
	}
	return out;
}

/* A router id per gateway and edge, from the operator's block: the VRF's number in it. */
static enum dc_code
router_id(const struct res_settings *settings, int64_t number, char out[IP_TEXT_SIZE], struct dc_error *err)
{
	struct ip_prefix block = ip_network(&settings->router_ids);
	uint32_t base, host;

	memcpy(&base, block.addr.byte, sizeof(base));
	host = (uint32_t)number;
	if (block.len > 0 && (uint64_t)host >= (1ULL << (32 - block.len)))
		return dc_fail(err, DC_E_SYSTEM, NULL, "the block of router ids is used up");
	base = htonl(ntohl(base) + host);
	memcpy(block.addr.byte, &base, sizeof(base));
	ip_format_addr(&block.addr, out);
	return DC_OK;
}

static enum dc_code
render_vrf(struct tx *tx, const struct virtual_gateway *gw, const char *edge_id, const struct res_settings *settings,
    struct render *render, struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	struct wire_vrf vrf = { 0 };
	struct edge_number number;
	struct cidr_list local;
	char id[IP_TEXT_SIZE];
	enum dc_code rc;

	if ((rc = number_get(tx, edge_id, "vrf", gw->id.v, settings->vrfs_per_instance, &number, err)) != DC_OK ||
	    (rc = gateway_local(gw, arena, &local, err)) != DC_OK || (rc = router_id(settings, number.number.v, id, err)) != DC_OK)
		return rc;
	F_SET_TEXT(vrf.device, arena_printf(arena, "dcr%lld", (long long)number.number.v));
	vrf.mark = gw->id;
	F_SET_INT(vrf.table, 100000 + number.number.v);
	vrf.instance = number.instance;
	F_SET_TEXT(vrf.router_id, id);
	vrf.own = texts_of(&local, arena);
	render_put(render, gateway_key(arena, gw->id.v), OBJECT_VRF, &vrf, NULL);
	return DC_OK;
}

/* device_id and redundant_device_id follow the edges that the gateway is on. */
static enum dc_code
write_devices(struct tx *tx, const struct virtual_gateway *gw, struct dc_error *err)
{
	static const char *const columns[] = { "device_id", "redundant_device_id", NULL };
	struct virtual_gateway out = { 0 };
	struct edge_number *number;
	struct edge *edge;
	size_t n;
	enum dc_code rc;

	if ((rc = edges_of(tx, gw, &number, &n, err)) != DC_OK)
		return rc;
	F_SET_TEXT(out.device_id, NULL);
	F_SET_TEXT(out.redundant_device_id, NULL);
	for (size_t i = 0; i < n && i < 2; i++) {
		if ((rc = edge_get(tx, number[i].edge_id.v, &edge, err)) != DC_OK)
			return rc;
		*(i == 0 ? &out.device_id : &out.redundant_device_id) = edge->device_id.set == GIVEN ? edge->device_id : edge->id;
	}
	return query_set(tx, &virtual_gateway_table, columns, &out, Q(Q_EQ("id", gw->id.v)), NULL, err);
}

enum dc_code
gateway_render(struct tx *tx, const struct virtual_gateway *gw, const char *edge_id, const struct res_settings *settings,
    struct dc_error *err)
{
	struct attachment *attachment;
	struct render *render;
	int64_t interfaces;
	bool changed;
	size_t n;
	enum dc_code rc;

	if ((rc = query_count(tx, virtual_interface_resource.table, Q(Q_EQ("vgw_id", gw->id.v), Q_EQ("edge_id", edge_id)), &interfaces, err)) != DC_OK ||
	    (rc = render_begin(tx, edge_id, virtual_gateway_resource.name, gw->id.v, &render, err)) != DC_OK ||
	    (rc = attachments_of(tx, gw, edge_id, &attachment, &n, err)) != DC_OK)
		return rc;
	if (interfaces > 0 && (rc = render_vrf(tx, gw, edge_id, settings, render, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		if ((rc = attachment_render(tx, &attachment[i], interfaces > 0 ? gw : NULL, err)) != DC_OK)
			return rc;
	if ((rc = render_commit(tx, render, &changed, err)) != DC_OK)
		return rc;
	return changed && interfaces > 0 ? write_devices(tx, gw, err) : DC_OK;
}

enum dc_code
gateway_leave(struct tx *tx, const struct virtual_gateway *gw, const char *edge_id, struct dc_error *err)
{
	int64_t interfaces;
	enum dc_code rc = query_count(tx, virtual_interface_resource.table, Q(Q_EQ("vgw_id", gw->id.v), Q_EQ("edge_id", edge_id)), &interfaces, err);

	/* With interfaces left nothing of the gateway changes; without, nothing is rendered that would need settings. */
	return rc != DC_OK || interfaces > 0 ? rc : gateway_render(tx, gw, edge_id, NULL, err);
}

/* Interfaces rest on the VRF: those that are not settled may be now. */
static enum dc_code
observe_waiting_interfaces(struct tx *tx, const char *id, struct dc_error *err)
{
	static const char *const unsettled[] = { "PENDING_CREATE", "PENDING_UPDATE", "ERROR", NULL };
	struct virtual_interface *v;
	void *rows;
	size_t n;
	enum dc_code rc;

	rc = query_list(tx, virtual_interface_resource.table, Q(Q_EQ("vgw_id", id), Q_IN("status", unsettled)), NULL, &rows, &n, err);
	v = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		rc = vif_observe(tx, v[i].id.v, err);
	return rc;
}

/* The VRF is gone from an edge: its name and table are free, and a gateway that waited for that is gone, too. */
static enum dc_code
virtual_gateway_observe(struct tx *tx, const char *id, struct dc_error *err)
{
	struct virtual_gateway *gw;
	struct edge_number *number;
	struct edge_object *object;
	size_t n, objects;
	void *row;
	enum dc_code rc;

	rc = query_get(tx, &virtual_gateway_table, Q(Q_EQ("id", id)), &row, err);
	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	gw = row;
	if ((rc = edges_of(tx, gw, &number, &n, err)) != DC_OK || (rc = objects_of(tx, id, &object, &objects, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		bool there = false;

		for (size_t k = 0; k < objects; k++)
			there = there || strcmp(object[k].edge_id.v, number[i].edge_id.v) == 0;
		if (!there && (rc = number_free(tx, number[i].edge_id.v, "vrf", id, err)) != DC_OK)
			return rc;
	}
	if ((rc = write_devices(tx, gw, err)) != DC_OK || (rc = observe_waiting_interfaces(tx, id, err)) != DC_OK)
		return rc;
	if (strcmp(gw->status.v, "PENDING_DELETE") == 0 && objects == 0)
		return query_delete(tx, &virtual_gateway_table, Q(Q_EQ("id", id)), NULL, err);
	return DC_OK;
}

#define PATH "/v3/{project_id}/dcaas/virtual-gateways"

static const struct route virtual_gateway_routes[] = {
	{ M_GET, PATH, ROLE_READER, .res = &virtual_gateway_resource, .run = crud_list, .operation = "ListVirtualGateways", .summary = "List the virtual gateways of the project." },
	{ M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &virtual_gateway_resource, VIEW_CREATE, .status = 201, .run = crud_create, .operation = "CreateVirtualGateway", .summary = "Create a virtual gateway for a VPC." },
	{ M_GET, PATH "/{virtual_gateway_id}", ROLE_READER, .res = &virtual_gateway_resource, .run = crud_show, .operation = "ShowVirtualGateway", .summary = "Read one virtual gateway." },
	{ M_PUT, PATH "/{virtual_gateway_id}", ROLE_MEMBER, ROUTE_WRITES, &virtual_gateway_resource, VIEW_UPDATE, .run = crud_update, .operation = "UpdateVirtualGateway", .summary = "Change name, text or local subnets of a virtual gateway." },
	{ M_DELETE, PATH "/{virtual_gateway_id}", ROLE_MEMBER, ROUTE_WRITES, &virtual_gateway_resource, .status = 204, .run = crud_delete, .operation = "DeleteVirtualGateway", .summary = "Remove a virtual gateway without interfaces." },
	{ 0 },
};

const struct resource virtual_gateway_resource = {
	.name = "virtual_gateway",
	.plural = "virtual_gateways",
	.title = "virtual gateway",
	.table = &virtual_gateway_table,
	.missing = DC_E_VGW_NOT_FOUND,
	.owner = "tenant_id",
	.routes = virtual_gateway_routes,
	.create = virtual_gateway_create,
	.update = virtual_gateway_update,
	.updated = virtual_gateway_updated,
	.remove = virtual_gateway_remove,
	.observe = virtual_gateway_observe,
};
