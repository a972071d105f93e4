/* SPDX-License-Identifier: ISC */
/* fuzz_spec.c - an API's description, as the command line reads it: any document either is none, or becomes commands
 * that can be explained, completed and typed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/text.h"

#define IDS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
explain(const struct spec *spec, const struct command *c, FILE *to)
{
	if (c->noun == NULL || c->verb == NULL || c->method == NULL || c->path == NULL)
		abort();
	help_command(spec, c, to);
	for (size_t i = 0; i < c->ids_n; i++)
		if (c->ids[i].name == NULL)
			abort();
}

/* The command with an argument for each of its ids, read back as it was meant. */
static void
type(const struct spec *spec, const struct command *c)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *words[IDS_MAX + 2] = {arena_strdup(arena, c->noun), arena_strdup(arena, c->verb)};
	struct arguments read = {0};
	struct dc_error err = {0};
	size_t n = 2;

	while (n - 2 < c->ids_n && n < IDS_MAX + 2)
		words[n++] = arena_strdup(arena, "1");
	if (arguments_read(spec, (int)n, words, arena, &read, &err) == DC_OK && read.command != NULL) {
		_cleanup_buf_ struct buf query = BUF_INIT(1 << 16);

		arguments_query(&read, &query);
		client_path(read.command, "p", read.ids, arena);
		arguments_body(spec, &read, true, arena);
	}
	arguments_free(&read);
}

static void
complete(const struct spec *spec, const struct command *c, FILE *to)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *words[] = {arena_strdup(arena, c->noun), arena_strdup(arena, c->verb), arena_strdup(arena, "--")};

	completion_offer(spec, 3, words, NULL, NULL, to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct dc_error err = {0};
	struct spec *spec;
	const struct noun *noun;
	size_t n;

	if (nowhere == NULL) {
		text_init();
		if ((nowhere = fopen("/dev/null", "we")) == NULL)
			abort();
	}
	if (spec_read((const char *)data, size, &spec, &err) != DC_OK)
		return 0;
	noun = spec_nouns(spec, &n);
	help_all(spec, nowhere);
	for (size_t i = 0; i < n; i++) {
		help_noun(&noun[i], nowhere);
		for (size_t k = 0; k < noun[i].n; k++) {
			explain(spec, &noun[i].commands[k], nowhere);
			type(spec, &noun[i].commands[k]);
			complete(spec, &noun[i].commands[k], nowhere);
		}
	}
	spec_free(spec);
	return 0;
}
