/* SPDX-License-Identifier: ISC */
/* query.c - see query.h. Each call puts its statement together (sql.h) and runs it. */
#include <string.h>

#include "base/log.h"
#include "store/footing_priv.h"
#include "store/row_lock_priv.h"
#include "store/query.h"
#include "store/sql.h"

/* What others keep of the row is no longer so. */
static void
note_change(struct tx *tx, const struct field_table *table, int64_t changed)
{
	tx->kept_changed = tx->kept_changed || (table->kept && changed > 0);
}

static void
put_insert(struct sql *q, const void *row)
{
	const char *comma = "";

	buf_puts(&q->text, "INSERT INTO ");
	sql_put_name(q, q->table->sql);
	buf_puts(&q->text, " (");
	sql_put_columns(q);
	buf_puts(&q->text, ") VALUES (");
	for (const struct field *f = sql_first_column(q); f != NULL; f = sql_next_column(f)) {
		buf_puts(&q->text, comma);
		sql_put_row_value(q, f, row);
		comma = ", ";
	}
	buf_putc(&q->text, ')');
}

enum dc_code
query_insert(struct tx *tx, const struct field_table *table, const void *row, struct dc_error *err)
{
	SQL(q, tx, table, err);

	lock_check_insert(tx, table, row);
	sql_shape(&q, SQL_INSERT);
	sql_shape_end(&q);
	put_insert(&q, row);
	footing_changed(tx, table, row);
	return sql_run(&q, NULL);
}

static bool
has_fixed(const struct field_table *table)
{
	for (const struct field *f = table->fields; f->name != NULL; f++)
		if (f->fixed)
			return true;
	return false;
}

/* The id that the conditions name; NULL: they name none. */
static const char *
named_id(const struct sql *q, const struct query_cond *conds)
{
	for (const struct query_cond *c = conds; c->op != Q_OP_END; c++)
		if (c->op == Q_OP_EQ && c->text != NULL && strcmp(c->column, sql_key(q)->name) == 0)
			return c->text;
	return NULL;
}

/* By which a footing knows a row: its key, and what is fixed. */
static const struct field *
known_from(const struct sql *q, const struct field *f)
{
	while (f->name != NULL && f != sql_key(q) && !f->fixed)
		f++;
	return f->name != NULL ? f : NULL;
}

static void
put_known(struct sql *q, const char *comma)
{
	for (const struct field *f = known_from(q, q->table->fields); f != NULL; f = known_from(q, f + 1)) {
		buf_puts(&q->text, comma);
		sql_put_name(q, f->name);
		comma = ", ";
	}
}

/* The current row is changed; nth: column of the first of put_known(). */
static void
note_known(struct sql *q, int nth)
{
	const struct tx_ops *ops = q->tx->ops;

	for (const struct field *f = known_from(q, q->table->fields); f != NULL; f = known_from(q, f + 1), nth++)
		footing_changed_value(
		    q->tx, q->table, f, ops->is_null(q->stmt, nth) ? NULL : ops->get_text(q->stmt, nth));
}

/* Runs a statement that ends with put_known(). */
static enum dc_code
run_known(struct sql *q, int64_t *n)
{
	struct tx *tx = q->tx;
	bool row;
	enum dc_code rc;

	*n = 0;
	for (rc = sql_start(q, &row); rc == DC_OK && row; rc = tx->ops->step(q->stmt, &row, q->err)) {
		++*n;
		note_known(q, 0);
	}
	return rc;
}

/* The rows of the conditions are changed or removed; *n: how many. The text ends with the conditions. */
static enum dc_code
run_where(struct sql *q, const struct query_cond *conds, int64_t *n)
{
	const char *id = named_id(q, conds);
	enum dc_code rc;

	if (id == NULL || has_fixed(q->table)) {
		put_known(q, " RETURNING ");
		return run_known(q, n);
	}
	if ((rc = sql_run(q, n)) == DC_OK && *n > 0)
		footing_changed_value(q->tx, q->table, sql_key(q), id);
	return rc;
}

