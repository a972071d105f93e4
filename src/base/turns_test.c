/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/turns.h"

#define ITEMS 64

static struct turn item[ITEMS];

static size_t
take(struct turns *t)
{
	const struct turn *taken = turns_take(t);

	return taken != NULL ? (size_t)(taken - item) : ITEMS;
}

static void
who_has_much_waits_for_who_has_little(void **state)
{
	struct turns t;

	(void)state;
	turns_init(&t, 0);
	for (size_t i = 0; i < 40; i++)
		turns_add(&t, 1, 0, &item[i]);
	assert_int_equal(take(&t), 0);
	turns_add(&t, 2, 0, &item[50]);
	turns_add(&t, 3, 0, &item[60]);
	turns_add(&t, 2, 0, &item[51]);
	assert_int_equal(turns_of_party(&t, 1), 39);
	assert_int_equal(take(&t), 1);
	assert_int_equal(take(&t), 50);
	assert_int_equal(take(&t), 60);
	assert_int_equal(take(&t), 2);
	assert_int_equal(take(&t), 51);
	for (size_t i = 3; i < 40; i++)
		assert_int_equal(take(&t), i);
	assert_int_equal(take(&t), ITEMS);
	turns_fini(&t);
}

static bool
is_odd(const struct turn *turn)
{
	return (turn - item) % 2 == 1;
}

static void
what_nobody_waits_for_leaves_the_queue(void **state)
{
	struct turns t;
	size_t removed = 0;

	(void)state;
	turns_init(&t, 0);
	turns_add(&t, 3, 0, &item[1]); /* alone in its party, which leaves with it */
	for (size_t i = 10; i < 16; i++)
		turns_add(&t, 1, 0, &item[i]);
	turns_add(&t, 2, 0, &item[21]);
	turns_add(&t, 2, 0, &item[22]);
	turns_add(&t, 4, 0, &item[31]);
	while (turns_remove(&t, is_odd) != NULL)
		removed++;
	assert_int_equal(removed, 6);
	assert_int_equal(t.waiting, 4);
	turns_add(&t, 3, 0, &item[2]);
	assert_int_equal(take(&t), 10);
	assert_int_equal(take(&t), 22);
	assert_int_equal(take(&t), 2);
	turns_add(&t, 1, 0, &item[16]);
	assert_int_equal(take(&t), 12);
	assert_int_equal(take(&t), 14);
	assert_int_equal(take(&t), 16);
	assert_int_equal(take(&t), ITEMS);
	turns_fini(&t);
}

static void
a_party_has_no_more_out_than_it_may(void **state)
{
	struct turns t;

	(void)state;
	turns_init(&t, 2);
	for (size_t i = 0; i < 4; i++)
		turns_add(&t, 1, 0, &item[i]);
	assert_int_equal(take(&t), 0);
	assert_int_equal(take(&t), 1);
	assert_int_equal(take(&t), ITEMS);
	turns_add(&t, 2, 0, &item[50]);
	assert_int_equal(take(&t), 50);
	turns_done(&t, 2);
	turns_done(&t, 1);
	assert_int_equal(take(&t), 2);
	assert_int_equal(take(&t), ITEMS);
	turns_done(&t, 1);
	turns_done(&t, 1);
	assert_int_equal(take(&t), 3);
	turns_done(&t, 1);
	assert_int_equal(t.waiting, 0);
	turns_fini(&t);
}

static void
groups_are_counted(void **state)
{
	struct turns t;

	(void)state;
	turns_init(&t, 0);
	for (size_t i = 0; i < 10; i++)
		turns_add(&t, 100 + i, 7, &item[i]);
	turns_add(&t, 200, 8, &item[20]);
	turns_add(&t, 200, 8, &item[21]);
	assert_int_equal(turns_of_group(&t, 7), 10);
	assert_int_equal(turns_of_group(&t, 8), 2);
	assert_int_equal(turns_of_group(&t, 9), 0);
	for (size_t i = 0; i < 12; i++)
		assert_true(take(&t) < ITEMS);
	assert_int_equal(turns_of_group(&t, 7), 0);
	turns_fini(&t);
}

static void
the_party_with_most_waiting_gives_its_last_place(void **state)
{
	struct turns t;

	(void)state;
	turns_init(&t, 0);
	for (size_t i = 0; i < 5; i++)
		turns_add(&t, 1, 7, &item[i]);
	turns_add(&t, 2, 7, &item[10]);
	for (size_t i = 20; i < 40; i++)
		turns_add(&t, 3, 8, &item[i]);
	assert_null(turns_push_out(&t, 7, 5));
	assert_null(turns_push_out(&t, 9, 0));
	assert_ptr_equal(turns_push_out(&t, 7, 1), &item[4]);
	assert_ptr_equal(turns_push_out(&t, 7, 1), &item[3]);
	turns_add(&t, 1, 7, &item[5]);
	assert_int_equal(take(&t), 0);
	assert_int_equal(take(&t), 10);
	assert_int_equal(take(&t), 20);
	assert_int_equal(take(&t), 1);
	assert_int_equal(take(&t), 21);
	assert_int_equal(take(&t), 2);
	assert_int_equal(take(&t), 22);
	assert_int_equal(take(&t), 5);
	assert_null(turns_push_out(&t, 7, 0));
	for (size_t i = 23; i < 40; i++)
		assert_int_equal(take(&t), i);
	turns_fini(&t);
}

static void
texts_are_parties(void **state)
{
	(void)state;
	assert_true(turns_party("a") == turns_party("a"));
	assert_true(turns_party("a") != turns_party("b"));
	assert_true(turns_party(NULL) == turns_party(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_nobody_waits_for_leaves_the_queue),
	    cmocka_unit_test(who_has_much_waits_for_who_has_little),
	    cmocka_unit_test(a_party_has_no_more_out_than_it_may),
	    cmocka_unit_test(groups_are_counted),
	    cmocka_unit_test(the_party_with_most_waiting_gives_its_last_place),
	    cmocka_unit_test(texts_are_parties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
