/* SPDX-License-Identifier: ISC */
/* veth.h - a peer link inside one router: a pair of devices, one end in each gateway's VRF, perhaps in two namespaces.
 */
#ifndef DC_AGENT_VETH_H
#define DC_AGENT_VETH_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/object.h"

extern const struct object veth_object;
extern const struct device_kind veth_kind;

#endif
