/* vif_edge.c - the interface on its edge: the objects it is made of, and what the edge's reports make of its state.
 *
 * All objects of an interface and of its peers belong to the interface (owner), so one look brings everything. A peer
 * is ACTIVE when its objects were read back, the port has carrier and, for BGP, the session is Established. The
 * interface is ACTIVE when one of its peers is; `reason` names each peer that is not. */
#include <inttypes.h>
#include <string.h>

#include "res/gateway.h"
#include "res/inventory.h"
#include "res/lifecycle.h"
#include "res/virtual_interface.h"

#define REASON_MAX 255 /* characters, contract */

/* --- down: objects --- */

static const char *
vlan_key(struct arena *arena, const struct virtual_interface *v)
{
	return arena_printf(arena, "vlan/%s", v->id.v);
}

static enum dc_code
put_vlan(struct tx *tx, struct render *render, const struct virtual_interface *v, struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	struct wire_vlan vlan = {0};
	struct edge_number number;
	struct port *port;
	enum dc_code rc;

	if ((rc = port_get(tx, v->port_id.v, &port, err)) != DC_OK ||
	    (rc = number_get(tx, v->edge_id.v, "link", v->id.v, 0, &number, err)) != DC_OK)
		return rc;
	F_SET_TEXT(vlan.vrf, gateway_key(arena, vif_gateway(v)));
	F_SET_TEXT(vlan.device, arena_printf(arena, "dcv%lld", (long long)number.number.v));
	vlan.mark = v->id;
	vlan.port = port->device;
	vlan.vlan = v->vlan;
	F_SET_TEXT(vlan.use, "customer");
	render_put(render, vlan_key(arena, v), OBJECT_VLAN, &vlan, NULL);
	return DC_OK;
}

static void
put_static_routes(struct render *render, struct arena *arena, const struct virtual_interface *v,
    const struct vif_peer *p, const struct cidr_list *remote, const char *via)
{
	for (size_t i = 0; i < remote->n; i++) {
		struct wire_route route = {0};
		char text[IP_TEXT_SIZE];

		ip_format_prefix(&remote->v[i], text);
		F_SET_TEXT(route.vrf, gateway_key(arena, vif_gateway(v)));
		F_SET_TEXT(route.link, vlan_key(arena, v));
		F_SET_TEXT(route.prefix, text);
		F_SET_TEXT(route.via, via);
		F_SET_TEXT(route.class, "static");
		render_put(render, arena_printf(arena, "route/%s/%s", p->id.v, text), OBJECT_ROUTE, &route, NULL);
	}
}

static enum dc_code
put_neighbour(struct tx *tx, struct render *render, const struct virtual_interface *v, const struct vif_peer *p,
    const char *local, const char *remote, struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	struct wire_bgp bgp = {0};
	struct edge_number number;
	struct gateway gw;
	enum dc_code rc;

	if ((rc = number_get(tx, v->edge_id.v, "link", v->id.v, 0, &number, err)) != DC_OK ||
	    (rc = gateway_get(tx, vif_gateway(v), &gw, err)) != DC_OK)
		return rc;
	F_SET_TEXT(bgp.vrf, gateway_key(arena, vif_gateway(v)));
	F_SET_TEXT(bgp.link, vlan_key(arena, v));
	F_SET_TEXT(bgp.name, arena_printf(arena, "p%lld_%c", (long long)number.number.v,
				 strcmp(p->address_family.v, "ipv6") == 0 ? '6' : '4'));
	F_SET_TEXT(bgp.local, local);
	F_SET_TEXT(bgp.remote, remote);
	F_SET_INT(bgp.local_asn, gw.bgp_asn);
	bgp.remote_asn = p->bgp_asn;
	bgp.route_limit = p->bgp_route_limit;
	render_put(render, arena_printf(arena, "bgp/%s", p->id.v), OBJECT_BGP, &bgp, p->bgp_md5.v);
	return DC_OK;
}

