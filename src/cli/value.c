/* SPDX-License-Identifier: ISC */
#include "cli/value.h"

#include <ctype.h>
#include <strings.h>

#include "base/buf.h"

#define FORM_MAX 4096
#define DEPTH_MAX 32

static enum dc_code
parse_integer(const char *name, const char *text, json_t **ret, struct dc_error *err)
{
	const char *wrong = NULL, *digits = text + (text[0] == '-');
	long long value = strtonum(text, INT64_MIN, INT64_MAX, &wrong);

	if (wrong != NULL || !isdigit((unsigned char)digits[0]))
		return dc_fail(err, DC_E_PARAM, name, "--%s accepts a whole number, not \"%s\"", name, text);
	*ret = json_integer(value);
	return DC_OK;
}

static enum dc_code
parse_boolean(const char *name, const char *text, json_t **ret, struct dc_error *err)
{
	static const char *const words[] = {"false", "true", "no", "yes"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*ret = json_boolean(i % 2 == 1);
			return DC_OK;
		}
	}
	return dc_fail(err, DC_E_PARAM, name, "--%s accepts true or false, not \"%s\"", name, text);
}

/* Without what the server refuses always. */
static void
write_enum(struct buf *out, json_t *schema)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(schema, "enum"), i, item)
	{
		if (json_is_string(item) && !schema_refuses(schema, json_string_value(item)))
			buf_printf(out, "%s%s", out->len > 0 ? "|" : "", json_string_value(item));
	}
}

static enum dc_code
parse_enum(json_t *schema, const char *name, const char *text, json_t **ret, struct dc_error *err)
{
	_cleanup_buf_ struct buf list = BUF_INIT(FORM_MAX);
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(schema, "enum"), i, item)
	{
		if (json_is_string(item) && strcasecmp(json_string_value(item), text) == 0) {
			*ret = json_incref(item);
			return DC_OK;
		}
	}
	write_enum(&list, schema);
	return dc_fail(err, DC_E_PARAM, name, "--%s accepts %s, not \"%s\"", name, buf_str(&list), text);
}

static enum dc_code
parse_string(json_t *schema, const char *name, const char *text, json_t **ret, struct dc_error *err)
{
	if (json_object_get(schema, "enum") != NULL)
		return parse_enum(schema, name, text, ret, err);
	if ((*ret = json_string(text)) == NULL)
		return dc_fail(err, DC_E_PARAM, name, "--%s is not UTF-8", name);
	return DC_OK;
}

/* Whether JSON that came as an argument holds a secret. */
static bool
holds_secret(const struct spec *s, json_t *schema, json_t *value, int depth)
{
	json_t *inner = schema_of(s, schema), *item;
	const char *member;
	size_t i;

	if (inner == NULL || depth == DEPTH_MAX)
		return false;
	if (schema_is_secret(inner))
		return json_is_string(value);
	json_array_foreach(value, i, item)
	{
		if (holds_secret(s, json_object_get(inner, "items"), item, depth + 1))
			return true;
	}
	json_object_foreach(value, member, item)
	{
		if (holds_secret(s, json_object_get(schema_properties(inner), member), item, depth + 1))
			return true;
	}
	return false;
}

static enum dc_code
parse_json(const struct spec *s, json_t *schema, const char *name, const char *text, bool array, json_t **ret,
    struct dc_error *err)
{
	json_error_t wrong;
	json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &wrong);

	if (value == NULL)
		return dc_fail(
		    err, DC_E_PARAM, name, "--%s is no JSON: %s at column %d", name, wrong.text, wrong.column);
	if (array ? !json_is_array(value) : !json_is_object(value)) {
		json_decref(value);
		return dc_fail(err, DC_E_PARAM, name, "--%s accepts a JSON %s", name, array ? "array" : "object");
	}
	if (holds_secret(s, schema, value, 0)) {
		json_decref(value);
		return dc_fail(err, DC_E_PARAM, name,
		    "--%s holds a secret, and everybody on this machine can read arguments; use --body FILE", name);
	}
	*ret = value;
	return DC_OK;
}

