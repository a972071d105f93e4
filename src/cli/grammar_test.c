/* SPDX-License-Identifier: ISC */
/* The grammar: what command lines mean, against a small description of an API of doors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/completion.h"
#include "cli/file.h"
#include "cli/refusal.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/word.h"

#define WORDS_MAX 24
#define PROJECT "0123456789abcdef0123456789abcdef"

static int
open_spec(void **state)
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

static int
close_spec(void **state)
{
	spec_free(*state);
	return 0;
}

/* Splits a command line at blanks; ~ stands for a blank inside a word, '' for an empty word. */
static int
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

/* A command line as the call it makes ("METHOD path?query body"), or as its error. */
static char *
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

static void
expect(void **state, const char *line, const char *wanted)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	assert_string_equal(read_line(*state, line, arena), wanted);
}

static void
expect_error(void **state, const char *line, const char *part)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *got = read_line(*state, line, arena);

	if (strncmp(got, "error: ", 7) != 0 || strstr(got, part) == NULL)
		fail_msg("%s\n  gives: %s\n  and should be an error with: %s", line, got, part);
}

#define DOORS "/v3/" PROJECT "/dcaas/virtual-doors"

static void
nouns_are_singular_and_verbs_come_first_in_operation_ids(void **state)
{
	static const char *const wanted[] = {"apply", "edge", "edge-report", "hinge", "project", "virtual-door"};
	size_t n;
	const struct noun *nouns = spec_nouns(*state, &n);

	assert_int_equal(n, 6);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(nouns[i].name, wanted[i]);
	assert_int_equal(nouns[5].n, 5);
	assert_string_equal(nouns[5].commands[0].verb, "list");
	assert_string_equal(nouns[5].commands[4].verb, "wait");
	assert_true(nouns[0].operator_side);
	assert_false(nouns[5].operator_side);
}

static void
words_may_be_shortened_while_they_stay_clear(void **state)
{
	expect(state, "virtual-door list", "GET " DOORS);
	expect(state, "v l", "GET " DOORS);
	expect(state, "virtual_door l", "GET " DOORS);
	expect(state, "a l", "GET /dcaas/v1/applies");
	expect(state, "ed l", "GET /dcaas/v1/edges");
	expect(state, "edge-r l", "GET /dcaas/v1/edge-reports");
	expect(state, "ed conf e1", "POST /dcaas/v1/edges/e1/confirm");
}

static void
words_that_are_not_clear_or_not_known_are_told(void **state)
{
	expect_error(state, "window list", "no resource \"window\"; there is: apply, edge");
	expect_error(
	    state, "virtual-door paint", "no verb \"paint\"; there is: list, show, create, update, wait, help");
	expect_error(state, "'' list", "no resource \"\"");
	expect_error(state, "virtual-door create --n x", "\"n\" is not clear: name, name-plate, numbers");
	expect_error(state, "virtual-door create --height 3", "no option \"height\"");
	expect_error(state, "virtual-door list -x", "no option -x");
	expect_error(state, "virtual-door list extra", "one argument too many");
	expect_error(state, "virtual-door show", "virtual-door show needs virtual_door_id");
	expect_error(state, "virtual-door show ''", "virtual_door_id is empty");
}

static void
a_beginning_of_names_that_add_to_one_another_is_the_first(void **state)
{
	expect(state, "v c --nam x --width 3", "POST " DOORS " {\"virtual_door\":{\"name\":\"x\",\"width\":3}}");
	expect(state, "v c --name-p x --name y --width 3",
	    "POST " DOORS " {\"virtual_door\":{\"name_plate\":\"x\",\"name\":\"y\",\"width\":3}}");
}

