/* SPDX-License-Identifier: ISC */
/* The grammar: what command lines mean, against a small description of an API of doors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/door_site.h"

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
words_that_are_not_clear_or_not_known_are_reported(void **state)
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
options_that_the_server_always_refuses_are_absent(void **state)
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nouns_are_singular_and_verbs_come_first_in_operation_ids),
	    cmocka_unit_test(words_may_be_shortened_while_they_stay_clear),
	    cmocka_unit_test(words_that_are_not_clear_or_not_known_are_reported),
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
	    cmocka_unit_test(a_description_that_is_none_is_refused),
	    cmocka_unit_test(a_path_that_its_parameters_do_not_fill_is_no_command),
	    cmocka_unit_test(people_use_other_words_for_the_same),
	    cmocka_unit_test(a_tool_and_a_noun_may_have_one_name),
	    cmocka_unit_test(a_letter_may_have_a_value),
	    cmocka_unit_test(options_that_the_server_always_refuses_are_absent),
	    cmocka_unit_test(several_are_deleted_by_one_command),
	    cmocka_unit_test(what_comes_inside_of_others_has_commands_of_its_own),
	};

	return cmocka_run_group_tests(tests, door_open, door_close);
}
