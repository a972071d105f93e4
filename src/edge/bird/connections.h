/* SPDX-License-Identifier: ISC */
/* connections.h - the TCP connections of an instance's sessions, read all at once and looked up in memory: the kernel
 * goes through its whole table of sockets for one question as for all. */
#ifndef DC_BIRD_CONNECTIONS_H
#define DC_BIRD_CONNECTIONS_H

#include "edge/agent_client.h"
#include "edge/routing.h"

struct connections {
	struct arena *arena;
	struct item_connection *v; /* sorted by remote, local, VRF */
	size_t n;
	int64_t at; /* monotonic ms when they were read; 0: never */
	bool fresh; /* read since BIRD was last asked for its sessions; a question to BIRD clears this */
};

/* Reads them unless they are fresh. False when the agent has no answer. */
bool connections_refresh(struct connections *, struct agent *, uint32_t instance);
void connections_free(struct connections *);
/* The one of a neighbour that matters: two that collide end as one that is established. Of two alike, the one without a
 * key. NULL: none. */
const struct item_connection *connections_find(const struct connections *, const struct routing_neighbour *);

#endif
