/* SPDX-License-Identifier: ISC */
/* sqlite_plan.c - see sqlite_plan.h. An order must cost the same with ten rows present and with ten thousand, so each
 * of its statements finds its rows by an index, and a list comes in the order of one. */
#include "store/sqlite_plan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/sql.h"

static atomic_bool checking;

void
plan_check_begin(void)
{
	atomic_store(&checking, true);
}

/* Few rows for each site or router that the operator has, however much is ordered; and what a statement counts itself,
 * up to its LIMIT. */
static const char *const small_tables[] = {"domain", "location", "edge", "edge_report", "edge_revision", "port", "pool",
    "store_meta", "schema_version", "counted", NULL};
/* An index with few rows of a large table: what is in error. */
static const char *const small_indexes[] = {"edge_object_error", NULL};

static bool
begins_with_one_of(const char *const *names, const char *text)
{
	size_t len = strcspn(text, " ");

	for (; *names != NULL; names++)
		if (strlen(*names) == len && strncmp(*names, text, len) == 0)
			return true;
	return false;
}

bool
plan_checks(void)
{
	return atomic_load(&checking);
}

bool
plan_is_small(const char *table)
{
	return begins_with_one_of(small_tables, table);
}

/* The first rows in the order of an index: no more are read than are asked for. */
static bool
is_top(const char *sql)
{
	return strstr(sql, " WHERE ") == NULL && strstr(sql, " ORDER BY ") != NULL && strstr(sql, " LIMIT ") != NULL;
}

/* detail: a line of EXPLAIN QUERY PLAN, as "SCAN peer_link USING INDEX peer_link_near". */
static bool
is_slow(const char *sql, const char *detail)
{
	static const char scan[] = "SCAN ", using[] = " USING INDEX ";
	const char *index = strstr(detail, using);

	if (strncmp(detail, "USE TEMP B-TREE", 15) == 0)
		return true;
	if (strncmp(detail, scan, strlen(scan)) != 0 || strncmp(detail, "SCAN CONSTANT ROW", 17) == 0)
		return false;
	if (index != NULL && (is_top(sql) || begins_with_one_of(small_indexes, index + strlen(using))))
		return false;
	return !begins_with_one_of(small_tables, detail + strlen(scan));
}

void
plan_check(sqlite3 *db, const char *sql)
{
	static const char explain[] = "EXPLAIN QUERY PLAN ";
	_cleanup_arena_ struct arena *arena = arena_new();
	sqlite3_stmt *s = NULL;
	char *text;

	if (!atomic_load(&checking) || strstr(sql, SQL_WALK) != NULL)
		return;
	if ((text = sqlite3_mprintf("%s%s", explain, sql)) == NULL)
		abort();
	if (sqlite3_prepare_v2(db, text, -1, &s, NULL) == SQLITE_OK)
		while (sqlite3_step(s) == SQLITE_ROW)
			if (is_slow(sql, (const char *)sqlite3_column_text(s, 3)))
				dc_log(LOG_CRIT, "bug: the cost of a statement grows with a table", "plan=%s sql=%s",
				    log_quote(arena, (const char *)sqlite3_column_text(s, 3)), log_quote(arena, sql));
	sqlite3_finalize(s);
	sqlite3_free(text);
}

static int
record(unsigned what, void *arg, void *statement, void *text)
{
	FILE *file = arg;
	char *sql = sqlite3_expanded_sql(statement);

	(void)what;
	if (sql != NULL && strncmp(text, "--", 2) != 0) /* "--": what a foreign key runs by itself */
		fprintf(file, "%s\n", sql);
	fflush(file);
	sqlite3_free(sql);
	return 0;
}

void
plan_record(sqlite3 *db, enum plan_record which)
{
	static const char *const variables[] = {[PLAN_WRITES] = "DCAAS_STATEMENTS", [PLAN_READS] = "DCAAS_READS"};
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static FILE *files[2]; /* of the process */
	const char *path = getenv(variables[which]);
	FILE *file;

	if (path == NULL)
		return;
	pthread_mutex_lock(&lock);
	if (files[which] == NULL && (files[which] = fopen(path, "ae")) == NULL)
		abort();
	file = files[which];
	pthread_mutex_unlock(&lock);
	sqlite3_trace_v2(db, SQLITE_TRACE_STMT, record, file);
}
