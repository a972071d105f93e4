/* SPDX-License-Identifier: ISC */
/* pg_open.c - a database of PostgreSQL: opened and migrated, and changed while no dcaasd serves it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/pg_priv.h"
#include "store/sqlite_plan.h"

/* Nobody's rows: its lock orders jobs (pg_store.c). */
static const char own_tables[] = "CREATE TABLE IF NOT EXISTS store_turn ()";
static const char first_generation[] =
    "INSERT INTO store_meta (key, value) VALUES ('generation', '1') ON CONFLICT (key) DO NOTHING";
static const char unhurried[] = "SET statement_timeout = 0; SET lock_timeout = '30s'; SET enable_seqscan = on;"
				"SET enable_sort = on";
#define UNHURRIED_MS 600000

static enum dc_code
count_others(struct pg_conn *c, int own, int64_t *n, struct dc_error *err)
{
	char sql[400];
	PGresult *res;
	enum dc_code rc;

	snprintf(sql, sizeof(sql), PG_OTHERS "%d", own);
	if ((rc = pg_run(c, sql, &res, NULL, err)) != DC_OK)
		return rc;
	*n = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	return DC_OK;
}

static enum dc_code
schema_of(struct pg_conn *c, int *ret, struct dc_error *err)
{
	PGresult *res;
	enum dc_code rc = pg_run(c, "SELECT coalesce(max(version), 0) FROM schema_version", &res, NULL, err);

	if (rc != DC_OK)
		return rc;
	*ret = (int)strtol(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	return DC_OK;
}

/* A database that was there before, and that others serve, is not migrated under them. */
static enum dc_code
check_alone(struct pg_store *self, struct pg_conn *c, struct dc_error *err)
{
	int64_t n;
	enum dc_code rc = count_others(c, self->listener != NULL ? pg_listener_pid(self->listener) : 0, &n, err);

	if (rc == DC_OK && n > 0)
		rc = dc_fail(err, DC_E_IO, NULL,
		    "the database is of an older version and in use by %lld dcaasd: stop them first", (long long)n);
	return rc;
}

static bool
is_new(struct pg_conn *c)
{
	PGresult *res;
	bool none;

	if (pg_run(c, "SELECT to_regclass('schema_version')", &res, NULL, NULL) != DC_OK)
		return false;
	none = PQgetisnull(res, 0, 0) != 0;
	PQclear(res);
	return none;
}

static enum dc_code
prepare_in(struct pg_store *self, struct pg_conn *c, const struct store_options *options,
    const struct migration *migrations, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct pg_tx ptx = pg_tx_for(self, c, arena, store_now(&self->store, utc_now()));
	bool migrated = false, fresh;
	enum dc_code rc;

	if ((rc = pg_run(c, unhurried, NULL, NULL, err)) != DC_OK ||
	    (rc = pg_run(c, "BEGIN; SELECT pg_advisory_xact_lock(" PG_LOCK_OPEN ")", NULL, NULL, err)) != DC_OK)
		return rc;
	fresh = is_new(c);
	if ((rc = pg_run(c, own_tables, NULL, NULL, err)) != DC_OK ||
	    (rc = store_prepare(&ptx.tx, options, migrations, &migrated, err)) != DC_OK ||
	    (rc = pg_run(c, first_generation, NULL, NULL, err)) != DC_OK ||
	    (rc = schema_of(c, &self->schema, err)) != DC_OK ||
	    (migrated && !fresh && (rc = check_alone(self, c, err)) != DC_OK))
		return rc;
	return pg_run(c, "COMMIT", NULL, NULL, err);
}

static enum dc_code
prepare_schema(struct pg_store *self, const struct store_options *options, const struct migration *migrations,
    struct dc_error *err)
{
	struct pg_conn *c;
	enum dc_code rc = pg_conn_open(self->database, &c, err);

	if (rc != DC_OK)
		return rc;
	pg_conn_set_limit(c, UNHURRIED_MS);
	rc = prepare_in(self, c, options, migrations, err);
	pg_conn_close(c); /* what was not committed is rolled back */
	return rc;
}

enum dc_code
pg_open_store(
    const struct store_options *options, const struct migration *migrations, struct store **ret, struct dc_error *err)
{
	struct pg_store *self = pg_new(options);
	unsigned connections = options->connections > 0 ? options->connections : STORE_CONNECTIONS;
	enum dc_code rc;

	if ((options->serves && (rc = store_take_lock(&self->store, options, err)) != DC_OK) ||
	    (options->serves && (rc = pg_listener_start(self, err)) != DC_OK) ||
	    (rc = prepare_schema(self, options, migrations, err)) != DC_OK ||
	    (rc = pg_start_workers(self, connections, err)) != DC_OK) {
		pg_close_store(&self->store);
		return rc;
	}
#ifdef DC_CHECK_PLANS
	if (migrations == store_migrations_pg)
		plan_check_begin();
#endif
	*ret = &self->store;
	return DC_OK;
}

/* --- while nobody serves --- */

static enum dc_code
run_offline(struct pg_store *self, struct pg_conn *c, store_run run, void *arg, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct pg_tx ptx = pg_tx_for(self, c, arena, store_now(&self->store, utc_now()));
	int64_t n;
	enum dc_code rc;

	pg_conn_set_limit(c, UNHURRIED_MS);
	if ((rc = pg_run(c, unhurried, NULL, NULL, err)) != DC_OK ||
	    (rc = pg_run(c, "BEGIN; SELECT pg_advisory_xact_lock(" PG_LOCK_OPEN ")", NULL, NULL, err)) != DC_OK ||
	    (rc = count_others(c, 0, &n, err)) != DC_OK)
		return rc;
	if (n > 0)
		return dc_fail(
		    err, DC_E_IO, NULL, "the database is in use by %lld dcaasd: stop them first", (long long)n);
	if ((rc = tx_run(&ptx.tx, run, arg, err)) != DC_OK)
		return rc;
	return pg_run(c, "COMMIT", NULL, NULL, err);
}

static enum dc_code
offline(const struct store_options *options, store_run run, void *arg, struct dc_error *err)
{
	struct pg_store *self = pg_new(options);
	struct pg_conn *c;
	enum dc_code rc = pg_conn_open(options->database, &c, err);

	if (rc == DC_OK) {
		rc = run_offline(self, c, run, arg, err);
		pg_conn_close(c);
	}
	pg_close_store(&self->store);
	return rc;
}

static enum dc_code
renew_epoch_run(struct tx *tx, void *arg, struct dc_error *err)
{
	(void)arg;
	return store_renew_epoch(tx, err);
}

enum dc_code
pg_new_epoch(const struct store_options *options, struct dc_error *err)
{
	return offline(options, renew_epoch_run, NULL, err);
}

enum dc_code
pg_forget_secrets(const struct store_options *options, store_lost told, void *arg, struct dc_error *err)
{
	struct forgetting f = {options, told, arg};
	enum dc_code rc = offline(options, store_forget_run, &f, err);

	if (rc != DC_OK)
		(void)unlink(options->key_path); /* the secrets are as they were, so the new key is nobody's */
	return rc;
}
