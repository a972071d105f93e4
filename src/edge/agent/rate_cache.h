/* SPDX-License-Identifier: ISC */
/* rate_cache.h - the rates of all devices of a namespace, as they were read last. The kernel shows them by dumps of the
 * whole namespace only, so that a look at one device after the other reads once. */
#ifndef DC_AGENT_RATE_CACHE_H
#define DC_AGENT_RATE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "edge/agent/fault.h"

struct nl;
struct rate;

struct rate_cache {
	struct nl *nl, *watch; /* watch: of its own, so that nobody else takes the news */
	struct arena *arena;   /* of what was read; NULL: nothing is remembered */
	struct rate *rate;
	size_t n;
	uint32_t *policed; /* devices whose filter is there, ascending; news of a device takes it out */
	size_t policed_n;
	struct monotonic asked; /* when all filters were asked for last */
};

/* The process is in the namespace. nl is borrowed. */
int rate_cache_open(struct rate_cache *, struct nl *, struct fault *);
void rate_cache_close(struct rate_cache *);
/* Ascending by the device's number; valid until the next call. again: what is remembered does not count. */
int rate_cache_read(struct rate_cache *, bool again, const struct rate **ret, size_t *n, struct fault *);

#endif
