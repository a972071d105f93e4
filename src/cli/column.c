/* SPDX-License-Identifier: ISC */
#include "cli/column.h"

#include <ctype.h>

#include "base/uuid.h"
#include "cli/text.h"
#include "cli/word.h"

#define CELL_MAX (1 << 20)
#define NOTHING "-" /* null, or not there */
#define SHORT_ID 8
#define AGE_DAYS_MS (INT64_C(48) * 3600 * 1000) /* older times are dates */

bool
value_is_there(json_t *value)
{
	if (value == NULL || json_is_null(value))
		return false;
	if (json_is_string(value))
		return json_string_length(value) > 0;
	return !json_is_array(value) || json_array_size(value) > 0;
}

/* --- one value --- */

static void
write_dumped(struct buf *out, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text != NULL)
		text_safe(out, text);
	free(text);
}

/* The resource that the member's own property, or another member, names. */
static json_t *
resources_of(json_t *property, json_t *holder)
{
	const char *by = json_string_value(json_object_get(property, "x-dcaas-ref-kind"));
	json_t *kind = by != NULL ? json_object_get(holder, by) : NULL;

	if (json_is_string(kind))
		return json_pack("[O]", kind);
	return json_incref(schema_ref(property));
}

static void
write_id(json_t *property, json_t *holder, const char *id, const struct look *l, bool whole, struct buf *out)
{
	struct names_place place = {.operator_side = l->operator_side, .resources = resources_of(property, holder)};
	const char *name =
	    l->terminal && l->names != NULL && place.resources != NULL ? names_of(l->names, &place, id) : NULL;

	json_decref(place.resources);
	if (whole || name == NULL) {
		_cleanup_buf_ struct buf safe = BUF_INIT(CELL_MAX);

		text_safe(&safe, id);
		if (l->terminal && l->output != OUTPUT_WIDE && !whole && uuid_is_valid(id))
			buf_add(out, id, SHORT_ID);
		else
			buf_puts(out, buf_str(&safe));
	}
	if (name == NULL)
		return;
	buf_puts(out, whole ? " (" : "");
	text_safe(out, name);
	buf_puts(out, whole ? ")" : "");
}

static void
write_time(const char *text, const struct look *l, bool whole, struct buf *out)
{
	utc_ms when;

	if (!l->terminal || !utc_parse(text, &when)) {
		text_safe(out, text);
		return;
	}
	if (whole) {
		text_safe(out, text);
		buf_puts(out, " (");
	}
	if (!whole && l->now - when >= AGE_DAYS_MS) {
		buf_printf(out, "%.10s", text);
	} else {
		text_age(out, l->now - when);
		buf_puts(out, " ago");
	}
	buf_puts(out, whole ? ")" : "");
}

static void
write_items(json_t *property, json_t *holder, json_t *list, const struct look *l, bool whole, struct buf *out)
{
	json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		buf_puts(out, NOTHING);
	json_array_foreach(list, i, item)
	{
		buf_puts(out, i > 0 ? ", " : "");
		value_text(property, holder, item, l, whole, out);
	}
}

void
value_text(json_t *property, json_t *holder, json_t *value, const struct look *l, bool whole, struct buf *out)
{
	bool refers = schema_ref(property) != NULL || json_object_get(property, "x-dcaas-ref-kind") != NULL;

	if (value == NULL || json_is_null(value))
		buf_puts(out, NOTHING);
	else if (json_is_string(value) && (refers || (l->terminal && uuid_is_valid(json_string_value(value)))))
		write_id(property, holder, json_string_value(value), l, whole, out);
	else if (json_is_string(value) && schema_is_time(property))
		write_time(json_string_value(value), l, whole, out);
	else if (json_is_string(value))
		text_safe(out, json_string_value(value));
	else if (json_is_boolean(value))
		buf_puts(out, json_is_true(value) ? "yes" : "no");
	else if (json_is_array(value))
		write_items(property, holder, value, l, whole, out);
	else
		write_dumped(out, value);
}

/* --- a column's values --- */

typedef void (*visit_holder)(const struct column *, json_t *holder, void *arg);

static bool
is_meant(const struct column *c, json_t *holder)
{
	const char *value = c->where != NULL ? json_string_value(json_object_get(holder, c->where)) : NULL;

	return c->where == NULL || (value != NULL && strcmp(value, c->is) == 0);
}

