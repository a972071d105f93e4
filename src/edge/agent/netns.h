/* SPDX-License-Identifier: ISC */
/* netns.h - the namespaces of the instances: "dcaas-<number>", pinned in /run/netns as ip(8) does it, so that an
 * operator can look inside with `ip netns exec`. Ours has a mark on its loopback device; another of the same name is
 * left alone. */
#ifndef DC_AGENT_NETNS_H
#define DC_AGENT_NETNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "edge/agent/filter_tables.h"
#include "edge/agent/host.h"
#include "edge/agent/link_cache.h"
#include "edge/agent/rate_cache.h"

#define NETNS_MARK "dcaas:instance" /* alias of lo */

struct bird_child {     /* BIRD as this agent has started it last */
	pid_t pid;      /* 0: none, or it has ended; not another's before it is waited for */
	bool starting;  /* it has not read its configuration yet */
	int complaints; /* where its complaints arrive meanwhile; -1: nobody listens */
	char words[OP_TEXT_MAX];
	size_t len;
};

struct netns {
	uint32_t number;
	int fd;
	dev_t dev; /* of the pinned file: another number means that somebody else replaced it */
	ino_t ino;
	struct nl *route, *diag; /* sockets inside */
	struct link_cache links;
	struct filter_tables filter;
	struct rate_cache rates;
	struct nl *watch;
	uint32_t bird; /* its pid, as seen last; 0: look for it */
	struct bird_child child;
	struct monotonic renewed; /* when its settings were last seen to */
};

/* The namespace, opened at first use; borrowed until the next call. ENOENT when there is none, EEXIST when not ours. */
int netns_get(struct host *, uint32_t number, struct netns **ret, struct fault *);
/* Between these two the process is inside: open sockets and /proc/sys there, nothing else. Leaving cannot fail: a
 * process that cannot come back ends. */
int netns_enter(const struct netns *, struct fault *);
void netns_leave(const struct host *);
void netns_forget(struct host *, uint32_t number); /* closes what is open of it: sockets of ours hold a namespace */
void netns_forget_all(struct host *);
/* Numbers of our namespaces that exist, ascending; array in the arena. */
int netns_numbers(struct host *, struct arena *, uint32_t **ret, size_t *n, struct fault *);

/* Before a namespace is made, in the router's own: there is a place for its name. */
int netns_prepare_pin(struct fault *);
/* Gives the namespace that the process is in its name. Last, so that what is found under the name is whole. */
int netns_pin(uint32_t number, struct fault *);
/* Takes the name away; mounted false: perhaps a file alone is left. */
int netns_unpin(uint32_t number, bool mounted, struct fault *);

#endif
