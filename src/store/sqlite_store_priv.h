/* SPDX-License-Identifier: ISC */
/* sqlite_store_priv.h - a store on SQLite, shared by sqlite_store.c (jobs, threads, groups) and sqlite_open.c (files).
 */
#ifndef DC_SQLITE_STORE_PRIV_H
#define DC_SQLITE_STORE_PRIV_H

#include "base/turns.h"
#include "store/snapshot.h"
#include "store/sqlite_priv.h"

#define READERS_KEPT 16

struct sqlite_restore;

struct sqlite_store {
	struct store store; /* first: store.c hands us its address */
	char *path;
	bool damaged;  /* the write-ahead log was, and no copy of it could be kept */
	bool log_lost; /* it was found damaged by this open */
	struct conn *writer;
	bool kept_changed; /* in the writer's transaction; of its thread alone */
	pthread_t thread;
	bool running;         /* the thread was started */
	pthread_mutex_t lock; /* queue and idle readers */
	pthread_cond_t more;
	struct turns queue;
	bool stopping;
	/* sqlite_snapshot.c */
	bool snapshots;              /* store_options.snapshots */
	pthread_rwlock_t reads_lock; /* held by reads, where there are snapshots */
	struct sqlite_restore *restore;
	pthread_cond_t restored;
	struct conn *idle[READERS_KEPT];
	size_t n_idle;
};

static inline struct sqlite_store *
sqlite_of(struct store *st)
{
	return (struct sqlite_store *)st;
}

/* Without a connection yet. Ends with sqlite_close_store(), however far it came. */
struct sqlite_store *sqlite_new(const char *path);
enum dc_code sqlite_start_writer(struct sqlite_store *, struct dc_error *err);
void sqlite_close_store(struct store *);
/* sqlite_snapshot.c */
void sqlite_snapshots_init(struct sqlite_store *);
void sqlite_snapshots_fini(struct sqlite_store *);
/* On the writer's thread, between two groups, when self->restore is set. */
void sqlite_restore_run(struct sqlite_store *);
enum dc_code sqlite_snapshot_take(struct store *, struct store_snapshot **ret, struct dc_error *err);
enum dc_code sqlite_snapshot_restore(
    struct store *, const struct store_snapshot *, const struct store_restoring *, struct dc_error *err);
/* A transaction on this connection; the caller begins and ends it. */
struct sqlite_tx sqlite_tx_for(struct sqlite_store *, struct conn *, struct arena *, utc_ms now);

#endif
