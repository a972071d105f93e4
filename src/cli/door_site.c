/* SPDX-License-Identifier: ISC */
#include "cli/door_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/file.h"
#include "cli/text.h"

int
door_open(void **state)
{
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
	struct dc_error err = {0};
	struct spec *spec = NULL;

	text_init();
	if (file_read(FIXTURE, &text, &err) != DC_OK || spec_read(buf_str(&text), text.len, &spec, &err) != DC_OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	*state = spec;
	return 0;
}

int
door_close(void **state)
{
	spec_free(*state);
	return 0;
}

int
split(char *line, char *words[WORDS_MAX])
{
	int n = 0;

	for (char *word; (word = strsep(&line, " ")) != NULL && n < WORDS_MAX;) {
		for (char *c = word; *c != '\0'; c++)
			*c = *c == '~' ? ' ' : *c;
		words[n++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	return n;
}

char *
read_line(const struct spec *spec, const char *line, struct arena *arena)
{
	struct dc_error err = {0};
	struct arguments args;
	char *words[WORDS_MAX];
	int n = split(arena_strdup(arena, line), words);
	char *out;

	if (arguments_read(spec, n, words, arena, &args, &err) != DC_OK) {
		out = arena_printf(arena, "error: %s", err.text);
	} else if (args.help || args.command == NULL) {
		out = arena_printf(arena, "help %s %s", args.noun != NULL ? args.noun->name : "-",
		    args.command != NULL ? args.command->verb : "-");
	} else {
		_cleanup_buf_ struct buf query = BUF_INIT(1 << 16);
		const char *body = arguments_body(spec, &args, false, arena);

		arguments_query(&args, &query);
		out = arena_printf(arena, "%s %s%s%s%s%s", args.command->method,
		    client_path(args.command, PROJECT, args.ids, arena), query.len > 0 ? "?" : "", buf_str(&query),
		    body != NULL ? " " : "", body != NULL ? body : "");
	}
	arguments_free(&args);
	return out;
}
