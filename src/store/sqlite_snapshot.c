/* SPDX-License-Identifier: ISC */
/* sqlite_snapshot.c - snapshots on SQLite: a copy in memory by the backup API, page by page, both ways.
 *
 * The writer's thread puts one back, between two groups of jobs. Reads hold reads_lock, so that none sees the epoch of
 * one database with the rows of the other. */
#include "store/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "store/footing_priv.h"
#include "store/sqlite_store_priv.h"

struct store_snapshot {
	sqlite3 *db;
	struct store_key key; /* that its secrets are sealed with */
	int64_t bytes;
};

/* Asked of the writer's thread, and answered by it. Under the store's lock. */
struct sqlite_restore {
	const struct store_snapshot *from;
	const struct store_restoring *work;
	struct dc_error *err;
	bool done;
	enum dc_code rc;
};

void
sqlite_snapshots_init(struct sqlite_store *self)
{
	pthread_rwlockattr_t fair;

	/* Reads that follow each other without a pause would keep the writer waiting. */
	pthread_rwlockattr_init(&fair);
	pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&self->reads_lock, &fair);
	pthread_rwlockattr_destroy(&fair);
	pthread_cond_init(&self->restored, NULL);
}

void
sqlite_snapshots_fini(struct sqlite_store *self)
{
	pthread_cond_destroy(&self->restored);
	pthread_rwlock_destroy(&self->reads_lock);
}

static enum dc_code
copy_pages(sqlite3 *from, sqlite3 *to, struct dc_error *err)
{
	sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");

	if (copy == NULL)
		return dc_fail(err, DC_E_IO, NULL, "the database cannot be copied: %s", sqlite3_errmsg(to));
	(void)sqlite3_backup_step(copy, -1);
	return sqlite3_backup_finish(copy) == SQLITE_OK
		   ? DC_OK
		   : dc_fail(err, DC_E_IO, NULL, "the database cannot be copied: %s", sqlite3_errmsg(to));
}

static int64_t
pragma_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t n = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static int64_t
size_of(sqlite3 *db)
{
	return pragma_number(db, "PRAGMA page_count") * pragma_number(db, "PRAGMA page_size");
}

enum dc_code
sqlite_snapshot_take(struct store *st, struct store_snapshot **ret, struct dc_error *err)
{
	struct store_snapshot *s = calloc(1, sizeof(*s));
	struct conn *from = NULL;
	enum dc_code rc;

	if (s == NULL)
		abort();
	store_get_key(st, &s->key);
	if ((rc = conn_open(sqlite_of(st)->path, CONN_READ, &from, err)) == DC_OK &&
	    sqlite3_open_v2(":memory:", &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		rc = dc_fail(err, DC_E_IO, NULL, "no memory for a copy of the database");
	if (rc == DC_OK)
		rc = copy_pages(conn_db(from), s->db, err);
	conn_close(from);
	if (rc != DC_OK) {
		store_snapshot_free(s);
		return rc;
	}
	s->bytes = size_of(s->db);
	*ret = s;
	return DC_OK;
}

struct store_snapshot *
store_snapshot_free(struct store_snapshot *s)
{
	if (s != NULL) {
		sqlite3_close(s->db);
		free(s);
	}
	return NULL;
}

int64_t
store_snapshot_size(const struct store_snapshot *s)
{
	return s->bytes;
}

/* --- putting back, on the writer's thread --- */

/* One job that nobody stands beside, on the writer's connection. */
static enum dc_code
run_alone(struct sqlite_store *self, struct arena *arena, store_run run, void *arg, bool keep, struct dc_error *err)
{
	struct sqlite_tx stx = sqlite_tx_for(self, self->writer, arena, store_now(&self->store, utc_now()));
	enum dc_code rc;

	if ((rc = conn_run(self->writer, keep ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED", err)) != DC_OK)
		return rc;
	rc = tx_run(&stx.tx, run, arg, err);
	if (rc == DC_OK && keep) {
		footing_begin_commit(self->store.numbers, stx.tx.changes);
		rc = conn_run(self->writer, "COMMIT", err);
		footing_end_commit(self->store.numbers);
	}
	if (conn_in_transaction(self->writer))
		(void)conn_run(self->writer, "ROLLBACK", NULL);
	if (rc == DC_OK && keep)
		store_tell(&self->store, stx.tx.wakes);
	return rc;
}

static enum dc_code
after_run(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct store_restoring *work = arg;
	enum dc_code rc = store_renew_epoch(tx, err);

	return rc == DC_OK && work->after != NULL ? work->after(tx, work->arg, err) : rc;
}

static enum dc_code
put_back(struct sqlite_store *self, const struct sqlite_restore *r, struct arena *arena)
{
	const struct store_restoring *work = r->work;
	enum dc_code rc = DC_OK;

	if (work->before != NULL)
		rc = run_alone(self, arena, work->before, work->arg, false, r->err);
	if (rc != DC_OK || (rc = copy_pages(r->from->db, conn_db(self->writer), r->err)) != DC_OK)
		return rc;
	store_end_epoch(&self->store);
	rc = run_alone(self, arena, after_run, (void *)(uintptr_t)work, true, r->err);
	atomic_fetch_add(&self->store.generation, 1);
	if (work->forget != NULL)
		work->forget(work->arg);
	return rc;
}

void
sqlite_restore_run(struct sqlite_store *self)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct sqlite_restore *r = self->restore;
	enum dc_code rc;

	pthread_rwlock_wrlock(&self->reads_lock);
	rc = put_back(self, r, arena);
	pthread_rwlock_unlock(&self->reads_lock);
	pthread_mutex_lock(&self->lock);
	self->restore = NULL;
	r->rc = rc;
	r->done = true;
	pthread_cond_broadcast(&self->restored);
	pthread_mutex_unlock(&self->lock);
}

/* --- asking for it --- */

/* The writer does one at a time. */
static enum dc_code
ask_writer(struct sqlite_store *self, struct sqlite_restore *r)
{
	pthread_mutex_lock(&self->lock);
	while (self->restore != NULL)
		pthread_cond_wait(&self->restored, &self->lock);
	if (self->stopping) {
		pthread_mutex_unlock(&self->lock);
		return dc_fail(r->err, DC_E_UNAVAILABLE, NULL, "the store is closing");
	}
	self->restore = r;
	pthread_cond_signal(&self->more);
	while (!r->done)
		pthread_cond_wait(&self->restored, &self->lock);
	pthread_mutex_unlock(&self->lock);
	return r->rc;
}

enum dc_code
sqlite_snapshot_restore(
    struct store *st, const struct store_snapshot *from, const struct store_restoring *work, struct dc_error *err)
{
	struct sqlite_restore r = {.from = from, .work = work, .err = err};
	struct store_key now;

	store_get_key(st, &now);
	if (now.rotating || from->key.rotating || strcmp(now.id, from->key.id) != 0)
		return dc_fail(err, DC_E_POLICY, NULL,
		    "the key of the secrets was rotated since the snapshot was made: its secrets cannot be read any "
		    "more");
	return ask_writer(sqlite_of(st), &r);
}
