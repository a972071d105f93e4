/* SPDX-License-Identifier: ISC */
/* filter.h - the filter of what comes in by devices of ours, as rows of its tables: devices, who may open BGP
 * connections on them, the networks of a gateway, and the addresses of devices, which come and go with these. */
#ifndef DC_AGENT_FILTER_H
#define DC_AGENT_FILTER_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/object.h"

/* The address is ours and its subnet the device's, from before it is there until after it is gone. */
int filter_put_addr(
    struct call *, struct netns *, uint32_t table, uint32_t ifindex, const struct ip_prefix *, struct fault *);
int filter_del_addr(struct netns *, uint32_t table, uint32_t ifindex, const struct ip_prefix *, struct fault *);
bool filter_has_addr(struct netns *, uint32_t table, uint32_t ifindex, const struct ip_prefix *);

extern const struct object filter_object;

#endif
