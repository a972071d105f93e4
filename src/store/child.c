/* SPDX-License-Identifier: ISC */
#include "store/child.h"

#include <string.h>

#include "store/query.h"
#include "store/store_priv.h"

static const struct field *
child_from(const struct field *f)
{
	while (f->name != NULL && f->rows == NULL)
		f++;
	return f->name != NULL ? f : NULL;
}

#define FOREACH_CHILD(f, table)                                                                                        \
	for (const struct field *f = child_from((table)->fields); f != NULL; f = child_from(f + 1))

static const struct f_objects *
objects_of(const struct field *f, const void *row)
{
	return (const struct f_objects *)(const void *)((const char *)row + f->offset);
}

bool
child_any(const struct field_table *table)
{
	return child_from(table->fields) != NULL;
}

bool
child_given(const struct field_table *table, const void *body)
{
	FOREACH_CHILD(f, table)
	if (objects_of(f, body)->set == GIVEN)
		return true;
	return false;
}

void
child_keep(const struct field_table *table, const void *from, void *to)
{
	if (from == to)
		return;
	FOREACH_CHILD(f, table)
	memcpy(field_ptr(f, to), objects_of(f, from), sizeof(struct f_objects));
}

static const struct f_text *
text_of(const struct field_table *table, const char *column, const void *row)
{
	return (const struct f_text *)(const void *)((const char *)row + field_find(table, column)->offset);
}

static const char *
id_of(const struct field_table *table, const void *row)
{
	return text_of(table, table->fields[0].name, row)->v;
}

/* --- read --- */

static enum dc_code
list_children(struct tx *tx, const struct field_table *table, const struct field_table *children, const void *rows,
    size_t n, void **ret, size_t *ret_n, struct dc_error *err)
{
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	struct query_page in_order = {.sort = children->guard_column};

	for (size_t i = 0; i < n; i++)
		ids[i] = id_of(table, (const char *)rows + i * table->size);
	if (n == 1) { /* of one owner they are in order by id */
		in_order.sort = NULL;
		return query_list(tx, children, Q(Q_EQ(children->guard_column, ids[0])), &in_order, ret, ret_n, err);
	}
	return query_list(tx, children, Q(Q_IN(children->guard_column, ids)), &in_order, ret, ret_n, err);
}

/* The owner's children stand together. */
static void
give(struct tx *tx, const struct field *f, const char *owner, const char *children, size_t n, void *row)
{
	struct f_objects *list = field_ptr(f, row);
	size_t first = 0, end;

	while (first < n &&
	       strcmp(text_of(f->rows, f->rows->guard_column, children + first * f->rows->size)->v, owner) != 0)
		first++;
	for (end = first;
	     end < n && strcmp(text_of(f->rows, f->rows->guard_column, children + end * f->rows->size)->v, owner) == 0;)
		end++;
	*list = (struct f_objects){GIVEN, end - first, arena_array(tx_arena(tx), end - first + 1, f->of->size)};
	for (size_t i = first; i < end; i++)
		field_copy(f->rows, children + i * f->rows->size, f->of, (char *)list->v + (i - first) * f->of->size);
}

enum dc_code
child_read(struct tx *tx, const struct field_table *table, void *rows, size_t n, struct dc_error *err)
{
	FOREACH_CHILD(f, table)
	{
		void *children = NULL;
		size_t found = 0;
		enum dc_code rc;

		if (n == 0)
			break;
		if ((rc = list_children(tx, table, f->rows, rows, n, &children, &found, err)) != DC_OK)
			return rc;
		for (size_t i = 0; i < n; i++) {
			char *row = (char *)rows + i * table->size;

			give(tx, f, id_of(table, row), children, found, row);
		}
	}
	return DC_OK;
}

/* --- write --- */

static enum dc_code
insert(struct tx *tx, const struct field_table *table, const struct field *f, const void *row, size_t position,
    struct dc_error *err)
{
	void *child = arena_alloc(tx_arena(tx), f->rows->size);
	const char *owner = id_of(table, row);
	struct f_text *id, *guard;

	field_copy(table, row, f->rows, child);
	field_copy(f->of, (const char *)objects_of(f, row)->v + position * f->of->size, f->rows, child);
	id = field_ptr(&f->rows->fields[0], child);
	guard = field_ptr(field_find(f->rows, f->rows->guard_column), child);
	F_SET_TEXT(*id, arena_printf(tx_arena(tx), "%s/%04zu", owner, position));
	F_SET_TEXT(*guard, owner);
	F_SET_INT(*(struct f_int *)field_ptr(field_find(f->rows, "position"), child), (int64_t)position);
	return query_insert(tx, f->rows, child, err);
}

static bool
same(const struct field *f, const void *old, const void *row)
{
	const struct f_objects *a = old != NULL ? objects_of(f, old) : NULL, *b = objects_of(f, row);

	if (a == NULL || a->set != GIVEN || a->n == 0)
		return b->set != GIVEN || b->n == 0;
	return b->set == GIVEN && field_objects_equal(f->of, a, b);
}

enum dc_code
child_write(struct tx *tx, const struct field_table *table, const void *old, const void *row, struct dc_error *err)
{
	FOREACH_CHILD(f, table)
	{
		const struct f_objects *list = objects_of(f, row);
		enum dc_code rc = DC_OK;

		if (same(f, old, row))
			continue;
		if (old != NULL)
			rc = query_delete(tx, f->rows, Q(Q_EQ(f->rows->guard_column, id_of(table, row))), NULL, err);
		for (size_t i = 0; rc == DC_OK && list->set == GIVEN && i < list->n; i++)
			rc = insert(tx, table, f, row, i, err);
		if (rc != DC_OK)
			return rc;
	}
	return DC_OK;
}

/* A resource may be another view of the table that has them (a partner's of connections). */
enum dc_code
child_remove(struct tx *tx, const struct field_table *table, const char *id, struct dc_error *err)
{
	for (const struct field_table *const *t = tx->store->tables; t != NULL && *t != NULL; t++) {
		if ((*t)->sql == NULL || strcmp((*t)->sql, table->sql) != 0)
			continue;
		FOREACH_CHILD(f, *t)
		{
			enum dc_code rc = query_delete(tx, f->rows, Q(Q_EQ(f->rows->guard_column, id)), NULL, err);

			if (rc != DC_OK)
				return rc;
		}
	}
	return DC_OK;
}
