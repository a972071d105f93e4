/* SPDX-License-Identifier: ISC */
/* nl_route.h - routes of one namespace, by netlink. */
#ifndef DC_AGENT_NL_ROUTE_H
#define DC_AGENT_NL_ROUTE_H

#include <stdbool.h>

#include "base/arena.h"
#include "edge/agent/fault.h"

struct nl;

struct route {
	uint32_t table, proto, metric, oif;
	uint8_t type;
	struct ip_prefix prefix;
	struct ip_addr via;    /* IP_NONE: on-link */
	struct ip_addr source; /* preferred one; IP_NONE: none */
};

bool route_is_in_range(uint32_t table); /* of our range */

/* Routes of one protocol, of both families, in tables of our range, or in that one table (not 0); array in the arena.
 */
int route_read(
    struct nl *, struct arena *, uint32_t proto, uint32_t table, struct route **ret, size_t *n, struct fault *);
/* The same, in all tables of our range, with that device as output; 0: any. */
int route_read_over(
    struct nl *, struct arena *, uint32_t proto, uint32_t oif, struct route **ret, size_t *n, struct fault *);
/* EEXIST when there is a route with that prefix and metric, of any protocol; replace: replaces ours. */
int route_put(struct nl *, const struct route *, bool replace, struct fault *);
/* All of that protocol with that prefix, with any next hop (and any metric, when none is given). Not there is fine. */
int route_delete(struct nl *, const struct route *, struct fault *);

#endif
