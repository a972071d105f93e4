/* SPDX-License-Identifier: ISC */
/* seal_test.c - sealing, and key files that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "store/store_fixture.h"

static int
setup(void **state)
{
	*state = fixture_new();
	return 0;
}

static int
teardown(void **state)
{
	*state = fixture_free(*state);
	return 0;
}

static struct seal *
open_seal(struct fixture *fx)
{
	struct seal *s = NULL;

	assert_int_equal(seal_open(fx->key, true, &s, &fx->err), DC_OK);
	return s;
}

static void
what_was_sealed_opens_also_after_reading_the_key_again(void **state)
{
	struct fixture *fx = *state;
	struct seal *s = open_seal(fx);
	const char *sealed = seal_text(s, "pass \"word\"", "a.b", fx->arena),
		   *empty = seal_text(s, "", "a.b", fx->arena);

	seal_close(s);
	s = open_seal(fx);
	assert_int_equal(strncmp(sealed, "v1:", 3), 0);
	assert_string_equal(seal_open_text(s, sealed, "a.b", fx->arena, &fx->err), "pass \"word\"");
	assert_string_equal(seal_open_text(s, empty, "a.b", fx->arena, &fx->err), "");
	assert_null(seal_text(s, NULL, "a.b", fx->arena));
	seal_close(s);
}

static void
the_same_text_is_sealed_differently_each_time(void **state)
{
	struct fixture *fx = *state;
	struct seal *s = open_seal(fx);

	assert_string_not_equal(seal_text(s, "x", "a.b", fx->arena), seal_text(s, "x", "a.b", fx->arena));
	seal_close(s);
}

static void
no_changed_character_and_no_other_context_opens(void **state)
{
	struct fixture *fx = *state;
	struct seal *s = open_seal(fx);
	const char *sealed = seal_text(s, "secret", "a.b", fx->arena);
	size_t len = strlen(sealed);

	assert_null(seal_open_text(s, sealed, "a.c", fx->arena, &fx->err));
	for (size_t i = 0; i < len; i++) {
		char *changed = arena_strdup(fx->arena, sealed);

		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		assert_null(seal_open_text(s, changed, "a.b", fx->arena, &fx->err));
	}
	for (size_t i = 0; i < len; i++)
		assert_null(seal_open_text(s, arena_strndup(fx->arena, sealed, i), "a.b", fx->arena, &fx->err));
	seal_close(s);
}

static void
refuses_file(struct fixture *fx, const char *content, mode_t mode, const char *words)
{
	struct seal *s = NULL;
	FILE *f = fopen(fx->key, "w");

	fputs(content, f);
	fclose(f);
	assert_int_equal(chmod(fx->key, mode), 0);
	assert_int_equal(seal_open(fx->key, true, &s, &fx->err), DC_E_IO);
	assert_non_null(strstr(fx->err.text, words));
	assert_non_null(strstr(fx->err.text, fx->key));
	assert_null(s);
}

static void
a_file_that_is_no_key_or_open_to_others_is_refused_and_never_replaced(void **state)
{
	struct fixture *fx = *state;
	const char *key = "v1:0123abcd:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
	struct seal *s = NULL;
	size_t len = 0;
	char *data;

	refuses_file(fx, "", 0600, "does not hold a key");
	refuses_file(fx, "hello\n", 0600, "does not hold a key");
	refuses_file(fx, "v1:0123abcd:0011\n", 0600, "does not hold a key");
	refuses_file(fx, arena_printf(fx->arena, "%s%s", key, key), 0600, "does not hold a key");
	refuses_file(fx, "v1:0123abcd:0011223344556677X899aabbccddeeff00112233445566778899aabbccddeeff\n", 0600,
	    "does not hold a key");
	refuses_file(fx, key, 0644, "open to others");
	refuses_file(fx, key, 0640, "mode 640");
	assert_int_equal(chmod(fx->key, 0400), 0);
	assert_int_equal(seal_open(fx->key, true, &s, &fx->err), DC_OK);
	seal_close(s);
	data = fixture_read_file(fx->key, &len);
	assert_string_equal(data, key);
	free(data);
}

static void
a_missing_key_is_made_only_when_asked(void **state)
{
	struct fixture *fx = *state;
	struct seal *s = NULL;

	assert_int_equal(seal_open(fx->key, false, &s, &fx->err), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "is missing"));
	assert_int_equal(seal_open("/nowhere/at/all/key", true, &s, &fx->err), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "cannot be written"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_was_sealed_opens_also_after_reading_the_key_again),
	    TEST(the_same_text_is_sealed_differently_each_time),
	    TEST(no_changed_character_and_no_other_context_opens),
	    TEST(a_file_that_is_no_key_or_open_to_others_is_refused_and_never_replaced),
	    TEST(a_missing_key_is_made_only_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
