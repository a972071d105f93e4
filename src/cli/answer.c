/* SPDX-License-Identifier: ISC */
#include "cli/answer.h"

#include <ctype.h>

#include "cli/table.h"
#include "cli/text.h"
#include "cli/word.h"

#define CELL_MAX (1 << 20)
#define NOTHING "-" /* null, or not there */

/* --- cells --- */

static void write_value(struct buf *out, json_t *value);

static void
write_dumped(struct buf *out, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text != NULL)
		text_safe(out, text);
	free(text);
}

static void
write_items(struct buf *out, json_t *list)
{
	json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		buf_puts(out, NOTHING);
	json_array_foreach(list, i, item)
	{
		if (i > 0)
			buf_puts(out, ", ");
		write_value(out, item);
	}
}

static void
write_value(struct buf *out, json_t *value)
{
	if (value == NULL || json_is_null(value))
		buf_puts(out, NOTHING);
	else if (json_is_string(value))
		text_safe(out, json_string_value(value));
	else if (json_is_boolean(value))
		buf_puts(out, json_is_true(value) ? "yes" : "no");
	else if (json_is_array(value))
		write_items(out, value);
	else
		write_dumped(out, value);
}

static void
value_cell(struct table *t, json_t *value)
{
	_cleanup_buf_ struct buf cell = BUF_INIT(CELL_MAX);

	write_value(&cell, value);
	table_cell(t, buf_str(&cell));
}

static void
name_cell(struct table *t, const char *name, bool upper)
{
	_cleanup_buf_ struct buf cell = BUF_INIT(CELL_MAX);

	text_safe(&cell, name);
	for (size_t i = 0; upper && i < cell.len; i++)
		cell.data[i] = (char)toupper((unsigned char)cell.data[i]);
	table_cell(t, buf_str(&cell));
}

/* --- which columns --- */

struct columns {
	size_t n;
	const char **name;
};

static bool
is_column(json_t *of)
{
	return json_is_true(json_object_get(of, "x-column"));
}

/* The schema's columns; without a schema what the first item has. */
static void
default_columns(json_t *schema, json_t *items, struct arena *arena, struct columns *ret)
{
	json_t *from = schema_properties(schema), *of;
	const char *member;
	bool all = true;

	json_object_foreach(from, member, of) all = all && !is_column(of);
	if (from == NULL)
		from = json_array_get(items, 0);
	ret->name = arena_array(arena, json_object_size(from) + 1, sizeof(*ret->name));
	json_object_foreach(from, member, of)
	{
		if (all || is_column(of))
			ret->name[ret->n++] = member;
	}
}

static bool
has_column(const struct columns *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->name[i], name) == 0)
			return true;
	return false;
}

static enum dc_code
named_columns(json_t *schema, const char *names, struct arena *arena, struct columns *ret, struct dc_error *err)
{
	char *rest = arena_strdup(arena, names), *name;
	json_t *properties = schema_properties(schema), *of;
	const char **words = arena_array(arena, json_object_size(properties) + 1, sizeof(*words)), *member;
	size_t n = 0, found;
	enum dc_code rc;

	json_object_foreach(properties, member, of) words[n++] = member;
	ret->name = arena_array(arena, strlen(names) + 1, sizeof(*ret->name));
	while ((name = strsep(&rest, ",")) != NULL) {
		if ((rc = word_find(name, words, n, "column", &found, err)) != DC_OK)
			return rc;
		if (!has_column(ret, words[found]))
			ret->name[ret->n++] = words[found];
	}
	return DC_OK;
}

static enum dc_code
pick_columns(
    json_t *schema, json_t *items, const char *names, struct arena *arena, struct columns *ret, struct dc_error *err)
{
	*ret = (struct columns){0};
	if (names != NULL)
		return named_columns(schema, names, arena, ret, err);
	default_columns(schema, items, arena, ret);
	return DC_OK;
}

/* --- lists --- */

