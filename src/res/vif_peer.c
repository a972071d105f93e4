/* SPDX-License-Identifier: ISC */
/* vif_peer.c - virtual interface peers: one adjacency per address family (semantics.md 5.6, 8 and 10). The service's
 * own first call: POST /vif-peers, and its alias with an id in the path. What a peer may have is vif_peer_check.c; a
 * peer on edges, wanted and reported, is vif_peer_edge.c. */
#include "res/vif_peer.h"

#include <string.h>

#include "api/crud.h"
#include "res/lifecycle.h"
#include "res/link_subnet.h"
#include "res/remote_subnet.h"
#include "res/quota.h"
#include "res/switchover.h"
#include "res/virtual_interface_place.h"
#include "store/row_lock.h"

static const char *const families[] = {"ipv4", "ipv6", NULL};
static const char *const route_modes[] = {"bgp", "static", NULL};

/* In the contract's answers, and in what tenants read beyond them. */
#define READ (VIEW_ANSWER | VIEW_OWN)

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "family", .member = "address_family"},
    {.title = "remote", .member = "remote_gateway_ip"},
    {.title = "mode", .member = "route_mode"},
    {.title = "asn", .member = "bgp_asn"},
    {.title = "bgp", .member = "bgp_status"},
    {.title = "routes", .where = "route_mode=bgp", .member = "receive_route_num", .of = "bgp_route_limit"},
    {.member = "status", .since = "status_time"},
    {.member = "reason", .note = true},
    {0},
};

