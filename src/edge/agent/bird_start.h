/* SPDX-License-Identifier: ISC */
/* bird_start.h - how a process becomes BIRD of an instance. */
#ifndef DC_AGENT_BIRD_START_H
#define DC_AGENT_BIRD_START_H

#include "edge/agent/host.h"

#define BIRD_NAME "bird"

/* In a child of the starter, with its privileges, alone in a process-id namespace. words: where it writes what goes
 * wrong, and where BIRD does until it has read its configuration: then run/bird.pid has a number. Detached from all
 * that is the agent's, so that BIRD continues without the agent. */
_Noreturn void bird_start(const struct host *, uint32_t instance, bool recover, int netns, int words);

#endif
