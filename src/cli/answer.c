/* SPDX-License-Identifier: ISC */
#include "cli/answer.h"

#include <ctype.h>

#include "cli/text.h"

#define CELL_MAX (1 << 20)

/* --- lists --- */

static void
title_cell(struct table *t, const char *title)
{
	_cleanup_buf_ struct buf cell = BUF_INIT(CELL_MAX);

	text_safe(&cell, title);
	for (size_t i = 0; i < cell.len; i++)
		cell.data[i] = (char)toupper((unsigned char)cell.data[i]);
	table_color_cell(t, buf_str(&cell), COLOR_TITLE);
}

static void
value_cell(struct table *t, const struct column *c, json_t *item, const struct look *l)
{
	_cleanup_buf_ struct buf cell = BUF_INIT(CELL_MAX);

	column_text(c, item, l, &cell);
	table_color_cell(t, buf_str(&cell), l->color ? column_color(c, item) : COLOR_NONE);
}

/* Ids of one list are so long that they differ. */
static size_t
short_id(json_t *items, const char *member)
{
	size_t n = json_array_size(items), longest = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		const char *a = json_string_value(json_object_get(json_array_get(items, i), member));
		const char *b = json_string_value(json_object_get(json_array_get(items, i + 1), member));
		size_t same = 0;

		while (a != NULL && b != NULL && a[same] != '\0' && a[same] == b[same])
			same++;
		longest = same > longest ? same : longest;
	}
	return longest < 8 ? 8 : longest + 1;
}

static int
compare_ids(const void *a, const void *b)
{
	const char *x = json_string_value(json_object_get(*(json_t *const *)a, "id"));
	const char *y = json_string_value(json_object_get(*(json_t *const *)b, "id"));

	return strcmp(x != NULL ? x : "", y != NULL ? y : "");
}

/* The items, sorted by id, so that the nearest stand together. */
static size_t
id_len(json_t *items, struct arena *arena)
{
	size_t n = json_array_size(items), i;
	json_t **row = arena_array(arena, n + 1, sizeof(*row)), *sorted = json_array(), *item;
	size_t len;

	json_array_foreach(items, i, item) row[i] = item;
	qsort(row, n, sizeof(*row), compare_ids);
	for (i = 0; i < n; i++)
		json_array_append(sorted, row[i]);
	len = short_id(sorted, "id");
	json_decref(sorted);
	return len;
}

static void
id_cell(struct table *t, json_t *item, size_t len)
{
	_cleanup_buf_ struct buf cell = BUF_INIT(CELL_MAX), safe = BUF_INIT(CELL_MAX);
	const char *id = json_string_value(json_object_get(item, "id"));

	text_safe(&safe, id != NULL ? id : "-");
	buf_printf(&cell, "%.*s", (int)len, buf_str(&safe));
	table_cell(t, buf_str(&cell));
}

static void
write_table(const struct spec *s, json_t *items, const struct column *columns, size_t n, const struct look *l,
    const char *indent, struct buf *out)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct table *t = table_new(n, arena);
	bool cut = l->terminal && l->output != OUTPUT_WIDE;
	size_t len = cut ? id_len(items, arena) : SIZE_MAX;
	json_t *item;
	size_t i;

	for (size_t c = 0; c < n; c++) {
		if (column_is_number(s, &columns[c]))
			table_right(t, c);
		if (columns[c].note)
			table_note(t, c);
		if (l->header)
			title_cell(t, columns[c].title);
	}
	if (l->header)
		table_titled(t);
	json_array_foreach(items, i, item)
	{
		for (size_t c = 0; c < n; c++) {
			if (cut && columns[c].in == NULL && strcmp(columns[c].members[0], "id") == 0 &&
			    schema_ref(columns[c].property) == NULL &&
			    json_string_length(json_object_get(item, "id")) == 36)
				id_cell(t, item, len);
			else
				value_cell(t, &columns[c], item, l);
		}
	}
	table_write(t, &(struct table_look){.indent = indent, .width = cut ? l->width : 0, .color = l->color}, out);
}

/* Tabs between the values of a line. */
static void
write_values(json_t *items, const struct column *columns, size_t n, struct buf *out)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		for (size_t c = 0; c < n; c++) {
			_cleanup_buf_ struct buf cell = BUF_INIT(CELL_MAX);

			column_value(&columns[c], item, &cell);
			buf_puts(out, c > 0 ? "\t" : "");
			buf_puts(out, buf_str(&cell));
		}
		buf_putc(out, '\n');
	}
}

enum dc_code
answer_list(
    const struct spec *s, json_t *schema, json_t *items, const struct look *l, struct buf *out, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct column *columns;
	size_t n;
	enum dc_code rc = columns_of(s, schema, items, l, arena, &columns, &n, err);

	if (rc != DC_OK || n == 0)
		return rc;
	if (l->output == OUTPUT_VALUE)
		write_values(items, columns, n, out);
	else
		write_table(s, items, columns, n, l, "", out);
	return DC_OK;
}

/* --- one thing --- */

/* A list of things that have members: else there are no columns to make a table of. */
static bool
is_table_of(json_t *value)
{
	return json_object_size(json_array_get(value, 0)) > 0;
}

