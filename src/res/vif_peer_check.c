/* SPDX-License-Identifier: ISC */
/* vif_peer_check.c - what a peer may have in its gateway: addresses, AS number, password and remote blocks, and the
 * subnets that it claims there (semantics.md 5.6, 8 and 10). */
#include <string.h>

#include "res/link_subnet.h"
#include "res/quota.h"
#include "res/remote_subnet.h"
#include "res/vif_peer.h"

static enum dc_code
claim_link(struct tx *tx, const struct vif_peer *p, const char *gateway_id, const struct ip_prefix *subnet,
    const char *member, struct dc_error *err)
{
	const char *block;
	bool taken;
	enum dc_code rc = link_subnet_is_taken(tx, gateway_id, subnet, &taken, err);

	if (rc != DC_OK)
		return rc;
	if (taken)
		return dc_fail(err, DC_E_ADDRESS, member,
		    "%s: the link subnet overlaps that of another peer of the gateway", member);
	if ((rc = remote_subnet_meets(tx, gateway_id, subnet, &block, err)) != DC_OK)
		return rc;
	if (block != NULL)
		return dc_fail(err, DC_E_ADDRESS, member,
		    "%s: the link subnet overlaps %s, which is behind a static peer of the gateway", member, block);
	return link_subnet_take(tx, p->id.v, gateway_id, subnet, true, err);
}

enum ip_family
vif_peer_family(const struct vif_peer *p)
{
	return p->address_family.set == GIVEN && strcmp(p->address_family.v, "ipv6") == 0 ? IP_V6 : IP_V4;
}

bool
vif_peer_is_v6(const struct vif_peer *p)
{
	return vif_peer_family(p) == IP_V6;
}

bool
vif_peer_is_bgp(const struct vif_peer *p)
{
	return p->route_mode.set == GIVEN && strcmp(p->route_mode.v, "bgp") == 0;
}

static enum dc_code
check_bgp(struct call *call, const struct gateway *gw, struct vif_peer *p, const struct peer_names *names,
    struct dc_error *err)
{
	enum dc_code rc;

	if (text_or_null(&p->bgp_md5) == NULL)
		p->bgp_md5 = (struct f_text){NULLED, NULL}; /* "" means none */
	if ((rc = password_check(&p->bgp_md5, names->md5, err)) != DC_OK)
		return rc;
	if (!vif_peer_is_bgp(p))
		return DC_OK;
	if (p->bgp_asn.set != GIVEN)
		return dc_fail(
		    err, DC_E_NO_ASN, names->asn, "%s is missing: BGP routing needs an AS number", names->asn);
	if (p->bgp_asn.v == gw->bgp_asn)
		return dc_fail(err, DC_E_SAME_ASN, names->asn, "%s: %lld is the AS number of the gateway itself",
		    names->asn, (long long)p->bgp_asn.v);
	return gateway_check_asn(res_settings(call), p->bgp_asn.v, names->asn, err);
}

static enum dc_code
fail_overlap(
    struct dc_error *err, enum dc_code code, const char *member, const struct ip_prefix *a, const struct ip_prefix *b)
{
	char text[2][IP_TEXT_SIZE];

	ip_format_prefix(a, text[0]);
	ip_format_prefix(b, text[1]);
	return dc_fail(err, code, member, "%s: %s overlaps the gateway's local subnet %s", member, text[0], text[1]);
}

/* The remote blocks outside the link subnet: those that become routes. */
static struct cidr_list
outside_link(const struct cidr_list *all, const struct ip_prefix *link, struct arena *arena)
{
	struct cidr_list out = {arena_array(arena, all->n + 1, sizeof(*out.v)), 0};

	for (size_t i = 0; i < all->n; i++)
		if (link == NULL || !ip_contains(link, &all->v[i]))
			out.v[out.n++] = all->v[i];
	return out;
}

enum dc_code
vif_peer_check_number(struct tx *tx, struct call *call, const struct gateway *gw, const struct f_list *list,
    const char *member, struct dc_error *err)
{
	int64_t most;
	enum dc_code rc = quota_of_list(tx, call, gw->tenant_id, QUOTA_REMOTE_SUBNETS, list, &most, err);

	return rc == DC_OK ? cidr_check_quota(list, most, member, err) : rc;
}

