/* query.c - see query.h. A call builds text and values side by side, then runs them; the text depends only on the table
 * and the shape of the call, so that each connection prepares it once. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "store/query.h"
#include "store/row.h"

#define TEXT_MAX (1u << 20)
#define IN_MAX 16384 /* both databases take 32 k parameters and more */

struct query {
	struct tx *tx;
	const struct field_table *table;
	struct buf text;
	struct value *values; /* in the transaction's arena */
	size_t n, cap;
	enum dc_code rc; /* the first failure while building */
	struct dc_error *err;
	struct stmt *stmt;
};

static void
query_end(struct query *q)
{
	q->tx->ops->finish(q->stmt);
	buf_free(&q->text);
}

#define QUERY(name, t, tab, e)                                                                                         \
	__attribute__((cleanup(query_end))) struct query name = {                                                      \
	    .tx = (t), .table = (tab), .text = BUF_INIT(TEXT_MAX), .err = (e)}

static const struct field *
column(const struct query *q, const char *name)
{
	const struct field *f = field_find(q->table, name);

	if (f == NULL || !row_has_column(f)) {
		dc_log(LOG_CRIT, "bug: no such column", "table=%s column=%s", q->table->sql, name);
		abort();
	}
	return f;
}

static const struct field *
key_of(const struct query *q)
{
	return &q->table->fields[0];
}

/* The next column at or behind f, or NULL. */
static const struct field *
next_column(const struct field *f)
{
	while (f->name != NULL && !row_has_column(f))
		f++;
	return f->name != NULL ? f : NULL;
}

#define for_each_column(q, f) for (f = next_column((q)->table->fields); f != NULL; f = next_column(f + 1))

/* Appends a parameter. */
static void
put_value(struct query *q, struct value v)
{
	if (q->n == q->cap) {
		size_t cap = q->cap == 0 ? 32 : 2 * q->cap;
		struct value *bigger = arena_array(q->tx->arena, cap, sizeof(*bigger));

		if (q->n > 0)
			memcpy(bigger, q->values, q->n * sizeof(*bigger));
		q->values = bigger;
		q->cap = cap;
	}
	q->values[q->n++] = v;
	buf_putc(&q->text, '$');
	buf_int(&q->text, (int64_t)q->n);
}

static void
put_int(struct query *q, int64_t num)
{
	put_value(q, (struct value){.type = VALUE_INT, .num = num});
}

static void
put_row_value(struct query *q, const struct field *f, const void *row)
{
	struct value v = {VALUE_NULL, 0, NULL};

	if (q->rc == DC_OK)
		q->rc = row_value(q->tx, q->table, f, row, &v, q->err);
	put_value(q, v);
}

static void
put_condition_text(struct query *q, const struct field *f, const char *text)
{
	put_value(q, row_condition(f, text));
}

static void
put_name(struct query *q, const char *name)
{
	buf_putc(&q->text, '"');
	buf_puts(&q->text, name);
	buf_putc(&q->text, '"');
}

static void
put_columns(struct query *q)
{
	const struct field *f;
	const char *comma = "";

	for_each_column(q, f)
	{
		buf_puts(&q->text, comma);
		put_name(q, f->name);
		comma = ", ";
	}
}

static const char *
operator_of(enum query_op op)
{
	switch (op) {
	case Q_OP_EQ:
		return " = ";
	case Q_OP_NE:
		return " <> ";
	case Q_OP_LT:
		return " < ";
	case Q_OP_GT:
		return " > ";
	case Q_OP_LE:
		return " <= ";
	case Q_OP_GE:
		return " >= ";
	case Q_OP_IN:
	case Q_OP_NULL:
	case Q_OP_NOT_NULL:
	case Q_OP_END:
		break;
	}
	abort(); /* has no single operand */
}

/* The list is filled up to a power of two with its last value: one text, and one prepared statement, for many lengths.
 */
static void
put_in(struct query *q, const struct field *f, const char *const *list)
{
	size_t n = 0, padded = 1;

	while (list[n] != NULL)
		n++;
	if (n == 0) {
		buf_puts(&q->text, "1 = 0");
		return;
	}
	if (n > IN_MAX) {
		q->rc = dc_fail(q->err, DC_E_SYSTEM, f->name, "a condition of %zu values is too long", n);
		return;
	}
	while (padded < n)
		padded *= 2;
	put_name(q, f->name);
	buf_puts(&q->text, " IN (");
	for (size_t i = 0; i < padded; i++) {
		buf_puts(&q->text, i > 0 ? ", " : "");
		put_condition_text(q, f, list[i < n ? i : n - 1]);
	}
	buf_putc(&q->text, ')');
}

