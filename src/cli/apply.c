/* SPDX-License-Identifier: ISC */
/* `dcaas apply` and `dcaas diff`: what files describe, against what there is.
 *
 * First everything is read and compared: a file that cannot be meant, or asks for what cannot be changed, changes
 * nothing. Then each entry is carried out in order; a failure ends it, with what was done and what was not. */
#include "cli/manifest.h"
#include "cli/resolve.h"
#include "cli/run_priv.h"
#include "cli/text.h"

#define CELL_MAX 65536

enum step_kind { STEP_SAME, STEP_CREATE, STEP_CHANGE };

struct step {
	const struct entry *entry;
	enum step_kind kind;
	json_t *members;     /* names resolved */
	json_t *found;       /* as it is; NULL: it is not there */
	json_t *changes;     /* members that differ */
	const char *pending; /* a name that an entry before this one makes; NULL: none */
	const char *parent;  /* id of what it is below; NULL: nothing */
	const char *id;      /* of what was created or changed */
};

/* A list that was read, so that many entries of one kind take one call. */
struct seen {
	struct seen *next;
	const struct command *list;
	const char *parent;
	json_t *items;
};

struct plan {
	struct run *run;
	struct manifest manifest;
	struct step *step;
	struct seen *seen;
	size_t wrong; /* entries that cannot be carried out */
};

/* --- what there is --- */

static bool
is_same_text(const char *a, const char *b)
{
	return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static enum dc_code
items_of(struct plan *p, const struct command *list, const char *parent, json_t **ret)
{
	struct run *r = p->run;
	struct seen *s = p->seen;
	const struct list_limits all = {0};
	struct request request = {.command = list, .query = ""};
	struct listing l;
	enum dc_code rc;

	while (s != NULL && (s->list != list || !is_same_text(s->parent, parent)))
		s = s->next;
	if (s == NULL) {
		request.path = client_path(list, r->settings->project_id, &parent, r->arena);
		if ((rc = client_check(r->settings, list, r->err)) != DC_OK ||
		    (rc = client_list(r->client, &request, &all, &l, r->err)) != DC_OK)
			return rc;
		s = arena_new_of(r->arena, struct seen);
		*s = (struct seen){
		    p->seen, list, parent != NULL ? arena_strdup(r->arena, parent) : NULL, json_incref(l.items)};
		p->seen = s;
		listing_free(&l);
	}
	*ret = s->items;
	return DC_OK;
}

/* After a change lists and names are read again. */
static void
forget(struct plan *p)
{
	for (struct seen *s = p->seen; s != NULL; s = s->next)
		json_decref(s->items);
	p->seen = NULL;
	names_free(p->run->names);
}

static bool
is_leaving(json_t *item)
{
	const char *status = json_string_value(json_object_get(item, "status"));

	return status != NULL && strcmp(status, "PENDING_DELETE") == 0;
}

static bool
has_identity(const struct step *s, json_t *item)
{
	json_t *member;
	size_t i;

	json_array_foreach(s->entry->resource->identity, i, member)
	{
		const char *name = json_string_value(member);
		const char *mine = json_string_value(json_object_get(s->members, name));
		const char *other = json_string_value(json_object_get(item, name));

		/* What stands in the path is the same for all that are listed below it. */
		if (entry_place(s->entry, name) != NULL)
			continue;
		if (mine == NULL || other == NULL || strcasecmp(mine, other) != 0)
			return false;
		if (!schema_is_id(entry_property(s->entry, name)) && strcmp(mine, other) != 0)
			return false;
	}
	return !is_leaving(item);
}

static enum dc_code
find(struct plan *p, struct step *s)
{
	json_t *items, *item;
	size_t i, n = 0;
	enum dc_code rc = items_of(p, s->entry->list, s->parent, &items);

	if (rc != DC_OK)
		return rc;
	json_array_foreach(items, i, item)
	{
		if (!has_identity(s, item))
			continue;
		json_decref(s->found);
		s->found = json_incref(item);
		n++;
	}
	if (n > 1)
		return dc_fail(p->run->err, DC_E_PARAM, NULL, "%s: there are %zu of them", s->entry->label, n);
	return DC_OK;
}

/* --- what differs --- */

static bool
holds(json_t *list, json_t *value)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_equal(item, value))
			return true;
	}
	return false;
}

