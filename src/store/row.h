/* SPDX-License-Identifier: ISC */
/* row.h - one column of a row between C struct and database. For sql.c, migrate.c and reseal.c. */
#ifndef DC_STORE_ROW_H
#define DC_STORE_ROW_H

#include "field/field.h"
#include "store/store_priv.h"

/* A value to bind. */
struct value {
	enum { VALUE_NULL = 0, VALUE_INT, VALUE_TEXT } type;
	int64_t num;
	const char *text;
};

/* Whether the field is a column that rows carry (all but computed, embedded and guard). */
bool row_has_column(const struct field *);
/* Whether the column holds integers; else text. */
bool row_is_integer(const struct field *);
/* The row's value for the column; secrets come out sealed. */
enum dc_code row_value(struct tx *, const struct field_table *, const struct field *, const void *row,
    struct value *ret, struct dc_error *err);
/* What a condition's text means for the column; a text that cannot be one of its values gives NULL, which matches
 * nothing. */
struct value row_condition(const struct field *, const char *text);
/* Reads column nth of the current row into the row. */
enum dc_code row_read(struct tx *, const struct field_table *, const struct field *, struct stmt *, int nth, void *row,
    struct dc_error *err);

#endif
