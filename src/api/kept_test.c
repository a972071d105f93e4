/* SPDX-License-Identifier: ISC */
/* kept_test.c - what is kept is given to who asks by the same key, and leaves in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/kept.h"
#include "store/footing_priv.h"
#include "store/store_fixture.h"

#define ID "0123456789abcdef0123456789abcdef"
#define OTHER_ID "fedcba9876543210fedcba9876543210"
#define SIZE ((size_t)1 << 20)

struct test {
	struct fixture *fx;
	struct kept *kept;
};

static int
setup(void **state)
{
	static struct test t;

	t.fx = fixture_new();
	*state = &t;
	if (fixture_open(t.fx) != DC_OK)
		return -1;
	t.kept = kept_new(t.fx->store, SIZE);
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	t->kept = kept_free(t->kept);
	t->fx = fixture_free(t->fx);
	return 0;
}

/* The footing of a read of one gate. */
static struct footing
on_gate(struct test *t, const char *id)
{
	struct tx tx = {.store = t->fx->store, .since = footing_newest(t->fx->store->numbers)};
	struct footing f;

	footing_watch(&tx, &f, t->fx->arena);
	footing_row(&tx, &gate_table, id);
	footing_end(&tx);
	return f;
}

static enum dc_code
add_gate(struct tx *tx, void *arg, struct dc_error *err)
{
	return query_insert(tx, &gate_table, gate_new(tx_arena(tx), arg, "x"), err);
}

static void
put(struct test *t, const char *key, const char *gate, const char *text)
{
	struct buf out = BUF_INIT(SIZE);
	struct footing f = on_gate(t, gate);

	buf_puts(&out, text);
	kept_put(t->kept, kept_epoch(t->kept), key, ID, &f, &out, &(struct observed){.seen = 7});
	buf_free(&out);
}

/* Whether there is one; and that it is this text. */
static bool
has(struct test *t, const char *key, const char *text)
{
	struct buf out = BUF_INIT(SIZE);
	struct observed observed = {0};
	bool found = kept_get(t->kept, key, OTHER_ID, &out, &observed);

	if (found) {
		assert_string_equal(buf_str(&out), text);
		assert_int_equal(observed.seen, 7);
	}
	buf_free(&out);
	return found;
}

static struct kept_stats
stats(struct test *t)
{
	struct kept_stats s;

	kept_get_stats(t->kept, &s);
	return s;
}

static void
test_an_answer_is_given_with_the_id_of_who_asks(void **state)
{
	struct test *t = *state;

	put(t, "a", "g1", "{\"name\":\"x\",\"request_id\":\"" ID "\"}");
	assert_true(has(t, "a", "{\"name\":\"x\",\"request_id\":\"" OTHER_ID "\"}"));
	assert_true(has(t, "a", "{\"name\":\"x\",\"request_id\":\"" OTHER_ID "\"}"));
	put(t, "b", "g1", "{\"name\":\"x\"}");
	assert_true(has(t, "b", "{\"name\":\"x\"}"));
	assert_int_equal(stats(t).given, 3);
}

static void
test_another_key_is_another_answer(void **state)
{
	struct test *t = *state;

	put(t, "a", "g1", "one");
	put(t, "ab", "g1", "two");
	assert_false(has(t, "b", ""));
	assert_true(has(t, "a", "one"));
	assert_true(has(t, "ab", "two"));
	put(t, "a", "g1", "three");
	assert_true(has(t, "a", "three"));
	assert_int_equal(stats(t).answers, 2);
}

static void
test_an_answer_whose_footing_has_changed_is_gone(void **state)
{
	struct test *t = *state;

	put(t, "a", "g1", "one");
	put(t, "b", "g2", "two");
	assert_int_equal(store_submit_wait(t->fx->store, add_gate, (void *)(uintptr_t) "g1", NULL), DC_OK);
	assert_false(has(t, "a", ""));
	assert_true(has(t, "b", "two"));
	assert_int_equal(stats(t).answers, 1);
}

static void
test_an_answer_that_was_made_before_a_change_is_not_kept(void **state)
{
	struct test *t = *state;
	struct footing f = on_gate(t, "g1");
	struct buf out = BUF_INIT(SIZE);

	buf_puts(&out, "one");
	assert_int_equal(store_submit_wait(t->fx->store, add_gate, (void *)(uintptr_t) "g1", NULL), DC_OK);
	kept_put(t->kept, kept_epoch(t->kept), "a", ID, &f, &out, &(struct observed){0});
	buf_free(&out);
	assert_int_equal(stats(t).answers, 0);
}

static void
test_other_settings_forget_also_what_is_being_made(void **state)
{
	struct test *t = *state;
	struct footing f = on_gate(t, "g1");
	struct buf out = BUF_INIT(SIZE);
	uint64_t epoch = kept_epoch(t->kept);

	put(t, "a", "g1", "one");
	kept_forget(t->kept);
	assert_false(has(t, "a", ""));
	buf_puts(&out, "two");
	kept_put(t->kept, epoch, "a", ID, &f, &out, &(struct observed){0});
	buf_free(&out);
	assert_int_equal(stats(t).answers, 0);
}

static void
test_an_id_that_occurs_twice_is_somebodys_name(void **state)
{
	struct test *t = *state;

	put(t, "a", "g1", "{\"name\":\"" ID "\",\"request_id\":\"" ID "\"}");
	assert_int_equal(stats(t).answers, 0);
}

static void
test_what_nobody_asks_for_makes_room(void **state)
{
	struct test *t = *state;
	static char text[SIZE / 512];
	char key[32];

	memset(text, 'x', sizeof(text) - 1);
	put(t, "wanted", "g1", text);
	for (int i = 0; i < 4096; i++) {
		snprintf(key, sizeof(key), "%d", i);
		put(t, key, "g1", text);
		if (i % 8 == 0)
			assert_true(has(t, "wanted", text));
		assert_true(stats(t).bytes <= SIZE);
	}
	assert_true(stats(t).answers > 256);
	assert_false(has(t, "0", ""));
	assert_true(has(t, "4095", text));
}

static void
test_an_answer_that_takes_too_much_is_not_kept(void **state)
{
	struct test *t = *state;
	static char text[SIZE / 64];

	memset(text, 'x', sizeof(text) - 1);
	put(t, "a", "g1", text);
	assert_int_equal(stats(t).answers, 0);
	assert_int_equal(stats(t).bytes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(test_an_answer_is_given_with_the_id_of_who_asks),
	    TEST(test_another_key_is_another_answer),
	    TEST(test_an_answer_whose_footing_has_changed_is_gone),
	    TEST(test_an_answer_that_was_made_before_a_change_is_not_kept),
	    TEST(test_other_settings_forget_also_what_is_being_made),
	    TEST(test_an_id_that_occurs_twice_is_somebodys_name),
	    TEST(test_what_nobody_asks_for_makes_room),
	    TEST(test_an_answer_that_takes_too_much_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
