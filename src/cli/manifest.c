/* SPDX-License-Identifier: ISC */
#include "cli/manifest.h"

#include <ctype.h>

#include "cli/file.h"
#include "cli/value.h"
#include "cli/word.h"
#include "cli/yaml_text.h"

#define FILE_MAX_BYTES (16 << 20)
#define SECRET_MAX 4096
#define FILE_SUFFIX "_file"
#define MEMBERS_MAX 512

struct reader {
	const struct spec *spec;
	const char *file;
	struct arena *arena;
	struct manifest *ret;
	size_t cap;
	struct dc_error *err;
};

/* Whether an order can name what one is known by: of a thing whose names the server chooses (an access key), a file
 * cannot name the right one. */
static bool
is_known_by_order(const struct command *create)
{
	json_t *member;
	size_t i;

	json_array_foreach(create->resource->identity, i, member)
	{
		const char *name = json_string_value(member);
		bool found = name != NULL && json_object_get(schema_properties(create->body), name) != NULL;

		for (size_t k = 0; name != NULL && k < create->ids_n; k++)
			found = found || strcmp(create->ids[k].name, name) == 0;
		if (!found)
			return false;
	}
	return true;
}

bool
manifest_can(const struct noun *noun)
{
	const struct command *list = noun_command(noun, "list"), *create = noun_command(noun, "create");

	return list != NULL && list->kind == COMMAND_LIST && create != NULL && create->body != NULL &&
	       create->resource != NULL && list->resource == create->resource && is_known_by_order(create);
}

const char *
manifest_key(const struct noun *noun, struct arena *arena)
{
	char *key = arena_printf(arena, "%ss", noun->name);

	for (char *c = key; *c != '\0'; c++)
		*c = *c == '-' ? '_' : *c;
	return key;
}

const struct parameter *
entry_place(const struct entry *e, const char *member)
{
	for (size_t i = 0; i < e->create->ids_n; i++) {
		if (strcmp(e->create->ids[i].name, member) == 0)
			return &e->create->ids[i];
	}
	return NULL;
}

json_t *
entry_property(const struct entry *e, const char *member)
{
	json_t *of = json_object_get(schema_properties(e->create->body), member);

	return of != NULL || e->update == NULL ? of : json_object_get(schema_properties(e->update->body), member);
}

/* --- values --- */

static enum dc_code
fail(struct reader *r, const struct entry *e, const char *member, const char *what)
{
	return dc_fail(r->err, DC_E_PARAM, NULL, "%s: %s%s%s: %s", r->file, e->label, member != NULL ? ", " : "",
	    member != NULL ? member : "", what);
}

static enum dc_code convert(struct reader *, const struct entry *, const char *member, json_t *schema, json_t **value);

/* Members of an object, or items of a list. */
static enum dc_code
convert_inner(struct reader *r, const struct entry *e, const char *member, json_t *schema, json_t *value)
{
	json_t *item, *copy;
	const char *name;
	void *next;
	size_t i;
	enum dc_code rc = DC_OK;

	for (i = 0; i < json_array_size(value) && rc == DC_OK; i++) {
		copy = json_incref(json_array_get(value, i));
		if ((rc = convert(r, e, member, json_object_get(schema, "items"), &copy)) == DC_OK)
			json_array_set_new(value, i, copy);
		else
			json_decref(copy);
	}
	json_object_foreach_safe(value, next, name, item)
	{
		json_t *of = json_object_get(schema_properties(schema), name);

		if (of == NULL)
			return fail(r, e, member, arena_printf(r->arena, "there is no member \"%s\"", name));
		copy = json_incref(item);
		if ((rc = convert(r, e, name, of, &copy)) != DC_OK) {
			json_decref(copy);
			return rc;
		}
		json_object_set_new(value, name, copy);
	}
	return rc;
}

static enum dc_code
convert_scalar(struct reader *r, const struct entry *e, const char *member, json_t *schema, json_t **value)
{
	const char *text = json_string_value(*value);
	json_t *read = NULL;
	enum dc_code rc;

	if (text == NULL)
		text = arena_printf(r->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(*value));
	if (json_is_boolean(*value))
		text = json_is_true(*value) ? "true" : "false";
	if ((rc = value_parse(r->spec, schema, member, text, &read, r->err)) != DC_OK)
		return fail(r, e, NULL, arena_strdup(r->arena, r->err->text));
	json_decref(*value);
	*value = read;
	return DC_OK;
}

