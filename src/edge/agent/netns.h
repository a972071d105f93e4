/* SPDX-License-Identifier: ISC */
/* netns.h - the namespaces of the instances: "dcaas-<number>", pinned in /run/netns as ip(8) does it, so that an
 * operator can look inside with `ip netns exec`. Ours has a mark on its loopback device; another of the same name is
 * left alone. */
#ifndef DC_AGENT_NETNS_H
#define DC_AGENT_NETNS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "edge/agent/host.h"
#include "edge/agent/link_cache.h"

struct netns {
	uint32_t number;
	int fd;
	dev_t dev; /* what the pinned file must still be, else it was made anew behind our back */
	ino_t ino;
	struct nl *route, *diag; /* sockets inside */
	struct link_cache links;
	struct nl *watch;
	struct monotonic renewed; /* when its settings were last seen to */
};

/* The namespace, opened at first use; borrowed until the next call. ENOENT when there is none, EEXIST when not ours. */
int netns_get(struct host *, uint32_t number, struct netns **ret, struct fault *);
/* Between these two the process is inside: open sockets and /proc/sys there, nothing else. Leaving cannot fail: a
 * process that cannot come back ends. */
int netns_enter(const struct netns *, struct fault *);
void netns_leave(const struct host *);
void netns_forget_all(struct host *); /* closes what is open */
/* Numbers of our namespaces that exist, ascending; array in the arena. */
int netns_numbers(struct host *, struct arena *, uint32_t **ret, size_t *n, struct fault *);

operation op_netns_add, op_netns_del, op_instances;

#endif
