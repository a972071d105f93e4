/* SPDX-License-Identifier: ISC */
/* decode.c - JSON to rows: kinds, limits and presence, and the words that explain what is wrong. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "field/field_priv.h"

static const char *
member_path(const struct decoding *d, const char *prefix, const char *name)
{
	return prefix != NULL && prefix[0] != '\0' ? arena_printf(d->arena, "%s.%s", prefix, name) : name;
}

static enum dc_code
fail_kind(const struct field *f, const char *path, const char *kind, struct dc_error *err)
{
	return dc_fail(err, field_code(f), path, "%s must be %s", path, kind);
}

static enum dc_code
decode_text(const struct decoding *d, const struct field *f, const json_t *json, const char *path, struct f_text *ret)
{
	if (!json_is_string(json))
		return fail_kind(f, path, "a string", d->err);
	const char *value = json_string_value(json);

	/* A word that the other side of a wire does not know would go into the database and come out as no enum. */
	if (f->kind == F_ENUM && d->limited) {
		const char *const *names = f->in_names != NULL ? f->in_names : f->names;
		const char *name = enum_spelling(f, names, value);

		if (name == NULL)
			return fail_enum(f, names, path, d->err);
		F_SET_TEXT(*ret, name);
		return DC_OK;
	}
	if (d->limited) {
		enum dc_code code = check_text(f, value, path, d->err);

		if (code != DC_OK)
			return code;
	}
	char *copy = arena_strdup(d->arena, value);

	if ((f->kind == F_UUID || f->kind == F_HEX32) && !d->stored) {
		for (char *c = copy; *c != '\0'; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
	}
	F_SET_TEXT(*ret, copy);
	return DC_OK;
}

/* As far as a double counts by ones. */
static bool
whole_real(double real, int64_t *ret)
{
	const double most = 9007199254740992.0;

	if (!(real >= -most && real <= most) || (double)(int64_t)real < real || (double)(int64_t)real > real)
		return false;
	*ret = (int64_t)real;
	return true;
}

static enum dc_code
decode_int(const struct decoding *d, const struct field *f, const json_t *json, const char *path, struct f_int *ret)
{
	int64_t v = 0;

	if (json_is_integer(json))
		v = json_integer_value(json);
	else if (json_is_real(json) && whole_real(json_real_value(json), &v))
		; /* JSON has one kind of number: 64512.0 is 64512 */
	else if (!f->quoted || !json_is_string(json) || !parse_digits(json_string_value(json), &v))
		return check_int(f, INT64_MIN, path, d->err); /* the same words: they name the kind and the range */
	if (d->limited) {
		enum dc_code code = check_int(f, v, path, d->err);

		if (code != DC_OK)
			return code;
	}
	F_SET_INT(*ret, v);
	return DC_OK;
}

static enum dc_code
decode_time(const struct decoding *d, const struct field *f, const json_t *json, const char *path, struct f_int *ret)
{
	utc_ms t;

	if (!json_is_string(json) || !utc_parse(json_string_value(json), &t))
		return fail_kind(f, path, "a time like 2026-08-01T12:00:00.000Z", d->err);
	F_SET_INT(*ret, t);
	return DC_OK;
}

static enum dc_code
decode_bool(const struct decoding *d, const struct field *f, const json_t *json, const char *path, struct f_bool *ret)
{
	if (!json_is_boolean(json))
		return fail_kind(f, path, "true or false", d->err);
	F_SET_BOOL(*ret, json_is_true(json));
	return DC_OK;
}

static enum dc_code
check_items(const struct decoding *d, const struct field *f, size_t n, const char *path)
{
	if (!d->limited || (n >= f->min_items && (f->max_items == 0 || n <= f->max_items)))
		return DC_OK;
	if (f->max_items == 0)
		return dc_fail(d->err, field_code(f), path, "%s must have at least %zu items", path, f->min_items);
	return dc_fail(d->err, field_code(f), path, "%s must have %zu to %zu items", path, f->min_items, f->max_items);
}

static enum dc_code
decode_list(const struct decoding *d, const struct field *f, const json_t *json, const char *path, struct f_list *ret)
{
	if (!json_is_array(json))
		return fail_kind(f, path, "a list of strings", d->err);
	size_t n = json_array_size(json);
	enum dc_code code = check_items(d, f, n, path);

	if (code != DC_OK)
		return code;
	const char **items = arena_array(d->arena, n, sizeof(*items));

	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(json, i);
		const char *item_path = arena_printf(d->arena, "%s[%zu]", path, i);

		if (!json_is_string(item))
			return fail_kind(f, item_path, "a string", d->err);
		if (d->limited && (code = check_text(f, json_string_value(item), item_path, d->err)) != DC_OK)
			return code;
		items[i] = arena_strdup(d->arena, json_string_value(item));
	}
	*ret = (struct f_list){GIVEN, n, items};
	return DC_OK;
}