struct rows {
	const struct spec *spec;
	const struct look *look;
	struct table *table;
	struct arena *arena;
	bool all; /* members without a value, too */
	size_t hidden;
};

static void
member_row(struct rows *r, const char *name, json_t *property, json_t *holder, json_t *value)
{
	_cleanup_buf_ struct buf title = BUF_INIT(CELL_MAX), cell = BUF_INIT(CELL_MAX);
	const struct column column = {.members = (const char *[]){name, NULL}};

	if (!r->all && !value_is_there(value)) {
		r->hidden++;
		return;
	}
	text_safe(&title, name);
	value_text(property, holder, value, r->look, true, &cell);
	table_color_cell(r->table, buf_str(&title), COLOR_TITLE);
	table_color_cell(r->table, buf_str(&cell), r->look->color ? column_color(&column, holder) : COLOR_NONE);
}

/* A row for each member, an object's by dots; lists of objects come later as tables. */
static void
member_rows(struct rows *r, json_t *schema, json_t *thing, const char *prefix)
{
	const char *member;
	json_t *value;

	json_object_foreach(thing, member, value)
	{
		json_t *property = json_object_get(schema_properties(schema), member);
		const char *name = arena_printf(r->arena, "%s%s", prefix, member);

		if (json_is_object(value) && json_object_size(value) > 0)
			member_rows(r, schema_of(r->spec, property), value, arena_printf(r->arena, "%s.", name));
		else if (!is_table_of(value))
			member_row(r, name, property, thing, value);
	}
}

static enum dc_code
member_tables(const struct spec *s, json_t *schema, json_t *thing, const struct look *l, struct arena *arena,
    struct buf *out, struct dc_error *err)
{
	const char *member;
	json_t *value;
	enum dc_code rc = DC_OK;

	json_object_foreach(thing, member, value)
	{
		json_t *of = schema_of(s, json_object_get(schema_properties(schema), member));
		json_t *items = schema_of(s, json_object_get(of, "items"));
		struct look inner = *l;
		const struct column *columns;
		size_t n;

		if (!is_table_of(value) || rc != DC_OK)
			continue;
		inner.columns = NULL;
		inner.header = true;
		if ((rc = columns_of(s, items, value, &inner, arena, &columns, &n, err)) != DC_OK || n == 0)
			continue;
		text_safe(out, member);
		buf_puts(out, ":\n");
		write_table(s, value, columns, n, &inner, "  ", out);
	}
	return rc;
}

/* Members of a thing that columns name, in their order. */
static json_t *
picked(json_t *thing, const struct column *columns, size_t n)
{
	json_t *some = json_object();

	for (size_t i = 0; i < n; i++) {
		const char *member = columns[i].in != NULL ? columns[i].in : columns[i].members[0];
		json_t *value = json_object_get(thing, member);

		json_object_set(some, member, value != NULL ? value : json_null());
	}
	return some;
}

enum dc_code
answer_picked(
    const struct spec *s, json_t *schema, json_t *items, const struct look *l, json_t **ret, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct column *columns;
	json_t *item;
	size_t n, i;
	enum dc_code rc = columns_of(s, schema, items, l, arena, &columns, &n, err);

	if (rc != DC_OK)
		return rc;
	*ret = json_array();
	json_array_foreach(items, i, item) json_array_append_new(*ret, picked(item, columns, n));
	return DC_OK;
}

static enum dc_code
write_one(
    const struct spec *s, json_t *schema, json_t *thing, const struct look *l, struct buf *out, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct rows r = {.spec = s, .look = l, .table = table_new(2, arena), .arena = arena};

	r.all = !l->terminal || l->output == OUTPUT_WIDE || l->columns != NULL;
	member_rows(&r, schema, thing, "");
	table_write(r.table, &(struct table_look){.indent = "", .color = l->color}, out);
	if (r.hidden > 0)
		buf_printf(out, "(%zu members have no value; -o wide prints them)\n", r.hidden);
	return member_tables(s, schema, thing, l, arena, out, err);
}

enum dc_code
answer_one(
    const struct spec *s, json_t *schema, json_t *thing, const struct look *l, struct buf *out, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	json_t *list = json_pack("[O]", thing), *shown = NULL;
	const struct column *columns;
	size_t n;
	enum dc_code rc = DC_OK;

	if (l->columns != NULL || l->output == OUTPUT_VALUE)
		rc = columns_of(s, schema, list, l, arena, &columns, &n, err);
	if (rc == DC_OK && l->output == OUTPUT_VALUE) {
		write_values(list, columns, n, out);
	} else if (rc == DC_OK) {
		shown = l->columns != NULL ? picked(thing, columns, n) : json_incref(thing);
		rc = write_one(s, schema, shown, l, out, err);
	}
	json_decref(shown);
	json_decref(list);
	return rc;
}

/* --- ids and names --- */

void
answer_ids(json_t *items, struct buf *out)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *id = json_string_value(json_object_get(item, "id"));

		if (id != NULL) {
			text_safe(out, id);
			buf_putc(out, '\n');
		}
	}
}

void
answer_names(json_t *items, struct buf *out)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));
		const char *id = json_string_value(json_object_get(item, "id"));

		text_safe(out, name != NULL && name[0] != '\0' ? name : id != NULL ? id : "");
		buf_putc(out, '\n');
	}
}
