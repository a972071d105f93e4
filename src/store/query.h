/* SPDX-License-Identifier: ISC */
/* query.h - SQL built from field tables. Column and table names come from tables only, values are always bound,
 * statements are cached per connection. Engines and resources use these calls; none of them holds SQL text.
 *
 * Conditions are lists of columns with values, joined by AND, ended by Q_END:
 *
 *	query_get(tx, &vgw_table, Q(Q_EQ("vpc_id", vpc), Q_EQ("tenant_id", project)), &row, err)
 *
 * A column that the table does not have aborts: it is our bug. Rows come back in the transaction's arena. Secrets
 * (F_SECRET) are sealed on the way in and opened on the way out. Every table has a column `guard` (INTEGER, default 0),
 * and the first field of every table is its key, called id here. Secrets cannot be conditions. */
#ifndef DC_QUERY_H
#define DC_QUERY_H

#include "field/field.h"
#include "store/cond.h"
#include "store/store.h"

/* INSERT of all columns. DC_E_CONFLICT when a constraint refuses it (so with every write below): err->member then has
 * the constraint's name: that of its unique index, else TABLE_pkey, TABLE_COLUMN_COLUMN_key, TABLE_COLUMN_check or
 * TABLE_COLUMN_fkey; of NOT NULL it has TABLE.COLUMN. Where a table has the words for a client who breaks that
 * constraint (field_table.constraints), the failure is that. A foreign key is broken by a row that refers to one that
 * does not exist, or by deleting a row that others refer to. */
enum dc_code query_insert(struct tx *, const struct field_table *, const void *row, struct dc_error *err);
/* INSERT, or UPDATE of the other columns where `key` (a unique column set, NULL-terminated) exists already. An existing
 * row keeps its id. */
enum dc_code query_upsert(
    struct tx *, const struct field_table *, const char *const *key, const void *row, struct dc_error *err);
/* One row. DC_E_NOT_FOUND (err untouched) when there is none; *ret untouched then. */
enum dc_code query_get(
    struct tx *, const struct field_table *, const struct query_cond *, void **ret, struct dc_error *err);
/* UPDATE of all columns of the row whose id (first column) is row's. DC_E_NOT_FOUND (err untouched) when there is none.
 */
enum dc_code query_update(struct tx *, const struct field_table *, const void *row, struct dc_error *err);
/* UPDATE of the named columns (NULL-terminated) from row, where cond; *changed (may be NULL) gets the number of rows.
 */
enum dc_code query_set(struct tx *, const struct field_table *, const char *const *columns, const void *row,
    const struct query_cond *, int64_t *changed, struct dc_error *err);
enum dc_code query_delete(
    struct tx *, const struct field_table *, const struct query_cond *, int64_t *removed, struct dc_error *err);
enum dc_code query_count(
    struct tx *, const struct field_table *, const struct query_cond *, int64_t *ret, struct dc_error *err);
/* As query_count, but stops at `enough`: a quota of five asks no more of a project with thousands. */
enum dc_code query_count_to(struct tx *, const struct field_table *, const struct query_cond *, int64_t enough,
    int64_t *ret, struct dc_error *err);

/* The smallest value of a column after `after` (bytes; "" is before all) among the rows; *ret is NULL when there is
 * none. With an index on the conditions and the column, the distinct values cost a look-up each. */
enum dc_code query_next(struct tx *, const struct field_table *, const char *column, const char *after,
    const struct query_cond *, const char **ret, struct dc_error *err);

struct query_page {
	const char *sort; /* column; NULL: id */
	bool descending;
	const char *after; /* id of the last row of the page before (`marker`); NULL: from the start. A marker whose row
			    * is gone still works when sorted by id; else the page is empty. */
	bool reverse;   /* the items before the marker instead, still in sort order; without a marker the last ones */
	int64_t offset; /* ignored with after */
	int64_t limit;  /* 0: no limit */
	bool walk;      /* may read or sort a whole table: an operator's list, in any order and with any filter */
};
/* Rows in order, ties by id; descending is the exact reverse of ascending, and rows without a value come first in
 * ascending order. *rows is an array of n row structs of table->size bytes. page may be NULL: all by id. */
enum dc_code query_list(struct tx *, const struct field_table *, const struct query_cond *, const struct query_page *,
    void **rows, size_t *n, struct dc_error *err);

/* A number from first to last that no row of the conditions has in this column. It looks from a random place on, some
 * rows at a time: what that costs rests on how densely the range is used, not on how many rows there are.
 * DC_E_NOT_FOUND (err untouched) when each number is taken. */
enum dc_code query_gap(struct tx *, const struct field_table *, const struct query_cond *, const char *column,
    int64_t first, int64_t last, int64_t *ret, struct dc_error *err);

/* Locks one row; see store/row_lock.h for several and for the order. A row that is not there locks nothing. */
enum dc_code query_lock(struct tx *, const struct field_table *, const char *id, struct dc_error *err);

/* column = column + by of the one row, returning the new value (edge revisions). DC_E_NOT_FOUND when it is not there.
 */
enum dc_code query_bump(struct tx *, const struct field_table *, const char *id, const char *column, int64_t by,
    int64_t *ret, struct dc_error *err);

#endif
