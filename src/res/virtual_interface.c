/* SPDX-License-Identifier: ISC */
/* virtual_interface.c - virtual interfaces: table, rules, life cycle (semantics.md 5.5 and 8). A new one brings its
 * first peer (vif_peer.c). What it stands on is virtual_interface_place.c, an interface on edges, wanted and reported,
 * is virtual_interface_edge.c. */
#include "res/virtual_interface.h"

#include <string.h>

#include "api/crud.h"
#include "reconcile/edge.h"
#include "res/lifecycle.h"
#include "res/silence.h"
#include "res/vif_peer.h"
#include "res/quota.h"
#include "res/switchover.h"
#include "res/tag.h"
#include "res/vif_detection.h"
#include "res/vif_crossing.h"
#include "res/virtual_interface_place.h"

static const char *const service_types[] = {"VGW", "GDGW", "LGW", "GEIP", NULL};
/* Not served yet: see check_served(). */
static const char *const any_value[] = {NULL};
static const char *const local_gateway[] = {"LGW", NULL};
static const char *const low_priority[] = {"low", NULL};
static const char *const types[] = {"private", "public", NULL};
static const char *const families[] = {"ipv4", "ipv6", NULL};
static const char *const route_modes[] = {"static", "bgp", NULL};
static const char *const priorities[] = {"normal", "low", NULL};
static const char *const answers[] = {"ACCEPTED", "REJECTED", NULL};

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.member = "vlan"},
    {.title = "gateway", .member = "vgw_id|gateway_id"},
    {.title = "ipv4",
	.member = "bgp_status|status",
	.since = "status_time",
	.in = "vif_peers",
	.where = "address_family=ipv4"},
    {.title = "ipv6",
	.member = "bgp_status|status",
	.since = "status_time",
	.in = "vif_peers",
	.where = "address_family=ipv6"},
    {.title = "routes",
	.member = "receive_route_num",
	.of = "bgp_route_limit",
	.in = "vif_peers",
	.where = "route_mode=bgp"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

const struct field_table virtual_interface_table = {
    .name = "VirtualInterface",
    .sql = "virtual_interface",
    .outdated = (const struct outdated[]){{"remote_ep_group_id", "remote_ep_group"}, {NULL, NULL}},
    .constraints =
	(const struct constraint[]){
	    {"virtual_interface_vgw_id_fkey", DC_E_VGW_NOT_FOUND, "virtual_interface.vgw_id",
		"the virtual gateway does not exist", DC_E_VGW_IN_USE, "The virtual gateway has virtual interfaces"},
	    {"virtual_interface_direct_connect_id_fkey", DC_E_DC_NOT_FOUND, "virtual_interface.direct_connect_id",
		"the connection does not exist", DC_E_DC_IN_USE, "The connection has virtual interfaces"},
	    {"virtual_interface_tenant_id_fkey", DC_E_NOT_FOUND, "project_id", "the project does not exist", DC_E_PARAM,
		"The project has virtual interfaces"},
	    {.name = "virtual_interface_vlan_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct virtual_interface),
    .rank = RANK_INTERFACE,
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(virtual_interface, id), .kind = F_UUID, .may = V_R, .must = VIEW_ANSWER, .filter = true, .sort = true,
		.cli = true, .doc = "Identifier of the interface."},
	    {AT(virtual_interface, tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = V_R,
		.must = VIEW_ANSWER, .doc = "Project that owns the interface."},
	    {AT(virtual_interface, name), .example = "office", .kind = F_TEXT, .max = 64, .may = V_CRU,
		.must = VIEW_ANSWER, .filter = true, .filter_csv = true, .sort = true, .cli = true,
		.doc = "Display name."},
	    {AT(virtual_interface, description), .kind = F_TEXT, .max = 128, .nullable = true, .may = V_CRU,
		.doc = "Free text."},
	    {AT(virtual_interface, admin_state_up), .kind = F_BOOL, .may = V_R, .fallback = "true",
		.doc = "Administrative state."},
	    {AT(virtual_interface, bandwidth), .renders = true, .example = "50", .kind = F_INT, .min = 2,
		.max = 2147483647, .quoted = true, .may = V_CRU, .must = VIEW_CREATE | VIEW_ANSWER, .sort = true,
		.cli = true, .doc = "Bandwidth in Mbit/s."},
	    {AT(virtual_interface, create_time), .kind = F_TIME, .may = V_R, .must = VIEW_ANSWER, .sort = true,
		.doc = "When it was ordered."},
	    {AT(virtual_interface, update_time), .kind = F_TIME, .nullable = true, .may = V_R, .sort = true,
		.doc = "When the order was last changed."},
	    {AT(virtual_interface, device_id), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_R,
		.doc = "Edge it is on."},
	    {AT(virtual_interface, direct_connect_id), .ref = "direct_connect", .example = "line", .kind = F_UUID,
		.nullable = true, .may = V_CR, .filter = true, .cli = true, .doc = "Connection it is a VLAN of."},
	    {AT(virtual_interface, lag_id), .refused = any_value, .kind = F_UUID, .nullable = true, .may = V_CR,
		.doc = "Link aggregation group it is a VLAN of."},
	    {AT(virtual_interface, service_type), .refused = local_gateway, .kind = F_ENUM, .names = service_types,
		.may = V_CR, .must = VIEW_ANSWER, .fallback = "\"VGW\"", .doc = "Kind of gateway."},
	    {AT(virtual_interface, status), .kind = F_ENUM, .names = life_names, .in_names = answers, .may = V_RU,
		.must = VIEW_ANSWER, .filter = true, .sort = true, .cli = true,
		.doc = "State, as the edge reports it."},
	    {AT(virtual_interface, type), .example = "private", .kind = F_ENUM, .names = types, .may = V_CR,
		.must = VIEW_CREATE | VIEW_ANSWER, .doc = "Private or public."},
	    {AT(virtual_interface, vgw_id), .ref = "virtual_gateway", .example = "office", .kind = F_UUID,
		.nullable = true, .may = V_CR, .filter = true, .cli = true,
		.doc = "Virtual gateway; needed with service_type VGW, without effect with GDGW."},
	    {AT(virtual_interface, gateway_id), .ref = "global_dc_gateway|connect_gateway", .kind = F_UUID,
		.nullable = true, .may = V_CR, .doc = "Global DC gateway; with service_type GEIP a connect gateway."},
	    {AT(virtual_interface, lgw_id), .kind = F_TEXT, .max = 36, .nullable = true, .may = V_R,
		.doc = "Local gateway."},
	    {AT(virtual_interface, ies_id), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_R,
		.doc = "Edge site."},
	    {AT(virtual_interface, vlan), .example = "100", .kind = F_INT, .max = 3999, .quoted = true, .may = V_CR,
		.must = VIEW_CREATE | VIEW_ANSWER, .sort = true, .cli = true, .doc = "VLAN tag; 0: the whole port."},
	    {AT(virtual_interface, route_limit), .kind = F_INT, .min = 1, .max = 200, .out_unlimited = true, .may = V_R,
		.fallback = "50", .doc = "Remote subnets it may have."},
	    {AT(virtual_interface, enable_nqa), .renders = true, .kind = F_BOOL, .may = V_CRU, .fallback = "false",
		.doc = "NQA detection is on."},
	    {AT(virtual_interface, enable_bfd), .renders = true, .kind = F_BOOL, .may = V_CRU, .fallback = "false",
		.doc = "BFD detection is on."},
	    {AT(virtual_interface, rate_limit), .kind = F_BOOL, .may = V_CR, .fallback = "false",
		.doc = "The bandwidth is enforced, also where the server leaves other interfaces without a limit."},
	    {AT(virtual_interface, address_family), .kind = F_ENUM, .no_column = true, .names = families, .fold = true,
		.nullable = true, .may = V_CR, .fallback = "\"ipv4\"", .doc = "Family of the first peer."},
	    {AT(virtual_interface, local_gateway_v4_ip), .example = "169.254.10.1/30", .kind = F_TEXT, .max = 64,
		.nullable = true, .may = V_CR, .doc = "Our IPv4 link address with mask."},
	    {AT(virtual_interface, remote_gateway_v4_ip), .example = "169.254.10.2/30", .kind = F_TEXT, .max = 64,
		.nullable = true, .may = V_CR, .doc = "The customer's IPv4 link address with mask."},
	    {AT(virtual_interface, local_gateway_v6_ip), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_CR,
		.doc = "Our IPv6 link address with mask."},
	    {AT(virtual_interface, remote_gateway_v6_ip), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_CR,
		.doc = "The customer's IPv6 link address with mask."},
	    {AT(virtual_interface, route_mode), .example = "bgp", .kind = F_ENUM, .no_column = true,
		.names = route_modes, .nullable = true, .may = V_CR, .must = VIEW_CREATE, .cli = true,
		.doc = "How routes are learned."},
	    {AT(virtual_interface, bgp_asn), .example = "65001", .kind = F_INT, .no_column = true, .min = 1,
		.max = 4294967295, .quoted = true, .code = DC_E_ASN, .nullable = true, .may = V_CR,
		.doc = "The customer's AS number; needed with route_mode bgp."},
	    {AT(virtual_interface, bgp_md5), .kind = F_SECRET, .no_column = true, .max = 80, .nullable = true,
		.may = V_CR, .doc = "Password of the BGP session (TCP MD5)."},
	    {AT(virtual_interface, remote_ep_group), .kind = F_LIST, .no_column = true, .max = 255, .nullable = true,
		.may = V_CRU, .doc = "The customer's blocks."},
	    {AT(virtual_interface, service_ep_group), .kind = F_LIST, .max = 255, .nullable = true, .may = V_CRU,
		.doc = "Public blocks; used by public interfaces."},
	    {AT(virtual_interface, bgp_route_limit), .kind = F_INT, .max = 2147483647, .out_unlimited = true,
		.nullable = true, .may = V_R, .fallback = "100", .doc = "BGP routes a peer may send."},
	    {AT(virtual_interface, priority), .refused = low_priority, .kind = F_ENUM, .names = priorities,
		.may = V_CRU, .fallback = "\"normal\"", .doc = "Path preference."},
	    {AT(virtual_interface, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = V_R,
		.doc = "What keeps it or one of its peers from being ACTIVE."},
	    {AT(virtual_interface, resource_tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32,
		.nullable = true, .may = V_CR, .doc = "Other project that owns the gateway, and accepts or rejects."},
	    {AT(virtual_interface, enterprise_project_id), .fallback = "\"0\"", .kind = F_UUID, .zero = true,
		.nullable = true, .may = V_CR, .filter = true, .filter_csv = true,
		.doc = "Enterprise project; 0 is the default one."},
	    {AT(virtual_interface, tags), .kind = F_OBJECTS, .of = &tag_table, .rows = &virtual_interface_tag_table,
		.max_items = 10, .may = V_CR, .doc = "Tags of the interface."},
	    {AT(virtual_interface, vif_peers), .ref = "vif_peer", .kind = F_EMBED, .of = &vif_peer_table,
		.no_column = true, .may = V_R, .doc = "Its peers, one per address family."},
	    {AT(virtual_interface, extend_attribute), .kind = F_OBJECT, .of = &vif_extend_attribute_table,
		.nullable = true, .may = V_R, .doc = "Parameters of BFD or NQA; null until they are set."},
	    {AT(virtual_interface, edge_id), .kind = F_UUID, .doc = "Edge."},
	    {AT(virtual_interface, port_id), .kind = F_UUID, .doc = "Port."},
	    {AT(virtual_interface, asked_gateway_id), .kind = F_UUID,
		.doc = "Gateway of another project, which has not accepted yet."},
	    {AT(virtual_interface, router_id), .kind = F_UUID,
		.doc = "Enterprise router that its virtual gateway shows."},
	    {AT(virtual_interface, vrf_gateway_id), .kind = F_UUID, .doc = "Gateway in whose VRF it is."},
	    {AT(virtual_interface, spelling), .kind = F_TEXT,
		.doc = "Ids as they were sent, where that is not in lower case."},
	    {AT(virtual_interface, shut_until), .kind = F_TIME, .doc = "End of a switchover test."},
	    {AT(virtual_interface, switchover_id), .kind = F_UUID, .doc = "Record of one that is on its way."},
	    {0},
	},
};

static const struct peer_names names_v4 = {"virtual_interface.local_gateway_v4_ip",
    "virtual_interface.remote_gateway_v4_ip", "virtual_interface.bgp_asn", "virtual_interface.bgp_md5",
    "virtual_interface.remote_ep_group"};
static const struct peer_names names_v6 = {"virtual_interface.local_gateway_v6_ip",
    "virtual_interface.remote_gateway_v6_ip", "virtual_interface.bgp_asn", "virtual_interface.bgp_md5",
    "virtual_interface.remote_ep_group"};

static bool
is_v6(const struct f_text *family)
{
	return family->set == GIVEN && strcmp(family->v, "ipv6") == 0;
}

/* --- rules that need no other resource --- */

static enum dc_code
not_yet(struct dc_error *err, const char *member, const char *what)
{
	return dc_fail(err, DC_E_PARAM, member, "%s: %s is not served yet", member, what);
}

static enum dc_code
check_served(const struct virtual_interface *v, struct dc_error *err)
{
	if (strcmp(v->type.v, "public") == 0 && strcmp(v->service_type.v, "GEIP") != 0)
		return dc_fail(err, DC_E_PARAM, "virtual_interface.type",
		    "virtual_interface.type: public goes with service_type GEIP only");
	if (strcmp(v->service_type.v, "LGW") == 0)
		return not_yet(err, "virtual_interface.service_type", v->service_type.v);
	if (strcmp(v->priority.v, "low") == 0)
		return not_yet(err, "virtual_interface.priority", "low");
	return vif_is_crossing(v) ? vif_crossing_check(v, err) : DC_OK;
}

/* The family that has no peer yet is checked here; the first peer's own addresses are checked with the peer. */
static enum dc_code
check_other_addresses(const struct virtual_interface *v, struct dc_error *err)
{
	bool v6 = !is_v6(&v->address_family);
	const struct peer_names *names = v6 ? &names_v6 : &names_v4;
	struct link_addresses other;
	enum dc_code rc = link_addresses_parse(v6 ? &v->local_gateway_v6_ip : &v->local_gateway_v4_ip,
	    v6 ? &v->remote_gateway_v6_ip : &v->remote_gateway_v4_ip, v6 ? IP_V6 : IP_V4, names->local, names->remote,
	    &other, err);

	return rc == DC_OK ? link_addresses_check(&other, names->local, names->remote, err) : rc;
}

/* --- create --- */

static struct vif_peer *
first_peer(struct tx *tx, const struct virtual_interface *v)
{
	struct vif_peer *p = arena_new_of(tx_arena(tx), struct vif_peer);
	bool v6 = is_v6(&v->address_family);
	char id[UUID_TEXT_SIZE];

	uuid_new(id);
	F_SET_TEXT(p->id, arena_strdup(tx_arena(tx), id));
	p->name = v->name;
	p->description = v->description;
	p->address_family = v->address_family;
	p->local_gateway_ip = v6 ? v->local_gateway_v6_ip : v->local_gateway_v4_ip;
	p->remote_gateway_ip = v6 ? v->remote_gateway_v6_ip : v->remote_gateway_v4_ip;
	p->route_mode = v->route_mode;
	p->bgp_asn = v->bgp_asn;
	p->bgp_md5 = v->bgp_md5;
	p->remote_ep_group = v->remote_ep_group;
	return p;
}

static enum dc_code
check_first_peer(
    struct tx *tx, struct call *call, const struct gateway *gw, struct virtual_interface *v, struct dc_error *err)
{
	const struct peer_names *names = is_v6(&v->address_family) ? &names_v6 : &names_v4;
	struct vif_peer *p = first_peer(tx, v);

	if (text_or_null(&p->local_gateway_ip) == NULL)
		return dc_fail(err, DC_E_ADDRESS, names->local, "%s is missing", names->local);
	v->vif_peers = (struct f_objects){GIVEN, 1, p};
	return vif_is_crossing(v) ? vif_peer_check_order(tx, call, gw, p, names, err)
				  : vif_peer_check(tx, call, gw, p, names, err);
}

static enum dc_code
check_key_room(struct tx *tx, const struct virtual_interface *v, struct dc_error *err)
{
	return vif_peer_check_key_room(
	    tx, v->edge_id.v, v->vif_peers.v, is_v6(&v->address_family) ? &names_v6 : &names_v4, err);
}

static enum dc_code
check_service(struct tx *tx, struct call *call, const char *project, const struct f_list *blocks, struct dc_error *err)
{
	static const char member[] = "virtual_interface.service_ep_group";
	struct cidr_list service;
	int64_t most;
	enum dc_code rc;

	if ((rc = quota_of_list(tx, call, project, QUOTA_REMOTE_SUBNETS, blocks, &most, err)) != DC_OK ||
	    (rc = cidr_check_quota(blocks, most, member, err)) != DC_OK)
		return rc;
	return cidr_list_parse(blocks, IP_NONE, member, tx_arena(tx), &service, err);
}

/* The row keeps the addresses of the family that has no peer yet. */
static void
leave_to_peer(struct virtual_interface *v, const struct vif_peer *p)
{
	static const struct f_text none = {NULLED, NULL};

	if (vif_peer_is_v6(p))
		v->local_gateway_v6_ip = v->remote_gateway_v6_ip = none;
	else
		v->local_gateway_v4_ip = v->remote_gateway_v4_ip = none;
}

static enum dc_code
virtual_interface_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct virtual_interface *v = row;
	struct direct_connect *dc = NULL;
	struct gateway gw = {0};
	struct port *port;
	enum dc_code rc;

	if (vif_is_crossing(v) && strcmp(v->resource_tenant_id.v, v->tenant_id.v) == 0)
		F_SET_NULL(v->resource_tenant_id);
	if ((rc = check_served(v, err)) != DC_OK || (rc = vif_detection_check(NULL, v, err)) != DC_OK ||
	    (rc = tags_check(&v->tags, "virtual_interface.tags", err)) != DC_OK)
		return rc;
	if ((rc = vif_find_connection(tx, v, &dc, err)) != DC_OK || (rc = vif_find_gateway(tx, v, &gw, err)) != DC_OK ||
	    (rc = quota_check(tx, call, call->project, QUOTA_INTERFACES, err)) != DC_OK)
		return rc;
	fill_common(&v->name, &v->description, &v->enterprise_project_id);
	if (text_or_null(&v->bgp_md5) == NULL)
		F_SET_NULL(v->bgp_md5); /* "" means none */
	if (v->remote_ep_group.set != GIVEN)
		v->remote_ep_group = (struct f_list){GIVEN, 0, NULL}; /* as its first peer shows it */
	F_SET_TEXT(v->vrf_gateway_id, gw.id);
	F_SET_TEXT(v->router_id, gw.kind == &enterprise_router_kind ? gw.id : NULL);
	v->device_id = dc->device_id;
	v->port_id = dc->port_id;
	F_SET_TEXT(v->status, life_names[LIFE_PENDING_CREATE]);
	if ((rc = vif_check_bandwidth(v, dc, err)) != DC_OK || (rc = vif_check_hosted(tx, v, dc, err)) != DC_OK ||
	    (rc = check_other_addresses(v, err)) != DC_OK || (rc = check_first_peer(tx, call, &gw, v, err)) != DC_OK ||
	    (rc = check_service(tx, call, v->tenant_id.v, &v->service_ep_group, err)) != DC_OK ||
	    (!vif_is_crossing(v) && (rc = vif_check_two_connections(tx, v, err)) != DC_OK) ||
	    (rc = vif_check_states(v, dc, &gw, err)) != DC_OK)
		return rc;
	if ((rc = port_get(tx, v->port_id.v, &port, err)) != DC_OK)
		return rc;
	v->edge_id = port->edge_id;
	if (vif_is_crossing(v))
		vif_crossing_ask(v);
	else if ((rc = check_key_room(tx, v, err)) != DC_OK || (rc = vif_check_one_edge(tx, v, err)) != DC_OK)
		return rc;
	leave_to_peer(v, v->vif_peers.v);
	return port_claim(
	    tx, v->port_id.v, v->vlan.v, v->id.v, "virtual_interface.vlan", DC_E_VLAN_ZERO, DC_E_VLAN_TAKEN, err);
}

static enum dc_code
virtual_interface_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct virtual_interface *v = row;
	struct vif_peer *p = v->vif_peers.v;

	(void)call;
	field_defaults(&vif_peer_table, tx_arena(tx), p);
	vif_peer_fill(tx, v, p);
	if (vif_is_apart(v))
		p->status = v->status;
	return query_insert(tx, &vif_peer_table, p, err);
}

/* --- update and delete --- */

static enum dc_code
check_update_served(const struct virtual_interface *patch, struct dc_error *err)
{
	bool others = patch->name.set == GIVEN || patch->description.set == GIVEN || patch->bandwidth.set == GIVEN ||
		      patch->remote_ep_group.set == GIVEN || patch->service_ep_group.set == GIVEN ||
		      patch->enable_bfd.set == GIVEN || patch->enable_nqa.set == GIVEN || patch->status.set == GIVEN;

	if (patch->priority.set == GIVEN && others)
		return dc_fail(
		    err, DC_E_PARAM, "virtual_interface.priority", "virtual_interface.priority must be sent alone");
	if (patch->priority.set == GIVEN && strcmp(patch->priority.v, "low") == 0)
		return not_yet(err, "virtual_interface.priority", "low");
	return DC_OK;
}

/* The first peer has the interface's remote blocks (semantics.md 5.5). */
static enum dc_code
update_first_peer(struct tx *tx, struct call *call, const struct virtual_interface *v, const struct f_list *remote,
    struct dc_error *err)
{
	struct gateway gw;
	struct vif_peer *peers, *first;
	size_t n;
	enum dc_code rc;

	if ((rc = vif_peers_of(tx, v->id.v, &peers, &n, err)) != DC_OK || (first = vif_first_peer(peers, n)) == NULL ||
	    (rc = vif_gateway(tx, v, &gw, err)) != DC_OK ||
	    (rc = vif_peer_set_remote(
		 tx, call, &gw, first, remote, vif_peer_is_v6(first) ? &names_v6 : &names_v4, err)) != DC_OK)
		return rc;
	tx_dirty(tx, &vif_peer_resource, first->id.v);
	return DC_OK;
}

static enum dc_code
check_new_bandwidth(struct tx *tx, const struct virtual_interface *v, struct dc_error *err)
{
	const struct direct_connect *dc;
	void *row;
	enum dc_code rc;

	if ((rc = query_get(tx, &direct_connect_table, Q(Q_EQ("id", v->direct_connect_id.v)), &row, err)) != DC_OK)
		return rc;
	dc = row;
	if (direct_connect_is_hosted(dc))
		return dc_fail(err, DC_E_HOSTED_BANDWIDTH, "virtual_interface.bandwidth",
		    "virtual_interface.bandwidth of an interface on a hosted connection is fixed");
	return vif_check_bandwidth(v, dc, err);
}

static enum dc_code
virtual_interface_update(
    struct tx *tx, struct call *call, const void *old_row, const void *patch_row, void *row, struct dc_error *err)
{
	const struct virtual_interface *old = old_row, *patch = patch_row;
	struct virtual_interface *v = row;
	enum dc_code rc;

	if ((rc = check_update_served(patch, err)) != DC_OK)
		return rc;
	if (life_is(&old->status, LIFE_PENDING_DELETE))
		return dc_fail(err, DC_E_VIF_STATE, NULL, "the interface is being deleted");
	if ((rc = switchover_check_idle(old, err)) != DC_OK)
		return rc;
	if (patch->status.set == GIVEN || vif_is_apart(old) || vif_is_received(call, old))
		return vif_crossing_update(
		    tx, call, old, patch, v, (const struct peer_names *[]){&names_v4, &names_v6}, err);
	if ((rc = vif_detection_check(old, v, err)) != DC_OK)
		return rc;
	if (patch->bandwidth.set == GIVEN && v->bandwidth.v != old->bandwidth.v &&
	    (rc = check_new_bandwidth(tx, v, err)) != DC_OK)
		return rc;
	if (patch->service_ep_group.set == GIVEN &&
	    (rc = check_service(tx, call, v->tenant_id.v, &patch->service_ep_group, err)) != DC_OK)
		return rc;
	F_SET_INT(v->update_time, tx_now(tx));
	if ((rc = vif_detection_switch(tx, old, v, err)) != DC_OK)
		return rc;
	if (patch->service_ep_group.set == GIVEN &&
	    (rc = query_set(tx, &vif_peer_table, (const char *const[]){"service_ep_group", NULL},
		 &(struct vif_peer){.service_ep_group = patch->service_ep_group}, Q(Q_EQ("vif_id", v->id.v)), NULL,
		 err)) != DC_OK)
		return rc;
	return patch->remote_ep_group.set == GIVEN ? update_first_peer(tx, call, v, &patch->remote_ep_group, err)
						   : DC_OK;
}

static enum dc_code
virtual_interface_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	static const char *const columns[] = {"status", NULL};
	static const char *const of_peers[] = {"status", "status_time", NULL};
	struct virtual_interface *v = row;
	struct vif_peer peer = {0};
	enum dc_code rc;

	if (vif_is_received(call, v))
		return dc_fail(err, DC_E_VIF_PROJECT, NULL,
		    "the project that has ordered the interface deletes it, and not the one of its gateway");
	if (life_is(&v->status, LIFE_PENDING_DELETE))
		return DC_OK;
	life_move(&v->status, EV_REMOVE, "virtual_interface", v->id.v);
	peer.status = v->status;
	F_SET_INT(peer.status_time, tx_now(tx));
	if ((rc = query_set(tx, &vif_peer_table, of_peers, &peer, Q(Q_EQ("vif_id", v->id.v)), NULL, err)) != DC_OK)
		return rc;
	return query_set(tx, &virtual_interface_table, columns, v, Q(Q_EQ("id", v->id.v)), NULL, err);
}

static const struct depend depends[] = {
    {"vif_peer", "id", "vif_id", .settle = WORK_ROW | WORK_STATE | WORK_REST},
    {0},
};

/* A route of the gateway leads over it. */
static const struct blocker blockers[] = {
    {"gdgw_routetable", "vif_id", DC_E_VIF_IN_USE},
    {0},
};

/* --- reading --- */

/* What the interface shows of its peers: the first one's routing, each one's addresses. */
static void
show_peers(struct virtual_interface *v, struct vif_peer *peer, size_t n)
{
	const struct vif_peer *first = vif_first_peer(peer, n);

	v->vif_peers = (struct f_objects){GIVEN, n, peer};
	if (first == NULL && n > 0)
		first = &peer[0];
	if (first == NULL)
		return;
	v->address_family = first->address_family;
	v->route_mode = first->route_mode;
	v->bgp_asn = first->bgp_asn;
	v->bgp_md5 = first->bgp_md5;
	v->remote_ep_group = first->remote_ep_group;
	for (size_t i = 0; i < n; i++) {
		if (life_is(&peer[i].status, LIFE_PENDING_DELETE) && &peer[i] != first)
			continue;
		*(vif_peer_is_v6(&peer[i]) ? &v->local_gateway_v6_ip : &v->local_gateway_v4_ip) =
		    peer[i].local_gateway_ip;
		*(vif_peer_is_v6(&peer[i]) ? &v->remote_gateway_v6_ip : &v->remote_gateway_v4_ip) =
		    peer[i].remote_gateway_ip;
	}
}

static enum dc_code
virtual_interface_embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct virtual_interface *v = rows;
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	struct query_page by_vif = {.sort = "vif_id"};
	struct silence silence = {0};
	struct vif_peer *peer;
	void *found;
	size_t peers;
	enum dc_code rc;

	for (size_t i = 0; i < n; i++)
		ids[i] = v[i].id.v;
	if ((rc = query_list(tx, &vif_peer_table, Q(Q_IN("vif_id", ids)), &by_vif, &found, &peers, err)) != DC_OK)
		return rc;
	peer = found;
	for (size_t i = 0; i < n; i++) {
		size_t lo = 0, hi = peers, last;

		while (lo < hi) { /* first peer of this interface */
			size_t mid = lo + (hi - lo) / 2;

			if (strcmp(peer[mid].vif_id.v, v[i].id.v) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		for (last = lo; last < peers && strcmp(peer[last].vif_id.v, v[i].id.v) == 0; last++)
			;
		show_peers(&v[i], peer + lo, last - lo);
		vif_crossing_show(call, &v[i], peer + lo, last - lo);
		if ((rc = silence_tell(tx, &silence, v[i].edge_id.v, &v[i].reason, err)) != DC_OK)
			return rc;
	}
	return DC_OK;
}

static enum dc_code
virtual_interface_observed(struct tx *tx, const void *row, struct observed *ret, struct dc_error *err)
{
	return edge_observed(tx, ((const struct virtual_interface *)row)->edge_id.v, ret, err);
}

#define PATH "/v3/{project_id}/dcaas/virtual-interfaces"

static const struct route virtual_interface_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &virtual_interface_resource, .run = crud_list,
	.operation = "ListVirtualInterfaces", .summary = "List the virtual interfaces of the project."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &virtual_interface_resource, VIEW_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateVirtualInterface",
	.errors = ERRORS(DC_E_NO_CONNECTION, DC_E_DC_NOT_FOUND, DC_E_DC_OR_LAG_NOT_FOUND, DC_E_DC_STATE, DC_E_HOSTING,
	    DC_E_HOSTED_TAKEN, DC_E_HOSTED_VLAN, DC_E_VLAN_TAKEN, DC_E_VLAN_ZERO, DC_E_DC_BANDWIDTH, DC_E_VGW_NOT_FOUND,
	    DC_E_NOT_FOUND, DC_E_VIF_PROJECT, DC_E_VGW_TWO_CONNECTIONS, DC_E_ADDRESS, DC_E_NO_ASN, DC_E_ASN,
	    DC_E_SAME_ASN, DC_E_CIDR_TWICE, DC_E_OVERLAP, DC_E_REMOTE_SUBNETS, DC_E_QUOTA, DC_E_VGW_LOCKED),
	.summary = "Order a virtual interface with its first peer."},
    {M_GET, PATH "/{virtual_interface_id}", ROLE_READER, ROUTE_OBSERVED, &virtual_interface_resource, .run = crud_show,
	.operation = "ShowVirtualInterface", .errors = ERRORS(DC_E_VIF_NOT_FOUND),
	.summary = "Read one virtual interface."},
    {M_PUT, PATH "/{virtual_interface_id}", ROLE_MEMBER, ROUTE_WRITES, &virtual_interface_resource, VIEW_UPDATE,
	.run = crud_update, .operation = "UpdateVirtualInterface",
	.errors = ERRORS(DC_E_VIF_NOT_FOUND, DC_E_DC_BANDWIDTH, DC_E_HOSTED_BANDWIDTH, DC_E_VIF_STATE, DC_E_VIF_PROJECT,
	    DC_E_REMOTE_SUBNETS, DC_E_CIDR_TWICE, DC_E_OVERLAP, DC_E_ADDRESS, DC_E_VGW_TWO_CONNECTIONS,
	    DC_E_VGW_NOT_FOUND, DC_E_VGW_LOCKED),
	.summary = "Change a virtual interface."},
    {M_DELETE, PATH "/{virtual_interface_id}", ROLE_MEMBER, ROUTE_WRITES, &virtual_interface_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteVirtualInterface",
	.errors = ERRORS(DC_E_VIF_NOT_FOUND, DC_E_VIF_IN_USE, DC_E_VIF_PROJECT),
	.summary = "Remove a virtual interface with its peers."},
    {M_PUT, PATH "/{virtual_interface_id}/extend-attributes", ROLE_MEMBER, ROUTE_WRITES, &virtual_interface_resource,
	VIEW_UPDATE, &vif_extend_attribute_table, "extend_attribute", .run = vif_detection_update,
	.operation = "UpdateExtendAttribute", .errors = ERRORS(DC_E_VIF_NOT_FOUND, DC_E_VIF_STATE),
	.summary = "Set the detection parameters of a virtual interface."},
    {0},
};

static const struct field_column shows[] = {
    {.member = "status"},
    {.title = "VLAN", .member = "vlan"},
    {.member = "reason", .note = true},
    {0},
};

static const struct topology topology = {.under = "direct_connect_id", .leads = "vgw_id|gateway_id", .shows = shows};

const struct resource virtual_interface_resource = {
    .name = "virtual_interface",
    .plural = "virtual_interfaces",
    .title = "virtual interface",
    .shorts = "vif",
    .topology = &topology,
    .table = &virtual_interface_table,
    .missing = DC_E_VIF_NOT_FOUND,
    .owner = "tenant_id",
    .receiver = "resource_tenant_id",
    .routes = virtual_interface_routes,
    .chain = vif_chain,
    .create = virtual_interface_create,
    .created = virtual_interface_created,
    .update = virtual_interface_update,
    .blockers = blockers,
    .remove = virtual_interface_remove,
    .embed = virtual_interface_embed,
    .rank = RANK_INTERFACE,
    .life = life_moves,
    .depends = depends,
    .leaving = vif_leaving,
    .render = vif_render,
    .settle = vif_settle,
    .observed = virtual_interface_observed,
};
