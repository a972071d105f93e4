/* SPDX-License-Identifier: ISC */
/* vrf.h - VRF devices and the unreachable defaults of their tables: a look-up that finds nothing in its VRF ends there,
 * or it would fall through to the namespace's main table. The defaults outlive the device, so they are deleted with it.
 */
#ifndef DC_AGENT_VRF_H
#define DC_AGENT_VRF_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/object.h"

int vrf_find(struct netns *, const char *name, struct link *ret, struct fault *); /* a whole VRF of ours */

extern const struct object vrf_object;
extern const struct device_kind vrf_kind;

#endif
