/* SPDX-License-Identifier: ISC */
/* store.h - the database behind dcaasd: a file of SQLite, which one dcaasd serves, or a database of PostgreSQL, over
 * which any number of them may serve.
 *
 * A mutation is one job: store_submit() queues it, run() makes every check and write inside one transaction, done()
 * comes after the commit is on disk. Jobs that arrive together share one COMMIT (each in a SAVEPOINT of its own, so a
 * failed one rolls back alone; a failed COMMIT fails all of them). A read is a job too: it opens a fresh read
 * transaction, so a client reads its own write.
 *
 * Who waits: nobody. SQLite runs writes in one writer thread, and reads at once on the calling thread; PostgreSQL runs
 * both on a pool of connections, each job in a transaction of its own. Callers only rely on: done() is called exactly
 * once, from any thread, possibly before the call returns. */
#ifndef DC_STORE_H
#define DC_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"

struct field_table; /* field/field.h */
struct store;
struct tx; /* one open transaction; valid only inside run() */

/* Makes every check and write of the job. Touches only tx, arg and arg's arena. May run more than once (serialization
 * failure, or a group that must be replayed), so it starts from its inputs each time. Once a call with tx has failed
 * with anything but DC_E_NOT_FOUND, the transaction is lost (as PostgreSQL has it): return the failure. A job that
 * returns DC_OK all the same fails with DC_E_SYSTEM. What it logs is written once its commit is on disk, and never when
 * it fails (LOG_ERR and worse at once). */
typedef enum dc_code (*store_run)(struct tx *, void *arg, struct dc_error *err);
/* rc is DC_OK only when the data is durable. err is valid during the call. */
typedef void (*store_done)(void *arg, enum dc_code rc, const struct dc_error *err);

struct store_options {
	const char *path;     /* database file; with PostgreSQL only the lock beside it is made */
	const char *key_path; /* key file for sealed secrets; created (0600) together with a new database only */
	const char *database; /* connection string of PostgreSQL, without a password; NULL: SQLite */
	unsigned connections; /* to PostgreSQL, for jobs; 0: STORE_CONNECTIONS */
	/* Compared with the schema at open, column by column; NULL-terminated, or NULL for none. Outlives the store. */
	const struct field_table *const *tables;
	/* The process that serves: refuses a database of SQLite that another one serves, and keeps others out for its
	 * life. On PostgreSQL others may serve beside it; a folder of state has one dcaasd there, too. */
	bool serves;
	bool snapshots; /* snapshots of it may be put back (store/snapshot.h); reads then wait while that is done */
};
#define STORE_CONNECTIONS 8
/* A password does not belong into the connection string, which is logged and shown. */
enum dc_code store_check_database(const char *database, struct dc_error *err);

/* Opens, or creates with a new epoch, and migrates to this program's schema. Refuses (DC_E_IO, err has the reason) a
 * newer schema, a schema that differs from the tables, a missing or wrong key file; a second server; and to migrate a
 * database that another process serves. A write-ahead log that is damaged is kept beside the database and logged, and
 * the store gets a new epoch, as after a restore. */
enum dc_code store_open(const struct store_options *, struct store **ret, struct dc_error *err);
/* Drains the writer, checkpoints, closes; jobs submitted from now on get DC_E_UNAVAILABLE. Reads must have ended.
 * NULL is fine; returns NULL. */
struct store *store_close(struct store *);

/* The process is about to end: jobs that wait for a database which does not answer give up. */
void store_hurry(struct store *);

void store_submit(struct store *, store_run run, void *arg, store_done done);
/* As store_submit(), in the name of a party (turns_party(), base/turns.h): parties take turns in the writer's queue, so
 * that one with hundreds of jobs does not keep another's waiting for all of them. store_submit() is one party. */
void store_submit_for(struct store *, uint64_t party, store_run run, void *arg, store_done done);
void store_read(struct store *, store_run run, void *arg, store_done done);
/* As store_read(), in the name of a party: where reads stand in a queue, parties take turns. */
void store_read_for(struct store *, uint64_t party, store_run run, void *arg, store_done done);
/* Runs on the calling thread without looking into the database: a statement fails with DC_E_AGAIN. For what may be
 * known in memory. What the transaction allocates is in the arena. */
enum dc_code store_glance(struct store *, struct arena *, store_run run, void *arg, struct dc_error *err);
/* Blocking forms for start-up, tools and tests; never on an HTTP thread for writes. */
enum dc_code store_submit_wait(struct store *, store_run run, void *arg, struct dc_error *err);
enum dc_code store_read_wait(struct store *, store_run run, void *arg, struct dc_error *err);

/* Called after the commit of each group that took an edge revision, by this process or another one: wakes waiting
 * polls. NULL: each of them, because what others have committed may have been missed. At most one watcher. */
typedef void (*store_wake)(void *arg, const char *edge_id);
void store_watch(struct store *, store_wake wake, void *arg);
/* A text for the other processes that serve the database, about what lives in memory: no transaction depends on it, and
 * it may get lost. With SQLite there are no others. A longer one is not sent. */
#define STORE_SAY_MAX (1 << 20)
void store_say(struct store *, const char *text);
typedef void (*store_heard)(void *arg, const char *text);
void store_hear(struct store *, store_heard heard, void *arg);
/* For tx: the edge's objects change in this transaction; the watcher is called after its commit. */
void tx_wake_edge(struct tx *, const char *edge_id);
/* The same for what calls wait for by another id: what is gone, and left its place, in this transaction. */
void tx_wake(struct tx *, const char *id);

