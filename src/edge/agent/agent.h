/* SPDX-License-Identifier: ISC */
/* agent.h - the privileged half of dcaas-edge: netlink, namespaces and daemons for the other half, which talks to the
 * network and holds no privilege. op.h has what may be asked. */
#ifndef DC_AGENT_H
#define DC_AGENT_H

#include <sys/types.h>

struct agent_options {
	uid_t uid; /* of the unprivileged half and of BIRD; not 0 */
	gid_t gid;
	const char *state_dir; /* absolute; BIRD's files are in <state_dir>/bird/<instance>/ */
};

/* Runs the privileged half, to be called as root while there is one thread. Gives up every capability that op.h does
 * not name, then forks (no exec) a child that gives up all of them, becomes uid and gid, and calls network(fd, arg)
 * with its end of the socket; exits with what that returns. The child is started again when it ends, after 100 ms at
 * first and never more than 5 s later.
 *
 * Ends on SIGTERM or SIGINT, after the child (which gets SIGTERM, and SIGKILL 5 s later; BIRD goes on running), or on a
 * malformed message. Returns the exit status for main(): 0 when it was asked to end. */
int agent_run(const struct agent_options *, int (*network)(int fd, int changes, void *arg), void *arg);

#endif
