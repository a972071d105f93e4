/* SPDX-License-Identifier: ISC */
#include "cli/arguments.h"

#include "cli/file.h"
#include "cli/text.h"
#include "cli/tool.h"
#include "cli/value.h"
#include "cli/word.h"

#define BODY_MAX (12 << 20) /* the server accepts no more */
#define SECRET_MAX 4096
#define SECONDS_MAX 1000000

/* An option as it was given. */
struct given {
	const struct option *option;
	const char *value; /* NULL: a flag */
};

struct reader {
	const struct spec *spec;
	struct arena *arena;
	struct arguments *ret;
	const struct option *options; /* of what is known so far */
	size_t options_n;
	struct given *given;
	size_t given_n;
	bool stdin_used;
	struct dc_error *err;
};

/* --- words --- */

static void
take_command(struct reader *r, const struct command *c)
{
	r->ret->command = c;
	r->options = options_of(r->spec, c, r->arena, &r->options_n);
}

/* What people type for a verb. */
static const char *
usual_verb(const char *word)
{
	static const char *const others[][2] = {{"ls", "list"}, {"get", "show"}, {"rm", "delete"}, {"new", "create"}};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(word, others[i][0]) == 0)
			return others[i][1];
	}
	return word;
}

static enum dc_code
take_verb(struct reader *r, const char *word)
{
	const struct noun *noun = r->ret->noun;
	const char **names = arena_array(r->arena, noun->n + 1, sizeof(*names));
	size_t found;
	enum dc_code rc;

	for (size_t i = 0; i < noun->n; i++)
		names[i] = noun->commands[i].verb;
	names[noun->n] = "help";
	if ((rc = word_find(noun_command(noun, word) != NULL ? word : usual_verb(word), names, noun->n + 1, "verb",
		 &found, r->err)) != DC_OK)
		return rc;
	if (found == noun->n) {
		r->ret->help = true;
		return DC_OK;
	}
	take_command(r, &noun->commands[found]);
	return DC_OK;
}

static enum dc_code
take_noun(struct reader *r, const char *word)
{
	const struct command *tool = tool_find(word);

	if (tool == NULL)
		return spec_noun(r->spec, word, &r->ret->noun, r->err);
	if (tool->kind == COMMAND_DOCTOR) { /* a word for a call that has another name */
		enum dc_code rc = spec_noun(r->spec, "vif-diagnosis", &r->ret->noun, r->err);

		return rc == DC_OK ? take_verb(r, "show") : rc;
	}
	take_command(r, tool);
	return DC_OK;
}

/* A noun may be called as a tool is ("apply list"): then the next word is a verb. */
static enum dc_code
take_word_of_tool(struct reader *r, const char *word)
{
	const struct command *tool = r->ret->command;

	if (tool_takes_words(tool)) {
		r->ret->words[r->ret->words_n++] = word;
		return DC_OK;
	}
	if (spec_noun(r->spec, tool->noun, &r->ret->noun, NULL) != DC_OK || r->ret->noun == NULL)
		return dc_fail(
		    r->err, DC_E_PARAM, NULL, "\"%s\" is one argument too many: %s accepts none", word, tool->noun);
	r->ret->command = NULL;
	return take_verb(r, word);
}

/* Several may be deleted at once. */
static bool
takes_several(const struct command *c)
{
	return strcmp(c->verb, "delete") == 0 && c->ids_n > 0;
}

static enum dc_code
take_word(struct reader *r, const char *word)
{
	const struct command *c = r->ret->command;

	if (r->ret->noun == NULL && strcmp(word, "help") == 0) {
		r->ret->help = true;
		return DC_OK;
	}
	if (tool_is(c))
		return take_word_of_tool(r, word);
	if (r->ret->noun == NULL)
		return take_noun(r, word);
	if (c == NULL)
		return take_verb(r, word);
	if (r->ret->ids_n >= c->ids_n && !takes_several(c))
		return dc_fail(r->err, DC_E_PARAM, NULL, "\"%s\" is one argument too many: %s %s accepts %zu", word,
		    c->noun, c->verb, c->ids_n);
	if (word[0] == '\0')
		return dc_fail(r->err, DC_E_PARAM, NULL, "%s is empty",
		    c->ids[r->ret->ids_n < c->ids_n ? r->ret->ids_n : c->ids_n - 1].name);
	r->ret->ids[r->ret->ids_n++] = word;
	return DC_OK;
}

