/* SPDX-License-Identifier: ISC */
/* sqlite.c - SQLite: connections, prepared statements, errors. See sqlite_store.c for who uses which connection. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/query.h"
#include "store/sqlite_constraint.h"
#include "store/sqlite_plan.h"
#include "store/sqlite_priv.h"

#define BUSY_TIMEOUT_MS 5000 /* only tools and backups of others hold a lock for long */
#define CACHE_BUCKETS 256
#define CACHE_MAX 512 /* statement texts come from tables and are few; lists of filters multiply them */

struct stmt {
	sqlite3_stmt *handle;
	struct conn *conn;
	struct tx *tx; /* whose statement it is while busy */
	char *sql;
	struct stmt *next;
	/* By its shape, if that is known. */
	void *shape;
	size_t shape_len;
	struct stmt *next_shape;
	bool busy;
	bool cached;
};

struct conn {
	sqlite3 *db;
	struct stmt *bucket[CACHE_BUCKETS];
	struct stmt *shape[CACHE_BUCKETS];
	size_t cached;
};

/* By its name: err->member. */
static enum dc_code
constraint_fail(struct stmt *s, struct dc_error *err)
{
	char name[CONSTRAINT_NAME_MAX], words[DC_ERROR_TEXT_MAX];

	snprintf(words, sizeof(words), "%s", sqlite3_errmsg(s->conn->db));
	constraint_name(s->conn->db, s->handle, s->sql, name);
	return dc_fail(err, DC_E_CONFLICT, name, "%s", words);
}

enum dc_code
conn_fail(struct conn *c, struct dc_error *err)
{
	int code = sqlite3_extended_errcode(c->db);
	const char *words = sqlite3_errmsg(c->db);

	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return dc_fail(err, DC_E_CONFLICT, NULL, "%s", words);
	case SQLITE_ERROR: /* our SQL, or a schema that is not the one it was written for */
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_READONLY:
		return dc_fail(err, DC_E_SYSTEM, NULL, "database: %s (%d)", words, code);
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return dc_fail(err, DC_E_STORAGE, NULL, "database: %s (%d)", words, code);
	case SQLITE_BUSY: /* another program has kept the database locked for BUSY_TIMEOUT_MS */
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "The database is locked by another program: try again");
	default:
		return dc_fail(err, DC_E_IO, NULL, "database: %s (%d)", words, code);
	}
}

static struct stmt *
stmt_free(struct stmt *s)
{
	if (s != NULL) {
		sqlite3_finalize(s->handle);
		free(s->sql);
		free(s->shape);
		free(s);
	}
	return NULL;
}

static size_t
bucket_of(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t h = len, word;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) { /* texts have a thousand characters */
		memcpy(&word, at, sizeof(word));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	for (; len > 0; at++, len--)
		h = (h ^ *at) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)((h ^ h >> 32) % CACHE_BUCKETS);
}

static void
forget_shapes(struct conn *c)
{
	for (size_t i = 0; i < CACHE_BUCKETS; i++)
		for (struct stmt *s; (s = c->shape[i]) != NULL;) {
			c->shape[i] = s->next_shape;
			free(s->shape);
			s->shape = NULL;
		}
}

/* Whole texts that are not in use go, wherever they are: filling the cache takes so many odd lists of filters that
 * nothing finer pays. */
static void
cache_empty(struct conn *c)
{
	forget_shapes(c);
	for (size_t i = 0; i < CACHE_BUCKETS; i++) {
		struct stmt **link = &c->bucket[i], *s;

		while ((s = *link) != NULL) {
			if (s->busy) {
				link = &s->next;
				continue;
			}
			*link = s->next;
			c->cached--;
			stmt_free(s);
		}
	}
}

static struct stmt *
stmt_new(struct conn *c, const char *sql)
{
	struct stmt *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->sql = strdup(sql)) == NULL ||
	    sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL) != SQLITE_OK)
		return stmt_free(s);
#ifdef DC_CHECK_PLANS
	plan_check(c->db, sql);
#endif
	s->conn = c;
	return s;
}

/* A text that is in use already (a list read while another of the same kind is open) gets a statement of its own. */
static struct stmt *
stmt_get(struct conn *c, const char *sql)
{
	struct stmt **bucket = &c->bucket[bucket_of(sql, strlen(sql))], *s;

	for (s = *bucket; s != NULL; s = s->next)
		if (strcmp(s->sql, sql) == 0)
			break;
	if (s != NULL && !s->busy) {
		s->busy = true;
		return s;
	}
	bool in_use = s != NULL;

	if (c->cached >= CACHE_MAX)
		cache_empty(c);
	if ((s = stmt_new(c, sql)) == NULL)
		return NULL;
	s->busy = true;
	if (!in_use) {
		s->cached = true;
		s->next = *bucket;
		*bucket = s;
		c->cached++;
	}
	return s;
}

