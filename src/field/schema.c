/* SPDX-License-Identifier: ISC */
/* schema.c - a table's view as an OpenAPI 3.0 schema. */
#include "field/field_priv.h"

static bool
is_request(enum field_view view)
{
	return (view & VIEW_REQUESTS) != 0;
}

static void
limits_of(const struct field *f, enum field_view view, int64_t *min, int64_t *max, bool *no_max)
{
	bool own = !is_request(view) && (f->out_min != 0 || f->out_max != 0);

	*min = own ? f->out_min : f->min;
	*max = own ? f->out_max : f->max;
	*no_max = *max == 0 || (!is_request(view) && f->out_unlimited);
}

static void
text_limits(const struct field *f, enum field_view view, struct json *out)
{
	int64_t min, max;
	bool no_max;

	limits_of(f, view, &min, &max, &no_max);
	if (min > 0)
		jw_member_int(out, "minLength", min);
	if (!no_max)
		jw_member_int(out, "maxLength", max);
}

static void
string_schema(const struct field *f, enum field_view view, struct json *out)
{
	jw_member_string(out, "type", "string");
	if (f->kind == F_UUID && f->zero)
		jw_member_string(out, "pattern", "^(0?|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$");
	else if (f->kind == F_UUID)
		jw_member_string(out, "format", "uuid");
	else if (f->kind == F_HEX32)
		jw_member_string(out, "pattern", "^[0-9a-fA-F]{32}$");
	else if (f->kind == F_TIME)
		jw_member_string(out, "format", "date-time");
	else if (f->kind == F_SECRET)
		jw_member_string(out, "format", "password");
	if (f->kind == F_TEXT || f->kind == F_SECRET || f->kind == F_JSON)
		text_limits(f, view, out);
	if (f->pattern != NULL)
		jw_member_string(out, "pattern", f->pattern);
	if (f->kind != F_ENUM)
		return;
	const char *const *names = is_request(view) && f->in_names != NULL ? f->in_names : f->names;

	jw_key(out, "enum");
	jw_array_begin(out);
	for (; *names != NULL; names++)
		jw_string(out, *names);
	if (f->nullable && !is_request(view))
		jw_null(out);
	jw_array_end(out);
}

static void
int_schema(const struct field *f, enum field_view view, struct json *out)
{
	int64_t min, max;
	bool no_max;

	limits_of(f, view, &min, &max, &no_max);
	jw_member_string(out, "type", "integer");
	jw_member_string(out, "format", max > INT32_MAX || max == 0 ? "int64" : "int32");
	if (min != 0 || max != 0)
		jw_member_int(out, "minimum", min);
	if (!no_max)
		jw_member_int(out, "maximum", max);
}

static void
array_limits(const struct field *f, enum field_view view, struct json *out)
{
	if (!is_request(view))
		return;
	if (f->min_items > 0)
		jw_member_int(out, "minItems", (int64_t)f->min_items);
	if (f->max_items > 0)
		jw_member_int(out, "maxItems", (int64_t)f->max_items);
}

/* A request's null counts as absent. In an answer what has no value is null: not what the server fills, nor a list of
 * objects, which is empty then. */
static bool
may_be_null(const struct field *f, enum field_view view)
{
	if ((f->must & view) != 0)
		return false;
	if (is_request(view) || f->nullable || f->quirks != 0)
		return true;
	return f->fallback == NULL && f->kind != F_OBJECTS && f->kind != F_EMBED;
}

/* "a|b" as ["a","b"] */
static void
write_words(const char *words, struct json *out)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *rest = arena_strdup(arena, words), *word;

	jw_array_begin(out);
	while ((word = strsep(&rest, "|")) != NULL)
		jw_string(out, word);
	jw_array_end(out);
}

static void
write_refused(const char *const *values, struct json *out)
{
	if (values[0] == NULL) {
		jw_member_bool(out, "x-dcaas-refused", true);
		return;
	}
	jw_key(out, "x-dcaas-refused");
	jw_array_begin(out);
	for (; *values != NULL; values++)
		jw_string(out, *values);
	jw_array_end(out);
}

