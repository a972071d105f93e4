/* SPDX-License-Identifier: ISC */
#include "res/vif_peer_route.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "res/router_question.h"
#include "res/vif_peer.h"
#include "res/virtual_interface.h"

#define LIMIT 100 /* routes of a page, unless the call asks for another number */

static const char *const states[] = {"accepted", "rejected", "advertised", NULL};

struct peer_route {
	struct f_text destination, state, reason, description, next_hop;
	struct f_bool best;
	struct f_text as_path, origin;
	struct f_int local_preference, med;
	struct f_text communities, large_communities;
	struct f_int since;
};

static const struct field_column list_columns[] = {
    {.member = "destination"},
    {.member = "state"},
    {.member = "best"},
    {.title = "as path", .member = "as_path"},
    {.member = "since"},
    {.title = "reason", .member = "description", .note = true},
    {0},
};

static const struct field_table peer_route_table = {
    .name = "VifPeerRoute",
    .size = sizeof(struct peer_route),
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(peer_route, destination), .kind = F_TEXT, .max = 49, .may = V_R, .must = V_R, .cli = true,
		.doc = "Network that the route leads to."},
	    {AT(peer_route, state), .kind = F_ENUM, .names = states, .may = V_R, .must = V_R, .cli = true,
		.doc = "Whether the router has accepted the route, rejected it, or advertises it to the peer."},
	    {AT(peer_route, best), .kind = F_BOOL, .may = V_R, .must = V_R, .cli = true,
		.doc = "The router uses this route for its destination."},
	    {AT(peer_route, reason), .kind = F_TEXT, .max = 32, .nullable = true, .may = V_R,
		.doc = "Why it is rejected: next-hop, not-routable, gateways-own, linked, first-as or as-loop."},
	    {AT(peer_route, description), .kind = F_TEXT, .max = 255, .nullable = true, .may = V_R, .cli = true,
		.doc = "The same in words."},
	    {AT(peer_route, next_hop), .kind = F_TEXT, .max = 45, .nullable = true, .may = V_R,
		.doc = "Address of the next router."},
	    {AT(peer_route, as_path), .kind = F_TEXT, .max = 600, .nullable = true, .may = V_R, .cli = true,
		.doc = "AS numbers on the way, the nearest first; sets stand in braces."},
	    {AT(peer_route, origin), .kind = F_TEXT, .max = 32, .nullable = true, .may = V_R,
		.doc = "IGP, EGP or Incomplete."},
	    {AT(peer_route, local_preference), .kind = F_INT, .max = UINT32_MAX, .nullable = true, .may = V_R,
		.doc = "Preference inside the gateway; the greater one wins."},
	    {AT(peer_route, med), .kind = F_INT, .max = UINT32_MAX, .nullable = true, .may = V_R,
		.doc = "Multi-exit discriminator; the smaller one wins."},
	    {AT(peer_route, communities), .kind = F_TEXT, .max = 600, .nullable = true, .may = V_R,
		.doc = "Communities (RFC 1997)."},
	    {AT(peer_route, large_communities), .kind = F_TEXT, .max = 600, .nullable = true, .may = V_R,
		.doc = "Large communities (RFC 8092)."},
	    {AT(peer_route, since), .kind = F_TIME, .nullable = true, .may = V_R, .cli = true,
		.doc = "When the router received it."},
	    {0},
	},
};

struct route_query {
	struct f_text routes, inside, containing;
	struct f_int as_number;
	struct f_text community, marker;
	struct f_int limit;
};

static const struct field_table route_query_table = {
    .name = "VifPeerRouteQuery",
    .size = sizeof(struct route_query),
    .fields =
	(const struct field[]){
	    {AT(route_query, routes), .kind = F_ENUM, .names = wire_route_sets, .may = V_R, .parameter = true,
		.doc = "Which routes: accepted, rejected, received (both; the default) or advertised."},
	    {AT(route_query, inside), .kind = F_TEXT, .max = 49, .may = V_R, .parameter = true, .example = "10.0.0.0/8",
		.doc = "Routes to networks inside this one."},
	    {AT(route_query, containing), .kind = F_TEXT, .max = 45, .may = V_R, .parameter = true,
		.example = "10.1.2.3", .doc = "Routes to networks that contain this address."},
	    {AT(route_query, as_number), .kind = F_INT, .min = 1, .max = UINT32_MAX, .may = V_R, .parameter = true,
		.doc = "Routes with this AS number in the AS path."},
	    {AT(route_query, community), .kind = F_TEXT, .max = 11, .may = V_R, .parameter = true,
		.example = "65001:100", .doc = "Routes with this community."},
	    {AT(route_query, marker), .kind = F_TEXT, .max = 49, .may = V_R, .parameter = true,
		.doc = "The page behind this destination: page_info.next_marker of the page before."},
	    {AT(route_query, limit), .kind = F_INT, .min = 1, .max = QUESTION_ROUTES_MAX, .may = V_R, .parameter = true,
		.doc = "Routes of a page; 100 by default."},
	    {0},
	},
};

