/* SPDX-License-Identifier: ISC */
/* fuzz_body.c - request bodies through the field engine: the first line names the resource and the body's view. What
 * was accepted must come back from its database columns as it went in, and encode to JSON that parses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "field/field.h"
#include "res/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *name;
	enum field_view view;
} views[] = {
    {"create", VIEW_CREATE}, {"update", VIEW_UPDATE}, {"op-create", VIEW_OP_CREATE}, {"op-update", VIEW_OP_UPDATE}};

/* The first line: "virtual_interface create". */
static const struct field_table *
choose(const char *line, enum field_view *view)
{
	const char *space = strchr(line, ' ');

	if (space == NULL)
		return NULL;
	*view = 0;
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(space + 1, views[i].name) == 0)
			*view = views[i].view;
	for (const struct resource *const *r = registry; *r != NULL && *view != 0; r++)
		if (strlen((*r)->name) == (size_t)(space - line) &&
		    strncmp((*r)->name, line, (size_t)(space - line)) == 0)
			return (*r)->table;
	return NULL;
}

static void
same_after_columns(const struct field_table *table, enum field_view view, void *row, struct arena *arena)
{
	void *again = arena_alloc(arena, table->size);

	for (const struct field *f = table->fields; f->name != NULL; f++) {
		if (f->kind == F_EMBED)
			continue;
		if (!field_from_text(f, again, field_to_text(f, row, arena), arena))
			abort();
		if (field_presence(f, again) == NULLED && field_presence(f, row) == ABSENT)
			memset(field_ptr(f, again), 0, sizeof(enum presence));
	}
	if (!field_equal(table, view, row, again))
		abort();
}

static void
encodes_to_json(const struct field_table *table, enum field_view view, const void *row)
{
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 24);
	struct json out = JSON_INIT(&text);
	struct dc_error err = {0};
	json_t *json;

	field_encode(table, view, row, NULL, &out);
	if (text.failed || field_parse(text.data, text.len, &json, &err) != DC_OK)
		abort();
	json_decref(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const uint8_t *body = size > 0 ? memchr(data, '\n', size) : NULL;
	const struct field_table *table;
	struct dc_error err = {0};
	enum field_view view;
	json_t *json;
	void *row;

	if (body == NULL)
		return 0;
	table = choose(arena_strndup(arena, (const char *)data, (size_t)(body - data)), &view);
	if (table == NULL ||
	    field_parse((const char *)body + 1, size - (size_t)(body + 1 - data), &json, &err) != DC_OK)
		return 0;
	if (field_decode(table, view, json, "body", arena, &row, &err) == DC_OK) {
		field_defaults(table, arena, row);
		same_after_columns(table, view, row, arena);
		encodes_to_json(table, view, row);
	}
	json_decref(json);
	return 0;
}
