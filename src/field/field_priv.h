/* SPDX-License-Identifier: ISC */
/* field_priv.h - what the files of the engine share. */
#ifndef DC_FIELD_PRIV_H
#define DC_FIELD_PRIV_H

#include "field/field.h"

/* A decoder's or encoder's way through nested tables. */
struct decoding {
	enum field_view view;
	bool stored;  /* text from the store or another of our processes: every member counts, null is NULLED */
	bool limited; /* lengths, ranges, formats and enums are checked: not of what our own store has */
	struct arena *arena;
	struct dc_error *err;
};

enum dc_code decode_object(
    const struct decoding *, const struct field_table *, const json_t *, const char *prefix, void *row);
enum dc_code decode_value(const struct decoding *, const struct field *, const json_t *, const char *path, void *row);

/* Members without a value are left out when `stored`, else null. */
struct encoding {
	unsigned view;
	bool stored;
	const struct field_options *options;
};

void encode_object(const struct encoding *, const struct field_table *, const void *row, struct json *out);
void encode_value(const struct encoding *, const struct field *, const void *row, struct json *out);

/* Checks of one text against the field's limits: fills err and returns the field's code when a rule is broken. */
enum dc_code check_text(const struct field *, const char *value, const char *path, struct dc_error *err);
enum dc_code check_int(const struct field *, int64_t value, const char *path, struct dc_error *err);
/* The table's spelling of an enum's value, NULL when it is none of them. */
const char *enum_spelling(const struct field *, const char *const *names, const char *value);
enum dc_code fail_enum(const struct field *, const char *const *names, const char *path, struct dc_error *err);
bool parse_digits(const char *text, int64_t *ret);
bool is_integer_kind(enum field_kind);
bool is_text_kind(enum field_kind);

static inline enum dc_code
field_code(const struct field *f)
{
	return f->code != DC_OK ? f->code : DC_E_PARAM;
}

static inline const void *
field_cptr(const struct field *f, const void *row)
{
	return (const char *)row + f->offset;
}

#endif
