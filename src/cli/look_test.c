/* SPDX-License-Identifier: ISC */
/* What people and scripts see: text of others, tables, refusals, ages, colours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/answer.h"
#include "cli/column.h"
#include "cli/door_site.h"
#include "cli/refusal.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/word.h"

static void
safe(const char *text, const char *wanted)
{
	_cleanup_buf_ struct buf out = BUF_INIT(1000);

	text_safe(&out, text);
	assert_string_equal(buf_str(&out), wanted);
}

static void
text_of_others_cannot_steer_a_terminal(void **state)
{
	(void)state;
	safe("plain Zürich 東京 é", "plain Zürich 東京 é");
	safe("\033[31mred\a\177", "\\x1b[31mred\\x07\\x7f");
	safe("two\nlines\t\r", "two\\nlines\\t\\r");
	safe("\xc2\x9b"
	     "31m",
	    "\\x9b31m"); /* CSI in one character */
	safe("a\xe2\x80\xae"
	     "b\xe2\x81\xa6",
	    "a\\u202eb\\u2066"); /* overrides of direction */
	safe("\xef\xbb\xbf\xe2\x80\x8b", "\\ufeff\\u200b");
	safe("\xf3\xa0\x81\x81", "\\U000e0041");
	safe("\xff\xc3", "\\xff\\xc3");
	safe("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* half of a surrogate pair */
}

static void
json_stays_the_same_value_when_it_is_made_harmless(void **state)
{
	static const char text[] = "{\"a\":\"\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81\177 \xe6\x9d\xb1\"}\n";
	_cleanup_buf_ struct buf out = BUF_INIT(1000);
	json_t *before = json_loads(text, 0, NULL), *after;

	(void)state;
	text_safe_json(&out, text);
	assert_string_equal(buf_str(&out), "{\"a\":\"\\u009b\\u202e\\udb40\\udc41\\u007f \xe6\x9d\xb1\"}\n");
	after = json_loads(buf_str(&out), 0, NULL);
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(after);
}

static void
columns_are_aligned_by_what_is_seen(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_buf_ struct buf out = BUF_INIT(1000);
	struct table *t = table_new(3, arena);
	static const char *const cells[] = {"NAME", "N", "X", "東京", "7", "a", "e\xcc\x81té", "12", ""};

	(void)state;
	table_right(t, 1);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		table_cell(t, cells[i]);
	table_write(t, &(struct table_look){.indent = ""}, &out);
	assert_string_equal(buf_str(&out), "NAME   N  X\n東京   7  a\ne\xcc\x81té   12\n");
}

static void
a_list_shows_the_columns_of_the_description(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT(4000);
	struct dc_error err = {0};
	size_t n;
	const struct noun *door = &spec_nouns(*state, &n)[5];
	struct look look = {.header = true};
	json_t *items =
	    json_loads("[{\"id\":\"1\",\"name\":\"a\\u001b[2J\",\"width\":7,\"status\":null,\"code\":\"x\"},"
		       "{\"id\":\"22\",\"width\":10}]",
		0, NULL);

	assert_int_equal(answer_list(*state, door->commands[0].answer, items, &look, &out, &err), DC_OK);
	assert_string_equal(buf_str(&out), "ID  NAME      WIDTH  LEFT  RIGHT  TURNS  STATUS  REASON\n"
					   "1   a\\x1b[2J      7  -     -      -      -       -\n"
					   "22  -            10  -     -      -      -       -\n");
	buf_reset(&out);
	look.columns = "width,i";
	assert_int_equal(answer_list(*state, door->commands[0].answer, items, &look, &out, &err), DC_OK);
	assert_string_equal(buf_str(&out), "WIDTH  ID\n    7  1\n   10  22\n");
	look.columns = "colour";
	assert_int_equal(answer_list(*state, door->commands[0].answer, items, &look, &out, &err), DC_E_PARAM);
	json_decref(items);
}