/* --- options --- */

static enum dc_code
add_given(struct reader *r, const struct option *o, const char *value)
{
	r->given[r->given_n++] = (struct given){o, value};
	return DC_OK;
}

static enum dc_code
refuse_secret(struct reader *r, const struct option *o)
{
	return dc_fail(r->err, DC_E_PARAM, o->member,
	    "--%s is a secret, and everybody on this machine can read arguments: "
	    "give it as --%s-file FILE, or - for standard input",
	    o->name, o->name);
}

/* "--force" at the end, or before another option, is "--force true". */
static bool
stands_alone(const struct option *o, const char *next)
{
	return schema_type(o->schema) == SCHEMA_BOOLEAN && (next == NULL || next[0] == '-');
}

/* "--name=value", or "--name" with its value in the next argument. *used: that argument is used. */
static enum dc_code
take_long(struct reader *r, const char *word, const char *next, bool *used)
{
	size_t len = strcspn(word, "=");
	const char *name = arena_strndup(r->arena, word, len), *value = word[len] == '=' ? word + len + 1 : NULL;
	const struct option *o;
	enum dc_code rc = option_find(r->options, r->options_n, name, &o, r->err);

	if (rc != DC_OK)
		return rc;
	if (o->kind == OPTION_SECRET)
		return refuse_secret(r, o);
	if (o->form == NULL && value != NULL)
		return dc_fail(r->err, DC_E_PARAM, o->name, "--%s accepts no value", o->name);
	if (o->form != NULL && value == NULL && stands_alone(o, next))
		value = "true";
	if (o->form != NULL && value == NULL) {
		if ((value = next) == NULL)
			return dc_fail(r->err, DC_E_PARAM, o->name, "--%s needs a value: %s", o->name, o->form);
		*used = true;
	}
	return add_given(r, o, value);
}

/* "-jq"; a letter with a value has it behind itself or in the next argument. */
static enum dc_code
take_letters(struct reader *r, const char *letters, const char *next, bool *used)
{
	for (; *letters != '\0'; letters++) {
		const struct option *o = option_letter(r->options, r->options_n, *letters);

		if (o == NULL)
			return dc_fail(r->err, DC_E_PARAM, NULL, "no option -%c", *letters);
		if (o->form == NULL) {
			add_given(r, o, NULL);
			continue;
		}
		if (letters[1] == '\0' && next == NULL)
			return dc_fail(r->err, DC_E_PARAM, o->name, "-%c needs a value: %s", *letters, o->form);
		*used = letters[1] == '\0';
		return add_given(r, o, *used ? next : letters + 1);
	}
	return DC_OK;
}

static enum dc_code
take_all(struct reader *r, int argc, char **argv)
{
	bool words_only = false;
	enum dc_code rc = DC_OK;

	for (int i = 0; i < argc && rc == DC_OK; i++) {
		const char *a = argv[i];
		bool used = false;

		if (words_only || a[0] != '-' || a[1] == '\0')
			rc = take_word(r, a);
		else if (strcmp(a, "--") == 0)
			words_only = true;
		else if (a[1] == '-')
			rc = take_long(r, a + 2, i + 1 < argc ? argv[i + 1] : NULL, &used);
		else
			rc = take_letters(r, a + 1, i + 1 < argc ? argv[i + 1] : NULL, &used);
		i += used;
	}
	return rc;
}

/* --- what options mean --- */

static enum dc_code
read_input(struct reader *r, const char *path, struct buf *out)
{
	if (strcmp(path, "-") == 0 && r->stdin_used)
		return dc_fail(r->err, DC_E_PARAM, NULL, "standard input can be read for one option only");
	r->stdin_used |= strcmp(path, "-") == 0;
	return file_read(path, out, r->err);
}

/* A whole body may stand in its envelope or without. */
static json_t *
without_envelope(json_t *body, const char *envelope)
{
	json_t *inner = envelope != NULL && json_object_size(body) == 1 ? json_object_get(body, envelope) : NULL;

	if (!json_is_object(inner))
		return body;
	json_incref(inner);
	json_decref(body);
	return inner;
}