/* The value as the API wants it: 100 for "100" where the API wants a number, and the reverse. */
static enum dc_code
convert(struct reader *r, const struct entry *e, const char *member, json_t *schema, json_t **value)
{
	json_t *inner = schema_of(r->spec, schema);
	enum schema_type type = schema_type(inner);
	bool scalar = json_is_string(*value) || json_is_integer(*value) || json_is_boolean(*value);

	if (json_is_null(*value) || type == SCHEMA_ANY)
		return DC_OK;
	if (type == SCHEMA_ARRAY ? !json_is_array(*value) : type == SCHEMA_OBJECT ? !json_is_object(*value) : !scalar)
		return fail(r, e, member,
		    type == SCHEMA_ARRAY    ? "must be a list"
		    : type == SCHEMA_OBJECT ? "must have members"
					    : "must be one value");
	if (scalar)
		return convert_scalar(r, e, member, inner, value);
	return convert_inner(r, e, member, inner, *value);
}

/* "bgp_md5_file: path": the secret is in a file of its own. */
static enum dc_code
take_secret(struct reader *r, struct entry *e, const char *member, json_t *path)
{
	_cleanup_buf_ struct buf text = BUF_INIT(SECRET_MAX);
	enum dc_code rc;

	if (!json_is_string(path))
		return fail(r, e, member, "must be the name of a file");
	if ((rc = file_read(json_string_value(path), &text, r->err)) != DC_OK)
		return rc;
	while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
		text.data[--text.len] = '\0';
	json_object_set_new(e->members, arena_strndup(r->arena, member, strlen(member) - strlen(FILE_SUFFIX)),
	    json_stringn(buf_str(&text), text.len));
	explicit_bzero(text.data, text.len);
	json_object_del(e->members, member);
	return DC_OK;
}

/* The secret that "bgp_md5_file" stands for. */
static bool
is_secret_file(const struct reader *r, const struct entry *e, const char *member)
{
	size_t len = strlen(member), end = strlen(FILE_SUFFIX);

	return len > end && strcmp(member + len - end, FILE_SUFFIX) == 0 && entry_property(e, member) == NULL &&
	       schema_is_secret(schema_of(r->spec, entry_property(e, arena_strndup(r->arena, member, len - end))));
}

static enum dc_code
no_member(struct reader *r, const struct entry *e, const char *member)
{
	const char **words = arena_array(r->arena, MEMBERS_MAX, sizeof(*words)), *name, *nearest;
	size_t n = 0;
	json_t *of;

	json_object_foreach(schema_properties(e->create->body), name, of)
	{
		if (n < MEMBERS_MAX)
			words[n++] = name;
	}
	nearest = word_nearest(member, words, n);
	return fail(r, e, NULL,
	    nearest != NULL ? arena_printf(r->arena, "no member \"%s\"; did you mean %s?", member, nearest)
			    : arena_printf(r->arena, "no member \"%s\"", member));
}

static enum dc_code
take_members(struct reader *r, struct entry *e)
{
	const char *member;
	json_t *value, *copy;
	void *next;
	enum dc_code rc = DC_OK;

	json_object_foreach_safe(e->members, next, member, value)
	{
		const struct parameter *place = entry_place(e, member);
		json_t *of = entry_property(e, member);

		if (is_secret_file(r, e, member)) {
			rc = take_secret(r, e, arena_strdup(r->arena, member), value);
		} else if (place == NULL && of == NULL) {
			rc = no_member(r, e, member);
		} else {
			copy = json_incref(value);
			rc = convert(r, e, member, of != NULL ? of : place->schema, &copy);
			if (rc == DC_OK)
				json_object_set_new(e->members, member, copy);
			else
				json_decref(copy);
		}
		if (rc != DC_OK)
			return rc;
	}
	return DC_OK;
}

/* --- entries --- */

/* What it is called in messages, as far as that is known. NULL: by what it could be found again is missing; *missing
 * names it. */
