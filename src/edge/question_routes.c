/* SPDX-License-Identifier: ISC */
/* question_routes.c - which routes somebody asks about, and a page of them as JSON. */
#include <stdlib.h>
#include <string.h>

#include "edge/question.h"

#define TEXT_MAX 600 /* of an AS path and the like: what is longer is cut */

static bool
parse_community(const char *text, uint16_t ret[2])
{
	const char *colon = strchr(text, ':'), *why = "";
	char first[8];

	if (colon == NULL || (size_t)(colon - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(colon - text));
	first[colon - text] = '\0';
	ret[0] = (uint16_t)strtonum(first, 0, UINT16_MAX, &why);
	if (why == NULL)
		ret[1] = (uint16_t)strtonum(colon + 1, 0, UINT16_MAX, &why);
	return why == NULL;
}

static enum routing_routes
set_of(const char *name)
{
	size_t i = 0;

	while (strcmp(wire_route_sets[i], name) != 0) /* the table has let no other name in */
		i++;
	return (enum routing_routes)i;
}

static enum dc_code
take_conditions(
    const struct wire_peer_route_query *w, struct routing_query *ret, struct ip_prefix *after, struct dc_error *err)
{
	if (w->after.set == GIVEN && !ip_parse_prefix(w->after.v, after))
		return dc_fail(err, DC_E_PARAM, "after", "after is no prefix");
	if (w->inside.set == GIVEN && !ip_parse_prefix(w->inside.v, &ret->inside))
		return dc_fail(err, DC_E_PARAM, "inside", "inside is no prefix");
	if (w->containing.set == GIVEN && !ip_parse_addr(w->containing.v, &ret->containing))
		return dc_fail(err, DC_E_PARAM, "containing", "containing is no address");
	ret->inside = w->inside.set == GIVEN ? ip_network(&ret->inside) : ret->inside;
	ret->asn = w->asn.set == GIVEN ? (uint32_t)w->asn.v : 0;
	ret->has_community = w->community.set == GIVEN;
	if (ret->has_community && !parse_community(w->community.v, ret->community))
		return dc_fail(err, DC_E_PARAM, "community", "community must be two numbers below 65536: 65001:100");
	return DC_OK;
}

enum dc_code
question_routes_parse(const char *argument, struct arena *arena, struct routing_query *ret, size_t *limit,
    struct ip_prefix *after, struct dc_error *err)
{
	const struct wire_peer_route_query *w;
	json_t *json;
	void *row;
	enum dc_code rc = field_parse(argument, strlen(argument), &json, err);

	if (rc != DC_OK)
		return rc;
	rc = field_decode(&wire_peer_route_query_table, VIEW_WIRE, json, "", arena, &row, err);
	json_decref(json);
	if (rc != DC_OK)
		return rc;
	w = row;
	*ret = (struct routing_query){.key = w->key.v, .which = set_of(w->routes.v)};
	*limit = (size_t)w->limit.v;
	*after = (struct ip_prefix){0};
	return take_conditions(w, ret, after, err);
}

static int
compare_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
	int order = ip_addr_compare(&a->addr, &b->addr);

	return order != 0 ? order : (int)a->len - (int)b->len;
}

static int
compare(const void *a, const void *b)
{
	const struct routing_route *x = a, *y = b;
	int order = compare_prefix(&x->destination, &y->destination);

	return order != 0 ? order : (int)x->rejected - (int)y->rejected;
}

static const char *
text_of(const char *v, struct arena *arena)
{
	return v[0] == '\0' ? NULL : arena_strndup(arena, v, TEXT_MAX);
}

static void
fill(const struct routing_route *r, struct arena *arena, struct wire_peer_route *to)
{
	char text[IP_TEXT_SIZE];

	ip_format_prefix(&r->destination, text);
	F_SET_TEXT(to->destination, arena_strdup(arena, text));
	if (r->next_hop.family != IP_NONE) {
		ip_format_addr(&r->next_hop, text);
		F_SET_TEXT(to->next_hop, arena_strdup(arena, text));
	}
	F_SET_BOOL(to->rejected, r->rejected);
	F_SET_BOOL(to->best, r->best && !r->rejected);
	if (r->rejected) {
		F_SET_TEXT(to->reason, routing_reason_name(r->why));
		F_SET_TEXT(to->words, routing_reason_text(r->why));
	}
	if (r->since != 0)
		F_SET_INT(to->since, r->since);
	if (r->local_pref >= 0)
		F_SET_INT(to->local_preference, r->local_pref);
	if (r->med >= 0)
		F_SET_INT(to->med, r->med);
	F_SET_TEXT(to->as_path, text_of(r->as_path, arena));
	F_SET_TEXT(to->origin, text_of(r->origin, arena));
	F_SET_TEXT(to->communities, text_of(r->communities, arena));
	F_SET_TEXT(to->large_communities, text_of(r->large_communities, arena));
}

void
question_routes_put(const struct routing_route *route, size_t n, size_t limit, const struct ip_prefix *after,
    struct arena *arena, struct buf *body)
{
	struct routing_route *sorted = arena_array(arena, n + 1, sizeof(*sorted));
	struct wire_peer_route *page = arena_array(arena, limit + 1, sizeof(*page));
	struct wire_peer_routes all = {.routes = {GIVEN, 0, page}};
	struct json json = JSON_INIT(body);
	size_t first = 0;

	if (n > 0)
		memcpy(sorted, route, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare);
	while (first < n && after->addr.family != IP_NONE && compare_prefix(&sorted[first].destination, after) <= 0)
		first++;
	for (; all.routes.n < limit && first + all.routes.n < n; all.routes.n++)
		fill(&sorted[first + all.routes.n], arena, &page[all.routes.n]);
	F_SET_INT(all.total, (int64_t)n);
	F_SET_BOOL(all.more, first + all.routes.n < n);
	field_encode(&wire_peer_routes_table, VIEW_WIRE, &all, NULL, &json);
}
