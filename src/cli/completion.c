/* SPDX-License-Identifier: ISC */
#include "cli/completion.h"

#include "cli/option.h"
#include "cli/tool.h"
#include "cli/word.h"

/* The words are as they were typed: quotes and backslashes are taken away for the program, and put before blanks of
 * what it offers. */
static const char bash_script[] =
    "# dcaas completion for bash: source <(dcaas completion bash)\n"
    "_dcaas()\n"
    "{\n"
    "\tlocal word words=(\"${COMP_WORDS[@]:1:COMP_CWORD}\") offered i c\n"
    "\twords=(\"${words[@]#[\\\"\\']}\")\n"
    "\twords=(\"${words[@]%[\\\"\\']}\")\n"
    "\twords=(\"${words[@]//\\\\/}\")\n"
    "\tword=${words[${#words[@]} - 1]}\n"
    "\tmapfile -t offered < <(\"${COMP_WORDS[0]}\" complete -- \"${words[@]}\" 2>/dev/null)\n"
    "\t[ ${#offered[@]} -gt 0 ] || mapfile -t offered < <(compgen -f -- \"$word\")\n"
    "\tCOMPREPLY=()\n"
    "\tfor i in \"${!offered[@]}\"; do\n"
    "\t\tword=${offered[i]}\n"
    "\t\tfor c in \\\\ ' ' \\\" \\' '&' ';' '|' '<' '>' '(' ')' '$' '`' '*' '?' '[' '#' '!'; do\n"
    "\t\t\tword=${word//\"$c\"/\"\\\\$c\"}\n"
    "\t\tdone\n"
    "\t\tCOMPREPLY[i]=$word\n"
    "\tdone\n"
    "}\n"
    "complete -F _dcaas dcaas\n";

static const char zsh_script[] =
    "#compdef dcaas\n"
    "# dcaas completion for zsh: source <(dcaas completion zsh)\n"
    "_dcaas()\n"
    "{\n"
    "\tlocal -a offered\n"
    "\toffered=(\"${(@f)$(\"${words[1]}\" complete -- \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
    "\tif [[ -n ${offered[1]} ]]; then\n"
    "\t\tcompadd -- \"${offered[@]}\"\n"
    "\telse\n"
    "\t\t_files\n"
    "\tfi\n"
    "}\n"
    "# Sourced, or found in $fpath and just called for the first time?\n"
    "if [[ ${funcstack[1]} == _dcaas ]]; then\n"
    "\t_dcaas \"$@\"\n"
    "else\n"
    "\tcompdef _dcaas dcaas\n"
    "fi\n";

static const char fish_script[] = "# dcaas completion for fish: dcaas completion fish | source\n"
				  "function __dcaas_complete\n"
				  "\tset -l words (commandline -opc)\n"
				  "\tset -l raw (commandline -ct)\n"
				  "\tset -l typed (string unescape -- $raw; or echo $raw)\n"
				  "\tset -l offered ($words[1] complete -- $words[2..-1] \"$typed\" 2>/dev/null)\n"
				  "\tif test (count $offered) -gt 0\n"
				  "\t\tprintf '%s\\n' $offered\n"
				  "\telse\n"
				  "\t\t__fish_complete_path \"$typed\"\n"
				  "\tend\n"
				  "end\n"
				  "complete -c dcaas -f -a '(__dcaas_complete)'\n";

static const struct {
	const char *shell, *script;
} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

enum dc_code
completion_script(const char *shell, FILE *to, struct dc_error *err)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (strcmp(shell, scripts[i].shell) == 0) {
			fputs(scripts[i].script, to);
			return DC_OK;
		}
	}
	return dc_fail(err, DC_E_PARAM, NULL, "no completion for \"%s\"; there is: bash, zsh, fish", shell);
}

