/* SPDX-License-Identifier: ISC */
/* vrf.h - VRF devices and the unreachable defaults of their tables: a look-up that finds nothing in its VRF ends there,
 * or it would fall through to the namespace's main table. The defaults outlive the device, so they are deleted with it.
 */
#ifndef DC_AGENT_VRF_H
#define DC_AGENT_VRF_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"

int vrf_find(struct netns *, const char *name, struct link *ret, struct fault *); /* a whole VRF of ours */
int vrf_complete(struct netns *, const struct link *vrf, struct fault *);         /* up, unreachable defaults */
int vrf_delete(struct call *, struct netns *, const struct link *vrf);

operation op_vrf_add;

#endif
