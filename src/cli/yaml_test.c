/* SPDX-License-Identifier: ISC */
/* YAML as JSON values, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/door_site.h"
#include "cli/yaml_text.h"

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
yaml_is_read_as_json(void **state)
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
	    cmocka_unit_test(yaml_is_read_as_json),
	    cmocka_unit_test(yaml_that_cannot_be_json_is_refused_with_its_line),
	    cmocka_unit_test(what_is_written_as_yaml_reads_the_same),
	};

	return cmocka_run_group_tests(tests, door_open, door_close);
}
