/* SPDX-License-Identifier: ISC */
/* due.h - what is to happen at a time: an expiry, a retry, the end of a trial. It is a row, so it outlives a crash, and
 * whichever process comes first does it.
 *
 * A runner claims what is due by the database's clock: it puts the row's time off by the length of a lease and leaves
 * its mark there. Then the kind's run() does the work in the transaction that takes the row away, and only where the
 * mark still is: a row whose runner dies is claimed by another after the lease, and work that was claimed twice is done
 * once. Work that fails is rolled back whole and tried again later, after growing pauses; other rows do not wait for
 * it.
 *
 * There is one row for a kind and an owner. Setting it again replaces it, also while it is claimed: the claimed
 * work is not done then, and the new row waits for its own time. */
#ifndef DC_STORE_DUE_H
#define DC_STORE_DUE_H

#include "field/field.h"
#include "store/store.h"

#define DUE_LEASE_MS 30000
#define DUE_PAUSE_MIN_MS 1000
#define DUE_PAUSE_MAX_MS 300000

struct due {
	struct f_text id; /* kind/owner */
	struct f_int at, wanted;
	struct f_text kind, owner, ref, claim;
	struct f_int tries; /* that have failed */
};
extern const struct field_table due_table;

struct due_kind {
	const char *name;
	/* Does the work. The row is gone in this transaction; what is to happen again is set again. May run more than
	 * once, as every job: what is outside of the transaction is left alone, or handed over by a row. */
	enum dc_code (*run)(struct tx *, const struct due *, void *user, struct dc_error *err);
	/* Not 0: there is always one row with owner "", from the first start on; its first time is so long after that.
	 */
	int64_t standing_ms;
};

/* At this time. owner: an id, or "". ref: what run() wants to know besides; may be NULL. */
enum dc_code due_set(
    struct tx *, const char *kind, const char *owner, const char *ref, utc_ms at, struct dc_error *err);
/* At this time at the latest: a row whose time comes sooner stays as it is. */
enum dc_code due_set_by(
    struct tx *, const char *kind, const char *owner, const char *ref, utc_ms at, struct dc_error *err);
/* Not any more. */
enum dc_code due_clear(struct tx *, const char *kind, const char *owner, struct dc_error *err);

/* Claims what is due and does it. kinds ends with a row whose name is NULL; it, user and the store outlive the runner.
 */
struct due_runner;
struct due_runner *due_runner_new(struct store *, const struct due_kind *kinds, void *user);
/* After the store was closed: work may be under way until then. NULL is fine; returns NULL. */
struct due_runner *due_runner_free(struct due_runner *);
/* Makes the rows of standing kinds; at the start. */
enum dc_code due_stand(struct due_runner *, struct dc_error *err);
/* Looks whether something is due, and begins with it. Does not wait for its end. To be called now and then, by one
 * thread. */
void due_look(struct due_runner *);
/* Whether work that due_look() has begun is not done yet. */
bool due_is_busy(const struct due_runner *);

#endif
