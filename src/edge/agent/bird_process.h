/* SPDX-License-Identifier: ISC */
/* bird_process.h - BIRD of an instance: started inside the namespace under a user of its own, detached, and found
 * again.
 *
 * No file is trusted for this: a process counts when it is called bird, has that uid, and is in that
 * namespace. */
#ifndef DC_AGENT_BIRD_PROCESS_H
#define DC_AGENT_BIRD_PROCESS_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/object.h"

/* 0: none runs. One that has just been started counts under any name. */
int daemon_find(struct host *, struct netns *, uint32_t *pid, struct fault *);
void daemon_reaped(struct host *, pid_t); /* a child of the agent's has ended; it may be a BIRD */

/* One of the instance's user, in any namespace; 0: none. */
uint32_t daemon_stray(struct host *, uint32_t instance);
/* Ends those of an instance that has no namespace any more: they would keep what is left of it, VLANs and all. */
void daemon_end_strays(struct host *, uint32_t instance);
/* Ends at once each process called bird in that namespace, of any user. */
void daemon_end_all(const struct netns *);

extern const struct object bird_process_object;

#endif
