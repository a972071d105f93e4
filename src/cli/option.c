/* SPDX-License-Identifier: ISC */
#include "cli/option.h"

#include "cli/tool.h"
#include "cli/value.h"
#include "cli/word.h"

#define NESTED_MAX 4
#define ROWS_MAX 512

static const struct option common[] = {
    {OPTION_OUTPUT, "output", 'o', "wide|json|yaml|value|name", "form of what is printed"},
    {OPTION_JSON, "json", 'j', NULL, "the same as -o json: what the server sent"},
    {OPTION_QUIET, "quiet", 'q', NULL, "print ids only"},
    {OPTION_VERBOSE, "verbose", 'v', NULL, "print each call on standard error"},
    {OPTION_DRY_RUN, "dry-run", 'n', NULL, "print the call and do not make it"},
    {OPTION_HELP, "help", 'h', NULL, "print help"},
    {OPTION_VERSION, "version", 'V', NULL, "print the version"},
    {OPTION_ENDPOINT, "endpoint", 0, "URL", "server, as scheme://host:port"},
    {OPTION_PROFILE, "profile", 0, "NAME", "section of the configuration file"},
    {OPTION_CONFIG, "config", 0, "FILE", "configuration file"},
    {OPTION_ENV, "env", 0, "FILE", "file with lines DCAAS_...=value, read like the environment"},
    {OPTION_CA, "ca", 0, "FILE", "certificates (PEM) to trust, instead of the system's"},
    {OPTION_MAX_TIME, "max-time", 0, "SECONDS", "longest time of one call (60)"},
};
#define COMMON_N (sizeof(common) / sizeof(common[0]))

struct rows {
	const struct spec *spec;
	struct arena *arena;
	struct option *v;
	size_t n;
};

static void
add(struct rows *r, struct option row)
{
	if (r->n < ROWS_MAX)
		r->v[r->n++] = row;
}

static char *
with_hyphens(struct arena *arena, const char *name)
{
	char *out = arena_strdup(arena, name);

	for (char *c = out; *c != '\0'; c++)
		*c = *c == '_' ? '-' : *c;
	return out;
}

static void
add_secret(struct rows *r, const char *path, const char *name, struct option row)
{
	row.kind = OPTION_SECRET;
	row.form = "";
	add(r, row);
	row.kind = OPTION_SECRET_FILE;
	row.name = arena_printf(r->arena, "%s-file", name);
	row.form = "FILE|-";
	row.member = path;
	add(r, row);
}

/* One option for each member; those of an object also by dots. */
static void
add_members(struct rows *r, json_t *schema, const char *prefix, int depth, bool required)
{
	const char *member;
	json_t *of;

	json_object_foreach(schema_properties(schema), member, of)
	{
		json_t *inner = schema_of(r->spec, of);
		const char *path = arena_printf(r->arena, "%s%s", prefix, member);
		const char *given = json_string_value(json_object_get(of, "x-dcaas-option"));
		const char *name = given != NULL ? arena_strdup(r->arena, given) : with_hyphens(r->arena, path);
		struct option row = {OPTION_MEMBER, name, .doc = schema_doc(of), .member = path, .schema = inner,
		    .property = of, .ref = schema_ref(of)};

		row.required = required && schema_requires(schema, member);
		if (!row.required && schema_refuses_all(of))
			continue;
		row.form = row.ref != NULL ? "NAME|ID" : value_form(r->spec, inner, r->arena);
		if (schema_is_secret(inner)) {
			add_secret(r, path, name, row);
			continue;
		}
		add(r, row);
		if (schema_type(inner) == SCHEMA_OBJECT && depth < NESTED_MAX)
			add_members(r, inner, arena_printf(r->arena, "%s.", path), depth + 1, false);
	}
}

static bool
is_paging(const char *name)
{
	return strcmp(name, "limit") == 0 || strcmp(name, "marker") == 0;
}

static void
add_query(struct rows *r, const struct command *c)
{
	for (size_t i = 0; i < c->query_n; i++) {
		const struct parameter *p = &c->query[i];

		if (c->paged && is_paging(p->name))
			continue;
		add(r, (struct option){OPTION_QUERY, with_hyphens(r->arena, p->name),
			   .form = p->ref != NULL ? "NAME|ID" : value_form(r->spec, p->schema, r->arena), .doc = p->doc,
			   .required = p->required, .member = p->name, .schema = p->schema, .ref = p->ref});
	}
	if (!c->paged)
		return;
	add(r, (struct option){OPTION_LIMIT, "limit", .form = "N", .doc = "items at most; without it all of them"});
	add(r, (struct option){OPTION_MARKER, "marker", .form = "ID", .doc = "begin behind this item"});
	add(r, (struct option){OPTION_PAGE_SIZE, "page-size", .form = "N", .doc = "items to ask for in one call"});
}

static void
add_timeout(struct rows *r)
{
	add(r, (struct option){OPTION_TIMEOUT, "timeout", .form = "SECONDS", .doc = "longest wait (60)"});
}

static void
add_expectations(struct rows *r, const struct command *c)
{
	const char *member;
	json_t *of;

	add(r, (struct option){OPTION_GONE, "gone", .doc = "wait until it is not there any more"});
	add_timeout(r);
	json_object_foreach(schema_properties(c->answer), member, of)
	{
		json_t *inner = schema_of(r->spec, of);
		enum schema_type type = schema_type(inner);

		if (type == SCHEMA_ARRAY || type == SCHEMA_OBJECT || schema_is_secret(inner))
			continue;
		add(r, (struct option){OPTION_EXPECT, with_hyphens(r->arena, member),
			   .form = value_form(r->spec, inner, r->arena), .doc = schema_doc(of),
			   .member = arena_strdup(r->arena, member), .schema = inner});
	}
}

