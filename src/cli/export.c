/* SPDX-License-Identifier: ISC */
/* `dcaas export`: what there is, as a file for apply: the members of a create call, with names in place of ids. */
#include "base/uuid.h"
#include "cli/manifest.h"
#include "cli/run_priv.h"
#include "cli/text.h"
#include "cli/tool.h"
#include "cli/yaml_text.h"

struct outgoing {
	struct run *run;
	json_t *document;
	json_t *own;    /* resource that all belongs to: no member names it */
	size_t secrets; /* that were left out */
};

/* The name in place of the id, where it leads back to the id. */
static json_t *
name_for(struct outgoing *x, const struct names_place *place, json_t *value)
{
	const char *id = json_string_value(value), *name, *back = NULL;

	if (place->resources == NULL || id == NULL || (name = names_of(x->run->names, place, id)) == NULL ||
	    names_find(x->run->names, place, name, &back, NULL) != DC_OK || strcmp(back, id) != 0)
		return json_incref(value);
	return json_string(name);
}

static json_t *members_of(struct outgoing *, json_t *schema, json_t *item, bool operator_side, int depth);

static json_t *
value_of(struct outgoing *x, json_t *of, json_t *value, bool operator_side, int depth)
{
	const struct names_place place = {.resources = schema_ref(of), .operator_side = operator_side};
	json_t *inner = schema_of(x->run->spec, of);

	if (json_is_object(value) && depth < 4)
		return members_of(x, inner, value, operator_side, depth + 1);
	return name_for(x, &place, value);
}

/* Whether the server would do the same without it. */
static bool
is_usual(json_t *of, json_t *value)
{
	json_t *usual = json_object_get(of, "default");

	return !value_is_there(value) || (usual != NULL && json_equal(usual, value)) || schema_refuses(of, NULL);
}

static json_t *
members_of(struct outgoing *x, json_t *schema, json_t *item, bool operator_side, int depth)
{
	json_t *members = json_object(), *of;
	const char *member;

	json_object_foreach(schema_properties(schema), member, of)
	{
		json_t *value = json_object_get(item, member);

		/* A thing is known by what identifies it; its id is another one elsewhere. */
		if (depth == 0 && strcmp(member, "id") == 0)
			continue;
		if ((is_usual(of, value) && !schema_requires(schema, member)) ||
		    (x->own != NULL && json_equal(x->own, schema_ref(of)) && depth == 0))
			continue;
		if (schema_is_secret(schema_of(x->run->spec, of)) && !x->run->args->secrets) {
			x->secrets++;
			continue;
		}
		if (value_is_there(value))
			json_object_set_new(members, member, value_of(x, of, value, operator_side, depth));
	}
	return members;
}

/* A thing that came into being with the one that holds it shows the same in all that identifies it; the file has the
 * holder. */
static bool
came_with(const struct command *list, json_t *holder, json_t *item)
{
	json_t *member;
	size_t i, same = 0;

	json_array_foreach(list->resource->identity, i, member)
	{
		json_t *mine = json_object_get(item, json_string_value(member));
		json_t *its = json_object_get(holder, json_string_value(member));

		if (its == NULL)
			continue;
		if (!json_equal(mine, its))
			return false;
		same++;
	}
	return same > 0;
}

static bool
is_wanted(const struct run *r, json_t *item)
{
	const char *name = json_string_value(json_object_get(item, "name")),
		   *id = json_string_value(json_object_get(item, "id"));
	const char *status = json_string_value(json_object_get(item, "status"));

	if (status != NULL && strcmp(status, "PENDING_DELETE") == 0)
		return false;
	for (size_t i = 1; i < r->args->words_n; i++) {
		if ((name != NULL && strcmp(name, r->args->words[i]) == 0) ||
		    (id != NULL && strcmp(id, r->args->words[i]) == 0))
			return true;
	}
	return r->args->words_n < 2;
}

static void
add_item(struct outgoing *x, const struct noun *noun, const char *parent, json_t *item, json_t *list)
{
	const struct command *create = noun_command(noun, "create");
	json_t *members;

	if (!is_wanted(x->run, item))
		return;
	members = json_object();
	for (size_t i = 0; i < create->ids_n; i++) {
		const struct names_place place = {
		    .resources = create->ids[i].ref, .operator_side = noun->operator_side};
		json_t *id = json_string(parent != NULL ? parent : "");

		json_object_set_new(members, create->ids[i].name, name_for(x, &place, id));
		json_decref(id);
	}
	json_t *own = members_of(x, create->body, item, noun->operator_side, 0);

	json_object_update(members, own);
	json_decref(own);
	json_array_append_new(list, members);
}

static void
add_items(struct outgoing *x, const struct noun *noun, const char *parent, const struct listing *l, json_t *list)
{
	const struct command *c = noun_command(noun, "list");
	json_t *item, *inner;
	size_t i, k;

	json_array_foreach(l->items, i, item)
	{
		if (c->inside == NULL)
			add_item(x, noun, parent, item, list);
		json_array_foreach(c->inside != NULL ? json_object_get(item, c->inside) : NULL, k, inner)
		{
			if (!came_with(c, item, inner))
				add_item(x, noun, parent, inner, list);
		}
	}
}