struct route_page {
	struct f_text next_marker;
	struct f_int current_count, total_count;
};

static const struct field_table route_page_table = {
    .name = "VifPeerRoutePage",
    .size = sizeof(struct route_page),
    .fields =
	(const struct field[]){
	    {AT(route_page, next_marker), .kind = F_TEXT, .max = 49, .nullable = true, .may = V_R,
		.doc = "Marker of the next page; null: this is the last."},
	    {AT(route_page, current_count), .kind = F_INT, .may = V_R, .must = V_R, .doc = "Routes of this page."},
	    {AT(route_page, total_count), .kind = F_INT, .may = V_R, .must = V_R,
		.doc = "Routes of all pages at this moment."},
	    {0},
	},
};

struct route_answer {
	struct f_objects vif_peer_routes, page_info;
	struct f_text request_id;
};

static const struct field_table route_answer_table = {
    .name = "VifPeerRoutes",
    .size = sizeof(struct route_answer),
    .fields =
	(const struct field[]){
	    {AT(route_answer, vif_peer_routes), .kind = F_OBJECTS, .of = &peer_route_table, .may = V_R, .must = V_R,
		.max_items = QUESTION_ROUTES_MAX, .doc = "Routes, by destination."},
	    {AT(route_answer, page_info), .kind = F_OBJECT, .of = &route_page_table, .may = V_R, .must = V_R,
		.doc = "Where this page is among all."},
	    {AT(route_answer, request_id), .kind = F_HEX32, .may = V_R, .must = V_R, .doc = "Identifier of this call."},
	    {0},
	},
};

/* --- what is asked --- */

static enum dc_code
check_number(const struct field *f, const struct route_query *q, struct dc_error *err)
{
	int64_t v = ((const struct f_int *)(const void *)((const char *)q + f->offset))->v;

	return v >= f->min && v <= f->max ? DC_OK
					  : dc_fail(err, DC_E_PARAM, f->name, "%s must be a number from %lld to %lld",
						f->name, (long long)f->min, (long long)f->max);
}

static enum dc_code
take_parameter(struct call *call, const struct field *f, struct route_query *q, struct dc_error *err)
{
	const char *value;
	enum dc_code rc;

	if (call_query_count(call, f->name) == 0)
		return DC_OK;
	if (call_query_count(call, f->name) > 1)
		return dc_fail(err, DC_E_PARAM, f->name, "%s must not be there twice", f->name);
	if ((rc = field_check_query(f, call_query(call, f->name, 0), call->arena, &value, err)) != DC_OK)
		return rc;
	(void)field_from_text(f, q, value, call->arena);
	return f->kind == F_INT ? check_number(f, q, err) : DC_OK;
}

static enum dc_code
check_prefix(const struct f_text *text, const char *name, struct dc_error *err)
{
	struct ip_prefix prefix;

	return text->set != GIVEN || ip_parse_prefix(text->v, &prefix)
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, name, "%s must be a network: 10.0.0.0/8", name);
}

static enum dc_code
check_community(const struct f_text *text, struct dc_error *err)
{
	unsigned long part[2] = {0};
	char *end = NULL;

	if (text->set != GIVEN)
		return DC_OK;
	part[0] = strtoul(text->v, &end, 10);
	if (end != text->v && *end == ':' && end[1] >= '0' && end[1] <= '9')
		part[1] = strtoul(end + 1, &end, 10);
	return text->v[0] >= '0' && text->v[0] <= '9' && strchr(text->v, ':') != NULL && *end == '\0' &&
		       part[0] <= UINT16_MAX && part[1] <= UINT16_MAX
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, "community", "community must be two numbers below 65536: 65001:100");
}

static enum dc_code
read_query(struct call *call, struct route_query *q, struct dc_error *err)
{
	struct ip_addr addr;
	enum dc_code rc = DC_OK;

	F_SET_TEXT(q->routes, "received");
	F_SET_INT(q->limit, LIMIT);
	for (const struct field *f = route_query_table.fields; rc == DC_OK && f->name != NULL; f++)
		rc = take_parameter(call, f, q, err);
	if (rc != DC_OK || (rc = check_prefix(&q->inside, "inside", err)) != DC_OK ||
	    (rc = check_prefix(&q->marker, "marker", err)) != DC_OK ||
	    (rc = check_community(&q->community, err)) != DC_OK)
		return rc;
	if (q->containing.set == GIVEN && !ip_parse_addr(q->containing.v, &addr))
		return dc_fail(err, DC_E_PARAM, "containing", "containing must be an address: 10.1.2.3");
	if (q->containing.set == GIVEN && q->inside.set == GIVEN)
		return dc_fail(err, DC_E_PARAM, "containing", "containing and inside exclude each other");
	return DC_OK;
}