static void
add_reading(struct rows *r)
{
	add(r, (struct option){OPTION_COLUMNS, "columns", .form = "NAME,...", .doc = "columns or members to print"});
	add(r, (struct option){OPTION_NO_HEADER, "no-header", .doc = "leave out the line of titles"});
	add(r, (struct option){OPTION_WATCH, "watch", 'w', .doc = "print it again and again until interrupted"});
	add(r, (struct option){OPTION_INTERVAL, "interval", .form = "SECONDS", .doc = "between two readings (2)"});
}

static void
add_project(struct rows *r)
{
	add(r, (struct option){OPTION_PROJECT, "project", .form = "ID", .doc = "project to work in"});
}

/* A change may be waited for, where there is something to look at. */
static void
add_writing(struct rows *r, const struct command *c)
{
	bool remove = strcmp(c->method, "DELETE") == 0;
	const struct command *show = c->resource != NULL ? spec_beside(r->spec, c, "show") : NULL;
	json_t *status = show != NULL ? json_object_get(schema_properties(show->answer), "status") : NULL;

	if (remove)
		add(r, (struct option){OPTION_YES, "yes", 'y', .doc = "do not ask on a terminal"});
	if (c->resource == NULL || show == NULL || (!remove && status == NULL))
		return;
	if (!remove && strcmp(c->verb, "create") != 0 && strcmp(c->verb, "update") != 0)
		return;
	add(r,
	    (struct option){OPTION_WAIT, "wait", .doc = remove ? "wait until it is gone" : "wait until it is ACTIVE"});
	add_timeout(r);
}

static void
add_of_tool(struct rows *r, const struct command *c)
{
	bool file = c->kind == COMMAND_APPLY || c->kind == COMMAND_DIFF;

	if (file)
		add(r, (struct option){OPTION_FILE, "file", 'f', "FILE|-", "YAML or JSON; may be given several times",
			   .required = true});
	if (c->kind == COMMAND_APPLY) {
		add(r, (struct option){OPTION_WAIT, "wait", .doc = "wait until each is ACTIVE"});
		add_timeout(r);
	}
	if (c->kind == COMMAND_EXPORT)
		add(r, (struct option){OPTION_SECRETS, "secrets", .doc = "print passwords, too"});
	if (c->kind == COMMAND_EVENTS)
		add(r, (struct option){OPTION_LIMIT, "limit", .form = "N", .doc = "how many of the newest (50)"});
	if (c->kind == COMMAND_TOPOLOGY) {
		add(r,
		    (struct option){OPTION_WATCH, "watch", 'w', .doc = "print it again and again until interrupted"});
		add(r,
		    (struct option){OPTION_INTERVAL, "interval", .form = "SECONDS", .doc = "between two readings (2)"});
	}
	add_project(r);
}

static void
add_own(struct rows *r, const struct command *c)
{
	if (tool_is(c)) {
		add_of_tool(r, c);
		return;
	}
	if (c->kind == COMMAND_WAIT) {
		add_expectations(r, c);
		add(r,
		    (struct option){OPTION_INTERVAL, "interval", .form = "SECONDS", .doc = "between two readings (1)"});
	} else {
		add_members(r, c->body, "", 0, true);
		add_query(r, c);
		if (c->body != NULL)
			add(r, (struct option){OPTION_BODY, "body", .form = "FILE|-",
				   .doc = "JSON object with the members; options go over it"});
		if (strcmp(c->method, "GET") == 0)
			add_reading(r);
		else
			add_writing(r, c);
	}
	if (c->in_project)
		add_project(r);
}

const struct option *
options_of(const struct spec *spec, const struct command *command, struct arena *arena, size_t *n)
{
	struct rows r = {.spec = spec, .arena = arena};

	r.v = arena_array(arena, ROWS_MAX + COMMON_N, sizeof(*r.v));
	if (command != NULL)
		add_own(&r, command);
	else
		add_project(&r);
	for (size_t i = 0; i < COMMON_N; i++)
		r.v[r.n++] = common[i];
	*n = r.n;
	return r.v;
}

enum dc_code
option_find(const struct option *options, size_t n, const char *word, const struct option **ret, struct dc_error *err)
{
	const char **names = calloc(n + 1, sizeof(*names));
	size_t *at = calloc(n + 1, sizeof(*at)), shown = 0, found = 0;
	enum dc_code rc = DC_OK;

	if (names == NULL || at == NULL)
		rc = dc_fail(err, DC_E_IO, NULL, "out of memory");
	for (size_t i = 0; rc == DC_OK && i < n; i++) {
		/* A secret that may not be given this way is nobody's abbreviation. */
		if (options[i].kind == OPTION_SECRET && word_match(word, options[i].name) != WORD_SAME)
			continue;
		names[shown] = options[i].name;
		at[shown++] = i;
	}
	if (rc == DC_OK && (rc = word_find(word, names, shown, "option", &found, err)) == DC_OK)
		*ret = &options[at[found]];
	free(names);
	free(at);
	return rc;
}

const struct option *
option_letter(const struct option *options, size_t n, char letter)
{
	for (size_t i = 0; i < n; i++) {
		if (options[i].letter == letter && letter != '\0')
			return &options[i];
	}
	return NULL;
}