/* Lists are the same in any order; of an object the members that are asked for count. */
static bool
is_equal(json_t *wanted, json_t *is)
{
	json_t *item;
	const char *member;
	size_t i;

	if (json_is_array(wanted) && json_is_array(is)) {
		if (json_array_size(wanted) != json_array_size(is))
			return false;
		json_array_foreach(wanted, i, item)
		{
			if (!holds(is, item))
				return false;
		}
		return true;
	}
	if (json_is_object(wanted) && json_is_object(is)) {
		json_object_foreach(wanted, member, item)
		{
			if (!is_equal(item, json_object_get(is, member)))
				return false;
		}
		return true;
	}
	if (json_is_string(wanted) && json_is_string(is))
		return strcasecmp(json_string_value(wanted), json_string_value(is)) == 0 &&
		       (strcmp(json_string_value(wanted), json_string_value(is)) == 0);
	return json_equal(wanted, is) || (!value_is_there(wanted) && !value_is_there(is));
}

static bool
differs(const struct entry *e, const char *member, json_t *wanted, json_t *is)
{
	json_t *of = entry_property(e, member);
	const char *a = json_string_value(wanted), *b = json_string_value(is);

	if (a != NULL && b != NULL && (schema_is_id(of) || json_object_get(of, "enum") != NULL))
		return strcasecmp(a, b) != 0;
	return !is_equal(wanted, is);
}

static void
put_value(struct plan *p, const struct step *s, const char *member, json_t *value, struct buf *out)
{
	_cleanup_buf_ struct buf text = BUF_INIT(CELL_MAX);
	json_t *of = entry_property(s->entry, member);
	struct look l = p->run->look;

	l.terminal = true; /* ids by their names */
	if (schema_is_secret(schema_of(p->run->spec, of)) && json_is_string(value))
		buf_puts(&text, "***");
	else
		value_text(of, s->members, value, &l, false, &text);
	buf_puts(out, buf_str(&text));
}

/* "bandwidth 50 → 60" */
static void
put_change(struct plan *p, const struct step *s, const char *member, struct buf *out)
{
	buf_printf(out, "%s ", member);
	put_value(p, s, member, json_object_get(s->found, member), out);
	buf_puts(out, " → ");
	put_value(p, s, member, json_object_get(s->members, member), out);
}

/* Members that no answer shows (passwords) cannot be compared, and are left as they are. */
static enum dc_code
compare(struct plan *p, struct step *s)
{
	json_t *answer = schema_properties(s->entry->list->answer), *value;
	json_t *may = s->entry->update != NULL ? schema_properties(s->entry->update->body) : NULL;
	const char *member;

	json_object_foreach(s->members, member, value)
	{
		_cleanup_buf_ struct buf text = BUF_INIT(CELL_MAX);

		if (entry_place(s->entry, member) != NULL || json_is_null(value) ||
		    json_object_get(answer, member) == NULL ||
		    !differs(s->entry, member, value, json_object_get(s->found, member)))
			continue;
		if (json_object_get(may, member) == NULL) {
			put_change(p, s, member, &text);
			return dc_fail(p->run->err, DC_E_PARAM, NULL,
			    "%s: %s cannot be changed; delete it and apply again", s->entry->label, buf_str(&text));
		}
		json_object_set(s->changes, member, value);
	}
	s->kind = json_object_size(s->changes) > 0 ? STEP_CHANGE : STEP_SAME;
	return DC_OK;
}

static enum dc_code
check_required(struct plan *p, const struct step *s)
{
	_cleanup_buf_ struct buf missing = BUF_INIT(CELL_MAX);
	const char *member;
	json_t *of;

	json_object_foreach(schema_properties(s->entry->create->body), member, of)
	{
		if (schema_requires(s->entry->create->body, member) && json_object_get(s->members, member) == NULL)
			buf_printf(&missing, "%s%s", missing.len > 0 ? ", " : "", member);
	}
	return missing.len == 0
		   ? DC_OK
		   : dc_fail(p->run->err, DC_E_PARAM, NULL, "%s: missing: %s", s->entry->label, buf_str(&missing));
}

/* --- names --- */

/* The entry that describes a thing of that name. */
static bool
will_be_made(const struct plan *p, const struct entry *by, json_t *resources, const char *name)
{
	for (size_t i = 0; i < p->manifest.n; i++) {
		const struct entry *e = &p->manifest.entry[i];
		const char *found = json_string_value(json_object_get(e->members, "name"));
		json_t *resource = json_string(e->resource->name);
		bool is = e != by && found != NULL && strcmp(found, name) == 0 && holds(resources, resource);

		json_decref(resource);
		if (is)
			return true;
	}
	return false;
}

static enum dc_code
resolve_one(struct plan *p, struct step *s, json_t *resources, json_t *holder, const char *member, json_t *value)
{
	const struct names_place where = {.resources = resources, .operator_side = s->entry->create->operator_side};
	const char *id = NULL, *name = json_string_value(value);
	enum dc_code rc = names_find(p->run->names, &where, name, &id, p->run->err);

	if (rc == DC_E_NOT_FOUND && will_be_made(p, s->entry, resources, name)) {
		*p->run->err = (struct dc_error){0};
		s->pending = arena_strdup(p->run->arena, name);
		return DC_OK;
	}
	if (rc != DC_OK)
		return dc_fail(p->run->err, rc, NULL, "%s, %s: %s", s->entry->label, member,
		    arena_strdup(p->run->arena, p->run->err->text));
	json_object_set_new(holder, member, json_string(id));
	return DC_OK;
}

