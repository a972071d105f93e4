/* SPDX-License-Identifier: ISC */
/* pg_priv.h - a store on PostgreSQL, shared by pg.c (connections and statements), pg_error.c, pg_store.c (jobs and
 * threads), pg_listen.c (news of other processes) and pg_open.c. A connection is used by one thread at a time. */
#ifndef DC_PG_PRIV_H
#define DC_PG_PRIV_H

#include <libpq-fe.h>

#include "base/turns.h"
#include "store/store_priv.h"

struct pg_conn;

struct pg_tx {
	struct tx tx; /* first: query.c hands us its address */
	struct pg_conn *conn;
	bool again;                 /* what others did at the same time made a statement fail */
	const struct dc_error *why; /* without a connection: why there is none */
	char epoch[UUID_TEXT_SIZE];
};

extern const struct tx_ops pg_tx_ops;
/* Of a transaction without a connection: each statement fails for its reason. */
extern const struct tx_ops pg_tx_unreachable_ops;

enum dc_code pg_conn_open(const char *database, struct pg_conn **ret, struct dc_error *err);
struct pg_conn *pg_conn_close(struct pg_conn *); /* NULL is fine; returns NULL */
PGconn *pg_conn_handle(struct pg_conn *);
/* It broke, or the database did not answer in time: it is of no more use. */
bool pg_conn_is_lost(const struct pg_conn *);
/* Each answer is waited for so long; further ones of the connection, too. */
void pg_conn_set_limit(struct pg_conn *, int64_t ms);
/* Once *hurry is true no answer is waited for long. It outlives the connection. */
void pg_conn_set_hurry(struct pg_conn *, const atomic_bool *hurry);
/* Statements without parameters, in one message. *again may be NULL, as in pg_fail(); *ret too, else it is the answer
 * to the last one, to be cleared by the caller, and untouched on failure. */
enum dc_code pg_run(struct pg_conn *, const char *sql, PGresult **ret, bool *again, struct dc_error *err);

/* Turns a failure into an error; res NULL: that of the connection. *again: the same may succeed the next time. A broken
 * constraint has its name in err->member. */
enum dc_code pg_fail(PGconn *, const PGresult *res, bool *again, struct dc_error *err);
/* The connection does not work: words for the log. Clients get other words, which name no machine. */
enum dc_code pg_fail_lost(PGconn *, const char *what, struct dc_error *err);

/* pg_plan.c: logs the prepared statement and its plan when it reads a table that grows from end to end, or sorts: as
 * plan_check(), once plan_check_begin() was called. */
void pg_plan_check(struct pg_conn *, const char *name, const char *sql);
/* DCAAS_STATEMENTS in the environment: a file that gets each statement of who writes with its values, as plan_record()
 * writes it. */
void pg_conn_set_recorded(struct pg_conn *);
void pg_plan_record(struct pg_conn *, const char *sql, int n, const char *const *values);

struct pg_worker {
	struct pg_store *store;
	struct pg_conn *conn; /* NULL: none, or no more */
	pthread_t thread;
	bool reads;
};

struct pg_listener;

struct pg_store {
	struct store store; /* first: store.c hands us its address */
	char *database;
	char instance[17]; /* of this process, in its notifications */
	int schema;
	pthread_mutex_t lock; /* queues and the state of the database */
	pthread_cond_t more;
	struct turns writes, reads;
	bool stopping;
	atomic_bool hurry; /* a stop waits for the jobs */
	struct pg_worker *worker;
	size_t workers; /* that were started */
	/* What the last attempt to connect has found, until the next one may be made. */
	int64_t next_attempt; /* monotonic ms; 0: it worked */
	struct dc_error down;
	struct pg_listener *listener; /* NULL: a tool */
	struct pg_conn *claim;        /* while this process rotates the key */
};

static inline struct pg_store *
pg_of(struct store *st)
{
	return (struct pg_store *)st;
}

/* Without a connection yet. Ends with pg_close_store(), however far it came. */
struct pg_store *pg_new(const struct store_options *);
void pg_close_store(struct store *);
/* Threads for reads and for writes, half of each. */
enum dc_code pg_start_workers(struct pg_store *, unsigned connections, struct dc_error *err);
/* A transaction on this connection; the caller begins and ends it. */
struct pg_tx pg_tx_for(struct pg_store *, struct pg_conn *, struct arena *, utc_ms now);

/* What each transaction of jobs reads first: the generation, the epoch, the schema, the database's clock. */
#define PG_LOOK                                                                                                        \
	"SELECT (SELECT value FROM store_meta WHERE key = 'generation'),"                                              \
	" (SELECT value FROM store_meta WHERE key = 'epoch'), (SELECT max(version) FROM schema_version),"              \
	" (extract(epoch FROM clock_timestamp()) * 1000)::bigint"

/* Locks of whole databases (pg_advisory_lock). */
#define PG_LOCK_OPEN "1684234593, 1"  /* one process migrates, or rotates the key, at a time */
#define PG_LOCK_SERVE "1684234593, 2" /* shared, by each process that serves */
/* How many processes serve beside the one of this connection. */
#define PG_OTHERS                                                                                                      \
	"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1684234593 AND objid = 2"             \
	" AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> "

/* Calls the watcher of this process for what other processes have committed. It has a connection of its own, which
 * holds PG_LOCK_SERVE. */
enum dc_code pg_listener_start(struct pg_store *, struct dc_error *err);
struct pg_listener *pg_listener_stop(struct pg_listener *); /* NULL is fine; returns NULL */
/* Of its connection at the server. */
int pg_listener_pid(struct pg_listener *);

/* Puts a text for the others down, to be sent soon. */
void pg_listener_say(struct pg_listener *, const char *text);

#define PG_CHANNEL "dcaas_wake"
#define PG_CHANNEL_SAY "dcaas_say"

#endif
