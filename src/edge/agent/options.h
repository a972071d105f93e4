/* SPDX-License-Identifier: ISC */
/* options.h - what an agent is started with, and what it starts the network half with. */
#ifndef DC_AGENT_OPTIONS_H
#define DC_AGENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct agent_options {
	uid_t uid; /* of the unprivileged half; not 0 */
	gid_t gid;
	uint32_t bird_first,
	    bird_last;         /* numbers of users and groups: for control sockets, and for BIRD of each instance */
	const char *ports;     /* devices that may carry customers: names and patterns, separated by blanks */
	uint64_t bird_memory;  /* bytes that one of them may take */
	char *const *network;  /* this program's arguments as the network half; ends with NULL */
	int handed;            /* one more descriptor for it; -1: none */
	bool host_mounts;      /* the agent works among the mounts of process 1; what it starts stays among its own */
	const char *state_dir; /* absolute; BIRD's files are in <state_dir>/bird/<instance>/, bird_user.h */
};

/* What the network half finds open when it starts, beside standard input, output and error. */
enum { AGENT_FD_SOCKET = 3, AGENT_FD_CHANGES, AGENT_FD_HANDED };

#endif