static bool
name_in(const char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

enum dc_code
query_upsert(
    struct tx *tx, const struct field_table *table, const char *const *key, const void *row, struct dc_error *err)
{
	SQL(q, tx, table, err);
	const char *join = ") DO UPDATE SET ";
	int64_t n;

	put_insert(&q, row);
	for (size_t i = 0; key[i] != NULL; i++) {
		buf_puts(&q.text, i == 0 ? " ON CONFLICT (" : ", ");
		sql_put_name(&q, sql_column(&q, key[i])->name);
	}
	for (const struct field *f = sql_first_column(&q); f != NULL; f = sql_next_column(f)) {
		if (f == sql_key(&q) || f->fixed || name_in(key, f->name))
			continue;
		buf_printf(&q.text, "%s\"%s\" = excluded.\"%s\"", join, f->name, f->name);
		join = ", ";
	}
	if (strcmp(join, ", ") != 0)
		buf_puts(&q.text, ") DO NOTHING");
	note_change(tx, table, 1);
	put_known(&q, " RETURNING ");
	return run_known(&q, &n);
}

static void
shape_where(struct sql *q, enum sql_kind kind, const struct query_cond *conds)
{
	sql_shape(q, kind);
	sql_shape_conds(q, conds);
	sql_shape_end(q);
}

static void
put_select(struct sql *q)
{
	buf_puts(&q->text, "SELECT ");
	sql_put_columns(q);
	buf_puts(&q->text, " FROM ");
	sql_put_name(q, q->table->sql);
}

enum dc_code
query_get(
    struct tx *tx, const struct field_table *table, const struct query_cond *conds, void **ret, struct dc_error *err)
{
	SQL(q, tx, table, err);
	void *found;
	bool row;
	enum dc_code rc;

	footing_note(tx, table, conds);
	shape_where(&q, SQL_GET, conds);
	put_select(&q);
	sql_put_where(&q, conds);
	buf_puts(&q.text, " LIMIT 1");
	if ((rc = sql_start(&q, &row)) != DC_OK)
		return rc;
	if (!row)
		return DC_E_NOT_FOUND;
	found = arena_alloc(tx->arena, table->size);
	if ((rc = sql_read_row(&q, found)) != DC_OK)
		return rc;
	*ret = found;
	return DC_OK;
}

static void
put_update(struct sql *q)
{
	buf_puts(&q->text, "UPDATE ");
	sql_put_name(q, q->table->sql);
	buf_puts(&q->text, " SET ");
}

static void
put_assignment(struct sql *q, const char *comma, const struct field *f, const void *row)
{
	buf_puts(&q->text, comma);
	sql_put_name(q, f->name);
	buf_puts(&q->text, " = ");
	sql_put_row_value(q, f, row);
}

/* Its id as text, from the row itself. */
static const char *
row_id(const struct sql *q, const void *row)
{
	return field_to_text(sql_key(q), row, q->tx->arena);
}

enum dc_code
query_update(struct tx *tx, const struct field_table *table, const void *row, struct dc_error *err)
{
	SQL(q, tx, table, err);
	const char *comma = "";

	lock_check_row(tx, table, row);
	sql_shape(&q, SQL_UPDATE);
	sql_shape_end(&q);
	put_update(&q);
	for (const struct field *f = sql_first_column(&q); f != NULL; f = sql_next_column(f)) {
		if (f == sql_key(&q) || f->fixed)
			continue;
		put_assignment(&q, comma, f, row);
		comma = ", ";
	}
	sql_put_where_id(&q, row_id(&q, row));
	note_change(tx, table, 1);
	footing_changed(tx, table, row);
	return sql_run_on_one(&q);
}

/* A caller that would change a fixed column has not understood the table. */
static const struct field *
changeable(const struct sql *q, const char *name)
{
	const struct field *f = sql_column(q, name);

	if (f->fixed) {
		dc_log(LOG_CRIT, "bug: a change of what is fixed", "table=%s column=%s", q->table->sql, name);
		abort();
	}
	return f;
}

enum dc_code
query_set(struct tx *tx, const struct field_table *table, const char *const *columns, const void *row,
    const struct query_cond *conds, int64_t *changed, struct dc_error *err)
{
	SQL(q, tx, table, err);
	int64_t n = 0;
	enum dc_code rc;

	lock_check_where(tx, table, conds, false);
	sql_shape(&q, SQL_SET);
	for (size_t i = 0; columns[i] != NULL; i++)
		sql_shape_name(&q, columns[i]);
	sql_shape_name(&q, ""); /* between them and the conditions */
	sql_shape_conds(&q, conds);
	sql_shape_end(&q);
	put_update(&q);
	for (size_t i = 0; columns[i] != NULL; i++)
		put_assignment(&q, i > 0 ? ", " : "", changeable(&q, columns[i]), row);
	sql_put_where(&q, conds);
	rc = run_where(&q, conds, &n);
	note_change(tx, table, n);
	if (rc == DC_OK && changed != NULL)
		*changed = n;
	return rc;
}

enum dc_code
query_delete(struct tx *tx, const struct field_table *table, const struct query_cond *conds, int64_t *removed,
    struct dc_error *err)
{
	SQL(q, tx, table, err);
	int64_t n = 0;
	enum dc_code rc;

	lock_check_where(tx, table, conds, true);
	shape_where(&q, SQL_DELETE, conds);
	buf_puts(&q.text, "DELETE FROM ");
	sql_put_name(&q, table->sql);
	sql_put_where(&q, conds);
	rc = run_where(&q, conds, &n);
	note_change(tx, table, n);
	if (rc == DC_OK && removed != NULL)
		*removed = n;
	return rc;
}

enum dc_code
query_count(
    struct tx *tx, const struct field_table *table, const struct query_cond *conds, int64_t *ret, struct dc_error *err)
{
	SQL(q, tx, table, err);
	bool row;
	enum dc_code rc;

	footing_note(tx, table, conds);
	shape_where(&q, SQL_COUNT, conds);
	buf_puts(&q.text, "SELECT count(*) FROM ");
	sql_put_name(&q, table->sql);
	sql_put_where(&q, conds);
	if ((rc = sql_start(&q, &row)) == DC_OK)
		*ret = tx->ops->get_int(q.stmt, 0);
	return rc;
}

enum dc_code
query_count_to(struct tx *tx, const struct field_table *table, const struct query_cond *conds, int64_t enough,
    int64_t *ret, struct dc_error *err)
{
	SQL(q, tx, table, err);
	bool row;
	enum dc_code rc;

	footing_note(tx, table, conds);
	shape_where(&q, SQL_COUNT_TO, conds);
	buf_puts(&q.text, "SELECT count(*) FROM (SELECT 1 FROM ");
	sql_put_name(&q, table->sql);
	sql_put_where(&q, conds);
	buf_puts(&q.text, " LIMIT ");
	sql_put_int(&q, enough);
	buf_puts(&q.text, ") AS counted");
	if ((rc = sql_start(&q, &row)) == DC_OK)
		*ret = tx->ops->get_int(q.stmt, 0);
	return rc;
}

enum dc_code
query_next(struct tx *tx, const struct field_table *table, const char *column, const char *after,
    const struct query_cond *conds, const char **ret, struct dc_error *err)
{
	SQL(q, tx, table, err);
	const struct field *f = sql_column(&q, column);
	bool row;
	enum dc_code rc;

	footing_note(tx, table, conds);
	sql_shape(&q, SQL_NEXT);
	sql_shape_name(&q, column);
	sql_shape_conds(&q, conds);
	sql_shape_end(&q);
	buf_puts(&q.text, "SELECT min(");
	sql_put_name(&q, f->name);
	buf_puts(&q.text, ") FROM ");
	sql_put_name(&q, table->sql);
	buf_puts(&q.text, sql_put_where(&q, conds));
	sql_put_name(&q, f->name);
	buf_puts(&q.text, " > ");
	sql_put_condition_text(&q, f, after);
	if ((rc = sql_start(&q, &row)) == DC_OK)
		*ret = tx->ops->is_null(q.stmt, 0) ? NULL : arena_strdup(tx->arena, tx->ops->get_text(q.stmt, 0));
	return rc;
}

/* NULL equals nothing, a marker's neither: it becomes the smallest value. Only to sift: no index has it. */
static void
put_sort_value(struct sql *q, const struct field *f)
{
	buf_printf(&q->text, "COALESCE(\"%s\", %s)", f->name, row_is_integer(f) ? "-9223372036854775807" : "''");
}

/* Behind the marker in the direction of travel. By id the marker itself is enough; by another column its row shows
 * where it stands, and without the row the comparison is NULL: no rows. */
static void
put_marker(struct sql *q, const struct field *sort, const char *after, bool backwards)
{
	const char *way = backwards ? " < " : " > ", *key = sql_key(q)->name;

	if (sort == sql_key(q)) {
		sql_put_name(q, key);
		buf_puts(&q->text, way);
		sql_put_condition_text(q, sort, after);
		return;
	}
	buf_putc(&q->text, '(');
	put_sort_value(q, sort);
	buf_printf(&q->text, ", \"%s\")%s(SELECT ", key, way);
	put_sort_value(q, sort);
	buf_printf(&q->text, ", \"%s\" FROM \"%s\" WHERE \"%s\" = ", key, q->table->sql, key);
	sql_put_condition_text(q, sql_key(q), after);
	buf_putc(&q->text, ')');
}

/* Of the columns as they are, so that an index has this order. */
static void
put_order(struct sql *q, const struct field *sort, bool backwards)
{
	buf_puts(&q->text, " ORDER BY ");
	if (sort != sql_key(q)) {
		sql_put_name(q, sort->name);
		buf_puts(&q->text, backwards ? " DESC NULLS LAST, " : " NULLS FIRST, ");
	}
	sql_put_name(q, sql_key(q)->name);
	buf_puts(&q->text, backwards ? " DESC" : "");
}

static void
put_page(struct sql *q, const struct query_cond *conds, const struct query_page *page)
{
	const struct field *sort = page->sort != NULL ? sql_column(q, page->sort) : sql_key(q);
	bool backwards = page->descending != page->reverse;
	const char *join = sql_put_where(q, conds);

	if (page->after != NULL) {
		buf_puts(&q->text, join);
		put_marker(q, sort, page->after, backwards);
	}
	put_order(q, sort, backwards);
	if (page->limit > 0 || page->offset > 0) {
		buf_puts(&q->text, " LIMIT ");
		sql_put_int(q, page->limit > 0 ? page->limit : INT64_MAX);
	}
	if (page->offset > 0) {
		buf_puts(&q->text, " OFFSET ");
		sql_put_int(q, page->after == NULL ? page->offset : 0);
	}
	if (page->walk)
		buf_puts(&q->text, SQL_WALK);
}

/* What put_page() looks at. */
static void
shape_page(struct sql *q, const struct query_cond *conds, const struct query_page *page)
{
	sql_shape(q, SQL_LIST);
	sql_shape_name(q, page->sort != NULL ? page->sort : "");
	sql_shape_number(q, (unsigned)(page->descending != page->reverse) | (unsigned)(page->after != NULL) << 1 |
				(unsigned)(page->limit > 0) << 2 | (unsigned)(page->offset > 0) << 3 |
				(unsigned)page->walk << 4);
	sql_shape_conds(q, conds);
	sql_shape_end(q);
}

/* A growing array of row structs; the final one is as long as it must be. */
struct row_array {
	char *rows;
	size_t n, cap, size;
};

static void *
row_array_add(struct row_array *a, struct arena *arena)
{
	if (a->n == a->cap) {
		size_t cap = a->cap == 0 ? 8 : 2 * a->cap;
		char *bigger = arena_array(arena, cap, a->size);

		if (a->n > 0)
			memcpy(bigger, a->rows, a->n * a->size);
		a->rows = bigger;
		a->cap = cap;
	}
	return a->rows + a->n++ * a->size;
}

static void
row_array_reverse(struct row_array *a, struct arena *arena)
{
	void *swap = arena_alloc(arena, a->size);

	for (size_t i = 0; i < a->n / 2; i++) {
		char *front = a->rows + i * a->size, *back = a->rows + (a->n - 1 - i) * a->size;

		memcpy(swap, front, a->size);
		memcpy(front, back, a->size);
		memcpy(back, swap, a->size);
	}
}

enum dc_code
query_list(struct tx *tx, const struct field_table *table, const struct query_cond *conds,
    const struct query_page *page, void **rows, size_t *n, struct dc_error *err)
{
	static const struct query_page everything = {0};
	SQL(q, tx, table, err);
	struct row_array found = {.size = table->size};
	bool row;
	enum dc_code rc;

	if (page == NULL)
		page = &everything;
	footing_note(tx, table, conds);
	shape_page(&q, conds, page);
	put_select(&q);
	put_page(&q, conds, page);
	for (rc = sql_start(&q, &row); rc == DC_OK && row; rc = tx->ops->step(q.stmt, &row, err))
		if ((rc = sql_read_row(&q, row_array_add(&found, tx->arena))) != DC_OK)
			return rc;
	if (rc != DC_OK)
		return rc;
	if (page->reverse)
		row_array_reverse(&found, tx->arena);
	*rows = found.rows;
	*n = found.n;
	return DC_OK;
}

#define GAP_ROWS 64

/* The conditions, and the range of a column. */
static struct query_cond *
in_range(struct tx *tx, const struct query_cond *conds, const char *column, int64_t from, int64_t to)
{
	struct query_cond *all;
	size_t n = 0;

	while (conds[n].op != Q_OP_END)
		n++;
	all = arena_array(tx->arena, n + 3, sizeof(*all)); /* zero behind the last is Q_END */
	memcpy(all, conds, n * sizeof(*all));
	all[n] = (struct query_cond){.column = column, .op = Q_OP_GE, .num = from};
	all[n + 1] = (struct query_cond){.column = column, .op = Q_OP_LE, .num = to};
	return all;
}

static enum dc_code
first_gap(struct tx *tx, const struct field_table *table, const struct query_cond *conds, const char *column,
    int64_t from, int64_t to, int64_t *ret, struct dc_error *err)
{
	const struct field *f = field_find(table, column);
	struct query_page page = {.sort = column, .limit = GAP_ROWS};
	size_t n = GAP_ROWS;
	void *rows;
	enum dc_code rc;

	while (n == GAP_ROWS && from <= to) {
		if ((rc = query_list(tx, table, in_range(tx, conds, column, from, to), &page, &rows, &n, err)) != DC_OK)
			return rc;
		for (size_t i = 0; i < n; i++, from++)
			if (((const struct f_int *)field_ptr(f, (char *)rows + i * table->size))->v != from) {
				*ret = from;
				return DC_OK;
			}
	}
	*ret = from;
	return from <= to ? DC_OK : DC_E_NOT_FOUND;
}

enum dc_code
query_gap(struct tx *tx, const struct field_table *table, const struct query_cond *conds, const char *column,
    int64_t first, int64_t last, int64_t *ret, struct dc_error *err)
{
	uint64_t dice;
	int64_t middle;
	enum dc_code rc;

	if (first > last)
		return DC_E_NOT_FOUND;
	random_bytes((unsigned char *)&dice, sizeof(dice));
	middle = first + (int64_t)(dice % (uint64_t)(last - first + 1));
	rc = first_gap(tx, table, conds, column, middle, last, ret, err);
	return rc == DC_E_NOT_FOUND ? first_gap(tx, table, conds, column, first, middle - 1, ret, err) : rc;
}

enum dc_code
query_bump(struct tx *tx, const struct field_table *table, const char *id, const char *name, int64_t by, int64_t *ret,
    struct dc_error *err)
{
	SQL(q, tx, table, err);
	const struct field *f = sql_column(&q, name);
	int64_t value;
	bool row;
	enum dc_code rc;

	lock_note(tx, table, id);
	put_update(&q);
	buf_printf(&q.text, "\"%s\" = \"%s\" + ", f->name, f->name);
	sql_put_int(&q, by);
	sql_put_where_id(&q, id);
	buf_printf(&q.text, " RETURNING \"%s\"", f->name);
	put_known(&q, ", ");
	if ((rc = sql_start(&q, &row)) != DC_OK)
		return rc;
	if (!row)
		return DC_E_NOT_FOUND;
	value = tx->ops->get_int(q.stmt, 0);
	note_known(&q, 1);
	/* To the end: what comes after the rows of RETURNING may still fail. */
	if ((rc = tx->ops->step(q.stmt, &row, err)) == DC_OK)
		*ret = value;
	return rc;
}
