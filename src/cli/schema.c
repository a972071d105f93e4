/* SPDX-License-Identifier: ISC */
/* schema.c - schemas of the API's description: what a member may be. */
#include "cli/spec.h"

#define REF_PREFIX "#/components/schemas/"
#define REFS_DEEP 16

json_t *
schema_of(const struct spec *s, json_t *schema)
{
	for (int deep = 0; deep < REFS_DEEP && schema != NULL; deep++) {
		const char *ref = json_string_value(json_object_get(schema, "$ref"));
		json_t *all = json_object_get(schema, "allOf");

		if (ref != NULL && strncmp(ref, REF_PREFIX, strlen(REF_PREFIX)) == 0)
			schema = json_object_get(spec_schemas(s), ref + strlen(REF_PREFIX));
		else if (json_array_size(all) == 1)
			schema = json_array_get(all, 0);
		else
			return schema;
	}
	return NULL;
}

enum schema_type
schema_type(json_t *schema)
{
	static const char *const names[] = {"", "string", "integer", "boolean", "array", "object"};
	const char *type = json_string_value(json_object_get(schema, "type"));

	for (size_t i = 1; type != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(type, names[i]) == 0)
			return (enum schema_type)i;
	}
	return SCHEMA_ANY;
}

static bool
has_format(json_t *schema, const char *wanted)
{
	const char *format = json_string_value(json_object_get(schema, "format"));

	return format != NULL && strcmp(format, wanted) == 0;
}

bool
schema_is_secret(json_t *schema)
{
	return has_format(schema, "password");
}

bool
schema_is_id(json_t *schema)
{
	const char *pattern = json_string_value(json_object_get(schema, "pattern"));

	return has_format(schema, "uuid") || (pattern != NULL && strstr(pattern, "{32}") != NULL);
}

bool
schema_is_time(json_t *schema)
{
	return has_format(schema, "date-time");
}

json_t *
schema_ref(json_t *member)
{
	json_t *ref = json_object_get(member, "x-dcaas-ref");

	return json_array_size(ref) > 0 ? ref : NULL;
}

bool
schema_lists(json_t *list, const char *value)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), value) == 0)
			return true;
	}
	return false;
}

bool
schema_refuses(json_t *member, const char *value)
{
	json_t *refused = json_object_get(member, "x-dcaas-refused");

	return json_is_true(refused) || (value != NULL && schema_lists(refused, value));
}

bool
schema_refuses_all(json_t *member)
{
	json_t *allowed = json_object_get(member, "enum"), *item;
	size_t i, left = 0;

	if (schema_refuses(member, NULL))
		return true;
	if (json_object_get(member, "x-dcaas-refused") == NULL)
		return false;
	if (schema_type(member) == SCHEMA_BOOLEAN)
		return schema_refuses(member, "true");
	json_array_foreach(allowed, i, item) left +=
	    json_is_string(item) && !schema_refuses(member, json_string_value(item));
	return allowed != NULL && left < 2;
}

json_t *
schema_properties(json_t *schema)
{
	return json_object_get(schema, "properties");
}

bool
schema_requires(json_t *schema, const char *member)
{
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, name)
	{
		if (json_is_string(name) && strcmp(json_string_value(name), member) == 0)
			return true;
	}
	return false;
}

const char *
schema_doc(json_t *schema)
{
	return json_string_value(json_object_get(schema, "description"));
}

void
schema_mask(const struct spec *s, json_t *schema, json_t *value)
{
	json_t *inner = schema_of(s, schema), *item;
	const char *member;
	size_t i;

	if (inner == NULL)
		return;
	if (schema_is_secret(inner) && json_is_string(value))
		json_string_set(value, "***");
	json_array_foreach(value, i, item) schema_mask(s, json_object_get(inner, "items"), item);
	json_object_foreach(value, member, item)
	    schema_mask(s, json_object_get(schema_properties(inner), member), item);
}
