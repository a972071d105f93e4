/* SPDX-License-Identifier: ISC */
/* peer_link_edge.c - the link on its edge: the objects it is made of, and what the edge's reports make of its state.
 *
 * It is ACTIVE when both VRFs, both devices and all four ends of its sessions were read back, the sessions of both
 * families are Established, and what one end announces the other has received. */
#include <string.h>

#include "res/gateway.h"
#include "res/lifecycle.h"
#include "res/link_subnet.h"
#include "res/peer_link.h"

#define REASON_MAX 255 /* characters, contract */
/* All that one gateway may know of its customers; a limit against our own mistakes, not a quota. */
#define ROUTE_LIMIT 10000
#define DEVICE_PREFIX "dcl" /* "dcl12a" has the sessions "lnk12a_4" and "lnk12a_6" */

static const enum ip_family families[2] = {IP_V4, IP_V6};

/* --- down --- */

static void
put_session(struct work_view *work, struct arena *arena, const struct link_end *end, unsigned f,
    const struct wire_bgp *common, const struct link_end *other)
{
	struct wire_addr addr = {0};
	struct wire_bgp bgp = *common;
	struct ip_prefix ours, theirs;
	char local[IP_TEXT_SIZE], remote[IP_TEXT_SIZE], prefix[IP_TEXT_SIZE];

	if (!link_end_address(end, f, &ours) || !link_end_address(other, f, &theirs))
		return;
	ip_format_prefix(&ours, prefix);
	ip_format_addr(&ours.addr, local);
	ip_format_addr(&theirs.addr, remote);
	F_SET_TEXT(addr.link, link_end_key(arena, end));
	F_SET_TEXT(addr.prefix, prefix);
	work_put(
	    work, end->edge_id.v, arena_printf(arena, "addr/%s", link_end_session(end, f)), OBJECT_ADDR, &addr, NULL);
	bgp.link = addr.link;
	F_SET_TEXT(bgp.name, arena_printf(arena, "%s_%u", common->name.v, (unsigned)families[f]));
	F_SET_TEXT(bgp.local, local);
	F_SET_TEXT(bgp.remote, remote);
	work_put(work, end->edge_id.v, arena_printf(arena, "bgp/%s", link_end_session(end, f)), OBJECT_BGP, &bgp, NULL);
}

static void
put_end(struct work_view *work, struct arena *arena, const struct link_end *end, const struct gateway *gw,
    const struct link_end *other, const struct gateway *other_gw)
{
	struct wire_veth veth = {0};
	struct wire_bgp bgp = {0};

	F_SET_TEXT(veth.vrf, gateway_key(arena, gw->id));
	veth.device = end->device;
	veth.mark = end->mark;
	F_SET_TEXT(veth.peer, link_end_key(arena, other));
	work_put(work, end->edge_id.v, link_end_key(arena, end), OBJECT_VETH, &veth, NULL);
	bgp.vrf = veth.vrf;
	F_SET_TEXT(bgp.name, arena_printf(arena, "lnk%s", end->device.v + strlen(DEVICE_PREFIX)));
	F_SET_INT(bgp.local_asn, gw->internal_asn);
	F_SET_INT(bgp.remote_asn, other_gw->internal_asn);
	F_SET_INT(bgp.route_limit, ROUTE_LIMIT);
	F_SET_TEXT(bgp.class, "link");
	F_SET_BOOL(bgp.default_route, gw->kind == &enterprise_router_kind);
	for (unsigned f = 0; f < 2; f++)
		put_session(work, arena, end, f, &bgp, other);
}

bool
peer_link_leaving(const void *row)
{
	return ((const struct peer_link *)row)->deleted_time.set == GIVEN;
}

enum dc_code
peer_link_render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	const struct peer_link *link = row;
	struct link_end end[2];
	struct gateway gw[2];
	enum dc_code rc;

	if (peer_link_leaving(link))
		return DC_OK;
	if ((rc = link_ends_of(tx, link->id.v, end, err)) != DC_OK ||
	    (rc = gateway_get(tx, end[0].gateway_id.v, &gw[0], err)) != DC_OK ||
	    (rc = gateway_get(tx, end[1].gateway_id.v, &gw[1], err)) != DC_OK)
		return rc;
	for (unsigned i = 0; i < 2; i++)
		put_end(work, tx_arena(tx), &end[i], &gw[i], &end[1 - i], &gw[1 - i]);
	return DC_OK;
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

const struct life_move *
peer_link_life(struct arena *arena)
{
	static const char *const on[EVENT_COUNT] = {
	    [EVENT_WAITING] = "the edge has not read all of it back yet",
	    [EVENT_FAILED] = "the edge could not do what was ordered",
	    [EVENT_DOWN] = "a session of it is down",
	    [EVENT_SILENT] = "the sessions are up, and routes do not pass",
	    [EVENT_UP] = "the sessions are up, and routes pass",
	};
	struct life_move *all = arena_array(arena, STATE_COUNT * EVENT_COUNT + 2, sizeof(*all)), *to = all;

	for (unsigned s = 0; s < STATE_COUNT; s++)
		for (unsigned e = 0; e < EVENT_COUNT; e++)
			*to++ = (struct life_move){state_names[s], on[e], state_names[next[s][e]]};
	*to = (struct life_move){NULL, "it is deleted", NULL};
	return all;
}

