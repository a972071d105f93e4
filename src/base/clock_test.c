/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
times_are_written_with_three_digits_of_fraction_and_z(void **state)
{
	char out[UTC_TEXT_SIZE];

	(void)state;
	utc_format(0, out);
	assert_string_equal(out, "1970-01-01T00:00:00.000Z");
	utc_format(1785585600007, out);
	assert_string_equal(out, "2026-08-01T12:00:00.007Z");
	utc_format(-1, out);
	assert_string_equal(out, "1969-12-31T23:59:59.999Z");
	utc_format(INT64_MAX, out);
	assert_string_equal(out, "9999-12-31T23:59:59.999Z");
	utc_format(INT64_MIN, out);
	assert_string_equal(out, "0000-01-01T00:00:00.000Z");
}

static void
what_is_written_reads_back(void **state)
{
	(void)state;
	for (utc_ms t = -3000000000000; t < 9000000000000; t += 77777777777) {
		char out[UTC_TEXT_SIZE];
		utc_ms back = 0;

		utc_format(t, out);
		assert_true(utc_parse(out, &back));
		assert_int_equal(back, t);
	}
}

static void
rfc3339_forms_mean_the_same_moment(void **state)
{
	static const char *const forms[] = {"2026-08-01T12:00:00Z", "2026-08-01 12:00:00",
	    "2026-08-01T12:00:00.000000Z", "2026-08-01T14:00:00+02:00", "2026-08-01t10:30:00.0-0130"};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		utc_ms t = 0;

		assert_true(utc_parse(forms[i], &t));
		assert_int_equal(t, 1785585600000);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	static const char *const wrong[] = {"", "2026", "2026-08-01", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
	    "2026-02-31T00:00:60Z", "2026-00-01T00:00:00Z", "2026-08-01T24:00:00Z", "2026-08-01T12:60:00Z",
	    "2026-08-01T12:00:00.Z", "2026-08-01T12:00:00Zx", "2026-08-01T12:00:00+1", "2026-08-01T12:00:00+24:00",
	    " 2026-08-01T12:00:00Z", "26-08-01T12:00:00Z", "2026-08-01X12:00:00Z"};
	utc_ms t;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(utc_parse(wrong[i], &t));
	assert_true(utc_parse("2028-02-29T00:00:00Z", &t));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_are_written_with_three_digits_of_fraction_and_z),
	    cmocka_unit_test(what_is_written_reads_back),
	    cmocka_unit_test(rfc3339_forms_mean_the_same_moment),
	    cmocka_unit_test(what_is_no_time_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