static enum dc_code
resolve_members(struct plan *p, struct step *s, json_t *schema, json_t *holder, int depth)
{
	const char *member;
	json_t *value;
	void *next;
	enum dc_code rc = DC_OK;

	json_object_foreach_safe(holder, next, member, value)
	{
		const struct parameter *place = depth == 0 ? entry_place(s->entry, member) : NULL;
		json_t *of = json_object_get(schema_properties(schema), member);
		json_t *ref = place != NULL ? place->ref : schema_ref(of);

		if (json_is_object(value) && depth < 4)
			rc = resolve_members(p, s, schema_of(p->run->spec, of), value, depth + 1);
		else if (json_is_string(value) && ref != NULL)
			rc = resolve_one(p, s, ref, holder, member, value);
		if (rc != DC_OK)
			return rc;
		if (place != NULL && s->pending == NULL)
			s->parent = json_string_value(json_object_get(holder, member));
	}
	return DC_OK;
}

/* --- the plan --- */

static void
clear_step(struct step *s)
{
	json_decref(s->members);
	json_decref(s->found);
	json_decref(s->changes);
	*s = (struct step){.entry = s->entry, .id = s->id};
}

/* Compares an entry with what there is. */
static enum dc_code
plan_step(struct plan *p, struct step *s)
{
	enum dc_code rc;

	clear_step(s);
	s->members = json_deep_copy(s->entry->members);
	s->changes = json_object();
	s->kind = STEP_CREATE;
	if ((rc = resolve_members(p, s, s->entry->create->body, s->members, 0)) != DC_OK)
		return rc;
	if (s->pending != NULL)
		return check_required(p, s);
	if ((rc = find(p, s)) != DC_OK)
		return rc;
	return s->found != NULL ? compare(p, s) : check_required(p, s);
}

/* Prints all that is wrong, not only the first. */
static enum dc_code
make_plan(struct plan *p)
{
	p->step = arena_array(p->run->arena, p->manifest.n + 1, sizeof(*p->step));
	for (size_t i = 0; i < p->manifest.n; i++) {
		enum dc_code rc;

		p->step[i].entry = &p->manifest.entry[i];
		if ((rc = plan_step(p, &p->step[i])) == DC_OK)
			continue;
		if (rc != DC_E_PARAM && rc != DC_E_NOT_FOUND)
			return rc;
		fprintf(stderr, "dcaas: %s\n", p->run->err->text);
		*p->run->err = (struct dc_error){0};
		p->wrong++;
	}
	if (p->wrong > 0)
		return dc_fail(p->run->err, DC_E_PARAM, NULL, "nothing is changed");
	return DC_OK;
}

/* --- carrying it out --- */

static void
put_step(struct plan *p, const struct step *s, const char *const words[3], struct buf *out)
{
	_cleanup_buf_ struct buf label = BUF_INIT(CELL_MAX);
	static const enum table_color colors[] = {COLOR_NONE, COLOR_GOOD, COLOR_CHANGING};
	const char *member, *gap = ": ";
	json_t *value;

	text_safe(&label, s->entry->label);
	table_put_colored(out, words[s->kind], colors[s->kind], p->run->look.color);
	buf_printf(out, " %s", buf_str(&label));
	json_object_foreach(s->changes, member, value)
	{
		buf_puts(out, gap);
		put_change(p, s, member, out);
		gap = ", ";
	}
	buf_putc(out, '\n');
}

/* The body: what is no part of the path. */
static const char *
body_of(struct plan *p, const struct step *s, const struct command *c)
{
	json_t *body = json_object(), *from = s->kind == STEP_CHANGE ? s->changes : s->members, *value, *whole;
	const char *member, *kept;
	char *text;

	json_object_foreach(from, member, value)
	{
		if (json_object_get(schema_properties(c->body), member) != NULL && !json_is_null(value))
			json_object_set(body, member, value);
	}
	whole = c->envelope != NULL ? json_pack("{s:o}", c->envelope, body) : body;
	text = json_dumps(whole, JSON_COMPACT);
	kept = arena_strdup(p->run->arena, text != NULL ? text : "{}");
	json_decref(whole);
	free(text);
	return kept;
}

