/* SPDX-License-Identifier: ISC */
/* link_cache.h - the devices of one namespace: read once, and kept up by the kernel's message about each change. They
 * are read again now and then, because the kernel announces no alias that a device gets while it is down, and
 * when the kernel had more messages than the socket holds. Thousands of devices are asked for with every request, and
 * change seldom. */
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

/* All of the namespace that the cache is for, by index; valid until the next call. */
int link_peek(struct link_cache *, const struct link **ret, size_t *n, struct fault *);
/* The same as an array in the arena. */
int link_read(struct link_cache *, struct arena *, struct link **ret, size_t *n, struct fault *);
/* The same, from the kernel and not from memory: for a comparison with what should be there. */
int link_read_again(struct link_cache *, struct arena *, struct link **ret, size_t *n, struct fault *);
/* Gives the device its alias, which the kernel does not announce while the device is down. */
int link_mark(struct link_cache *, const char *name, const char *alias, struct fault *);
/* Inside the namespace. nl: its socket, borrowed for good. */
int link_cache_open(struct link_cache *, struct nl *nl, struct fault *);
void link_cache_close(struct link_cache *); /* never opened is fine */

#endif
