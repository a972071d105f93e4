/* SPDX-License-Identifier: ISC */
/* confine.h - which system calls a process of the edge may make, by a filter (seccomp) that it puts on itself and that
 * all that it starts inherits.
 *
 * What no process of the edge does by itself ends it: to execute a program, to look into another process, to load code
 * into the kernel. A process that does that is not the program that was started any more. Every other call that is not
 * on the process' list fails with EPERM, as it would on a kernel without it: a library that tries something new
 * continues. In BIRD, to execute a program fails, too: its configuration can ask for that, and its other sessions
 * continue. */
#ifndef DC_AGENT_CONFINE_H
#define DC_AGENT_CONFINE_H

enum confine_as {
	CONFINE_AGENT,
	CONFINE_STARTER, /* executes: the one process that may */
	CONFINE_NETWORK,
	CONFINE_BIRD, /* executes once: what confine_program() returned */
};

/* Needs "no new privileges", or the right to do without. 0, or an errno. Cannot be undone. */
int confine(enum confine_as);

/* The path, at an address where nothing can be mapped again once BIRD's filter is on: execve of that address is let
 * through, and after it nothing is there. NULL with errno. Once in a process. */
const char *confine_program(const char *path);

#endif