static enum dc_code
check_remote(struct tx *tx, struct call *call, const struct gateway *gw, const struct vif_peer *p,
    const struct f_list *list, const struct ip_prefix *link, const struct peer_names *names, struct cidr_list *routes,
    struct dc_error *err)
{
	struct cidr_list remote;
	struct ip_prefix a, b;
	enum dc_code rc;

	if ((rc = vif_peer_check_number(tx, call, gw, list, names->remote_ep_group, err)) != DC_OK ||
	    (rc = cidr_list_parse(list, vif_peer_family(p), names->remote_ep_group, tx_arena(tx), &remote, err)) !=
		DC_OK ||
	    (rc = cidr_check_customer(&remote, link, names->remote_ep_group, err)) != DC_OK)
		return rc;
	*routes = outside_link(&remote, link, tx_arena(tx));
	if (cidr_overlap(routes, &gw->local, &a, &b) &&
	    a.len > 0) /* a default route overlaps everything and means the rest */
		return fail_overlap(err, DC_E_OVERLAP, names->remote_ep_group, &a, &b);
	return DC_OK;
}

/* Those of the gateway's peers with a password, in that family, whose interface is on the edge. */
static enum dc_code
count_keys_on(struct tx *tx, const char *edge_id, const struct query_cond *peers, int64_t *ret, struct dc_error *err)
{
	const struct vif_peer *p;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &vif_peer_table, peers, NULL, &rows, &n, err);

	p = rows;
	*ret = 0;
	for (size_t i = 0; rc == DC_OK && i < n; i++) {
		int64_t on_edge = 0;

		rc = query_count(tx, &virtual_interface_table, Q(Q_EQ("id", p[i].vif_id.v), Q_EQ("edge_id", edge_id)),
		    &on_edge, err);
		*ret += on_edge;
	}
	return rc;
}

enum dc_code
vif_peer_check_key_room(
    struct tx *tx, const char *edge_id, const struct vif_peer *p, const struct peer_names *names, struct dc_error *err)
{
	const char *family = ip_family_name(vif_peer_family(p));
	const struct query_cond *peers = Q(Q_EQ("gateway_id", p->gateway_id.v), Q_EQ("address_family", family),
	    Q_EQ("route_mode", "bgp"), Q_NOT_NULL("bgp_md5"));
	const struct edge_report *report;
	int64_t used;
	void *row;
	enum dc_code rc;

	if (!vif_peer_is_bgp(p) || p->bgp_md5.set != GIVEN)
		return DC_OK;
	rc = query_get(tx, &edge_report_table, Q(Q_EQ("id", edge_id)), &row, err);
	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	report = row;
	if (report->key_room.set != GIVEN)
		return DC_OK;
	/* All of the gateway first: it is seldom on several edges, and seldom full. */
	rc = query_count_to(tx, &vif_peer_table, peers, report->key_room.v, &used, err);
	if (rc == DC_OK && used >= report->key_room.v)
		rc = count_keys_on(tx, edge_id, peers, &used, err);
	if (rc != DC_OK || used < report->key_room.v)
		return rc;
	return dc_fail(err, DC_E_QUOTA, names->md5,
	    "%s: the router has memory for the passwords of %lld %s peers of one gateway, and all of it is in use",
	    names->md5, (long long)report->key_room.v, family);
}

/* What needs nothing of the gateway but its view. */
static enum dc_code
check_members(struct tx *tx, struct call *call, const struct gateway *gw, struct vif_peer *p,
    const struct peer_names *names, struct link_addresses *link, struct cidr_list *routes, struct dc_error *err)
{
	enum dc_code rc;

	if (vif_peer_family(p) == IP_V6 && !gw->ipv6)
		return dc_fail(err, DC_E_PARAM, names->local, "%s: the gateway's address_family is ipv4", names->local);
	if ((rc = link_addresses_parse(&p->local_gateway_ip, &p->remote_gateway_ip, vif_peer_family(p), names->local,
		 names->remote, link, err)) != DC_OK ||
	    (rc = link_addresses_check(link, names->local, names->remote, err)) != DC_OK ||
	    (rc = check_bgp(call, gw, p, names, err)) != DC_OK)
		return rc;
	return check_remote(
	    tx, call, gw, p, &p->remote_ep_group, link->family != IP_NONE ? &link->subnet : NULL, names, routes, err);
}