/* What the command line and other programs need beside the limits. */
static void
write_hints(const struct field *f, enum field_view view, struct json *out)
{
	if (f->cli)
		jw_member_bool(out, "x-dcaas-column", true);
	if (f->ref != NULL) {
		jw_key(out, "x-dcaas-ref");
		write_words(f->ref, out);
	}
	if (f->ref_kind != NULL)
		jw_member_string(out, "x-dcaas-ref-kind", f->ref_kind);
	if (!is_request(view))
		return;
	if (f->fallback != NULL && (view & (VIEW_CREATE | VIEW_OP_CREATE)) != 0 && strcmp(f->fallback, "null") != 0) {
		jw_key(out, "default");
		jw_raw(out, f->fallback);
	}
	if (f->option != NULL)
		jw_member_string(out, "x-dcaas-option", f->option);
	if (f->example != NULL)
		jw_member_string(out, "x-dcaas-example", f->example);
	if (f->refused != NULL)
		write_refused(f->refused, out);
}

static void
member_schema(const struct field *f, enum field_view view, struct json *out)
{
	jw_object_begin(out);
	switch (f->kind) {
	case F_INT:
		int_schema(f, view, out);
		break;
	case F_BOOL:
		jw_member_string(out, "type", "boolean");
		break;
	case F_LIST:
		jw_member_string(out, "type", "array");
		array_limits(f, view, out);
		jw_key(out, "items");
		jw_object_begin(out);
		jw_member_string(out, "type", "string");
		text_limits(f, view, out);
		jw_object_end(out);
		break;
	case F_OBJECT:
		jw_key(out, "allOf");
		jw_array_begin(out);
		field_schema(f->of, view, out);
		jw_array_end(out);
		break;
	case F_OBJECTS:
	case F_EMBED:
		jw_member_string(out, "type", "array");
		array_limits(f, view, out);
		jw_key(out, "items");
		field_schema(f->of, view, out);
		break;
	case F_JSON:
		break; /* anything */
	case F_TEXT:
	case F_ENUM:
	case F_UUID:
	case F_HEX32:
	case F_TIME:
	case F_SECRET:
		string_schema(f, view, out);
		break;
	}
	if (may_be_null(f, view))
		jw_member_bool(out, "nullable", true);
	if (f->doc != NULL)
		jw_member_string(out, "description", f->doc);
	write_hints(f, view, out);
	jw_object_end(out);
}

static void
required(const struct field_table *t, enum field_view view, struct json *out)
{
	bool any = false;

	for (const struct field *f = t->fields; f->name != NULL; f++) {
		if (f->guard || (f->may & view) == 0 || (is_request(view) ? (f->must & view) == 0 : f->omitted))
			continue;
		if (!any) {
			jw_key(out, "required");
			jw_array_begin(out);
		}
		any = true;
		jw_string(out, f->name);
	}
	if (any)
		jw_array_end(out);
}

/* Whether the view has one of the column's members. */
static bool
has_column(const struct field_table *t, enum field_view view, const struct field_column *c)
{
	const char *first = c->in != NULL ? c->in : c->member;

	for (const struct field *f = t->fields; f->name != NULL; f++) {
		size_t len = strlen(f->name);

		for (const char *at = first; at != NULL; at = strchr(at, '|')) {
			at += at[0] == '|';
			if ((f->may & view) != 0 && strncmp(at, f->name, len) == 0 && strchr("|.", at[len]) != NULL)
				return true;
		}
	}
	return false;
}

void
field_columns(const struct field_table *t, enum field_view view, const struct field_column *columns, struct json *out)
{
	jw_array_begin(out);
	for (const struct field_column *c = columns; c->member != NULL; c++) {
		if (!has_column(t, view, c))
			continue;
		jw_object_begin(out);
		if (c->title != NULL)
			jw_member_string(out, "title", c->title);
		if (c->in != NULL)
			jw_member_string(out, "in", c->in);
		if (c->where != NULL)
			jw_member_string(out, "where", c->where);
		jw_key(out, "member");
		write_words(c->member, out);
		if (c->of != NULL)
			jw_member_string(out, "of", c->of);
		if (c->since != NULL)
			jw_member_string(out, "since", c->since);
		if (c->note)
			jw_member_bool(out, "note", true);
		jw_object_end(out);
	}
	jw_array_end(out);
}

void
field_schema(const struct field_table *t, enum field_view view, struct json *out)
{
	jw_object_begin(out);
	jw_member_string(out, "type", "object");
	required(t, view, out);
	jw_key(out, "properties");
	jw_object_begin(out);
	for (const struct field *f = t->fields; f->name != NULL; f++) {
		if (f->guard || (f->may & view) == 0)
			continue;
		jw_key(out, f->name);
		member_schema(f, view, out);
	}
	jw_object_end(out);
	if (t->columns != NULL && !is_request(view)) {
		jw_key(out, "x-dcaas-columns");
		field_columns(t, view, t->columns, out);
	}
	jw_object_end(out);
}