static enum dc_code
decode_nested(
    const struct decoding *d, const struct field *f, const json_t *json, const char *path, struct f_objects *ret)
{
	if (!json_is_object(json))
		return fail_kind(f, path, "an object", d->err);
	void *row = arena_alloc(d->arena, f->of->size);
	enum dc_code code = decode_object(d, f->of, json, path, row);

	if (code == DC_OK)
		*ret = (struct f_objects){GIVEN, 1, row};
	return code;
}

static enum dc_code
decode_rows(
    const struct decoding *d, const struct field *f, const json_t *json, const char *path, struct f_objects *ret)
{
	if (!json_is_array(json))
		return fail_kind(f, path, "a list of objects", d->err);
	size_t n = json_array_size(json);
	enum dc_code code = check_items(d, f, n, path);

	if (code != DC_OK)
		return code;
	char *rows = arena_array(d->arena, n, f->of->size);

	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(json, i);
		const char *item_path = arena_printf(d->arena, "%s[%zu]", path, i);

		if (!json_is_object(item))
			return fail_kind(f, item_path, "an object", d->err);
		if ((code = decode_object(d, f->of, item, item_path, rows + i * f->of->size)) != DC_OK)
			return code;
	}
	*ret = (struct f_objects){GIVEN, n, rows};
	return DC_OK;
}

static enum dc_code
keep_json(const struct decoding *d, const struct field *f, const json_t *json, const char *path, struct f_text *ret)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	enum dc_code code = DC_OK;

	if (d->limited && f->max > 0 && strlen(text) > (size_t)f->max)
		code = dc_fail(d->err, field_code(f), path, "%s must have at most %" PRId64 " bytes", path, f->max);
	else
		F_SET_TEXT(*ret, arena_strdup(d->arena, text));
	free(text);
	return code;
}

enum dc_code
decode_value(const struct decoding *d, const struct field *f, const json_t *json, const char *path, void *row)
{
	void *member = field_ptr(f, row);

	switch (f->kind) {
	case F_TEXT:
	case F_ENUM:
	case F_UUID:
	case F_HEX32:
	case F_SECRET:
		return decode_text(d, f, json, path, member);
	case F_INT:
		return decode_int(d, f, json, path, member);
	case F_TIME:
		return decode_time(d, f, json, path, member);
	case F_BOOL:
		return decode_bool(d, f, json, path, member);
	case F_LIST:
		return decode_list(d, f, json, path, member);
	case F_OBJECT:
		return decode_nested(d, f, json, path, member);
	case F_OBJECTS:
	case F_EMBED:
		return decode_rows(d, f, json, path, member);
	case F_JSON:
		return keep_json(d, f, json, path, member);
	}
	abort();
}

/* Ids are kept in lower case, and a client that compares what it sent with what it reads finds its own spelling: words
 * of the row's member `spelling`, where the table has one. */
static void
note_spelling(
    const struct decoding *d, const struct field_table *t, const struct field *f, const json_t *json, void *row)
{
	const struct field *to = f->kind == F_UUID && !d->stored ? field_find(t, "spelling") : NULL;
	const char *sent = json_string_value(json);
	struct f_text *words;

	if (to == NULL || strcmp(sent, ((const struct f_text *)field_cptr(f, row))->v) == 0)
		return;
	words = field_ptr(to, row);
	F_SET_TEXT(*words,
	    words->set == GIVEN ? arena_printf(d->arena, "%s %s", words->v, sent) : arena_strdup(d->arena, sent));
}

static enum dc_code
refuse_outdated(const struct decoding *d, const struct field_table *t, const json_t *json, const char *prefix)
{
	for (const struct outdated *o = t->outdated; !d->stored && o != NULL && o->name != NULL; o++) {
		const json_t *value = json_object_get(json, o->name);
		const char *path = member_path(d, prefix, o->name);

		if (value != NULL && !json_is_null(value))
			return dc_fail(d->err, DC_E_PARAM, path, "%s belongs to an older API than v3: send %s instead",
			    path, o->instead);
	}
	return DC_OK;
}

