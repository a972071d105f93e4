/* SPDX-License-Identifier: ISC */
/* row_lock.c - see row_lock.h. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/row_lock_priv.h"
#include "store/sql.h"

#ifdef DC_LOCK_CHECKS
#define CHECKS true
#else
#define CHECKS false
#endif

/* One lock that the transaction holds; `made`: it has inserted the row. */
struct held {
	const char *table, *id;
	struct held *next;
};

void
lock_want(struct lock_set *set, const struct field_table *table, const char *id)
{
	if (id == NULL)
		return;
	if (set->n == set->cap) {
		size_t cap = set->cap == 0 ? 8 : 2 * set->cap;
		struct lock *bigger = arena_array(set->arena, cap, sizeof(*bigger));

		if (set->n > 0)
			memcpy(bigger, set->v, set->n * sizeof(*bigger));
		set->v = bigger;
		set->cap = cap;
	}
	set->v[set->n++] = (struct lock){table, id};
}

static int
compare_locks(const void *a, const void *b)
{
	const struct lock *x = a, *y = b;

	if (x->table->rank != y->table->rank)
		return x->table->rank < y->table->rank ? -1 : 1;
	return strcmp(x->id, y->id);
}

static bool
is_held(const struct tx *tx, const char *table, const char *id)
{
	for (const struct held *h = tx->held; h != NULL; h = h->next)
		if (strcmp(h->id, id) == 0 && strcmp(h->table, table) == 0)
			return true;
	return false;
}

static void
hold(struct tx *tx, const struct field_table *table, const char *id)
{
	struct held *h = arena_new_of(tx->arena, struct held);

	*h = (struct held){table->sql, arena_strdup(tx->arena, id), tx->held};
	tx->held = h;
}

static void
check_order(const struct tx *tx, const struct field_table *table, const char *id)
{
	const struct lock now = {table, id}, top = {tx->top_table, tx->top_id};

	if (tx->top_table == NULL || compare_locks(&top, &now) < 0)
		return;
	/* The gateway's lock, which the transaction has, covers them: nobody else can have one and want another. */
	if (table->rank == RANK_ATTACHMENT && tx->top_table->rank == RANK_ATTACHMENT)
		return;
	dc_log(LOG_CRIT, "bug: a lock out of order", "table=%s id=%s after=%s after_id=%s", table->sql, id,
	    tx->top_table->sql, tx->top_id);
	abort();
}

void
lock_note(struct tx *tx, const struct field_table *table, const char *id)
{
	if (table->rank == 0 || (!CHECKS && !tx->ops->locks_rows) || is_held(tx, table->sql, id))
		return;
	if (CHECKS)
		check_order(tx, table, id);
	hold(tx, table, id);
	tx->top_table = table;
	tx->top_id = tx->held->id;
}

/* guard = guard + 1: every backend has that, and nobody else can do it until we are done. */
static enum dc_code
update_guard(struct tx *tx, const struct field_table *table, const char *id, struct dc_error *err)
{
	SQL(q, tx, table, err);

	buf_puts(&q.text, "UPDATE ");
	sql_put_name(&q, table->sql);
	buf_puts(&q.text, " SET \"guard\" = \"guard\" + 1");
	sql_put_where_id(&q, id);
	return sql_run(&q, NULL);
}

enum dc_code
query_lock(struct tx *tx, const struct field_table *table, const char *id, struct dc_error *err)
{
	if (!CHECKS && !tx->ops->locks_rows)
		return DC_OK;
	if (is_held(tx, table->sql, id))
		return DC_OK;
	lock_note(tx, table, id);
	return tx->ops->locks_rows ? update_guard(tx, table, id, err) : DC_OK;
}

enum dc_code
lock_rows(struct tx *tx, struct lock_set *set, struct dc_error *err)
{
	enum dc_code rc = DC_OK;

	if (!CHECKS && !tx->ops->locks_rows)
		return DC_OK;
	if (set->n > 0)
		qsort(set->v, set->n, sizeof(*set->v), compare_locks);
	for (size_t i = 0; i < set->n && rc == DC_OK; i++)
		rc = query_lock(tx, set->v[i].table, set->v[i].id, err);
	set->n = 0;
	return rc;
}

bool
lock_is_late(const struct tx *tx)
{
	return tx->ops->locks_rows;
}

/* --- checks --- */

static const char *
column_text(struct tx *tx, const struct field_table *table, const char *column, const void *row)
{
	return field_to_text(field_find(table, column), row, tx->arena);
}

static void
need(const struct tx *tx, const struct field_table *table, const char *owner_table, const char *owner_id)
{
	if (owner_id == NULL || is_held(tx, owner_table, owner_id))
		return;
	dc_log(LOG_CRIT, "bug: a write without its lock", "table=%s owner=%s owner_id=%s", table->sql, owner_table,
	    owner_id);
	abort();
}

void
lock_check_insert(struct tx *tx, const struct field_table *table, const void *row)
{
	if (!CHECKS)
		return;
	if (table->guarded_by != NULL)
		need(tx, table, table->guarded_by, column_text(tx, table, table->guard_column, row));
	if (table->rank > 0)
		hold(tx, table, column_text(tx, table, table->fields[0].name, row));
}

void
lock_check_row(struct tx *tx, const struct field_table *table, const void *row)
{
	if (!CHECKS)
		return;
	if (table->rank > 0)
		need(tx, table, table->sql, column_text(tx, table, table->fields[0].name, row));
	else if (table->guarded_by != NULL)
		need(tx, table, table->guarded_by, column_text(tx, table, table->guard_column, row));
}

void
lock_check_where(struct tx *tx, const struct field_table *table, const struct query_cond *conds, bool deletes)
{
	const char *column = table->rank > 0 ? table->fields[0].name : table->guard_column;
	struct query_page as_it_comes = {.walk = true};
	unsigned statements = tx->statements; /* a check is none of the call's */
	void *rows;
	size_t n;
	enum dc_code rc;

	if (!CHECKS || column == NULL || (deletes && table->freed_without_lock))
		return;
	rc = query_list(tx, table, conds, &as_it_comes, &rows, &n, NULL);
	tx->statements = statements;
	if (rc != DC_OK)
		return;
	for (size_t i = 0; i < n; i++)
		need(tx, table, table->rank > 0 ? table->sql : table->guarded_by,
		    column_text(tx, table, column, (const char *)rows + i * table->size));
}
