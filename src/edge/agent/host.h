/* SPDX-License-Identifier: ISC */
/* host.h - what the agent holds while it runs, and one request as the operations see it. */
#ifndef DC_AGENT_HOST_H
#define DC_AGENT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "edge/agent/fault.h"
#include "edge/agent/link_cache.h"
#include "edge/agent/op.h"

struct nl;
struct netns;

struct host {
	uid_t uid; /* of the unprivileged half */
	gid_t gid;
	uint32_t bird_first, bird_last; /* bird_user.h */
	uint64_t bird_memory;           /* bytes */
	const char *ports;              /* port.h */
	int starter;                    /* socket to the process that starts programs; starter.h */
	pid_t starter_pid;
	const char *state_dir;
	int home;                /* descriptor of the router's own namespace */
	struct nl *route;        /* netlink there */
	struct link_cache links; /* its devices */
	struct netns **netns;    /* those of the instances that were used; netns.c */
	size_t netns_count;
	int changes;        /* epoll on the watches of all namespaces; watch.c */
	struct nl *watch;   /* of the router's own namespace */
	int wake;           /* eventfd that the network half waits for; -1: there is none */
	bool woken;         /* and has not asked since */
	bool served;        /* a network half sent hello before */
	int own_traffic;    /* program that finds what the router itself sends; -1: not loaded yet; rate.c */
	bool ports_checked; /* for drops that an earlier agent left; port.c */
};

struct call {
	struct host *host;
	struct arena *arena; /* of this request */
	struct fault fault;
	int fd;                  /* where the reply goes */
	struct op_header header; /* of the request */
	void *reply;             /* a fixed reply, when not just struct reply; its header is filled when it is sent */
	size_t reply_size;
	struct buf items; /* of the packet being gathered */
	uint32_t item_count;
	bool broken; /* the other side does not take the reply */
	bool passes; /* a descriptor, with the reply */
	int passed;
};

/* An operation: returns 0, or an errno with call->fault filled. */
typedef int operation(struct call *, const void *request);

void *call_reply(struct call *, size_t size);                 /* the fixed reply, zeroed, to be filled */
void call_item(struct call *, const void *item, size_t size); /* one more of a list; packets are sent as they fill */
void call_pass(struct call *, int fd);                        /* goes with the reply; is closed here */
void call_finish(struct call *, int code); /* sends what is left: the reply, the rest of the list, or the fault */

#endif
