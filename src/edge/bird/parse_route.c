/* SPDX-License-Identifier: ISC */
/* parse_route.c - BIRD's list of routes. A route is a row and the lines that follow:
 *
 *	1007-172.20.1.0/24        unicast [p1_4 1795636667.802] * (100) [AS65001i]
 *	 	via 169.254.10.2 on dcv1
 *	1008-	Type: BGP univ
 *	1012-	BGP.origin: IGP
 *	 	BGP.as_path: 65001
 *
 * A row without a destination is another route to the one before. */
#include <stdlib.h>
#include <string.h>

#include "edge/bird/parse.h"

#define CODE_ROUTE 1007
#define CODE_ATTRIBUTE 1012

static const char *
after(const char *text, const char *start)
{
	size_t len = strlen(start);

	return strncmp(text, start, len) == 0 ? text + len : NULL;
}

static int64_t
number(const char *text)
{
	const char *why;
	int64_t v = strtonum(text, 0, UINT32_MAX, &why);

	return why == NULL ? v : -1;
}

/* "172.20.1.0/24   unicast [p1_4 1795636667.802 from 169.254.10.2] * (100) [AS65001i]" */
static bool
parse_row(const char *text, struct arena *arena, struct ip_prefix *last, struct routing_route *ret)
{
	size_t len = strcspn(text, " \t");
	const char *open, *time, *close;

	if (len > 0 && !ip_parse_prefix(arena_strndup(arena, text, len), last))
		return false; /* "Table dc_t_dcr1_4:" */
	if ((open = strchr(text, '[')) == NULL || (close = strchr(open, ']')) == NULL ||
	    (time = strchr(open, ' ')) == NULL || time > close)
		return false;
	*ret = (struct routing_route){.destination = *last,
	    .since = bird_parse_time(time + 1),
	    .best = after(close + 1, " *") != NULL,
	    .why = ROUTING_WHY_NEXT_HOP, /* what no filter function has judged */
	    .local_pref = -1,
	    .med = -1,
	    .as_path = "",
	    .origin = "",
	    .communities = "",
	    .large_communities = ""};
	return true;
}

static void
parse_next_hop(const char *text, struct arena *arena, struct routing_route *route)
{
	const char *via = after(text, "via ");

	if (via != NULL && route->next_hop.family == IP_NONE)
		(void)ip_parse_addr(arena_strndup(arena, via, strcspn(via, " %")), &route->next_hop);
}

static void
parse_attribute(const char *text, struct arena *arena, struct routing_route *route)
{
	const char *v;

	if ((v = after(text, "BGP.as_path: ")) != NULL)
		route->as_path = arena_strdup(arena, v);
	else if ((v = after(text, "BGP.origin: ")) != NULL)
		route->origin = arena_strdup(arena, v);
	else if ((v = after(text, "BGP.local_pref: ")) != NULL)
		route->local_pref = number(v);
	else if ((v = after(text, "BGP.med: ")) != NULL)
		route->med = number(v);
	else if ((v = after(text, "BGP.community: ")) != NULL)
		route->communities = arena_strdup(arena, v);
	else if ((v = after(text, "BGP.large_community: ")) != NULL)
		route->large_communities = arena_strdup(arena, v);
	else if ((v = after(text, "dc_why: ")) != NULL && number(v) > 0 && number(v) < ROUTING_WHY_COUNT)
		route->why = (enum routing_reason)number(v);
}

size_t
bird_parse_routes(const struct control_reply *r, struct arena *arena, struct routing_route **ret)
{
	struct routing_route *route = arena_array(arena, r->lines + 1, sizeof(*route));
	struct ip_prefix last = {0};
	size_t n = 0;

	for (size_t i = 0; i < r->lines; i++) {
		const char *text = r->line[i].text, *inner = text + strspn(text, " \t");

		if (r->line[i].code == CODE_ROUTE && inner[0] != '\0' && text[0] != '\t')
			n += parse_row(text, arena, &last, &route[n]);
		else if (n > 0 && r->line[i].code == CODE_ROUTE)
			parse_next_hop(inner, arena, &route[n - 1]);
		else if (n > 0 && r->line[i].code == CODE_ATTRIBUTE)
			parse_attribute(inner, arena, &route[n - 1]);
	}
	*ret = route;
	return n;
}
