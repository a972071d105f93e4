/* SPDX-License-Identifier: ISC */
/* Lanes: threads for what takes longer than those of the HTTP server have, each with a queue in which callers take
 * turns (base/turns.h). A caller who floods a lane waits for itself; a request without a place is answered "come
 * again".
 *
 * LANE_LOGIN: passwords. There are places per address, and per address and user; in a full address the user with the
 * most gives its last one to a user with few. One thread: a check takes tens of milliseconds of a core, and strangers
 * may ask for as many as they like.
 *
 * LANE_OPERATOR: what operators make take its time, and their log-ins: never behind strangers'.
 *
 * LANE_LONG: what takes seconds (a new key for all secrets).
 *
 * LANE_READ: reads that have turned out long (cost.c); of one project on all threads but one at most.
 *
 * LANE_BODY: calls with a body that takes its time to be hashed and decoded; of one edge, or user, on one thread.
 *
 * LANE_TOKEN: calls whose token Keystone has just confirmed. All that have shown one token come at once, so a party has
 * as many places as there are. */
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "api/api_priv.h"

static const struct lane_kind {
	size_t places, of_party, of_group; /* that may wait */
} kinds[LANES] = {
    [LANE_LOGIN] = {1024, 128, 256},
    [LANE_OPERATOR] = {256, 64, 128},
    [LANE_LONG] = {8, 2, 8},
    [LANE_READ] = {4096, 1024, 4096},
    [LANE_BODY] = {1024, 128, 512},
    [LANE_TOKEN] = {4096, 4096, 4096},
};

static struct exchange *
exchange_of(struct turn *turn)
{
	return (struct exchange *)(void *)((char *)turn - offsetof(struct exchange, turn));
}

static void
serve(const struct lane *lane, struct exchange *x)
{
	if (lane->kind == LANE_READ)
		exchange_read(x);
	else if (lane->kind == LANE_BODY || lane->kind == LANE_TOKEN)
		exchange_with_body(x);
	else
		exchange_prepare(x);
}

static void *
lane_main(void *arg)
{
	struct lane *lane = arg;
	struct turn *turn;

	pthread_mutex_lock(&lane->lock);
	while ((turn = turns_take(&lane->queue)) != NULL || !lane->end || lane->queue.waiting > 0) {
		uint64_t party;

		if (turn == NULL) {
			pthread_cond_wait(&lane->changed, &lane->lock);
			continue;
		}
		party = turn->party;
		pthread_mutex_unlock(&lane->lock);
		serve(lane, exchange_of(turn)); /* and it is gone */
		pthread_mutex_lock(&lane->lock);
		turns_done(&lane->queue, party);
		pthread_cond_broadcast(&lane->changed);
	}
	pthread_mutex_unlock(&lane->lock);
	return NULL;
}

static int
lane_start(struct lane *lane, enum route_lane kind, unsigned threads)
{
	sigset_t all, before;
	int rc = 0;

	lane->kind = kind;
	pthread_mutex_init(&lane->lock, NULL);
	cond_init(&lane->changed);
	turns_init(&lane->queue, threads > 1 ? threads - 1 : 1);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (rc == 0 && lane->threads < threads)
		if ((rc = pthread_create(&lane->thread[lane->threads], NULL, lane_main, lane)) == 0)
			lane->threads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void
lane_stop(struct lane *lane)
{
	pthread_mutex_lock(&lane->lock);
	lane->end = true;
	pthread_cond_broadcast(&lane->changed);
	pthread_mutex_unlock(&lane->lock);
	while (lane->threads > 0)
		pthread_join(lane->thread[--lane->threads], NULL);
	turns_fini(&lane->queue);
	pthread_cond_destroy(&lane->changed);
	pthread_mutex_destroy(&lane->lock);
}

static unsigned
threads_of(enum route_lane kind)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (kind == LANE_BODY)
		return 2;
	if (kind == LANE_READ)
		return cores < 2 ? 2 : cores > LANE_THREADS_MAX ? LANE_THREADS_MAX : (unsigned)cores;
	return 1;
}

int
worker_start(struct api *api)
{
	int rc = 0;

	for (size_t i = 0; i < LANES && rc == 0; i++) {
		rc = lane_start(&api->lane[i], (enum route_lane)i, threads_of((enum route_lane)i));
		api->lanes = i + 1;
	}
	if (rc != 0)
		worker_stop(api);
	return rc;
}

void
worker_stop(struct api *api)
{
	while (api->lanes > 0)
		lane_stop(&api->lane[--api->lanes]);
}

static bool
is_left(const struct turn *turn)
{
	return exchange_is_left(
	    (const struct exchange *)(const void *)((const char *)turn - offsetof(struct exchange, turn)));
}

void
worker_drop_left(struct api *api)
{
	for (size_t i = 0; i < api->lanes; i++) {
		struct lane *lane = &api->lane[i];
		struct turn *turn;

		do {
			pthread_mutex_lock(&lane->lock);
			turn = turns_remove(&lane->queue, is_left);
			pthread_mutex_unlock(&lane->lock);
			if (turn != NULL)
				exchange_leave(exchange_of(turn));
		} while (turn != NULL);
	}
}

size_t
worker_queued(struct api *api)
{
	size_t queued = 0;

	for (size_t i = 0; i < api->lanes; i++) {
		pthread_mutex_lock(&api->lane[i].lock);
		queued += api->lane[i].queue.waiting;
		pthread_mutex_unlock(&api->lane[i].lock);
	}
	return queued;
}

/* A customer of IPv6 has a /64 at least: its addresses are one. */
static uint64_t
address_group(const char *address)
{
	char network[INET6_ADDRSTRLEN];
	struct in6_addr a;

	if (address == NULL || inet_pton(AF_INET6, address, &a) != 1)
		return turns_party(address);
	memset(&a.s6_addr[8], 0, 8);
	return inet_ntop(AF_INET6, &a, network, sizeof(network)) != NULL ? turns_party(network) : 0;
}

uint64_t
exchange_party(const struct exchange *x)
{
	const struct call *c = &x->call;

	if (c->project != NULL)
		return turns_party(c->project);
	if (c->who.edge_id != NULL)
		return turns_party(c->who.edge_id);
	return c->who.user_id != NULL ? turns_party(c->who.user_id) : address_group(c->address);
}

/* A place for one more, under the lock; *out: the one that has to leave for it. */
static bool
find_place(struct lane *lane, uint64_t party, uint64_t group, struct turn **out)
{
	const struct lane_kind *k = &kinds[lane->kind];
	size_t own = turns_of_party(&lane->queue, party);

	*out = NULL;
	if (lane->queue.waiting >= k->places || own >= k->of_party)
		return false;
	if (turns_of_group(&lane->queue, group) < k->of_group)
		return true;
	*out = turns_push_out(&lane->queue, group, own + 1);
	return *out != NULL;
}

bool
worker_add(struct exchange *x, enum route_lane kind, const char *name)
{
	struct lane *lane = &x->call.api->lane[kind];
	uint64_t group = address_group(x->call.address);
	uint64_t party =
	    name != NULL ? turns_party(arena_printf(x->call.arena, "%" PRIx64 " %s", group, name)) : exchange_party(x);
	struct turn *out;
	bool room;

	pthread_mutex_lock(&lane->lock);
	if ((room = find_place(lane, party, group, &out))) {
		turns_add(&lane->queue, party, group, &x->turn);
		pthread_cond_broadcast(&lane->changed);
	}
	pthread_mutex_unlock(&lane->lock);
	if (out != NULL)
		exchange_no_place(exchange_of(out));
	return room;
}
