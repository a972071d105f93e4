/* SPDX-License-Identifier: ISC */
/* row_lock.h - row locks, always in one order, so that no two transactions wait for each other.
 *
 * The order is field_table.rank, and within a rank the row's id. A change first names every row that it will need, then
 * takes all of them with one call, and only then reads. A lock lasts until the transaction ends. A row that this
 * transaction has inserted is its own.
 *
 * A backend decides what a lock is: nothing on SQLite, which has one writer, a row lock on a backend whose
 * transactions run side by side. What the first hides, builds with -Dlock_checks=true find: a lock out of order, and a
 * write to a row whose lock this transaction does not hold, abort with both names. */
#ifndef DC_STORE_ROW_LOCK_H
#define DC_STORE_ROW_LOCK_H

#include "field/field.h"
#include "store/store.h"

/* The ranks of dcaasd's tables. doc/decisions/locks.md explains why attachments come after interfaces. */
enum lock_rank {
	RANK_REPORT = 10, /* of an edge: first, by who folds a report */
	RANK_USER = 15,   /* its keys are a set */
	RANK_PROJECT = 20,
	RANK_CONNECTION = 30,
	RANK_PORT = 40,
	RANK_POOL = 45,
	RANK_GATEWAY = 50,
	RANK_LINK = 60,
	RANK_INTERFACE = 70,
	RANK_PEER = 75,      /* of owners only: a peer is locked with its interface */
	RANK_ROUTE = 77,     /* of owners only: a route is locked with its gateway */
	RANK_DETECTION = 78, /* of owners only: a detection is locked with its interface */
	RANK_ATTACHMENT = 80,
	RANK_EDGE = 110,
	RANK_REVISION = 120, /* of an edge: last, by who changes its objects */
};

struct lock {
	const struct field_table *table;
	const char *id;
};

struct lock_set {
	struct arena *arena;
	struct lock *v;
	size_t n, cap;
};
#define LOCK_SET(name, tx) struct lock_set name = {.arena = tx_arena(tx)}

/* Puts a row on the list; id NULL puts nothing. The id is borrowed until lock_rows(). */
void lock_want(struct lock_set *, const struct field_table *, const char *id);
/* Takes what is on the list and not held yet. Rows that are not there lock nothing. */
enum dc_code lock_rows(struct tx *, struct lock_set *, struct dc_error *err);
/* Whether a row that was read before its lock was taken may have changed since. */
bool lock_is_late(const struct tx *);

#endif
