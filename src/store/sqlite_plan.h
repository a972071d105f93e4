/* SPDX-License-Identifier: ISC */
/* sqlite_plan.h - how SQLite finds a statement's rows, for builds that check it (-Dcheck_plans=true). */
#ifndef DC_SQLITE_PLAN_H
#define DC_SQLITE_PLAN_H

#include <sqlite3.h>
#include <stdbool.h>

/* Plans are checked from now on, in every connection of the process: the schema is the program's own. */
void plan_check_begin(void);
bool plan_checks(void);
/* A table with few rows for each site or router. */
bool plan_is_small(const char *table);
/* Logs the statement and its plan when it scans a table that grows, or sorts. Each text is given once, when it is
 * prepared. The tests look for that line (test/conftest.py). */
void plan_check(sqlite3 *, const char *sql);
/* The file that DCAAS_STATEMENTS names in the environment gets each statement of a connection that writes, with its
 * values; DCAAS_READS, of those that read. bench/run.py has SQLite alone do the same. */
enum plan_record { PLAN_WRITES, PLAN_READS };
void plan_record(sqlite3 *, enum plan_record);

#endif
