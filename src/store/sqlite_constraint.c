/* SPDX-License-Identifier: ISC */
/* sqlite_constraint.c - see sqlite_constraint.h. */
#include "store/sqlite_constraint.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TABLE_MAX 64

/* Each unique index of table ?1 with its name here, its columns as SQLite reports them, and whether it is the key. */
static const char unique_sql[] =
    "SELECT CASE origin WHEN 'c' THEN index_name WHEN 'pk' THEN ?1 || '_pkey'"
    " ELSE ?1 || '_' || group_concat(name, '_') || '_key' END, group_concat(?1 || '.' || name, ', '), origin = 'pk'"
    " FROM (SELECT l.origin AS origin, l.name AS index_name, i.name AS name FROM pragma_index_list(?1) AS l,"
    " pragma_index_info(l.name) AS i WHERE l.\"unique\" ORDER BY l.name, i.seqno) GROUP BY index_name";
static const char foreign_sql[] = "SELECT ?1 || '_' || \"from\" || '_fkey', id FROM pragma_foreign_key_list(?1)";
/* The table itself, and those whose rows refer to it. */
static const char touched_sql[] =
    "SELECT ?1 UNION SELECT m.name FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f"
    " WHERE m.type = 'table' AND f.\"table\" = ?1";
static const char broken_sql[] = "SELECT fkid FROM pragma_foreign_key_check(?1) LIMIT 1";
static const char schema_sql[] = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1";

static sqlite3_stmt *
ask(sqlite3 *db, const char *sql, const char *table)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK)
		sqlite3_bind_text(s, 1, table, -1, SQLITE_TRANSIENT);
	return s;
}

static const char *
text(sqlite3_stmt *s, int column)
{
	const unsigned char *v = sqlite3_column_text(s, column);

	return v != NULL ? (const char *)v : "";
}

/* INSERT INTO "x", UPDATE "x", DELETE FROM "x": what sql.c writes. */
static void
table_of(const char *sql, char out[TABLE_MAX])
{
	const char *begin = strchr(sql, '"');

	out[0] = '\0';
	if (begin != NULL)
		snprintf(out, TABLE_MAX, "%.*s", (int)strcspn(begin + 1, "\""), begin + 1);
}

/* --- unique --- */

static void
name_unique(sqlite3 *db, const char *columns, char out[CONSTRAINT_NAME_MAX])
{
	char table[TABLE_MAX];
	sqlite3_stmt *s;

	snprintf(table, sizeof(table), "%.*s", (int)strcspn(columns, "."), columns);
	s = ask(db, unique_sql, table);
	while (s != NULL && sqlite3_step(s) == SQLITE_ROW)
		if (strcmp(text(s, 1), columns) == 0)
			snprintf(out, CONSTRAINT_NAME_MAX, "%s", text(s, 0));
	sqlite3_finalize(s);
}

/* --- check --- */