static void
put_condition(struct query *q, const struct query_cond *c)
{
	const struct field *f = column(q, c->column);

	if (f->kind == F_SECRET && c->op != Q_OP_NULL && c->op != Q_OP_NOT_NULL)
		abort(); /* equal secrets are sealed differently: nothing would ever match */
	if (c->op == Q_OP_IN) {
		put_in(q, f, c->list);
		return;
	}
	put_name(q, f->name);
	if (c->op == Q_OP_NULL || c->op == Q_OP_NOT_NULL) {
		buf_puts(&q->text, c->op == Q_OP_NULL ? " IS NULL" : " IS NOT NULL");
		return;
	}
	buf_puts(&q->text, operator_of(c->op));
	if (c->text == NULL && row_is_integer(f))
		put_int(q, c->num);
	else
		put_condition_text(q, f, c->text);
}

/* WHERE, unless there is no condition; returns what joins a further one. */
static const char *
put_where(struct query *q, const struct query_cond *conds)
{
	const char *join = " WHERE ";

	for (const struct query_cond *c = conds; c->op != Q_OP_END; c++) {
		buf_puts(&q->text, join);
		put_condition(q, c);
		join = " AND ";
	}
	return join;
}

static void
put_where_id(struct query *q, const char *id)
{
	buf_puts(&q->text, " WHERE ");
	put_name(q, key_of(q)->name);
	buf_puts(&q->text, " = ");
	put_condition_text(q, key_of(q), id);
}

static void
bind(struct query *q)
{
	const struct tx_ops *ops = q->tx->ops;

	for (size_t i = 0; i < q->n; i++) {
		const struct value *v = &q->values[i];
		int nth = (int)i + 1;

		switch (v->type) {
		case VALUE_NULL:
			ops->bind_null(q->stmt, nth);
			break;
		case VALUE_INT:
			ops->bind_int(q->stmt, nth, v->num);
			break;
		case VALUE_TEXT:
			ops->bind_text(q->stmt, nth, v->text);
			break;
		}
	}
}

/* From text and values to a statement that has made its first step. */
static enum dc_code
start(struct query *q, bool *row)
{
	enum dc_code rc;

	if (q->rc != DC_OK)
		return q->rc;
	if (q->text.failed)
		return dc_fail(q->err, DC_E_SYSTEM, NULL, "a statement on %s is too long", q->table->sql);
	if ((rc = q->tx->ops->prepare(q->tx, buf_str(&q->text), &q->stmt, q->err)) != DC_OK)
		return rc;
	bind(q);
	return q->tx->ops->step(q->stmt, row, q->err);
}

/* A statement without rows; *changed may be NULL. */
static enum dc_code
run(struct query *q, int64_t *changed)
{
	bool row;
	enum dc_code rc;

	if ((rc = start(q, &row)) == DC_OK && changed != NULL)
		*changed = q->tx->ops->changes(q->stmt);
	return rc;
}

/* A change of the row with an id, of which there is one or none. */
static enum dc_code
run_on_one(struct query *q)
{
	int64_t changed;
	enum dc_code rc;

	if ((rc = run(q, &changed)) != DC_OK)
		return rc;
	return changed > 0 ? DC_OK : DC_E_NOT_FOUND;
}

static enum dc_code
read_row(struct query *q, void *row)
{
	const struct field *f;
	int nth = 0;
	enum dc_code rc;

	for_each_column(q, f) if ((rc = row_read(q->tx, q->table, f, q->stmt, nth++, row, q->err)) != DC_OK) return rc;
	return DC_OK;
}

static void
put_insert(struct query *q, const void *row)
{
	const struct field *f;
	const char *comma = "";

	buf_puts(&q->text, "INSERT INTO ");
	put_name(q, q->table->sql);
	buf_puts(&q->text, " (");
	put_columns(q);
	buf_puts(&q->text, ") VALUES (");
	for_each_column(q, f)
	{
		buf_puts(&q->text, comma);
		put_row_value(q, f, row);
		comma = ", ";
	}
	buf_putc(&q->text, ')');
}

