/* peer_link_edge.c - the link on its edge: the objects it is made of, and what the edge's reports make of its state.
 *
 * It is ACTIVE when both VRFs, both devices and all four ends of its sessions were read back, the sessions of both
 * families are Established, and what one end announces the other has received. */
#include <string.h>

#include "base/log.h"
#include "reconcile/objects.h"
#include "res/enterprise_router.h"
#include "res/gateway.h"
#include "res/link_subnet.h"
#include "res/peer_link.h"

#define REASON_MAX 255 /* characters, contract */
/* All that one gateway may know of its customers; a limit against our own mistakes, not a quota. */
#define ROUTE_LIMIT 10000

static const enum ip_family families[2] = {IP_V4, IP_V6};

/* --- down --- */

static const char *
device_key(struct arena *arena, const struct peer_link *link, const struct link_end *end)
{
	return arena_printf(arena, "veth/%s/%s", link->id.v, end->name);
}

static void
put_session(struct render *render, struct arena *arena, const struct peer_link *link, const struct link_end *end,
    unsigned f, const struct wire_bgp *common, const struct link_end *other)
{
	struct wire_addr addr = {0};
	struct wire_bgp bgp = *common;
	char local[IP_TEXT_SIZE], remote[IP_TEXT_SIZE], prefix[IP_TEXT_SIZE];

	ip_format_prefix(&end->address[f], prefix);
	ip_format_addr(&end->address[f].addr, local);
	ip_format_addr(&other->address[f].addr, remote);
	F_SET_TEXT(addr.link, device_key(arena, link, end));
	F_SET_TEXT(addr.prefix, prefix);
	render_put(render, arena_printf(arena, "addr/%s", end->session[f]), OBJECT_ADDR, &addr, NULL);
	bgp.link = addr.link;
	F_SET_TEXT(bgp.name, arena_printf(arena, "%s_%u", common->name.v, (unsigned)families[f]));
	F_SET_TEXT(bgp.local, local);
	F_SET_TEXT(bgp.remote, remote);
	render_put(render, arena_printf(arena, "bgp/%s", end->session[f]), OBJECT_BGP, &bgp, NULL);
}

static void
put_end(struct render *render, struct arena *arena, const struct peer_link *link, int64_t number,
    const struct link_end *end, const struct gateway *gw, const struct link_end *other, const struct gateway *other_gw)
{
	struct wire_veth veth = {0};
	struct wire_bgp bgp = {0};

	F_SET_TEXT(veth.vrf, gateway_key(arena, gw->id));
	F_SET_TEXT(veth.device, arena_printf(arena, "dcl%lld%s", (long long)number, end->name));
	F_SET_TEXT(veth.mark, end->mark);
	F_SET_TEXT(veth.peer, device_key(arena, link, other));
	render_put(render, device_key(arena, link, end), OBJECT_VETH, &veth, NULL);
	bgp.vrf = veth.vrf;
	F_SET_TEXT(bgp.name, arena_printf(arena, "lnk%lld%s", (long long)number, end->name));
	F_SET_INT(bgp.local_asn, gw->internal_asn);
	F_SET_INT(bgp.remote_asn, other_gw->internal_asn);
	F_SET_INT(bgp.route_limit, ROUTE_LIMIT);
	F_SET_TEXT(bgp.class, "link");
	F_SET_BOOL(bgp.default_route, gw->kind == &enterprise_router_kind);
	for (unsigned f = 0; f < 2; f++)
		put_session(render, arena, link, end, f, &bgp, other);
}

enum dc_code
peer_link_render(struct tx *tx, const struct peer_link *link, const struct res_settings *settings, struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	struct link_end end[2];
	struct gateway gw[2];
	struct edge_number number;
	struct render *render;
	enum dc_code rc;

	peer_link_ends(link, settings, end);
	if ((rc = gateway_get(tx, end[0].gateway_id, &gw[0], err)) != DC_OK ||
	    (rc = gateway_get(tx, end[1].gateway_id, &gw[1], err)) != DC_OK ||
	    (rc = number_get(tx, link->edge_id.v, "link", link->id.v, 0, &number, err)) != DC_OK ||
	    (rc = render_begin(tx, link->edge_id.v, peer_link_resource.name, link->id.v, &render, err)) != DC_OK)
		return rc;
	for (unsigned i = 0; i < 2; i++)
		put_end(render, arena, link, number.number.v, &end[i], &gw[i], &end[1 - i], &gw[1 - i]);
	return render_commit(tx, render, NULL, err);
}

enum dc_code
peer_link_withdraw(struct tx *tx, const struct peer_link *link, struct dc_error *err)
{
	struct render *render;
	enum dc_code rc = render_begin(tx, link->edge_id.v, peer_link_resource.name, link->id.v, &render, err);

	return rc == DC_OK ? render_commit(tx, render, NULL, err) : rc;
}

/* --- states --- */