static void
members_have_their_types(void **state)
{
	expect(state, "v c --name x --width -3 --open yes --side LEFT",
	    "POST " DOORS " {\"virtual_door\":{\"name\":\"x\",\"width\":-3,\"open\":true,\"side\":\"left\"}}");
	expect(state, "v c --open --name x --width 3",
	    "POST " DOORS " {\"virtual_door\":{\"open\":true,\"name\":\"x\",\"width\":3}}");
	expect(state, "v c --name x --width 3 --open",
	    "POST " DOORS " {\"virtual_door\":{\"name\":\"x\",\"width\":3,\"open\":true}}");
	expect(state, "v c --name= --width=0", "POST " DOORS " {\"virtual_door\":{\"name\":\"\",\"width\":0}}");
	expect(state, "v c --name --x --width 1", "POST " DOORS " {\"virtual_door\":{\"name\":\"--x\",\"width\":1}}");
	expect_error(state, "v c --name x --width wide", "--width takes a whole number, not \"wide\"");
	expect_error(state, "v c --name x --width 1.5", "whole number");
	expect_error(state, "v c --name x --width 99999999999999999999", "whole number");
	expect_error(state, "v c --name x --width 1 --open maybe", "--open takes true or false");
	expect_error(state, "v c --name x --width 1 --side up", "--side takes left|right, not \"up\"");
	expect_error(state, "v c --name \xff --width 1", "--name is not UTF-8");
	expect_error(state, "v c --name x --width", "--width needs a value: N");
	expect_error(state, "v l --json=1", "--json takes no value");
}

static void
required_members_are_asked_for_by_name(void **state)
{
	expect_error(state, "v c", "virtual-door create needs --name TEXT, --width N");
	expect_error(state, "v c --name x", "virtual-door create needs --width N");
	expect_error(state, "v u d1", "nothing to change");
	expect(state, "v u d1 --name y", "PUT " DOORS "/d1 {\"virtual_door\":{\"name\":\"y\"}}");
}

#define NEW "v c --name x --width 1 "
#define MADE "POST " DOORS " {\"virtual_door\":{\"name\":\"x\",\"width\":1,"

static void
lists_come_between_commas_or_by_repetition_or_as_json(void **state)
{
	expect(state, NEW "--keys a,b", MADE "\"keys\":[\"a\",\"b\"]}}");
	expect(state, NEW "--keys a --keys b,c", MADE "\"keys\":[\"a\",\"b\",\"c\"]}}");
	expect(state, NEW "--keys [\"a,b\"]", MADE "\"keys\":[\"a,b\"]}}");
	expect(state, NEW "--keys []", MADE "\"keys\":[]}}");
	expect(state, NEW "--keys a~b", MADE "\"keys\":[\"a b\"]}}");
	expect(state, NEW "--numbers 1,2", MADE "\"numbers\":[1,2]}}");
	expect_error(state, NEW "--numbers 1,b", "whole number, not \"b\"");
	expect_error(state, NEW "--keys [\"a\"", "--keys is no JSON");
	expect_error(state, NEW "--name y", "--name is given twice");
}

static void
nested_members_come_by_dots_or_as_json(void **state)
{
	expect(state, NEW "--tags [{\"key\":\"a\"}] --tags {\"key\":\"b\"}",
	    MADE "\"tags\":[{\"key\":\"a\"},{\"key\":\"b\"}]}}");
	expect(state, NEW "--frame.colour red --frame.size.deep-by 3",
	    MADE "\"frame\":{\"colour\":\"red\",\"size\":{\"deep_by\":3}}}}");
	expect(state, NEW "--frame {\"colour\":\"red\"} --frame.size.deep_by 3",
	    MADE "\"frame\":{\"colour\":\"red\",\"size\":{\"deep_by\":3}}}}");
	expect_error(state, NEW "--frame [1]", "--frame takes a JSON object");
	expect_error(state, NEW "--tags {\"key\":1,\"key\":2}", "duplicate");
	expect_error(state, NEW "--frame.size.deep-by x", "whole number");
}