static enum dc_code
take_body(struct reader *r, const char *path)
{
	_cleanup_buf_ struct buf text = BUF_INIT(BODY_MAX);
	json_error_t wrong;
	json_t *body;
	enum dc_code rc = read_input(r, path, &text);

	if (rc != DC_OK)
		return rc;
	body = json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, &wrong);
	if (body == NULL)
		return dc_fail(r->err, DC_E_PARAM, "body", "%s, line %d: no JSON: %s", path, wrong.line, wrong.text);
	if (!json_is_object(body)) {
		json_decref(body);
		return dc_fail(r->err, DC_E_PARAM, "body", "%s holds no JSON object", path);
	}
	json_decref(r->ret->body);
	r->ret->body = without_envelope(body, r->ret->command->envelope);
	return DC_OK;
}

/* One line; the newline at its end is not part of the secret. */
static enum dc_code
take_secret(struct reader *r, const struct option *o, const char *path)
{
	_cleanup_buf_ struct buf text = BUF_INIT(SECRET_MAX);
	size_t len;
	json_t *value = NULL;
	enum dc_code rc = read_input(r, path, &text);

	if (rc != DC_OK)
		return rc;
	len = text.len;
	if (len > 0 && text.data[len - 1] == '\n')
		len -= len > 1 && text.data[len - 2] == '\r' ? 2 : 1;
	if (len > 0)
		value = json_stringn(text.data, len);
	explicit_bzero(text.data, text.len);
	if (value == NULL)
		return dc_fail(
		    r->err, DC_E_PARAM, o->member, "%s: %s", path, len == 0 ? "holds no secret" : "is not UTF-8");
	return value_put(r->ret->body, o->member, value, true, r->err);
}

static enum dc_code
take_member(struct reader *r, const struct option *o, const char *text, json_t *seen)
{
	json_t *value = NULL;
	/* What came from --body is replaced, what came from an option before is not. */
	bool replace = json_object_get(seen, o->member) == NULL;
	enum dc_code rc = value_parse(r->spec, o->schema, o->name, text, &value, r->err);

	if (rc != DC_OK)
		return rc;
	json_object_set_new(seen, o->member, json_true());
	return value_put(r->ret->body, o->member, value, replace, r->err);
}

/* Only what was asked for is answered, and the id: other columns would be empty. */
static void
show_field(struct arguments *a, const char *text, struct arena *arena)
{
	a->fields = arena_printf(arena, "%s,%s", a->fields != NULL ? a->fields : "id", text);
}

/* The text goes as it was typed; the schema finds mistakes. An array is one value each time. */
static enum dc_code
take_query(struct reader *r, const struct option *o, const char *text)
{
	json_t *schema = schema_type(o->schema) == SCHEMA_ARRAY
			     ? schema_of(r->spec, json_object_get(o->schema, "items"))
			     : o->schema;
	json_t *value = NULL;
	enum dc_code rc = value_parse(r->spec, schema, o->name, text, &value, r->err);

	if (rc != DC_OK)
		return rc;
	r->ret->filters[r->ret->filters_n++] = (struct filter){o->member,
	    json_is_true(value)    ? "true"
	    : json_is_false(value) ? "false"
				   : text,
	    o->ref};
	json_decref(value);
	r->ret->single_page |= strcmp(o->member, "page_reverse") == 0;
	if (strcmp(o->member, "fields") == 0)
		show_field(r->ret, text, r->arena);
	return DC_OK;
}

static enum dc_code
take_expectation(struct reader *r, const struct option *o, const char *text)
{
	struct expectation *e = &r->ret->expect[r->ret->expect_n];
	enum dc_code rc = value_parse(r->spec, o->schema, o->name, text, &e->value, r->err);

	if (rc != DC_OK)
		return rc;
	e->member = o->member;
	r->ret->expect_n++;
	return DC_OK;
}

static enum dc_code
take_number(struct reader *r, const struct option *o, const char *text, int64_t max, int64_t *ret)
{
	const char *wrong = NULL;

	*ret = strtonum(text, 1, max, &wrong);
	return wrong == NULL ? DC_OK
			     : dc_fail(r->err, DC_E_PARAM, o->name, "--%s accepts a whole number from 1 to %lld",
				   o->name, (long long)max);
}

static enum dc_code
take_output(struct reader *r, const char *text)
{
	static const char *const names[] = {"wide", "json", "yaml", "value", "name"};
	size_t found;
	enum dc_code rc = word_find(text, names, sizeof(names) / sizeof(names[0]), "output", &found, r->err);

	if (rc == DC_OK)
		r->ret->output = (enum output)(OUTPUT_WIDE + (unsigned)found);
	return rc;
}

