/* SPDX-License-Identifier: ISC */
/* vif_peer_edge.c - a peer on its edge: an address on the interface's device, and a BGP neighbour or static routes
 * there. It is ACTIVE when these, the device and the VRF were read back, the port has carrier and, for BGP, the session
 * is Established. */
#include <string.h>

#include "res/lifecycle.h"
#include "res/link_subnet.h"
#include "res/remote_subnet.h"
#include "res/switchover.h"
#include "res/vif_detection.h"
#include "res/vif_peer.h"
#include "res/vif_rate.h"
#include "res/virtual_gateway_row.h"
#include "res/virtual_interface_place.h"

/* --- down: objects --- */

const char *
vif_vlan_key(struct arena *arena, const char *vif_id)
{
	return arena_printf(arena, "vlan/%s", vif_id);
}

static struct next_hop
next_hop(const struct virtual_interface *v, const struct ip_addr *remote, struct arena *arena)
{
	char via[IP_TEXT_SIZE];

	ip_format_addr(remote, via);
	return (struct next_hop){v->edge_id.v, vif_vlan_key(arena, v->id.v), arena_strdup(arena, via), v->shut_until};
}

enum dc_code
vif_peer_next_hop(struct tx *tx, const struct vif_peer *p, struct next_hop *ret, struct dc_error *err)
{
	struct link_addresses link;
	void *found;
	enum dc_code rc;

	if ((rc = link_addresses_parse(&p->local_gateway_ip, &p->remote_gateway_ip, IP_NONE, "local_gateway_ip",
		 "remote_gateway_ip", &link, err)) != DC_OK ||
	    (rc = work_row(tx, "virtual_interface", p->vif_id.v, &found, err)) != DC_OK)
		return rc;
	*ret = (struct next_hop){0};
	if (link.family != IP_NONE)
		*ret = next_hop(found, &link.remote.addr, tx_arena(tx));
	return DC_OK;
}

/* The kind of the gateway in whose VRF the interface is. */
static const struct gateway_kind *
vrf_kind(const struct virtual_interface *v)
{
	return vif_is_at_router(v) ? &enterprise_router_kind : gateway_kind_of_service(v->service_type.v);
}

/* The row of the interface's gateway, which the engine reads once for all that is in it. */
static enum dc_code
gateway_of(struct tx *tx, const struct virtual_interface *v, struct gateway *ret, struct dc_error *err)
{
	const struct gateway_kind *kind = vrf_kind(v);
	void *row;
	enum dc_code rc = work_row(tx, kind->res->name, v->vrf_gateway_id.v, &row, err);

	if (rc != DC_OK || (rc = gateway_of_row(tx, kind, row, ret, err)) != DC_OK || !vif_is_at_router(v))
		return rc;
	if ((rc = work_row(tx, virtual_gateway_kind.res->name, v->vgw_id.v, &row, err)) == DC_OK)
		ret->bgp_asn = ((const struct virtual_gateway *)row)->bgp_asn.v;
	return rc;
}

static enum dc_code
put_neighbour(struct tx *tx, struct work_view *work, const struct virtual_interface *v, const struct vif_peer *p,
    const char *local, const char *remote, struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	struct wire_bgp bgp = {0};
	int64_t number;
	struct gateway gw;
	enum dc_code rc;

	if ((rc = work_link_number(tx, v->edge_id.v, v->id.v, &number, err)) != DC_OK ||
	    (rc = gateway_of(tx, v, &gw, err)) != DC_OK)
		return rc;
	F_SET_TEXT(bgp.vrf, gateway_key(arena, gw.id));
	F_SET_TEXT(bgp.link, vif_vlan_key(arena, v->id.v));
	F_SET_TEXT(bgp.name, arena_printf(arena, "p%lld_%c", (long long)number, vif_peer_is_v6(p) ? '6' : '4'));
	F_SET_TEXT(bgp.local, local);
	F_SET_TEXT(bgp.remote, remote);
	F_SET_INT(bgp.local_asn, gw.bgp_asn);
	bgp.remote_asn = p->bgp_asn;
	bgp.route_limit = p->bgp_route_limit;
	bgp.shut_until = v->shut_until;
	work_put(work, v->edge_id.v, arena_printf(arena, "bgp/%s", p->id.v), OBJECT_BGP, &bgp, p->bgp_md5.v);
	return DC_OK;
}

