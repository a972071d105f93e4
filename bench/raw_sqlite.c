/* SPDX-License-Identifier: ISC */
/* raw_sqlite.c - the statements that the server runs for an order, by SQLite alone.
 * raw_sqlite DATABASE STATEMENTS GROUP SECONDS
 *
 * STATEMENTS: one a line, those that read and those that write; parameters ?1, ?2, ... stand for values that are new
 * for each order, the same number for the same value in all of its rows. An order is all lines once; GROUP orders go
 * into one transaction, each in a SAVEPOINT of its own. WAL and synchronous=FULL, as the server has it. Prints orders a
 * second.
 *
 * GROUP 0: the lines are a read, in a transaction of its own, and each column of each row is read. Prints the
 * microseconds of one read: the median, and what 99 of 100 stay below. */
#include <err.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATEMENTS_MAX 128

static sqlite3 *db;

static void
run(const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		errx(1, "%s: %s", sql, sqlite3_errmsg(db));
}

static size_t
prepare_all(const char *path, sqlite3_stmt **statement)
{
	FILE *file = fopen(path, "re");
	static char line[1 << 20];
	size_t n = 0;

	if (file == NULL)
		err(1, "%s", path);
	while (n < STATEMENTS_MAX && fgets(line, sizeof(line), file) != NULL)
		if (sqlite3_prepare_v3(db, line, -1, SQLITE_PREPARE_PERSISTENT, &statement[n++], NULL) != SQLITE_OK)
			errx(1, "%s: %s", line, sqlite3_errmsg(db));
	fclose(file);
	return n;
}

/* Values in the order of time, as the server's ids are. */
static void
bind_new(sqlite3_stmt *statement, uint64_t order)
{
	int n = sqlite3_bind_parameter_count(statement);

	for (int i = 1; i <= n; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%08x-%04x-7%03x-8%03x-%04x%08x", (unsigned)(order >> 12),
		    (unsigned)(order & 0xfff), (unsigned)i, (unsigned)i, (unsigned)i, (unsigned)(order * 2654435761u));
		sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT);
	}
}

/* To its last row. */
static void
run_one(sqlite3_stmt *statement, uint64_t order)
{
	int rc;

	bind_new(statement, order);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
		;
	if (rc != SQLITE_DONE || sqlite3_reset(statement) != SQLITE_OK)
		errx(1, "%s: %s", sqlite3_sql(statement), sqlite3_errmsg(db));
}

/* To its last row, with each value as text. */
static void
read_one(sqlite3_stmt *statement)
{
	int rc, n = sqlite3_column_count(statement);

	while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
		for (int i = 0; i < n; i++)
			(void)sqlite3_column_text(statement, i);
	if (rc != SQLITE_DONE || sqlite3_reset(statement) != SQLITE_OK)
		errx(1, "%s: %s", sqlite3_sql(statement), sqlite3_errmsg(db));
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
seconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
now(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

#define READS_MAX 100000

static void
time_reads(sqlite3_stmt **statement, size_t n, double seconds)
{
	static double took[READS_MAX];
	double begun = now(), used = seconds_of(CLOCK_PROCESS_CPUTIME_ID), before;
	size_t reads = 0;

	for (; now() - begun < seconds && reads < READS_MAX; reads++) {
		before = now();
		run("BEGIN");
		for (size_t k = 0; k < n; k++)
			read_one(statement[k]);
		run("COMMIT");
		took[reads] = (now() - before) * 1e6;
	}
	used = (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - used) * 1e6 / (double)reads;
	qsort(took, reads, sizeof(took[0]), by_value);
	printf("%.1f %.1f %.1f\n", took[reads / 2], took[reads * 99 / 100], used);
}

static double
orders_in_a_second(sqlite3_stmt **statement, size_t n, long group, double seconds)
{
	double begun = now();
	uint64_t order = 0;

	while (now() - begun < seconds) {
		run("BEGIN IMMEDIATE");
		for (long i = 0; i < group; i++, order++)
			for (size_t k = 0; k < n; k++)
				run_one(statement[k], order);
		run("COMMIT");
	}
	return (double)order / (now() - begun);
}

int
main(int argc, char **argv)
{
	sqlite3_stmt *statement[STATEMENTS_MAX];
	double seconds;
	long group;
	size_t n;

	if (argc != 5)
		errx(2, "usage: raw_sqlite DATABASE STATEMENTS GROUP SECONDS");
	group = strtol(argv[3], NULL, 10);
	seconds = strtod(argv[4], NULL);
	if (sqlite3_open(argv[1], &db) != SQLITE_OK)
		errx(1, "%s", sqlite3_errmsg(db));
	run("PRAGMA journal_mode=WAL");
	run("PRAGMA synchronous=FULL");
	run("PRAGMA foreign_keys=ON");
	n = prepare_all(argv[2], statement);
	if (group == 0)
		time_reads(statement, n, seconds);
	else
		printf("%.1f\n", orders_in_a_second(statement, n, group, seconds));
	for (size_t k = 0; k < n; k++)
		sqlite3_finalize(statement[k]);
	sqlite3_close(db);
	return 0;
}
