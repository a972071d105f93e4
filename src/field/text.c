/* SPDX-License-Identifier: ISC */
/* text.c - single values: limits of texts and numbers, the store's text form, query values. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "field/field_priv.h"

/* Number of characters; false when there are control characters (C0, DEL, C1). The text is valid UTF-8. */
static bool
count_characters(const char *s, int64_t *ret)
{
	int64_t n = 0;

	for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return false;
		if ((*p & 0xc0) != 0x80)
			n++;
	}
	*ret = n;
	return true;
}

enum dc_code
check_text(const struct field *f, const char *value, const char *path, struct dc_error *err)
{
	int64_t n = 0;

	if (f->kind == F_UUID)
		return uuid_is_valid(value) || (f->zero && (value[0] == '\0' || strcmp(value, "0") == 0))
			   ? DC_OK
			   : dc_fail(err, field_code(f), path, "%s must be a UUID%s", path, f->zero ? " or 0" : "");
	if (f->kind == F_HEX32)
		return hex32_is_valid(value)
			   ? DC_OK
			   : dc_fail(err, field_code(f), path, "%s must have 32 hexadecimal digits", path);
	if (!count_characters(value, &n))
		return dc_fail(err, field_code(f), path, "%s must not have control characters", path);
	if (n < f->min || (f->max > 0 && n > f->max)) {
		if (f->max == 0)
			return dc_fail(
			    err, field_code(f), path, "%s must have at least %" PRId64 " characters", path, f->min);
		return dc_fail(err, field_code(f), path, "%s must have %" PRId64 " to %" PRId64 " characters", path,
		    f->min, f->max);
	}
	return DC_OK;
}

enum dc_code
check_int(const struct field *f, int64_t v, const char *path, struct dc_error *err)
{
	bool limited = f->min != 0 || f->max != 0;

	if (v != INT64_MIN && (!limited || (v >= f->min && v <= f->max)))
		return DC_OK;
	if (!limited)
		return dc_fail(err, field_code(f), path, "%s must be a whole number", path);
	return dc_fail(err, field_code(f), path, "%s must be a whole number from %" PRId64 " to %" PRId64 "", path,
	    f->min, f->max);
}

const char *
enum_spelling(const struct field *f, const char *const *names, const char *value)
{
	for (; *names != NULL; names++) {
		if ((f->fold ? strcasecmp(*names, value) : strcmp(*names, value)) == 0)
			return *names;
	}
	return NULL;
}

enum dc_code
fail_enum(const struct field *f, const char *const *names, const char *path, struct dc_error *err)
{
	struct buf all = BUF_INIT(400);

	for (size_t i = 0; names[i] != NULL; i++)
		buf_printf(&all, "%s%s", i == 0 ? "" : names[i + 1] == NULL ? " or " : ", ", names[i]);
	dc_fail(err, field_code(f), path, "%s must be %s", path, buf_str(&all));
	buf_free(&all);
	return field_code(f);
}

bool
parse_digits(const char *text, int64_t *ret)
{
	int64_t v = 0;

	if (text[0] == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, *text - '0', &v))
			return false;
	}
	*ret = v;
	return true;
}

const char *
field_to_text(const struct field *f, const void *row, struct arena *arena)
{
	const struct encoding all = {.view = ~0u, .stored = true};

	if (field_presence(f, row) != GIVEN)
		return NULL;
	if (is_text_kind(f->kind))
		return arena_strdup(arena, ((const struct f_text *)field_cptr(f, row))->v);
	if (is_integer_kind(f->kind))
		return arena_printf(arena, "%" PRId64, ((const struct f_int *)field_cptr(f, row))->v);
	struct buf b = BUF_INIT((size_t)1 << 26);
	struct json w = JSON_INIT(&b);

	encode_value(&all, f, row, &w);
	const char *text = arena_strdup(arena, buf_str(&b));

	buf_free(&b);
	return text;
}

bool
field_from_text(const struct field *f, void *row, const char *text, struct arena *arena)
{
	const struct decoding d = {.stored = true, .arena = arena};
	char *end;

	if (text == NULL) {
		*(enum presence *)field_ptr(f, row) = NULLED;
		return true;
	}
	if (is_text_kind(f->kind)) {
		F_SET_TEXT(*(struct f_text *)field_ptr(f, row), arena_strdup(arena, text));
		return true;
	}
	if (is_integer_kind(f->kind)) {
		F_SET_INT(*(struct f_int *)field_ptr(f, row), strtoll(text, &end, 10));
		return end != text && *end == '\0';
	}
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	bool good = json != NULL && decode_value(&d, f, json, f->name, row) == DC_OK;

	json_decref(json);
	return good;
}

static enum dc_code
check_query_number(
    const struct field *f, const char *value, struct arena *arena, const char **ret, struct dc_error *err)
{
	bool negative = value[0] == '-';
	int64_t v = 0;

	if (!parse_digits(value + (negative ? 1 : 0), &v))
		return dc_fail(err, DC_E_PARAM, f->name, "%s must be a whole number", f->name);
	*ret = arena_printf(arena, "%s%" PRId64, negative ? "-" : "", v);
	return DC_OK;
}

enum dc_code
field_check_query(const struct field *f, const char *value, struct arena *arena, const char **ret, struct dc_error *err)
{
	utc_ms t;

	if (f->kind == F_INT)
		return check_query_number(f, value, arena, ret, err);
	if (f->kind == F_TIME) {
		if (!utc_parse(value, &t))
			return dc_fail(err, DC_E_PARAM, f->name, "%s must be a time", f->name);
		*ret = arena_printf(arena, "%" PRId64, t);
		return DC_OK;
	}
	if (f->kind == F_BOOL) {
		if (strcasecmp(value, "true") != 0 && strcasecmp(value, "false") != 0)
			return dc_fail(err, DC_E_PARAM, f->name, "%s must be true or false", f->name);
		*ret = strcasecmp(value, "true") == 0 ? "true" : "false";
		return DC_OK;
	}
	if (f->kind == F_ENUM) {
		*ret = enum_spelling(f, f->names, value);
		return *ret != NULL ? DC_OK : fail_enum(f, f->names, f->name, err);
	}
	struct field loose = *f;

	loose.min = 0; /* an empty value looks for empty ones */
	loose.code = DC_OK;
	enum dc_code code = check_text(&loose, value, f->name, err);
	char *copy = arena_strdup(arena, value);

	for (char *c = copy; (f->kind == F_UUID || f->kind == F_HEX32 || f->fold) && *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
	*ret = copy;
	return code;
}
