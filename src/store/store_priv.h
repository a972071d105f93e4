/* SPDX-License-Identifier: ISC */
/* store_priv.h - inside of the store: what sql.c, migrate.c and store.c ask of a backend. Only files in store/
 * include it (tests too, for migrations of their own).
 *
 * A backend makes struct store and struct tx part of structs of its own and fills the two tables of functions. SQL that
 * goes through struct tx_ops is the subset that both databases take: parameters $1, $2 ... (first used in that order),
 * RETURNING, ON CONFLICT, row values. */
#ifndef DC_STORE_PRIV_H
#define DC_STORE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/seal.h"
#include "store/store.h"

struct footing;
struct footing_changes;
struct footing_numbers;
struct store_snapshot;
struct store_restoring;
struct stmt; /* one prepared statement; the backend's */

/* All that the text of a statement depends on, as bytes: what is the same has the same text. */
struct shape {
	const void *bytes;
	size_t len;
};

struct tx_ops {
	/* The statement of this shape, when it was prepared before and is free; else NULL. Goes back like prepare()'s.
	 */
	struct stmt *(*find)(struct tx *, const struct shape *);
	/* *ret goes back with finish(), also after a failed step. */
	enum dc_code (*prepare)(struct tx *, const char *sql, struct stmt **ret, struct dc_error *err);
	/* For find(), from now on. */
	void (*remember)(struct stmt *, const struct shape *);
	const char *(*text)(const struct stmt *); /* that it was prepared from */
	/* nth from 1. Text is borrowed until finish(). */
	void (*bind_null)(struct stmt *, int nth);
	void (*bind_int)(struct stmt *, int nth, int64_t);
	void (*bind_text)(struct stmt *, int nth, const char *);
	/* *row: whether there is (another) row to read. Ask until there is none, or finish(). */
	enum dc_code (*step)(struct stmt *, bool *row, struct dc_error *err);
	/* Columns of the current row, from 0. Text is borrowed until the next step. */
	bool (*is_null)(struct stmt *, int column);
	int64_t (*get_int)(struct stmt *, int column);
	const char *(*get_text)(struct stmt *, int column);
	int64_t (*changes)(struct stmt *);     /* rows touched, after the last step */
	struct stmt *(*finish)(struct stmt *); /* NULL is fine; returns NULL */
	/* Several statements without parameters (migrations). */
	enum dc_code (*script)(struct tx *, const char *sql, struct dc_error *err);
	/* Names of the columns of table $1, and 1 or 0: whether the column holds integers. */
	const char *columns_sql;
	/* Names of the constraints of a table but its primary key, in the transaction's arena, NULL-terminated. */
	const char **(*constraints)(struct tx *, const char *table);
	/* How rows of table $3 go with those that they refer to, enum row_end; $1, $2: its guarded_by and guard_column.
	 */
	const char *ends_sql;
	/* Whether transactions run side by side and a row must be locked. False: there is one writer, or the database
	 * sees to it that what they do could have been done one after another. */
	bool locks_rows;
	/* Before a column that only sifts: makes it an expression, which no index has. */
	const char *sift;
};

struct wake {
	const char *edge_id;
	struct wake *next;
};

struct tx {
	const struct tx_ops *ops;
	struct store *store;
	struct arena *arena;
	utc_ms now;
	struct wake *wakes;  /* in the arena, no edge twice */
	enum dc_code broken; /* the first failure of a statement */
	unsigned statements; /* prepared so far */
	void *work;          /* the engine's */
	bool dry;            /* tx_make_dry() */
	/* row_lock.c: the locks taken so far, and the place in the order that the last one had. */
	struct held *held;
	const struct field_table *top_table;
	const char *top_id;
	bool kept_changed;   /* by this job, or by one before it in a transaction that is not committed */
	uint64_t generation; /* read in the transaction; 0: it is the store's */
	const char *epoch;   /* read in the transaction; NULL: it is the store's */
	/* footing.c */
	uint64_t since;          /* number of a commit that the transaction sees */
	struct footing *footing; /* NULL: nobody watches what is read */
	bool told_time;          /* to who is watched */
	struct footing_changes *changes;
};

/* STMT(s, tx): s.stmt is finished at the end of the block, on any way there. */
struct stmt_guard {
	const struct tx_ops *ops;
	struct stmt *stmt;
};
void stmt_guard_end(struct stmt_guard *);
#define STMT(name, tx) __attribute__((cleanup(stmt_guard_end))) struct stmt_guard name = {(tx)->ops, NULL}

struct store_ops {
	void (*submit)(struct store *, uint64_t party, store_run, void *arg, store_done);
	void (*read)(struct store *, uint64_t party, store_run, void *arg, store_done);
	void (*close)(struct store *); /* frees it */
	void (*hurry)(struct store *); /* NULL: nothing is waited for */
	store_run probe;               /* writes what nobody reads */
	bool (*log_was_damaged)(struct store *);
	void (*say)(struct store *, const char *text); /* NULL: there are no others */
	/* Whether no other process uses the database, until release(). NULL: there never is one. */
	enum dc_code (*claim)(struct store *, struct dc_error *err);
	void (*release)(struct store *);
	/* NULL: the backend has no snapshots (snapshot.h). */
	enum dc_code (*take)(struct store *, struct store_snapshot **ret, struct dc_error *err);
	enum dc_code (*restore)(
	    struct store *, const struct store_snapshot *, const struct store_restoring *, struct dc_error *err);
};
/* The party of jobs beside which no other one may write, in any process. */
#define STORE_ALONE UINT64_MAX
enum dc_code store_submit_alone_wait(struct store *, store_run run, void *arg, struct dc_error *err);