static struct stmt *
sqlite_finish(struct stmt *s)
{
	if (s == NULL)
		return NULL;
	sqlite3_reset(s->handle);
	sqlite3_clear_bindings(s->handle);
	s->busy = false;
	if (!s->cached)
		stmt_free(s);
	return NULL;
}

static enum dc_code
tx_broken(struct tx *tx, enum dc_code rc)
{
	if (tx != NULL && tx->broken == DC_OK)
		tx->broken = rc;
	return rc;
}

static struct conn *
conn_of(struct tx *tx)
{
	return ((struct sqlite_tx *)tx)->conn;
}

static struct stmt *
sqlite_find(struct tx *tx, const struct shape *shape)
{
	struct stmt *s = conn_of(tx)->shape[bucket_of(shape->bytes, shape->len)];

	while (s != NULL && (s->shape_len != shape->len || memcmp(s->shape, shape->bytes, shape->len) != 0))
		s = s->next_shape;
	if (s == NULL || s->busy)
		return NULL;
	s->busy = true;
	s->tx = tx;
	tx->statements++;
	return s;
}

/* One text may have several shapes; it is found by the first. */
static void
sqlite_remember(struct stmt *s, const struct shape *shape)
{
	struct stmt **bucket = &s->conn->shape[bucket_of(shape->bytes, shape->len)];

	if (!s->cached || s->shape != NULL || (s->shape = malloc(shape->len)) == NULL)
		return;
	memcpy(s->shape, shape->bytes, shape->len);
	s->shape_len = shape->len;
	s->next_shape = *bucket;
	*bucket = s;
}

static const char *
sqlite_text(const struct stmt *s)
{
	return s->sql;
}

static enum dc_code
sqlite_prepare(struct tx *tx, const char *sql, struct stmt **ret, struct dc_error *err)
{
	struct stmt *s = stmt_get(conn_of(tx), sql);

	if (s == NULL)
		return tx_broken(tx, conn_fail(conn_of(tx), err));
	s->tx = tx;
	tx->statements++;
	*ret = s;
	return DC_OK;
}

static void
sqlite_bind_null(struct stmt *s, int nth)
{
	int rc = sqlite3_bind_null(s->handle, nth);

	assert(rc == SQLITE_OK);
	(void)rc;
}

static void
sqlite_bind_int(struct stmt *s, int nth, int64_t v)
{
	int rc = sqlite3_bind_int64(s->handle, nth, v);

	assert(rc == SQLITE_OK);
	(void)rc;
}

static void
sqlite_bind_text(struct stmt *s, int nth, const char *v)
{
	int rc = sqlite3_bind_text(s->handle, nth, v, -1, SQLITE_STATIC);

	assert(rc == SQLITE_OK);
	(void)rc;
}

static enum dc_code
sqlite_step(struct stmt *s, bool *row, struct dc_error *err)
{
	int rc = sqlite3_step(s->handle);

	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return tx_broken(s->tx, constraint_fail(s, err));
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return tx_broken(s->tx, conn_fail(s->conn, err));
	*row = rc == SQLITE_ROW;
	return DC_OK;
}