static void
write_table(const struct spec *s, json_t *schema, json_t *items, const struct columns *columns, const char *indent,
    struct buf *out)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct table *t = table_new(columns->n, arena);
	json_t *item;
	size_t i;

	for (size_t c = 0; c < columns->n; c++) {
		json_t *of = schema_of(s, json_object_get(schema_properties(schema), columns->name[c]));

		if (schema_type(of) == SCHEMA_INTEGER)
			table_right(t, c);
		name_cell(t, columns->name[c], true);
	}
	json_array_foreach(items, i, item)
	{
		for (size_t c = 0; c < columns->n; c++)
			value_cell(t, json_object_get(item, columns->name[c]));
	}
	table_write(t, indent, out);
}

enum dc_code
answer_list(
    const struct spec *s, json_t *schema, json_t *items, const char *names, struct buf *out, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct columns columns;
	enum dc_code rc = pick_columns(schema, items, names, arena, &columns, err);

	if (rc == DC_OK && columns.n > 0)
		write_table(s, schema, items, &columns, "", out);
	return rc;
}

/* --- one thing --- */

/* A list of things that have members: else there are no columns to make a table of. */
static bool
is_table_of(json_t *value)
{
	return json_object_size(json_array_get(value, 0)) > 0;
}

/* A row for each member, an object's by dots; lists of objects come later as tables. */
static void
member_rows(struct table *t, json_t *thing, const char *prefix, struct arena *arena)
{
	const char *member;
	json_t *value;

	json_object_foreach(thing, member, value)
	{
		const char *name = arena_printf(arena, "%s%s", prefix, member);

		if (json_is_object(value) && json_object_size(value) > 0) {
			member_rows(t, value, arena_printf(arena, "%s.", name), arena);
		} else if (!is_table_of(value)) {
			name_cell(t, name, false);
			value_cell(t, value);
		}
	}
}

static void
member_tables(const struct spec *s, json_t *schema, json_t *thing, struct arena *arena, struct buf *out)
{
	const char *member;
	json_t *value;

	json_object_foreach(thing, member, value)
	{
		json_t *of = schema_of(s, json_object_get(schema_properties(schema), member));
		json_t *items = schema_of(s, json_object_get(of, "items"));
		struct columns columns = {0};

		if (!is_table_of(value))
			continue;
		default_columns(items, value, arena, &columns);
		if (columns.n == 0)
			continue;
		text_safe(out, member);
		buf_puts(out, ":\n");
		write_table(s, items, value, &columns, "  ", out);
	}
}

/* Only the members named, in their order. */
static json_t *
picked(json_t *thing, const struct columns *columns)
{
	json_t *some = json_object();

	for (size_t i = 0; i < columns->n; i++) {
		json_t *value = json_object_get(thing, columns->name[i]);

		json_object_set(some, columns->name[i], value != NULL ? value : json_null());
	}
	return some;
}

enum dc_code
answer_one(
    const struct spec *s, json_t *schema, json_t *thing, const char *names, struct buf *out, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct table *t = table_new(2, arena);
	struct columns columns;
	enum dc_code rc;

	if (names != NULL && (rc = pick_columns(schema, NULL, names, arena, &columns, err)) != DC_OK)
		return rc;
	json_t *shown = names != NULL ? picked(thing, &columns) : json_incref(thing);

	member_rows(t, shown, "", arena);
	table_write(t, "", out);
	member_tables(s, schema, shown, arena, out);
	json_decref(shown);
	return DC_OK;
}

/* --- ids and errors --- */

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

static const char *
text_at(json_t *body, const char *member, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(body, member));

	return text != NULL && text[0] != '\0' ? text : otherwise;
}

void
answer_refusal(long status, const char *text, size_t len, const char *request_id, struct buf *out)
{
	json_t *body = json_loadb(text, len, 0, NULL);
	const char *code = text_at(body, "error_code", NULL);

	if (code != NULL) {
		text_safe(out, code);
		buf_puts(out, ": ");
	}
	text_safe(out, text_at(body, "error_msg", "the server gives no reason"));
	buf_printf(out, " (HTTP %ld", status);
	request_id = text_at(body, "request_id", request_id);
	if (request_id[0] != '\0') {
		buf_puts(out, ", request ");
		text_safe(out, request_id);
	}
	buf_puts(out, ")");
	json_decref(body);
}