/* What was typed before the word in question. */
struct place {
	const struct spec *spec;
	const struct noun *noun;
	const struct command *command;
	const struct option *options;
	size_t options_n;
	const struct option *waiting; /* it still needs its value */
	const char *ids[8];           /* of the command, as they were typed */
	size_t ids_n;
	struct settings_options settings;
	struct arena *arena;
	completion_names names;
	void *arg;
	FILE *to;
};

static void
offer(const char *typed, const char *word, FILE *to)
{
	if (word_match(typed, word) != WORD_OTHER)
		fprintf(to, "%s\n", word);
}

static void
take_command(struct place *p, const struct command *c)
{
	p->command = c;
	p->options = options_of(p->spec, c, p->arena, &p->options_n);
}

/* As the command line itself understands them; what it does not leaves the place as it is. */
static void
pass_noun(struct place *p, const char *word)
{
	const struct command *tool = tool_find(word);
	const struct noun *noun;

	if (tool != NULL)
		take_command(p, tool);
	else if (spec_noun(p->spec, word, &noun, NULL) == DC_OK)
		p->noun = noun;
}

static void
pass_verb(struct place *p, const char *word)
{
	const char **names = arena_array(p->arena, p->noun->n + 1, sizeof(*names));
	size_t found;

	for (size_t i = 0; i < p->noun->n; i++)
		names[i] = p->noun->commands[i].verb;
	if (word_find(word, names, p->noun->n, "", &found, NULL) != DC_OK)
		return;
	take_command(p, &p->noun->commands[found]);
}

/* Where the server is, and whose names are wanted. */
static void
pass_value(struct place *p, const struct option *o, const char *value)
{
	if (o->kind == OPTION_ENDPOINT)
		p->settings.endpoint = value;
	else if (o->kind == OPTION_PROJECT)
		p->settings.project = value;
	else if (o->kind == OPTION_CA)
		p->settings.ca = value;
	else if (o->kind == OPTION_ENV)
		p->settings.env = value;
	else if (o->kind == OPTION_CONFIG)
		p->settings.config = value;
	else if (o->kind == OPTION_PROFILE)
		p->settings.profile = value;
}

static void
pass_option(struct place *p, const char *word)
{
	const struct option *o = NULL;
	const char *equals = strchr(word, '=');
	const char *name = equals != NULL ? arena_strndup(p->arena, word, (size_t)(equals - word)) : word;

	if (option_find(p->options, p->options_n, name, &o, NULL) != DC_OK || o->form == NULL)
		return;
	if (equals != NULL)
		pass_value(p, o, equals + 1);
	else
		p->waiting = o;
}

static void
pass_letters(struct place *p, const char *letters)
{
	const struct option *o =
	    letters[0] != '\0' ? option_letter(p->options, p->options_n, letters[strlen(letters) - 1]) : NULL;

	if (o != NULL && o->form != NULL)
		p->waiting = o;
}

static void
pass(struct place *p, const char *word)
{
	if (p->waiting != NULL) {
		pass_value(p, p->waiting, word);
		p->waiting = NULL;
	} else if (strncmp(word, "--", 2) == 0) {
		pass_option(p, word + 2);
	} else if (word[0] == '-' && word[1] != '\0') {
		pass_letters(p, word + 1);
	} else if (p->command != NULL) {
		if (p->ids_n < sizeof(p->ids) / sizeof(p->ids[0]))
			p->ids[p->ids_n++] = word;
	} else if (strcmp(word, "help") == 0) {
		return;
	} else if (p->noun == NULL) {
		pass_noun(p, word);
	} else {
		pass_verb(p, word);
	}
}

/* Names begin as they are spelled; of what could not be typed none is offered. */
static void
offer_names(const struct place *p, const struct completion_wish *wish, const char *typed)
{
	json_t *names = p->names != NULL && wish->resources != NULL ? p->names(p->arg, wish) : NULL, *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);

		if (text != NULL && strpbrk(text, "\n\r\t\033") == NULL && strncmp(text, typed, strlen(typed)) == 0)
			fprintf(p->to, "%s\n", text);
	}
	json_decref(names);
}