enum dc_code
decode_object(const struct decoding *d, const struct field_table *t, const json_t *json, const char *prefix, void *row)
{
	bool any = false;
	enum dc_code outdated = refuse_outdated(d, t, json, prefix);

	if (outdated != DC_OK)
		return outdated;
	for (const struct field *f = t->fields; f->name != NULL; f++) {
		if (f->guard || (!d->stored && (f->may & d->view) == 0))
			continue;
		const json_t *value = json_object_get(json, f->name);

		const char *path = member_path(d, prefix, f->name);

		if (value == NULL || json_is_null(value)) {
			if ((f->must & d->view) != 0)
				return dc_fail(d->err, DC_E_PARAM, path, "%s is required", path);
			if (d->stored && value != NULL)
				*(enum presence *)field_ptr(f, row) = NULLED;
			continue;
		}
		enum dc_code code = decode_value(d, f, value, path, row);

		if (code != DC_OK)
			return code;
		note_spelling(d, t, f, value, row);
		any = true;
	}
	if (t->at_least_one && !any && (d->view & (VIEW_UPDATE | VIEW_OP_UPDATE)) != 0)
		return dc_fail(d->err, DC_E_PARAM, prefix, "%s must have at least one member that can be changed",
		    prefix != NULL && prefix[0] != '\0' ? prefix : "The body");
	return DC_OK;
}

enum dc_code
field_decode(const struct field_table *t, enum field_view view, const json_t *json, const char *prefix,
    struct arena *arena, void **ret, struct dc_error *err)
{
	const struct decoding d = {
	    .view = view, .stored = view == VIEW_WIRE, .limited = true, .arena = arena, .err = err};
	void *row = arena_alloc(arena, t->size);
	enum dc_code code = decode_object(&d, t, json, prefix, row);

	if (code == DC_OK)
		*ret = row;
	return code;
}

/* Bounds first: beyond what 64 bits hold the conversion has no value (C17, 6.3.1.4). */
static bool
is_whole(double v)
{
	return v > -9e15 && v < 9e15 && v == (double)(json_int_t)v;
}

/* A number beyond 64 bits makes jansson give up without naming the member. Read again with reals for all numbers, the
 * whole ones turned back: the member's own check then finds what is left. */
static void
integers_back(json_t *json)
{
	const char *key;
	json_t *value;
	void *next;
	size_t i;

	json_object_foreach_safe(json, next, key, value)
	{
		if (json_is_real(value) && is_whole(json_real_value(value)))
			json_object_set_new(json, key, json_integer((json_int_t)json_real_value(value)));
		else
			integers_back(value);
	}
	json_array_foreach(json, i, value)
	{
		integers_back(value);
	}
}

/* jansson's words end with a piece of the body, which may be a secret; only a duplicate's key is shown. */
static enum dc_code
fail_parse(const json_error_t *e, struct dc_error *err)
{
	char words[sizeof(e->text)], key[64] = "", *cut;
	const char *near = strstr(e->text, " near '\"");

	if (json_error_code(e) == json_error_duplicate_key && near != NULL) {
		const char *start = near + strlen(" near '\"");
		size_t n = strcspn(start, "\"");

		snprintf(key, sizeof(key), "%.*s", (int)(n < sizeof(key) ? n : sizeof(key) - 1), start);
		return dc_fail(err, DC_E_BODY, key, "The member \"%s\" occurs twice in one object of the body", key);
	}
	/* What stands near the fault may be a secret; the names of the parser's flags are its own affair. */
	snprintf(words, sizeof(words), "%s", e->text);
	if ((cut = strstr(words, " near ")) != NULL)
		*cut = '\0';
	if ((cut = strstr(words, " without JSON_")) != NULL)
		*cut = '\0';
	return dc_fail(
	    err, DC_E_BODY, NULL, "The body is not valid JSON: line %d, column %d: %s", e->line, e->column, words);
}

enum dc_code
field_parse(const char *text, size_t len, json_t **ret, struct dc_error *err)
{
	json_error_t e;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);

	if (json == NULL && json_error_code(&e) == json_error_numeric_overflow) {
		json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &e);
		integers_back(json);
	}
	if (json == NULL)
		return len == 0 ? dc_fail(err, DC_E_BODY, NULL, "The body is empty; this call takes a JSON object")
				: fail_parse(&e, err);
	if (!json_is_object(json)) {
		json_decref(json);
		return dc_fail(err, DC_E_BODY, NULL, "The body must be a JSON object");
	}
	*ret = json;
	return DC_OK;
}

enum dc_code
field_decode_in(const struct field_table *t, enum field_view view, const json_t *body, const char *envelope,
    struct arena *arena, void **ret, struct dc_error *err)
{
	const json_t *inner = json_object_get(body, envelope);

	if (inner == NULL || json_is_null(inner))
		return dc_fail(err, DC_E_BODY, envelope, "The body must have the member %s", envelope);
	if (!json_is_object(inner))
		return dc_fail(err, DC_E_BODY, envelope, "%s must be an object", envelope);
	return field_decode(t, view, inner, envelope, arena, ret, err);
}
