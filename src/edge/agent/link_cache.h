/* SPDX-License-Identifier: ISC */
/* link_cache.h - the devices of one namespace as they were last read, read anew when the kernel told of a change, and
 * now and then: of an alias that a device gets while it is down the kernel tells nobody. Thousands of devices are asked
 * for with every request, and change seldom. */
#ifndef DC_AGENT_LINK_CACHE_H
#define DC_AGENT_LINK_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"
#include "edge/agent/fault.h"

struct nl;
struct link;

struct link_cache {
	struct nl *nl, *watch; /* nl is the namespace's */
	struct link *link;     /* heap */
	size_t n;
	bool fresh;
	struct monotonic read;
};

/* All of the namespace that the cache is for; array in the arena. */
int link_read(struct link_cache *, struct arena *, struct link **ret, size_t *n, struct fault *);
/* Inside the namespace. nl: its socket, borrowed for good. */
int link_cache_open(struct link_cache *, struct nl *nl, struct fault *);
void link_cache_close(struct link_cache *); /* never opened is fine */

#endif
