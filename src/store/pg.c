/* SPDX-License-Identifier: ISC */
/* pg.c - PostgreSQL: connections and prepared statements. See pg_store.c for who uses which connection. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/pg_priv.h"
#include "store/query.h"

#define LIMIT_MS 20000 /* longer than the database may take by its own timeouts, below */
#define HURRY_MS 2000
#define SLICE_MS 200 /* until it is looked again whether there is a hurry */
#define BUCKETS 256
#define CACHE_MAX 512
#define DIGITS 24

/* One text, prepared at the server by its name; without a name it is sent each time. */
struct prepared {
	char name[16];
	char *sql;
	struct prepared *next;
	/* By its shape, if that is known. */
	void *shape;
	size_t shape_len;
	struct prepared *next_shape;
};

struct param {
	const char *text; /* NULL with no number: NULL */
	bool number;
	char digits[DIGITS];
};

/* One use of a prepared text. Its rows are in memory after the first step. */
struct stmt {
	struct prepared *of;
	struct pg_conn *conn;
	struct tx *tx;
	struct param *params;
	const char **values;
	int n, cap;
	PGresult *rows;
	int row;
	struct stmt *next; /* when it is free */
};

struct pg_conn {
	PGconn *pg;
	bool lost;
	bool recorded; /* pg_plan_record() */
	int64_t limit;
	const atomic_bool *hurry; /* NULL: never */
	struct prepared *bucket[BUCKETS];
	struct prepared *shape[BUCKETS];
	size_t cached;
	unsigned names, out; /* given so far; statements in use */
	struct stmt *idle;
};

/* --- a connection --- */

/* Plans: each statement has an index for its rows and for their order (sqlite_plan.h checks that), so one plan serves
 * all values, and a table that is small today is not read whole: that would make writers of other rows conflict. */
static const char settings[] =
    "SET client_min_messages = warning; SET statement_timeout = '15s'; SET lock_timeout = '10s';"
    "SET idle_in_transaction_session_timeout = '15s'; SET jit = off; SET plan_cache_mode = force_generic_plan;"
    "SET enable_seqscan = off; SET enable_sort = off;"
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', "
    "'local')";

static void
hear_nothing(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static enum dc_code
check_server(PGconn *pg, struct dc_error *err)
{
	const char *encoding = PQparameterStatus(pg, "server_encoding");

	if (PQserverVersion(pg) < 130000)
		return dc_fail(err, DC_E_IO, "database", "PostgreSQL must be of version 13 or newer");
	if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
		return dc_fail(err, DC_E_IO, "database", "the database must have the encoding UTF8");
	return DC_OK;
}

enum dc_code
pg_conn_open(const char *database, struct pg_conn **ret, struct dc_error *err)
{
	/* What stands before the string is what it may replace. */
	static const char *const names[] = {"connect_timeout", "application_name", "tcp_user_timeout",
	    "keepalives_idle", "keepalives_interval", "keepalives_count", "target_session_attrs", "dbname",
	    "client_encoding", NULL};
	const char *const values[] = {"2", "dcaasd", "10000", "10", "3", "3", "read-write", database, "UTF8", NULL};
	struct pg_conn *c = calloc(1, sizeof(*c));
	enum dc_code rc;

	if (c == NULL)
		abort(); /* as arenas do */
	c->limit = LIMIT_MS;
	c->pg = PQconnectdbParams(names, values, 1);
	if (PQstatus(c->pg) != CONNECTION_OK)
		rc = pg_fail_lost(c->pg, "connecting", err);
	else {
		PQsetNoticeProcessor(c->pg, hear_nothing, NULL);
		if ((rc = check_server(c->pg, err)) == DC_OK)
			rc = pg_run(c, settings, NULL, NULL, err);
	}
	if (rc != DC_OK) {
		pg_conn_close(c);
		return rc;
	}
	*ret = c;
	return DC_OK;
}

static void
prepared_free(struct prepared *p)
{
	free(p->sql);
	free(p->shape);
	free(p);
}

static void
cache_drop(struct pg_conn *c)
{
	memset(c->shape, 0, sizeof(c->shape));
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct prepared *p; (p = c->bucket[i]) != NULL;) {
			c->bucket[i] = p->next;
			prepared_free(p);
		}
	c->cached = 0;
}

struct pg_conn *
pg_conn_close(struct pg_conn *c)
{
	if (c == NULL)
		return NULL;
	cache_drop(c);
	for (struct stmt *s; (s = c->idle) != NULL;) {
		c->idle = s->next;
		free(s->params);
		free(s->values);
		free(s);
	}
	PQfinish(c->pg);
	free(c);
	return NULL;
}

PGconn *
pg_conn_handle(struct pg_conn *c)
{
	return c->pg;
}

