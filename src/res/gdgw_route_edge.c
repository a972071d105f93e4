/* SPDX-License-Identifier: ISC */
/* gdgw_route_edge.c - a route of a global DC gateway's table on its edge: it is ACTIVE when the edge has read it back.
 */
#include <string.h>

#include "res/gateway.h"
#include "res/gdgw_route.h"
#include "res/lifecycle.h"
#include "res/link_end.h"
#include "res/vif_peer.h"

#define REASON_MAX 255

bool
gdgw_route_leaving(const void *row)
{
	return ((const struct gdgw_route *)row)->deleted_time.set == GIVEN;
}

/* The gateway's own end of the link, and there the other end's address. */
static enum dc_code
hop_over_link(
    struct tx *tx, const struct gdgw_route *route, enum ip_family family, struct next_hop *ret, struct dc_error *err)
{
	struct link_end end[2];
	struct ip_prefix far;
	char via[IP_TEXT_SIZE];
	unsigned own;
	enum dc_code rc = link_ends_of(tx, route->link_id.v, end, err);

	if (rc != DC_OK)
		return rc;
	own = strcmp(end[0].gateway_id.v, route->gateway_id.v) == 0 ? 0 : 1;
	if (!link_end_address(&end[1 - own], family == IP_V4 ? 0 : 1, &far))
		return dc_fail(err, DC_E_SYSTEM, NULL, "peer link %s has no address", route->link_id.v);
	ip_format_addr(&far.addr, via);
	*ret = (struct next_hop){
	    end[own].edge_id.v, link_end_key(tx_arena(tx), &end[own]), arena_strdup(tx_arena(tx), via)};
	return DC_OK;
}

enum dc_code
gdgw_route_render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	const struct gdgw_route *route = row;
	struct next_hop hop = {0};
	struct ip_prefix prefix;
	void *peer;
	enum dc_code rc;

	work_show_as(work, "global_dc_gateway", route->gateway_id.v);
	if (gdgw_route_leaving(route) || !ip_parse_prefix(route->prefix.v, &prefix))
		return DC_OK;
	if (route->link_id.set == GIVEN)
		rc = hop_over_link(tx, route, prefix.addr.family, &hop, err);
	else if ((rc = work_row(tx, "vif_peer", route->peer_id.v, &peer, err)) == DC_OK)
		rc = vif_peer_next_hop(tx, peer, &hop, err);
	if (rc != DC_OK || hop.edge_id == NULL)
		return rc;
	gateway_put_route(work, tx_arena(tx), route->gateway_id.v, &hop, route->id.v, &prefix,
	    route->link_id.set == GIVEN ? "link" : "static");
	return DC_OK;
}

static const char *const words[] = {
    [VERDICT_NONE] = "ERROR",
    [VERDICT_APPLIED] = "ACTIVE",
    [VERDICT_WAITING] = "PENDING_CREATE",
    [VERDICT_FAILED] = "ERROR",
};

const struct life_move *
gdgw_route_life(struct arena *arena)
{
	static const struct life_move more[] = {{NULL, "it is removed from the table", NULL}, {0}};

	return life_by_verdict(words, more, arena);
}

enum dc_code
gdgw_route_settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	static const char *const columns[] = {"status", "reason", NULL};
	struct gdgw_route *route = row, old = *route;
	const struct edge_object *object, *culprit = NULL;
	enum work_verdict verdict;
	size_t n;

	object = work_objects(work, &n);
	if (gdgw_route_leaving(route)) {
		*gone = n == 0;
		return DC_OK;
	}
	verdict = work_judge(object, n, &culprit);
	life_set(&route->status, words[verdict], "gdgw_route", route->id.v);
	F_SET_TEXT(route->reason,
	    verdict == VERDICT_FAILED
		? arena_printf(tx_arena(tx), "%.*s", REASON_MAX, work_error(culprit, tx_arena(tx)))
	    : verdict == VERDICT_WAITING && work_is_heard(object, n) ? "the edge has not read it back yet"
	    : verdict == VERDICT_NONE                                ? "the next hop has no addresses"
								     : NULL);
	if (text_is_same(&old.status, &route->status) && text_is_same(&old.reason, &route->reason))
		return DC_OK;
	return query_set(tx, &gdgw_route_table, columns, route, Q(Q_EQ("id", route->id.v)), NULL, err);
}
