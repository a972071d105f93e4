/* SPDX-License-Identifier: ISC */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <malloc.h>

static void
pieces_are_aligned_zeroed_and_apart(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	unsigned char *last = NULL;

	for (size_t size = 1; size < 9000; size = size * 3 / 2 + 1) {
		unsigned char *p = arena_alloc(a, size);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		for (size_t i = 0; i < size; i++)
			p[i] = 0xff;
		assert_ptr_not_equal(p, last);
		last = p;
	}
}

static void
a_large_piece_leaves_the_rest_of_a_chunk_in_use(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	char *one = arena_alloc(a, 16);

	arena_alloc(a, 1 << 20);
	char *two = arena_alloc(a, 16);

	assert_ptr_equal(two, one + 16);
}

static void
texts_are_copied_and_null_stays_null(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();

	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(a, "ab", 30), "ab");
	assert_string_equal(arena_printf(a, "%s-%d", "x", 7), "x-7");
	assert_null(arena_strdup(a, NULL));
	assert_null(arena_memdup(a, NULL, 8));
	assert_null(arena_free(NULL));
}

/* free() of the whole program: looks at a text in what is freed, just before. */
void __real_free(void *);
void __wrap_free(void *);

static const char *watched;
static size_t watched_left; /* bytes of it that are not zero */

void
__wrap_free(void *p)
{
	const char *from = p;

	if (p != NULL && watched != NULL && watched >= from && watched < from + malloc_usable_size(p)) {
		watched_left = 0;
		for (size_t i = 0; i < sizeof("a password"); i++)
			watched_left += watched[i] != '\0';
		watched = NULL;
	}
	__real_free(p);
}

static void
what_was_in_an_arena_does_not_stay_in_memory(void **state)
{
	(void)state;
	for (size_t size = 1; size < 100000; size *= 10) { /* in the first chunk, in a later one, in one of its own */
		struct arena *a = arena_new();
		char *text = arena_alloc(a, size + sizeof("a password"));

		for (int i = 0; i < 20; i++)
			arena_alloc(a, 1000);
		memcpy(text, "a password", sizeof("a password"));
		watched = text;
		watched_left = sizeof("a password");
		arena_free(a);
		assert_null(watched);
		assert_int_equal(watched_left, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
	    cmocka_unit_test(a_large_piece_leaves_the_rest_of_a_chunk_in_use),
	    cmocka_unit_test(texts_are_copied_and_null_stays_null),
	    cmocka_unit_test(what_was_in_an_arena_does_not_stay_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
