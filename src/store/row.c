/* SPDX-License-Identifier: ISC */
/* row.c - see row.h. Numbers, times and truth values are integers in the database; all else is text, lists and objects
 * as JSON. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "store/row.h"

static const void *
member(const struct field *f, const void *row)
{
	return (const char *)row + f->offset;
}

bool
row_has_column(const struct field *f)
{
	return !f->no_column && !f->guard && f->kind != F_EMBED && f->rows == NULL;
}

bool
row_is_integer(const struct field *f)
{
	return f->kind == F_INT || f->kind == F_TIME || f->kind == F_BOOL;
}

static const char *
seal_context(struct tx *tx, const struct field_table *t, const struct field *f)
{
	return arena_printf(tx->arena, "%s.%s", t->sql, f->name);
}

static enum dc_code
secret_value(struct tx *tx, const struct field_table *t, const struct field *f, const struct f_text *v,
    struct value *ret, struct dc_error *err)
{
	const char *sealed;

	if (v->set != GIVEN)
		return DC_OK;
	if ((sealed = seal_text(tx->store->seal, v->v, seal_context(tx, t, f), tx->arena)) == NULL)
		return dc_fail(err, DC_E_SYSTEM, NULL, "%s.%s cannot be sealed", t->sql, f->name);
	*ret = (struct value){.type = VALUE_TEXT, .text = sealed};
	return DC_OK;
}

static struct value
int_value(enum presence set, int64_t v)
{
	return set == GIVEN ? (struct value){.type = VALUE_INT, .num = v} : (struct value){VALUE_NULL, 0, NULL};
}

static struct value
text_value(const char *v)
{
	return v != NULL ? (struct value){.type = VALUE_TEXT, .text = v} : (struct value){VALUE_NULL, 0, NULL};
}

enum dc_code
row_value(struct tx *tx, const struct field_table *t, const struct field *f, const void *row, struct value *ret,
    struct dc_error *err)
{
	const void *m = member(f, row);

	*ret = (struct value){VALUE_NULL, 0, NULL};
	switch (f->kind) {
	case F_INT:
	case F_TIME:
		*ret = int_value(((const struct f_int *)m)->set, ((const struct f_int *)m)->v);
		return DC_OK;
	case F_BOOL:
		*ret = int_value(((const struct f_bool *)m)->set, ((const struct f_bool *)m)->v);
		return DC_OK;
	case F_SECRET:
		return secret_value(tx, t, f, m, ret, err);
	case F_TEXT:
	case F_ENUM:
	case F_UUID:
	case F_HEX32:
	case F_LIST:
	case F_OBJECT:
	case F_OBJECTS:
	case F_JSON:
		*ret = text_value(field_to_text(f, row, tx->arena));
		return DC_OK;
	case F_EMBED:
		break;
	}
	abort(); /* an embedded member has no column */
}

struct value
row_condition(const struct field *f, const char *text)
{
	char *end;
	long long num;
	utc_ms when;

	if (text == NULL || !row_is_integer(f))
		return text_value(text);
	if (f->kind == F_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
		return int_value(GIVEN, text[0] == 't');
	errno = 0;
	num = strtoll(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0')
		return int_value(GIVEN, num);
	if (f->kind == F_TIME && utc_parse(text, &when))
		return int_value(GIVEN, when);
	return text_value(NULL);
}

static enum dc_code
read_secret(struct tx *tx, const struct field_table *t, const struct field *f, const char *sealed, void *row,
    struct dc_error *err)
{
	struct f_text *m = field_ptr(f, row);
	const char *plain = seal_open_text(tx->store->seal, sealed, seal_context(tx, t, f), tx->arena, err);

	if (plain == NULL)
		return DC_E_IO;
	F_SET_TEXT(*m, plain);
	return DC_OK;
}

enum dc_code
row_read(struct tx *tx, const struct field_table *t, const struct field *f, struct stmt *s, int nth, void *row,
    struct dc_error *err)
{
	const char *text = NULL;

	if (!tx->ops->is_null(s, nth)) {
		if (f->kind == F_INT || f->kind == F_TIME) {
			F_SET_INT(*(struct f_int *)field_ptr(f, row), tx->ops->get_int(s, nth));
			return DC_OK;
		}
		if (f->kind == F_BOOL) {
			F_SET_BOOL(*(struct f_bool *)field_ptr(f, row), tx->ops->get_int(s, nth) != 0);
			return DC_OK;
		}
		text = tx->ops->get_text(s, nth);
		if (f->kind == F_SECRET)
			return read_secret(tx, t, f, text, row, err);
	}
	if (!field_from_text(f, row, text, tx->arena))
		return dc_fail(
		    err, DC_E_IO, NULL, "the database is damaged: a value of %s.%s is none", t->sql, f->name);
	return DC_OK;
}