static void
each_holder(const struct column *c, json_t *item, visit_holder visit, void *arg)
{
	json_t *in = c->in != NULL ? json_object_get(item, c->in) : item, *one;
	size_t i;

	if (json_is_object(in) && is_meant(c, in))
		visit(c, in, arg);
	json_array_foreach(in, i, one)
	{
		if (is_meant(c, one))
			visit(c, one, arg);
	}
}

/* The first member that has a value; *property is how it is described. */
static json_t *
pick(const struct column *c, json_t *holder, json_t **property)
{
	for (const char **m = c->members; *m != NULL; m++) {
		json_t *value = json_object_get(holder, *m);

		*property = json_object_get(c->properties, *m);
		if (value_is_there(value))
			return value;
	}
	return NULL;
}

struct cell {
	const struct look *look; /* NULL: values as they are */
	struct buf *out;
	enum table_color color;
};

static void
write_since(json_t *since, const struct look *l, struct buf *out)
{
	const char *text = json_string_value(since);
	utc_ms when;

	if (text == NULL || !utc_parse(text, &when))
		return;
	buf_putc(out, ' ');
	if (l->terminal)
		text_age(out, l->now - when);
	else {
		buf_puts(out, "since ");
		text_safe(out, text);
	}
}

static void
write_holder(const struct column *c, json_t *holder, void *arg)
{
	struct cell *cell = arg;
	json_t *property = NULL, *value = pick(c, holder, &property);

	if (value == NULL)
		return;
	buf_puts(cell->out, cell->out->len > 0 ? ", " : "");
	value_text(property, holder, value, cell->look, false, cell->out);
	if (c->of != NULL && value_is_there(json_object_get(holder, c->of))) {
		buf_putc(cell->out, '/');
		value_text(NULL, holder, json_object_get(holder, c->of), cell->look, false, cell->out);
	}
	if (c->since != NULL)
		write_since(json_object_get(holder, c->since), cell->look, cell->out);
}

void
column_text(const struct column *c, json_t *item, const struct look *l, struct buf *out)
{
	struct cell cell = {.look = l, .out = out};

	each_holder(c, item, write_holder, &cell);
	if (out->len == 0)
		buf_puts(out, NOTHING);
}

static void
write_raw(const struct column *c, json_t *holder, void *arg)
{
	static const struct look plain = {.output = OUTPUT_VALUE};
	struct cell *cell = arg;
	json_t *property = NULL, *value = pick(c, holder, &property);

	buf_puts(cell->out, cell->out->len > 0 ? "," : "");
	if (json_is_boolean(value))
		buf_puts(cell->out, json_is_true(value) ? "true" : "false");
	else if (json_is_array(value) || json_is_object(value))
		write_dumped(cell->out, value);
	else if (value != NULL)
		value_text(NULL, holder, value, &plain, false, cell->out);
}

void
column_value(const struct column *c, json_t *item, struct buf *out)
{
	struct cell cell = {.out = out};

	each_holder(c, item, write_raw, &cell);
}

/* --- colours --- */

static bool
begins_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static enum table_color
color_of(const char *state)
{
	static const char *const good[] = {"ACTIVE", "up", "ok", "Established", "applied", "active"};
	static const char *const bad[] = {"DOWN", "ERROR", "down", "error", "REJECTED", "DENY", "failed"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (strcmp(state, good[i]) == 0)
			return COLOR_GOOD;
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (strcmp(state, bad[i]) == 0)
			return COLOR_BAD;
	}
	return begins_with(state, "PENDING_") || strcmp(state, "BUILD") == 0 ? COLOR_CHANGING : COLOR_NONE;
}

static bool
is_state(const char *member)
{
	size_t len = strlen(member);

	return strcmp(member, "state") == 0 || (len >= 6 && strcmp(member + len - 6, "status") == 0);
}

static void
color_holder(const struct column *c, json_t *holder, void *arg)
{
	struct cell *cell = arg;
	json_t *property = NULL;
	const char *state = json_string_value(pick(c, holder, &property));

	if (state != NULL && cell->color == COLOR_NONE)
		cell->color = color_of(state);
}

