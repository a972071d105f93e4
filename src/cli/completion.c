/* SPDX-License-Identifier: ISC */
#include "cli/completion.h"

#include "cli/option.h"
#include "cli/word.h"

static const char bash_script[] =
    "# dcaas completion for bash: source <(dcaas completion bash)\n"
    "_dcaas()\n"
    "{\n"
    "\tlocal word=${COMP_WORDS[COMP_CWORD]}\n"
    "\tCOMPREPLY=()\n"
    "\tmapfile -t COMPREPLY < <(\"${COMP_WORDS[0]}\" complete -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "\t[ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
    "}\n"
    "complete -F _dcaas dcaas\n";

static const char zsh_script[] =
    "#compdef dcaas\n"
    "# dcaas completion for zsh: source <(dcaas completion zsh)\n"
    "_dcaas()\n"
    "{\n"
    "\tlocal -a offered\n"
    "\toffered=(\"${(@f)$(\"${words[1]}\" complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
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
				  "\tset -l typed (commandline -ct)\n"
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
	struct arena *arena;
};

static void
offer(const char *typed, const char *word, FILE *to)
{
	if (word_match(typed, word) != WORD_OTHER)
		fprintf(to, "%s\n", word);
}

/* As the command line itself understands them; what it does not leaves the place as it is. */
static void
pass_noun(struct place *p, const char *word)
{
	size_t n, found;
	const struct noun *nouns = spec_nouns(p->spec, &n);
	const char **names = arena_array(p->arena, n + 1, sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = nouns[i].name;
	if (word_find(word, names, n, "", &found, NULL) == DC_OK)
		p->noun = &nouns[found];
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
	p->command = &p->noun->commands[found];
	p->options = options_of(p->spec, p->command, p->arena, &p->options_n);
}

static void
pass(struct place *p, const char *word)
{
	const struct option *o = NULL;

	if (p->waiting != NULL) {
		p->waiting = NULL;
	} else if (strncmp(word, "--", 2) == 0) {
		if (strchr(word, '=') == NULL && option_find(p->options, p->options_n, word + 2, &o, NULL) == DC_OK &&
		    o->form != NULL)
			p->waiting = o;
	} else if (word[0] == '-' || strcmp(word, "help") == 0) {
		return;
	} else if (p->noun == NULL) {
		pass_noun(p, word);
	} else if (p->command == NULL) {
		pass_verb(p, word);
	}
}

static void
offer_values(const struct option *o, const char *typed, FILE *to)
{
	json_t *allowed = json_object_get(o->schema, "enum"), *item;
	size_t i;

	json_array_foreach(allowed, i, item)
	{
		if (json_is_string(item) && !schema_refuses(o->schema, json_string_value(item)))
			offer(typed, json_string_value(item), to);
	}
	if (schema_type(o->schema) == SCHEMA_BOOLEAN) {
		offer(typed, "true", to);
		offer(typed, "false", to);
	}
}

static void
offer_options(const struct place *p, const char *typed, FILE *to)
{
	for (size_t i = 0; i < p->options_n; i++) {
		if (p->options[i].kind != OPTION_SECRET)
			offer(typed, arena_printf(p->arena, "--%s", p->options[i].name), to);
	}
}

static void
offer_words(const struct place *p, const char *typed, FILE *to)
{
	size_t n;
	const struct noun *nouns = spec_nouns(p->spec, &n);

	for (size_t i = 0; p->noun == NULL && i < n; i++)
		offer(typed, nouns[i].name, to);
	for (size_t i = 0; p->noun != NULL && p->command == NULL && i < p->noun->n; i++)
		offer(typed, p->noun->commands[i].verb, to);
	if (p->command == NULL)
		offer(typed, "help", to);
	if (p->noun == NULL)
		offer(typed, "completion", to);
}

void
completion_offer(const struct spec *spec, int argc, char **argv, FILE *to)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct place p = {.spec = spec, .arena = arena};
	const char *typed = argc > 0 ? argv[argc - 1] : "";

	p.options = options_of(spec, NULL, arena, &p.options_n);
	for (int i = 0; i + 1 < argc; i++)
		pass(&p, argv[i]);
	if (p.waiting != NULL)
		offer_values(p.waiting, typed, to);
	else if (typed[0] == '-')
		offer_options(&p, typed, to);
	else
		offer_words(&p, typed, to);
}