/* The engine that carries changes through (reconcile/work.h), as far as the store and the API know it: at the end of
 * run(), inside its transaction, the store calls settle(), and a change of a resource is announced with dirty(). env is
 * the engine's own. The struct outlives the store. */
struct resource; /* field/resource.h */
struct store_engine {
	void (*dirty)(struct tx *, const struct resource *, const char *id, bool made);
	void *(*row)(struct tx *, const struct resource *, const char *id);
	enum dc_code (*settle)(struct tx *, struct dc_error *err);
	const void *env;
};
void store_set_engine(struct store *, const struct store_engine *);
/* The row with this id was changed or marked as leaving in this transaction, or made. */
void tx_dirty(struct tx *, const struct resource *, const char *id);
void tx_made(struct tx *, const struct resource *, const char *id);
/* The row as the engine has left it; NULL: the engine has not read it. */
void *tx_row(struct tx *, const struct resource *, const char *id);
/* Carries through what is dirty so far, so that run() can read and answer what has become of its change. */
enum dc_code tx_settle(struct tx *, struct dc_error *err);
/* What store_set_engine() gave; NULL: none. */
const struct store_engine *tx_engine(const struct tx *);
/* A place for the engine's state of this transaction; starts as NULL. */
void **tx_work(struct tx *);
/* The job is only tried: when run() has returned DC_OK and all is settled, the transaction is rolled back, nobody is
 * woken, and done() gets DC_OK. What run() has put into arg is the answer. */
void tx_make_dry(struct tx *);
bool tx_is_dry(const struct tx *);

/* Counts the commits that changed or removed rows of tables whose rows are kept in memory (field_table.kept). What was
 * read in a transaction after this call may be kept under the number, and served to transactions with the same number:
 * it grows after such a commit and before any of its jobs is done. 0: the transaction sees such changes that are not
 * committed yet. New rows count for nothing: what is kept is what was there. */
uint64_t tx_generation(struct tx *);

/* What tx_now() of a transaction that begins now would return. */
utc_ms store_time(struct store *);
/* The arena of the running job's transaction: lives until done() has returned. */
struct arena *tx_arena(struct tx *);
/* The database's clock, the same for the whole transaction. It does not go back by less than ten seconds, but follows a
 * clock that was set back by more. */
utc_ms tx_now(struct tx *);
/* Statements that the transaction has run so far: what a call costs, on any machine. */
unsigned tx_statements(struct tx *);
/* The store's epoch: a uuid, new at creation, at restore from a backup, and when a damaged log has lost commits. */
const char *tx_epoch(struct tx *);

/* The line that the process which serves the database has left for others; of the process itself. */
void store_set_holder(struct store *, const char *text);
/* False when no process serves with the path of these options. */
bool store_get_holder(const struct store_options *, char *text, size_t size);

/* Copies the database into a new file, on disk when this returns; an existing file is refused. It may be in use, also
 * by an older program: it is neither migrated nor changed. Of PostgreSQL it refuses, with the words what to use. */
enum dc_code store_backup(const struct store_options *, const char *to, struct dc_error *err);
/* Offline: gives the database a new epoch, as after restoring a backup. Refuses while it is in use. */
enum dc_code store_new_epoch(const struct store_options *, struct dc_error *err);

/* A new key for the secrets: it joins the old one in the key file, every secret is sealed again, some hundred in a
 * transaction so that other jobs run between, and then the old key is dropped. Blocks; one at a time. After a failure
 * or a crash the key file has both keys and everything opens; the next call continues from there. *ret: secrets sealed.
 * Refuses (DC_E_POLICY) while another process uses the same database of PostgreSQL, which would not know the key. */
enum dc_code store_rotate_key(struct store *, size_t *ret, struct dc_error *err);
/* Continues a rotation that was cut short; for the process that serves, once it has opened. */
enum dc_code store_finish_rotation(struct store *, size_t *ret, struct dc_error *err);

struct store_key {
	char id[16];   /* of the key that seals */
	bool rotating; /* the one before is needed still */
};
void store_get_key(struct store *, struct store_key *ret);
/* For a job that seals in a process beside the one that serves: DC_E_AGAIN when that one has rotated since this one
 * opened. With the write lock held, as every job has it, a rotation that begins later finds what this job sealed. */
enum dc_code tx_check_key(struct tx *, struct dc_error *err);

/* Offline, when the key file is lost (a file that is still there is refused): makes a new one, puts random text in
 * place of each secret, which no one knows, and gives the store a new epoch, so that edges keep what they have. lost is
 * called for each secret that was given up, and may be called for some before a failure that keeps them. */
typedef void (*store_lost)(void *arg, const char *table, const char *id);
enum dc_code store_forget_secrets(const struct store_options *, store_lost lost, void *arg, struct dc_error *err);

/* Counters for metrics and tests. */
struct store_stats {
	uint64_t commits, jobs, reads;
};
void store_get_stats(struct store *, struct store_stats *ret);

/* Whether the last write failed for want of a working disk (each change is then answered 503), and why. */
struct store_writes {
	bool failing;
	char why[DC_ERROR_TEXT_MAX];
};
void store_get_writes(struct store *, struct store_writes *ret);
/* Whether a write-ahead log was damaged when the store was opened, as long as the copy of it is there. */
bool store_log_was_damaged(struct store *);
/* A write that changes nothing anybody reads, for those who want to know whether writes work. */
void store_probe(struct store *, store_done done, void *arg);

#endif