enum dc_code
query_insert(struct tx *tx, const struct field_table *table, const void *row, struct dc_error *err)
{
	QUERY(q, tx, table, err);

	put_insert(&q, row);
	return run(&q, NULL);
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
	QUERY(q, tx, table, err);
	const struct field *f;
	const char *join = ") DO UPDATE SET ";

	put_insert(&q, row);
	for (size_t i = 0; key[i] != NULL; i++) {
		buf_puts(&q.text, i == 0 ? " ON CONFLICT (" : ", ");
		put_name(&q, column(&q, key[i])->name);
	}
	for_each_column(&q, f)
	{
		if (f == key_of(&q) || name_in(key, f->name))
			continue;
		buf_printf(&q.text, "%s\"%s\" = excluded.\"%s\"", join, f->name, f->name);
		join = ", ";
	}
	if (strcmp(join, ", ") != 0)
		buf_puts(&q.text, ") DO NOTHING");
	return run(&q, NULL);
}

static void
put_select(struct query *q)
{
	buf_puts(&q->text, "SELECT ");
	put_columns(q);
	buf_puts(&q->text, " FROM ");
	put_name(q, q->table->sql);
}

enum dc_code
query_get(
    struct tx *tx, const struct field_table *table, const struct query_cond *conds, void **ret, struct dc_error *err)
{
	QUERY(q, tx, table, err);
	void *found;
	bool row;
	enum dc_code rc;

	put_select(&q);
	put_where(&q, conds);
	buf_puts(&q.text, " LIMIT 1");
	if ((rc = start(&q, &row)) != DC_OK)
		return rc;
	if (!row)
		return DC_E_NOT_FOUND;
	found = arena_alloc(tx->arena, table->size);
	if ((rc = read_row(&q, found)) != DC_OK)
		return rc;
	*ret = found;
	return DC_OK;
}

static void
put_update(struct query *q)
{
	buf_puts(&q->text, "UPDATE ");
	put_name(q, q->table->sql);
	buf_puts(&q->text, " SET ");
}

static void
put_assignment(struct query *q, const char *comma, const struct field *f, const void *row)
{
	buf_puts(&q->text, comma);
	put_name(q, f->name);
	buf_puts(&q->text, " = ");
	put_row_value(q, f, row);
}

/* Its id as text, from the row itself. */
static const char *
row_id(const struct query *q, const void *row)
{
	return field_to_text(key_of(q), row, q->tx->arena);
}

enum dc_code
query_update(struct tx *tx, const struct field_table *table, const void *row, struct dc_error *err)
{
	QUERY(q, tx, table, err);
	const struct field *f;
	const char *comma = "";

	put_update(&q);
	for_each_column(&q, f)
	{
		if (f == key_of(&q))
			continue;
		put_assignment(&q, comma, f, row);
		comma = ", ";
	}
	put_where_id(&q, row_id(&q, row));
	return run_on_one(&q);
}

enum dc_code
query_set(struct tx *tx, const struct field_table *table, const char *const *columns, const void *row,
    const struct query_cond *conds, int64_t *changed, struct dc_error *err)
{
	QUERY(q, tx, table, err);

	put_update(&q);
	for (size_t i = 0; columns[i] != NULL; i++)
		put_assignment(&q, i > 0 ? ", " : "", column(&q, columns[i]), row);
	put_where(&q, conds);
	return run(&q, changed);
}

enum dc_code
query_delete(struct tx *tx, const struct field_table *table, const struct query_cond *conds, int64_t *removed,
    struct dc_error *err)
{
	QUERY(q, tx, table, err);

	buf_puts(&q.text, "DELETE FROM ");
	put_name(&q, table->sql);
	put_where(&q, conds);
	return run(&q, removed);
}

enum dc_code
query_count(
    struct tx *tx, const struct field_table *table, const struct query_cond *conds, int64_t *ret, struct dc_error *err)
{
	QUERY(q, tx, table, err);
	bool row;
	enum dc_code rc;

	buf_puts(&q.text, "SELECT count(*) FROM ");
	put_name(&q, table->sql);
	put_where(&q, conds);
	if ((rc = start(&q, &row)) == DC_OK)
		*ret = tx->ops->get_int(q.stmt, 0);
	return rc;
}

enum dc_code
query_count_to(struct tx *tx, const struct field_table *table, const struct query_cond *conds, int64_t enough,
    int64_t *ret, struct dc_error *err)
{
	QUERY(q, tx, table, err);
	bool row;
	enum dc_code rc;

	buf_puts(&q.text, "SELECT count(*) FROM (SELECT 1 FROM ");
	put_name(&q, table->sql);
	put_where(&q, conds);
	buf_puts(&q.text, " LIMIT ");
	put_int(&q, enough);
	buf_puts(&q.text, ") AS counted");
	if ((rc = start(&q, &row)) == DC_OK)
		*ret = tx->ops->get_int(q.stmt, 0);
	return rc;
}