static const char *
label_of(const struct entry *e, struct arena *arena, const char **missing)
{
	_cleanup_buf_ struct buf label = BUF_INIT(1024);
	json_t *member;
	size_t i;

	buf_puts(&label, e->resource->title);
	json_array_foreach(e->resource->identity, i, member)
	{
		const char *name = json_string_value(member);
		const char *value = json_string_value(json_object_get(e->members, name));

		*missing = name;
		if (value == NULL || value[0] == '\0')
			return NULL;
		buf_printf(&label, " %s", value);
	}
	return arena_strdup(arena, buf_str(&label));
}

static bool
is_same(const struct entry *a, const struct entry *b)
{
	json_t *member;
	size_t i;

	if (a->noun != b->noun)
		return false;
	json_array_foreach(a->resource->identity, i, member)
	{
		if (!json_equal(json_object_get(a->members, json_string_value(member)),
			json_object_get(b->members, json_string_value(member))))
			return false;
	}
	return true;
}

static enum dc_code
add_entry(struct reader *r, const struct entry *e)
{
	struct manifest *m = r->ret;

	for (size_t i = 0; i < m->n; i++) {
		if (is_same(&m->entry[i], e))
			return fail(r, e, NULL, "is described twice");
	}
	if (m->n == r->cap) {
		size_t cap = r->cap > 0 ? 2 * r->cap : 64;
		struct entry *more = arena_array(r->arena, cap, sizeof(*more));

		if (m->n > 0)
			memcpy(more, m->entry, m->n * sizeof(*more));
		m->entry = more;
		r->cap = cap;
	}
	m->entry[m->n++] = *e;
	json_incref(e->members);
	return DC_OK;
}

static enum dc_code
take_item(struct reader *r, const struct noun *noun, size_t number, json_t *item)
{
	struct entry e = {
	    .noun = noun,
	    .list = noun_command(noun, "list"),
	    .create = noun_command(noun, "create"),
	    .update = noun_command(noun, "update"),
	    .label = arena_printf(r->arena, "%s number %zu", manifest_key(noun, r->arena), number + 1),
	};
	const char *label, *missing = "";
	enum dc_code rc;

	e.resource = e.create->resource;
	e.members = item;
	if (!json_is_object(item))
		return fail(r, &e, NULL, "has no members");
	if ((label = label_of(&e, r->arena, &missing)) != NULL)
		e.label = label;
	if ((rc = take_members(r, &e)) != DC_OK)
		return rc;
	if ((label = label_of(&e, r->arena, &missing)) == NULL)
		return fail(r, &e, NULL, arena_printf(r->arena, "%s is missing: by it the thing is known", missing));
	e.label = label;
	return add_entry(r, &e);
}

static enum dc_code
take_resource(struct reader *r, const char *word, json_t *list)
{
	const struct noun *noun;
	json_t *item;
	size_t i;
	enum dc_code rc = spec_noun(r->spec, word, &noun, r->err);

	if (rc != DC_OK)
		return dc_fail(r->err, DC_E_PARAM, NULL, "%s: %s", r->file, arena_strdup(r->arena, r->err->text));
	if (!manifest_can(noun))
		return dc_fail(r->err, DC_E_PARAM, NULL, "%s: %s: the API creates none", r->file, word);
	if (json_is_null(list))
		return DC_OK;
	if (!json_is_array(list))
		return dc_fail(
		    r->err, DC_E_PARAM, NULL, "%s: %s is no list: each thing begins with \"- \"", r->file, word);
	json_array_foreach(list, i, item)
	{
		if ((rc = take_item(r, noun, i, item)) != DC_OK)
			return rc;
	}
	return DC_OK;
}

static enum dc_code
take_file(struct reader *r, json_t *documents)
{
	json_t *document, *list;
	const char *word;
	size_t i;
	enum dc_code rc;

	json_array_foreach(documents, i, document)
	{
		if (json_is_null(document))
			continue;
		if (!json_is_object(document))
			return dc_fail(r->err, DC_E_PARAM, NULL,
			    "%s: the file does not begin with a resource, as in \"virtual_gateways:\"", r->file);
		json_object_foreach(document, word, list)
		{
			if ((rc = take_resource(r, word, list)) != DC_OK)
				return rc;
		}
	}
	return DC_OK;
}