bool
pg_conn_is_lost(const struct pg_conn *c)
{
	return c->lost || PQstatus(c->pg) == CONNECTION_BAD;
}

void
pg_conn_set_limit(struct pg_conn *c, int64_t ms)
{
	c->limit = ms;
}

void
pg_conn_set_recorded(struct pg_conn *c)
{
	c->recorded = true;
}

void
pg_conn_set_hurry(struct pg_conn *c, const atomic_bool *hurry)
{
	c->hurry = hurry;
}

/* False: nothing came in time, or the connection broke. */
static bool
wait_for_answer(struct pg_conn *c, int64_t until)
{
	int64_t began = monotonic_now().ms;

	while (PQisBusy(c->pg)) {
		struct pollfd p = {.fd = PQsocket(c->pg), .events = POLLIN};
		int64_t now = monotonic_now().ms, left = until - now;
		int n;

		if (left <= 0 || (c->hurry != NULL && atomic_load(c->hurry) && now - began > HURRY_MS))
			return false;
		n = poll(&p, 1, left < SLICE_MS ? (int)left : SLICE_MS);
		if ((n < 0 && errno != EINTR) || (n > 0 && PQconsumeInput(c->pg) == 0))
			return false;
	}
	return true;
}

/* Of all that was sent in one message: the first failure, else the last answer. NULL: the connection is lost. */
static PGresult *
take_answer(struct pg_conn *c)
{
	int64_t until = monotonic_now().ms + c->limit;
	PGresult *found = NULL, *res;

	while (!c->lost) {
		if (!wait_for_answer(c, until)) {
			c->lost = true;
			break;
		}
		if ((res = PQgetResult(c->pg)) == NULL)
			break;
		if (found != NULL && PQresultStatus(found) == PGRES_FATAL_ERROR) {
			PQclear(res);
			continue;
		}
		PQclear(found);
		found = res;
	}
	if (c->lost) {
		PQclear(found);
		return NULL;
	}
	return found;
}

/* *ret: the answer to what was sent, when it is a good one. */
static enum dc_code
answer(struct pg_conn *c, int sent, PGresult **ret, bool *again, struct dc_error *err)
{
	PGresult *res = sent != 0 ? take_answer(c) : NULL;
	ExecStatusType status;
	enum dc_code rc;

	if (res == NULL) {
		c->lost = true;
		return pg_fail_lost(c->pg, sent != 0 ? "waiting for an answer" : "sending", err);
	}
	status = PQresultStatus(res);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
		*ret = res;
		return DC_OK;
	}
	rc = pg_fail(c->pg, res, again, err);
	PQclear(res);
	return rc;
}

enum dc_code
pg_run(struct pg_conn *c, const char *sql, PGresult **ret, bool *again, struct dc_error *err)
{
	PGresult *res;
	enum dc_code rc = answer(c, PQsendQuery(c->pg, sql), &res, again, err);

	if (rc == DC_OK && ret != NULL)
		*ret = res;
	else if (rc == DC_OK)
		PQclear(res);
	return rc;
}

/* --- prepared texts --- */

static size_t
bucket_of(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t h = UINT64_C(14695981039346656037);

	for (; len > 0; at++, len--)
		h = (h ^ *at) * UINT64_C(1099511628211);
	return (uint32_t)((h ^ h >> 32) % BUCKETS);
}

/* Filling the cache takes so many odd lists of filters that nothing finer pays. */
static enum dc_code
cache_empty(struct pg_conn *c, struct dc_error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);

	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct prepared *p = c->bucket[i]; p != NULL; p = p->next)
			buf_printf(&text, "DEALLOCATE %s;", p->name);
	cache_drop(c);
	return pg_run(c, buf_str(&text), NULL, NULL, err);
}

static struct prepared *
prepared_new(const char *sql)
{
	struct prepared *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->sql = strdup(sql)) == NULL)
		abort();
	return p;
}

static enum dc_code
prepare_text(struct pg_conn *c, const char *sql, struct prepared **ret, bool *again, struct dc_error *err)
{
	struct prepared **bucket = &c->bucket[bucket_of(sql, strlen(sql))], *p;
	PGresult *res;
	enum dc_code rc;

	for (p = *bucket; p != NULL; p = p->next)
		if (strcmp(p->sql, sql) == 0) {
			*ret = p;
			return DC_OK;
		}
	if (c->cached >= CACHE_MAX && c->out == 0 && (rc = cache_empty(c, err)) != DC_OK)
		return rc;
	p = prepared_new(sql);
	if (c->cached >= CACHE_MAX) {
		*ret = p; /* without a name */
		return DC_OK;
	}
	snprintf(p->name, sizeof(p->name), "s%u", ++c->names);
	if ((rc = answer(c, PQsendPrepare(c->pg, p->name, sql, 0, NULL), &res, again, err)) != DC_OK) {
		prepared_free(p);
		return rc;
	}
	PQclear(res);
#ifdef DC_CHECK_PLANS
	pg_plan_check(c, p->name, sql);
#endif
	p->next = *bucket;
	*bucket = p;
	c->cached++;
	*ret = p;
	return DC_OK;
}

