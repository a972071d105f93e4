/* SPDX-License-Identifier: ISC */
#include "cli/names.h"

#include <ctype.h>

#include "base/uuid.h"
#include "cli/text.h"
#include "cli/word.h"

#define QUERY_MAX 4096
#define BEGINNING_MIN 4
#define LISTED 8

/* A list as it was read. */
struct known {
	struct known *next;
	const struct command *command;
	const char *parent; /* NULL: none */
	json_t *items;      /* NULL: it could not be read */
	json_t *by_id;      /* id: name */
};

struct names {
	struct client *client;
	const struct spec *spec;
	struct arena *arena;
	struct known *known;
};

struct names *
names_new(struct client *client, const struct spec *spec, struct arena *arena)
{
	struct names *n = arena_new_of(arena, struct names);

	n->client = client;
	n->spec = spec;
	n->arena = arena;
	return n;
}

void
names_free(struct names *n)
{
	for (struct known *k = n->known; k != NULL; k = k->next) {
		json_decref(k->items);
		json_decref(k->by_id);
	}
	n->known = NULL;
}

/* --- lists --- */

static bool
is_filter(const struct command *c, const char *name)
{
	for (size_t i = 0; i < c->query_n; i++) {
		if (strcmp(c->query[i].name, name) == 0)
			return true;
	}
	return false;
}

/* The list to read, one that the settings have a key for; on that side, where there are two. */
static const struct command *
list_of(const struct names *n, const char *resource, const struct names_place *p)
{
	const struct command *found = NULL;
	size_t nouns;
	const struct noun *noun = spec_nouns(n->spec, &nouns);

	for (size_t i = 0; n->client != NULL && i < nouns; i++) {
		const struct command *c = noun_command(&noun[i], "list");

		if (c == NULL || c->kind != COMMAND_LIST || c->resource == NULL ||
		    strcmp(c->resource->name, resource) != 0 || c->ids_n != (p->parent != NULL ? 1U : 0U) ||
		    !client_may(client_settings(n->client), c))
			continue;
		if (found == NULL || c->operator_side == p->operator_side)
			found = c;
	}
	return found;
}

static const char *
member(json_t *item, const char *name)
{
	const char *text = json_string_value(json_object_get(item, name));

	return text != NULL ? text : "";
}

/* The member that people know a thing by. */
static const char *
label_of(const struct command *c)
{
	json_t *identity = c->resource->identity;
	const char *last = json_string_value(json_array_get(identity, json_array_size(identity) - 1));

	return last == NULL || json_object_get(schema_properties(c->answer), "name") != NULL ? "name" : last;
}

/* As [{"id":..., "name":...}]; NULL when it could not be read. */
static json_t *
read_items(struct names *n, const struct command *c, const char *parent, const char *query)
{
	const struct request r = {
	    .command = c,
	    .path = client_path(c, client_settings(n->client)->project_id, &parent, n->arena),
	    .query = query,
	};
	const struct list_limits all = {0};
	struct listing l;
	struct dc_error ignored = {0};
	json_t *items, *item;
	size_t i;

	if (client_list(n->client, &r, &all, &l, &ignored) != DC_OK)
		return NULL;
	items = json_array();
	json_array_foreach(l.items, i, item) json_array_append_new(
	    items, json_pack("{s:s, s:s}", "id", member(item, "id"), "name", member(item, label_of(c))));
	listing_free(&l);
	return items;
}

static struct known *
look_up(struct names *n, const struct command *c, const char *parent)
{
	struct known *k = n->known;
	const char *query =
	    c->inside == NULL && is_filter(c, "fields") && is_filter(c, "name") ? "fields=id&fields=name" : "";
	json_t *item;
	size_t i;

	while (k != NULL && (k->command != c || (parent != NULL && strcmp(k->parent, parent) != 0)))
		k = k->next;
	if (k != NULL)
		return k;
	k = arena_new_of(n->arena, struct known);
	k->command = c;
	k->parent = parent != NULL ? arena_strdup(n->arena, parent) : NULL;
	k->items = read_items(n, c, parent, query);
	k->by_id = json_object();
	json_array_foreach(k->items, i, item)
	    json_object_set_new(k->by_id, member(item, "id"), json_string(member(item, "name")));
	k->next = n->known;
	n->known = k;
	return k;
}

/* --- what a person types --- */

struct matches {
	json_t *items;      /* that match */
	const char **names; /* of all, for the nearest */
	size_t names_n;
	bool unread; /* a list could not be read */
};

static bool
begins_id(const char *typed, const char *id)
{
	size_t len = strlen(typed);

	if (len < BEGINNING_MIN || strspn(typed, "0123456789abcdefABCDEF-") != len)
		return false;
	return strncasecmp(typed, id, len) == 0;
}

static void
take_named(struct matches *m, json_t *items, const char *typed)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		if (strcmp(member(item, "name"), typed) == 0)
			json_array_append(m->items, item);
	}
}

/* One call for what is named so, before the whole list is read; where commas separate values none can be meant. */
static bool
find_quickly(struct names *n, struct matches *m, const struct command *c, const char *parent, const char *typed)
{
	_cleanup_buf_ struct buf query = BUF_INIT(QUERY_MAX);
	json_t *items;

	if (c->inside != NULL || !is_filter(c, "name") || !is_filter(c, "fields") || strchr(typed, ',') != NULL)
		return false;
	buf_puts(&query, "fields=id&fields=name&name=");
	text_percent(&query, typed);
	if (query.failed || (items = read_items(n, c, parent, buf_str(&query))) == NULL)
		return false;
	take_named(m, items, typed);
	json_decref(items);
	return json_array_size(m->items) > 0;
}