static enum dc_code
read_items(struct outgoing *x, const struct noun *noun, const char *parent, json_t *list)
{
	struct run *r = x->run;
	struct command c = *noun_command(noun, "list");
	const struct request request = {
	    .command = &c, .path = client_path(&c, r->settings->project_id, &parent, r->arena), .query = ""};
	const struct list_limits all = {0};
	struct listing l;
	enum dc_code rc;

	c.inside = NULL; /* the holders are wanted, too */
	if ((rc = client_list(r->client, &request, &all, &l, r->err)) != DC_OK)
		return rc;
	add_items(x, noun, parent, &l, list);
	listing_free(&l);
	return DC_OK;
}

/* Ids of all that the noun's things can be below. */
static enum dc_code
read_below(struct outgoing *x, const struct noun *noun, json_t *list)
{
	const struct command *c = noun_command(noun, "list"), *above;
	struct run *r = x->run;
	const struct list_limits all = {0};
	struct request request = {.query = ""};
	struct listing l;
	json_t *item;
	size_t i;
	enum dc_code rc;

	above = spec_command(r->spec, json_string_value(json_array_get(c->ids[0].ref, 0)), "list", c->operator_side);
	if (above == NULL || above->ids_n > 0)
		return DC_OK;
	request.command = above;
	request.path = client_path(above, r->settings->project_id, NULL, r->arena);
	if ((rc = client_list(r->client, &request, &all, &l, r->err)) != DC_OK)
		return rc;
	json_array_foreach(l.items, i, item)
	{
		if ((rc = read_items(x, noun, json_string_value(json_object_get(item, "id")), list)) != DC_OK)
			break;
	}
	listing_free(&l);
	return rc;
}

static enum dc_code
export_noun(struct outgoing *x, const struct noun *noun)
{
	const struct command *c = noun_command(noun, "list");
	json_t *list = json_array();
	enum dc_code rc;

	x->own = c->project_ref;
	rc = c->ids_n > 0 ? read_below(x, noun, list) : read_items(x, noun, NULL, list);

	if (rc == DC_OK && json_array_size(list) > 0)
		json_object_set(x->document, manifest_key(noun, x->run->arena), list);
	json_decref(list);
	return rc;
}

/* Without a word: all of the project; the inventory, where there is no project. */
static enum dc_code
export_all(struct outgoing *x)
{
	struct run *r = x->run;
	bool operator_side = r->settings->project_id == NULL;
	size_t n, nouns_n = 0;
	const struct noun *noun = spec_nouns(r->spec, &n), **nouns = arena_array(r->arena, n + 1, sizeof(*nouns));
	enum dc_code rc = DC_OK;

	for (size_t i = 0; i < n; i++) {
		if (manifest_can(&noun[i]) && noun[i].operator_side == operator_side &&
		    client_may(r->settings, noun_command(&noun[i], "list")))
			nouns[nouns_n++] = &noun[i];
	}
	manifest_sort(r->spec, nouns, nouns_n, r->arena);
	for (size_t i = 0; i < nouns_n && rc == DC_OK; i++)
		rc = export_noun(x, nouns[i]);
	return rc;
}

static enum dc_code
export_some(struct outgoing *x)
{
	struct run *r = x->run;
	const struct noun *noun;
	enum dc_code rc = spec_noun(r->spec, r->args->words[0], &noun, r->err);

	if (rc != DC_OK)
		return rc;
	if (!manifest_can(noun))
		return dc_fail(
		    r->err, DC_E_PARAM, NULL, "%s: the API creates none, so no file describes it", noun->name);
	if ((rc = client_check(r->settings, noun_command(noun, "list"), r->err)) != DC_OK)
		return rc;
	return export_noun(x, noun);
}

enum dc_code
tool_export(struct run *r)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);
	struct outgoing x = {.run = r, .document = json_object()};
	enum dc_code rc;
	char *text;

	r->look.terminal = true; /* names for ids, into a pipe, too */
	rc = r->args->words_n > 0 ? export_some(&x) : export_all(&x);
	if (rc == DC_OK && r->look.output == OUTPUT_JSON && (text = json_dumps(x.document, JSON_INDENT(1))) != NULL) {
		text_safe_json(&out, text);
		buf_putc(&out, '\n');
		free(text);
	} else if (rc == DC_OK) {
		rc = yaml_write(x.document, &out, r->err);
	}
	if (rc == DC_OK)
		rc = run_put(r, &out);
	if (rc == DC_OK && x.secrets > 0)
		fprintf(stderr, "dcaas: %zu secret%s left out; --secrets prints them\n", x.secrets,
		    x.secrets == 1 ? " is" : "s are");
	json_decref(x.document);
	return rc;
}
