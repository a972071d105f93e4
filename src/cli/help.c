/* SPDX-License-Identifier: ISC */
#include "cli/help.h"

#include "base/buf.h"
#include "cli/option.h"
#include "cli/settings.h"
#include "cli/tool.h"

#define NAME_WIDTH 26
#define LINE_WIDTH 80

void
help_short(FILE *to)
{
	fputs("usage: dcaas [options] RESOURCE VERB [NAME|ID] [--member value ...]\n"
	      "       dcaas apply|diff -f FILE\n"
	      "       dcaas export|topology|events\n"
	      "       dcaas help [RESOURCE [VERB]]\n"
	      "       dcaas completion bash|zsh|fish\n",
	    to);
}

static void
verbs(const struct noun *noun, FILE *to)
{
	fprintf(to, "  %-*s", NAME_WIDTH, noun->name);
	for (size_t i = 0; i < noun->n; i++)
		fprintf(to, " %s", noun->commands[i].verb);
	fputc('\n', to);
}

static void
side(const struct spec *s, bool operator_side, const char *title, FILE *to)
{
	size_t n;
	const struct noun *nouns = spec_nouns(s, &n);

	fprintf(to, "\n%s:\n", title);
	for (size_t i = 0; i < n; i++) {
		if (nouns[i].operator_side == operator_side)
			verbs(&nouns[i], to);
	}
}

/* Words in lines of a terminal's width, each behind the column of names. */
static void
wrapped(FILE *to, const char *words)
{
	size_t room = LINE_WIDTH - NAME_WIDTH - 3, used = 0;

	for (words += strspn(words, " "); *words != '\0'; words += strspn(words, " ")) {
		size_t len = strcspn(words, " ");

		if (used > 0 && used + 1 + len > room) {
			fprintf(to, "\n  %*s", NAME_WIDTH, "");
			used = 0;
		}
		fprintf(to, " %.*s", (int)len, words);
		used += len + (used > 0);
		words += len;
	}
	fputc('\n', to);
}

/* One row of help: a name in its column, words beside or below the name. */
static void
row(FILE *to, const char *name, const char *words)
{
	if (strlen(name) > NAME_WIDTH)
		fprintf(to, "  %s\n  %*s", name, NAME_WIDTH, "");
	else
		fprintf(to, "  %-*s", NAME_WIDTH, name);
	wrapped(to, words != NULL ? words : "");
}

/* --- what a value may be --- */

static void
put_default(struct buf *out, json_t *schema)
{
	json_t *usual = json_object_get(schema, "default");
	char *text = usual != NULL ? json_dumps(usual, JSON_ENCODE_ANY) : NULL;

	if (json_is_string(usual) && json_string_length(usual) > 0)
		buf_printf(out, "default %s", json_string_value(usual));
	else if (usual != NULL && !json_is_string(usual) && !json_is_false(usual) && text != NULL)
		buf_printf(out, "default %s", text);
	free(text);
}

static void
put_bounds(struct buf *out, json_t *schema, const char *least, const char *most, const char *unit)
{
	json_t *min = json_object_get(schema, least), *max = json_object_get(schema, most);
	const char *comma = out->len > 0 ? ", " : "";

	if (min != NULL && max != NULL)
		buf_printf(out, "%s%lld to %lld%s", comma, (long long)json_integer_value(min),
		    (long long)json_integer_value(max), unit);
	else if (max != NULL)
		buf_printf(out, "%sat most %lld%s", comma, (long long)json_integer_value(max), unit);
	else if (min != NULL)
		buf_printf(out, "%sat least %lld%s", comma, (long long)json_integer_value(min), unit);
}

