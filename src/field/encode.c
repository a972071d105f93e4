/* SPDX-License-Identifier: ISC */
/* encode.c - rows to JSON, streamed. */
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "field/field_priv.h"

static void
encode_time(int64_t t, struct json *out)
{
	char text[UTC_TEXT_SIZE];

	utc_format(t, text);
	jw_string(out, text);
}

static void
encode_list(const struct f_list *list, struct json *out)
{
	jw_array_begin(out);
	for (size_t i = 0; i < list->n; i++)
		jw_string(out, list->v[i]);
	jw_array_end(out);
}

static void
encode_rows(const struct encoding *e, const struct field *f, const struct f_objects *rows, struct json *out)
{
	/* Members are picked from the outer object only. */
	struct field_options options = {
	    .hide_secrets = e->options != NULL && e->options->hide_secrets,
	    .quirks = e->options != NULL ? e->options->quirks : 0,
	};
	struct encoding inner = {.view = e->view, .stored = e->stored, .options = &options};

	if (f->kind == F_OBJECT) {
		encode_object(&inner, f->of, rows->v, out);
		return;
	}
	jw_array_begin(out);
	for (size_t i = 0; i < rows->n; i++)
		encode_object(&inner, f->of, (const char *)rows->v + i * f->of->size, out);
	jw_array_end(out);
}

static void
encode_nothing(const struct field *f, struct json *out)
{
	if ((f->kind == F_OBJECTS || f->kind == F_EMBED) && !f->nullable) {
		jw_array_begin(out);
		jw_array_end(out);
	} else {
		jw_null(out);
	}
}

/* For the client that the answer is for. */
static bool
is_unreadable(const struct encoding *e, const struct field *f, const void *member)
{
	unsigned quirks = e->options != NULL ? f->quirks & e->options->quirks : 0;

	if ((quirks & QUIRK_INT32) != 0 && ((const struct f_int *)member)->v <= INT32_MAX)
		quirks &= ~(unsigned)QUIRK_INT32;
	return quirks != 0;
}

void
encode_value(const struct encoding *e, const struct field *f, const void *row, struct json *out)
{
	const void *member = field_cptr(f, row);

	if (is_unreadable(e, f, member)) {
		jw_null(out);
		return;
	}
	if (field_presence(f, row) != GIVEN) {
		encode_nothing(f, out);
		return;
	}
	switch (f->kind) {
	case F_TEXT:
	case F_ENUM:
	case F_UUID:
	case F_HEX32:
		jw_string(out, ((const struct f_text *)member)->v);
		break;
	case F_SECRET:
		jw_string(
		    out, e->options != NULL && e->options->hide_secrets ? NULL : ((const struct f_text *)member)->v);
		break;
	case F_JSON:
		jw_raw(out, ((const struct f_text *)member)->v);
		break;
	case F_INT:
		jw_int(out, ((const struct f_int *)member)->v);
		break;
	case F_TIME:
		encode_time(((const struct f_int *)member)->v, out);
		break;
	case F_BOOL:
		jw_bool(out, ((const struct f_bool *)member)->v);
		break;
	case F_LIST:
		encode_list(member, out);
		break;
	case F_OBJECT:
	case F_OBJECTS:
	case F_EMBED:
		encode_rows(e, f, member, out);
		break;
	}
}

static bool
is_wanted(const struct field_options *options, const char *name)
{
	if (options == NULL || options->only == NULL || strcmp(name, "id") == 0)
		return true;
	for (const char *const *only = options->only; *only != NULL; only++) {
		if (strcmp(*only, name) == 0)
			return true;
	}
	return false;
}

/* An id as its client spelled it, else as it is. */
static const char *
spelled(const char *spelling, const char *id)
{
	size_t len = strlen(id);

	for (const char *at = spelling; len > 0 && *at != '\0'; at += *at == ' ') {
		size_t word = strcspn(at, " ");

		if (word == len && strncasecmp(at, id, len) == 0)
			return at;
		at += word;
	}
	return id;
}

static bool
encode_spelled(const struct field *f, const struct f_text *spelling, const void *row, struct json *out)
{
	const struct f_text *id = field_cptr(f, row);
	char text[UUID_TEXT_SIZE];
	const char *at;

	if (f->kind != F_UUID || id->set != GIVEN || (at = spelled(spelling->v, id->v)) == id->v ||
	    strlen(id->v) >= sizeof(text))
		return false;
	strlcpy(text, at, strlen(id->v) + 1);
	jw_string(out, text);
	return true;
}

void
encode_object(const struct encoding *e, const struct field_table *t, const void *row, struct json *out)
{
	const struct field *words = e->stored ? NULL : field_find(t, "spelling");
	const struct f_text *spelling = words != NULL ? field_cptr(words, row) : NULL;

	jw_object_begin(out);
	for (const struct field *f = t->fields; f->name != NULL; f++) {
		if (f->guard || (f->may & e->view) == 0 || !is_wanted(e->options, f->name))
			continue;
		if (e->stored && field_presence(f, row) == ABSENT)
			continue;
		jw_key(out, f->name);
		if (e->stored && field_presence(f, row) == NULLED)
			jw_null(out);
		else if (spelling == NULL || spelling->set != GIVEN || !encode_spelled(f, spelling, row, out))
			encode_value(e, f, row, out);
	}
	jw_object_end(out);
}

void
field_encode(const struct field_table *t, enum field_view view, const void *row, const struct field_options *options,
    struct json *out)
{
	const struct encoding e = {.view = view, .options = options};

	encode_object(&e, t, row, out);
}
