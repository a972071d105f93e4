/* SPDX-License-Identifier: ISC */
/* fuzz_bird.c - the output of BIRD's control socket: split into lines and codes, read as list of sessions, counts,
 * status and parse error. For any input, what is taken from it lies within it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bird/parse.h"
#include "edge/bird/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_rows(const struct control_reply *r, struct arena *arena)
{
	struct bird_row *row;
	size_t n = bird_parse_protocols(r, arena, &row);

	if (n > r->lines)
		abort();
	for (size_t i = 0; i < n; i++)
		if (strlen(row[i].name) == 0 || strlen(row[i].state) == 0 || (row[i].established && row[i].down) ||
		    (row[i].limit && !row[i].down) || row[i].since < 0)
			abort();
}

static void
check_error(const struct control_reply *r)
{
	static const size_t owner[] = {0, 1, 2, 0};
	const struct bird_config config = {.text = "", .line_owner = owner, .lines = 4};
	const char *words;
	long found = bird_error_owner(&config, control_words(r), &words);

	if (found < -1 || found > 1 || strlen(words) > strlen(control_words(r)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *text = arena_alloc(arena, size + 1);
	struct bird_counts counts = {0};
	struct control_reply r;

	memcpy(text, data, size);
	if (control_split(text, size, arena, &r) != 1)
		return 0;
	if (r.lines == 0 || r.line[r.lines - 1].code != r.code || r.code > 9999)
		abort();
	check_rows(&r, arena);
	check_error(&r);
	bird_parse_configuring(&r);
	if (bird_parse_counts(&r, &counts) && (counts.imported < 0 || counts.filtered < 0 || counts.exported < 0))
		abort();
	return 0;
}
