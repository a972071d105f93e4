/* SPDX-License-Identifier: ISC */
/* sql.h - a statement in the making: its text and the values it binds, put down side by side. The text depends only on
 * the table and the shape of the call, so that each connection prepares it once. For query.c.
 *
 *	SQL(q, tx, table, err);
 *	buf_puts(&q.text, "DELETE FROM ");
 *	sql_put_name(&q, table->sql);
 *	sql_put_where(&q, conds);
 *	return sql_run(&q, NULL);
 *
 * A statement of a known shape (sql_shape) is not written again: the puts then only collect
 *values.
 *
 * The first failure is remembered, and the call that runs the statement returns it. */
#ifndef DC_STORE_SQL_H
#define DC_STORE_SQL_H

#include "base/buf.h"
#include "store/query.h"
#include "store/row.h"

#define SQL_TEXT_MAX (1u << 20)
#define SQL_SHAPE_MAX 512
/* At the end of a statement that reads a table from end to end on purpose. Builds that check plans leave it be. */
#define SQL_WALK " /* walk */"

struct sql {
	struct tx *tx;
	const struct field_table *table;
	struct buf text;
	struct value *values; /* in the transaction's arena */
	size_t n, cap;
	enum dc_code rc; /* the first failure while building */
	struct dc_error *err;
	struct stmt *stmt; /* once it is known, or has been started */
	size_t shape_len;  /* 0: unknown; SIZE_MAX: too long */
	unsigned char shape[SQL_SHAPE_MAX];
};

void sql_begin(struct sql *, struct tx *, const struct field_table *, struct dc_error *err);
void sql_end(struct sql *);
#define SQL(name, t, tab, e)                                                                                           \
	__attribute__((cleanup(sql_end))) struct sql name;                                                             \
	sql_begin(&name, t, tab, e)

/* What the text of the statement will depend on, before the first put: its kind and table, and then names, conditions
 * and numbers in the order in which they are put. sql_shape_end() looks whether it is known. */
enum sql_kind { SQL_INSERT = 1, SQL_GET, SQL_LIST, SQL_COUNT, SQL_COUNT_TO, SQL_NEXT, SQL_UPDATE, SQL_SET, SQL_DELETE };
void sql_shape(struct sql *, enum sql_kind);
void sql_shape_name(struct sql *, const char *);
void sql_shape_conds(struct sql *, const struct query_cond *);
void sql_shape_number(struct sql *, unsigned);
void sql_shape_end(struct sql *);

/* A column that the table does not have aborts. */
const struct field *sql_column(const struct sql *, const char *name);
const struct field *sql_key(const struct sql *);
/* All columns in the table's order; NULL behind the last. */
const struct field *sql_first_column(const struct sql *);
const struct field *sql_next_column(const struct field *);

/* In double quotes. For names out of tables only. */
void sql_put_name(struct sql *, const char *name);
/* The names of all columns, between commas. */
void sql_put_columns(struct sql *);
/* A parameter each: a number, the row's value for the column, what a condition's text means for it. */
void sql_put_int(struct sql *, int64_t num);
void sql_put_row_value(struct sql *, const struct field *, const void *row);
void sql_put_condition_text(struct sql *, const struct field *, const char *text);
/* WHERE, unless there is no condition; returns what joins a further one. */
const char *sql_put_where(struct sql *, const struct query_cond *);
void sql_put_where_id(struct sql *, const char *id);

/* Prepares, binds and makes the first step; *row: there is one to read. */
enum dc_code sql_start(struct sql *, bool *row);
/* Of a statement without rows; *changed (may be NULL) gets the number of rows it changed. */
enum dc_code sql_run(struct sql *, int64_t *changed);
/* Of a change of one row by its id: DC_E_NOT_FOUND (err untouched) when there is none. */
enum dc_code sql_run_on_one(struct sql *);
/* The current row into a zeroed struct of the table. */
enum dc_code sql_read_row(struct sql *, void *row);

#endif
