/* SPDX-License-Identifier: ISC */
/* sqlite_constraint.h - constraints by name. SQLite reports of a broken one its columns, its expression or nothing;
 * here each has the name that PostgreSQL gives it: its own, else TABLE_pkey, TABLE_COLUMN..._key, TABLE_COLUMN_check or
 * TABLE_COLUMN_fkey. Only files in store/ include it. */
#ifndef DC_SQLITE_CONSTRAINT_H
#define DC_SQLITE_CONSTRAINT_H

#include <sqlite3.h>
#include <stddef.h>

#include "base/arena.h"

#define CONSTRAINT_NAME_MAX 96

/* Which one the statement has just broken. It may be run once more for that, and what it does is undone. */
void constraint_name(sqlite3 *, sqlite3_stmt *, const char *sql, char out[CONSTRAINT_NAME_MAX]);
/* All of a table but its primary key: a NULL-terminated array in arena. */
const char **constraints_of(sqlite3 *, const char *table, struct arena *);

#endif
