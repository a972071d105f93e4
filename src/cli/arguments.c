/* SPDX-License-Identifier: ISC */
#include "cli/arguments.h"

#include "cli/file.h"
#include "cli/text.h"
#include "cli/value.h"
#include "cli/word.h"

#define QUERY_MAX (64 * 1024)
#define BODY_MAX (12 << 20) /* the server takes no more */
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
	size_t ids_n;
	bool stdin_used;
	struct dc_error *err;
};

/* --- words --- */

static enum dc_code
take_noun(struct reader *r, const char *word)
{
	size_t n, found;
	const struct noun *nouns = spec_nouns(r->spec, &n);
	const char **names = arena_array(r->arena, n + 1, sizeof(*names));
	enum dc_code rc;

	for (size_t i = 0; i < n; i++)
		names[i] = nouns[i].name;
	if ((rc = word_find(word, names, n, "resource", &found, r->err)) == DC_OK)
		r->ret->noun = &nouns[found];
	return rc;
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
	if ((rc = word_find(word, names, noun->n + 1, "verb", &found, r->err)) != DC_OK)
		return rc;
	if (found == noun->n) {
		r->ret->help = true;
		return DC_OK;
	}
	r->ret->command = &noun->commands[found];
	r->ret->ids = arena_array(r->arena, r->ret->command->ids_n + 1, sizeof(*r->ret->ids));
	r->options = options_of(r->spec, r->ret->command, r->arena, &r->options_n);
	return DC_OK;
}

static enum dc_code
take_word(struct reader *r, const char *word)
{
	const struct command *c = r->ret->command;

	if (r->ret->noun == NULL && strcmp(word, "help") == 0) {
		r->ret->help = true;
		return DC_OK;
	}
	if (r->ret->noun == NULL)
		return take_noun(r, word);
	if (c == NULL)
		return take_verb(r, word);
	if (r->ids_n == c->ids_n)
		return dc_fail(r->err, DC_E_PARAM, NULL, "\"%s\" is one argument too many: %s %s takes %zu", word,
		    c->noun, c->verb, c->ids_n);
	if (word[0] == '\0')
		return dc_fail(r->err, DC_E_PARAM, NULL, "%s is empty", c->ids[r->ids_n].name);
	r->ret->ids[r->ids_n++] = word;
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

/* "--name=value", or "--name" with its value in the next argument. *used tells whether that was taken. */
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
		return dc_fail(r->err, DC_E_PARAM, o->name, "--%s takes no value", o->name);
	if (o->form != NULL && value == NULL && stands_alone(o, next))
		value = "true";
	if (o->form != NULL && value == NULL) {
		if ((value = next) == NULL)
			return dc_fail(r->err, DC_E_PARAM, o->name, "--%s needs a value: %s", o->name, o->form);
		*used = true;
	}
	return add_given(r, o, value);
}

static enum dc_code
take_letters(struct reader *r, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		const struct option *o = option_letter(r->options, r->options_n, *letters);

		if (o == NULL)
			return dc_fail(r->err, DC_E_PARAM, NULL, "no option -%c", *letters);
		add_given(r, o, NULL);
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
			rc = take_letters(r, a + 1);
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

/* The text goes as it was typed; the schema is there to tell mistakes. An array is one value each time. */
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
	buf_printf(&r->ret->query, "%s%s=", r->ret->query.len > 0 ? "&" : "", o->member);
	text_percent(&r->ret->query, json_is_true(value) ? "true" : json_is_false(value) ? "false" : text);
	json_decref(value);
	r->ret->single_page |= strcmp(o->member, "page_reverse") == 0;
	if (strcmp(o->member, "fields") == 0)
		show_field(r->ret, text, r->arena);
	return r->ret->query.failed ? dc_fail(r->err, DC_E_PARAM, o->name, "too many values") : DC_OK;
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
			     : dc_fail(r->err, DC_E_PARAM, o->name, "--%s takes a whole number from 1 to %lld", o->name,
				   (long long)max);
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
		r->ret->json |= kind == OPTION_JSON;
		r->ret->quiet |= kind == OPTION_QUIET;
		r->ret->verbose |= kind == OPTION_VERBOSE;
		r->ret->dry_run |= kind == OPTION_DRY_RUN;
		r->ret->watch |= kind == OPTION_WATCH;
		r->ret->gone |= kind == OPTION_GONE;
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

	for (size_t i = r->ids_n; i < c->ids_n; i++)
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
	size_t most = 1; /* options: each takes a character at least */
	enum dc_code rc;

	*ret = (struct arguments){.query = BUF_INIT(QUERY_MAX)};
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
	buf_free(&a->query);
}

/* --- the call --- */

const char *
arguments_path(const struct arguments *a, const char *project, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(QUERY_MAX);
	const char *at = a->command->path;
	size_t id = 0;

	while (*at != '\0') {
		size_t plain = strcspn(at, "{");

		buf_add(&out, at, plain);
		if (at[plain] == '\0')
			break;
		at += plain;
		bool of_project = a->command->in_project && strncmp(at, "{project_id}", strlen("{project_id}")) == 0;

		text_percent(&out, of_project ? project : a->ids[id++]);
		at += strcspn(at, "}") + 1;
	}
	return arena_strdup(arena, buf_str(&out));
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
