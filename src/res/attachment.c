/* SPDX-License-Identifier: ISC */
/* attachment.c - what is behind a gateway on an edge: an interface or VLAN, our address on it, the next hop and the
 * prefixes.
 *
 * Its objects live in the gateway's VRF while the gateway is on the edge. Of a VPC, routed and advertised are the parts
 * of the virtual gateway's local subnets inside the attachment's prefixes; of an enterprise router, all prefixes. */
#include "res/attachment.h"

#include <string.h>

#include "api/crud.h"
#include "auth/tables.h"
#include "res/lifecycle.h"
#include "res/router_lock.h"
#include "res/uplink.h"
#include "res/virtual_gateway.h"
#include "store/row_lock.h"

static const char *const statuses[] = {"PENDING", "ACTIVE", "DOWN", "ERROR", "PENDING_DELETE", NULL};

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "vpc", .member = "vpc_id|enterprise_router_id|connect_gateway_id"},
    {.title = "port", .member = "port_id"},
    {.member = "vlan"},
    {.member = "prefixes"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

const struct field_table attachment_table = {
    .name = "Attachment",
    .sql = "attachment",
    .constraints =
	(const struct constraint[]){
	    {"attachment_port_id_fkey", DC_E_NOT_FOUND, "attachment.port_id", "the port does not exist", DC_E_PARAM,
		"The port has attachments"},
	    {"attachment_enterprise_router_id_fkey", DC_E_NOT_FOUND, "attachment.enterprise_router_id",
		"the enterprise router does not exist", DC_E_VGW_IN_USE, "The enterprise router has attachments"},
	    {"attachment_tenant_id_fkey", DC_E_NOT_FOUND, "attachment.tenant_id", "the project does not exist",
		DC_E_PARAM, "The project has attachments"},
	    {.name = "attachment_vpc_id_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct attachment),
    .rank = RANK_ATTACHMENT,
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(attachment, id), .kind = F_UUID, .may = OP_CR, .must = VIEW_OP_ANSWER, .filter = true, .sort = true,
		.cli = true, .doc = "Identifier of the attachment."},
	    {AT(attachment, tenant_id), .ref = "project", .example = "acme", .kind = F_HEX32, .may = OP_CR,
		.must = VIEW_OP_CREATE, .filter = true,
		.doc = "Project that the VPC or the enterprise router belongs to."},
	    {AT(attachment, vpc_id), .example = "6a1e2f30-0000-4000-8000-000000000001", .kind = F_UUID,
		.nullable = true, .may = OP_CR, .filter = true, .cli = true, .doc = "VPC that is attached."},
	    {AT(attachment, enterprise_router_id), .ref = "enterprise_router", .kind = F_UUID, .nullable = true,
		.may = OP_CR, .filter = true, .cli = true,
		.doc = "Enterprise router whose network is attached, instead of a VPC."},
	    {AT(attachment, connect_gateway_id), .ref = "connect_gateway", .kind = F_UUID, .nullable = true,
		.may = OP_CR, .filter = true, .cli = true,
		.doc = "Connect gateway behind which the Internet is attached, instead of a VPC."},
	    {AT(attachment, name), .example = "vpc", .kind = F_TEXT, .max = 64, .may = OP_CRU, .fallback = "\"\"",
		.filter = true, .filter_csv = true, .doc = "Name."},
	    {AT(attachment, port_id), .ref = "port", .example = "vpc", .kind = F_UUID, .may = OP_CR,
		.must = VIEW_OP_CREATE, .filter = true, .cli = true, .doc = "Port of the edge that it is behind."},
	    {AT(attachment, vlan), .example = "200", .kind = F_INT, .max = 4094, .may = OP_CR, .fallback = "0",
		.cli = true, .doc = "VLAN on the port; 0: the whole port."},
	    {AT(attachment, local_ip), .example = "10.1.0.1/24", .kind = F_TEXT, .renders = true, .max = 64,
		.nullable = true, .may = OP_CRU, .doc = "Our IPv4 address with mask."},
	    {AT(attachment, next_hop), .example = "10.1.0.2", .kind = F_TEXT, .renders = true, .max = 64,
		.nullable = true, .may = OP_CRU, .doc = "IPv4 next hop; null: the prefixes are on-link."},
	    {AT(attachment, local_ipv6), .kind = F_TEXT, .renders = true, .max = 64, .nullable = true, .may = OP_CRU,
		.doc = "Our IPv6 address with mask."},
	    {AT(attachment, next_hop_ipv6), .kind = F_TEXT, .renders = true, .max = 64, .nullable = true, .may = OP_CRU,
		.doc = "IPv6 next hop; null: the prefixes are on-link."},
	    {AT(attachment, prefixes), .example = "10.1.0.0/16", .kind = F_LIST, .renders = true, .max = 64,
		.min_items = 1, .max_items = 200, .may = OP_CRU, .must = VIEW_OP_CREATE, .cli = true,
		.doc = "Blocks that are reached here."},
	    {AT(attachment, bgp_asn), .kind = F_INT, .renders = true, .min = 1, .max = 4294967295, .quoted = true,
		.code = DC_E_ASN, .nullable = true, .may = OP_CRU,
		.doc = "AS number of the next hop, to which bound global EIPs are announced; connect gateways only."},
	    {AT(attachment, bgp_md5), .kind = F_SECRET, .renders = true, .max = 80, .nullable = true, .may = OP_CRU,
		.doc = "Password of that BGP session (TCP MD5)."},
	    {AT(attachment, session_v4), .kind = F_UUID, .nullable = true, .may = OP_R, .doc = "Its IPv4 session."},
	    {AT(attachment, session_v6), .kind = F_UUID, .nullable = true, .may = OP_R, .doc = "Its IPv6 session."},
	    {AT(attachment, edge_id), .ref = "edge", .kind = F_UUID, .may = OP_R, .filter = true,
		.doc = "Edge of the port."},
	    {AT(attachment, status), .kind = F_ENUM, .names = statuses, .may = OP_R, .filter = true, .cli = true,
		.doc = "State, as its edge reports it; DOWN while no gateway on the edge leads to it."},
	    {AT(attachment, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = OP_R,
		.doc = "What keeps it from being ACTIVE."},
	    {AT(attachment, created_time), .kind = F_TIME, .may = OP_R, .sort = true, .doc = "When it was described."},
	    {AT(attachment, updated_time), .kind = F_TIME, .may = OP_R, .sort = true,
		.doc = "When it was last changed."},
	    {AT(attachment, spelling), .kind = F_TEXT,
		.doc = "Ids as they were sent, where that is not in lower case."},
	    {0},
	},
};

/* --- rules --- */

static enum dc_code
check_family(const struct f_text *local, const struct f_text *hop, enum ip_family family, const char *local_member,
    const char *hop_member, struct dc_error *err)
{
	struct ip_prefix address, subnet, host;
	struct ip_addr next;
	enum dc_code rc;

	if (text_or_null(local) == NULL)
		return text_or_null(hop) == NULL ? DC_OK
						 : dc_fail(err, DC_E_ADDRESS, local_member,
						       "%s is missing: a next hop needs our address", local_member);
	if (!ip_parse_prefix(local->v, &address) || address.addr.family != family || !ip_is_link_host(&address))
		return dc_fail(err, DC_E_ADDRESS, local_member, "%s must be an %s host address with its mask",
		    local_member, ip_family_name(family));
	if ((rc = cidr_check_link_local(&address.addr, local_member, err)) != DC_OK || text_or_null(hop) == NULL)
		return rc;
	if (!ip_parse_addr(hop->v, &next) || next.family != family)
		return dc_fail(
		    err, DC_E_ADDRESS, hop_member, "%s must be an %s address", hop_member, ip_family_name(family));
	subnet = ip_network(&address);
	host = (struct ip_prefix){next, ip_bits(family)};
	if (!ip_contains(&subnet, &host) || ip_addr_equal(&next, &address.addr))
		return dc_fail(err, DC_E_ADDRESS, hop_member, "%s must be another address of %s's subnet", hop_member,
		    local_member);
	return DC_OK;
}

static enum dc_code
check_addresses(const struct attachment *a, struct arena *arena, struct dc_error *err)
{
	struct cidr_list prefixes;
	enum dc_code rc;

	if ((rc = check_family(&a->local_ip, &a->next_hop, IP_V4, "attachment.local_ip", "attachment.next_hop", err)) !=
		DC_OK ||
	    (rc = check_family(&a->local_ipv6, &a->next_hop_ipv6, IP_V6, "attachment.local_ipv6",
		 "attachment.next_hop_ipv6", err)) != DC_OK)
		return rc;
	if (text_or_null(&a->local_ip) == NULL && text_or_null(&a->local_ipv6) == NULL)
		return dc_fail(
		    err, DC_E_ADDRESS, "attachment.local_ip", "attachment.local_ip or local_ipv6 must be given");
	if ((rc = cidr_list_parse(&a->prefixes, IP_NONE, "attachment.prefixes", arena, &prefixes, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < prefixes.n; i++)
		if (text_or_null(prefixes.v[i].addr.family == IP_V4 ? &a->local_ip : &a->local_ipv6) == NULL)
			return dc_fail(err, DC_E_ADDRESS, "attachment.prefixes",
			    "attachment.prefixes: an %s prefix needs our %s address",
			    ip_family_name(prefixes.v[i].addr.family), ip_family_name(prefixes.v[i].addr.family));
	return DC_OK;
}

static enum dc_code
check_vpc(struct tx *tx, const struct attachment *a, struct dc_error *err)
{
	int64_t foreign, same;
	enum dc_code rc;

	if ((rc = query_count(tx, &attachment_table, Q(Q_EQ("vpc_id", a->vpc_id.v), Q_NE("tenant_id", a->tenant_id.v)),
		 &foreign, err)) != DC_OK ||
	    (rc = query_count(tx, &attachment_table, Q(Q_EQ("vpc_id", a->vpc_id.v), Q_EQ("edge_id", a->edge_id.v)),
		 &same, err)) != DC_OK)
		return rc;
	if (foreign > 0)
		return dc_fail(err, DC_E_PARAM, "attachment.vpc_id",
		    "attachment.vpc_id: VPC %s belongs to another project", a->vpc_id.v);
	if (same > 0)
		return dc_fail(err, DC_E_PARAM, "attachment.vpc_id",
		    "attachment.vpc_id: VPC %s is attached to this edge already", a->vpc_id.v);
	return DC_OK;
}

/* The gateway of that kind which the attachment names. */
static enum dc_code
find_named(struct tx *tx, const struct attachment *a, const struct gateway_kind *kind, const struct f_text *id,
    struct gateway *ret, struct dc_error *err)
{
	const char *member = arena_printf(tx_arena(tx), "attachment.%s", kind->attachments);
	enum dc_code rc = gateway_get(tx, id->v, ret, err);

	if (rc == DC_OK && (ret->kind != kind || ret->leaving))
		rc = DC_E_NOT_FOUND;
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(
		    err, DC_E_NOT_FOUND, member, "%s: %s %s does not exist", member, kind->res->title, id->v);
	if (rc == DC_OK && strcmp(ret->tenant_id, a->tenant_id.v) != 0)
		return dc_fail(
		    err, DC_E_PARAM, member, "%s: the %s belongs to another project", member, kind->res->title);
	return rc;
}

/* The subnets of our own addresses on an attachment. */
static struct cidr_list
own_subnets(const struct attachment *a, struct arena *arena)
{
	const struct f_text *address[2] = {&a->local_ip, &a->local_ipv6};
	struct cidr_list out = {arena_array(arena, 2, sizeof(*out.v)), 0};
	struct ip_prefix p;

	for (size_t i = 0; i < 2; i++)
		if (text_or_null(address[i]) != NULL && ip_parse_prefix(address[i]->v, &p))
			out.v[out.n++] = ip_network(&p);
	return out;
}

/* The networks of an enterprise router share its VRF: no block and no subnet of ours may be there twice. Under its
 * lock. */
static enum dc_code
check_beside(struct tx *tx, const struct gateway *router, const struct attachment *a, struct dc_error *err)
{
	struct attachment *other;
	struct cidr_list mine, subnets = own_subnets(a, tx_arena(tx)), theirs, their_subnets;
	struct ip_prefix x, y;
	char text[IP_TEXT_SIZE];
	size_t n;
	enum dc_code rc;

	if ((rc = attachments_of(tx, router, NULL, &other, &n, err)) != DC_OK ||
	    (rc = attachment_prefixes(tx, a, 1, &mine, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(other[i].id.v, a->id.v) == 0)
			continue;
		if ((rc = attachment_prefixes(tx, &other[i], 1, &theirs, err)) != DC_OK)
			return rc;
		their_subnets = own_subnets(&other[i], tx_arena(tx));
		if (cidr_overlap(&mine, &theirs, &x, &y) || cidr_overlap(&subnets, &their_subnets, &x, &y)) {
			ip_format_prefix(&x, text);
			return dc_fail(err, DC_E_ADDRESS, "attachment.prefixes",
			    "attachment.prefixes: %s overlaps attachment %s of the router", text, other[i].id.v);
		}
	}
	return DC_OK;
}

/* Links between gateways are numbered from blocks of their own, which nothing behind a gateway may use. */
static enum dc_code
check_link_blocks(struct call *call, const struct attachment *a, struct arena *arena, struct dc_error *err)
{
	const struct res_settings *settings = res_settings(call);
	struct ip_prefix blocks[2] = {settings->link_block_v4, settings->link_block_v6}, x, y;
	struct cidr_list links = {blocks, 2}, mine, subnets = own_subnets(a, arena);
	char text[IP_TEXT_SIZE];
	enum dc_code rc;

	if ((rc = cidr_list_parse(&a->prefixes, IP_NONE, "attachment.prefixes", arena, &mine, err)) != DC_OK)
		return rc;
	if (!cidr_overlap(&mine, &links, &x, &y) && !cidr_overlap(&subnets, &links, &x, &y))
		return DC_OK;
	ip_format_prefix(&y, text);
	return dc_fail(err, DC_E_ADDRESS, "attachment.prefixes",
	    "attachment.prefixes: links between gateways are numbered from %s", text);
}

/* Two attachments of one connect gateway on one edge would be two ways out. */
static enum dc_code
check_internet(struct tx *tx, struct call *call, const struct attachment *a, struct dc_error *err)
{
	struct gateway gw;
	int64_t same;
	enum dc_code rc;

	if ((rc = find_named(tx, a, &connect_gateway_kind, &a->connect_gateway_id, &gw, err)) != DC_OK ||
	    (rc = uplink_check(call, a, &gw, err)) != DC_OK ||
	    (rc = query_count(tx, &attachment_table,
		 Q(Q_EQ("connect_gateway_id", gw.id), Q_EQ("edge_id", a->edge_id.v), Q_NE("id", a->id.v)), &same,
		 err)) != DC_OK)
		return rc;
	return same == 0 ? DC_OK
			 : dc_fail(err, DC_E_PARAM, "attachment.connect_gateway_id",
			       "attachment.connect_gateway_id: the Internet is attached to the gateway on this edge "
			       "already");
}

static enum dc_code
check_behind(struct tx *tx, struct call *call, const struct attachment *a, struct dc_error *err)
{
	struct gateway router;
	enum dc_code rc;

	if (a->vpc_id.set == GIVEN)
		return check_vpc(tx, a, err);
	if (a->connect_gateway_id.set == GIVEN)
		return check_internet(tx, call, a, err);
	if ((rc = find_named(tx, a, &enterprise_router_kind, &a->enterprise_router_id, &router, err)) != DC_OK ||
	    (rc = check_link_blocks(call, a, tx_arena(tx), err)) != DC_OK)
		return rc;
	return check_beside(tx, &router, a, err);
}

/* The gateway that the attachment is behind; *found is false when there is none. */
static enum dc_code
find_gateway(struct tx *tx, const struct attachment *a, struct gateway *ret, bool *found, struct dc_error *err)
{
	const char *id = a->enterprise_router_id.set == GIVEN ? a->enterprise_router_id.v : a->connect_gateway_id.v;
	void *row;
	enum dc_code rc;

	if (id != NULL)
		rc = gateway_get(tx, id, ret, err);
	else if ((rc = query_get(tx, &virtual_gateway_table,
		      Q(Q_EQ("vpc_id", a->vpc_id.v), Q_EQ("tenant_id", a->tenant_id.v)), &row, err)) == DC_OK)
		rc = gateway_of_row(tx, &virtual_gateway_kind, row, ret, err);
	*found = rc == DC_OK;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

/* Its gateway, and of a new one its project and the port that it takes a VLAN of. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	const struct attachment *a = row;
	struct gateway gw;
	bool found;
	enum dc_code rc;

	if (call != NULL && call->route->method == M_POST) {
		lock_want(set, &project_table, a->tenant_id.v);
		lock_want(set, &port_table, a->port_id.v);
	}
	if (a->enterprise_router_id.set == GIVEN) {
		lock_want(set, &gateway_table, a->enterprise_router_id.v);
		return call != NULL ? router_want_locks(tx, a->enterprise_router_id.v, set, err) : DC_OK;
	}
	lock_want(set, &gateway_table, a->connect_gateway_id.v);
	if (a->vpc_id.set != GIVEN)
		return DC_OK;
	if ((rc = find_gateway(tx, a, &gw, &found, err)) == DC_OK && found)
		lock_want(set, &gateway_table, gw.id);
	return rc;
}

static enum dc_code
no_uplink(struct dc_error *err)
{
	return dc_fail(err, DC_E_PARAM, "attachment.bgp_asn",
	    "attachment.bgp_asn is for attachments behind connect gateways, whose global EIPs it announces");
}

static enum dc_code
attachment_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct attachment *a = row;
	struct port *port;
	enum dc_code rc;

	if ((a->vpc_id.set == GIVEN) + (a->enterprise_router_id.set == GIVEN) + (a->connect_gateway_id.set == GIVEN) !=
	    1)
		return dc_fail(err, DC_E_PARAM, "attachment.vpc_id",
		    "attachment.vpc_id, enterprise_router_id or connect_gateway_id must be given, and only one of "
		    "them");
	if (a->connect_gateway_id.set != GIVEN && a->bgp_asn.set == GIVEN)
		return no_uplink(err);
	uplink_fill(a, tx_arena(tx));
	if ((rc = check_addresses(a, tx_arena(tx), err)) != DC_OK)
		return rc;
	if ((rc = project_check(tx, a->tenant_id.v, "attachment.tenant_id", err)) != DC_OK)
		return rc;
	rc = port_get(tx, a->port_id.v, &port, err);
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(err, DC_E_NOT_FOUND, "attachment.port_id", "attachment.port_id: port %s does not exist",
		    a->port_id.v);
	if (rc != DC_OK)
		return rc;
	a->edge_id = port->edge_id;
	F_SET_TEXT(a->status, "DOWN");
	if ((rc = check_behind(tx, call, a, err)) != DC_OK)
		return rc;
	return port_claim(tx, a->port_id.v, a->vlan.v, a->id.v, "attachment.vlan", DC_E_PARAM, DC_E_PARAM, err);
}

static enum dc_code
attachment_update(struct tx *tx, struct call *call, const void *old, const void *patch, void *row, struct dc_error *err)
{
	struct attachment *a = row;
	struct gateway router;
	enum dc_code rc;

	(void)old;
	(void)patch;
	if (a->connect_gateway_id.set != GIVEN && a->bgp_asn.set == GIVEN)
		return no_uplink(err);
	uplink_fill(a, tx_arena(tx));
	if ((rc = check_addresses(a, tx_arena(tx), err)) != DC_OK)
		return rc;
	if (a->connect_gateway_id.set == GIVEN)
		return check_internet(tx, call, a, err);
	if (a->enterprise_router_id.set != GIVEN)
		return DC_OK;
	if ((rc = gateway_get(tx, a->enterprise_router_id.v, &router, err)) != DC_OK ||
	    (rc = check_link_blocks(call, a, tx_arena(tx), err)) != DC_OK)
		return rc;
	return check_beside(tx, &router, a, err);
}

static enum dc_code
attachment_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	static const char *const columns[] = {"status", NULL};
	struct attachment *a = row;

	(void)call;
	F_SET_TEXT(a->status, "PENDING_DELETE");
	return query_set(tx, &attachment_table, columns, a, Q(Q_EQ("id", a->id.v)), NULL, err);
}

/* --- on the edge --- */

static void
put_address(struct work_view *work, struct arena *arena, const struct attachment *a, const struct f_text *local,
    enum ip_family family)
{
	struct wire_addr addr = {0};

	if (text_or_null(local) == NULL)
		return;
	F_SET_TEXT(addr.link, arena_printf(arena, "vlan/%s", a->id.v));
	addr.prefix = *local;
	work_put(
	    work, a->edge_id.v, arena_printf(arena, "addr/%s/%u", a->id.v, (unsigned)family), OBJECT_ADDR, &addr, NULL);
}

static void
put_route(struct work_view *work, struct arena *arena, const struct attachment *a, const struct gateway *gw,
    const struct ip_prefix *prefix)
{
	const struct next_hop hop = {a->edge_id.v, arena_printf(arena, "vlan/%s", a->id.v),
	    text_or_null(prefix->addr.family == IP_V4 ? &a->next_hop : &a->next_hop_ipv6)};

	gateway_put_route(work, arena, gw->id, &hop, a->id.v, prefix, "vpc");
}

/* Each local subnet, cut to what the attachment reaches: of two overlapping blocks one contains the other. */
static enum dc_code
put_routes(struct work_view *work, struct arena *arena, const struct attachment *a, const struct gateway *gw,
    struct dc_error *err)
{
	struct cidr_list local = gw->local, reached, done = {0};
	enum dc_code rc;

	if ((rc = cidr_list_parse(&a->prefixes, IP_NONE, "attachment.prefixes", arena, &reached, err)) != DC_OK)
		return rc;
	if (gw->kind->eips)
		local = reached; /* the Internet: all prefixes of the attachment */
	done.v = arena_array(arena, local.n * reached.n + 1, sizeof(*done.v));
	for (size_t i = 0; i < local.n; i++)
		for (size_t k = 0; k < reached.n; k++) {
			const struct ip_prefix *both =
			    ip_contains(&local.v[i], &reached.v[k]) ? &reached.v[k] : &local.v[i];
			bool twice = false;

			if (!ip_overlaps(&local.v[i], &reached.v[k]))
				continue;
			for (size_t d = 0; d < done.n; d++)
				twice = twice || ip_prefix_equal(&done.v[d], both);
			if (twice)
				continue;
			done.v[done.n++] = *both;
			put_route(work, arena, a, gw, both);
		}
	return DC_OK;
}

static enum dc_code
put_objects(
    struct tx *tx, struct work_view *work, const struct attachment *a, const struct gateway *gw, struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	struct wire_vlan vlan = {0};
	int64_t number;
	struct port *port;
	enum dc_code rc;

	if ((rc = port_get(tx, a->port_id.v, &port, err)) != DC_OK ||
	    (rc = work_link_number(tx, a->edge_id.v, a->id.v, &number, err)) != DC_OK)
		return rc;
	F_SET_TEXT(vlan.vrf, gateway_key(arena, gw->id));
	F_SET_TEXT(vlan.device, arena_printf(arena, "dcv%lld", (long long)number));
	vlan.mark = a->id;
	vlan.port = port->device;
	vlan.vlan = a->vlan;
	F_SET_TEXT(vlan.use, "vpc");
	work_put(work, a->edge_id.v, arena_printf(arena, "vlan/%s", a->id.v), OBJECT_VLAN, &vlan, NULL);
	put_address(work, arena, a, &a->local_ip, IP_V4);
	put_address(work, arena, a, &a->local_ipv6, IP_V6);
	uplink_put(work, arena, a, gw, number);
	return put_routes(work, arena, a, gw, err);
}

static bool
leaving(const void *row)
{
	return strcmp(((const struct attachment *)row)->status.v, "PENDING_DELETE") == 0;
}

/* In the VRF of its gateway, while somebody uses the gateway on the edge. */
static enum dc_code
render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	const struct attachment *a = row;
	struct gateway gw;
	bool found, used;
	enum dc_code rc;

	if (leaving(a))
		return DC_OK;
	if ((rc = find_gateway(tx, a, &gw, &found, err)) != DC_OK || !found ||
	    (rc = gateway_is_used_on(tx, gw.kind, gw.id, a->edge_id.v, &used, err)) != DC_OK || !used)
		return rc;
	return put_objects(tx, work, a, &gw, err);
}

/* State and reason out of its objects. */
static void
judge(struct attachment *a, const struct edge_object *object, size_t n, struct arena *arena)
{
	const struct edge_object *culprit = NULL;
	const char *status = "ACTIVE", *reason = NULL;

	switch (work_judge(object, n, &culprit)) {
	case VERDICT_NONE:
		status = "DOWN";
		reason = "no gateway on the edge leads to it";
		break;
	case VERDICT_WAITING:
		status = "PENDING";
		reason = "the edge has not read it back yet";
		break;
	case VERDICT_FAILED:
		status = "ERROR";
		reason = arena_printf(arena, "%.255s", work_error(culprit, arena));
		break;
	case VERDICT_APPLIED:
		for (size_t i = 0; i < n; i++)
			if (object[i].carrier.set == GIVEN && !object[i].carrier.v) {
				status = "DOWN";
				reason = "no carrier on the port";
			}
		break;
	}
	life_set(&a->status, status, "attachment", a->id.v);
	F_SET_TEXT(a->reason, reason);
}

static enum dc_code
give_back(struct tx *tx, const struct attachment *a, struct dc_error *err)
{
	enum dc_code rc = uplink_forget(tx, a, err);

	return rc == DC_OK ? port_release(tx, a->id.v, err) : rc;
}

static enum dc_code
settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	static const char *const columns[] = {"status", "reason", NULL};
	struct attachment *a = row, old = *a;
	const struct edge_object *object;
	size_t n;
	enum dc_code rc;

	object = work_objects(work, &n);
	if (n == 0 && (rc = numbers_free(tx, a->id.v, err)) != DC_OK)
		return rc;
	if (leaving(a)) {
		*gone = n == 0;
		return *gone ? give_back(tx, a, err) : DC_OK;
	}
	judge(a, object, n, tx_arena(tx));
	if ((rc = uplink_judge(tx, a, err)) != DC_OK)
		return rc;
	if (text_is_same(&old.status, &a->status) && text_is_same(&old.reason, &a->reason))
		return DC_OK;
	return query_set(tx, &attachment_table, columns, a, Q(Q_EQ("id", a->id.v)), NULL, err);
}

static const struct depend depends[] = {
    {"virtual_gateway", "vpc_id", "vpc_id", .render = WORK_WISHES, .settle = WORK_STATE},
    {"enterprise_router", "enterprise_router_id", "id", .render = WORK_WISHES, .settle = WORK_STATE},
    {"connect_gateway", "connect_gateway_id", "id", .render = WORK_WISHES, .settle = WORK_STATE},
    {0},
};

#define PATH "/dcaas/v1/attachments"

static const struct route attachment_routes[] = {
    {M_GET, PATH, ROLE_OPERATOR, .res = &attachment_resource, .run = crud_list, .operation = "ListAttachments",
	.summary = "List the attachments of VPCs and enterprise routers."},
    {M_POST, PATH, ROLE_OPERATOR, ROUTE_WRITES, &attachment_resource, VIEW_OP_CREATE, .status = 201, .run = crud_create,
	.operation = "CreateAttachment", .summary = "Attach a VPC or a network of an enterprise router to an edge."},
    {M_GET, PATH "/{attachment_id}", ROLE_OPERATOR, .res = &attachment_resource, .run = crud_show,
	.operation = "ShowAttachment", .summary = "Read one attachment."},
    {M_PUT, PATH "/{attachment_id}", ROLE_OPERATOR, ROUTE_WRITES, &attachment_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateAttachment",
	.summary = "Change addresses, next hops or prefixes of an attachment."},
    {M_DELETE, PATH "/{attachment_id}", ROLE_OPERATOR, ROUTE_WRITES, &attachment_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteAttachment", .summary = "Take an attachment off its edge."},
    {0},
};

const struct resource attachment_resource = {
    .name = "attachment",
    .plural = "attachments",
    .title = "attachment",
    .idle = "DOWN",
    .table = &attachment_table,
    .missing = DC_E_NOT_FOUND,
    .routes = attachment_routes,
    .chain = chain,
    .create = attachment_create,
    .update = attachment_update,
    .remove = attachment_remove,
    .rank = RANK_ATTACHMENT,
    .depends = depends,
    .leaving = leaving,
    .render = render,
    .settle = settle,
};