/* --- statements of a transaction --- */

static struct pg_conn *
conn_of(struct tx *tx)
{
	return ((struct pg_tx *)tx)->conn;
}

static bool *
again_of(struct tx *tx)
{
	return &((struct pg_tx *)tx)->again;
}

static enum dc_code
broken(struct tx *tx, enum dc_code rc)
{
	if (tx->broken == DC_OK)
		tx->broken = rc;
	return rc;
}

static struct stmt *
stmt_of(struct tx *tx, struct prepared *p)
{
	struct pg_conn *c = conn_of(tx);
	struct stmt *s = c->idle;

	if (s != NULL)
		c->idle = s->next;
	else if ((s = calloc(1, sizeof(*s))) == NULL)
		abort();
	s->of = p;
	s->conn = c;
	s->tx = tx;
	s->n = 0;
	s->row = -1;
	c->out++;
	tx->statements++;
	return s;
}

static struct stmt *
pg_find(struct tx *tx, const struct shape *shape)
{
	struct prepared *p = conn_of(tx)->shape[bucket_of(shape->bytes, shape->len)];

	while (p != NULL && (p->shape_len != shape->len || memcmp(p->shape, shape->bytes, shape->len) != 0))
		p = p->next_shape;
	return p != NULL ? stmt_of(tx, p) : NULL;
}

static enum dc_code
pg_prepare(struct tx *tx, const char *sql, struct stmt **ret, struct dc_error *err)
{
	struct prepared *p;
	enum dc_code rc = prepare_text(conn_of(tx), sql, &p, again_of(tx), err);

	if (rc != DC_OK)
		return broken(tx, rc);
	*ret = stmt_of(tx, p);
	return DC_OK;
}

static void
pg_remember(struct stmt *s, const struct shape *shape)
{
	struct prepared **bucket = &s->conn->shape[bucket_of(shape->bytes, shape->len)], *p = s->of;

	if (p->name[0] == '\0' || p->shape != NULL || (p->shape = malloc(shape->len)) == NULL)
		return;
	memcpy(p->shape, shape->bytes, shape->len);
	p->shape_len = shape->len;
	p->next_shape = *bucket;
	*bucket = p;
}

static const char *
pg_text(const struct stmt *s)
{
	return s->of->sql;
}

static struct param *
param(struct stmt *s, int nth)
{
	if (nth > s->cap) {
		int cap = s->cap == 0 ? 16 : s->cap;

		while (cap < nth)
			cap *= 2;
		s->params = reallocarray(s->params, (size_t)cap, sizeof(*s->params));
		s->values = reallocarray(s->values, (size_t)cap, sizeof(*s->values));
		if (s->params == NULL || s->values == NULL)
			abort();
		s->cap = cap;
	}
	if (nth > s->n)
		s->n = nth;
	s->params[nth - 1].number = false;
	s->params[nth - 1].text = NULL;
	return &s->params[nth - 1];
}

static void
pg_bind_null(struct stmt *s, int nth)
{
	(void)param(s, nth);
}

static void
pg_bind_int(struct stmt *s, int nth, int64_t v)
{
	struct param *p = param(s, nth);

	p->number = true;
	snprintf(p->digits, sizeof(p->digits), "%lld", (long long)v);
}

static void
pg_bind_text(struct stmt *s, int nth, const char *v)
{
	param(s, nth)->text = v;
}

static enum dc_code
execute(struct stmt *s, struct dc_error *err)
{
	PGconn *pg = s->conn->pg;
	int sent;

	for (int i = 0; i < s->n; i++)
		s->values[i] = s->params[i].number ? s->params[i].digits : s->params[i].text;
#ifdef DC_CHECK_PLANS
	if (s->conn->recorded)
		pg_plan_record(s->conn, s->of->sql, s->n, s->values);
#endif
	sent = s->of->name[0] != '\0' ? PQsendQueryPrepared(pg, s->of->name, s->n, s->values, NULL, NULL, 0)
				      : PQsendQueryParams(pg, s->of->sql, s->n, NULL, s->values, NULL, NULL, 0);
	return answer(s->conn, sent, &s->rows, again_of(s->tx), err);
}

static enum dc_code
pg_step(struct stmt *s, bool *row, struct dc_error *err)
{
	enum dc_code rc;

	if (s->rows == NULL && (rc = execute(s, err)) != DC_OK)
		return broken(s->tx, rc);
	*row = ++s->row < PQntuples(s->rows);
	return DC_OK;
}

