/* SPDX-License-Identifier: ISC */
/* print.c - answers as they are asked for: for people, for programs, or names and ids only. */
#include "cli/run_priv.h"
#include "cli/text.h"
#include "cli/yaml_text.h"

/* --- output --- */

enum dc_code
run_put(struct run *r, const struct buf *out)
{
	if (out->failed)
		return dc_fail(r->err, DC_E_PROTOCOL, NULL, "the answer is too large to print");
	if (fwrite(buf_str(out), 1, out->len, stdout) != out->len || fflush(stdout) != 0)
		return dc_fail(r->err, DC_E_IO, NULL, "standard output cannot be written");
	return DC_OK;
}

void
print_json(struct buf *out, const char *text)
{
	text_safe_json(out, text);
	if (out->len == 0 || out->data[out->len - 1] != '\n')
		buf_putc(out, '\n');
}

static void
put_value(struct buf *out, json_t *value, size_t flags)
{
	char *text = json_dumps(value, flags);

	if (text != NULL)
		print_json(out, text);
	free(text);
}

/* {"member": value} in the form that is asked for. */
static enum dc_code
put_document(struct run *r, const char *member, json_t *value, struct buf *out)
{
	json_t *document = json_pack("{s:O}", member, value);
	enum dc_code rc = DC_OK;

	if (r->look.output == OUTPUT_YAML)
		rc = yaml_write(document, out, r->err);
	else
		put_value(out, document, JSON_COMPACT);
	json_decref(document);
	return rc;
}

bool
print_is_for_programs(const struct look *l)
{
	return l->output == OUTPUT_JSON || l->output == OUTPUT_YAML;
}

/* --- one thing --- */

json_t *
run_thing(const struct command *c, json_t *body)
{
	json_t *thing = c->member != NULL ? json_object_get(body, c->member) : NULL;

	return thing != NULL ? thing : body;
}

/* Whether the member is answered by this call and never again: a show of the same thing does not have it. */
static bool
is_shown_once(const struct run *r, const struct command *c, const char *member)
{
	const struct command *show = r->args->noun != NULL ? noun_command(r->args->noun, "show") : NULL;

	return strcmp(c->method, "POST") == 0 && show != NULL &&
	       json_object_get(schema_properties(show->answer), member) == NULL;
}

/* People see secrets only where they would be lost else; -j shows all that the server answers. */
static void
hide_secrets(const struct run *r, const struct command *c, json_t *thing)
{
	json_t *properties = schema_properties(c->answer), *value;
	const char *member;

	json_object_foreach(thing, member, value)
	{
		if (!is_shown_once(r, c, member))
			schema_mask(r->spec, json_object_get(properties, member), value);
	}
}

/* The name of what a command shows, where that is not the answer itself. */
static const char *
member_of(const struct command *c)
{
	return c->inside != NULL || c->member == NULL ? (c->resource != NULL ? c->resource->name : "answer")
						      : c->member;
}

static enum dc_code
write_for_programs(
    struct run *r, const struct command *c, const struct http_answer *text, json_t *thing, struct buf *out)
{
	json_t *list = json_pack("[O]", thing), *some = NULL;
	enum dc_code rc = DC_OK;

	if (r->look.columns != NULL)
		rc = answer_picked(r->spec, c->answer, list, &r->look, &some, r->err);
	if (rc != DC_OK)
		;
	else if (some != NULL)
		rc = put_document(r, member_of(c), json_array_get(some, 0), out);
	else if (r->look.output == OUTPUT_JSON && text != NULL && c->inside == NULL)
		print_json(out, buf_str(&text->body));
	else if (c->member == NULL && r->look.output == OUTPUT_YAML)
		rc = yaml_write(thing, out, r->err);
	else
		rc = put_document(r, member_of(c), thing, out);
	json_decref(some);
	json_decref(list);
	return rc;
}

static enum dc_code
write_for_people(struct run *r, const struct command *c, const struct http_answer *text, json_t *body, json_t *thing,
    struct buf *out)
{
	enum dc_code rc;

	hide_secrets(r, c, thing);
	if (thing == body)
		json_object_del(body, "request_id");
	rc = answer_one(r->spec, c->answer, thing, &r->look, out, r->err);
	if (rc == DC_OK && r->look.output != OUTPUT_VALUE && text != NULL && text->observed_age[0] != '\0') {
		buf_puts(out, "observed ");
		text_safe(out, text->observed_age);
		buf_puts(out, " s ago\n");
	}
	return rc;
}

enum dc_code
print_thing(struct run *r, const struct command *c, const struct http_answer *text, json_t *body, json_t *thing,
    struct buf *out)
{
	json_t *list;

	if (c->document && !print_is_for_programs(&r->look)) {
		put_value(out, body, JSON_INDENT(1));
		return DC_OK;
	}
	if (print_is_for_programs(&r->look))
		return write_for_programs(r, c, text, thing, out);
	if (!r->args->quiet && r->look.output != OUTPUT_NAME)
		return write_for_people(r, c, text, body, thing, out);
	list = json_pack("[O]", thing);
	if (r->args->quiet)
		answer_ids(list, out);
	else
		answer_names(list, out);
	json_decref(list);
	return DC_OK;
}

/* --- lists --- */

/* Several pages as one: the last one's document with all the items. */
static void
write_merged(const struct command *c, const struct listing *l, struct buf *out)
{
	json_t *info = json_object_get(l->last, "page_info");

	json_object_set(l->last, c->member, l->items);
	if (json_is_object(info))
		json_object_set_new(info, "current_count", json_integer((json_int_t)json_array_size(l->items)));
	put_value(out, l->last, JSON_COMPACT);
}

static enum dc_code
list_for_programs(struct run *r, const struct listing *l, struct buf *out)
{
	const struct command *c = r->args->command;
	const char *member = c->inside != NULL ? c->inside : c->member;
	json_t *some = NULL;
	enum dc_code rc;

	if (r->look.columns != NULL) {
		if ((rc = answer_picked(r->spec, c->answer, l->items, &r->look, &some, r->err)) == DC_OK)
			rc = put_document(r, member, some, out);
		json_decref(some);
		return rc;
	}
	if (r->look.output == OUTPUT_YAML || c->inside != NULL)
		return put_document(r, member, l->items, out);
	if (l->text != NULL)
		print_json(out, l->text);
	else
		write_merged(c, l, out);
	return DC_OK;
}

enum dc_code
print_list(struct run *r, const struct listing *l, struct buf *out)
{
	const struct command *c = r->args->command;
	json_t *item;
	size_t i;

	if (print_is_for_programs(&r->look))
		return list_for_programs(r, l, out);
	if (r->args->quiet) {
		answer_ids(l->items, out);
	} else if (r->look.output == OUTPUT_NAME) {
		answer_names(l->items, out);
	} else {
		json_array_foreach(l->items, i, item) schema_mask(r->spec, c->answer, item);
		return answer_list(r->spec, c->answer, l->items, &r->look, out, r->err);
	}
	return DC_OK;
}

/* For people: a line of titles alone is of no use. */
void
print_nothing(const struct run *r, struct buf *out)
{
	const struct command *c = r->args->command;

	buf_printf(out, "There is no %s%s.\n", c->resource != NULL ? c->resource->title : c->noun,
	    r->args->filters_n > 0 ? " like that" : "");
}
