/* SPDX-License-Identifier: ISC */
/* sql.c - see sql.h. */
#include "store/sql.h"

#include <string.h>

#include "base/log.h"

#define IN_MAX 16384 /* both databases take 32 k parameters and more */

void
sql_begin(struct sql *q, struct tx *tx, const struct field_table *table, struct dc_error *err)
{
	q->tx = tx;
	q->table = table;
	q->text = (struct buf)BUF_INIT(SQL_TEXT_MAX);
	q->values = NULL;
	q->n = q->cap = 0;
	q->rc = DC_OK;
	q->err = err;
	q->stmt = NULL;
	q->shape_len = 0;
}

void
sql_end(struct sql *q)
{
	q->tx->ops->finish(q->stmt);
	buf_free(&q->text);
}

static size_t
list_len(const char *const *list)
{
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	return n;
}

/* A list is filled up to a power of two; an empty one is none. */
static size_t
padded_len(const char *const *list)
{
	size_t n = list_len(list), padded = 1;

	while (padded < n)
		padded *= 2;
	return n > 0 ? padded : 0;
}

static void
add_shape(struct sql *q, const void *bytes, size_t len)
{
	if (len > sizeof(q->shape) || q->shape_len > sizeof(q->shape) - len) {
		q->shape_len = SIZE_MAX;
		return;
	}
	memcpy(q->shape + q->shape_len, bytes, len);
	q->shape_len += len;
}

void
sql_shape(struct sql *q, enum sql_kind kind)
{
	add_shape(q, &q->table, sizeof(q->table));
	sql_shape_number(q, kind);
}

void
sql_shape_number(struct sql *q, unsigned number)
{
	add_shape(q, &number, sizeof(number));
}

void
sql_shape_name(struct sql *q, const char *name)
{
	add_shape(q, name, strlen(name) + 1);
}

void
sql_shape_conds(struct sql *q, const struct query_cond *conds)
{
	for (; conds->op != Q_OP_END; conds++) {
		sql_shape_name(q, conds->column);
		/* Whether there is a text: a change of the row that an id names needs no rows back (query.c). */
		sql_shape_number(q, (unsigned)conds->op << 2 | (unsigned)conds->sift << 1 | (conds->text != NULL));
		if (conds->op == Q_OP_IN)
			sql_shape_number(q, (unsigned)padded_len(conds->list));
	}
	sql_shape_number(q, Q_OP_END);
}

void
sql_shape_end(struct sql *q)
{
	const struct shape shape = {q->shape, q->shape_len};

	if (q->shape_len == SIZE_MAX || (q->stmt = q->tx->ops->find(q->tx, &shape)) == NULL)
		return;
#ifndef DC_CHECK_PLANS
	q->text.failed = true; /* takes no more */
#endif
}

const struct field *
sql_column(const struct sql *q, const char *name)
{
	const struct field *f = field_find(q->table, name);

	if (f == NULL || !row_has_column(f)) {
		dc_log(LOG_CRIT, "bug: no such column", "table=%s column=%s", q->table->sql, name);
		abort();
	}
	return f;
}

const struct field *
sql_key(const struct sql *q)
{
	return &q->table->fields[0];
}

static const struct field *
column_from(const struct field *f)
{
	while (f->name != NULL && !row_has_column(f))
		f++;
	return f->name != NULL ? f : NULL;
}

const struct field *
sql_first_column(const struct sql *q)
{
	return column_from(q->table->fields);
}

const struct field *
sql_next_column(const struct field *f)
{
	return column_from(f + 1);
}

/* Appends a parameter. */
static void
sql_put_value(struct sql *q, struct value v)
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
	if (q->text.failed)
		return;
	buf_putc(&q->text, '$');
	buf_int(&q->text, (int64_t)q->n);
}

void
sql_put_int(struct sql *q, int64_t num)
{
	sql_put_value(q, (struct value){.type = VALUE_INT, .num = num});
}

void
sql_put_row_value(struct sql *q, const struct field *f, const void *row)
{
	struct value v = {VALUE_NULL, 0, NULL};

	if (q->rc == DC_OK)
		q->rc = row_value(q->tx, q->table, f, row, &v, q->err);
	sql_put_value(q, v);
}

void
sql_put_condition_text(struct sql *q, const struct field *f, const char *text)
{
	sql_put_value(q, row_condition(f, text));
}

void
sql_put_name(struct sql *q, const char *name)
{
	if (q->text.failed)
		return;
	buf_putc(&q->text, '"');
	buf_puts(&q->text, name);
	buf_putc(&q->text, '"');
}