#define EPOCHS_ENDED_MAX 64

struct store {
	const struct store_ops *ops;
	struct seal *seal;
	pthread_mutex_t rotate_lock;             /* one rotation at a time */
	const struct field_table *const *tables; /* store_options.tables */
	char epoch[UUID_TEXT_SIZE];
	int holder;                                   /* lock on the file beside the database; -1: not held */
	char ended[EPOCHS_ENDED_MAX][UUID_TEXT_SIZE]; /* by snapshots that were put back, the newest ones */
	size_t ended_n;                               /* of all */
	pthread_mutex_t watch_lock;
	const struct store_engine *engine; /* NULL: none */
	store_wake wake;
	void *wake_arg;
	store_heard heard;
	void *heard_arg;
	atomic_uint_fast64_t generation; /* from 1; see tx_generation() */
	struct footing_numbers *numbers; /* the backend's, footing.c; NULL: no answer can be kept */
	atomic_uint_fast64_t commits, jobs, reads;
	_Atomic utc_ms newest;        /* time that a transaction was given */
	_Atomic int64_t clock_offset; /* the database's clock less this machine's, ms */
	pthread_mutex_t writes_lock;
	struct store_writes writes;
};

void store_init(struct store *, const struct store_ops *);
void store_fini(struct store *);
/* Calls the watcher, if any, for every edge in the list. After COMMIT, with no lock of the backend held. */
void store_tell(struct store *, const struct wake *);
/* A text of another process's store_say(). */
void store_tell_heard(struct store *, const char *text);
/* The time of a transaction that begins when the clock shows `now`. A clock that was set back a little stands until it
 * has caught up, so that what follows in the store follows in time. One that was set back by more is followed at once:
 * it was wrong before, and callers' signatures and tokens are judged by it. */
#define STORE_CLOCK_HOLD_MS 10000
utc_ms store_now(struct store *, utc_ms now);
/* A group's write has worked (NULL), or has failed for a reason that will hold for the next one, too. Logs when that
 * changes. */
void store_note_write(struct store *, const struct dc_error *);
/* The epoch that is in force ends by a snapshot that was put back; nobody reads meanwhile. */
void store_end_epoch(struct store *);
/* Adds the edge unless the list has it. */
void wake_add(struct wake **, const char *edge_id, struct arena *);
/* Runs the job's function in tx and judges the result: a failed statement makes the job fail. */
enum dc_code tx_run(struct tx *, store_run, void *arg, struct dc_error *err);

/* Numbered from 1 without a gap; ends with version 0. The program's own list is made from migrations/ by the build. */
struct migration {
	int version;
	const char *name;
	const char *sql;
};
extern const struct migration store_migrations[];
extern const struct migration store_migrations_pg[];

/* Brings the schema up to the last of `migrations`, then settles key and epoch (into tx->store) and compares the
 * tables. Everything happens in tx: on failure the backend rolls back and nothing has changed. *migrated: some
 * migration ran. */
enum dc_code store_prepare(
    struct tx *, const struct store_options *, const struct migration *, bool *migrated, struct dc_error *err);
/* Gives the store behind tx a new epoch. */
enum dc_code store_renew_epoch(struct tx *, struct dc_error *err);
/* Seals the value that reveals a wrong key at open under the current key. */
enum dc_code store_renew_canary(struct tx *, struct dc_error *err);
/* All that was sealed becomes random text that nobody knows, sealed under the current key; reports each. */
enum dc_code store_replace_secrets(
    struct tx *, const struct field_table *const *tables, store_lost told, void *arg, struct dc_error *err);

/* The job of store_forget_secrets(); arg is a struct forgetting. */
struct forgetting {
	const struct store_options *options;
	store_lost told;
	void *arg;
};
enum dc_code store_forget_run(struct tx *, void *arg, struct dc_error *err);

/* store_open() with migrations of one's own, in the database's own SQL. */
enum dc_code store_open_with(
    const struct store_options *, const struct migration *, struct store **ret, struct dc_error *err);
/* What store.c asks of each backend before there is a store. */
enum dc_code sqlite_open_store(
    const struct store_options *, const struct migration *, struct store **ret, struct dc_error *err);
enum dc_code sqlite_backup(const char *path, const char *to, struct dc_error *err);
enum dc_code sqlite_new_epoch(const char *path, struct dc_error *err);
enum dc_code sqlite_forget_secrets(const struct store_options *, store_lost told, void *arg, struct dc_error *err);
enum dc_code pg_open_store(
    const struct store_options *, const struct migration *, struct store **ret, struct dc_error *err);
enum dc_code pg_new_epoch(const struct store_options *, struct dc_error *err);
enum dc_code pg_forget_secrets(const struct store_options *, store_lost told, void *arg, struct dc_error *err);
/* Takes the lock beside the database, for as long as the store lives. options.serves: fails when another process has
 * it; else the store may be without. */
enum dc_code store_take_lock(struct store *, const struct store_options *, struct dc_error *err);
void store_drop_lock(struct store *);
/* How the options name the database, for messages. */
const char *store_name(const struct store_options *);

#endif
