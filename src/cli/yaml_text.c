/* SPDX-License-Identifier: ISC */
#include "cli/yaml_text.h"

#include <errno.h>
#include <stdbool.h>
#include <yaml.h>

#include "base/arena.h"
#include "cli/text.h"

#define DEPTH_MAX 32
#define VALUES_MAX 200000
#define SAFE_MAX (16 << 20)

struct reader {
	yaml_parser_t parser;
	const char *name;
	size_t values;
	struct dc_error *err;
};

static enum dc_code
fail_at(const struct reader *r, const yaml_mark_t *at, const char *what)
{
	return dc_fail(r->err, DC_E_PARAM, NULL, "%s, line %zu: %s", r->name, at->line + 1, what);
}

static enum dc_code
next_event(struct reader *r, yaml_event_t *ret)
{
	if (yaml_parser_parse(&r->parser, ret) == 1)
		return DC_OK;
	return fail_at(r, &r->parser.problem_mark, r->parser.problem != NULL ? r->parser.problem : "no YAML");
}

/* --- scalars --- */

static bool
is_one_of(const char *text, const char *const *words)
{
	while (*words != NULL && strcmp(*words, text) != 0)
		words++;
	return *words != NULL;
}

/* A whole number as JSON spells it, so that its text can be had again: no zeros before it. */
static bool
is_integer(const char *text, json_int_t *ret)
{
	const char *digits = text + (text[0] == '-');
	char *end;

	if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits) ||
	    (digits[0] == '0' && digits[1] != '\0') || strcmp(text, "-0") == 0)
		return false;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return errno == 0;
}

static json_t *
plain(const char *text, size_t len)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	json_int_t number;

	if (is_one_of(text, nulls))
		return json_null();
	if (is_one_of(text, trues))
		return json_true();
	if (is_one_of(text, falses))
		return json_false();
	if (is_integer(text, &number))
		return json_integer(number);
	return json_stringn(text, len);
}

static enum dc_code
take_scalar(struct reader *r, const yaml_event_t *e, json_t **ret)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;

	if (e->data.scalar.tag != NULL || e->data.scalar.anchor != NULL)
		return fail_at(r, &e->start_mark, "tags and anchors are not read");
	if (strlen(text) != len)
		return fail_at(r, &e->start_mark, "a NUL inside of text");
	*ret = e->data.scalar.plain_implicit && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
		   ? plain(text, len)
		   : json_stringn(text, len);
	return *ret != NULL ? DC_OK : fail_at(r, &e->start_mark, "the text is not UTF-8");
}

/* --- values --- */

static enum dc_code take_value(struct reader *, const yaml_event_t *, int depth, json_t **ret);

static enum dc_code
take_sequence(struct reader *r, int depth, json_t *list)
{
	for (;;) {
		yaml_event_t e;
		json_t *item = NULL;
		bool end;
		enum dc_code rc = next_event(r, &e);

		if (rc != DC_OK)
			return rc;
		end = e.type == YAML_SEQUENCE_END_EVENT;
		if (!end && (rc = take_value(r, &e, depth, &item)) == DC_OK)
			json_array_append_new(list, item);
		yaml_event_delete(&e);
		if (end || rc != DC_OK)
			return rc;
	}
}

/* The value behind a key. */
static enum dc_code
take_member(struct reader *r, const yaml_event_t *key, int depth, json_t *object)
{
	const char *name = (const char *)key->data.scalar.value;
	yaml_event_t e;
	json_t *value = NULL;
	enum dc_code rc;

	if (key->type != YAML_SCALAR_EVENT || key->data.scalar.tag != NULL || key->data.scalar.anchor != NULL)
		return fail_at(r, &key->start_mark, "a name of a member must be a word");
	if (strlen(name) != key->data.scalar.length)
		return fail_at(r, &key->start_mark, "a NUL inside of a name");
	if (json_object_get(object, name) != NULL)
		return fail_at(r, &key->start_mark, "the member is there twice");
	if ((rc = next_event(r, &e)) != DC_OK)
		return rc;
	if ((rc = take_value(r, &e, depth, &value)) == DC_OK && json_object_set_new(object, name, value) != 0)
		rc = fail_at(r, &key->start_mark, "the name is not UTF-8");
	yaml_event_delete(&e);
	return rc;
}

