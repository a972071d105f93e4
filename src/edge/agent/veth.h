/* veth.h - a peer link inside one router: a pair of devices, one end in each gateway's VRF, perhaps in two namespaces.
 */
#ifndef DC_AGENT_VETH_H
#define DC_AGENT_VETH_H

#include "edge/agent/host.h"
#include "edge/agent/link.h"
#include "edge/agent/netns.h"

/* The other end, when it is in an instance of ours: its instance, and its name. False when it cannot be told. */
bool veth_peer(
    struct host *, struct arena *, struct netns *, const struct link *, uint32_t *instance, char name[OP_NAME_MAX]);

operation op_veth_add;

#endif
