/* SPDX-License-Identifier: ISC */
#include "edge/agent/link_cache.h"

#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"
#include "edge/agent/nl_link.h"

#define CACHE_MS 50000

static int
refresh(struct link_cache *cache, struct fault *fault)
{
	if (link_dump(cache->nl, &cache->link, &cache->n, fault) != 0)
		return fault->code;
	cache->fresh = true;
	cache->read = monotonic_now();
	return 0;
}

static size_t
link_place(const struct link_cache *cache, uint32_t index, bool *found)
{
	size_t lo = 0, hi = cache->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (cache->link[middle].index < index)
			lo = middle + 1;
		else
			hi = middle;
	}
	*found = lo < cache->n && cache->link[lo].index == index;
	return lo;
}

static void
put_link(struct link_cache *cache, const struct link *link)
{
	bool found;
	size_t at = link_place(cache, link->index, &found);
	struct link *grown;

	if (!found) {
		if ((grown = reallocarray(cache->link, cache->n + 1, sizeof(*grown))) == NULL) {
			cache->fresh = false;
			return;
		}
		cache->link = grown;
		memmove(&grown[at + 1], &grown[at], (cache->n - at) * sizeof(*grown));
		cache->n++;
	}
	cache->link[at] = *link;
}

static void
drop_link(struct link_cache *cache, const struct link *link)
{
	bool found;
	size_t at = link_place(cache, link->index, &found);

	if (found) {
		memmove(&cache->link[at], &cache->link[at + 1], (cache->n - at - 1) * sizeof(*cache->link));
		cache->n--;
	}
}

/* One device of thousands has changed: the others are as they were. */
static void
take_link_change(void *arg, const struct nlmsghdr *h)
{
	struct link_cache *cache = arg;
	struct link link;

	switch (link_parse_change(h, &link)) {
	case LINK_IS:
		put_link(cache, &link);
		break;
	case LINK_GONE:
		drop_link(cache, &link);
		break;
	case LINK_UNCLEAR:
		cache->fresh = false;
		break;
	case LINK_NO_NEWS:
		break;
	}
}

int
link_peek(struct link_cache *cache, const struct link **ret, size_t *n, struct fault *fault)
{
	/* First the look at what changed: what changes while it is read is seen the next time. */
	if (!nl_each_change(cache->watch, take_link_change, cache) || monotonic_since(cache->read) > CACHE_MS)
		cache->fresh = false;
	if (!cache->fresh && refresh(cache, fault) != 0)
		return fault->code;
	*ret = cache->link;
	*n = cache->n;
	return 0;
}

int
link_read(struct link_cache *cache, struct arena *arena, struct link **ret, size_t *n, struct fault *fault)
{
	const struct link *links;

	if (link_peek(cache, &links, n, fault) != 0)
		return fault->code;
	*ret = arena_array(arena, *n + 1, sizeof(**ret));
	memcpy(*ret, links, *n * sizeof(**ret));
	return 0;
}

int
link_read_again(struct link_cache *cache, struct arena *arena, struct link **ret, size_t *n, struct fault *fault)
{
	cache->fresh = false;
	return link_read(cache, arena, ret, n, fault);
}

int
link_mark(struct link_cache *cache, const char *name, const char *alias, struct fault *fault)
{
	struct link link;

	if (link_set_alias(cache->nl, name, alias, fault) != 0 || link_find(cache->nl, name, &link, fault) != 0)
		return fault->code;
	/* What the kernel sent before that is older. */
	if (!nl_each_change(cache->watch, take_link_change, cache))
		cache->fresh = false;
	put_link(cache, &link);
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