static enum dc_code
take_mapping(struct reader *r, int depth, json_t *object)
{
	for (;;) {
		yaml_event_t e;
		bool end;
		enum dc_code rc = next_event(r, &e);

		if (rc != DC_OK)
			return rc;
		end = e.type == YAML_MAPPING_END_EVENT;
		if (!end)
			rc = take_member(r, &e, depth, object);
		yaml_event_delete(&e);
		if (end || rc != DC_OK)
			return rc;
	}
}

static bool
is_marked(const yaml_event_t *e)
{
	if (e->type == YAML_SEQUENCE_START_EVENT)
		return e->data.sequence_start.tag != NULL || e->data.sequence_start.anchor != NULL;
	return e->type == YAML_MAPPING_START_EVENT &&
	       (e->data.mapping_start.tag != NULL || e->data.mapping_start.anchor != NULL);
}

static enum dc_code
take_value(struct reader *r, const yaml_event_t *e, int depth, json_t **ret)
{
	bool list = e->type == YAML_SEQUENCE_START_EVENT;
	json_t *value;
	enum dc_code rc;

	if (depth == DEPTH_MAX || r->values++ == VALUES_MAX)
		return fail_at(r, &e->start_mark, depth == DEPTH_MAX ? "nested too deep" : "too many values");
	if (e->type == YAML_SCALAR_EVENT)
		return take_scalar(r, e, ret);
	if (is_marked(e) || (!list && e->type != YAML_MAPPING_START_EVENT))
		return fail_at(r, &e->start_mark, "anchors, aliases and tags are not read");
	value = list ? json_array() : json_object();
	rc = list ? take_sequence(r, depth + 1, value) : take_mapping(r, depth + 1, value);
	if (rc == DC_OK)
		*ret = value;
	else
		json_decref(value);
	return rc;
}

/* --- documents --- */

static enum dc_code
take_documents(struct reader *r, json_t *documents)
{
	for (;;) {
		yaml_event_t e;
		json_t *value = NULL;
		bool end;
		enum dc_code rc = next_event(r, &e);

		if (rc != DC_OK)
			return rc;
		end = e.type == YAML_STREAM_END_EVENT;
		if (!end && e.type != YAML_STREAM_START_EVENT && e.type != YAML_DOCUMENT_START_EVENT &&
		    e.type != YAML_DOCUMENT_END_EVENT && (rc = take_value(r, &e, 0, &value)) == DC_OK)
			json_array_append_new(documents, value);
		yaml_event_delete(&e);
		if (end || rc != DC_OK)
			return rc;
	}
}

static bool
looks_like_json(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0')
		at++;
	return at < len && (text[at] == '{' || text[at] == '[');
}

static json_t *
read_json(const char *text, size_t len)
{
	json_t *value = looks_like_json(text, len) ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	return value != NULL ? json_pack("[o]", value) : NULL;
}

enum dc_code
yaml_read(const char *text, size_t len, const char *name, json_t **ret, struct dc_error *err)
{
	struct reader r = {.name = name, .err = err};
	json_t *documents = read_json(text, len);
	enum dc_code rc;

	if (documents != NULL) {
		*ret = documents;
		return DC_OK;
	}
	if (yaml_parser_initialize(&r.parser) == 0)
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	documents = json_array();
	rc = take_documents(&r, documents);
	yaml_parser_delete(&r.parser);
	if (rc == DC_OK)
		*ret = documents;
	else
		json_decref(documents);
	return rc;
}

/* --- writing --- */

