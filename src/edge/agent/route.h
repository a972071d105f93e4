/* SPDX-License-Identifier: ISC */
/* route.h - routes of ours: static and VPC routes, the subnets of our addresses, and the unreachable defaults. The
 * protocol number is the mark of ownership; a route of another protocol is neither replaced nor deleted.
 *
 * Metrics: ours, then a subnet's own route, then BIRD's (32), the unreachable default last. */
#ifndef DC_AGENT_ROUTE_H
#define DC_AGENT_ROUTE_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/object.h"

int route_guard_table(struct netns *, uint32_t table, struct fault *);   /* unreachable defaults are there */
int route_unguard_table(struct netns *, uint32_t table, struct fault *); /* they are not */

/* The subnet of a host address, on-link over the device. There already is fine, not there too. */
int route_add_subnet(struct call *, struct netns *, uint32_t table, uint32_t oif, const struct ip_prefix *host);
int route_del_subnet(struct netns *, uint32_t table, uint32_t oif, const struct ip_prefix *host, struct fault *);

extern const struct object route_object;

#endif