static enum state
state_of(const struct peer_link *link)
{
	unsigned s = 0;

	while (s + 1 < STATE_COUNT && strcmp(state_names[s], link->status.v) != 0)
		s++;
	return (enum state)s;
}

/* --- up --- */

/* What one look at the store shows of a link. */
struct look {
	struct tx *tx;
	struct peer_link *link;
	struct link_end end[2];
	bool heard; /* an edge has reported something about the link */
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
judge_set(struct look *l, const struct edge_object *object, size_t n)
{
	const struct edge_object *culprit = NULL;

	switch (work_judge(object, n, &culprit)) {
	case VERDICT_FAILED:
		return say(l, EVENT_FAILED, "%s", work_error(culprit, tx_arena(l->tx)));
	case VERDICT_NONE:
	case VERDICT_WAITING:
		return !l->heard ? EVENT_WAITING : say(l, EVENT_WAITING, "the edge has not read it back yet");
	case VERDICT_APPLIED:
		break;
	}
	return EVENT_UP;
}

/* What failed outweighs what is not there yet. */
static void
worse(enum event *event, enum event other)
{
	if (other == EVENT_FAILED || (other == EVENT_WAITING && *event != EVENT_FAILED))
		*event = other;
}

/* The VRF that the end is in. */
static enum dc_code
judge_vrf(struct look *l, const struct link_end *end, const char *kind, enum event *event)
{
	const struct edge_object *vrf;
	size_t n, here = 0;
	enum dc_code rc = work_objects_of(l->tx, kind, end->gateway_id.v, &vrf, &n, l->err);

	if (rc != DC_OK || *event == EVENT_FAILED)
		return rc;
	while (here < n && strcmp(vrf[here].edge_id.v, end->edge_id.v) != 0)
		here++;
	worse(event, judge_set(l, vrf + here, here < n ? 1 : 0));
	return DC_OK;
}

static enum dc_code
judge_objects(struct look *l, struct work_view *work, enum event *event)
{
	const char *far = strcmp(l->link->peer_type.v, "ER") == 0 ? "enterprise_router" : "global_dc_gateway";
	const struct edge_object *own;
	size_t n;
	enum dc_code rc;

	own = work_objects(work, &n);
	l->heard = work_is_heard(own, n);
	*event = judge_set(l, own, n);
	if ((rc = judge_vrf(l, &l->end[0], "global_dc_gateway", event)) != DC_OK)
		return rc;
	return judge_vrf(l, &l->end[1], far, event);
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
judge_family(struct look *l, unsigned f, enum event *event)
{
	const char *family = ip_family_name(families[f]);
	struct edge_session near = {0}, far = {0};
	enum dc_code rc;

	if ((rc = load_session(l, link_end_session(&l->end[0], f), &near)) != DC_OK ||
	    (rc = load_session(l, link_end_session(&l->end[1], f), &far)) != DC_OK)
		return rc;
	if (!near.established.v || !far.established.v)
		*event = say_down(l, family, near.established.v ? &far : &near);
	else if (!passes(&near, &far) || !passes(&far, &near))
		*event = say(l, EVENT_SILENT, "%s: routes do not pass yet", family);
	return DC_OK;
}

static enum dc_code
judge(struct look *l, struct work_view *work, enum event *event)
{
	enum dc_code rc = judge_objects(l, work, event);

	for (unsigned f = 0; f < 2 && rc == DC_OK && *event == EVENT_UP; f++)
		rc = judge_family(l, f, event);
	return rc;
}

static enum dc_code
move(struct look *l, enum event event)
{
	static const char *const columns[] = {"status", "reason", "peer_link_id", NULL};
	struct peer_link *link = l->link, old = *link;

	life_set(&link->status, state_names[next[state_of(link)][event]], "peer_link", link->id.v);
	F_SET_TEXT(link->reason, l->reason[0] != '\0' ? arena_strdup(tx_arena(l->tx), l->reason) : NULL);
	if (text_is_same(&old.status, &link->status) && text_is_same(&old.reason, &link->reason))
		return DC_OK;
	if (event == EVENT_UP)
		link->peer_link_id = link->id;
	return query_set(l->tx, &peer_link_table, columns, link, Q(Q_EQ("id", link->id.v)), NULL, l->err);
}

/* The edges have let go of everything: the link gives back what it had taken. */
static enum dc_code
give_back(struct look *l)
{
	enum dc_code rc;

	for (unsigned i = 0; i < 4; i++)
		if ((rc = link_subnet_release(l->tx, link_end_session(&l->end[i / 2], i % 2), l->err)) != DC_OK)
			return rc;
	if ((rc = query_delete(l->tx, &edge_session_table, Q(Q_EQ("owner_id", l->link->id.v)), NULL, l->err)) != DC_OK)
		return rc;
	return query_delete(l->tx, &link_end_table, Q(Q_EQ("link_id", l->link->id.v)), NULL, l->err);
}

enum dc_code
peer_link_settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	struct look l = {.tx = tx, .link = row, .err = err};
	enum event event;
	size_t objects;
	enum dc_code rc;

	if ((rc = link_ends_of(tx, l.link->id.v, l.end, err)) != DC_OK)
		return rc;
	work_objects(work, &objects);
	if (peer_link_leaving(row)) {
		*gone = objects == 0;
		return *gone ? give_back(&l) : DC_OK;
	}
	return (rc = judge(&l, work, &event)) != DC_OK ? rc : move(&l, event);
}