/* " (needed; default ipv4, 2 to 100000)" */
static const char *
limits(const struct option *o, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(1024);
	bool request = o->kind == OPTION_MEMBER || o->kind == OPTION_SECRET_FILE;

	if (request) {
		put_default(&out, o->schema);
		put_bounds(&out, o->schema, "minimum", "maximum", "");
		if (json_object_get(o->schema, "enum") == NULL && o->ref == NULL)
			put_bounds(&out, o->schema, "minLength", "maxLength", " characters");
		put_bounds(&out, o->schema, "minItems", "maxItems", " values");
	}
	if (!o->required && out.len == 0)
		return "";
	return arena_printf(
	    arena, " (%s%s%s)", o->required ? "needed" : "", o->required && out.len > 0 ? "; " : "", buf_str(&out));
}

static void
option_row(const struct option *o, struct arena *arena, FILE *to)
{
	const char *letter = o->letter != '\0' ? arena_printf(arena, "-%c, ", o->letter) : "";
	const char *name = arena_printf(
	    arena, "%s--%s%s%s", letter, o->name, o->form != NULL ? " " : "", o->form != NULL ? o->form : "");

	row(to, name, arena_printf(arena, "%s%s", o->doc != NULL ? o->doc : "", limits(o, arena)));
}

static bool
is_own(const struct option *o)
{
	return o->kind >= OPTION_COLUMNS || (o->kind >= OPTION_WATCH && o->kind <= OPTION_SECRETS) ||
	       o->kind == OPTION_PROJECT;
}

static void
options(const struct spec *s, const struct command *c, bool own, const char *title, FILE *to)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	size_t n;
	const struct option *all = options_of(s, c, arena, &n);
	bool any = false;

	for (int needed = 1; needed >= 0; needed--) {
		for (size_t i = 0; i < n; i++) {
			if (all[i].kind == OPTION_SECRET || is_own(&all[i]) != own || all[i].required != (needed == 1))
				continue;
			if (!any)
				fprintf(to, "\n%s:\n", title);
			any = true;
			option_row(&all[i], arena, to);
		}
	}
}

static void
settings(FILE *to)
{
	const char *key, *variable, *doc;

	fputs(
	    "\nsettings, from --env FILE, the environment, or ~/.config/dcaas/config (sections of key = value):\n", to);
	for (size_t i = 0; settings_key(i, &key, &variable, &doc); i++)
		fprintf(to, "  %-*s %-18s %s\n", NAME_WIDTH, variable, key, doc);
}

void
help_all(const struct spec *s, FILE *to)
{
	help_short(to);
	fputs("A thing is called by its name, its id, or a beginning of its id. Words and options may\n"
	      "be shortened while they stay clear. dcaas RESOURCE VERB --help prints the options.\n\n",
	    to);
	for (const struct command *t = tools; t->noun != NULL; t++)
		row(to, t->noun, t->summary);
	side(s, false, "tenant's resources", to);
	side(s, true, "operator's resources", to);
	options(s, NULL, false, "options of every command", to);
	settings(to);
	fputs("\nexit status: 0 done, 1 refused by the API, 2 usage, 3 no answer from the server,\n"
	      "4 authentication, 5 a wait timed out, 6 diff found differences\n",
	    to);
}

static void
ids(const struct command *c, FILE *to)
{
	for (size_t i = 0; i < c->ids_n; i++)
		fprintf(to, " %s%s", c->ids[i].name, i + 1 == c->ids_n && strcmp(c->verb, "delete") == 0 ? " ..." : "");
}

/* Short words and a plural may stand for the noun. */
static void
other_words(const struct noun *noun, FILE *to)
{
	const struct resource_words *r = noun->commands[0].resource;
	json_t *word;
	size_t i;

	if (r == NULL || json_array_size(r->shorts) == 0)
		return;
	fputs("short:", to);
	json_array_foreach(r->shorts, i, word) fprintf(to, " %s", json_string_value(word));
	fputs("\n", to);
}

void
help_noun(const struct noun *noun, FILE *to)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	fprintf(to, "usage: dcaas %s VERB [NAME|ID] [--member value ...]\n", noun->name);
	other_words(noun, to);
	fputc('\n', to);
	for (size_t i = 0; i < noun->n; i++) {
		const struct command *c = &noun->commands[i];

		row(to, arena_printf(arena, "%s%s", c->verb, c->ids_n > 0 ? " NAME" : ""), c->summary);
	}
}