static bool
pg_is_null(struct stmt *s, int column)
{
	return PQgetisnull(s->rows, s->row, column) != 0;
}

static int64_t
pg_get_int(struct stmt *s, int column)
{
	return strtoll(PQgetvalue(s->rows, s->row, column), NULL, 10);
}

static const char *
pg_get_text(struct stmt *s, int column)
{
	return PQgetvalue(s->rows, s->row, column);
}

static int64_t
pg_changes(struct stmt *s)
{
	return strtoll(PQcmdTuples(s->rows), NULL, 10);
}

static struct stmt *
pg_finish(struct stmt *s)
{
	if (s == NULL)
		return NULL;
	PQclear(s->rows);
	s->rows = NULL;
	if (s->of->name[0] == '\0')
		prepared_free(s->of);
	s->of = NULL;
	s->tx = NULL;
	s->conn->out--;
	s->next = s->conn->idle;
	s->conn->idle = s;
	return NULL;
}

static enum dc_code
pg_script(struct tx *tx, const char *sql, struct dc_error *err)
{
	enum dc_code rc = pg_run(conn_of(tx), sql, NULL, again_of(tx), err);

	return rc == DC_OK ? rc : broken(tx, rc);
}

static const char **
pg_constraints(struct tx *tx, const char *table)
{
	static const char sql[] =
	    "SELECT conname::text FROM pg_constraint WHERE conrelid = to_regclass(quote_ident($1))"
	    " AND contype IN ('u', 'c', 'f') UNION SELECT c.relname::text FROM pg_index AS i, pg_class AS c"
	    " WHERE i.indrelid = to_regclass(quote_ident($1)) AND i.indisunique AND NOT i.indisprimary"
	    " AND c.oid = i.indexrelid";
	STMT(g, tx);
	const char **names;
	bool row = false;
	size_t n = 0;

	if (pg_prepare(tx, sql, &g.stmt, NULL) != DC_OK)
		return arena_array(tx->arena, 1, sizeof(*names));
	pg_bind_text(g.stmt, 1, table);
	if (pg_step(g.stmt, &row, NULL) != DC_OK)
		return arena_array(tx->arena, 1, sizeof(*names));
	names = arena_array(tx->arena, (size_t)PQntuples(g.stmt->rows) + 1, sizeof(*names));
	for (; row; (void)pg_step(g.stmt, &row, NULL))
		names[n++] = arena_strdup(tx->arena, pg_get_text(g.stmt, 0));
	return names;
}

const struct tx_ops pg_tx_ops = {
    .find = pg_find,
    .prepare = pg_prepare,
    .remember = pg_remember,
    .text = pg_text,
    .bind_null = pg_bind_null,
    .bind_int = pg_bind_int,
    .bind_text = pg_bind_text,
    .step = pg_step,
    .is_null = pg_is_null,
    .get_int = pg_get_int,
    .get_text = pg_get_text,
    .changes = pg_changes,
    .finish = pg_finish,
    .script = pg_script,
    .constraints = pg_constraints,
    .sift = "",
    .columns_sql = "SELECT a.attname::text, CASE WHEN t.typname IN ('int2', 'int4', 'int8') THEN 1 ELSE 0 END"
		   " FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid"
		   " WHERE a.attrelid = to_regclass(quote_ident($1)) AND a.attnum > 0 AND NOT a.attisdropped",
    .ends_sql = "SELECT coalesce(max(CASE WHEN r.relname = $1 AND a.attname = $2 AND c.confupdtype = 'a' THEN 1 ELSE 2 "
		"END), 0)"
		" FROM pg_constraint AS c JOIN pg_class AS r ON r.oid = c.confrelid"
		" JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
		" WHERE c.contype = 'f' AND c.conrelid = to_regclass(quote_ident($3))"
		" AND (c.confdeltype NOT IN ('a', 'r') OR c.confupdtype NOT IN ('a', 'r'))",
};

/* --- without a connection --- */

static struct stmt *
unreachable_find(struct tx *tx, const struct shape *shape)
{
	(void)tx;
	(void)shape;
	return NULL;
}

static enum dc_code
unreachable_prepare(struct tx *tx, const char *sql, struct stmt **ret, struct dc_error *err)
{
	const struct dc_error *why = ((struct pg_tx *)tx)->why;

	(void)sql;
	(void)ret;
	return broken(tx, dc_fail(err, why->code, NULL, "%s", why->text));
}

static struct stmt *
unreachable_finish(struct stmt *s)
{
	return s; /* there never is one */
}

const struct tx_ops pg_tx_unreachable_ops = {
    .find = unreachable_find, .prepare = unreachable_prepare, .finish = unreachable_finish, .sift = ""};
