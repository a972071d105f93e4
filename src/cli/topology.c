/* SPDX-License-Identifier: ISC */
/* `dcaas topology`: everything of a project, each below what it belongs to. What is drawn, below what, and with which
 * members, comes from the API's description. */
#include "cli/run_priv.h"
#include "cli/text.h"

#include <ctype.h>

#define LINE_MAX_BYTES 65536

struct node {
	const struct resource_words *resource;
	const struct command *list; /* that it came from */
	json_t *item;
	const char *id, *under; /* ids; NULL: none */
	bool has_parent;
};

struct picture {
	struct run *run;
	bool operator_side;
	json_t *kept; /* the items */
	struct node *node;
	size_t n, cap;
	struct buf *out;
};

/* --- reading --- */

static const char *
text_of(json_t *item, const char *member)
{
	return member != NULL ? json_string_value(json_object_get(item, member)) : NULL;
}

static void
add_node(struct picture *p, const struct command *list, json_t *item)
{
	const char *under = text_of(list->resource->topology, "under");

	if (p->n == p->cap) {
		size_t cap = p->cap > 0 ? 2 * p->cap : 64;
		struct node *more = arena_array(p->run->arena, cap, sizeof(*more));

		if (p->n > 0)
			memcpy(more, p->node, p->n * sizeof(*more));
		p->node = more;
		p->cap = cap;
	}
	json_array_append(p->kept, item);
	p->node[p->n++] = (struct node){list->resource, list, item, text_of(item, "id"), text_of(item, under), false};
}

static enum dc_code
read_list(struct picture *p, const struct command *list, const char *parent)
{
	struct run *r = p->run;
	const struct request request = {
	    .command = list, .path = client_path(list, r->settings->project_id, &parent, r->arena), .query = ""};
	const struct list_limits all = {0};
	struct listing l;
	json_t *item;
	size_t i;
	enum dc_code rc = client_list(r->client, &request, &all, &l, r->err);

	if (rc != DC_OK)
		return rc;
	json_array_foreach(l.items, i, item) add_node(p, list, item);
	listing_free(&l);
	return DC_OK;
}

/* A list below something is read for each of what it is below. */
static enum dc_code
read_below(struct picture *p, const struct command *list)
{
	size_t n = p->n;
	json_t *above = list->ids[0].ref, *name;
	size_t i;
	enum dc_code rc = DC_OK;

	json_array_foreach(above, i, name)
	{
		for (size_t k = 0; k < n && rc == DC_OK; k++) {
			if (strcmp(p->node[k].resource->name, json_string_value(name)) == 0)
				rc = read_list(p, list, p->node[k].id);
		}
	}
	return rc;
}

static const struct command *
list_of(const struct picture *p, const struct resource_words *r)
{
	const struct command *list =
	    r->topology != NULL ? spec_command(p->run->spec, r->name, "list", p->operator_side) : NULL;

	return list != NULL && list->kind == COMMAND_LIST && list->ids_n < 2 && client_may(p->run->settings, list)
		   ? list
		   : NULL;
}

static enum dc_code
read_all(struct picture *p)
{
	size_t n;
	const struct resource_words *r = spec_resources(p->run->spec, &n);
	enum dc_code rc = DC_OK;

	for (size_t i = 0; i < n && rc == DC_OK; i++) {
		const struct command *list = list_of(p, &r[i]);

		if (list != NULL && list->ids_n == 0)
			rc = read_list(p, list, NULL);
	}
	for (size_t i = 0; i < n && rc == DC_OK; i++) {
		const struct command *list = list_of(p, &r[i]);

		if (list != NULL && list->ids_n == 1)
			rc = read_below(p, list);
	}
	return rc;
}

static const struct node *
find(const struct picture *p, const char *id)
{
	for (size_t i = 0; id != NULL && i < p->n; i++) {
		if (p->node[i].id != NULL && strcmp(p->node[i].id, id) == 0)
			return &p->node[i];
	}
	return NULL;
}

/* --- lines --- */

static bool
is_upper(const char *text)
{
	for (; *text != '\0'; text++) {
		if (!isupper((unsigned char)*text))
			return false;
	}
	return true;
}

/* "AS 65001", "1000 Mbit/s", "ACTIVE" */
static void
put_shown(struct picture *p, const struct column *c, json_t *item, struct buf *out)
{
	_cleanup_buf_ struct buf text = BUF_INIT(LINE_MAX_BYTES);
	bool titled = strcmp(c->title, c->members[0]) != 0;

	column_text(c, item, &p->run->look, &text);
	if (strcmp(buf_str(&text), "-") == 0)
		return;
	buf_puts(out, "  ");
	if (titled && is_upper(c->title))
		buf_printf(out, "%s ", c->title);
	table_put_colored(out, buf_str(&text), column_color(c, item), p->run->look.color);
	if (titled && !is_upper(c->title))
		buf_printf(out, " %s", c->title);
}

/* "peer_site.gateway_id" */
static json_t *
at_path(json_t *item, const char *path, struct arena *arena)
{
	char *rest = arena_strdup(arena, path), *part;

	while (item != NULL && (part = strsep(&rest, ".")) != NULL)
		item = json_object_get(item, part);
	return item;
}