/* --- an example of each command --- */

static const char *
example_of(json_t *property)
{
	return json_string_value(json_object_get(property, "x-dcaas-example"));
}

/* What a thing of that resource may be called. */
static const char *
example_name(const struct spec *s, const char *resource)
{
	const struct command *create = spec_command(s, resource, "create", false);
	const char *name = create != NULL ? example_of(json_object_get(schema_properties(create->body), "name")) : NULL;

	return name != NULL ? name : "NAME";
}

/* A command line, continued in the next line where it is long. */
struct line {
	FILE *to;
	size_t used;
};

static void
put_piece(struct line *l, const char *piece)
{
	if (l->used > 0 && l->used + strlen(piece) + 3 > LINE_WIDTH) {
		fputs(" \\\n     ", l->to);
		l->used = 5;
	}
	fprintf(l->to, " %s", piece);
	l->used += strlen(piece) + 1;
}

/* As a shell reads it. */
static const char *
quoted(const char *word, struct arena *arena)
{
	return strpbrk(word, " ;&|<>$*?()'\"") != NULL ? arena_printf(arena, "'%s'", word) : word;
}

static const char *
example_value(const struct option *o)
{
	const char *example = example_of(o->property);
	json_t *allowed = json_object_get(o->schema, "enum");

	if (example != NULL)
		return example;
	if (json_is_string(json_array_get(allowed, 0)))
		return json_string_value(json_array_get(allowed, 0));
	return o->form;
}

/* Members with an example, and those that are needed; of a change one is enough. */
static void
example_members(const struct spec *s, const struct command *c, struct arena *arena, struct line *l)
{
	bool change = strcmp(c->method, "PUT") == 0;
	size_t n;
	const struct option *o = options_of(s, c, arena, &n);

	for (size_t i = 0; i < n; i++) {
		bool shown = o[i].required || example_of(o[i].property) != NULL;

		if (!shown || (o[i].kind != OPTION_MEMBER && o[i].kind != OPTION_SECRET_FILE) ||
		    (schema_type(o[i].schema) == SCHEMA_OBJECT))
			continue;
		put_piece(l, arena_printf(arena, "--%s %s", o[i].name, quoted(example_value(&o[i]), arena)));
		if (change)
			return;
	}
}

static void
example(const struct spec *s, const struct command *c, FILE *to)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	json_t *status = json_object_get(schema_properties(c->answer), "status");
	struct line l = {.to = to};

	fputs("\nexample:\n ", to);
	put_piece(&l, arena_printf(arena, "dcaas %s%s%s", c->noun, c->verb[0] != '\0' ? " " : "", c->verb));
	for (size_t i = 0; i < c->ids_n; i++)
		put_piece(&l, quoted(example_name(s, json_string_value(json_array_get(c->ids[i].ref, 0))), arena));
	if (c->kind == COMMAND_WAIT)
		put_piece(&l, status != NULL ? "--status ACTIVE --timeout 30" : "--gone");
	else if (c->kind == COMMAND_LIST)
		put_piece(&l, "-o wide");
	else if (c->kind == COMMAND_APPLY || c->kind == COMMAND_DIFF)
		put_piece(&l, "-f site.yaml");
	else if (c->kind == COMMAND_EXPORT)
		put_piece(&l, "> site.yaml");
	else if (c->body != NULL)
		example_members(s, c, arena, &l);
	fputc('\n', to);
}

void
help_command(const struct spec *s, const struct command *c, FILE *to)
{
	fprintf(to, "usage: dcaas %s%s%s", c->noun, c->verb[0] != '\0' ? " " : "", c->verb);
	if (tool_is(c))
		fputs(tool_form(c), to);
	ids(c, to);
	fprintf(to, " [options]\n%s\n", c->summary);
	if (!tool_is(c))
		fprintf(to, "%s %s\n", c->method, c->path);
	example(s, c, to);
	options(s, c, true, "options", to);
	options(s, c, false, "options of every command", to);
}
