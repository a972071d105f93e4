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
	if (f->cli)
		jw_member_bool(out, "x-column", true);
	jw_object_end(out);
}

static void
required(const struct field_table *t, enum field_view view, struct json *out)
{
	bool any = false;

	for (const struct field *f = t->fields; f->name != NULL; f++) {
		if (f->guard || (f->may & view) == 0 || (is_request(view) && (f->must & view) == 0))
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
	jw_object_end(out);
}
