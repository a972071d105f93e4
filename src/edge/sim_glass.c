/* SPDX-License-Identifier: ISC */
/* sim_glass.c - the routes that a simulated neighbour sends and gets: as many as its session counts. The networks that
 * it announces are made up, out of 198.18.0.0/15 (RFC 2544) and 2001:db8::/32 (RFC 3849). */
#include <string.h>

#include "edge/sim_priv.h"

#define MADE_UP_MAX 65536 /* further ones are counted and not shown */

static struct sim *
of_routing(struct routing *r)
{
	return (struct sim *)((char *)r - offsetof(struct sim, routing));
}

static const struct sim_neighbour *
find(const struct sim *s, const char *key, const struct sim_instance **in)
{
	for (size_t i = 0; i < s->instances; i++)
		for (size_t k = 0; k < s->instance[i]->neighbours; k++)
			if (strcmp(s->instance[i]->neighbour[k].key, key) == 0) {
				*in = s->instance[i];
				return &s->instance[i]->neighbour[k];
			}
	return NULL;
}

static bool
is_asked_for(const struct routing_query *q, const struct routing_route *route)
{
	struct ip_prefix host = {q->containing, ip_bits(q->containing.family)};

	return (q->inside.addr.family == IP_NONE || ip_contains(&q->inside, &route->destination)) &&
	       (q->containing.family == IP_NONE || ip_contains(&route->destination, &host));
}

static void
put(struct routing_route *route, size_t *n, const struct routing_query *q, const struct routing_route *one)
{
	if (is_asked_for(q, one))
		route[(*n)++] = *one;
}

static struct routing_route
plain_route(const struct sim_neighbour *n)
{
	return (struct routing_route){.best = true,
	    .local_pref = -1,
	    .med = -1,
	    .since = n->since,
	    .as_path = "",
	    .origin = "",
	    .communities = "",
	    .large_communities = ""};
}

static size_t
received(const struct sim *s, const struct sim_neighbour *n, const struct routing_query *q, struct arena *a,
    struct routing_route *route)
{
	struct routing_route one = plain_route(n);
	size_t count = 0;

	if (q->which == ROUTES_REJECTED || q->has_community || (q->asn != 0 && q->asn != n->remote_asn))
		return 0;
	one.next_hop = n->remote;
	one.as_path = arena_printf(a, "%u", n->remote_asn);
	one.origin = "IGP";
	one.local_pref = 100;
	for (uint32_t i = 0; i < s->options.routes && i < MADE_UP_MAX; i++) {
		struct ip_addr v4 = {IP_V4, {198, (uint8_t)(18 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i}};
		struct ip_addr v6 = {IP_V6, {0x20, 0x01, 0x0d, 0xb8, (uint8_t)(i >> 8), (uint8_t)i}};

		one.destination = n->remote.family == IP_V4 ? (struct ip_prefix){v4, 32} : (struct ip_prefix){v6, 48};
		put(route, &count, q, &one);
	}
	return count;
}

static uint32_t
table_of(const struct sim_instance *in, const char *vrf)
{
	for (size_t i = 0; i < in->vrfs; i++)
		if (strcmp(in->vrf[i].device, vrf) == 0)
			return in->vrf[i].table;
	return 0;
}

static size_t
advertised(const struct sim_instance *in, const struct sim_neighbour *n, const struct routing_query *q,
    struct routing_route *route)
{
	uint32_t table = table_of(in, n->vrf);
	struct routing_route one = plain_route(n);
	size_t count = 0;

	if (q->has_community || q->asn != 0)
		return 0;
	for (size_t i = 0; i < in->routes; i++)
		if (in->route[i].table == table && in->route[i].proto == ROUTE_PROTO_VPC &&
		    in->route[i].prefix.addr.family == n->remote.family) {
			one.destination = in->route[i].prefix;
			one.next_hop = in->route[i].via;
			put(route, &count, q, &one);
		}
	return count;
}

void
sim_routes(struct routing *r, const struct routing_query *query, routing_told_routes *told, void *arg)
{
	_cleanup_arena_ struct arena *a = arena_new();
	const struct sim *s = of_routing(r);
	const struct sim_instance *in = NULL;
	const struct sim_neighbour *n = find(s, query->key, &in);
	struct routing_route *route;
	size_t count = 0;

	if (n == NULL) {
		told(arg, NULL, 0, "the routing daemon has no such neighbour (simulated)");
		return;
	}
	route = arena_array(a, (query->which == ROUTES_ADVERTISED ? in->routes : MADE_UP_MAX) + 1, sizeof(*route));
	if (n->established)
		count = query->which == ROUTES_ADVERTISED ? advertised(in, n, query, route)
							  : received(s, n, query, a, route);
	told(arg, route, count, NULL);
}