static enum dc_code
wait_for_step(struct plan *p, const struct step *s)
{
	_cleanup_buf_ struct buf ignored = BUF_INIT(OUTPUT_MAX);
	const struct command *show =
	    spec_command(p->run->spec, s->entry->resource->name, "show", s->entry->create->operator_side);
	const char *ids[] = {s->parent, s->id};

	if (show == NULL || s->id == NULL || json_object_get(schema_properties(show->answer), "status") == NULL)
		return DC_OK;
	return wait_until_active(p->run, show, s->parent != NULL ? ids : ids + 1, s->entry->label, &ignored);
}

static enum dc_code
call_step(struct plan *p, struct step *s)
{
	struct run *r = p->run;
	const struct command *c = s->kind == STEP_CREATE ? s->entry->create : s->entry->update;
	const char *id = json_string_value(json_object_get(s->found, "id")), *ids[2] = {s->parent, id};
	struct request request = {.command = c, .query = "", .body = body_of(p, s, c)};
	json_t *body, *thing;
	enum dc_code rc;

	request.path = client_path(c, r->settings->project_id, s->parent != NULL ? ids : ids + 1, r->arena);
	if ((rc = client_check(r->settings, c, r->err)) != DC_OK ||
	    (rc = client_json(r->client, &request, NULL, &body, r->err)) != DC_OK)
		return rc;
	thing = c->member != NULL ? json_object_get(body, c->member) : body;
	if (json_string_value(json_object_get(thing, "id")) != NULL)
		id = arena_strdup(r->arena, json_string_value(json_object_get(thing, "id")));
	s->id = id != NULL ? arena_strdup(r->arena, id) : NULL;
	json_decref(body);
	return DC_OK;
}

/* What waited for an entry before it is compared again: it may be there by now, as an interface's first peer is. */
static enum dc_code
carry_out(struct plan *p, struct step *s)
{
	static const char *const words[] = {"unchanged", "created", "changed"};
	_cleanup_buf_ struct buf line = BUF_INIT(CELL_MAX);
	enum dc_code rc = s->pending != NULL ? plan_step(p, s) : DC_OK;

	if (rc == DC_OK && s->kind != STEP_SAME)
		rc = call_step(p, s);
	if (rc != DC_OK)
		return rc;
	put_step(p, s, words, &line);
	if (s->kind != STEP_SAME)
		forget(p);
	return p->run->args->quiet ? DC_OK : run_put(p->run, &line);
}

/* Nothing is left half-done without a word. */
static enum dc_code
stop_at(struct plan *p, size_t at, enum dc_code rc)
{
	fprintf(stderr, "dcaas: %s failed: %s\n", p->step[at].entry->label, p->run->err->text);
	for (size_t i = at + 1; i < p->manifest.n; i++)
		fprintf(stderr, "dcaas: not done: %s\n", p->step[i].entry->label);
	return dc_fail(
	    p->run->err, rc, NULL, "%zu of %zu entries are done; apply the file again to continue", at, p->manifest.n);
}

static enum dc_code
carry_out_all(struct plan *p)
{
	for (size_t i = 0; i < p->manifest.n; i++) {
		enum dc_code rc = carry_out(p, &p->step[i]);

		if (rc != DC_OK)
			return stop_at(p, i, rc);
	}
	/* When all is there: one may wait for another. */
	for (size_t i = 0; i < p->manifest.n && p->run->args->wait; i++) {
		enum dc_code rc = wait_for_step(p, &p->step[i]);

		if (rc != DC_OK)
			return rc;
	}
	return DC_OK;
}

static enum dc_code
tell_differences(struct plan *p)
{
	static const char *const words[] = {"=", "+", "~"};
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);
	size_t differences = 0;
	enum dc_code rc;

	for (size_t i = 0; i < p->manifest.n; i++) {
		differences += p->step[i].kind != STEP_SAME;
		if (p->step[i].kind != STEP_SAME || p->run->args->verbose)
			put_step(p, &p->step[i], words, &out);
	}
	rc = p->run->args->quiet ? DC_OK : run_put(p->run, &out);
	if (rc != DC_OK || differences == 0 || p->run->args->command->kind != COMMAND_DIFF)
		return rc;
	return dc_fail(p->run->err, DC_E_CONFLICT, NULL, "%s", "");
}

enum dc_code
tool_apply(struct run *r)
{
	struct plan p = {.run = r};
	enum dc_code rc = manifest_read(r->spec, r->args->files, r->args->files_n, r->arena, &p.manifest, r->err);

	if (rc == DC_OK && (rc = make_plan(&p)) == DC_OK)
		rc = r->args->command->kind == COMMAND_DIFF || r->args->dry_run ? tell_differences(&p)
										: carry_out_all(&p);
	for (size_t i = 0; p.step != NULL && i < p.manifest.n; i++)
		clear_step(&p.step[i]);
	forget(&p);
	manifest_free(&p.manifest);
	return rc;
}