enum table_color
column_color(const struct column *c, json_t *item)
{
	struct cell cell = {0};

	if (is_state(c->members[0]))
		each_holder(c, item, color_holder, &cell);
	return cell.color;
}

bool
column_is_number(const struct spec *s, const struct column *c)
{
	return c->in == NULL && c->of == NULL && schema_type(schema_of(s, c->property)) == SCHEMA_INTEGER;
}

/* --- which columns --- */

struct chooser {
	const struct spec *spec;
	json_t *schema, *properties; /* of the items; NULL: unknown */
	const struct look *look;
	struct arena *arena;
	struct column *v;
	size_t n;
};

static struct column
of_member(const struct chooser *ch, const char *member)
{
	const char **members = arena_array(ch->arena, 2, sizeof(*members));

	members[0] = member;
	return (struct column){.title = member,
	    .members = members,
	    .properties = ch->properties,
	    .property = json_object_get(ch->properties, member)};
}

/* "address_family=ipv4" */
static void
take_where(const struct chooser *ch, struct column *c, const char *where)
{
	const char *equals = where != NULL ? strchr(where, '=') : NULL;

	if (equals == NULL)
		return;
	c->where = arena_strndup(ch->arena, where, (size_t)(equals - where));
	c->is = equals + 1;
}

static bool
described(const struct chooser *ch, json_t *from, struct column *ret)
{
	json_t *list = json_object_get(from, "member"), *item;
	const char **members = arena_array(ch->arena, json_array_size(list) + 1, sizeof(*members));
	const char *title = json_string_value(json_object_get(from, "title"));
	size_t i, n = 0;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item))
			members[n++] = json_string_value(item);
	}
	if (n == 0)
		return false;
	*ret = (struct column){.title = title != NULL ? title : members[0],
	    .members = members,
	    .in = json_string_value(json_object_get(from, "in")),
	    .properties = ch->properties,
	    .of = json_string_value(json_object_get(from, "of")),
	    .since = json_string_value(json_object_get(from, "since")),
	    .note = json_is_true(json_object_get(from, "note"))};
	take_where(ch, ret, json_string_value(json_object_get(from, "where")));
	if (ret->in != NULL) {
		json_t *in = schema_of(ch->spec, json_object_get(ch->properties, ret->in));
		json_t *items = schema_of(ch->spec, json_object_get(in, "items"));

		ret->properties = schema_properties(items != NULL ? items : in);
	}
	ret->property = json_object_get(ret->properties, members[0]);
	return true;
}

static bool
is_column(json_t *of)
{
	return json_is_true(json_object_get(of, "x-dcaas-column"));
}

static bool
has_member(const struct chooser *ch, const char *member)
{
	for (size_t i = 0; i < ch->n; i++) {
		if (ch->v[i].in == NULL && strcmp(ch->v[i].members[0], member) == 0)
			return true;
	}
	return false;
}

/* Those that the description lists. */
static void
take_described(struct chooser *ch)
{
	json_t *from;
	size_t i;

	json_array_foreach(json_object_get(ch->schema, "x-dcaas-columns"), i, from)
	{
		if (described(ch, from, &ch->v[ch->n]))
			ch->n++;
	}
}

/* Those whose members are columns; all where none is. */
static void
take_marked(struct chooser *ch)
{
	const char *member;
	json_t *of;
	bool any = false;

	json_object_foreach(ch->properties, member, of) any = any || is_column(of);
	json_object_foreach(ch->properties, member, of)
	{
		if ((!any || is_column(of)) && !has_member(ch, member))
			ch->v[ch->n++] = of_member(ch, member);
	}
}

/* Whether each thing has a name of its own. Lists without names show no ids either. */
static bool
names_suffice(const struct chooser *ch, json_t *items)
{
	json_t *seen, *item;
	bool suffice = true;
	size_t i;

	if (!has_member(ch, "name"))
		return true;
	seen = json_object();

	json_array_foreach(items, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));

		suffice = suffice && name != NULL && name[0] != '\0' && json_object_get(seen, name) == NULL;
		if (suffice)
			json_object_set_new(seen, name, json_true());
	}
	json_decref(seen);
	return suffice;
}

static void
drop(struct chooser *ch, size_t i)
{
	memmove(ch->v + i, ch->v + i + 1, (--ch->n - i) * sizeof(*ch->v));
}