static struct completion_wish
wish_for(const struct place *p, json_t *resources)
{
	return (struct completion_wish){.resources = resources,
	    .operator_side = p->command != NULL && p->command->operator_side,
	    .settings = p->settings};
}

/* The id that would come next; several may be deleted. */
static void
offer_ids(const struct place *p, const char *typed)
{
	const struct command *c = p->command;
	size_t at = p->ids_n < c->ids_n || strcmp(c->verb, "delete") != 0 || c->ids_n == 0 ? p->ids_n : c->ids_n - 1;
	struct completion_wish wish;

	if (at >= c->ids_n)
		return;
	wish = wish_for(p, c->ids[at].ref);
	if (at > 0) {
		wish.above = c->ids[at - 1].ref;
		wish.parent = p->ids[at - 1];
	}
	offer_names(p, &wish, typed);
}

static void
offer_values(const struct place *p, const char *typed)
{
	const struct option *o = p->waiting;
	json_t *allowed = json_object_get(o->schema, "enum"), *item;
	const struct completion_wish wish = wish_for(p, o->ref);
	char *rest = o->kind == OPTION_OUTPUT ? arena_strdup(p->arena, o->form) : NULL, *word;
	size_t i;

	json_array_foreach(allowed, i, item)
	{
		if (json_is_string(item) && !schema_refuses(o->schema, json_string_value(item)))
			offer(typed, json_string_value(item), p->to);
	}
	if (schema_type(o->schema) == SCHEMA_BOOLEAN) {
		offer(typed, "true", p->to);
		offer(typed, "false", p->to);
	}
	while (rest != NULL && (word = strsep(&rest, "|")) != NULL)
		offer(typed, word, p->to);
	offer_names(p, &wish, typed);
}

static void
offer_options(const struct place *p, const char *typed)
{
	for (size_t i = 0; i < p->options_n; i++) {
		if (p->options[i].kind != OPTION_SECRET)
			offer(typed, arena_printf(p->arena, "--%s", p->options[i].name), p->to);
	}
}

static void
offer_first(const struct place *p, const char *typed)
{
	size_t n;
	const struct noun *nouns = spec_nouns(p->spec, &n);

	for (size_t i = 0; i < n; i++)
		offer(typed, nouns[i].name, p->to);
	for (const struct command *t = tools; t->noun != NULL; t++) {
		bool is_noun = false;

		for (size_t i = 0; i < n; i++)
			is_noun = is_noun || strcmp(nouns[i].name, t->noun) == 0;
		if (!is_noun)
			offer(typed, t->noun, p->to);
	}
	offer(typed, "help", p->to);
	offer(typed, "completion", p->to);
}

static void
offer_words(const struct place *p, const char *typed)
{
	const struct noun *noun = p->noun;

	if (p->command != NULL && !tool_is(p->command)) {
		offer_ids(p, typed);
		return;
	}
	if (noun == NULL && p->command == NULL) {
		offer_first(p, typed);
		return;
	}
	/* A noun that is called as a tool is has verbs, too. */
	if (noun == NULL &&
	    (tool_takes_words(p->command) || spec_noun(p->spec, p->command->noun, &noun, NULL) != DC_OK))
		return;
	for (size_t i = 0; i < noun->n; i++)
		offer(typed, noun->commands[i].verb, p->to);
	offer(typed, "help", p->to);
}

void
completion_offer(const struct spec *spec, int argc, char **argv, completion_names names, void *arg, FILE *to)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct place p = {.spec = spec, .arena = arena, .names = names, .arg = arg, .to = to};
	const char *typed = argc > 0 ? argv[argc - 1] : "";

	p.options = options_of(spec, NULL, arena, &p.options_n);
	for (int i = 0; i + 1 < argc; i++)
		pass(&p, argv[i]);
	if (p.waiting != NULL)
		offer_values(&p, typed);
	else if (typed[0] == '-')
		offer_options(&p, typed);
	else
		offer_words(&p, typed);
}
