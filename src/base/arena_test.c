#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
	    cmocka_unit_test(a_large_piece_leaves_the_rest_of_a_chunk_in_use),
	    cmocka_unit_test(texts_are_copied_and_null_stays_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