static enum dc_code
read_file(struct reader *r)
{
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
	json_t *documents;
	enum dc_code rc;

	if ((rc = file_read(r->file, &text, r->err)) != DC_OK ||
	    (rc = yaml_read(buf_str(&text), text.len, r->file, &documents, r->err)) != DC_OK)
		return rc;
	rc = take_file(r, documents);
	json_decref(documents);
	return rc;
}

/* --- order --- */

/* Whether a schema has a member that holds ids of the resource. */
static bool
refers(const struct spec *s, json_t *schema, const char *resource, int depth)
{
	const char *member;
	json_t *of, *name;
	size_t i;

	json_object_foreach(schema_properties(schema), member, of)
	{
		json_array_foreach(schema_ref(of), i, name)
		{
			if (strcmp(json_string_value(name), resource) == 0)
				return true;
		}
		if (depth < 4 && schema_type(schema_of(s, of)) == SCHEMA_OBJECT &&
		    refers(s, schema_of(s, of), resource, depth + 1))
			return true;
	}
	return false;
}

static bool
depends(const struct spec *s, const struct noun *noun, const struct noun *on)
{
	const struct command *create = noun_command(noun, "create");
	const char *other = noun_command(on, "create")->resource->name;

	if (strcmp(create->resource->name, other) == 0)
		return false;
	for (size_t p = 0; p < create->ids_n; p++) {
		json_t *name;
		size_t i;

		json_array_foreach(create->ids[p].ref, i, name)
		{
			if (strcmp(json_string_value(name), other) == 0)
				return true;
		}
	}
	return refers(s, create->body, other, 0);
}

/* Takes again and again what depends on none of those that are left; circles stay as they are. */
void
manifest_sort(const struct spec *s, const struct noun **nouns, size_t n, struct arena *arena)
{
	const struct noun **sorted = arena_array(arena, n + 1, sizeof(*sorted));
	bool *taken = arena_array(arena, n + 1, sizeof(*taken)), found = true;
	size_t done = 0;

	while (done < n && found) {
		found = false;
		for (size_t i = 0; i < n; i++) {
			bool free = !taken[i];

			for (size_t k = 0; k < n && free; k++)
				free = taken[k] || !depends(s, nouns[i], nouns[k]);
			if (!free)
				continue;
			sorted[done++] = nouns[i];
			taken[i] = found = true;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (!taken[i])
			sorted[done++] = nouns[i];
	}
	memcpy(nouns, sorted, n * sizeof(*nouns));
}

/* Entries of one noun stay as they stand in the files. */
static void
put_in_order(const struct spec *s, struct manifest *m, struct arena *arena)
{
	struct entry *sorted = arena_array(arena, m->n + 1, sizeof(*sorted));
	const struct noun **nouns = arena_array(arena, m->n + 1, sizeof(*nouns));
	size_t n = 0, nouns_n = 0;

	for (size_t i = 0; i < m->n; i++) {
		size_t k = 0;

		while (k < nouns_n && nouns[k] != m->entry[i].noun)
			k++;
		if (k == nouns_n)
			nouns[nouns_n++] = m->entry[i].noun;
	}
	manifest_sort(s, nouns, nouns_n, arena);
	for (size_t k = 0; k < nouns_n; k++) {
		for (size_t i = 0; i < m->n; i++) {
			if (m->entry[i].noun == nouns[k])
				sorted[n++] = m->entry[i];
		}
	}
	m->entry = sorted;
}

void
manifest_free(struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		json_decref(m->entry[i].members);
	*m = (struct manifest){0};
}

enum dc_code
manifest_read(const struct spec *s, const char *const *files, size_t files_n, struct arena *arena, struct manifest *ret,
    struct dc_error *err)
{
	struct manifest m = {0};
	struct reader r = {.spec = s, .arena = arena, .ret = &m, .err = err};
	enum dc_code rc = DC_OK;

	for (size_t i = 0; i < files_n && rc == DC_OK; i++) {
		r.file = files[i];
		rc = read_file(&r);
	}
	if (rc != DC_OK) {
		manifest_free(&m);
		return rc;
	}
	put_in_order(s, &m, arena);
	*ret = m;
	return DC_OK;
}
