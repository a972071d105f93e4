/* SPDX-License-Identifier: ISC */
/* sqlite_open.c - the database as a file: opened and migrated, copied, and changed while nobody else has it open. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/sqlite_plan.h"
#include "store/sqlite_store_priv.h"
#include "store/wal.h"

static enum dc_code
copy_database(struct conn *from, const char *path, struct dc_error *err)
{
	sqlite3 *to = NULL;
	sqlite3_backup *backup;
	enum dc_code rc = DC_OK;

	if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
	    (backup = sqlite3_backup_init(to, "main", conn_db(from), "main")) == NULL) {
		rc = dc_fail(err, DC_E_IO, NULL, "%s: %s", path, sqlite3_errmsg(to));
	} else {
		/* In one step: one snapshot, and WAL lets the writer work beside it. */
		(void)sqlite3_backup_step(backup, -1);
		if (sqlite3_backup_finish(backup) != SQLITE_OK)
			rc = dc_fail(err, DC_E_IO, NULL, "%s: %s", path, sqlite3_errmsg(to));
	}
	sqlite3_close(to);
	return rc;
}

enum dc_code
sqlite_backup(const char *path, const char *to, struct dc_error *err)
{
	struct conn *c;
	enum dc_code rc;
	int fd;

	if ((fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", to, strerror(errno));
	if ((rc = conn_open(path, CONN_READ, &c, err)) == DC_OK) {
		rc = copy_database(c, to, err);
		conn_close(c);
	}
	if (rc == DC_OK && fsync(fd) != 0)
		rc = dc_fail(err, DC_E_IO, NULL, "%s: %s", to, strerror(errno));
	close(fd);
	if (rc != DC_OK)
		(void)unlink(to);
	return rc;
}

/* A migration that rebuilds a table must not set off ON DELETE, so foreign keys are off while it runs and all are
 * checked at its end. */
static enum dc_code
check_foreign_keys(struct conn *c, struct dc_error *err)
{
	sqlite3_stmt *s = NULL;
	enum dc_code rc = DC_OK;
	int step;

	if (sqlite3_prepare_v2(conn_db(c), "PRAGMA foreign_key_check", -1, &s, NULL) != SQLITE_OK)
		return conn_fail(c, err);
	if ((step = sqlite3_step(s)) == SQLITE_ROW)
		rc = dc_fail(err, DC_E_IO, NULL,
		    "after migrating, a row of %s refers to a row of %s that does not exist",
		    (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 2));
	else if (step != SQLITE_DONE)
		rc = conn_fail(c, err);
	sqlite3_finalize(s);
	return rc;
}

static enum dc_code
prepare_schema(struct sqlite_store *self, const struct store_options *options, const struct migration *migrations,
    struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct sqlite_tx stx = sqlite_tx_for(self, self->writer, arena, store_now(&self->store, utc_now()));
	bool migrated = false;
	enum dc_code rc;

	if ((rc = sqlite_tx_ops.script(&stx.tx, "PRAGMA foreign_keys = OFF", err)) != DC_OK ||
	    (rc = conn_run(self->writer, "BEGIN IMMEDIATE", err)) != DC_OK)
		return rc;
	rc = store_prepare(&stx.tx, options, migrations, &migrated, err);
	if (rc == DC_OK && self->log_lost && (rc = store_renew_epoch(&stx.tx, err)) == DC_OK)
		dc_log(LOG_ERR, "epoch renewed", "reason=\"the log was damaged: edges hold until they are confirmed\"");
	if (rc == DC_OK && migrated && self->store.holder < 0)
		rc = dc_fail(err, DC_E_IO, NULL,
		    "%s is of an older version and in use by a dcaasd of that version: stop that one first",
		    self->path);
	if (rc == DC_OK && migrated)
		rc = check_foreign_keys(self->writer, err);
	if (rc == DC_OK)
		rc = conn_run(self->writer, "COMMIT", err);
	if (conn_in_transaction(self->writer))
		(void)conn_run(self->writer, "ROLLBACK", NULL);
	return rc != DC_OK ? rc : sqlite_tx_ops.script(&stx.tx, "PRAGMA foreign_keys = ON", err);
}

/* Before SQLite opens it: that would begin a new log. Revisions that lost orders had taken are given out again, so
 * the store gets a new epoch when something was lost, as after a restore. */
static void
check_log(struct sqlite_store *self)
{
	_cleanup_arena_ struct arena *arena = NULL;
	struct wal_damage damage;
	bool kept;

	if (!wal_is_damaged(self->path, &damage))
		return;
	arena = arena_new();
	kept = wal_keep(self->path);
	dc_log(LOG_ERR, "write-ahead log is damaged", "file=%s frames_read=%u frames_lost=%u certain=%s kept=%s",
	    log_quote(arena, arena_printf(arena, "%s-wal", self->path)), damage.read, damage.lost,
	    damage.certain ? "yes" : "no",
	    kept ? log_quote(arena, arena_printf(arena, "%s-wal.damaged", self->path)) : "-");
	self->damaged = !kept;
	self->log_lost = true;
}

enum dc_code
sqlite_open_store(
    const struct store_options *options, const struct migration *migrations, struct store **ret, struct dc_error *err)
{
	struct sqlite_store *self = sqlite_new(options->path);
	enum dc_code rc;

	self->store.tables = options->tables;
	self->snapshots = options->snapshots;
	if ((rc = store_take_lock(&self->store, options, err)) != DC_OK) {
		sqlite_close_store(&self->store);
		return rc;
	}
	if (self->store.holder >= 0)
		check_log(self);
	if ((rc = conn_open(options->path, CONN_WRITE, &self->writer, err)) != DC_OK ||
	    (rc = prepare_schema(self, options, migrations, err)) != DC_OK ||
	    (rc = sqlite_start_writer(self, err)) != DC_OK) {
		sqlite_close_store(&self->store);
		return rc;
	}
#ifdef DC_CHECK_PLANS
	plan_record(conn_db(self->writer), PLAN_WRITES);
#endif
	if (!options->serves)
		store_drop_lock(&self->store);
#ifdef DC_CHECK_PLANS
	if (migrations == store_migrations)
		plan_check_begin();
#endif
	*ret = &self->store;
	return DC_OK;
}

/* One transaction on a database that nobody else may have open. */
static enum dc_code
run_offline(struct sqlite_store *self, store_run run, void *arg, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct sqlite_tx stx;
	enum dc_code rc;

	if ((rc = conn_open(self->path, CONN_OFFLINE, &self->writer, err)) != DC_OK ||
	    (rc = conn_run(self->writer, "BEGIN EXCLUSIVE", err)) != DC_OK)
		return rc;
	stx = sqlite_tx_for(self, self->writer, arena, store_now(&self->store, utc_now()));
	if ((rc = tx_run(&stx.tx, run, arg, err)) == DC_OK)
		rc = conn_run(self->writer, "COMMIT", err);
	if (conn_in_transaction(self->writer))
		(void)conn_run(self->writer, "ROLLBACK", NULL);
	return rc;
}

static enum dc_code
renew_epoch_run(struct tx *tx, void *arg, struct dc_error *err)
{
	(void)arg;
	return store_renew_epoch(tx, err);
}

enum dc_code
sqlite_new_epoch(const char *path, struct dc_error *err)
{
	struct sqlite_store *self = sqlite_new(path);
	struct dc_error why = {0};
	enum dc_code rc = run_offline(self, renew_epoch_run, NULL, &why);

	sqlite_close_store(&self->store);
	if (rc != DC_OK)
		return dc_fail(
		    err, DC_E_IO, NULL, "%s cannot be given a new epoch (is it in use?): %s", path, why.text);
	return DC_OK;
}

enum dc_code
sqlite_forget_secrets(const struct store_options *options, store_lost told, void *arg, struct dc_error *err)
{
	struct forgetting f = {options, told, arg};
	struct sqlite_store *self;
	struct dc_error why = {0};
	enum dc_code rc;

	self = sqlite_new(options->path);
	rc = run_offline(self, store_forget_run, &f, &why);
	sqlite_close_store(&self->store);
	if (rc != DC_OK) {
		/* The secrets are as they were, so the new key is nobody's. */
		(void)unlink(options->key_path);
		return dc_fail(err, DC_E_IO, NULL, "the secrets in %s cannot be given up (is it in use?): %s",
		    options->path, why.text);
	}
	return DC_OK;
}