static void
secrets_are_refused_as_arguments(void **state)
{
	expect_error(state, NEW "--code 1234", "--code is a secret");
	expect_error(state, NEW "--code=1234", "--code-file FILE, or - for standard input");
	expect_error(state, NEW "--tags [{\"pin\":\"1234\"}]", "--tags holds a secret");
	expect_error(state, NEW "--tags {\"pin\":\"1234\"}", "--tags holds a secret");
}

/* A file of the test's own, gone after it; its name goes into a command line. */
static char *
temporary(const char *text, struct arena *arena)
{
	char *path = arena_strdup(arena, "/tmp/dcaas-grammar-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static void
expect_with_file(void **state, const char *before, const char *text, const char *after, const char *wanted)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *path = temporary(text, arena);
	const char *got = read_line(*state, arena_printf(arena, "%s %s%s", before, path, after), arena);

	unlink(path);
	if (strncmp(wanted, "error", 5) == 0)
		assert_non_null(strstr(got, strchr(wanted, ' ') + 1));
	else
		assert_string_equal(got, wanted);
}

static void
a_secret_comes_from_a_file_without_its_newline(void **state)
{
	expect_with_file(state, NEW "--code-file", "12 34\n", "", MADE "\"code\":\"12 34\"}}");
	expect_with_file(state, NEW "--code-file", "1234\r\n", "", MADE "\"code\":\"1234\"}}");
	expect_with_file(state, NEW "--code-file", "1234", "", MADE "\"code\":\"1234\"}}");
	expect_with_file(state, NEW "--code-file", "1\n\n", "", MADE "\"code\":\"1\\n\"}}");
	expect_with_file(state, NEW "--code-file", "\n", "", "error: holds no secret");
	expect_with_file(state, NEW "--code-file", "\xff\n", "", "error: is not UTF-8");
	expect_error(state, NEW "--code-file /nowhere/at-all", "/nowhere/at-all: No such file");
}

static void
a_body_comes_from_a_file_and_options_go_over_it(void **state)
{
	static const char wanted[] = "POST " DOORS " {\"virtual_door\":{\"name\":\"x\",\"width\":2}}";

	expect_with_file(state, "v c --body", "{\"virtual_door\":{\"name\":\"x\",\"width\":2}}", "", wanted);
	expect_with_file(state, "v c --body", "{\"name\":\"x\",\"width\":2}", "", wanted);
	expect_with_file(state, "v c --width 2 --body", "{\"name\":\"x\",\"width\":9}", "", wanted);
	expect_with_file(state, "v c --body", "{\"name\":\"x\",\"width\":9,\"keys\":[\"old\"]}", " --keys a --keys b",
	    "POST " DOORS " {\"virtual_door\":{\"name\":\"x\",\"width\":9,\"keys\":[\"a\",\"b\"]}}");
	expect_with_file(state, "v c --body", "{\"name\":\"x\"}", "", "error: needs --width N");
	expect_with_file(state, "v c --body", "[1]", "", "error: holds no JSON object");
	expect_with_file(state, "v c --body", "{\"a\":1,\"a\":2}", "", "error: no JSON");
}

static void
filters_go_into_the_query_as_they_were_typed(void **state)
{
	expect(state, "v l --name a --name b~&/ --sort-dir desc", "GET " DOORS "?name=a&name=b%20%26%2F&sort_dir=desc");
	expect(state, "v l --page-reverse yes", "GET " DOORS "?page_reverse=true");
	expect(state, "v l --limit 5 --marker m", "GET " DOORS);
	expect_error(state, "v l --sort-dir up", "--sort-dir takes asc|desc");
	expect_error(state, "v l --limit 0", "--limit takes a whole number from 1");
	expect_error(state, "v l --limit many", "--limit takes a whole number from 1");
}

static void
ids_are_escaped_in_paths(void **state)
{
	expect(state, "v show a/../b?c", "GET " DOORS "/a%2F..%2Fb%3Fc");
	expect(state, "v show -- --help", "GET " DOORS "/--help");
	expect(state, "project delete p1", "DELETE /dcaas/v1/projects/p1");
}

static void
help_is_there_at_every_step(void **state)
{
	expect(state, "help", "help - -");
	expect(state, "-h", "help - -");
	expect(state, "v help", "help virtual-door -");
	expect(state, "help v", "help virtual-door -");
	expect(state, "help v cr", "help virtual-door create");
	expect(state, "v c --help", "help virtual-door create");
	expect(state, "v", "help virtual-door -");
}

static void
waiting_needs_to_know_for_what(void **state)
{
	expect(state, "v wait d1 --status OPEN", "GET " DOORS "/d1");
	expect(state, "v wait d1 --gone --timeout 3", "GET " DOORS "/d1");
	expect_error(state, "v wait d1", "wait for what?");
	expect_error(state, "v wait d1 --status AJAR", "--status takes OPEN|SHUT");
	expect_error(state, "v wait d1 --code x", "no option \"code\"");
}

static void
a_dry_run_hides_secrets(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct dc_error err = {0};
	struct arguments args;
	char *words[WORDS_MAX], *path = temporary("1234\n", arena);
	int n = split(arena_printf(arena, NEW "--code-file %s", path), words);

	assert_int_equal(arguments_read(*state, n, words, arena, &args, &err), DC_OK);
	assert_string_equal(arguments_body(*state, &args, true, arena),
	    "{\"virtual_door\":{\"name\":\"x\",\"width\":1,\"code\":\"***\"}}");
	assert_non_null(strstr(arguments_body(*state, &args, false, arena), "1234"));
	arguments_free(&args);
	unlink(path);
}

/* Whatever is typed: an answer or words, no crash (the sanitizers watch). */
static void
any_beginning_and_any_mixture_of_a_command_line_is_survived(void **state)
{
	static const char *const pieces[] = {"v", "c", "virtual-door", "list", "--", "-", "--name", "x", "--width=1",
	    "''", "--tags", "[{\"key\":1}]", "--frame.size", "{}", "-jqv", "--keys=,,", "--limit", "wait", "--body",
	    "--=", "---", "help", "\xc3", "--columns="};
	unsigned seed = 7;

	for (int round = 0; round < 3000; round++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		char *line = arena_strdup(arena, "v");

		for (int i = 0; i < 6; i++) {
			const char *piece = pieces[(size_t)rand_r(&seed) % (sizeof(pieces) / sizeof(pieces[0]))];

			line = arena_printf(arena, "%s %s", line, strcmp(piece, "-") == 0 ? "/dev/null" : piece);
		}
		assert_non_null(read_line(*state, line, arena));
	}
}

/* --- what people see --- */

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
	assert_string_equal(buf_str(&out), "ID  NAME      WIDTH  STATUS\n"
					   "1   a\\x1b[2J      7  -\n"
					   "22  -            10  -\n");
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
refusals_are_told_whatever_their_body_is(void **state)
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

static void
offered(void **state, const char *line, const char *wanted)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *words[WORDS_MAX], *text = NULL;
	size_t size = 0;
	int n = split(arena_strdup(arena, line), words);
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	completion_offer(*state, n, words, NULL, NULL, to);
	fclose(to);
	assert_string_equal(text, wanted);
	free(text);
}