enum dc_code
vif_peer_check_order(struct tx *tx, struct call *call, const struct gateway *gw, struct vif_peer *p,
    const struct peer_names *names, struct dc_error *err)
{
	struct gateway apart = *gw;
	struct link_addresses link;
	struct cidr_list routes;

	apart.local = (struct cidr_list){0};
	return check_members(tx, call, &apart, p, names, &link, &routes, err);
}

enum dc_code
vif_peer_check(struct tx *tx, struct call *call, const struct gateway *gw, struct vif_peer *p,
    const struct peer_names *names, struct dc_error *err)
{
	struct link_addresses link;
	struct cidr_list subnet, routes;
	struct ip_prefix a, b;
	enum dc_code rc = check_members(tx, call, gw, p, names, &link, &routes, err);

	if (rc != DC_OK)
		return rc;
	F_SET_TEXT(p->gateway_id, gw->id);
	if (link.family != IP_NONE) {
		subnet = (struct cidr_list){&link.subnet, 1};
		if (cidr_overlap(&subnet, &gw->local, &a, &b))
			return fail_overlap(err, DC_E_ADDRESS, names->local, &a, &b);
		if ((rc = claim_link(tx, p, gw->id, &link.subnet, names->local, err)) != DC_OK)
			return rc;
	}
	return vif_peer_is_bgp(p) || gw->kind->eips
		   ? DC_OK
		   : remote_subnets_take(tx, p->id.v, p->id.v, gw->id, &routes, names->remote_ep_group, err);
}

enum dc_code
vif_peer_set_remote(struct tx *tx, struct call *call, const struct gateway *gw, struct vif_peer *p,
    const struct f_list *list, const struct peer_names *names, struct dc_error *err)
{
	struct link_addresses link;
	struct cidr_list routes;
	enum dc_code rc;

	if ((rc = link_addresses_parse(&p->local_gateway_ip, &p->remote_gateway_ip, vif_peer_family(p), names->local,
		 names->remote, &link, err)) != DC_OK ||
	    (rc = check_remote(
		 tx, call, gw, p, list, link.family != IP_NONE ? &link.subnet : NULL, names, &routes, err)) != DC_OK ||
	    (rc = remote_subnets_release(tx, p->id.v, err)) != DC_OK)
		return rc;
	p->remote_ep_group = *list;
	if (!vif_peer_is_bgp(p) && !gw->kind->eips &&
	    (rc = remote_subnets_take(tx, p->id.v, p->id.v, gw->id, &routes, names->remote_ep_group, err)) != DC_OK)
		return rc;
	return query_set(
	    tx, &vif_peer_table, (const char *const[]){"remote_ep_group", NULL}, p, Q(Q_EQ("id", p->id.v)), NULL, err);
}

enum dc_code
vif_peer_prefixes(
    struct tx *tx, const struct vif_peer *p, struct cidr_list *remote, struct cidr_list *link, struct dc_error *err)
{
	struct link_addresses addresses;
	struct cidr_list all;
	enum dc_code rc;

	if ((rc = link_addresses_parse(&p->local_gateway_ip, &p->remote_gateway_ip, IP_NONE, "local_gateway_ip",
		 "remote_gateway_ip", &addresses, err)) != DC_OK ||
	    (rc = cidr_list_parse(&p->remote_ep_group, IP_NONE, "remote_ep_group", tx_arena(tx), &all, err)) != DC_OK)
		return rc;
	*link = (struct cidr_list){0};
	if (addresses.family != IP_NONE)
		*link = (struct cidr_list){arena_memdup(tx_arena(tx), &addresses.subnet, sizeof(addresses.subnet)), 1};
	*remote = outside_link(&all, link->n > 0 ? link->v : NULL, tx_arena(tx));
	return DC_OK;
}