static bool
sqlite_is_null(struct stmt *s, int column)
{
	return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

static int64_t
sqlite_get_int(struct stmt *s, int column)
{
	return sqlite3_column_int64(s->handle, column);
}

static const char *
sqlite_get_text(struct stmt *s, int column)
{
	const unsigned char *v = sqlite3_column_text(s->handle, column);

	return v != NULL ? (const char *)v : "";
}

static int64_t
sqlite_changes(struct stmt *s)
{
	return sqlite3_changes64(s->conn->db);
}

static enum dc_code
sqlite_script(struct tx *tx, const char *sql, struct dc_error *err)
{
	struct conn *c = conn_of(tx);

	if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return tx_broken(tx, conn_fail(c, err));
	return DC_OK;
}

static const char **
sqlite_constraints(struct tx *tx, const char *table)
{
	return constraints_of(conn_of(tx)->db, table, tx->arena);
}

const struct tx_ops sqlite_tx_ops = {
    .find = sqlite_find,
    .prepare = sqlite_prepare,
    .remember = sqlite_remember,
    .text = sqlite_text,
    .bind_null = sqlite_bind_null,
    .bind_int = sqlite_bind_int,
    .bind_text = sqlite_bind_text,
    .step = sqlite_step,
    .is_null = sqlite_is_null,
    .get_int = sqlite_get_int,
    .get_text = sqlite_get_text,
    .changes = sqlite_changes,
    .finish = sqlite_finish,
    .script = sqlite_script,
    .constraints = sqlite_constraints,
    .sift = "+",
    .columns_sql = "SELECT name, CASE WHEN upper(type) LIKE '%INT%' THEN 1 ELSE 0 END FROM pragma_table_info($1)",
    .ends_sql = "SELECT coalesce(max(CASE WHEN \"table\" = $1 AND \"from\" = $2 AND on_update = 'NO ACTION' THEN 1 "
		"ELSE 2 END), 0)"
		" FROM pragma_foreign_key_list($3) WHERE on_delete NOT IN ('NO ACTION', 'RESTRICT')"
		" OR on_update NOT IN ('NO ACTION', 'RESTRICT')",
};

enum dc_code
conn_run(struct conn *c, const char *sql, struct dc_error *err)
{
	struct stmt *s = stmt_get(c, sql);
	bool row;
	enum dc_code rc;

	if (s == NULL)
		return conn_fail(c, err);
	s->tx = NULL;
	rc = sqlite_step(s, &row, err);
	sqlite_finish(s);
	return rc;
}

bool
conn_in_transaction(struct conn *c)
{
	return sqlite3_get_autocommit(c->db) == 0;
}

sqlite3 *
conn_db(struct conn *c)
{
	return c->db;
}

/* A new database holds password hashes: nobody else's to read. The log files beside it get its mode. Opened with O_EXCL
 * only, because closing any descriptor of a database drops the locks that this process holds on it. */
static void
create_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

static int
journal_mode(void *arg, int n, char **values, char **names)
{
	bool *is_wal = arg;

	(void)names;
	*is_wal = n == 1 && values[0] != NULL && strcmp(values[0], "wal") == 0;
	return 0;
}

/* Without WAL readers would stop the writer: better refused at the start than found under load. */
static enum dc_code
conn_set_wal(struct conn *c, const char *path, struct dc_error *err)
{
	bool is_wal = false;

	if (sqlite3_exec(c->db, "PRAGMA journal_mode = WAL", journal_mode, &is_wal, NULL) != SQLITE_OK)
		return conn_fail(c, err);
	if (!is_wal)
		return dc_fail(err, DC_E_IO, NULL, "%s: the file system does not allow write-ahead logging", path);
	return DC_OK;
}

static enum dc_code
conn_configure(struct conn *c, const char *path, enum conn_kind kind, struct dc_error *err)
{
	/* temp_store: the journals of SAVEPOINTs need no disk. */
	static const char *const settings[] = {
	    [CONN_WRITE] = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
	    [CONN_READ] = "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;",
	    [CONN_OFFLINE] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;",
	};
	enum dc_code rc;

	sqlite3_busy_timeout(c->db, kind == CONN_OFFLINE ? 0 : BUSY_TIMEOUT_MS);
	/* A misspelt column in double quotes must be an error, not a string. */
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	if (sqlite3_exec(c->db, settings[kind], NULL, NULL, NULL) != SQLITE_OK)
		return conn_fail(c, err);
	if (kind == CONN_WRITE && (rc = conn_set_wal(c, path, err)) != DC_OK)
		return rc;
	return DC_OK;
}

static pthread_once_t configured = PTHREAD_ONCE_INIT;

/* Once for the process, before the first database: SQLite counts its memory under one lock for all connections, and
 * nobody reads what it counts. */
static void
configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum dc_code
conn_open(const char *path, enum conn_kind kind, struct conn **ret, struct dc_error *err)
{
	struct conn *c = calloc(1, sizeof(*c));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	enum dc_code rc;

	if (c == NULL)
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	if (kind == CONN_WRITE) {
		create_private(path);
		flags |= SQLITE_OPEN_CREATE;
	}
	pthread_once(&configured, configure);
	if (sqlite3_open_v2(path, &c->db, flags, NULL) != SQLITE_OK) {
		rc = dc_fail(err, DC_E_IO, NULL, "%s: %s", path, sqlite3_errmsg(c->db));
		conn_close(c);
		return rc;
	}
	if ((rc = conn_configure(c, path, kind, err)) != DC_OK) {
		conn_close(c);
		return rc;
	}
	*ret = c;
	return DC_OK;
}

struct conn *
conn_close(struct conn *c)
{
	int rc;

	if (c == NULL)
		return NULL;
	cache_empty(c);
	rc = sqlite3_close(c->db);
	assert(rc == SQLITE_OK); /* a statement was not finished */
	(void)rc;
	free(c);
	return NULL;
}
