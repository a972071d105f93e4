/* SPDX-License-Identifier: ISC */
/* bird_process.h - BIRD of an instance: started inside the namespace under the unprivileged uid, detached, and found
 * again.
 *
 * What is found is never trusted to be what a file says: a process counts when it is called bird, has that uid, and is
 * in that namespace. Files of the other half are looked at with its own rights. */
#ifndef DC_AGENT_BIRD_PROCESS_H
#define DC_AGENT_BIRD_PROCESS_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/object.h"

int daemon_find(struct host *, struct netns *, uint32_t *pid, struct fault *); /* 0: none runs */

/* Ends those of an instance that has no namespace any more: they would keep what is left of it, VLANs and all. */
void daemon_end_strays(struct host *, uint32_t instance);

extern const struct object bird_process_object;

#endif