/* Whether the column shows the project that all the things are of. */
static bool
is_own(const struct chooser *ch, const struct column *c, json_t *items)
{
	const struct look *l = ch->look;
	json_t *item;
	size_t i;

	if (l->own == NULL || l->project == NULL || c->in != NULL || !json_equal(l->own, schema_ref(c->property)))
		return false;
	json_array_foreach(items, i, item)
	{
		const char *id = json_string_value(json_object_get(item, c->members[0]));

		if (id == NULL || strcasecmp(id, l->project) != 0)
			return false;
	}
	return true;
}

/* Where the description lists the id by itself; 0: it does not. */
static size_t
listed_id(const struct chooser *ch)
{
	for (size_t i = 1; i < ch->n; i++) {
		if (ch->v[i].in == NULL && strcmp(ch->v[i].members[0], "id") == 0)
			return i;
	}
	return 0;
}

/* The id stands first; for people only where names are ambiguous, or where the column is listed. */
static void
take_usual(struct chooser *ch, json_t *items)
{
	bool wide = ch->look->output == OUTPUT_WIDE, people = ch->look->terminal && !wide, first = false;
	size_t listed;

	if (json_object_get(ch->properties, "id") != NULL && json_object_get(ch->schema, "x-dcaas-columns") != NULL) {
		ch->v[ch->n++] = of_member(ch, "id");
		first = true;
	}
	take_described(ch);
	for (size_t i = ch->n; i > 0; i--) {
		if (is_own(ch, &ch->v[i - 1], items))
			drop(ch, i - 1);
	}
	listed = first ? listed_id(ch) : 0;
	if (listed > 0)
		drop(ch, people ? 0 : listed);
	if (ch->n == 0 || wide)
		take_marked(ch);
	if (people && first && listed == 0 && names_suffice(ch, items))
		drop(ch, 0);
}

static enum dc_code
take_named(struct chooser *ch, const char *names, struct dc_error *err)
{
	struct column *usual = arena_array(ch->arena, json_object_size(ch->properties) + 64, sizeof(*usual));
	const char **words = arena_array(ch->arena, json_object_size(ch->properties) + 64, sizeof(*words)), *member;
	char *rest = arena_strdup(ch->arena, names), *name;
	struct chooser all = *ch;
	size_t n = 0, found;
	json_t *of;
	enum dc_code rc;

	all.v = usual;
	json_object_foreach(ch->properties, member, of) usual[all.n++] = of_member(&all, member);
	if (json_array_size(json_object_get(ch->schema, "x-dcaas-columns")) < 64)
		take_described(&all);
	for (; n < all.n; n++) {
		char *word = arena_strdup(ch->arena, usual[n].title);

		for (char *c = word; *c != '\0'; c++)
			*c = *c == ' ' ? '-' : (char)tolower((unsigned char)*c);
		words[n] = word;
	}
	while ((name = strsep(&rest, ",")) != NULL) {
		size_t i = 0;

		for (char *c = name; *c != '\0'; c++)
			*c = *c == ' ' ? '-' : (char)tolower((unsigned char)*c);
		if ((rc = word_find(name, words, n, "column", &found, err)) != DC_OK)
			return rc;
		while (i < ch->n && ch->v[i].title != usual[found].title)
			i++;
		if (i == ch->n)
			ch->v[ch->n++] = usual[found];
	}
	return DC_OK;
}

enum dc_code
columns_of(const struct spec *s, json_t *schema, json_t *items, const struct look *l, struct arena *arena,
    const struct column **ret, size_t *n, struct dc_error *err)
{
	struct chooser ch = {
	    .spec = s, .schema = schema, .properties = schema_properties(schema), .look = l, .arena = arena};
	size_t most = json_array_size(json_object_get(schema, "x-dcaas-columns"));
	enum dc_code rc = DC_OK;

	if (ch.properties == NULL)
		ch.properties = json_array_get(items, 0);
	most += json_object_size(ch.properties) + (l->columns != NULL ? strlen(l->columns) : 0) + 2;
	ch.v = arena_array(arena, most, sizeof(*ch.v));
	if (l->columns != NULL)
		rc = take_named(&ch, l->columns, err);
	else
		take_usual(&ch, items);
	*ret = ch.v;
	*n = ch.n;
	return rc;
}