const struct field_table vif_peer_table = {
    .name = "VifPeer",
    .sql = "vif_peer",
    .outdated = (const struct outdated[]){{"remote_ep_group_id", "remote_ep_group"}, {NULL, NULL}},
    .constraints =
	(const struct constraint[]){
	    {"vif_peer_vif_id_address_family_key", DC_E_VIF_IN_USE, "vif_peer.address_family",
		"the interface has its peer of this family already"},
	    {"vif_peer_vif_id_fkey", DC_E_VIF_NOT_FOUND, "vif_peer.vif_id", "the virtual interface does not exist",
		DC_E_VIF_IN_USE, "The virtual interface has peers"},
	    {"vif_peer_tenant_id_fkey", DC_E_NOT_FOUND, "project_id", "the project does not exist", DC_E_PARAM,
		"The project has peers"},
	    {.name = "vif_peer_address_family_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct vif_peer),
    .guarded_by = "virtual_interface",
    .guard_column = "vif_id",
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(vif_peer, id), .kind = F_UUID, .may = READ, .must = VIEW_ANSWER, .cli = true,
		.doc = "Identifier of the peer."},
	    {AT(vif_peer, tenant_id), .ref = "project", .kind = F_HEX32, .may = READ, .must = VIEW_ANSWER,
		.doc = "Project that owns the peer."},
	    {AT(vif_peer, name), .example = "office-v6", .kind = F_TEXT, .max = 64,
		.may = VIEW_CREATE | VIEW_UPDATE | READ, .must = VIEW_ANSWER, .cli = true, .doc = "Display name."},
	    {AT(vif_peer, description), .kind = F_TEXT, .max = 128, .nullable = true,
		.may = VIEW_CREATE | VIEW_UPDATE | READ, .doc = "Free text."},
	    {AT(vif_peer, address_family), .filter = true, .example = "ipv6", .kind = F_ENUM, .names = families,
		.fold = true, .may = VIEW_CREATE | READ, .must = VIEW_ANSWER, .cli = true, .doc = "Address family."},
	    {AT(vif_peer, local_gateway_ip), .example = "fd00:10::1/126", .kind = F_TEXT, .max = 64, .nullable = true,
		.may = VIEW_CREATE | READ, .cli = true, .doc = "Our link address with mask."},
	    {AT(vif_peer, remote_gateway_ip), .example = "fd00:10::2/126", .kind = F_TEXT, .max = 64, .nullable = true,
		.may = VIEW_CREATE | READ, .cli = true, .doc = "The customer's link address with mask."},
	    {AT(vif_peer, route_mode), .filter = true, .example = "bgp", .kind = F_ENUM, .names = route_modes,
		.may = VIEW_CREATE | READ, .must = VIEW_ANSWER, .cli = true, .doc = "How routes are learned."},
	    {AT(vif_peer, bgp_asn), .example = "65001", .kind = F_INT, .min = 1, .max = 4294967295, .quoted = true,
		.quirks = QUIRK_INT32, .code = DC_E_ASN, .nullable = true, .may = VIEW_CREATE | READ, .cli = true,
		.doc = "The customer's AS number."},
	    {AT(vif_peer, bgp_md5), .kind = F_SECRET, .max = 80, .nullable = true, .may = V_CR,
		.doc = "Password of the BGP session (TCP MD5)."},
	    {AT(vif_peer, remote_ep_group), .kind = F_LIST, .renders = true, .max = 255, .nullable = true,
		.may = VIEW_CREATE | VIEW_UPDATE | READ, .doc = "The customer's blocks."},
	    {AT(vif_peer, service_ep_group), .kind = F_LIST, .max = 255, .nullable = true, .may = READ,
		.doc = "Public blocks."},
	    {AT(vif_peer, device_id), .kind = F_TEXT, .max = 64, .nullable = true, .may = READ,
		.doc = "Edge it is on."},
	    {AT(vif_peer, bgp_route_limit), .kind = F_INT, .max = 2147483647, .out_unlimited = true, .may = READ,
		.fallback = "100", .doc = "BGP routes it may send."},
	    {AT(vif_peer, bgp_status), .filter = true, .kind = F_TEXT, .max = 10, .nullable = true, .may = READ,
		.cli = true, .doc = "up when the session is Established, else down; null for static peers."},
	    {AT(vif_peer, status), .filter = true, .kind = F_ENUM, .names = life_names, .may = READ,
		.must = VIEW_ANSWER, .cli = true, .doc = "State, as the edge reports it."},
	    {AT(vif_peer, status_time), .kind = F_TIME, .nullable = true, .may = READ,
		.doc = "Since when it is in this state."},
	    {AT(vif_peer, vif_id), .filter = true, .fixed = true, .ref = "virtual_interface", .example = "office",
		.kind = F_UUID, .may = VIEW_CREATE | READ, .must = VIEW_ANSWER, .doc = "Interface it is a peer of."},
	    {AT(vif_peer, receive_route_num), .kind = F_INT, .min = -1, .max = 2147483647, .out_unlimited = true,
		.may = READ, .fallback = "-1", .cli = true, .doc = "BGP routes received; -1 for static peers."},
	    {AT(vif_peer, enable_nqa), .kind = F_BOOL, .may = READ, .fallback = "false", .doc = "NQA detection is on."},
	    {AT(vif_peer, enable_bfd), .kind = F_BOOL, .may = READ, .fallback = "false", .doc = "BFD detection is on."},
	    {AT(vif_peer, gateway_id), .kind = F_UUID, .doc = "Gateway."},
	    {AT(vif_peer, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = VIEW_OWN,
		.doc = "What keeps it from being ACTIVE."},
	    {AT(vif_peer, session_state), .kind = F_TEXT, .max = 32, .no_column = true, .nullable = true,
		.may = VIEW_OWN, .doc = "The routing daemon's state of the session; null for static peers."},
	    {AT(vif_peer, since), .kind = F_TIME, .no_column = true, .nullable = true, .may = VIEW_OWN,
		.doc = "Since when the session is Established, or not."},
	    {AT(vif_peer, last_error), .kind = F_TEXT, .max = 1024, .no_column = true, .nullable = true,
		.may = VIEW_OWN, .doc = "Last error of the session."},
	    {AT(vif_peer, accepted), .kind = F_INT, .max = INT64_MAX, .no_column = true, .nullable = true,
		.may = VIEW_OWN, .doc = "Routes accepted by policy."},
	    {AT(vif_peer, rejected), .kind = F_INT, .max = INT64_MAX, .no_column = true, .nullable = true,
		.may = VIEW_OWN, .doc = "Routes rejected by policy."},
	    {AT(vif_peer, advertised), .kind = F_INT, .max = INT64_MAX, .no_column = true, .nullable = true,
		.may = VIEW_OWN, .doc = "Routes advertised to the customer."},
	    {AT(vif_peer, observed_time), .kind = F_TIME, .no_column = true, .nullable = true, .may = VIEW_OWN,
		.doc = "When the session was reported last."},
	    {AT(vif_peer, spelling), .kind = F_TEXT, .doc = "Ids as they were sent, where that is not in lower case."},
	    {0},
	},
};

/* --- rows --- */

void
vif_peer_fill(struct tx *tx, const struct virtual_interface *v, struct vif_peer *p)
{
	if (p->name.set != GIVEN)
		p->name = v->name;
	if (p->description.set != GIVEN)
		F_SET_TEXT(p->description, "");
	p->tenant_id = v->tenant_id;
	p->vif_id = v->id;
	p->device_id = v->device_id;
	p->service_ep_group = v->service_ep_group;
	p->bgp_route_limit = v->bgp_route_limit;
	p->enable_bfd = v->enable_bfd;
	p->enable_nqa = v->enable_nqa;
	if (p->remote_ep_group.set != GIVEN)
		p->remote_ep_group = (struct f_list){GIVEN, 0, NULL};
	F_SET_TEXT(p->bgp_status, vif_peer_is_bgp(p) ? "down" : NULL);
	F_SET_INT(p->receive_route_num, vif_peer_is_bgp(p) ? 0 : -1);
	F_SET_TEXT(p->status, life_names[LIFE_PENDING_CREATE]);
	F_SET_INT(p->status_time, tx_now(tx));
}

static enum dc_code
list_peers(struct tx *tx, const struct query_cond *cond, struct vif_peer **ret, size_t *n, struct dc_error *err)
{
	void *rows;
	enum dc_code rc = query_list(tx, &vif_peer_table, cond, NULL, &rows, n, err);

	if (rc == DC_OK)
		*ret = rows;
	return rc;
}

enum dc_code
vif_peers_of(struct tx *tx, const char *vif_id, struct vif_peer **ret, size_t *n, struct dc_error *err)
{
	return list_peers(tx, Q(Q_EQ("vif_id", vif_id)), ret, n, err);
}

struct vif_peer *
vif_first_peer(struct vif_peer *peer, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!life_is(&peer[i].status, LIFE_PENDING_DELETE))
			return &peer[i];
	return NULL;
}