/* How a member of a member is described. */
static json_t *
property_at(struct picture *p, json_t *schema, const char *path)
{
	char *rest = arena_strdup(p->run->arena, path), *part;
	json_t *property = NULL;

	while (schema != NULL && (part = strsep(&rest, ".")) != NULL) {
		property = json_object_get(schema_properties(schema), part);
		schema = schema_of(p->run->spec, property);
	}
	return property;
}

static const char *
name_of(const struct node *n)
{
	const char *name = text_of(n->item, "name");

	return name != NULL ? name : "";
}

static void
put_name(struct buf *out, const char *title, const char *name, const char *id)
{
	text_safe(out, title);
	buf_putc(out, ' ');
	if (name[0] != '\0')
		text_safe(out, name);
	else
		buf_printf(out, "%.13s", id != NULL ? id : "");
}

/* What is not in the picture. */
static void
put_stranger(struct picture *p, json_t *property, const char *id, struct buf *out)
{
	const struct names_place place = {.resources = schema_ref(property), .operator_side = p->operator_side};
	const char *name = place.resources != NULL ? names_of(p->run->names, &place, id) : NULL;

	text_safe(out, name != NULL ? name : id);
}

/* Where it leads to: what is drawn elsewhere in the picture, or an id. */
static void
put_lead(struct picture *p, const struct node *n, struct buf *out)
{
	json_t *leads = json_object_get(n->resource->topology, "leads"), *member;
	size_t i;

	json_array_foreach(leads, i, member)
	{
		const char *id = json_string_value(at_path(n->item, json_string_value(member), p->run->arena));
		const struct node *to = find(p, id);

		if (id == NULL)
			continue;
		buf_puts(out, "  → ");
		if (to != NULL)
			put_name(out, to->resource->title, name_of(to), to->id);
		else
			put_stranger(p, property_at(p, n->list->answer, json_string_value(member)), id, out);
		return;
	}
}

/* Colours take no room. */
static void
put_line(struct picture *p, const char *branch, const struct buf *line)
{
	buf_puts(p->out, branch);
	buf_puts(p->out, buf_str(line));
	buf_putc(p->out, '\n');
}

static const struct column *
columns_shown(struct picture *p, const struct node *n, size_t *ret_n)
{
	json_t *schema = json_pack("{s:O, s:O}", "x-dcaas-columns", json_object_get(n->resource->topology, "shows"),
	    "properties", schema_properties(n->list->answer));
	struct look l = p->run->look;
	const struct column *columns = NULL;

	/* Without the id, which stands first in a list. */
	l.columns = NULL;
	*ret_n = 0;
	columns_of(p->run->spec, schema, NULL, &l, p->run->arena, &columns, ret_n, NULL);
	json_array_append_new(p->kept, schema);
	return columns;
}

static void
put_node(struct picture *p, const struct node *n, const char *branch, const char *below)
{
	_cleanup_buf_ struct buf line = BUF_INIT(LINE_MAX_BYTES);
	size_t columns_n;
	const struct column *c = columns_shown(p, n, &columns_n);

	put_name(&line, n->resource->title, name_of(n), n->id);
	for (size_t i = 0; i < columns_n; i++) {
		if (!c[i].note && strcmp(c[i].members[0], "id") != 0)
			put_shown(p, &c[i], n->item, &line);
	}
	put_lead(p, n, &line);
	put_line(p, branch, &line);
	for (size_t i = 0; i < columns_n; i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(LINE_MAX_BYTES), note = BUF_INIT(LINE_MAX_BYTES);
		const struct look *l = &p->run->look;

		if (!c[i].note)
			continue;
		column_text(&c[i], n->item, l, &text);
		if (strcmp(buf_str(&text), "-") == 0)
			continue;
		text_cut(&note, buf_str(&text),
		    l->width > text_width(below) + 20 ? l->width - text_width(below)
		    : l->terminal                     ? 20
						      : SIZE_MAX);
		put_line(p, below, &note);
	}
}

/* --- the tree --- */

static bool
is_below(const struct node *child, const struct node *above)
{
	return child->under != NULL && above->id != NULL && strcmp(child->under, above->id) == 0;
}

static size_t
next_child(const struct picture *p, const struct node *above, size_t from)
{
	while (from < p->n && !is_below(&p->node[from], above))
		from++;
	return from;
}

static void
draw(struct picture *p, const struct node *n, const char *branch, const char *indent, int depth)
{
	size_t child = next_child(p, n, 0), next;
	const char *below = arena_printf(p->run->arena, "%s%s", indent, child < p->n ? "│  " : "   ");

	put_node(p, n, branch, below);
	for (; child < p->n && depth < 8; child = next) {
		next = next_child(p, n, child + 1);
		draw(p, &p->node[child], arena_printf(p->run->arena, "%s%s", indent, next < p->n ? "├─ " : "└─ "),
		    arena_printf(p->run->arena, "%s%s", indent, next < p->n ? "│  " : "   "), depth + 1);
	}
}

enum dc_code
tool_topology(struct run *r, struct buf *out)
{
	struct picture p = {
	    .run = r, .operator_side = r->settings->project_id == NULL, .kept = json_array(), .out = out};
	enum dc_code rc = read_all(&p);

	for (size_t i = 0; rc == DC_OK && i < p.n; i++) {
		if (find(&p, p.node[i].under) == NULL)
			draw(&p, &p.node[i], "", "", 0);
	}
	if (rc == DC_OK && p.n == 0)
		fputs("dcaas: there is nothing to draw\n", stderr);
	json_decref(p.kept);
	return rc;
}