bool
vif_peer_leaving(const void *row)
{
	return life_is(&((const struct vif_peer *)row)->status, LIFE_PENDING_DELETE);
}

/* Of an interface that another project has not accepted. */
static bool
is_apart(const struct vif_peer *p)
{
	return life_is(&p->status, LIFE_AUTHORIZATION) || life_is(&p->status, LIFE_REJECTED);
}

/* Without addresses nothing can be programmed. */
enum dc_code
vif_peer_render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	const struct vif_peer *p = row;
	const struct virtual_interface *v;
	struct arena *arena = tx_arena(tx);
	struct link_addresses link;
	struct cidr_list remote, subnet;
	struct wire_addr addr = {0};
	char local_text[IP_TEXT_SIZE], remote_text[IP_TEXT_SIZE], prefix_text[IP_TEXT_SIZE];
	struct next_hop hop;
	void *found;
	enum dc_code rc;

	work_show_as(work, "virtual_interface", p->vif_id.v);
	if (vif_peer_leaving(p) || is_apart(p))
		return DC_OK;
	if ((rc = link_addresses_parse(&p->local_gateway_ip, &p->remote_gateway_ip, IP_NONE, "local_gateway_ip",
		 "remote_gateway_ip", &link, err)) != DC_OK ||
	    link.family == IP_NONE)
		return rc;
	if ((rc = work_row(tx, "virtual_interface", p->vif_id.v, &found, err)) != DC_OK)
		return rc;
	v = found;
	ip_format_addr(&link.local.addr, local_text);
	ip_format_addr(&link.remote.addr, remote_text);
	ip_format_prefix(&link.local, prefix_text);
	F_SET_TEXT(addr.link, vif_vlan_key(arena, v->id.v));
	F_SET_TEXT(addr.prefix, prefix_text);
	work_put(work, v->edge_id.v, arena_printf(arena, "addr/%s", p->id.v), OBJECT_ADDR, &addr, NULL);
	vif_detection_put(tx, work, v, p, local_text, remote_text,
	    vif_peer_is_bgp(p) ? arena_printf(arena, "bgp/%s", p->id.v) : NULL);
	if (vif_peer_is_bgp(p))
		return put_neighbour(tx, work, v, p, local_text, remote_text, err);
	if (gateway_kind_of_service(v->service_type.v)->eips)
		return DC_OK; /* global_eip_binding.c */
	if ((rc = vif_peer_prefixes(tx, p, &remote, &subnet, err)) != DC_OK)
		return rc;
	hop = next_hop(v, &link.remote.addr, arena);
	for (size_t i = 0; i < remote.n; i++)
		gateway_put_route(work, arena, p->gateway_id.v, &hop, p->id.v, &remote.v[i], "static");
	return DC_OK;
}

/* --- up: states --- */

/* What one look at the store shows of a peer. */
struct look {
	struct tx *tx;
	const struct vif_peer *p;
	const struct virtual_interface *v;
	const struct edge_object *vlan; /* NULL: not there */
	const struct edge_session *session;
	const char *reason;
};

/* Its own objects that it cannot do without. */
static const struct edge_object *
needed_objects(struct look *l, struct work_view *work, size_t *n)
{
	size_t all;
	const struct edge_object *own = work_objects(work, &all);
	struct edge_object *needed = arena_array(tx_arena(l->tx), all + 1, sizeof(*needed));

	*n = 0;
	for (size_t i = 0; i < all; i++)
		if (!vif_detection_is(&own[i]))
			needed[(*n)++] = own[i];
	return needed;
}

