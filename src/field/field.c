/* SPDX-License-Identifier: ISC */
/* field.c - rows as values: reach a member, compare, merge, defaults; and the check of a table against itself. */
#include <err.h>
#include <string.h>

#include "field/field_priv.h"

const struct field *
field_find(const struct field_table *t, const char *name)
{
	for (const struct field *f = t->fields; f->name != NULL; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

void *
field_ptr(const struct field *f, void *row)
{
	return (char *)row + f->offset;
}

enum presence
field_presence(const struct field *f, const void *row)
{
	return *(const enum presence *)field_cptr(f, row); /* the first member of every f_* struct */
}

bool
is_integer_kind(enum field_kind kind)
{
	return kind == F_INT || kind == F_TIME;
}

bool
is_text_kind(enum field_kind kind)
{
	return kind == F_TEXT || kind == F_ENUM || kind == F_UUID || kind == F_HEX32 || kind == F_SECRET ||
	       kind == F_JSON;
}

static bool
is_rows_kind(enum field_kind kind)
{
	return kind == F_OBJECT || kind == F_OBJECTS || kind == F_EMBED;
}

static size_t
value_size(enum field_kind kind)
{
	if (is_integer_kind(kind))
		return sizeof(struct f_int);
	if (kind == F_BOOL)
		return sizeof(struct f_bool);
	if (kind == F_LIST)
		return sizeof(struct f_list);
	return is_rows_kind(kind) ? sizeof(struct f_objects) : sizeof(struct f_text);
}

static bool
lists_equal(const struct f_list *a, const struct f_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	}
	return true;
}

static bool members_equal(const struct field *f, const void *a, const void *b);

static bool
rows_equal(const struct field_table *t, unsigned view, const void *a, const void *b)
{
	for (const struct field *f = t->fields; f->name != NULL; f++) {
		if (!f->guard && (f->may & view) != 0 && !members_equal(f, a, b))
			return false;
	}
	return true;
}

static bool
objects_equal(const struct field_table *t, const struct f_objects *a, const struct f_objects *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!rows_equal(t, ~0u, (const char *)a->v + i * t->size, (const char *)b->v + i * t->size))
			return false;
	}
	return true;
}

static bool
members_equal(const struct field *f, const void *a, const void *b)
{
	const void *x = field_cptr(f, a), *y = field_cptr(f, b);
	bool given = field_presence(f, a) == GIVEN;

	if (given != (field_presence(f, b) == GIVEN))
		return false;
	if (!given)
		return true;
	if (is_integer_kind(f->kind))
		return ((const struct f_int *)x)->v == ((const struct f_int *)y)->v;
	if (f->kind == F_BOOL)
		return ((const struct f_bool *)x)->v == ((const struct f_bool *)y)->v;
	if (f->kind == F_LIST)
		return lists_equal(x, y);
	if (is_rows_kind(f->kind))
		return objects_equal(f->of, x, y);
	return strcmp(((const struct f_text *)x)->v, ((const struct f_text *)y)->v) == 0;
}

bool
field_objects_equal(const struct field_table *of, const struct f_objects *a, const struct f_objects *b)
{
	return objects_equal(of, a, b);
}

void
field_copy(const struct field_table *from_table, const void *from, const struct field_table *to_table, void *to)
{
	for (const struct field *f = to_table->fields; f->name != NULL; f++) {
		const struct field *same = f->guard ? NULL : field_find(from_table, f->name);

		if (same != NULL && same->kind == f->kind && !same->guard)
			memcpy(field_ptr(f, to), field_cptr(same, from), value_size(f->kind));
	}
}

bool
field_equal(const struct field_table *t, enum field_view view, const void *a, const void *b)
{
	return rows_equal(t, view, a, b);
}

bool
field_renders(const struct field_table *t, const void *a, const void *b)
{
	for (const struct field *f = t->fields; f->name != NULL; f++)
		if (f->renders && !members_equal(f, a, b))
			return true;
	return false;
}

bool
field_merge(const struct field_table *t, enum field_view view, void *row, const void *patch)
{
	bool changed = false;

	for (const struct field *f = t->fields; f->name != NULL; f++) {
		if (f->guard || (f->may & view) == 0 || field_presence(f, patch) != GIVEN)
			continue;
		if (!members_equal(f, row, patch))
			changed = true;
		memcpy(field_ptr(f, row), field_cptr(f, patch), value_size(f->kind));
	}
	return changed;
}

