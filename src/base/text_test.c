/* SPDX-License-Identifier: ISC */
/* buf, json and error: what becomes text. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

static void
a_buffer_keeps_its_ceiling_and_remembers_the_failure(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf b = BUF_INIT(10);

	assert_string_equal(buf_str(&b), "");
	buf_puts(&b, "0123456789");
	assert_false(b.failed);
	buf_putc(&b, 'x');
	assert_true(b.failed);
	buf_puts(&b, "");
	assert_true(b.failed);
	assert_int_equal(b.len, 10);
	assert_null(buf_steal(&b));
	buf_printf(&b, "%d", 42);
	char *taken = buf_steal(&b);

	assert_string_equal(taken, "42");
	free(taken);
	assert_int_equal(b.len, 0);
}

static void
a_buffer_prints_whole_numbers(void **state)
{
	(void)state;
	static const int64_t numbers[] = {0, 7, -7, 10, 1234567890, INT64_MAX, INT64_MIN};
	_cleanup_buf_ struct buf b = BUF_INIT(100);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char expected[32];

		buf_reset(&b);
		buf_int(&b, numbers[i]);
		snprintf(expected, sizeof(expected), "%" PRId64, numbers[i]);
		assert_string_equal(buf_str(&b), expected);
	}
}

static void
a_buffer_grows_under_printf(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf b = BUF_INIT(2000);

	for (int i = 0; i < 100; i++)
		buf_printf(&b, "%08d,", i);
	assert_false(b.failed);
	assert_int_equal(b.len, 900);
	assert_memory_equal(b.data + 891, "00000099,", 10);
	buf_printf(&b, "%2000d", 1);
	assert_true(b.failed);
	assert_int_equal(strlen(b.data), 900);
}

static void
an_empty_buffer_gives_away_an_empty_text(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(100);
	char *taken = buf_steal(&b);

	assert_string_equal(taken, "");
	free(taken);
}

static void
json_has_commas_where_they_belong(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf b = BUF_INIT(1000);
	struct json w = JSON_INIT(&b);

	jw_object_begin(&w);
	jw_member_string(&w, "a", NULL);
	jw_key(&w, "l");
	jw_array_begin(&w);
	jw_int(&w, -5);
	jw_object_begin(&w);
	jw_object_end(&w);
	jw_raw(&w, "[1]");
	jw_array_end(&w);
	jw_member_bool(&w, "t", true);
	jw_object_end(&w);
	assert_string_equal(b.data, "{\"a\":null,\"l\":[-5,{},[1]],\"t\":true}");
}

static void
json_strings_are_escaped(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf b = BUF_INIT(1000);
	struct json w = JSON_INIT(&b);

	jw_string(&w, "q\" b\\ n\n t\t \x01 \xc3\xa4");
	assert_string_equal(b.data, "\"q\\\" b\\\\ n\\n t\\t \\u0001 \xc3\xa4\"");
}

static void
json_strings_hold_whole_characters_only(void **state)
{
	(void)state;
	static const struct {
		const char *text, *json;
	} cases[] = {
	    {"a\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\"a\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\""},
	    {"cut \xc3", "\"cut \\ufffd\""},
	    {"cut \xe2\x82", "\"cut \\ufffd\\ufffd\""},
	    {"\xf0\x9f\x98 in between", "\"\\ufffd\\ufffd\\ufffd in between\""},
	    {"\x80\xff", "\"\\ufffd\\ufffd\""},
	    {"overlong \xc0\xaf \xe0\x80\xaf", "\"overlong \\ufffd\\ufffd \\ufffd\\ufffd\\ufffd\""},
	    {"surrogate \xed\xa0\x80", "\"surrogate \\ufffd\\ufffd\\ufffd\""},
	    {"beyond \xf4\x90\x80\x80", "\"beyond \\ufffd\\ufffd\\ufffd\\ufffd\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT(1000);
		struct json w = JSON_INIT(&b);

		jw_string(&w, cases[i].text);
		assert_string_equal(buf_str(&b), cases[i].json);
	}
}

static void
errors_carry_code_member_and_words(void **state)
{
	struct dc_error err = {.http = 7};

	(void)state;
	assert_int_equal(dc_fail(&err, DC_E_ASN, "virtual_interface.asn", "%s", "too \"large\""), DC_E_ASN);
	assert_string_equal(err.member, "virtual_interface.asn");
	assert_string_equal(err.text, "too \"large\"");
	assert_int_equal(err.http, 0);
	assert_int_equal(dc_missing(&err, DC_E_VIF_NOT_FOUND, "gone"), DC_E_VIF_NOT_FOUND);
	assert_int_equal(err.http, 404);
	assert_string_equal(err.member, "");
	assert_string_equal(dc_code_api(DC_E_VIF_NOT_FOUND), "DC.1211");
	assert_string_equal(dc_code_name(DC_E_ASN), "DC_E_ASN");
	assert_int_equal(dc_code_http(DC_E_TOO_LARGE), 413);
	assert_int_equal(dc_fail(NULL, DC_E_IO, NULL, "x"), DC_E_IO);
}

static void
log_values_cannot_forge_a_line(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();

	assert_string_equal(log_quote(a, "a\nlevel=error \"x\\"), "\"a\\x0alevel=error \\\"x\\\\\"");
	assert_string_equal(log_quote(a, NULL), "\"\"");
}

/* What standard error gets while it is written to. */
static char *
logged(const char *value)
{
	int fd[2], saved = dup(STDERR_FILENO);
	char *text = calloc(1, 1 << 16);
	ssize_t n;

	assert_non_null(text);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(dup2(fd[1], STDERR_FILENO), STDERR_FILENO);
	dc_log(LOG_ERR, "test", "value=%s", value);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd[1]);
	for (size_t len = 0; (n = read(fd[0], text + len, (1 << 16) - 1 - len)) > 0; len += (size_t)n)
		;
	close(fd[0]);
	return text;
}

static void
a_log_line_that_is_too_long_is_cut_and_stays_one_line(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	char *value = arena_alloc(a, 40001);

	memset(value, 'x', 40000);
	char *line = logged(value);

	assert_non_null(strstr(line, "event=test value=xxxxxxxxxx"));
	assert_true(strlen(line) > 8000 && strlen(line) <= 16384);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	free(line);
	line = logged("brief");
	assert_non_null(strstr(line, " event=test value=brief\n"));
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_buffer_keeps_its_ceiling_and_remembers_the_failure),
	    cmocka_unit_test(a_buffer_prints_whole_numbers),
	    cmocka_unit_test(a_buffer_grows_under_printf),
	    cmocka_unit_test(an_empty_buffer_gives_away_an_empty_text),
	    cmocka_unit_test(json_has_commas_where_they_belong),
	    cmocka_unit_test(json_strings_are_escaped),
	    cmocka_unit_test(json_strings_hold_whole_characters_only),
	    cmocka_unit_test(errors_carry_code_member_and_words),
	    cmocka_unit_test(log_values_cannot_forge_a_line),
	    cmocka_unit_test(a_log_line_that_is_too_long_is_cut_and_stays_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