/* The question's argument. */
static const char *
question_text(const struct vif_peer *p, const struct route_query *q, struct arena *arena)
{
	struct wire_peer_route_query w = {.routes = q->routes,
	    .limit = q->limit,
	    .after = q->marker,
	    .inside = q->inside,
	    .containing = q->containing,
	    .asn = q->as_number,
	    .community = q->community};
	_cleanup_buf_ struct buf text = BUF_INIT(1024);
	struct json json = JSON_INIT(&text);

	F_SET_TEXT(w.key, arena_printf(arena, "bgp/%s", p->id.v));
	field_encode(&wire_peer_route_query_table, VIEW_WIRE, &w, NULL, &json);
	return arena_strdup(arena, buf_str(&text));
}

/* --- what is answered --- */

static void
fill(const struct wire_peer_route *w, bool advertised, struct peer_route *to)
{
	*to = (struct peer_route){.destination = w->destination,
	    .reason = w->reason,
	    .description = w->words,
	    .next_hop = w->next_hop,
	    .best = w->best,
	    .as_path = w->as_path,
	    .origin = w->origin,
	    .local_preference = w->local_preference,
	    .med = w->med,
	    .communities = w->communities,
	    .large_communities = w->large_communities,
	    .since = w->since};
	F_SET_TEXT(to->state, advertised ? "advertised" : w->rejected.v ? "rejected" : "accepted");
}

static void
answer_page(struct call *call, const struct wire_peer_routes *w, bool advertised)
{
	const struct wire_peer_route *from = w->routes.v;
	struct peer_route *route = arena_array(call->arena, w->routes.n + 1, sizeof(*route));
	struct route_page page = {0};
	struct route_answer answer = {.vif_peer_routes = {GIVEN, w->routes.n, route}, .page_info = {GIVEN, 1, &page}};

	for (size_t i = 0; i < w->routes.n; i++)
		fill(&from[i], advertised, &route[i]);
	if (w->more.v && w->routes.n > 0)
		page.next_marker = route[w->routes.n - 1].destination;
	F_SET_INT(page.current_count, (int64_t)w->routes.n);
	page.total_count = w->total;
	F_SET_TEXT(answer.request_id, call->request_id);
	call_answer_row(call, &answer);
}

/* --- the call --- */

static enum dc_code
find_peer(
    struct tx *tx, struct call *call, struct vif_peer **peer, struct virtual_interface **vif, struct dc_error *err)
{
	const char *id = call_param(call, "vif_peer_id");
	void *row;
	enum dc_code rc =
	    query_get(tx, &vif_peer_table, Q(Q_EQ("id", id), Q_EQ("tenant_id", call->project)), &row, err);

	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND
			   ? dc_missing(err, vif_peer_resource.missing, "The peer %.64s does not exist", id)
			   : rc;
	*peer = row;
	if ((rc = query_get(tx, &virtual_interface_table, Q(Q_EQ("id", (*peer)->vif_id.v)), &row, err)) != DC_OK)
		return rc;
	*vif = row;
	return vif_peer_is_bgp(*peer)
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, "vif_peer_id", "the peer is static: it receives no routes");
}

static enum dc_code
list_routes(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct virtual_interface *vif = NULL;
	struct vif_peer *peer = NULL;
	struct route_query q = {0};
	const struct wire_answer *answer;
	void *decoded;
	enum dc_code rc;

	if ((rc = read_query(call, &q, err)) != DC_OK || (rc = find_peer(tx, call, &peer, &vif, err)) != DC_OK)
		return rc;
	if (vif->edge_id.set != GIVEN)
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "the peer is on no router yet");
	if ((rc = router_ask(tx, call, vif->edge_id.v, QUESTION_ROUTES, question_text(peer, &q, call->arena), &answer,
		 err)) != DC_OK ||
	    answer == NULL ||
	    (rc = router_answer(call, answer, &wire_peer_routes_table, DC_E_UNAVAILABLE, &decoded, err)) != DC_OK)
		return rc;
	answer_page(call, decoded, strcmp(q.routes.v, "advertised") == 0);
	return DC_OK;
}

static const struct route vif_peer_route_routes[] = {
    {M_GET, "/dcaas/v1/projects/{project_id}/vif-peers/{vif_peer_id}/routes", ROLE_READER, .run = list_routes,
	.answer_table = &route_answer_table, .query_table = &route_query_table, .operation = "ListVifPeerRoutes",
	.summary = "Ask the router which routes a BGP peer sends and gets at this moment."},
    {0},
};

const struct resource vif_peer_route_resource = {
    .name = "vif_peer_route",
    .plural = "vif_peer_routes",
    .title = "route of the peer",
    .table = &peer_route_table,
    .missing = DC_E_NOT_FOUND,
    .routes = vif_peer_route_routes,
};
