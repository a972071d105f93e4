/* SPDX-License-Identifier: ISC */
/* fuzz_answer.c - what a server answers to the command line: the first line is how it is shown (one, list, ids, mask,
 * refusal), the rest is the body. For any input the output ends, is UTF-8 and has no control character but the
 * end of a line, so that no server writes to the user's terminal as it likes. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "cli/answer.h"
#include "cli/file.h"
#include "cli/refusal.h"
#include "cli/text.h"

#define TEXT_MAX (1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The description of an API of doors, read once. */
static const struct spec *
doors(void)
{
	static struct spec *spec;
	struct dc_error err = {0};

	if (spec == NULL) {
		_cleanup_buf_ struct buf text = BUF_INIT(TEXT_MAX);

		text_init();
		if (file_read(FIXTURE, &text, &err) != DC_OK ||
		    spec_read(buf_str(&text), text.len, &spec, &err) != DC_OK)
			abort();
	}
	return spec;
}

/* What the first command that answers one thing prints of it. */
static json_t *
schema_of_door(const struct spec *spec)
{
	size_t n;
	const struct noun *noun = spec_nouns(spec, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < noun[i].n; k++)
			if (strcmp(noun[i].commands[k].verb, "show") == 0)
				return noun[i].commands[k].answer;
	abort();
}

static void
is_harmless(const struct buf *out)
{
	const char *at = buf_str(out);
	mbstate_t state = {0};
	wchar_t c;
	size_t n;

	while ((n = mbrtowc(&c, at, MB_CUR_MAX, &state)) > 0) {
		if (n > MB_CUR_MAX || (iswcntrl((wint_t)c) && c != L'\n'))
			abort();
		at += n;
	}
}

static void
show(const char *how, const char *text, size_t len, struct buf *out)
{
	const struct spec *spec = doors();
	json_t *schema = schema_of_door(spec), *body = json_loadb(text, len, 0, NULL);
	struct dc_error err = {0};
	struct look look = {.header = true};

	/* A long text begins as on a terminal, so that both are tried. */
	if (len > 100)
		look = (struct look){.header = true, .terminal = true, .width = 80, .now = utc_now()};
	if (strcmp(how, "one") == 0 && json_is_object(body))
		answer_one(spec, schema, body, &look, out, &err);
	else if (strcmp(how, "list") == 0 && json_is_array(body))
		answer_list(spec, schema, body, &look, out, &err);
	else if (strcmp(how, "ids") == 0 && json_is_array(body))
		answer_ids(body, out);
	else if (strcmp(how, "mask") == 0 && body != NULL)
		schema_mask(spec, schema, body);
	json_decref(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_buf_ struct buf out = BUF_INIT(TEXT_MAX);
	const uint8_t *body = size > 0 ? memchr(data, '\n', size) : NULL;
	const char *how, *text;
	size_t len;

	if (body == NULL)
		return 0;
	how = arena_strndup(arena, (const char *)data, (size_t)(body - data));
	len = size - (size_t)(body + 1 - data);
	text = arena_memdup(arena, body + 1, len);
	doors();
	if (strcmp(how, "refusal") == 0)
		refusal_text(400, text, len, how, &out);
	else
		show(how, text, len, &out);
	is_harmless(&out);
	return 0;
}
