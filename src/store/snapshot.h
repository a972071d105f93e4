/* SPDX-License-Identifier: ISC */
/* snapshot.h - the whole database at one moment, kept in memory and put back in one step: for a server that is a test
 * double (store_options.snapshots). A snapshot lives as long as the process.
 *
 * What was put back has an epoch of its own. The epochs that ended so are known (tx_epoch_was_ended()), so that a
 * simulated edge with orders of such an epoch may take over the new ones. */
#ifndef DC_STORE_SNAPSHOT_H
#define DC_STORE_SNAPSHOT_H

#include "store/store.h"

struct store_snapshot;

/* Beside other jobs, at one commit. On DC_OK *ret is the caller's, to give to store_snapshot_free(). */
enum dc_code store_snapshot_take(struct store *, struct store_snapshot **ret, struct dc_error *err);
struct store_snapshot *store_snapshot_free(struct store_snapshot *); /* NULL is fine; returns NULL */
int64_t store_snapshot_size(const struct store_snapshot *);          /* bytes */

/* What is done while nobody else reads or writes. What both jobs allocate in tx_arena() lives until the end. */
struct store_restoring {
	store_run before; /* sees the database that is about to end; writes nothing. NULL: nothing */
	store_run after;  /* in a transaction on what was put back, which has the new epoch already. NULL: nothing */
	void (*forget)(void *arg); /* drops what is kept in memory of the database that has ended. NULL: nothing */
	void *arg;
};
/* Blocks; not from a job. DC_E_POLICY when the secrets' key is another one since. */
enum dc_code store_snapshot_restore(
    struct store *, const struct store_snapshot *, const struct store_restoring *, struct dc_error *err);

/* Whether this process has ended the epoch by putting a snapshot back. */
bool tx_epoch_was_ended(const struct tx *, const char *epoch);

#endif