enum dc_code
vif_peers_of_gateway(struct tx *tx, const char *gateway_id, struct vif_peer **ret, size_t *n, struct dc_error *err)
{
	return list_peers(tx, Q(Q_EQ("gateway_id", gateway_id)), ret, n, err);
}

/* --- create --- */

static const struct peer_names names = {"vif_peer.local_gateway_ip", "vif_peer.remote_gateway_ip", "vif_peer.bgp_asn",
    "vif_peer.bgp_md5", "vif_peer.remote_ep_group"};

static enum dc_code
load_interface(struct tx *tx, struct call *call, const char *id, struct virtual_interface **ret, struct dc_error *err)
{
	void *row;
	enum dc_code rc =
	    query_get(tx, &virtual_interface_table, Q(Q_EQ("id", id), Q_EQ("tenant_id", call->project)), &row, err);

	if (rc == DC_OK)
		*ret = row;
	return rc;
}

/* The id in the path of the alias: an interface's, or that of one of its peers. */
static enum dc_code
interface_of_path(
    struct tx *tx, struct call *call, const char *id, struct virtual_interface **ret, struct dc_error *err)
{
	const char *normal = crud_normal_id(&vif_peer_table, id, tx_arena(tx));
	void *row;
	enum dc_code rc = normal != NULL ? load_interface(tx, call, normal, ret, err) : DC_E_NOT_FOUND;