/* The objects that a peer rests on, its own and the shared ones: first the one in error, else one that is not there
 * yet. */
static enum dc_code
judge_objects(struct look *l, struct work_view *work, enum work_verdict *ret, const struct edge_object **culprit,
    struct dc_error *err)
{
	const struct edge_object *vrf, *vlan, *own;
	const struct gateway_kind *kind = vrf_kind(l->v);
	size_t vrfs, vlans, n;
	enum work_verdict shared[2] = {VERDICT_NONE, VERDICT_NONE};
	const struct edge_object *why[2] = {NULL, NULL};
	enum dc_code rc;

	own = needed_objects(l, work, &n);
	*ret = work_judge(own, n, culprit);
	if ((rc = work_objects_of(l->tx, kind->res->name, l->v->vrf_gateway_id.v, &vrf, &vrfs, err)) != DC_OK ||
	    (rc = work_objects_of(l->tx, "virtual_interface", l->v->id.v, &vlan, &vlans, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < vrfs; i++)
		if (strcmp(vrf[i].edge_id.v, l->v->edge_id.v) == 0)
			shared[0] = work_judge(&vrf[i], 1, &why[0]);
	for (size_t i = 0; i < vlans; i++)
		if (!vif_rate_is(&vlan[i])) {
			l->vlan = &vlan[i];
			shared[1] = work_judge(l->vlan, 1, &why[1]);
		}
	for (size_t i = 0; i < 2 && *ret != VERDICT_NONE; i++) {
		if (shared[i] == VERDICT_FAILED) {
			*ret = VERDICT_FAILED;
			*culprit = why[i];
			return DC_OK;
		}
		if (shared[i] != VERDICT_APPLIED && *ret == VERDICT_APPLIED)
			*ret = VERDICT_WAITING;
	}
	return DC_OK;
}

static const char *
no_session(const struct look *l)
{
	const struct edge_session *s = l->session;
	const char *md5 = l->p->bgp_md5.set == GIVEN ? ", MD5 ordered" : "";
	bool said = s != NULL && s->last_error.set == GIVEN && s->last_error.v[0] != '\0';
	char since[UTC_TEXT_SIZE];

	if (s == NULL || s->since.set != GIVEN)
		return arena_printf(tx_arena(l->tx), "no session yet%s", md5);
	utc_format(s->since.v, since);
	return arena_printf(
	    tx_arena(l->tx), "no session since %s%s%s%s", since, md5, said ? ": " : "", said ? s->last_error.v : "");
}

/* Whether a switchover test keeps it down, as its edge shows: an edge of an earlier release knows no such thing. */
static bool
is_shut(const struct look *l, const struct edge_object *own, size_t n)
{
	if (!switchover_shuts(l->v))
		return false;
	if (vif_peer_is_bgp(l->p))
		return l->session == NULL || !l->session->established.v;
	for (size_t i = 0; i < n; i++)
		if (strcmp(own[i].kind.v, "route") == 0 && !own[i].deleted.v &&
		    (own[i].detail.set != GIVEN || strstr(own[i].detail.v, WIRE_DETAIL_SHUT) == NULL))
			return false;
	return true;
}

static enum dc_code
judge(struct look *l, struct work_view *work, enum life_event *event, struct dc_error *err)
{
	const struct edge_object *culprit = NULL;
	const struct edge_object *own;
	enum work_verdict verdict;
	size_t n;
	bool heard;
	enum dc_code rc = judge_objects(l, work, &verdict, &culprit, err);

	if (rc != DC_OK)
		return rc;
	own = needed_objects(l, work, &n);
	heard = work_is_heard(own, n);
	*event = EV_NOT_UP;
	l->reason = NULL;
	if (verdict == VERDICT_FAILED) {
		*event = EV_FAILED;
		l->reason = work_error(culprit, tx_arena(l->tx));
	} else if (verdict == VERDICT_WAITING) {
		*event = EV_WAITING;
		l->reason = heard ? "the edge has not read it back yet" : NULL;
	} else if (verdict == VERDICT_NONE)
		l->reason = "no gateway addresses";
	else if (l->vlan != NULL && l->vlan->carrier.set == GIVEN && !l->vlan->carrier.v)
		l->reason = "no carrier on the port";
	else if (is_shut(l, own, n))
		l->reason = switchover_words(l->v, tx_arena(l->tx));
	else if (vif_peer_is_bgp(l->p) && (l->session == NULL || !l->session->established.v))
		l->reason = no_session(l);
	else
		*event = EV_UP;
	return DC_OK;
}

/* What keeps it from being ACTIVE, and what keeps it from being watched. */
static const char *
all_reasons(const struct look *l, const struct work_view *work)
{
	struct arena *arena = tx_arena(l->tx);
	size_t n;
	const struct edge_object *own = work_objects(work, &n);
	const char *fault = vif_detection_fault(own, n, arena);

	if (l->reason == NULL || fault == NULL)
		return l->reason != NULL ? l->reason : fault;
	return arena_printf(arena, "%s, %s", l->reason, fault);
}

static enum dc_code
load_session(struct look *l, struct dc_error *err)
{
	void *row = NULL;
	enum dc_code rc = DC_OK;

	if (vif_peer_is_bgp(l->p))
		rc = query_get(l->tx, &edge_session_table, Q(Q_EQ("id", l->p->id.v)), &row, err);
	l->session = row;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

/* The edge has let go of everything: what the peer had taken in its gateway is free. */
static enum dc_code
give_back(struct tx *tx, const struct vif_peer *p, struct dc_error *err)
{
	enum dc_code rc;

	if ((rc = query_delete(tx, &edge_session_table, Q(Q_EQ("id", p->id.v)), NULL, err)) != DC_OK ||
	    (rc = remote_subnets_release(tx, p->id.v, err)) != DC_OK)
		return rc;
	return link_subnet_release(tx, p->id.v, err);
}

enum dc_code
vif_peer_settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	static const char *const columns[] = {
	    "status", "status_time", "bgp_status", "receive_route_num", "reason", NULL};
	struct vif_peer *p = row, old = *p;
	struct look l = {.tx = tx, .p = p};
	enum life_event event;
	void *found;
	size_t n;
	enum dc_code rc;

	work_objects(work, &n);
	if (vif_peer_leaving(p)) {
		*gone = n == 0;
		return n == 0 ? give_back(tx, p, err) : DC_OK;
	}
	if (is_apart(p))
		return DC_OK;
	if ((rc = work_row(tx, "virtual_interface", p->vif_id.v, &found, err)) != DC_OK)
		return rc;
	l.v = found;
	if ((rc = load_session(&l, err)) != DC_OK || (rc = judge(&l, work, &event, err)) != DC_OK)
		return rc;
	life_move(&p->status, event, "vif_peer", p->id.v);
	if (!text_is_same(&old.status, &p->status))
		F_SET_INT(p->status_time, tx_now(tx));
	if (vif_peer_is_bgp(p)) {
		bool up = l.session != NULL && l.session->established.v;

		F_SET_TEXT(p->bgp_status, up ? "up" : "down");
		F_SET_INT(p->receive_route_num, up && l.session->received.set == GIVEN ? l.session->received.v : 0);
	}
	l.reason = all_reasons(&l, work);
	F_SET_TEXT(p->reason, l.reason != NULL ? arena_printf(tx_arena(tx), "%.255s", l.reason) : NULL);
	if (text_is_same(&old.status, &p->status) && text_is_same(&old.bgp_status, &p->bgp_status) &&
	    text_is_same(&old.reason, &p->reason) && old.receive_route_num.v == p->receive_route_num.v)
		return DC_OK;
	return query_set(tx, &vif_peer_table, columns, p, Q(Q_EQ("id", p->id.v)), NULL, err);
}