/* The two databases order NULL differently, and it equals nothing, a marker's neither: it becomes the smallest value.
 */
static void
put_sort_value(struct query *q, const struct field *f)
{
	buf_printf(&q->text, "COALESCE(\"%s\", %s)", f->name, row_is_integer(f) ? "-9223372036854775807" : "''");
}

/* Behind the marker in the direction of travel. By id the marker itself is enough; by another column its row tells
 * where it stands, and without the row the comparison is NULL: no rows. */
static void
put_marker(struct query *q, const struct field *sort, const char *after, bool backwards)
{
	const char *way = backwards ? " < " : " > ", *key = key_of(q)->name;

	if (sort == key_of(q)) {
		put_name(q, key);
		buf_puts(&q->text, way);
		put_condition_text(q, sort, after);
		return;
	}
	buf_putc(&q->text, '(');
	put_sort_value(q, sort);
	buf_printf(&q->text, ", \"%s\")%s(SELECT ", key, way);
	put_sort_value(q, sort);
	buf_printf(&q->text, ", \"%s\" FROM \"%s\" WHERE \"%s\" = ", key, q->table->sql, key);
	put_condition_text(q, key_of(q), after);
	buf_putc(&q->text, ')');
}

static void
put_order(struct query *q, const struct field *sort, bool backwards)
{
	const char *way = backwards ? " DESC" : "";

	buf_puts(&q->text, " ORDER BY ");
	if (sort != key_of(q)) {
		put_sort_value(q, sort);
		buf_printf(&q->text, "%s, ", way);
	}
	put_name(q, key_of(q)->name);
	buf_puts(&q->text, way);
}

static void
put_page(struct query *q, const struct query_cond *conds, const struct query_page *page)
{
	const struct field *sort = page->sort != NULL ? column(q, page->sort) : key_of(q);
	bool backwards = page->descending != page->reverse;
	const char *join = put_where(q, conds);

	if (page->after != NULL) {
		buf_puts(&q->text, join);
		put_marker(q, sort, page->after, backwards);
	}
	put_order(q, sort, backwards);
	buf_puts(&q->text, " LIMIT ");
	put_int(q, page->limit > 0 ? page->limit : INT64_MAX);
	buf_puts(&q->text, " OFFSET ");
	put_int(q, page->after == NULL ? page->offset : 0);
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
	QUERY(q, tx, table, err);
	struct row_array found = {.size = table->size};
	bool row;
	enum dc_code rc;

	if (page == NULL)
		page = &everything;
	put_select(&q);
	put_page(&q, conds, page);
	for (rc = start(&q, &row); rc == DC_OK && row; rc = tx->ops->step(q.stmt, &row, err))
		if ((rc = read_row(&q, row_array_add(&found, tx->arena))) != DC_OK)
			return rc;
	if (rc != DC_OK)
		return rc;
	if (page->reverse)
		row_array_reverse(&found, tx->arena);
	*rows = found.rows;
	*n = found.n;
	return DC_OK;
}

enum dc_code
query_lock(struct tx *tx, const struct field_table *table, const char *id, struct dc_error *err)
{
	QUERY(q, tx, table, err);

	put_update(&q);
	buf_puts(&q.text, "\"guard\" = \"guard\" + 1");
	put_where_id(&q, id);
	return run_on_one(&q);
}

enum dc_code
query_bump(struct tx *tx, const struct field_table *table, const char *id, const char *name, int64_t by, int64_t *ret,
    struct dc_error *err)
{
	QUERY(q, tx, table, err);
	const struct field *f = column(&q, name);
	int64_t value;
	bool row;
	enum dc_code rc;

	put_update(&q);
	buf_printf(&q.text, "\"%s\" = \"%s\" + ", f->name, f->name);
	put_int(&q, by);
	put_where_id(&q, id);
	buf_printf(&q.text, " RETURNING \"%s\"", f->name);
	if ((rc = start(&q, &row)) != DC_OK)
		return rc;
	if (!row)
		return DC_E_NOT_FOUND;
	value = tx->ops->get_int(q.stmt, 0);
	/* To the end: what comes after the rows of RETURNING may still fail. */
	if ((rc = tx->ops->step(q.stmt, &row, err)) == DC_OK)
		*ret = value;
	return rc;
}
