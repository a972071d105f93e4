/* SPDX-License-Identifier: ISC */
/* sqlite_store_priv.h - a store on SQLite, shared by sqlite_store.c (jobs, threads, groups) and sqlite_open.c (files).
 */
#ifndef DC_SQLITE_STORE_PRIV_H
#define DC_SQLITE_STORE_PRIV_H

#include "base/turns.h"
#include "store/sqlite_priv.h"

#define READERS_KEPT 16

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
/* A transaction on this connection; the caller begins and ends it. */
struct sqlite_tx sqlite_tx_for(struct sqlite_store *, struct conn *, struct arena *, utc_ms now);

#endif