static enum dc_code
put_peer(struct tx *tx, struct render *render, const struct virtual_interface *v, const struct vif_peer *p,
    struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	struct link_addresses link;
	struct cidr_list remote, subnet;
	struct wire_addr addr = {0};
	char local_text[IP_TEXT_SIZE], remote_text[IP_TEXT_SIZE], prefix_text[IP_TEXT_SIZE];
	enum dc_code rc;

	if ((rc = link_addresses_parse(&p->local_gateway_ip, &p->remote_gateway_ip, IP_NONE, "local_gateway_ip",
		 "remote_gateway_ip", &link, err)) != DC_OK)
		return rc;
	if (link.family == IP_NONE)
		return DC_OK; /* without addresses nothing can be programmed */
	ip_format_addr(&link.local.addr, local_text);
	ip_format_addr(&link.remote.addr, remote_text);
	ip_format_prefix(&link.local, prefix_text);
	F_SET_TEXT(addr.link, vlan_key(arena, v));
	F_SET_TEXT(addr.prefix, prefix_text);
	render_put(render, arena_printf(arena, "addr/%s", p->id.v), OBJECT_ADDR, &addr, NULL);
	if (vif_peer_is_bgp(p))
		return put_neighbour(tx, render, v, p, local_text, remote_text, err);
	if ((rc = vif_peer_prefixes(tx, p, &remote, &subnet, err)) != DC_OK)
		return rc;
	put_static_routes(render, arena, v, p, &remote, remote_text);
	return DC_OK;
}

/* Whether an object belongs to a peer: keys are "addr/<peer>", "bgp/<peer>", "route/<peer>/<prefix>". */
static bool
is_of_peer(const struct edge_object *o, const struct vif_peer *p)
{
	const char *slash = strchr(o->key.v, '/');

	return slash != NULL && strncmp(slash + 1, p->id.v, UUID_TEXT_SIZE - 1) == 0;
}