static enum dc_code
apply_value(struct reader *r, const struct given *g, json_t *seen)
{
	struct arguments *a = r->ret;

	switch (g->option->kind) {
	case OPTION_ENDPOINT:
		a->endpoint = g->value;
		return DC_OK;
	case OPTION_PROJECT:
		a->project = g->value;
		return DC_OK;
	case OPTION_PROFILE:
		a->profile = g->value;
		return DC_OK;
	case OPTION_CONFIG:
		a->config = g->value;
		return DC_OK;
	case OPTION_ENV:
		a->env = g->value;
		return DC_OK;
	case OPTION_CA:
		a->ca = g->value;
		return DC_OK;
	case OPTION_OUTPUT:
		return take_output(r, g->value);
	case OPTION_FILE:
		a->files[a->files_n++] = g->value;
		return DC_OK;
	case OPTION_COLUMNS:
		a->columns = g->value;
		return DC_OK;
	case OPTION_MARKER:
		a->marker = g->value;
		return DC_OK;
	case OPTION_MAX_TIME:
		return take_number(r, g->option, g->value, SECONDS_MAX, &a->max_time);
	case OPTION_INTERVAL:
		return take_number(r, g->option, g->value, SECONDS_MAX, &a->interval);
	case OPTION_TIMEOUT:
		return take_number(r, g->option, g->value, SECONDS_MAX, &a->timeout);
	case OPTION_LIMIT:
		return take_number(r, g->option, g->value, INT32_MAX, &a->limit);
	case OPTION_PAGE_SIZE:
		return take_number(r, g->option, g->value, 2000, &a->page_size);
	case OPTION_QUERY:
		return take_query(r, g->option, g->value);
	case OPTION_MEMBER:
		return take_member(r, g->option, g->value, seen);
	case OPTION_SECRET_FILE:
		return take_secret(r, g->option, g->value);
	case OPTION_EXPECT:
		return take_expectation(r, g->option, g->value);
	case OPTION_BODY:   /* was read before the others */
	case OPTION_SECRET: /* was refused */
	case OPTION_HELP:
	case OPTION_VERSION:
	case OPTION_JSON:
	case OPTION_QUIET:
	case OPTION_VERBOSE:
	case OPTION_DRY_RUN:
	case OPTION_WATCH:
	case OPTION_GONE:
	case OPTION_NO_HEADER:
	case OPTION_YES:
	case OPTION_WAIT:
	case OPTION_SECRETS:
		break;
	}
	return DC_OK;
}

static void
apply_flags(struct reader *r)
{
	for (size_t i = 0; i < r->given_n; i++) {
		enum option_kind kind = r->given[i].option->kind;

		r->ret->help |= kind == OPTION_HELP;
		r->ret->version |= kind == OPTION_VERSION;
		r->ret->output = kind == OPTION_JSON ? OUTPUT_JSON : r->ret->output;
		r->ret->quiet |= kind == OPTION_QUIET;
		r->ret->verbose |= kind == OPTION_VERBOSE;
		r->ret->dry_run |= kind == OPTION_DRY_RUN;
		r->ret->watch |= kind == OPTION_WATCH;
		r->ret->gone |= kind == OPTION_GONE;
		r->ret->no_header |= kind == OPTION_NO_HEADER;
		r->ret->yes |= kind == OPTION_YES;
		r->ret->wait |= kind == OPTION_WAIT;
		r->ret->secrets |= kind == OPTION_SECRETS;
	}
}

static enum dc_code
apply_values(struct reader *r)
{
	json_t *seen = json_object();
	enum dc_code rc = DC_OK;

	if (r->ret->command != NULL && r->ret->command->body != NULL)
		r->ret->body = json_object();
	r->ret->expect = arena_array(r->arena, r->given_n + 1, sizeof(*r->ret->expect));
	r->ret->filters = arena_array(r->arena, r->given_n + 1, sizeof(*r->ret->filters));
	r->ret->files = arena_array(r->arena, r->given_n + 1, sizeof(*r->ret->files));
	for (size_t i = 0; i < r->given_n && rc == DC_OK; i++) {
		if (r->given[i].option->kind == OPTION_BODY)
			rc = take_body(r, r->given[i].value);
	}
	for (size_t i = 0; i < r->given_n && rc == DC_OK; i++)
		rc = apply_value(r, &r->given[i], seen);
	if (r->ret->columns == NULL)
		r->ret->columns = r->ret->fields;
	json_decref(seen);
	return rc;
}