	if (rc != DC_E_NOT_FOUND)
		return rc;
	if (normal != NULL)
		rc = query_get(tx, &vif_peer_table, Q(Q_EQ("id", normal), Q_EQ("tenant_id", call->project)), &row, err);
	if (rc == DC_OK)
		rc = load_interface(tx, call, ((struct vif_peer *)row)->vif_id.v, ret, err);
	return rc == DC_E_NOT_FOUND
		   ? dc_missing(err, DC_E_VIF_NOT_FOUND, "The virtual interface %.64s does not exist", id)
		   : rc;
}

static enum dc_code
find_interface(
    struct tx *tx, struct call *call, const struct vif_peer *p, struct virtual_interface **ret, struct dc_error *err)
{
	const char *path_id = call_param(call, "vif_peer_id");
	enum dc_code rc;

	if (path_id != NULL) {
		if ((rc = interface_of_path(tx, call, path_id, ret, err)) != DC_OK)
			return rc;
		return p->vif_id.set != GIVEN || strcmp(p->vif_id.v, (*ret)->id.v) == 0
			   ? DC_OK
			   : dc_fail(err, DC_E_PARAM, "vif_peer.vif_id",
				 "vif_peer.vif_id is not the interface that the path names");
	}
	if (p->vif_id.set != GIVEN)
		return dc_fail(err, DC_E_PARAM, "vif_peer.vif_id", "vif_peer.vif_id is missing");
	rc = load_interface(tx, call, p->vif_id.v, ret, err);
	return rc == DC_E_NOT_FOUND ? dc_fail(err, DC_E_VIF_NOT_FOUND, "vif_peer.vif_id",
					  "vif_peer.vif_id: virtual interface %s does not exist", p->vif_id.v)
				    : rc;
}

/* The family by the members: the addresses, else the first remote block; IP_NONE when there are neither. */
static enum ip_family
family_of_members(const struct vif_peer *p, struct arena *arena)
{
	const char *address =
	    text_or_null(&p->local_gateway_ip) != NULL ? p->local_gateway_ip.v : text_or_null(&p->remote_gateway_ip);
	struct ip_prefix prefix;
	struct cidr_list remote;

	if (address != NULL && ip_parse_prefix(address, &prefix))
		return prefix.addr.family;
	if (cidr_list_parse(&p->remote_ep_group, IP_NONE, names.remote_ep_group, arena, &remote, NULL) == DC_OK &&
	    remote.n > 0)
		return remote.v[0].addr.family;
	return IP_NONE;
}

