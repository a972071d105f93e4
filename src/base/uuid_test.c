/* SPDX-License-Identifier: ISC */
#include "base/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
ids_are_version_7_and_each_is_greater_than_the_last(void **state)
{
	char last[UUID_TEXT_SIZE] = "";

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char id[UUID_TEXT_SIZE];

		uuid_new(id);
		assert_true(uuid_is_valid(id));
		assert_int_equal(id[14], '7');
		assert_non_null(strchr("89ab", id[19]));
		assert_true(strcmp(id, last) > 0);
		memcpy(last, id, sizeof(id));
	}
}

static void
malformed_ids_are_refused(void **state)
{
	static const char *const wrong[] = {"", "0190f2d4", "0190f2d4-0000-7000-8000-00000000000",
	    "0190f2d4-0000-7000-8000-0000000000000", "0190f2d40000-7000-8000-0000-00000000000",
	    "0190f2d4-0000-7000-8000-00000000000g", "{190f2d4-0000-7000-8000-000000000000"};
	char hex[HEX32_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(uuid_is_valid(wrong[i]));
	assert_true(uuid_is_valid("0190F2D4-0000-7000-8000-00000000000a"));
	hex32_new(hex);
	assert_true(hex32_is_valid(hex));
	hex[31] = 'g';
	assert_false(hex32_is_valid(hex));
	hex[31] = '\0';
	assert_false(hex32_is_valid(hex));
	assert_false(hex32_is_valid("00000000000000000000000000000000f"));
}

static void
hex_goes_there_and_back(void **state)
{
	unsigned char back[3];
	char text[7];

	(void)state;
	hex_encode("\x00\xff\x5a", 3, text);
	assert_string_equal(text, "00ff5a");
	assert_true(hex_decode("00FF5a", back, 3));
	assert_memory_equal(back, "\x00\xff\x5a", 3);
	assert_false(hex_decode("00ff5", back, 3));
	assert_false(hex_decode("00ff5x", back, 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_are_version_7_and_each_is_greater_than_the_last),
	    cmocka_unit_test(malformed_ids_are_refused),
	    cmocka_unit_test(hex_goes_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
