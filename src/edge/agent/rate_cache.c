/* SPDX-License-Identifier: ISC */
#include "edge/agent/rate_cache.h"

#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"
#include "edge/agent/nl_rate.h"

#define ASK_MS 30000 /* of all filters, also without news */

int
rate_cache_open(struct rate_cache *c, struct nl *nl, struct fault *fault)
{
	const int group = RTNLGRP_TC;

	c->nl = nl;
	if (nl_open(NETLINK_ROUTE, &c->watch, fault) != 0)
		return fault->code;
	return nl_join(c->watch, &group, 1, fault);
}

void
rate_cache_close(struct rate_cache *c)
{
	nl_close(c->watch);
	arena_free(c->arena);
	free(c->policed);
	*c = (struct rate_cache){0};
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t *
find_policed(const struct rate_cache *c, uint32_t ifindex)
{
	return c->policed_n == 0 ? NULL : bsearch(&ifindex, c->policed, c->policed_n, sizeof(*c->policed), compare);
}

static void
hear(void *arg, const struct nlmsghdr *h)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(h);
	struct rate_cache *c = arg;
	uint32_t *policed;

	if (h->nlmsg_type == RTM_NEWACTION || h->nlmsg_type == RTM_DELACTION ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*tcm) ||
	    (policed = find_policed(c, (uint32_t)tcm->tcm_ifindex)) == NULL)
		return;
	memmove(policed, policed + 1, (size_t)(c->policed + c->policed_n - policed - 1) * sizeof(*policed));
	c->policed_n--;
}

static bool
has_news(struct rate_cache *c)
{
	bool lost = false, heard = nl_heard(c->watch, hear, c, &lost);

	if (lost || monotonic_since(c->asked) > ASK_MS) {
		c->policed_n = 0;
		c->asked = monotonic_now();
	}
	return heard;
}

/* Takes out what an action shows whose filter has gone, and devices that are left without anything. */
static int
keep_policed(struct rate_cache *c, struct fault *fault)
{
	uint32_t *policed = reallocarray(NULL, c->n + 1, sizeof(*policed));
	size_t kept = 0, count = 0;

	if (policed == NULL)
		return fault_errno(fault, "rates");
	for (size_t i = 0; i < c->n; i++) {
		struct rate *rate = &c->rate[i];
		bool has = find_policed(c, rate->index) != NULL;

		if (!has && rate_has_policer(c->nl, rate->index, &has, fault) != 0) {
			free(policed);
			return fault->code;
		}
		if (has)
			policed[count++] = rate->index;
		else
			rate->ingress_kbit = rate->burst = 0;
		if (has || rate->has_queue)
			c->rate[kept++] = *rate;
	}
	free(c->policed);
	c->policed = policed;
	c->policed_n = count;
	c->n = kept;
	return 0;
}

int
rate_cache_read(struct rate_cache *c, bool again, const struct rate **ret, size_t *n, struct fault *fault)
{
	/* First the look at what changed: what changes while it is read is seen the next time. */
	if (has_news(c) || again)
		c->arena = arena_free(c->arena);
	if (c->arena == NULL) {
		c->arena = arena_new();
		if (rate_read(c->nl, c->arena, &c->rate, &c->n, fault) != 0 || keep_policed(c, fault) != 0) {
			c->arena = arena_free(c->arena);
			return fault->code;
		}
	}
	*ret = c->rate;
	*n = c->n;
	return 0;
}