/* Among all of a list: by name, else by the beginning of an id. */
static void
find_slowly(struct names *n, struct matches *m, const struct command *c, const char *parent, const char *typed)
{
	struct known *k = look_up(n, c, parent);
	size_t i, before = json_array_size(m->items);
	json_t *item;
	const char **all;

	m->unread |= k->items == NULL;
	take_named(m, k->items, typed);
	if (json_array_size(m->items) == before)
		json_array_foreach(k->items, i, item)
		{
			if (begins_id(typed, member(item, "id")))
				json_array_append(m->items, item);
		}
	all = arena_array(n->arena, m->names_n + json_array_size(k->items) + 1, sizeof(*all));
	if (m->names_n > 0)
		memcpy(all, m->names, m->names_n * sizeof(*all));
	json_array_foreach(k->items, i, item)
	{
		if (member(item, "name")[0] != '\0')
			all[m->names_n++] = member(item, "name");
	}
	m->names = all;
}

static const char *
titles(const struct names *n, json_t *resources)
{
	_cleanup_buf_ struct buf out = BUF_INIT(512);
	json_t *name;
	size_t i;

	json_array_foreach(resources, i, name)
	{
		const struct resource_words *r = spec_resource(n->spec, json_string_value(name));

		buf_printf(&out, "%s%s", i > 0 ? " or " : "", r != NULL ? r->title : json_string_value(name));
	}
	return arena_strdup(n->arena, buf_str(&out));
}

static enum dc_code
several(struct names *n, const struct matches *m, const char *title, const char *typed, struct dc_error *err)
{
	_cleanup_buf_ struct buf list = BUF_INIT(DC_ERROR_TEXT_MAX);
	json_t *item;
	size_t i;

	json_array_foreach(m->items, i, item)
	{
		if (i < LISTED)
			buf_printf(&list, "%s%s (%s)", i > 0 ? ", " : "", member(item, "id"), member(item, "name"));
	}
	(void)n;
	return dc_fail(err, DC_E_PARAM, NULL, "\"%s\" means more than one %s: %s%s", typed, title, buf_str(&list),
	    json_array_size(m->items) > LISTED ? ", ..." : "");
}

static enum dc_code
none(struct names *n, const struct matches *m, const char *title, const char *typed, struct dc_error *err)
{
	_cleanup_buf_ struct buf list = BUF_INIT(DC_ERROR_TEXT_MAX);
	const char *nearest = word_nearest(typed, m->names, m->names_n);

	(void)n;
	if (nearest != NULL)
		return dc_fail(err, DC_E_NOT_FOUND, NULL, "no %s \"%s\"; did you mean \"%s\"?", title, typed, nearest);
	for (size_t i = 0; i < m->names_n && i < LISTED; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", m->names[i]);
	return dc_fail(err, DC_E_NOT_FOUND, NULL, "no %s \"%s\"; there is: %s%s", title, typed,
	    list.len > 0 ? buf_str(&list) : "none", m->names_n > LISTED ? ", ..." : "");
}

/* Looks in every list of the resources. *n_lists: how many there were. */
static void
look_everywhere(struct names *n, const struct names_place *p, const char *typed, struct matches *m, size_t *n_lists)
{
	json_t *name;
	size_t i;

	*n_lists = 0;
	json_array_foreach(p->resources, i, name)
	{
		const struct command *c = list_of(n, json_string_value(name), p);

		*n_lists += c != NULL;
		if (c != NULL && find_quickly(n, m, c, p->parent, typed))
			return;
	}
	json_array_foreach(p->resources, i, name)
	{
		const struct command *c = list_of(n, json_string_value(name), p);

		if (c != NULL)
			find_slowly(n, m, c, p->parent, typed);
	}
}

enum dc_code
names_find(struct names *n, const struct names_place *p, const char *typed, const char **ret, struct dc_error *err)
{
	struct matches m = {.items = json_array()};
	size_t found, lists = 0;
	enum dc_code rc = DC_OK;

	*ret = typed;
	if (!uuid_is_valid(typed) && !hex32_is_valid(typed) && typed[0] != '\0') {
		look_everywhere(n, p, typed, &m, &lists);
		found = json_array_size(m.items);
		if (found == 1)
			*ret = arena_strdup(n->arena, member(json_array_get(m.items, 0), "id"));
		else if (found > 1)
			rc = several(n, &m, titles(n, p->resources), typed, err);
		else if (lists > 0 && !m.unread)
			rc = none(n, &m, titles(n, p->resources), typed, err);
	}
	json_decref(m.items);
	return rc;
}

const char *
names_of(struct names *n, const struct names_place *p, const char *id)
{
	json_t *name;
	size_t i;

	json_array_foreach(p->resources, i, name)
	{
		const struct command *c = list_of(n, json_string_value(name), p);
		const char *found =
		    c != NULL ? json_string_value(json_object_get(look_up(n, c, p->parent)->by_id, id)) : NULL;

		if (found != NULL && found[0] != '\0')
			return found;
	}
	return NULL;
}

json_t *
names_all(struct names *n, const struct names_place *p)
{
	json_t *all = json_array(), *seen = json_object(), *name, *item;
	size_t i, k;

	json_array_foreach(p->resources, i, name)
	{
		const struct command *c = list_of(n, json_string_value(name), p);

		if (c == NULL)
			continue;
		json_array_foreach(look_up(n, c, p->parent)->items, k, item)
		{
			const char *text = member(item, "name");

			if (text[0] == '\0' || json_object_get(seen, text) != NULL)
				continue;
			json_object_set_new(seen, text, json_true());
			json_array_append_new(all, json_string(text));
		}
	}
	json_decref(seen);
	return all;
}