/* A server may answer what this description does not know. */
static void
things_without_members_are_no_table(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT(1000);
	struct dc_error err = {0};
	json_t *thing = json_loads("{\"id\":\"1\",\"unheard_of\":[{},{\"a\":1}]}", 0, NULL);

	assert_int_equal(answer_one(*state, NULL, thing, &(struct look){.header = true}, &out, &err), DC_OK);
	assert_string_equal(buf_str(&out), "id          1\nunheard_of  {}, {\"a\":1}\n");
	json_decref(thing);
}

static void
refusals_are_shown_with_any_body(void **state)
{
	static const char *const cases[][2] = {
	    {"{\"error_code\":\"DC.0001\",\"error_msg\":\"bad\\u001b\",\"request_id\":\"r1\"}",
		"DC.0001: bad\\x1b (HTTP 400, request r1)"},
	    {"{\"error_code\":1,\"error_msg\":null}", "the server gives no reason (HTTP 400, request header)"},
	    {"<html>", "the server gives no reason (HTTP 400, request header)"},
	    {"", "the server gives no reason (HTTP 400, request header)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(1000);

		refusal_text(400, cases[i][0], strlen(cases[i][0]), "header", &out);
		assert_string_equal(buf_str(&out), cases[i][1]);
	}
}

/* --- lists for people --- */

#define NOW "2026-12-01T12:00:00Z"

static char *
shown(void **state, const char *items_text, struct look look, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(16000);
	struct dc_error err = {0};
	json_t *items = json_loads(items_text, 0, NULL);
	const struct command *list = spec_command(*state, "virtual_door", "list", false);

	assert_non_null(items);
	assert_true(utc_parse(NOW, &look.now));
	look.header = true;
	assert_int_equal(answer_list(*state, list->answer, items, &look, &out, &err), DC_OK);
	json_decref(items);
	return arena_strdup(arena, buf_str(&out));
}

#define ID(n) "\"0193a2b4-0000-7000-8000-00000000000" #n "\""
#define TWO_DOORS                                                                                                      \
	"[{\"id\":" ID(1) ",\"name\":\"front\",\"width\":90,\"status\":\"OPEN\",\"reason\":null,\"hinges\":["          \
			  "{\"side\":\"left\",\"status\":\"up\",\"status_time\":\"2026-12-01T11:57:00Z\",\"turns\":3," \
			  "\"most\":100},"                                                                             \
			  "{\"side\":\"right\",\"status\":\"down\",\"status_time\":\"2026-11-29T11:00:00Z\","          \
			  "\"turns\":0,\"most\":100}]},"                                                               \
			  " {\"id\":" ID(2) ",\"name\":\"back\",\"width\":100,\"status\":\"SHUT\",\"reason\":\"the "   \
					    "hinge is stiff and it has to be oiled\",\"hinges\":[]}]"

static void
a_terminal_shows_ages_names_and_notes_below(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct look narrow = {.terminal = true, .width = 50}, wide = {.terminal = true, .width = 100};

	assert_string_equal(shown(state, TWO_DOORS, narrow, arena),
	    "NAME   WIDTH  LEFT   RIGHT    TURNS         STATUS\n"
	    "front     90  up 3m  down 2d  3/100, 0/100  OPEN\n"
	    "back     100  -      -        -             SHUT\n"
	    "  the hinge is stiff and it has to be oiled\n");
	assert_non_null(
	    strstr(shown(state, TWO_DOORS, wide, arena), "SHUT    the hinge is stiff and it has to be oiled\n"));
}

static void
a_pipe_gets_ids_and_times_whole(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *text = shown(state, TWO_DOORS, (struct look){0}, arena);

	assert_non_null(strstr(text, "0193a2b4-0000-7000-8000-000000000001  front"));
	assert_non_null(strstr(text, "up since 2026-12-01T11:57:00Z"));
	assert_non_null(strstr(text, "REASON"));
}

static void
ids_are_shown_where_names_are_not_enough(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct look l = {.terminal = true, .width = 80};
	const char *text = shown(state,
	    "[{\"id\":" ID(1) ",\"name\":\"a\"},{\"id\":\"0193a2b4-0001-7000-8000-000000000001\",\"name\":\"a\"}]", l,
	    arena);

	assert_non_null(strstr(text, "0193a2b4-0000  a"));
	assert_non_null(strstr(text, "0193a2b4-0001  a"));
	assert_null(strstr(shown(state, "[{\"id\":" ID(1) ",\"name\":\"a\"}]", l, arena), "0193"));
	assert_non_null(strstr(shown(state, "[{\"id\":" ID(1) ",\"name\":\"\"}]", l, arena), "0193a2b4 "));
}

static void
long_cells_are_cut_on_a_terminal_only(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	static const char items[] =
	    "[{\"name\":\"a name that is longer than the terminal is wide, by far\",\"width\":1}]";
	char *rest = shown(state, items, (struct look){.terminal = true, .width = 40}, arena), *line;

	assert_non_null(strstr(rest, "…"));
	while ((line = strsep(&rest, "\n")) != NULL)
		assert_true(text_width(line) <= 40);
	assert_null(strstr(shown(state, items, (struct look){0}, arena), "…"));
}

static void
values_for_scripts_stand_between_tabs(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	assert_string_equal(
	    shown(state, TWO_DOORS, (struct look){.output = OUTPUT_VALUE, .columns = "name,left,turns"}, arena),
	    "front\tup\t3,0\nback\t\t\n");
}

static void
states_have_colours(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct look l = {.terminal = true, .width = 80, .color = true};
	const char *text = shown(state, TWO_DOORS, l, arena);

	assert_non_null(strstr(text, "\033[32mup 3m\033[0m  \033[31mdown 2d\033[0m"));
	assert_non_null(strstr(text, "\033[1mNAME\033[0m"));
}

static void
ages_and_cuts(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} ages[] = {{-5, "0s"}, {0, "0s"}, {119999, "119s"}, {120000, "2m"}, {7199999, "119m"}, {7200000, "2h"},
	    {172800000, "2d"}, {INT64_C(31536000000), "365d"}};
	static const struct {
		size_t columns;
		const char *text;
	} cuts[] = {{9, "Zürich 東"}, {8, "Zürich …"}, {7, "Zürich…"}, {2, "Z…"}, {1, "…"}, {0, ""}};

	(void)state;
	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(100);

		text_age(&out, ages[i].ms);
		assert_string_equal(buf_str(&out), ages[i].text);
	}
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(100);

		text_cut(&out, "Zürich 東", cuts[i].columns);
		assert_string_equal(buf_str(&out), cuts[i].text);
	}
}