void
sql_put_columns(struct sql *q)
{
	const char *comma = "";

	if (q->text.failed)
		return;
	for (const struct field *f = sql_first_column(q); f != NULL; f = sql_next_column(f)) {
		buf_puts(&q->text, comma);
		sql_put_name(q, f->name);
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
put_in(struct sql *q, const struct field *f, const char *const *list)
{
	size_t n = list_len(list), padded = padded_len(list);

	if (n == 0) {
		buf_puts(&q->text, "1 = 0");
		return;
	}
	if (n > IN_MAX) {
		q->rc = dc_fail(q->err, DC_E_SYSTEM, f->name, "a condition of %zu values is too long", n);
		return;
	}
	sql_put_name(q, f->name);
	buf_puts(&q->text, " IN (");
	for (size_t i = 0; i < padded; i++) {
		buf_puts(&q->text, i > 0 ? ", " : "");
		sql_put_condition_text(q, f, list[i < n ? i : n - 1]);
	}
	buf_putc(&q->text, ')');
}

static void
put_condition(struct sql *q, const struct query_cond *c)
{
	const struct field *f = sql_column(q, c->column);

	if (f->kind == F_SECRET && c->op != Q_OP_NULL && c->op != Q_OP_NOT_NULL)
		abort(); /* equal secrets are sealed differently: nothing would ever match */
	if (c->sift && (c->op != Q_OP_IN || c->list[0] != NULL))
		buf_puts(&q->text, q->tx->ops->sift);
	if (c->op == Q_OP_IN) {
		put_in(q, f, c->list);
		return;
	}
	sql_put_name(q, f->name);
	if (c->op == Q_OP_NULL || c->op == Q_OP_NOT_NULL) {
		buf_puts(&q->text, c->op == Q_OP_NULL ? " IS NULL" : " IS NOT NULL");
		return;
	}
	buf_puts(&q->text, operator_of(c->op));
	if (c->text == NULL && row_is_integer(f))
		sql_put_int(q, c->num);
	else
		sql_put_condition_text(q, f, c->text);
}

const char *
sql_put_where(struct sql *q, const struct query_cond *conds)
{
	const char *join = " WHERE ";

	for (const struct query_cond *c = conds; c->op != Q_OP_END; c++) {
		buf_puts(&q->text, join);
		put_condition(q, c);
		join = " AND ";
	}
	return join;
}

void
sql_put_where_id(struct sql *q, const char *id)
{
	buf_puts(&q->text, " WHERE ");
	sql_put_name(q, sql_key(q)->name);
	buf_puts(&q->text, " = ");
	sql_put_condition_text(q, sql_key(q), id);
}

static void
bind(struct sql *q)
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

static const struct constraint *
constraint_named(const struct field_table *table, const char *name)
{
	for (const struct constraint *c = table->constraints; c != NULL && c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* A broken constraint in the words of the table that has it, which may be known by several (a partner's view of
 * connections); other tables' when this one's row would go. */
static enum dc_code
explain(struct sql *q)
{
	const struct constraint *c = constraint_named(q->table, q->err->member);

	for (const struct field_table *const *t = q->tx->store->tables; c == NULL && t != NULL && *t != NULL; t++) {
		if ((c = constraint_named(*t, q->err->member)) == NULL || strcmp((*t)->sql, q->table->sql) == 0)
			continue;
		return c->in_use == NULL ? DC_E_CONFLICT : dc_fail(q->err, c->in_use_code, NULL, "%s", c->in_use);
	}
	if (c == NULL || c->code == DC_OK)
		return DC_E_CONFLICT;
	return dc_fail(q->err, c->code, c->member, "%s: %s", c->member, c->words);
}

static enum dc_code
prepare(struct sql *q)
{
	const struct shape shape = {q->shape, q->shape_len};
	enum dc_code rc;

	if (q->text.failed)
		return dc_fail(q->err, DC_E_SYSTEM, NULL, "a statement on %s is too long", q->table->sql);
	if ((rc = q->tx->ops->prepare(q->tx, buf_str(&q->text), &q->stmt, q->err)) == DC_OK && q->shape_len > 0 &&
	    q->shape_len != SIZE_MAX)
		q->tx->ops->remember(q->stmt, &shape);
	return rc;
}

#ifdef DC_CHECK_PLANS
/* These builds write the text of a known shape all the same. */
static void
check_text(const struct sql *q)
{
	const char *known = q->tx->ops->text(q->stmt);

	if (strcmp(known, buf_str(&q->text)) == 0)
		return;
	dc_log(LOG_CRIT, "bug: one shape has two texts", "\n%s\n%s", known, buf_str(&q->text));
	abort();
}
#endif

enum dc_code
sql_start(struct sql *q, bool *row)
{
	enum dc_code rc;

	if (q->rc != DC_OK)
		return q->rc;
	if (q->stmt == NULL && (rc = prepare(q)) != DC_OK)
		return rc;
#ifdef DC_CHECK_PLANS
	check_text(q);
#endif
	bind(q);
	rc = q->tx->ops->step(q->stmt, row, q->err);
	return rc == DC_E_CONFLICT && q->err != NULL ? explain(q) : rc;
}

enum dc_code
sql_run(struct sql *q, int64_t *changed)
{
	bool row;
	enum dc_code rc;

	if ((rc = sql_start(q, &row)) == DC_OK && changed != NULL)
		*changed = q->tx->ops->changes(q->stmt);
	return rc;
}

enum dc_code
sql_run_on_one(struct sql *q)
{
	int64_t changed;
	enum dc_code rc;

	if ((rc = sql_run(q, &changed)) != DC_OK)
		return rc;
	return changed > 0 ? DC_OK : DC_E_NOT_FOUND;
}

enum dc_code
sql_read_row(struct sql *q, void *row)
{
	int nth = 0;
	enum dc_code rc;

	for (const struct field *f = sql_first_column(q); f != NULL; f = sql_next_column(f))
		if ((rc = row_read(q->tx, q->table, f, q->stmt, nth++, row, q->err)) != DC_OK)
			return rc;
	return DC_OK;
}