#define STATES(X)                                                                                                      \
	X(PENDING_CREATE) /* ordered; never up yet */                                                                  \
	X(PENDING_UPDATE) /* a change of its objects is on its way */                                                  \
	X(ACTIVE)                                                                                                      \
	X(ERROR) /* the edge could not, or a session that was up is down */

enum state {
#define X(name) STATE_##name,
	STATES(X)
#undef X
	    STATE_COUNT
};

static const char *const state_names[] = {
#define X(name) #name,
    STATES(X)
#undef X
};

enum event {
	EVENT_WAITING, /* not all of it was read back */
	EVENT_FAILED,  /* the edge could not */
	EVENT_DOWN,    /* read back, but a session is not Established */
	EVENT_SILENT,  /* Established, but what one end announces the other has not received */
	EVENT_UP,
	EVENT_COUNT
};

/* One that works is not given up because two counts were read in different moments. */
static const enum state next[STATE_COUNT][EVENT_COUNT] = {
    [STATE_PENDING_CREATE] = {STATE_PENDING_CREATE, STATE_ERROR, STATE_PENDING_CREATE, STATE_PENDING_CREATE,
	STATE_ACTIVE},
    [STATE_PENDING_UPDATE] = {STATE_PENDING_UPDATE, STATE_ERROR, STATE_ERROR, STATE_PENDING_UPDATE, STATE_ACTIVE},
    [STATE_ACTIVE] = {STATE_PENDING_UPDATE, STATE_ERROR, STATE_ERROR, STATE_ACTIVE, STATE_ACTIVE},
    [STATE_ERROR] = {STATE_PENDING_UPDATE, STATE_ERROR, STATE_ERROR, STATE_ERROR, STATE_ACTIVE},
};

static enum state
state_of(const struct peer_link *link)
{
	unsigned s = 0;

	while (s + 1 < STATE_COUNT && strcmp(state_names[s], link->status.v) != 0)
		s++;
	return (enum state)s;
}

/* --- up --- */

struct look {
	struct tx *tx;
	struct peer_link *link;
	struct edge_object *object; /* its own */
	size_t objects;
	char reason[REASON_MAX + 1];
	struct dc_error *err;
};

static enum event say(struct look *l, enum event event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static enum event
say(struct look *l, enum event event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->reason, sizeof(l->reason), fmt, ap);
	va_end(ap);
	return event;
}

static enum event
judge_object(struct look *l, const struct edge_object *o)
{
	if (object_is_error(o))
		return say(l, EVENT_FAILED, "%s: %s", o->kind.v, o->error.set == GIVEN ? o->error.v : o->state.v);
	return object_is_applied(o) ? EVENT_UP : say(l, EVENT_WAITING, "the edge has not read it back yet");
}

/* What failed outweighs what is not there yet. */
static void
worse(enum event *event, enum event other)
{
	if (other == EVENT_FAILED || (other == EVENT_WAITING && *event != EVENT_FAILED))
		*event = other;
}

static enum dc_code
judge_vrf(struct look *l, const char *gateway_id, enum event *event)
{
	void *row;
	enum dc_code rc = query_get(l->tx, &edge_object_table,
	    Q(Q_EQ("edge_id", l->link->edge_id.v), Q_EQ("key", gateway_key(tx_arena(l->tx), gateway_id))), &row,
	    l->err);

	if (rc == DC_E_NOT_FOUND) {
		worse(event, say(l, EVENT_WAITING, "the edge has not read it back yet"));
		return DC_OK;
	}
	if (rc == DC_OK && *event != EVENT_FAILED)
		worse(event, judge_object(l, row));
	return rc;
}

static enum dc_code
judge_objects(struct look *l, enum event *event)
{
	enum dc_code rc;

	*event = EVENT_UP;
	for (size_t i = 0; i < l->objects && *event != EVENT_FAILED; i++)
		if (!l->object[i].deleted.v)
			worse(event, judge_object(l, &l->object[i]));
	if ((rc = judge_vrf(l, l->link->global_dc_gateway_id.v, event)) != DC_OK)
		return rc;
	return judge_vrf(l, l->link->peer_gateway_id.v, event);
}