/* Words that other readers of YAML take for something else than text. */
static bool
must_be_quoted(const char *text)
{
	static const char *const words[] = {"y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON",
	    "off", "Off", "OFF", "=", "<<", ".inf", "-.inf", ".nan", NULL};
	json_t *read = plain(text, strlen(text));
	bool is_text = json_is_string(read);

	json_decref(read);
	return !is_text || is_one_of(text, words) || strspn(text, "0123456789.:+-_eExXabcdefABCDEFTZ ") == strlen(text);
}

static bool
emit(yaml_emitter_t *e, yaml_event_t *event, int made)
{
	return made == 1 && yaml_emitter_emit(e, event) == 1;
}

static bool
emit_scalar(yaml_emitter_t *e, const char *text, bool is_text)
{
	_cleanup_buf_ struct buf safe = BUF_INIT(SAFE_MAX);
	yaml_event_t event;
	bool quoted = is_text && must_be_quoted(text);

	text_safe(&safe, text);
	quoted = quoted || (is_text && strcmp(buf_str(&safe), text) != 0);

	return emit(e, &event,
	    yaml_scalar_event_initialize(&event, NULL, NULL, (const unsigned char *)text, (int)strlen(text), !quoted, 1,
		quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE));
}

static bool emit_value(yaml_emitter_t *, json_t *);

/* A list of short things stands in one line. */
static bool
is_flat(json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_array(item) || json_is_object(item))
			return false;
	}
	return true;
}

static bool
emit_list(yaml_emitter_t *e, json_t *list)
{
	yaml_event_t event;
	json_t *item;
	size_t i;
	bool ok = emit(e, &event,
	    yaml_sequence_start_event_initialize(
		&event, NULL, NULL, 1, is_flat(list) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE));

	json_array_foreach(list, i, item) ok = ok && emit_value(e, item);
	return ok && emit(e, &event, yaml_sequence_end_event_initialize(&event));
}

static bool
emit_object(yaml_emitter_t *e, json_t *object)
{
	yaml_event_t event;
	const char *name;
	json_t *value;
	bool ok = emit(e, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));

	json_object_foreach(object, name, value) ok = ok && emit_scalar(e, name, true) && emit_value(e, value);
	return ok && emit(e, &event, yaml_mapping_end_event_initialize(&event));
}

static bool
emit_value(yaml_emitter_t *e, json_t *value)
{
	char *text;
	bool ok;

	if (json_is_array(value))
		return emit_list(e, value);
	if (json_is_object(value))
		return emit_object(e, value);
	if (json_is_string(value))
		return emit_scalar(e, json_string_value(value), true);
	if ((text = json_dumps(value, JSON_ENCODE_ANY)) == NULL)
		return false;
	ok = emit_scalar(e, text, false);
	free(text);
	return ok;
}

static int
take_output(void *to, unsigned char *text, size_t len)
{
	struct buf *out = to;

	buf_add(out, text, len);
	return !out->failed;
}

/* Escapes what could steer a terminal; it stands between double quotes, which know these escapes. */
static void
put_safe(struct buf *out, const char *text)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *rest = arena_strdup(arena, text), *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		text_safe(out, line);
		if (rest != NULL)
			buf_putc(out, '\n');
	}
}

enum dc_code
yaml_write(json_t *value, struct buf *out, struct dc_error *err)
{
	_cleanup_buf_ struct buf raw = BUF_INIT(out->max);
	yaml_emitter_t e;
	yaml_event_t event;
	bool ok;

	if (yaml_emitter_initialize(&e) == 0)
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	yaml_emitter_set_output(&e, take_output, &raw);
	yaml_emitter_set_unicode(&e, 1);
	yaml_emitter_set_width(&e, -1);
	ok = emit(&e, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
	     emit(&e, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) &&
	     emit_value(&e, value) && emit(&e, &event, yaml_document_end_event_initialize(&event, 1)) &&
	     emit(&e, &event, yaml_stream_end_event_initialize(&event));
	yaml_emitter_delete(&e);
	put_safe(out, buf_str(&raw));
	return ok ? DC_OK : dc_fail(err, DC_E_SYSTEM, NULL, "the value cannot be written as YAML");
}