/* Peers whose objects are not all as asked any more. */
static enum dc_code
move_changed(struct tx *tx, struct virtual_interface *v, struct vif_peer *peer, size_t n, struct dc_error *err)
{
	static const char *const columns[] = {"status", NULL};
	struct edge_object *object;
	size_t objects;
	bool any = false;
	enum dc_code rc;

	if ((rc = objects_of(tx, v->id.v, &object, &objects, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		bool changed = false;

		if (life_is(&peer[i].status, LIFE_PENDING_DELETE))
			continue;
		for (size_t k = 0; k < objects; k++)
			changed = changed || (is_of_peer(&object[k], &peer[i]) && !object_is_applied(&object[k]));
		if (!changed)
			continue;
		any = true;
		life_move(&peer[i].status, EV_CHANGED, "vif_peer", peer[i].id.v);
		if ((rc = query_set(tx, &vif_peer_table, columns, &peer[i], Q(Q_EQ("id", peer[i].id.v)), NULL, err)) !=
		    DC_OK)
			return rc;
	}
	if (!any || life_is(&v->status, LIFE_PENDING_DELETE))
		return DC_OK;
	life_move(&v->status, EV_CHANGED, "virtual_interface", v->id.v);
	return query_set(tx, virtual_interface_resource.table, columns, v, Q(Q_EQ("id", v->id.v)), NULL, err);
}

enum dc_code
vif_render(struct tx *tx, struct virtual_interface *v, struct dc_error *err)
{
	struct render *render;
	struct vif_peer *peer;
	bool changed;
	size_t n;
	enum dc_code rc;

	if ((rc = vif_peers_of(tx, v->id.v, &peer, &n, err)) != DC_OK ||
	    (rc = render_begin(tx, v->edge_id.v, virtual_interface_resource.name, v->id.v, &render, err)) != DC_OK)
		return rc;
	if (!life_is(&v->status, LIFE_PENDING_DELETE)) {
		if ((rc = put_vlan(tx, render, v, err)) != DC_OK)
			return rc;
		for (size_t i = 0; i < n; i++)
			if (!life_is(&peer[i].status, LIFE_PENDING_DELETE) &&
			    (rc = put_peer(tx, render, v, &peer[i], err)) != DC_OK)
				return rc;
	}
	if ((rc = render_commit(tx, render, &changed, err)) != DC_OK || !changed)
		return rc;
	return move_changed(tx, v, peer, n, err);
}

/* --- up: states --- */

/* What one look at the store says about an interface. */
struct look {
	struct tx *tx;
	struct virtual_interface *v;
	struct edge_object *object; /* of the interface and its peers */
	size_t objects;
	const struct edge_object *vrf, *vlan; /* NULL: not there */
	char reason[REASON_MAX + 1];
	struct dc_error *err;
};

static void add_reason(struct look *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
add_reason(struct look *l, const char *fmt, ...)
{
	size_t used = strlen(l->reason);
	va_list ap;

	if (used > 0 && used + 2 < sizeof(l->reason)) {
		memcpy(l->reason + used, "; ", 3);
		used += 2;
	}
	va_start(ap, fmt);
	vsnprintf(l->reason + used, sizeof(l->reason) - used, fmt, ap);
	va_end(ap);
}

/* The objects a peer rests on, its own and the shared ones: first the one in error, else one that is not there yet. */
static enum life_event
judge_objects(struct look *l, const struct vif_peer *p, const struct edge_object **culprit)
{
	const struct edge_object *shared[2] = {l->vrf, l->vlan};
	enum life_event event = EV_UP;
	bool any = false;

	for (size_t i = 0; i < 2; i++) {
		if (shared[i] == NULL || !object_is_applied(shared[i]))
			event = EV_WAITING;
		if (shared[i] != NULL && object_is_error(shared[i])) {
			*culprit = shared[i];
			return EV_FAILED;
		}
	}
	for (size_t i = 0; i < l->objects; i++) {
		if (!is_of_peer(&l->object[i], p) || l->object[i].deleted.v)
			continue;
		any = true;
		if (object_is_error(&l->object[i])) {
			*culprit = &l->object[i];
			return EV_FAILED;
		}
		if (!object_is_applied(&l->object[i]))
			event = EV_WAITING;
	}
	return any ? event : EV_NOT_UP;
}

static void
say_no_session(struct look *l, const struct vif_peer *p, const struct edge_session *s)
{
	const char *md5 = p->bgp_md5.set == GIVEN ? ", MD5 ordered" : "";
	bool said = s != NULL && s->last_error.set == GIVEN && s->last_error.v[0] != '\0';
	char since[UTC_TEXT_SIZE];

	if (s == NULL || s->since.set != GIVEN) {
		add_reason(l, "%s: no session yet%s", p->address_family.v, md5);
		return;
	}
	utc_format(s->since.v, since);
	add_reason(l, "%s: no session since %s%s%s%s", p->address_family.v, since, md5, said ? ": " : "",
	    said ? s->last_error.v : "");
}

static enum dc_code
load_session(struct look *l, const struct vif_peer *p, struct edge_session **ret)
{
	void *row;
	enum dc_code rc = query_get(l->tx, &edge_session_table, Q(Q_EQ("id", p->id.v)), &row, l->err);

	*ret = rc == DC_OK ? row : NULL;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

static enum life_event
judge_peer(struct look *l, const struct vif_peer *p, const struct edge_session *s)
{
	const struct edge_object *culprit = NULL;
	enum life_event event = judge_objects(l, p, &culprit);

	if (event == EV_FAILED)
		add_reason(l, "%s: %s: %s", p->address_family.v, culprit->kind.v,
		    culprit->error.set == GIVEN ? culprit->error.v : culprit->state.v);
	else if (event == EV_WAITING)
		add_reason(l, "%s: the edge has not read it back yet", p->address_family.v);
	else if (event == EV_NOT_UP)
		add_reason(l, "%s: no gateway addresses", p->address_family.v);
	else if (l->vlan->carrier.set == GIVEN && !l->vlan->carrier.v) {
		add_reason(l, "%s: no carrier on the port", p->address_family.v);
		event = EV_NOT_UP;
	} else if (vif_peer_is_bgp(p) && (s == NULL || !s->established.v)) {
		say_no_session(l, p, s);
		event = EV_NOT_UP;
	}
	return event;
}

/* A peer's state and counts; writes its row when they moved. */
static enum dc_code
update_peer(struct look *l, struct vif_peer *p, enum life_event *event)
{
	static const char *const columns[] = {"status", "bgp_status", "receive_route_num", NULL};
	struct vif_peer old = *p;
	struct edge_session *s;
	bool up;
	enum dc_code rc;

	if ((rc = load_session(l, p, &s)) != DC_OK)
		return rc;
	*event = judge_peer(l, p, s);
	life_move(&p->status, *event, "vif_peer", p->id.v);
	if (vif_peer_is_bgp(p)) {
		up = s != NULL && s->established.v;
		F_SET_TEXT(p->bgp_status, up ? "up" : "down");
		F_SET_INT(p->receive_route_num, up && s->received.set == GIVEN ? s->received.v : 0);
	}
	if (strcmp(old.status.v, p->status.v) == 0 && old.receive_route_num.v == p->receive_route_num.v &&
	    (p->bgp_status.v == NULL || (old.bgp_status.v != NULL && strcmp(old.bgp_status.v, p->bgp_status.v) == 0)))
		return DC_OK;
	return query_set(l->tx, &vif_peer_table, columns, p, Q(Q_EQ("id", p->id.v)), NULL, l->err);
}

static bool
peer_is_gone(const struct look *l, const struct vif_peer *p)
{
	for (size_t i = 0; i < l->objects; i++)
		if (is_of_peer(&l->object[i], p))
			return false;
	return true;
}

/* One event for the interface out of its peers': one that is up carries it; otherwise what is still on its way, then
 * what failed. */
static enum life_event
combine(const bool seen[EV_REMOVE + 1])
{
	if (seen[EV_WAITING] && !seen[EV_UP])
		return EV_WAITING;
	if (seen[EV_UP])
		return seen[EV_WAITING] ? EV_WAITING : EV_UP;
	return seen[EV_FAILED] ? EV_FAILED : EV_NOT_UP;
}

static enum dc_code
update_interface(struct look *l, enum life_event event)
{
	static const char *const columns[] = {"status", "reason", NULL};
	struct virtual_interface *v = l->v;
	const char *reason = l->reason[0] != '\0' ? l->reason : NULL;
	bool same_reason =
	    reason == NULL ? v->reason.v == NULL : v->reason.v != NULL && strcmp(reason, v->reason.v) == 0;
	const char *before = v->status.v;
	enum dc_code rc;

	life_move(&v->status, event, "virtual_interface", v->id.v);
	if (same_reason && strcmp(before, v->status.v) == 0)
		return DC_OK;
	F_SET_TEXT(v->reason, reason);
	if ((rc = query_set(
		 l->tx, virtual_interface_resource.table, columns, v, Q(Q_EQ("id", v->id.v)), NULL, l->err)) != DC_OK ||
	    strcmp(before, v->status.v) == 0 || v->gateway_id.set != GIVEN)
		return rc;
	return gateway_settle(l->tx, v->gateway_id.v, l->err); /* a global one follows its interfaces */
}

/* The edge has let go of everything: the rows go, then what the gateway had there only for it. */
static enum dc_code
destroy(struct look *l, struct vif_peer *peer, size_t n)
{
	struct virtual_interface *v = l->v;
	enum dc_code rc;

	for (size_t i = 0; i < n; i++)
		if ((rc = vif_peer_destroy(l->tx, &peer[i], l->err)) != DC_OK)
			return rc;
	if ((rc = number_free(l->tx, v->edge_id.v, "link", v->id.v, l->err)) != DC_OK ||
	    (rc = port_release(l->tx, v->id.v, l->err)) != DC_OK ||
	    (rc = query_delete(l->tx, virtual_interface_resource.table, Q(Q_EQ("id", v->id.v)), NULL, l->err)) != DC_OK)
		return rc;
	return gateway_leave(l->tx, vif_gateway(v), v->edge_id.v, l->err);
}

static enum dc_code
observe_peers(struct look *l, struct vif_peer *peer, size_t n)
{
	bool seen[EV_REMOVE + 1] = {false};
	enum dc_code rc;

	for (size_t i = 0; i < n; i++) {
		enum life_event event;

		if (life_is(&peer[i].status, LIFE_PENDING_DELETE)) {
			if (peer_is_gone(l, &peer[i]) && (rc = vif_peer_destroy(l->tx, &peer[i], l->err)) != DC_OK)
				return rc;
			continue;
		}
		if ((rc = update_peer(l, &peer[i], &event)) != DC_OK)
			return rc;
		seen[event] = true;
	}
	return update_interface(l, combine(seen));
}

static enum dc_code
look_at(struct look *l)
{
	const char *vlan = vlan_key(tx_arena(l->tx), l->v), *vrf = gateway_key(tx_arena(l->tx), vif_gateway(l->v));
	void *row;
	enum dc_code rc;

	if ((rc = objects_of(l->tx, l->v->id.v, &l->object, &l->objects, l->err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < l->objects; i++)
		if (strcmp(l->object[i].key.v, vlan) == 0)
			l->vlan = &l->object[i];
	rc = query_get(l->tx, &edge_object_table, Q(Q_EQ("edge_id", l->v->edge_id.v), Q_EQ("key", vrf)), &row, l->err);
	if (rc == DC_OK)
		l->vrf = row;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

enum dc_code
vif_observe(struct tx *tx, const char *id, struct dc_error *err)
{
	struct look l = {.tx = tx, .err = err};
	struct vif_peer *peer;
	void *row;
	size_t n;
	enum dc_code rc;

	rc = query_get(tx, virtual_interface_resource.table, Q(Q_EQ("id", id)), &row, err);
	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	l.v = row;
	if ((rc = look_at(&l)) != DC_OK || (rc = vif_peers_of(tx, id, &peer, &n, err)) != DC_OK)
		return rc;
	if (life_is(&l.v->status, LIFE_PENDING_DELETE))
		return l.objects == 0 ? destroy(&l, peer, n) : DC_OK;
	return observe_peers(&l, peer, n);
}
