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
#include "cli/yaml_text.h"

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
	expect_error(state, "v c --name x --width wide", "--width accepts a whole number, not \"wide\"");
	expect_error(state, "v c --name x --width 1.5", "whole number");
	expect_error(state, "v c --name x --width 99999999999999999999", "whole number");
	expect_error(state, "v c --name x --width 1 --open maybe", "--open accepts true or false");
	expect_error(state, "v c --name x --width 1 --side up", "--side accepts left|right, not \"up\"");
	expect_error(state, "v c --name \xff --width 1", "--name is not UTF-8");
	expect_error(state, "v c --name x --width", "--width needs a value: N");
	expect_error(state, "v l --json=1", "--json accepts no value");
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
	expect_error(state, NEW "--frame [1]", "--frame accepts a JSON object");
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
	expect_error(state, "v l --sort-dir up", "--sort-dir accepts asc|desc");
	expect_error(state, "v l --limit 0", "--limit accepts a whole number from 1");
	expect_error(state, "v l --limit many", "--limit accepts a whole number from 1");
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
	expect_error(state, "v wait d1 --status AJAR", "--status accepts OPEN|SHUT");
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

/* Any input gets an answer or words, and no crash (the sanitizers watch). */
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

/* --- names, short words, tools --- */

static void
people_use_other_words_for_the_same(void **state)
{
	expect(state, "virtual-doors list", "GET " DOORS);
	expect(state, "vd list", "GET " DOORS);
	expect(state, "gate ls", "GET " DOORS);
	expect(state, "gates ls", "GET " DOORS);
	expect(state, "edges ls", "GET /dcaas/v1/edges");
	expect(state, "vd get d1", "GET " DOORS "/d1");
	expect(state, "vd new --name x --width 1", "POST " DOORS " {\"virtual_door\":{\"name\":\"x\",\"width\":1}}");
	expect_error(state, "virtaul-door list", "did you mean virtual-door?");
	expect_error(state, "vd shwo", "did you mean show?");
	expect_error(state, "vd create --nmae x", "did you mean name?");
	expect_error(state, "zz list", "there is: apply");
}

static void
a_tool_and_a_noun_may_have_one_name(void **state)
{
	expect(state, "apply list", "GET /dcaas/v1/applies");
	expect(state, "-j apply list", "GET /dcaas/v1/applies");
	expect_error(state, "apply", "apply needs -f FILE");
	expect_error(state, "diff x", "one argument too many");
	expect(state, "apply --help", "help - ");
	expect(state, "topology", " ");
	expect(state, "export vd x", " ");
}

static void
a_letter_may_have_a_value(void **state)
{
	expect(state, "vd list -o json", "GET " DOORS);
	expect(state, "vd list -ojson", "GET " DOORS);
	expect(state, "vd list -qo name", "GET " DOORS);
	expect_error(state, "vd list -o", "-o needs a value");
	expect_error(state, "vd list -o xml", "no output \"xml\"");
}

static void
options_that_are_always_refused_are_not_there(void **state)
{
	expect_error(state, NEW "--lock x", "no option \"lock\"");
	expect_error(state, NEW "--glass", "no option \"glass\"");
	expect_error(state, NEW "--side up", "--side accepts left|right, not");
}

static void
several_are_deleted_by_one_command(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *words[WORDS_MAX];
	int n = split(arena_strdup(arena, "project delete a b c"), words);
	struct dc_error err = {0};
	struct arguments args;

	assert_int_equal(arguments_read(*state, n, words, arena, &args, &err), DC_OK);
	assert_int_equal(args.ids_n, 3);
	assert_string_equal(args.ids[2], "c");
	arguments_free(&args);
	expect_error(state, "vd show a b", "one argument too many");
}

