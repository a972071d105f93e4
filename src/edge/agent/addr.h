/* SPDX-License-Identifier: ISC */
/* addr.h - addresses on devices of ours. They are made without the kernel's own subnet route: that one would not be in
 * reach of BIRD's policy, so the subnet gets a route of our own in its VRF's table. A device that is down can have no
 * routes; they come when it goes up. */
#ifndef DC_AGENT_ADDR_H
#define DC_AGENT_ADDR_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_addr.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/object.h"

/* The routes of the subnets of the addresses that the device has. */
int addr_subnet_routes(struct call *, struct netns *, const struct link *, uint32_t table);

extern const struct object addr_object;

#endif
