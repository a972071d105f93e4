/* SPDX-License-Identifier: ISC */
#include "edge/agent/link_cache.h"

#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"
#include "edge/agent/nl_link.h"

#define CACHE_MS 3000

static int
refresh(struct link_cache *cache, struct fault *fault)
{
	if (link_dump(cache->nl, &cache->link, &cache->n, fault) != 0)
		return fault->code;
	cache->fresh = true;
	cache->read = monotonic_now();
	return 0;
}

int
link_read(struct link_cache *cache, struct arena *arena, struct link **ret, size_t *n, struct fault *fault)
{
	/* First the look at what changed: what changes while it is read is seen the next time. */
	if (nl_changed(cache->watch) || monotonic_since(cache->read) > CACHE_MS)
		cache->fresh = false;
	if (!cache->fresh && refresh(cache, fault) != 0)
		return fault->code;
	*ret = arena_array(arena, cache->n + 1, sizeof(**ret));
	memcpy(*ret, cache->link, cache->n * sizeof(**ret));
	*n = cache->n;
	return 0;
}

int
link_cache_open(struct link_cache *cache, struct nl *nl, struct fault *fault)
{
	const int group = RTNLGRP_LINK;

	cache->nl = nl;
	cache->fresh = false;
	if (nl_open(NETLINK_ROUTE, &cache->watch, fault) != 0)
		return fault->code;
	return nl_join(cache->watch, &group, 1, fault);
}

void
link_cache_close(struct link_cache *cache)
{
	nl_close(cache->watch);
	free(cache->link);
	*cache = (struct link_cache){0};
}
