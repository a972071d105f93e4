/* SPDX-License-Identifier: ISC */
#include "cli/resolve.h"

#define DEPTH_MAX 16

enum dc_code
resolve_id(struct names *n, const struct command *c, size_t place, const char *parent, const char *typed,
    const char **ret, struct dc_error *err)
{
	const struct names_place where = {
	    .resources = c->ids[place].ref, .operator_side = c->operator_side, .parent = parent};

	*ret = typed;
	return where.resources != NULL ? names_find(n, &where, typed, ret, err) : DC_OK;
}

static enum dc_code
resolve(struct names *n, const struct spec *s, json_t *schema, json_t *object, bool operator_side, int depth,
    struct dc_error *err)
{
	json_t *properties = schema_properties(schema), *value;
	const char *member;
	enum dc_code rc = DC_OK;
	void *next;

	json_object_foreach_safe(object, next, member, value)
	{
		json_t *of = json_object_get(properties, member);
		struct names_place where = {.resources = schema_ref(of), .operator_side = operator_side};
		const char *id = NULL;

		if (json_is_object(value) && depth < DEPTH_MAX) {
			rc = resolve(n, s, schema_of(s, of), value, operator_side, depth + 1, err);
		} else if (json_is_string(value) && where.resources != NULL) {
			if ((rc = names_find(n, &where, json_string_value(value), &id, err)) == DC_OK)
				json_object_set_new(object, member, json_string(id));
		}
		if (rc != DC_OK)
			return rc;
	}
	return DC_OK;
}

enum dc_code
resolve_body(
    struct names *n, const struct spec *s, json_t *schema, json_t *body, bool operator_side, struct dc_error *err)
{
	return resolve(n, s, schema, body, operator_side, 0, err);
}