static void
the_nearest_word(void **state)
{
	static const char *const words[] = {"office", "branch", "warehouse", "dc"};

	(void)state;
	assert_string_equal(word_nearest("offcie", words, 4), "office");
	assert_string_equal(word_nearest("warehous", words, 4), "warehouse");
	assert_string_equal(word_nearest("bransh", words, 4), "branch");
	assert_string_equal(word_nearest("ware", words, 4), "warehouse");
	assert_null(word_nearest("zebra", words, 4));
	assert_null(word_nearest("", words, 4));
	assert_null(
	    word_nearest("a word that is much longer than any of them, and than anything anybody types", words, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_of_others_cannot_steer_a_terminal),
	    cmocka_unit_test(json_stays_the_same_value_when_it_is_made_harmless),
	    cmocka_unit_test(columns_are_aligned_by_what_is_seen),
	    cmocka_unit_test(a_list_shows_the_columns_of_the_description),
	    cmocka_unit_test(things_without_members_are_no_table),
	    cmocka_unit_test(refusals_are_shown_with_any_body),
	    cmocka_unit_test(a_terminal_shows_ages_names_and_notes_below),
	    cmocka_unit_test(a_pipe_gets_ids_and_times_whole),
	    cmocka_unit_test(ids_are_shown_where_names_are_not_enough),
	    cmocka_unit_test(long_cells_are_cut_on_a_terminal_only),
	    cmocka_unit_test(values_for_scripts_stand_between_tabs),
	    cmocka_unit_test(states_have_colours),
	    cmocka_unit_test(ages_and_cuts),
	    cmocka_unit_test(the_nearest_word),
	};

	return cmocka_run_group_tests(tests, door_open, door_close);
}