static void
what_comes_inside_of_others_has_commands_of_its_own(void **state)
{
	const struct noun *noun;
	const struct command *list;
	struct dc_error err = {0};

	assert_int_equal(spec_noun(*state, "hinges", &noun, &err), DC_OK);
	assert_int_equal(noun->n, 3);
	list = noun_command(noun, "list");
	assert_string_equal(list->path, "/v3/{project_id}/dcaas/virtual-doors");
	assert_string_equal(list->inside, "hinges");
	assert_non_null(json_object_get(schema_properties(list->answer), "turns"));
	assert_ptr_equal(spec_command(*state, "hinge", "show", false), noun_command(noun, "show"));
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

static json_t *
two_names(void *arg, const struct completion_wish *wish)
{
	json_t *seen = arg;

	json_object_set_new(seen, "resource", json_incref(json_array_get(wish->resources, 0)));
	json_object_set_new(seen, "env", wish->settings.env != NULL ? json_string(wish->settings.env) : json_null());
	return json_pack("[s,s]", "front door", "back");
}

static void
completion_offers_names_where_they_can_stand(void **state)
{
	static const struct {
		const char *line, *wanted;
	} cases[] = {{"vd show ''", "front door\nback\n"}, {"vd show b", "back\n"}, {"vd show x", ""},
	    {"vd create --behind-id f", "front door\n"}, {"--env E vd update ''", "front door\nback\n"},
	    {"vd show front ''", ""}, {"vd list -o ''", "wide\njson\nyaml\nvalue\nname\n"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		char *words[WORDS_MAX], *text = NULL;
		size_t size = 0;
		int n = split(arena_strdup(arena, cases[i].line), words);
		FILE *to = open_memstream(&text, &size);
		json_t *seen = json_object();

		completion_offer(*state, n, words, two_names, seen, to);
		fclose(to);
		assert_string_equal(text, cases[i].wanted);
		if (strstr(cases[i].line, "--env") != NULL)
			assert_string_equal(json_string_value(json_object_get(seen, "env")), "E");
		json_decref(seen);
		free(text);
	}
}

/* --- YAML --- */

static json_t *
read_yaml(const char *text)
{
	struct dc_error err = {0};
	json_t *documents = NULL;

	if (yaml_read(text, strlen(text), "FILE", &documents, &err) != DC_OK) {
		assert_non_null(strstr(err.text, "FILE, line "));
		return NULL;
	}
	return documents;
}

static void
yaml_is_read_as_json_says_it(void **state)
{
	static const char *const cases[][2] = {
	    {"a: 1\nb: [x, true, ~, \"2\", -3, 007, 1.5, yes]\n",
		"[{\"a\":1,\"b\":[\"x\",true,null,\"2\",-3,\"007\",\"1.5\",\"yes\"]}]"},
	    {"--- x\n--- [1]\n", "[\"x\",[1]]"}, {"", "[]"}, {"{\"a\": {\"b\": 1.5}}", "[{\"a\":{\"b\":1.5}}]"},
	    {"a: |\n  two\n  lines\n", "[{\"a\":\"two\\nlines\\n\"}]"},
	    {"9223372036854775808", "[\"9223372036854775808\"]"}, {"# nothing but a comment\n", "[]"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *got = read_yaml(cases[i][0]), *wanted = json_loads(cases[i][1], 0, NULL);

		assert_non_null(got);
		assert_true(json_equal(got, wanted));
		json_decref(got);
		json_decref(wanted);
	}
}

static void
yaml_that_cannot_be_json_is_refused_with_its_line(void **state)
{
	static const char *const texts[] = {
	    "a: &x 1\nb: *x\n", "!!int 3", "a: 1\na: 2\n", "? [a]\n: b\n", "a: [", "a: \"\\0\"", "\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(read_yaml(texts[i]));
}

static void
what_is_written_as_yaml_reads_the_same(void **state)
{
	static const char text[] = "{\"a\":[\"yes\",\"1\",\"null\",\"~\",\"\",\"- x\",\"a: b\",\"# "
				   "c\",\"1e3\",\"0x1f\",\"12:30\",\"2026-12-01\","
				   "\"*a\",\"\\u202ex\",\"\\u001b[31m\",\"two\\nlines\",\" "
				   "blank\",\"Z\\u00fcrich\"],\"b\":{\"c\":[],\"d\":{}},"
				   "\"e\":null,\"f\":true,\"g\":-7}";
	_cleanup_buf_ struct buf out = BUF_INIT(10000);
	struct dc_error err = {0};
	json_t *value = json_loads(text, 0, NULL), *again;

	(void)state;
	assert_int_equal(yaml_write(value, &out, &err), DC_OK);
	assert_null(strchr(buf_str(&out), '\033'));
	again = read_yaml(buf_str(&out));
	assert_true(json_equal(json_array_get(again, 0), value));
	json_decref(again);
	json_decref(value);
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
	    cmocka_unit_test(people_use_other_words_for_the_same),
	    cmocka_unit_test(a_tool_and_a_noun_may_have_one_name),
	    cmocka_unit_test(a_letter_may_have_a_value),
	    cmocka_unit_test(options_that_are_always_refused_are_not_there),
	    cmocka_unit_test(several_are_deleted_by_one_command),
	    cmocka_unit_test(what_comes_inside_of_others_has_commands_of_its_own),
	    cmocka_unit_test(a_terminal_shows_ages_names_and_notes_below),
	    cmocka_unit_test(a_pipe_gets_ids_and_times_whole),
	    cmocka_unit_test(ids_are_shown_where_names_are_not_enough),
	    cmocka_unit_test(long_cells_are_cut_on_a_terminal_only),
	    cmocka_unit_test(values_for_scripts_stand_between_tabs),
	    cmocka_unit_test(states_have_colours),
	    cmocka_unit_test(ages_and_cuts),
	    cmocka_unit_test(the_nearest_word),
	    cmocka_unit_test(completion_offers_names_where_they_can_stand),
	    cmocka_unit_test(yaml_is_read_as_json_says_it),
	    cmocka_unit_test(yaml_that_cannot_be_json_is_refused_with_its_line),
	    cmocka_unit_test(what_is_written_as_yaml_reads_the_same),
	};

	return cmocka_run_group_tests(tests, open_spec, close_spec);
}
