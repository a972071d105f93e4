/* SPDX-License-Identifier: ISC */
/* agent.h - the privileged half of dcaas-edge: netlink, namespaces and daemons for the other half, which talks to the
 * network and holds no privilege. op.h has what may be asked. */
#ifndef DC_AGENT_H
#define DC_AGENT_H

#include "edge/agent/options.h"

/* Runs the privileged half, to be called as root while there is one thread. Gives up every capability that op.h does
 * not name, has a child execute this program as the network half (which shares no address with it), without any
 * capability, as uid and gid, and puts a filter on its own system calls (confine.h). The child is started again when it
 * ends, after 100 ms at first and never more than 5 s later.
 *
 * Ends on SIGTERM or SIGINT, after the child (which gets SIGTERM, and SIGKILL 5 s later; BIRD keeps running), or on a
 * malformed message. Returns the exit status for main(): 0 when it was asked to end. */
int agent_run(const struct agent_options *);

/* First thing in the network half: nobody looks into it, and its system calls are filtered. 0, or an errno. */
int agent_network(void);

#endif