static bool
has_column(sqlite3 *db, const char *table, const char *name)
{
	sqlite3_stmt *s = ask(db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2", table);
	bool has = false;

	if (s != NULL) {
		sqlite3_bind_text(s, 2, name, -1, SQLITE_TRANSIENT);
		has = sqlite3_step(s) == SQLITE_ROW;
	}
	sqlite3_finalize(s);
	return has;
}

static size_t
word_length(const char *at)
{
	size_t n = 0;

	while (isalnum((unsigned char)at[n]) || at[n] == '_')
		n++;
	return n;
}

/* By the first column that the expression names. */
static void
name_expression(sqlite3 *db, const char *table, const char *expression, char out[CONSTRAINT_NAME_MAX])
{
	char word[TABLE_MAX];

	for (const char *at = expression; *at != '\0';) {
		size_t n = word_length(at);

		snprintf(word, sizeof(word), "%.*s", (int)n, at);
		if (n > 0 && has_column(db, table, word)) {
			snprintf(out, CONSTRAINT_NAME_MAX, "%s_%s_check", table, word);
			return;
		}
		at += n > 0 ? n : 1;
	}
	snprintf(out, CONSTRAINT_NAME_MAX, "%s_check", table);
}

/* A CHECK with a name of its own is reported by that name. */
static void
name_check(sqlite3 *db, const char *table, const char *told, char out[CONSTRAINT_NAME_MAX])
{
	if (told[word_length(told)] == '\0')
		strlcpy(out, told, CONSTRAINT_NAME_MAX);
	else
		name_expression(db, table, told, out);
}

/* --- foreign keys --- */

static bool
find_broken(sqlite3 *db, const char *table, char out[CONSTRAINT_NAME_MAX])
{
	sqlite3_stmt *s = ask(db, broken_sql, table), *keys;
	bool found = s != NULL && sqlite3_step(s) == SQLITE_ROW;
	int id = found ? sqlite3_column_int(s, 0) : 0;

	sqlite3_finalize(s);
	if (!found)
		return false;
	keys = ask(db, foreign_sql, table);
	while (keys != NULL && sqlite3_step(keys) == SQLITE_ROW)
		if (sqlite3_column_int(keys, 1) == id)
			snprintf(out, CONSTRAINT_NAME_MAX, "%s", text(keys, 0));
	sqlite3_finalize(keys);
	return true;
}

/* SQLite reports only that one was broken. With the check put off, the statement leaves the rows that break it. */
static void
name_foreign(sqlite3 *db, sqlite3_stmt *broken, const char *table, char out[CONSTRAINT_NAME_MAX])
{
	sqlite3_stmt *tables;

	sqlite3_reset(broken);
	if (sqlite3_exec(db, "SAVEPOINT find_key; PRAGMA defer_foreign_keys = ON", NULL, NULL, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(broken) == SQLITE_ROW)
		;
	sqlite3_reset(broken);
	tables = ask(db, touched_sql, table);
	while (tables != NULL && sqlite3_step(tables) == SQLITE_ROW && !find_broken(db, text(tables, 0), out))
		;
	sqlite3_finalize(tables);
	sqlite3_exec(db, "ROLLBACK TO find_key; RELEASE find_key; PRAGMA defer_foreign_keys = OFF", NULL, NULL, NULL);
}

void
constraint_name(sqlite3 *db, sqlite3_stmt *broken, const char *sql, char out[CONSTRAINT_NAME_MAX])
{
	int code = sqlite3_extended_errcode(db);
	char table[TABLE_MAX], told[256];
	const char *which = strstr(sqlite3_errmsg(db), "failed: ");

	snprintf(told, sizeof(told), "%s", which != NULL ? which + strlen("failed: ") : sqlite3_errmsg(db));
	strlcpy(out, told, CONSTRAINT_NAME_MAX); /* NOT NULL: the column */
	table_of(sql, table);
	if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
		name_unique(db, told, out);
	else if (code == SQLITE_CONSTRAINT_CHECK)
		name_check(db, table, told, out);
	else if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
		name_foreign(db, broken, table, out);
}

/* --- all of a table --- */

struct names {
	struct arena *arena;
	const char **v;
	size_t n, cap;
};

static void
add_name(struct names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], name) == 0)
			return;
	if (l->n + 1 >= l->cap) {
		size_t cap = l->cap == 0 ? 16 : 2 * l->cap;
		const char **bigger = arena_array(l->arena, cap, sizeof(*bigger));

		if (l->n > 0)
			memcpy(bigger, l->v, l->n * sizeof(*bigger));
		l->v = bigger;
		l->cap = cap;
	}
	l->v[l->n++] = arena_strdup(l->arena, name);
	l->v[l->n] = NULL;
}

/* Behind the word CHECK: its expression. */
static size_t
expression_length(const char *at)
{
	size_t n = strcspn(at, "("), depth = 0;

	do {
		depth += at[n] == '(';
		depth -= at[n] == ')';
		n += at[n] != '\0';
	} while (depth > 0 && at[n] != '\0');
	return n;
}

static void
add_checks(sqlite3 *db, const char *table, const char *schema, struct names *l)
{
	char last[3][TABLE_MAX] = {"", "", ""}, name[CONSTRAINT_NAME_MAX], *expression;

	for (const char *at = schema; *at != '\0';) {
		size_t n = word_length(at);

		if (n == 0) {
			at++;
			continue;
		}
		memmove(last[0], last[1], 2 * sizeof(last[0]));
		snprintf(last[2], sizeof(last[2]), "%.*s", (int)n, at);
		at += n;
		if (strcmp(last[2], "CHECK") != 0)
			continue;
		n = expression_length(at);
		expression = arena_strndup(l->arena, at, n);
		if (strcmp(last[0], "CONSTRAINT") == 0)
			snprintf(name, sizeof(name), "%s", last[1]);
		else
			name_expression(db, table, expression, name);
		add_name(l, name);
		at += n;
	}
}

const char **
constraints_of(sqlite3 *db, const char *table, struct arena *arena)
{
	struct names l = {.arena = arena, .v = arena_array(arena, 1, sizeof(*l.v))};
	sqlite3_stmt *s = ask(db, unique_sql, table);

	while (s != NULL && sqlite3_step(s) == SQLITE_ROW)
		if (sqlite3_column_int(s, 2) == 0)
			add_name(&l, text(s, 0));
	sqlite3_finalize(s);
	s = ask(db, foreign_sql, table);
	while (s != NULL && sqlite3_step(s) == SQLITE_ROW)
		add_name(&l, text(s, 0));
	sqlite3_finalize(s);
	s = ask(db, schema_sql, table);
	if (s != NULL && sqlite3_step(s) == SQLITE_ROW)
		add_checks(db, table, text(s, 0), &l);
	sqlite3_finalize(s);
	return l.v;
}