/* --- is it all there --- */

static enum dc_code
check_required(struct reader *r)
{
	const struct command *c = r->ret->command;
	_cleanup_buf_ struct buf missing = BUF_INIT(DC_ERROR_TEXT_MAX);

	if (tool_is(c))
		return r->ret->files_n > 0 || (c->kind != COMMAND_APPLY && c->kind != COMMAND_DIFF)
			   ? DC_OK
			   : dc_fail(r->err, DC_E_PARAM, NULL, "%s needs -f FILE", c->noun);
	for (size_t i = r->ret->ids_n; i < c->ids_n; i++)
		buf_printf(&missing, "%s%s", missing.len > 0 ? ", " : "", c->ids[i].name);
	for (size_t i = 0; i < r->options_n; i++) {
		const struct option *o = &r->options[i];
		bool member = o->kind == OPTION_MEMBER || o->kind == OPTION_SECRET_FILE;

		if (o->required && member && json_object_get(r->ret->body, o->member) == NULL)
			buf_printf(&missing, "%s--%s %s", missing.len > 0 ? ", " : "", o->name, o->form);
	}
	if (missing.len > 0)
		return dc_fail(r->err, DC_E_PARAM, NULL, "%s %s needs %s", c->noun, c->verb, buf_str(&missing));
	if (strcmp(c->method, "PUT") == 0 && c->body != NULL && json_object_size(r->ret->body) == 0)
		return dc_fail(r->err, DC_E_PARAM, NULL, "nothing to change: no member is given");
	if (c->kind == COMMAND_WAIT && r->ret->expect_n == 0 && !r->ret->gone)
		return dc_fail(r->err, DC_E_PARAM, NULL, "wait for what? Give members as they shall be, or --gone");
	return DC_OK;
}

enum dc_code
arguments_read(
    const struct spec *spec, int argc, char **argv, struct arena *arena, struct arguments *ret, struct dc_error *err)
{
	struct reader r = {.spec = spec, .arena = arena, .ret = ret, .err = err};
	size_t most = 1; /* options: each has a character at least */
	enum dc_code rc;

	*ret = (struct arguments){0};
	ret->ids = arena_array(arena, (size_t)argc + 1, sizeof(*ret->ids));
	ret->words = arena_array(arena, (size_t)argc + 1, sizeof(*ret->words));
	for (int i = 0; i < argc; i++)
		most += strlen(argv[i]);
	r.given = arena_array(arena, most, sizeof(*r.given));
	r.options = options_of(spec, NULL, arena, &r.options_n);
	rc = take_all(&r, argc, argv);
	apply_flags(&r);
	if (rc != DC_OK || ret->help || ret->version)
		return rc;
	if ((rc = apply_values(&r)) != DC_OK || ret->command == NULL)
		return rc;
	return check_required(&r);
}

void
arguments_free(struct arguments *a)
{
	json_decref(a->body);
	a->body = NULL;
	for (size_t i = 0; i < a->expect_n; i++)
		json_decref(a->expect[i].value);
	a->expect_n = 0;
}

/* --- the call --- */

void
arguments_query(const struct arguments *a, struct buf *out)
{
	for (size_t i = 0; i < a->filters_n; i++) {
		buf_printf(out, "%s%s=", out->len > 0 ? "&" : "", a->filters[i].member);
		text_percent(out, a->filters[i].value);
	}
}

char *
arguments_body(const struct spec *spec, const struct arguments *a, bool hide, struct arena *arena)
{
	json_t *body, *whole;
	char *text, *kept;

	if (a->body == NULL)
		return NULL;
	body = hide ? json_deep_copy(a->body) : json_incref(a->body);
	if (hide)
		schema_mask(spec, a->command->body, body);
	whole = a->command->envelope != NULL ? json_pack("{s:o}", a->command->envelope, body) : body;
	text = json_dumps(whole, JSON_COMPACT);
	json_decref(whole);
	kept = arena_strdup(arena, text);
	free(text);
	return kept;
}
