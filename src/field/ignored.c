/* SPDX-License-Identifier: ISC */
/* ignored.c - which members of a request decode.c passes over. */
#include <string.h>

#include "base/buf.h"
#include "field/field_priv.h"

#define NAME_MAX_CHARS 64
#define NAMED_MAX 16

/* The names found so far, as text. */
struct names {
	struct arena *arena;
	const char *text;
	size_t n;
};

static void look_into(struct names *, const struct field_table *, enum field_view, const json_t *, const char *prefix);

/* The client chose the name: only characters that may stand in any text come out. */
static const char *
printable(struct arena *arena, const char *name)
{
	char *copy = arena_strndup(arena, name, NAME_MAX_CHARS);

	for (char *c = copy; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == ',')
			*c = '?';
	return copy;
}

static void
add(struct names *names, const char *prefix, const char *name)
{
	if (names->n++ < NAMED_MAX)
		names->text = arena_printf(names->arena, "%s%s%s%s%s", names->text, names->n > 1 ? ", " : "", prefix,
		    prefix[0] != '\0' ? "." : "", printable(names->arena, name));
	else if (names->n == NAMED_MAX + 1)
		names->text = arena_printf(names->arena, "%s, ...", names->text);
}

static void
look_into_value(struct names *names, const struct field *f, enum field_view view, const json_t *value, const char *path)
{
	const json_t *item;
	size_t i;

	if (f->of == NULL)
		return;
	if (json_is_object(value))
		look_into(names, f->of, view, value, path);
	json_array_foreach(value, i, item)
	{
		look_into(names, f->of, view, item, arena_printf(names->arena, "%s[%zu]", path, i));
	}
}

static void
look_into(
    struct names *names, const struct field_table *t, enum field_view view, const json_t *json, const char *prefix)
{
	const char *name, *dot = prefix[0] != '\0' ? "." : "";
	json_t *value;

	/* jansson gives no const iteration; nothing is written. */
	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		const struct field *f = field_find(t, name);

		if (json_is_null(value))
			continue;
		if (f == NULL || f->guard || (f->may & view) == 0)
			add(names, prefix, name);
		else
			look_into_value(names, f, view, value, arena_printf(names->arena, "%s%s%s", prefix, dot, name));
	}
}

const char *
field_ignored(
    const struct field_table *t, enum field_view view, const json_t *json, const char *envelope, struct arena *arena)
{
	struct names names = {.arena = arena, .text = ""};
	const char *name;
	json_t *value;

	if (envelope[0] == '\0')
		look_into(&names, t, view, json, "");
	else
		json_object_foreach((json_t *)(uintptr_t)json, name, value)
		{
			if (strcmp(name, envelope) == 0)
				look_into(&names, t, view, value, envelope);
			else if (!json_is_null(value))
				add(&names, "", name);
		}
	return names.n > 0 ? names.text : NULL;
}