static void
completion_offers_what_can_stand_there(void **state)
{
	offered(state, "ed", "edge\nedge-report\n");
	offered(state, "virtual-door ''", "list\nshow\ncreate\nupdate\nwait\nhelp\n");
	offered(state, "v c --na", "--name\n--name-plate\n");
	offered(state, "v c --side ''", "left\nright\n");
	offered(state, "v c --side r", "right\n");
	offered(state, "v c --open ''", "true\nfalse\n");
	offered(state, "v c --code", "--code-file\n");
	offered(state, "v c --name ''", "");
	offered(state, "-j v wait d1 --st", "--status\n");
}

static void
a_description_that_is_none_is_refused(void **state)
{
	static const char *const texts[] = {"", "[]", "{}", "{\"paths\":[]}", "not json"};
	struct dc_error err = {0};
	struct spec *spec = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_not_equal(spec_read(texts[i], strlen(texts[i]), &spec, &err), DC_OK);
	assert_null(spec);
}

/* A call could not be made: there is nothing to put into such a path. */
static void
a_path_that_its_parameters_do_not_fill_is_no_command(void **state)
{
	static const char text[] = "{\"paths\":{"
				   "\"/a/{x\":{\"get\":{\"operationId\":\"ShowDoor\"}},"
				   "\"/b/{x}/{y}\":{\"get\":{\"operationId\":\"ShowWall\",\"parameters\":"
				   "[{\"in\":\"path\",\"name\":\"x\"}]}},"
				   "\"/v3/{p/{project_id}/d/{x}\":{\"get\":{\"operationId\":\"ShowFloor\","
				   "\"parameters\":[{\"in\":\"path\",\"name\":\"x\"}]}},"
				   "\"/c/{x}\":{\"get\":{\"operationId\":\"ShowRoof\",\"parameters\":"
				   "[{\"in\":\"path\",\"name\":\"x\"}]}}}}";
	struct dc_error err = {0};
	struct spec *spec = NULL;
	const struct noun *noun;
	size_t n;

	(void)state;
	assert_int_equal(spec_read(text, strlen(text), &spec, &err), DC_OK);
	noun = spec_nouns(spec, &n);
	assert_int_equal(n, 1);
	assert_string_equal(noun[0].name, "roof");
	spec_free(spec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nouns_are_singular_and_verbs_come_first_in_operation_ids),
	    cmocka_unit_test(words_may_be_shortened_while_they_stay_clear),
	    cmocka_unit_test(words_that_are_not_clear_or_not_known_are_told),
	    cmocka_unit_test(a_beginning_of_names_that_add_to_one_another_is_the_first),
	    cmocka_unit_test(members_have_their_types),
	    cmocka_unit_test(required_members_are_asked_for_by_name),
	    cmocka_unit_test(lists_come_between_commas_or_by_repetition_or_as_json),
	    cmocka_unit_test(nested_members_come_by_dots_or_as_json),
	    cmocka_unit_test(secrets_are_refused_as_arguments),
	    cmocka_unit_test(a_secret_comes_from_a_file_without_its_newline),
	    cmocka_unit_test(a_body_comes_from_a_file_and_options_go_over_it),
	    cmocka_unit_test(filters_go_into_the_query_as_they_were_typed),
	    cmocka_unit_test(ids_are_escaped_in_paths),
	    cmocka_unit_test(help_is_there_at_every_step),
	    cmocka_unit_test(waiting_needs_to_know_for_what),
	    cmocka_unit_test(a_dry_run_hides_secrets),
	    cmocka_unit_test(any_beginning_and_any_mixture_of_a_command_line_is_survived),
	    cmocka_unit_test(text_of_others_cannot_steer_a_terminal),
	    cmocka_unit_test(json_stays_the_same_value_when_it_is_made_harmless),
	    cmocka_unit_test(columns_are_aligned_by_what_is_seen),
	    cmocka_unit_test(a_list_shows_the_columns_of_the_description),
	    cmocka_unit_test(things_without_members_are_no_table),
	    cmocka_unit_test(refusals_are_told_whatever_their_body_is),
	    cmocka_unit_test(completion_offers_what_can_stand_there),
	    cmocka_unit_test(a_description_that_is_none_is_refused),
	    cmocka_unit_test(a_path_that_its_parameters_do_not_fill_is_no_command),
	};

	return cmocka_run_group_tests(tests, open_spec, close_spec);
}