static enum dc_code
load_session(struct look *l, const char *id, struct edge_session *ret)
{
	void *row;
	enum dc_code rc = query_get(l->tx, &edge_session_table, Q(Q_EQ("id", id)), &row, l->err);

	if (rc == DC_OK)
		*ret = *(struct edge_session *)row;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

static enum event
say_down(struct look *l, const char *family, const struct edge_session *s)
{
	bool said = s->last_error.set == GIVEN && s->last_error.v[0] != '\0';
	char since[UTC_TEXT_SIZE];

	if (s->since.set != GIVEN)
		return say(l, EVENT_DOWN, "%s: no session yet", family);
	utc_format(s->since.v, since);
	return say(
	    l, EVENT_DOWN, "%s: no session since %s%s%s", family, since, said ? ": " : "", said ? s->last_error.v : "");
}

/* Routes pass from one end to the other, as far as there are any. */
static bool
passes(const struct edge_session *from, const struct edge_session *to)
{
	return to->received.set == GIVEN &&
	       (from->advertised.set != GIVEN || from->advertised.v == 0 || to->received.v > 0);
}

static enum dc_code
judge_family(struct look *l, unsigned f, const char *near_id, const char *far_id, enum event *event)
{
	const char *family = ip_family_name(families[f]);
	struct edge_session near = {0}, far = {0};
	enum dc_code rc;

	if ((rc = load_session(l, near_id, &near)) != DC_OK || (rc = load_session(l, far_id, &far)) != DC_OK)
		return rc;
	if (!near.established.v || !far.established.v)
		*event = say_down(l, family, near.established.v ? &far : &near);
	else if (!passes(&near, &far) || !passes(&far, &near))
		*event = say(l, EVENT_SILENT, "%s: routes do not pass yet", family);
	return DC_OK;
}

static enum dc_code
judge(struct look *l, enum event *event)
{
	const struct peer_link *link = l->link;
	enum dc_code rc = judge_objects(l, event);

	if (rc == DC_OK && *event == EVENT_UP)
		rc = judge_family(l, 0, link->near_v4.v, link->far_v4.v, event);
	if (rc == DC_OK && *event == EVENT_UP)
		rc = judge_family(l, 1, link->near_v6.v, link->far_v6.v, event);
	return rc;
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static enum dc_code
move(struct look *l, enum event event)
{
	static const char *const columns[] = {"status", "reason", "peer_link_id", NULL};
	struct peer_link *link = l->link;
	const char *status = state_names[next[state_of(link)][event]],
		   *reason = l->reason[0] != '\0' ? l->reason : NULL;

	if (same(status, link->status.v) && same(reason, link->reason.v))
		return DC_OK;
	if (!same(status, link->status.v))
		dc_log(LOG_INFO, "status", "peer_link=%s from=%s to=%s", link->id.v, link->status.v, status);
	F_SET_TEXT(link->status, status);
	F_SET_TEXT(link->reason, reason);
	if (event == EVENT_UP)
		link->peer_link_id = link->id;
	return query_set(l->tx, &peer_link_table, columns, link, Q(Q_EQ("id", link->id.v)), NULL, l->err);
}

/* The edge has let go of everything: the row goes with what it had taken, then what the gateways had there only for it.
 */
static enum dc_code
destroy(struct look *l)
{
	const struct peer_link *link = l->link;
	const char *session[] = {link->near_v4.v, link->near_v6.v, link->far_v4.v, link->far_v6.v};
	enum dc_code rc;

	for (size_t i = 0; i < sizeof(session) / sizeof(session[0]); i++)
		if ((rc = link_subnet_release(l->tx, session[i], l->err)) != DC_OK)
			return rc;
	if ((rc = query_delete(l->tx, &edge_session_table, Q(Q_EQ("owner_id", link->id.v)), NULL, l->err)) != DC_OK ||
	    (rc = number_free(l->tx, link->edge_id.v, "link", link->id.v, l->err)) != DC_OK ||
	    (rc = query_delete(l->tx, &peer_link_table, Q(Q_EQ("id", link->id.v)), NULL, l->err)) != DC_OK ||
	    (rc = gateway_leave(l->tx, link->global_dc_gateway_id.v, link->edge_id.v, l->err)) != DC_OK)
		return rc;
	return gateway_leave(l->tx, link->peer_gateway_id.v, link->edge_id.v, l->err);
}

static enum dc_code
observe(struct tx *tx, struct peer_link *link, struct dc_error *err)
{
	struct look l = {.tx = tx, .link = link, .err = err};
	enum event event;
	enum dc_code rc;

	if ((rc = objects_of(tx, link->id.v, &l.object, &l.objects, err)) != DC_OK)
		return rc;
	if (link->deleted_time.set == GIVEN)
		return l.objects == 0 ? destroy(&l) : DC_OK;
	return (rc = judge(&l, &event)) != DC_OK ? rc : move(&l, event);
}

enum dc_code
peer_link_observe(struct tx *tx, const char *id, struct dc_error *err)
{
	void *row;
	enum dc_code rc = query_get(tx, &peer_link_table, Q(Q_EQ("id", id)), &row, err);

	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	return observe(tx, row, err);
}

static enum dc_code
observe_where(struct tx *tx, const char *column, const char *gateway_id, struct dc_error *err)
{
	struct peer_link *link;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(
	    tx, &peer_link_table, Q(Q_EQ(column, gateway_id), Q_IS_NULL("deleted_time")), NULL, &rows, &n, err);

	link = rc == DC_OK ? rows : NULL;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		rc = observe(tx, &link[i], err);
	return rc;
}

enum dc_code
peer_links_observe(struct tx *tx, const char *gateway_id, struct dc_error *err)
{
	enum dc_code rc = observe_where(tx, "global_dc_gateway_id", gateway_id, err);

	return rc == DC_OK ? observe_where(tx, "peer_gateway_id", gateway_id, err) : rc;
}
