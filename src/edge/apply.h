/* SPDX-License-Identifier: ISC */
/* apply.h - makes the router agree with the desired set: read back, plan, steps, read back again, hand what may run to
 * the routing driver, and a status per object.
 *
 * Runs in slices, so that observing and reporting continue meanwhile. It borrows from the state's objects between begin
 * and end: abort it before the state changes. The next run finds again what is left undone.
 *
 * A run waits for no daemon. Neighbours go before what they stand on does, so that they take leave of their peers: the
 * steps of an instance whose daemon has yet to let go of some are left to the next run, which follows when it has, or
 * when it was given long enough. */
#ifndef DC_EDGE_APPLY_H
#define DC_EDGE_APPLY_H

#include "edge/kernel.h"
#include "edge/plan.h"
#include "edge/routing.h"
#include "edge/state.h"

struct apply;

struct apply_record { /* proof of one run */
	int64_t revision, steps, failed, ms;
	int64_t watched;         /* sessions that were up before, and that it had no business with */
	int64_t shortest_uptime; /* seconds, of those afterwards; -1: there was none */
	size_t reset_n;
	const char **reset; /* keys, heap block of its own; apply_record_clear() */
};

struct apply *apply_new(struct state *, struct kernel *, struct routing *);
struct apply *apply_free(struct apply *);

/* Reads and plans what may differ: instances of which something else is wanted, where the kernel announced a change,
 * and where something was left undone; whole: all. False: the kernel could not be read; err has the reason, and nothing
 * runs. */
bool apply_begin(struct apply *, bool whole, struct dc_error *err);
bool apply_is_running(const struct apply *);
/* Works for about that long. False: done, statuses are set. */
bool apply_continue(struct apply *, int64_t budget_ms);
void apply_abort(struct apply *);               /* statuses stay as they were; what was done is on record */
int64_t apply_running_ms(const struct apply *); /* since the run began */

/* Of the last run. */
bool apply_must_retry(const struct apply *); /* something failed or is not there yet */
int64_t apply_read_ms(const struct apply *); /* what reading back cost */
const struct item_port *apply_ports(
    const struct apply *, size_t *n); /* as read last; NULL: never. Until the next begin */

/* Objects of the kind ping that the run which has just ended found in place, and that were not measured. */
void apply_each_ping(struct apply *, void (*visit)(void *arg, struct edge_object *), void *arg);

/* The next run is about that instance, too. */
void apply_again(struct apply *, uint32_t instance);

/* Milliseconds until something that is kept away for a time comes back; -1: nothing is. */
int64_t apply_shut_left(const struct apply *);
/* The next run is about what comes back by now, too. */
void apply_shut_over(struct apply *);

/* The routing driver has news of an instance: sessions and the statuses of its neighbours follow. True: something that
 * the last run left undone can be done now. */
bool apply_routing_changed(struct apply *, uint32_t instance);
/* Whether the driver is through with every wish, done or with words why not. */
bool apply_routing_settled(const struct apply *);

bool apply_has_record(const struct apply *); /* one is to be taken */
/* Sessions were looked at after the run: its record, when it did anything and no record was taken yet. */
bool apply_take_record(struct apply *, struct apply_record *ret);
void apply_record_clear(struct apply_record *);

/* Whether the set would delete anything that is there now, or end a session that is up. */
enum dc_code apply_would_harm(struct apply *, const struct want *const *, size_t n, bool *ret, struct dc_error *err);

#endif
