/* SPDX-License-Identifier: ISC */
/* veth.h - a peer link inside one router: a pair of devices, one end in each gateway's VRF, perhaps in two namespaces.
 */
#ifndef DC_AGENT_VETH_H
#define DC_AGENT_VETH_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"

/* What one namespace calls the others of ours. */
struct veth_map {
	size_t n;
	struct veth_place {
		uint32_t number;
		int32_t id; /* -1: itself, or one it has no name for */
	} * place;
};
int veth_map_read(struct host *, struct arena *, struct netns *, struct veth_map *ret, struct fault *);
/* The other end, when it is in an instance of ours: its instance, and its name. False when it cannot be told. */
bool veth_peer(struct host *, const struct veth_map *, struct netns *, const struct link *, uint32_t *instance,
    char name[OP_NAME_MAX]);

operation op_veth_add;

#endif
