/* SPDX-License-Identifier: ISC */
/* starter.h - the only process of the edge that executes programs, and it knows two: this one, as the network half, and
 * BIRD of an instance. The agent forks it before it puts on its own filter of system calls, and may execute nothing
 * itself. A request is one struct of numbers with descriptors beside it; what is started is the agent's child. */
#ifndef DC_AGENT_STARTER_H
#define DC_AGENT_STARTER_H

#include <signal.h>

#include "edge/agent/host.h"
#include "edge/agent/options.h"

/* outer: the signal mask of what is started. The starter ends with the agent; when it ends before, the agent has to. */
int starter_open(struct host *, const struct agent_options *, const sigset_t *outer, struct fault *);
void starter_close(struct host *);

/* Both return a child's pid, or -1 with fault set. The child may still fail to become what it is to be: it writes the
 * reason to its standard error, which for BIRD is words. */
pid_t starter_network(struct host *, int socket, int changes, struct fault *);
pid_t starter_bird(struct host *, uint32_t instance, bool recover, int netns, int words, struct fault *);

#endif