bool
field_table_requires(const struct field_table *t, enum field_view view)
{
	for (const struct field *f = t->fields; f->name != NULL; f++)
		if ((f->must & view) != 0)
			return true;
	return t->at_least_one;
}

void
field_rows_defaults(const struct field_table *of, struct arena *arena, struct f_objects *rows)
{
	if (rows->set != GIVEN)
		return;
	rows->v = arena_memdup(arena, rows->v, rows->n * of->size);
	for (size_t i = 0; i < rows->n; i++)
		field_defaults(of, arena, (char *)rows->v + i * of->size);
}

void
field_defaults(const struct field_table *t, struct arena *arena, void *row)
{
	const struct decoding d = {.stored = true, .arena = arena};

	for (const struct field *f = t->fields; f->name != NULL; f++) {
		if (f->kind == F_OBJECT || f->kind == F_OBJECTS)
			field_rows_defaults(f->of, arena, field_ptr(f, row));
		if (f->fallback == NULL || f->guard || field_presence(f, row) != ABSENT)
			continue;
		json_t *value = json_loads(f->fallback, JSON_DECODE_ANY, NULL);

		if (value == NULL || decode_value(&d, f, value, f->name, row) != DC_OK)
			errx(70, "table %s: the fallback of %s is not of its kind", t->name, f->name);
		json_decref(value);
	}
}

static void
assert_that(bool holds, const struct field_table *t, const struct field *f, const char *rule)
{
	if (!holds)
		errx(70, "table %s, member %s: %s", t->name, f->name, rule);
}

static void
assert_alone(const struct field_table *t, const struct field *f)
{
	for (const struct field *g = t->fields; g != f; g++) {
		size_t f_end = f->offset + value_size(f->kind), g_end = g->offset + value_size(g->kind);

		assert_that(strcmp(f->name, g->name) != 0, t, f, "occurs twice");
		assert_that(f->offset >= g_end || g->offset >= f_end || f->guard || g->guard, t, f,
		    "shares memory with another");
	}
	assert_that(f->guard || f->offset + value_size(f->kind) <= t->size, t, f, "lies outside the row");
}

static void
assert_limits(const struct field_table *t, const struct field *f)
{
	assert_that((f->must & VIEW_REQUESTS & ~f->may) == 0, t, f, "is required in a view that it is not in");
	assert_that((f->must & ~f->may) == 0, t, f, "is never null in a view that it is not in");
	assert_that(f->max == 0 || f->min <= f->max, t, f, "min is above max");
	assert_that(f->max_items == 0 || f->min_items <= f->max_items, t, f, "min_items is above max_items");
	assert_that(f->out_max == 0 || f->out_min <= f->out_max, t, f, "out_min is above out_max");
	assert_that((f->kind == F_ENUM) == (f->names != NULL), t, f, "names belong to an enum, and an enum has them");
	assert_that((is_rows_kind(f->kind)) == (f->of != NULL), t, f, "of belongs to nested kinds, and they have it");
	assert_that(f->rows == NULL || (f->kind == F_OBJECTS && f->rows->guard_column != NULL &&
					   field_find(f->rows, f->rows->guard_column) != NULL &&
					   field_find(f->rows, "position") != NULL),
	    t, f, "rows belong to a list of objects, and have their owner and position");
	assert_that(f->kind != F_JSON || (f->may & (VIEW_REQUESTS)) == 0, t, f, "JSON as it is cannot be asked for");
	assert_that(f->doc != NULL || f->guard || (f->may & ~(unsigned)VIEW_WIRE) == 0, t, f, "has no words");
}

void
field_table_assert(const struct field_table *t)
{
	struct arena *arena = arena_new();

	for (const struct field *f = t->fields; f->name != NULL; f++) {
		assert_alone(t, f);
		assert_limits(t, f);
		if (f->of != NULL && f->kind != F_EMBED)
			field_table_assert(f->of);
	}
	field_defaults(t, arena, arena_alloc(arena, t->size));
	arena_free(arena);
}