/* A peer that is on its way out counts as gone where the family is chosen, and is waited for. */
static enum dc_code
choose_family(struct tx *tx, struct call *call, const struct virtual_interface *v, struct vif_peer *p,
    const struct vif_peer **first, struct dc_error *err)
{
	struct vif_peer *peer, *has4 = NULL, *has6 = NULL, *has;
	bool leaving;
	size_t n;
	enum dc_code rc;

	if ((rc = vif_peers_of(tx, v->id.v, &peer, &n, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		*(vif_peer_family(&peer[i]) == IP_V6 ? &has6 : &has4) = &peer[i];
	*first = vif_first_peer(peer, n);
	if (p->address_family.set != GIVEN) {
		enum ip_family family = family_of_members(p, tx_arena(tx));

		if (family == IP_NONE)
			family = has4 != NULL && !life_is(&has4->status, LIFE_PENDING_DELETE) ? IP_V6 : IP_V4;
		F_SET_TEXT(p->address_family, ip_family_name(family));
	}
	has = vif_peer_family(p) == IP_V6 ? has6 : has4;
	leaving = has != NULL && life_is(&has->status, LIFE_PENDING_DELETE);
	if (has == NULL || (leaving && call_wait(call, has->id.v)))
		return DC_OK;
	return dc_fail(err, DC_E_VIF_IN_USE, "vif_peer.address_family",
	    "vif_peer.address_family: the interface has its %s peer already%s", p->address_family.v,
	    leaving ? ", which is being deleted: the edge has not let go of it yet" : "");
}

/* Absent members come from the interface (semantics.md 5.6), which shows those of its first peer. */
static void
inherit(const struct virtual_interface *v, const struct vif_peer *first, struct vif_peer *p)
{
	bool v6 = vif_peer_family(p) == IP_V6;

	if (p->route_mode.set != GIVEN)
		p->route_mode = first->route_mode;
	if (p->bgp_asn.set != GIVEN)
		p->bgp_asn = first->bgp_asn;
	if (p->bgp_md5.set != GIVEN)
		p->bgp_md5 = first->bgp_md5;
	if (text_or_null(&p->local_gateway_ip) == NULL && text_or_null(&p->remote_gateway_ip) == NULL) {
		p->local_gateway_ip = v6 ? v->local_gateway_v6_ip : v->local_gateway_v4_ip;
		p->remote_gateway_ip = v6 ? v->remote_gateway_v6_ip : v->remote_gateway_v4_ip;
	}
}

/* The interface's gateway owns the subnets, the interface its peers. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	struct vif_peer *p = row;
	struct virtual_interface *v;
	enum dc_code rc;

	if (call != NULL && call->route->method == M_POST) {
		if ((rc = find_interface(tx, call, p, &v, err)) != DC_OK)
			return rc;
		p->vif_id = v->id;
		p->gateway_id = v->vrf_gateway_id;
	}
	lock_want(set, &gateway_table, p->gateway_id.v);
	lock_want(set, &virtual_interface_table, p->vif_id.v);
	return DC_OK;
}

/* The interface under its lock; refused when it is being deleted, or shut down. */
static enum dc_code
interface_of(struct tx *tx, const struct vif_peer *p, struct virtual_interface **ret, struct dc_error *err)
{
	void *row;
	enum dc_code rc = query_get(tx, &virtual_interface_table, Q(Q_EQ("id", p->vif_id.v)), &row, err);

	if (rc != DC_OK)
		return rc;
	*ret = row;
	if (life_is(&(*ret)->status, LIFE_PENDING_DELETE))
		return dc_fail(err, DC_E_VIF_STATE, NULL, "the interface is being deleted");
	return life_is(&(*ret)->status, LIFE_AUTHORIZATION) || life_is(&(*ret)->status, LIFE_REJECTED)
		   ? dc_fail(err, DC_E_VIF_STATE, NULL, "the interface is in state %s", (*ret)->status.v)
		   : switchover_check_idle(*ret, err);
}

static enum dc_code
vif_peer_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct vif_peer *p = row;
	const struct vif_peer *first;
	struct virtual_interface *v;
	struct gateway gw;
	enum dc_code rc;

	if ((rc = interface_of(tx, p, &v, err)) != DC_OK || (rc = vif_gateway(tx, v, &gw, err)) != DC_OK ||
	    (rc = vif_peer_check_number(tx, call, &gw, &p->remote_ep_group, names.remote_ep_group, err)) != DC_OK ||
	    (rc = choose_family(tx, call, v, p, &first, err)) != DC_OK || call->wait)
		return rc;
	inherit(v, first, p);
	vif_peer_fill(tx, v, p);
	if ((rc = vif_peer_check(tx, call, &gw, p, &names, err)) != DC_OK)
		return rc;
	return vif_peer_check_key_room(tx, v->edge_id.v, p, &names, err);
}

/* The peer has the addresses now that the interface kept for its family. */
static enum dc_code
vif_peer_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	static const char *const v4[] = {"local_gateway_v4_ip", "remote_gateway_v4_ip", NULL},
				 *const v6[] = {"local_gateway_v6_ip", "remote_gateway_v6_ip", NULL};
	static const struct f_text none = {NULLED, NULL};
	const struct vif_peer *p = row;
	const struct virtual_interface cleared = {.local_gateway_v4_ip = none,
	    .remote_gateway_v4_ip = none,
	    .local_gateway_v6_ip = none,
	    .remote_gateway_v6_ip = none};

	(void)call;
	return query_set(
	    tx, &virtual_interface_table, vif_peer_is_v6(p) ? v6 : v4, &cleared, Q(Q_EQ("id", p->vif_id.v)), NULL, err);
}

/* --- update and delete --- */

static enum dc_code
vif_peer_update(
    struct tx *tx, struct call *call, const void *old, const void *patch_row, void *row, struct dc_error *err)
{
	const struct vif_peer *patch = patch_row;
	struct vif_peer *p = row;
	struct virtual_interface *v;
	struct gateway gw;
	enum dc_code rc;

	(void)old;
	if ((rc = interface_of(tx, p, &v, err)) != DC_OK)
		return rc;
	if (life_is(&p->status, LIFE_PENDING_DELETE))
		return dc_fail(err, DC_E_VIF_STATE, NULL, "the peer is being deleted");
	if (patch->remote_ep_group.set != GIVEN)
		return DC_OK;
	if ((rc = vif_gateway(tx, v, &gw, err)) != DC_OK)
		return rc;
	return vif_peer_set_remote(tx, call, &gw, p, &patch->remote_ep_group, &names, err);
}

static enum dc_code
vif_peer_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct vif_peer *p = row, *peer;
	struct virtual_interface *v;
	size_t n, stay = 0;
	enum dc_code rc;

	(void)call;
	if ((rc = interface_of(tx, p, &v, err)) != DC_OK || (rc = vif_peers_of(tx, v->id.v, &peer, &n, err)) != DC_OK)
		return rc;
	if (life_is(&p->status, LIFE_PENDING_DELETE))
		return DC_OK;
	for (size_t i = 0; i < n; i++)
		stay += strcmp(peer[i].id.v, p->id.v) != 0 && !life_is(&peer[i].status, LIFE_PENDING_DELETE);
	if (stay == 0)
		return dc_fail(err, DC_E_VIF_IN_USE, NULL, "the last peer of an interface cannot be deleted");
	life_move(&p->status, EV_REMOVE, "vif_peer", p->id.v);
	F_SET_INT(p->status_time, tx_now(tx));
	return query_set(tx, &vif_peer_table, (const char *const[]){"status", "status_time", NULL}, p,
	    Q(Q_EQ("id", p->id.v)), NULL, err);
}

