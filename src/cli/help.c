/* SPDX-License-Identifier: ISC */
#include "cli/help.h"

#include "cli/option.h"
#include "cli/settings.h"

#define NAME_WIDTH 26

void
help_short(FILE *to)
{
	fputs("usage: dcaas [options] RESOURCE VERB [ID] [--member value ...]\n"
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

/* One row of help: a name in its column, words behind it or below it. */
static void
row(FILE *to, const char *name, const char *words, const char *more)
{
	if (strlen(name) > NAME_WIDTH)
		fprintf(to, "  %s\n  %*s", name, NAME_WIDTH, "");
	else
		fprintf(to, "  %-*s", NAME_WIDTH, name);
	fprintf(to, " %s%s\n", words != NULL ? words : "", more);
}

static void
option_row(const struct option *o, struct arena *arena, FILE *to)
{
	const char *letter = o->letter != '\0' ? arena_printf(arena, "-%c, ", o->letter) : "";
	const char *name = arena_printf(
	    arena, "%s--%s%s%s", letter, o->name, o->form != NULL ? " " : "", o->form != NULL ? o->form : "");

	row(to, name, o->doc, o->required ? " (needed)" : "");
}

static bool
is_own(const struct option *o)
{
	return o->kind >= OPTION_COLUMNS || o->kind == OPTION_WATCH || o->kind == OPTION_GONE ||
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
	fputs("Words and options may be shortened while they stay clear. `dcaas RESOURCE VERB --help` tells its "
	      "options.\n",
	    to);
	side(s, false, "tenant's resources", to);
	side(s, true, "operator's resources", to);
	options(s, NULL, false, "options of every command", to);
	settings(to);
	fputs("\nexit status: 0 done, 1 refused by the API, 2 usage, 3 no answer from the server, 4 authentication,\n"
	      "5 waited in vain\n",
	    to);
}

static void
ids(const struct command *c, FILE *to)
{
	for (size_t i = 0; i < c->ids_n; i++)
		fprintf(to, " %s", c->ids[i].name);
}

void
help_noun(const struct noun *noun, FILE *to)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	fprintf(to, "usage: dcaas %s VERB [ID] [--member value ...]\n\n", noun->name);
	for (size_t i = 0; i < noun->n; i++) {
		const struct command *c = &noun->commands[i];

		row(to, arena_printf(arena, "%s%s", c->verb, c->ids_n > 0 ? " ID" : ""), c->summary, "");
	}
}

void
help_command(const struct spec *s, const struct command *c, FILE *to)
{
	fprintf(to, "usage: dcaas %s %s", c->noun, c->verb);
	ids(c, to);
	fprintf(to, " [options]\n%s\n%s %s\n", c->summary, c->method, c->path);
	options(s, c, true, "options", to);
	options(s, c, false, "options of every command", to);
}
