/* SPDX-License-Identifier: ISC */
#include "edge/bird/connections.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static int
compare_place(
    const struct ip_addr *remote, const struct ip_addr *local, const char *vrf, const struct item_connection *c)
{
	int order = ip_addr_compare(remote, &c->remote);

	if (order == 0)
		order = ip_addr_compare(local, &c->local);
	return order != 0 ? order : strcmp(vrf, c->vrf);
}

static int
compare(const void *a, const void *b)
{
	const struct item_connection *c = a;

	return compare_place(&c->remote, &c->local, c->vrf, b);
}

bool
connections_refresh(struct connections *all, struct agent *agent, uint32_t instance)
{
	struct op_instance ask = {.instance = instance};
	struct arena *arena;
	void *items;
	size_t n;

	if (all->fresh)
		return true;
	arena = arena_new();
	if (agent_list(agent, OP_CONNECTIONS, &ask, sizeof(ask), sizeof(*all->v), arena, &items, &n, NULL) != DC_OK) {
		arena_free(arena);
		return false;
	}
	connections_free(all);
	*all = (struct connections){.arena = arena, .v = items, .n = n, .at = monotonic_now().ms, .fresh = true};
	if (n > 0)
		qsort(all->v, n, sizeof(*all->v), compare);
	return true;
}

void
connections_free(struct connections *all)
{
	arena_free(all->arena);
	*all = (struct connections){0};
}

static int
rank(const struct item_connection *c)
{
	int state = c->state == TCP_ESTABLISHED ? 3 : c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECV ? 2 : 1;

	return 2 * state + (c->has_key == 0);
}

const struct item_connection *
connections_find(const struct connections *all, const struct routing_neighbour *n)
{
	const struct item_connection *best = NULL;
	size_t lo = 0, hi = all->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (compare_place(&n->remote, &n->local, n->vrf, &all->v[middle]) > 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	for (; lo < all->n && compare_place(&n->remote, &n->local, n->vrf, &all->v[lo]) == 0; lo++)
		if (best == NULL || rank(&all->v[lo]) > rank(best))
			best = &all->v[lo];
	return best;
}