/* A route of the gateway leads to it. */
static const struct blocker blockers[] = {
    {"gdgw_routetable", "peer_id", DC_E_VIF_IN_USE},
    {0},
};

/* --- reading --- */

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct edge_session *)a)->id.v, ((const struct edge_session *)b)->id.v);
}

static void
show_session(struct vif_peer *p, const struct edge_session *s)
{
	p->session_state = s->state;
	p->since = s->since;
	p->last_error = s->last_error;
	p->accepted = s->accepted;
	p->rejected = s->rejected;
	p->advertised = s->advertised;
	p->observed_time = s->observed_time;
}

/* The sessions of a page's peers; they come sorted by id, which is the peer's. */
static enum dc_code
vif_peer_embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct vif_peer *p = rows;
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	void *found;
	size_t count;
	enum dc_code rc;

	if (call->route->answer != VIEW_OWN)
		return DC_OK;
	for (size_t i = 0; i < n; i++)
		ids[i] = p[i].id.v;
	if ((rc = query_list(tx, &edge_session_table, Q(Q_IN("id", ids)), NULL, &found, &count, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct edge_session key = {.id = p[i].id};
		const struct edge_session *s = count > 0 ? bsearch(&key, found, count, sizeof(key), by_id) : NULL;

		if (s != NULL)
			show_session(&p[i], s);
	}
	return DC_OK;
}

static const struct depend depends[] = {
    {"virtual_interface", "vif_id", "id", .render = WORK_ROW, .settle = WORK_STATE},
    {"virtual_gateway", "gateway_id", "id", .settle = WORK_STATE},
    {"global_dc_gateway", "gateway_id", "id", .settle = WORK_STATE},
    {"connect_gateway", "gateway_id", "id", .settle = WORK_STATE},
    {"enterprise_router", "gateway_id", "id", .settle = WORK_STATE},
    {0},
};

#define PATH "/v3/{project_id}/dcaas/vif-peers"
#define OWN_PATH "/dcaas/v1/projects/{project_id}/vif-peers"

static const struct route vif_peer_routes[] = {
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &vif_peer_resource, VIEW_CREATE, .status = 201, .run = crud_create,
	.operation = "CreateVifPeer",
	.errors = ERRORS(DC_E_VIF_NOT_FOUND, DC_E_VIF_IN_USE, DC_E_NO_ASN, DC_E_ADDRESS, DC_E_ASN, DC_E_SAME_ASN,
	    DC_E_OVERLAP, DC_E_REMOTE_SUBNETS, DC_E_CIDR_TWICE, DC_E_VIF_STATE),
	.summary = "Add the peer of the missing address family to a virtual interface."},
    {M_POST, PATH "/{vif_peer_id}", ROLE_MEMBER, ROUTE_WRITES, &vif_peer_resource, VIEW_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateVifPeerAtId",
	.errors = ERRORS(DC_E_VIF_NOT_FOUND, DC_E_VIF_IN_USE, DC_E_NO_ASN, DC_E_ADDRESS, DC_E_ASN, DC_E_SAME_ASN,
	    DC_E_OVERLAP, DC_E_REMOTE_SUBNETS, DC_E_CIDR_TWICE, DC_E_VIF_STATE),
	.command = "", .summary = "The same with the interface in the path, as the published example has it."},
    {M_PUT, PATH "/{vif_peer_id}", ROLE_MEMBER, ROUTE_WRITES, &vif_peer_resource, VIEW_UPDATE, .run = crud_update,
	.operation = "UpdateVifPeer",
	.errors =
	    ERRORS(DC_E_NOT_FOUND, DC_E_REMOTE_SUBNETS, DC_E_CIDR_TWICE, DC_E_ADDRESS, DC_E_OVERLAP, DC_E_VIF_STATE),
	.summary = "Change name, text or remote subnets of a peer."},
    {M_DELETE, PATH "/{vif_peer_id}", ROLE_MEMBER, ROUTE_WRITES, &vif_peer_resource, .status = 204, .run = crud_delete,
	.operation = "DeleteVifPeer", .errors = ERRORS(DC_E_NOT_FOUND, DC_E_VIF_IN_USE, DC_E_VIF_STATE),
	.summary = "Remove a peer that is not the last of its interface."},
    {M_GET, OWN_PATH, ROLE_READER, .res = &vif_peer_resource, .answer = VIEW_OWN, .run = crud_list,
	.operation = "ListProjectVifPeers",
	.summary = "List the peers of all the project's interfaces, with their sessions and what keeps them down."},
    {M_GET, OWN_PATH "/{vif_peer_id}", ROLE_READER, .res = &vif_peer_resource, .answer = VIEW_OWN, .run = crud_show,
	.operation = "ShowProjectVifPeer", .summary = "Read one peer with its session."},
    {0},
};

static const struct field_column shows[] = {
    {.member = "address_family"},
    {.member = "status", .since = "status_time"},
    {.member = "remote_gateway_ip"},
    {.title = "AS", .member = "bgp_asn"},
    {.title = "routes", .where = "route_mode=bgp", .member = "receive_route_num", .of = "bgp_route_limit"},
    {0},
};

static const struct topology topology = {.under = "vif_id", .shows = shows};

const struct resource vif_peer_resource = {
    .name = "vif_peer",
    .plural = "vif_peers",
    .title = "virtual interface peer",
    .shorts = "peer",
    .identity = "vif_id|address_family",
    .topology = &topology,
    .table = &vif_peer_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .routes = vif_peer_routes,
    .chain = chain,
    .create = vif_peer_create,
    .created = vif_peer_created,
    .update = vif_peer_update,
    .blockers = blockers,
    .remove = vif_peer_remove,
    .embed = vif_peer_embed,
    .rank = RANK_PEER,
    .life = life_moves,
    .depends = depends,
    .leaving = vif_peer_leaving,
    .render = vif_peer_render,
    .settle = vif_peer_settle,
};