static enum dc_code
parse_commas(
    const struct spec *s, json_t *items, const char *name, const char *text, json_t *list, struct dc_error *err)
{
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		char *part = strndup(at, len);
		json_t *value = NULL;
		enum dc_code rc = part == NULL ? dc_fail(err, DC_E_IO, name, "out of memory")
					       : value_parse(s, items, name, part, &value, err);

		free(part);
		if (rc != DC_OK)
			return rc;
		json_array_append_new(list, value);
		at += len;
		if (*at == '\0')
			return DC_OK;
	}
}

static enum dc_code
parse_array(
    const struct spec *s, json_t *schema, const char *name, const char *text, json_t **ret, struct dc_error *err)
{
	json_t *items = schema_of(s, json_object_get(schema, "items")), *list, *one = NULL;
	enum dc_code rc;

	if (text[0] == '[')
		return parse_json(s, schema, name, text, true, ret, err);
	list = json_array();
	if (schema_type(items) == SCHEMA_OBJECT) {
		if ((rc = parse_json(s, items, name, text, false, &one, err)) == DC_OK)
			json_array_append_new(list, one);
	} else {
		rc = parse_commas(s, items, name, text, list, err);
	}
	if (rc == DC_OK)
		*ret = list;
	else
		json_decref(list);
	return rc;
}

enum dc_code
value_parse(
    const struct spec *s, json_t *schema, const char *name, const char *text, json_t **ret, struct dc_error *err)
{
	switch (schema_type(schema)) {
	case SCHEMA_INTEGER:
		return parse_integer(name, text, ret, err);
	case SCHEMA_BOOLEAN:
		return parse_boolean(name, text, ret, err);
	case SCHEMA_ARRAY:
		return parse_array(s, schema, name, text, ret, err);
	case SCHEMA_OBJECT:
		return parse_json(s, schema, name, text, false, ret, err);
	case SCHEMA_STRING:
	case SCHEMA_ANY:
		break;
	}
	return parse_string(schema, name, text, ret, err);
}

static enum dc_code
put_here(json_t *object, const char *name, json_t *value, bool replace, struct dc_error *err)
{
	json_t *old = json_object_get(object, name);

	if (old != NULL && !replace && json_is_array(old) && json_is_array(value)) {
		json_array_extend(old, value);
		json_decref(value);
		return DC_OK;
	}
	if (old != NULL && !replace) {
		json_decref(value);
		return dc_fail(err, DC_E_PARAM, name, "--%s is given twice", name);
	}
	json_object_set_new(object, name, value);
	return DC_OK;
}

enum dc_code
value_put(json_t *object, const char *path, json_t *value, bool replace, struct dc_error *err)
{
	const char *dot = strchr(path, '.');
	char *first;
	json_t *inner;
	enum dc_code rc;

	if (dot == NULL)
		return put_here(object, path, value, replace, err);
	if ((first = strndup(path, (size_t)(dot - path))) == NULL) {
		json_decref(value);
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	}
	inner = json_object_get(object, first);
	if (!json_is_object(inner)) {
		inner = json_object();
		json_object_set_new(object, first, inner);
	}
	rc = value_put(inner, dot + 1, value, replace, err);
	free(first);
	return rc;
}

const char *
value_form(const struct spec *s, json_t *schema, struct arena *arena)
{
	_cleanup_buf_ struct buf list = BUF_INIT(FORM_MAX);
	const char *format = json_string_value(json_object_get(schema, "format"));
	json_t *items;

	switch (schema_type(schema)) {
	case SCHEMA_INTEGER:
		return "N";
	case SCHEMA_BOOLEAN:
		return "true|false";
	case SCHEMA_OBJECT:
		return "JSON";
	case SCHEMA_ARRAY:
		items = schema_of(s, json_object_get(schema, "items"));
		return schema_type(items) == SCHEMA_OBJECT ? "JSON"
							   : arena_printf(arena, "%s,...", value_form(s, items, arena));
	case SCHEMA_STRING:
	case SCHEMA_ANY:
		break;
	}
	write_enum(&list, schema);
	if (list.len > 0)
		return arena_strdup(arena, buf_str(&list));
	if (format != NULL && strcmp(format, "uuid") == 0)
		return "UUID";
	return format != NULL && strcmp(format, "date-time") == 0 ? "TIME" : "TEXT";
}
