/* SPDX-License-Identifier: ISC */
/* pg_plan.c - how PostgreSQL finds a statement's rows, for builds that check it (-Dcheck_plans=true). The plan is the
 * one for any values, and scans of tables and sorts are avoided where an index does instead (pg.c), so one that is left
 * has no index. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "store/pg_priv.h"
#include "store/sql.h"
#include "store/sqlite_plan.h"

/* The name of the table behind " on ". */
static const char *
table_in(const char *line)
{
	const char *on = strstr(line, " on ");

	return on != NULL ? on + 4 : "";
}

/* An index that is read whole. (One with a condition that does not use it shows on tables with rows only: of empty ones
 * all indexes cost the same.) */
static bool
is_walk(const char *sql, const char *line)
{
	return (strstr(line, "Index Scan") != NULL || strstr(line, "Index Only Scan") != NULL) &&
	       strstr(sql, " WHERE ") == NULL && strstr(sql, " LIMIT ") == NULL;
}

static bool
is_slow(const char *sql, const char *line)
{
	/* What is sorted within one value of an index, and what has no row, costs nothing. */
	if (strstr(line, "Sort  (cost") != NULL)
		return strstr(line, "Incremental Sort") == NULL && strstr(line, "rows=0 ") == NULL;
	return (strstr(line, "Seq Scan on ") != NULL || is_walk(sql, line)) && !plan_is_small(table_in(line));
}

static int
parameters(PGconn *pg, const char *name)
{
	PGresult *res = PQdescribePrepared(pg, name);
	int n = PQresultStatus(res) == PGRES_COMMAND_OK ? PQnparams(res) : 0;

	PQclear(res);
	return n;
}

void
pg_plan_check(struct pg_conn *c, const char *name, const char *sql)
{
	_cleanup_arena_ struct arena *arena = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
	PGresult *plan;
	int n;

	if (!plan_checks() || strstr(sql, SQL_WALK) != NULL ||
	    (strncmp(sql, "SELECT", 6) != 0 && strncmp(sql, "UPDATE", 6) != 0 && strncmp(sql, "DELETE", 6) != 0))
		return;
	n = parameters(pg_conn_handle(c), name);
	buf_printf(&text, "EXPLAIN EXECUTE %s", name);
	for (int i = 0; i < n; i++)
		buf_puts(&text, i == 0 ? " (NULL" : ", NULL");
	buf_puts(&text, n > 0 ? ")" : "");
	if (pg_run(c, buf_str(&text), &plan, NULL, NULL) != DC_OK)
		return;
	arena = arena_new();
	for (int i = 0; i < PQntuples(plan); i++)
		if (is_slow(sql, PQgetvalue(plan, i, 0)))
			dc_log(LOG_CRIT, "bug: the cost of a statement grows with a table", "plan=%s sql=%s",
			    log_quote(arena, PQgetvalue(plan, i, 0)), log_quote(arena, sql));
	PQclear(plan);
}

static FILE *
record_file(void)
{
	static FILE *file; /* one for the process */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const char *path = getenv("DCAAS_STATEMENTS");

	pthread_mutex_lock(&lock);
	if (path != NULL && file == NULL && (file = fopen(path, "ae")) == NULL)
		abort();
	pthread_mutex_unlock(&lock);
	return file;
}

static void
put_value(struct pg_conn *c, const char *value, struct buf *out)
{
	char *quoted = value != NULL ? PQescapeLiteral(pg_conn_handle(c), value, strlen(value)) : NULL;

	buf_puts(out, quoted != NULL ? quoted : "NULL");
	PQfreemem(quoted);
}

void
pg_plan_record(struct pg_conn *c, const char *sql, int n, const char *const *values)
{
	_cleanup_buf_ struct buf text = BUF_INIT(4 << 20);
	FILE *file = record_file();

	if (file == NULL || strchr(sql, '\n') != NULL)
		return;
	for (const char *at = sql; *at != '\0';) {
		char *end = NULL;
		long nth = *at == '$' ? strtol(at + 1, &end, 10) : 0;

		if (nth > 0 && nth <= n) {
			put_value(c, values[nth - 1], &text);
			at = end;
		} else
			buf_putc(&text, *at++);
	}
	buf_putc(&text, '\n');
	fputs(buf_str(&text), file);
	fflush(file);
}
