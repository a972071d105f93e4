/* SPDX-License-Identifier: ISC */
/* footing_test.c - what was read stands until a commit changes it, and not longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/footing_priv.h"
#include "store/store_fixture.h"

/* A read or a write of the tests: what it does, and what is watched of it. */
struct step {
	enum dc_code (*run)(struct tx *, const struct step *, struct dc_error *);
	const char *id, *gate, *name;
	int64_t vlan;
	struct footing *footing;
	struct arena *arena;
};

static enum dc_code
step_run(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct step *s = arg;

	enum dc_code rc;

	if (s->footing != NULL)
		footing_watch(tx, s->footing, s->arena);
	rc = s->run(tx, s, err);
	footing_end(tx);
	return rc;
}

static enum dc_code
add_gate(struct tx *tx, const struct step *s, struct dc_error *err)
{
	return query_insert(tx, &gate_table, gate_new(tx_arena(tx), s->id, s->name), err);
}

static enum dc_code
add_port(struct tx *tx, const struct step *s, struct dc_error *err)
{
	return query_insert(tx, &port_table, port_new(tx_arena(tx), s->id, s->gate, s->name, s->vlan), err);
}

static enum dc_code
put_port(struct tx *tx, const struct step *s, struct dc_error *err)
{
	static const char *const key[] = {"gate_id", "vlan", NULL};

	return query_upsert(tx, &port_table, key, port_new(tx_arena(tx), s->id, s->gate, s->name, s->vlan), err);
}

static enum dc_code
change_port(struct tx *tx, const struct step *s, struct dc_error *err)
{
	return query_update(tx, &port_table, port_new(tx_arena(tx), s->id, s->gate, s->name, s->vlan), err);
}

static enum dc_code
rename_port(struct tx *tx, const struct step *s, struct dc_error *err)
{
	static const char *const columns[] = {"name", NULL};

	return query_set(
	    tx, &port_table, columns, port_new(tx_arena(tx), s->id, "g1", s->name, 1), Q(Q_EQ("id", s->id)), NULL, err);
}

static enum dc_code
rename_ports_at(struct tx *tx, const struct step *s, struct dc_error *err)
{
	static const char *const columns[] = {"name", NULL};

	return query_set(tx, &port_table, columns, port_new(tx_arena(tx), "x", "g1", s->name, 1),
	    Q(Q_EQ_INT("vlan", s->vlan)), NULL, err);
}

static enum dc_code
remove_port(struct tx *tx, const struct step *s, struct dc_error *err)
{
	return query_delete(tx, &port_table, Q(Q_EQ("id", s->id)), NULL, err);
}

static enum dc_code
bump_port(struct tx *tx, const struct step *s, struct dc_error *err)
{
	int64_t now;

	return query_bump(tx, &port_table, s->id, "revision", 1, &now, err);
}

static enum dc_code
rename_and_fail(struct tx *tx, const struct step *s, struct dc_error *err)
{
	enum dc_code rc = rename_port(tx, s, err);

	return rc == DC_OK ? dc_fail(err, DC_E_PARAM, NULL, "as told") : rc;
}

static enum dc_code
rename_dry(struct tx *tx, const struct step *s, struct dc_error *err)
{
	tx_make_dry(tx);
	return rename_port(tx, s, err);
}

static enum dc_code
get_port(struct tx *tx, const struct step *s, struct dc_error *err)
{
	void *row;

	return query_get(tx, &port_table, Q(Q_EQ("id", s->id), Q_EQ("name", s->name)), &row, err);
}

static enum dc_code
list_ports_of(struct tx *tx, const struct step *s, struct dc_error *err)
{
	const char *const gates[] = {s->gate, s->gate, NULL};
	void *rows;
	size_t n;

	return query_list(tx, &port_table, Q(Q_IN("gate_id", gates)), NULL, &rows, &n, err);
}

static enum dc_code
count_ports(struct tx *tx, const struct step *s, struct dc_error *err)
{
	int64_t n;

	(void)s;
	return query_count(tx, &port_table, Q(Q_EQ("name", "a")), &n, err);
}

static enum dc_code
get_port_and_time(struct tx *tx, const struct step *s, struct dc_error *err)
{
	(void)tx_now(tx);
	return get_port(tx, s, err);
}

static void
write_step(struct fixture *fx, struct step s)
{
	assert_int_equal(store_submit_wait(fx->store, step_run, &s, &fx->err), DC_OK);
}

static struct footing
watch_step(struct fixture *fx, struct step s)
{
	struct footing f;

	s.footing = &f;
	s.arena = fx->arena;
	assert_int_equal(store_read_wait(fx->store, step_run, &s, &fx->err), DC_OK);
	return f;
}

static int
setup(void **state)
{
	struct fixture *fx = fixture_new();

	*state = fx;
	if (fixture_open(fx) != DC_OK)
		return -1;
	write_step(fx, (struct step){add_gate, .id = "g1", .name = "one"});
	write_step(fx, (struct step){add_gate, .id = "g2", .name = "two"});
	write_step(fx, (struct step){add_port, .id = "p1", .gate = "g1", .name = "a", .vlan = 1});
	write_step(fx, (struct step){add_port, .id = "p2", .gate = "g2", .name = "a", .vlan = 2});
	return 0;
}

static int
teardown(void **state)
{
	*state = fixture_free(*state);
	return 0;
}

static const struct step get_p1 = {get_port, .id = "p1", .name = "a"};
static const struct step list_g1 = {list_ports_of, .gate = "g1"};

static void
test_a_row_stands_while_others_change(void **state)
{
	struct fixture *fx = *state;
	struct footing f = watch_step(fx, get_p1);

	assert_true(footing_stands(fx->store, &f));
	write_step(fx, (struct step){rename_port, .id = "p2", .name = "b"});
	write_step(fx, (struct step){add_port, .id = "p3", .gate = "g1", .name = "c", .vlan = 3});
	write_step(fx, (struct step){add_gate, .id = "g3", .name = "three"});
	assert_true(footing_stands(fx->store, &f));
}

static void
test_a_row_does_not_stand_once_it_is_changed(void **state)
{
	static const struct step changes[] = {
	    {rename_port, .id = "p1", .name = "a"},
	    {rename_ports_at, .name = "a", .vlan = 1},
	    {change_port, .id = "p1", .gate = "g1", .name = "a", .vlan = 1},
	    {put_port, .id = "other", .gate = "g1", .name = "a", .vlan = 1},
	    {bump_port, .id = "p1"},
	    {remove_port, .id = "p1"},
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct footing row = watch_step(fx, get_p1), list = watch_step(fx, list_g1);

		write_step(fx, changes[i]);
		assert_false(footing_stands(fx->store, &row));
		assert_false(footing_stands(fx->store, &list));
	}
}

static void
test_rows_by_a_fixed_column_stand_while_those_of_another_value_change(void **state)
{
	struct fixture *fx = *state;
	struct footing f = watch_step(fx, list_g1);

	write_step(fx, (struct step){rename_port, .id = "p2", .name = "b"});
	write_step(fx, (struct step){rename_ports_at, .name = "c", .vlan = 2});
	write_step(fx, (struct step){add_port, .id = "p3", .gate = "g2", .name = "c", .vlan = 3});
	write_step(fx, (struct step){remove_port, .id = "p2"});
	assert_true(footing_stands(fx->store, &f));
	write_step(fx, (struct step){add_port, .id = "p4", .gate = "g1", .name = "c", .vlan = 3});
	assert_false(footing_stands(fx->store, &f));
}

static void
test_what_no_key_names_rests_on_the_whole_table(void **state)
{
	struct fixture *fx = *state;
	struct footing f = watch_step(fx, (struct step){count_ports});

	write_step(fx, (struct step){add_gate, .id = "g3", .name = "three"});
	assert_true(footing_stands(fx->store, &f));
	write_step(fx, (struct step){rename_port, .id = "p2", .name = "b"});
	assert_false(footing_stands(fx->store, &f));
}

static void
test_an_update_leaves_fixed_columns_be(void **state)
{
	struct fixture *fx = *state;

	write_step(fx, (struct step){change_port, .id = "p1", .gate = "g2", .name = "b", .vlan = 1});
	assert_int_equal(
	    store_read_wait(fx->store, step_run, &(struct step){get_port, .id = "p1", .name = "b"}, &fx->err), DC_OK);
	struct footing f = watch_step(fx, list_g1);

	write_step(fx, (struct step){rename_port, .id = "p1", .name = "c"});
	assert_false(footing_stands(fx->store, &f)); /* it is in g1 still */
}

static void
test_what_is_rolled_back_changes_nothing(void **state)
{
	struct fixture *fx = *state;
	struct footing f = watch_step(fx, get_p1);
	struct step fails = {rename_and_fail, .id = "p1", .name = "b"};

	assert_int_equal(store_submit_wait(fx->store, step_run, &fails, &fx->err), DC_E_PARAM);
	write_step(fx, (struct step){rename_dry, .id = "p1", .name = "b"});
	assert_true(footing_stands(fx->store, &f));
}

/* A write in the middle of a read, which keeps seeing what was before. */
static enum dc_code
get_around_a_write(struct tx *tx, const struct step *s, struct dc_error *err)
{
	struct fixture *fx = (struct fixture *)(uintptr_t)s->gate;
	enum dc_code rc;

	if ((rc = count_ports(tx, s, err)) != DC_OK)
		return rc;
	write_step(fx, (struct step){rename_port, .id = "p1", .name = "b"});
	return get_port(tx, s, err); /* by the old name */
}

static void
test_a_read_that_began_before_a_commit_does_not_stand_after_it(void **state)
{
	struct fixture *fx = *state;
	struct footing f =
	    watch_step(fx, (struct step){get_around_a_write, .id = "p1", .name = "a", .gate = (const char *)fx});

	assert_false(footing_stands(fx->store, &f));
}

static void
test_nothing_that_a_commit_changes_stands_while_it_is_under_way(void **state)
{
	static const struct step list_g2 = {list_ports_of, .gate = "g2"};
	struct fixture *fx = *state;
	struct footing before = watch_step(fx, get_p1), other = watch_step(fx, list_g2), during;
	struct tx *tx = fixture_begin(fx);

	assert_int_equal(rename_port(tx, &(struct step){.id = "p1", .name = "a"}, &fx->err), DC_OK);
	assert_true(footing_stands(fx->store, &before));
	footing_begin_commit(fx->store->numbers, tx->changes);
	assert_false(footing_stands(fx->store, &before));
	assert_true(footing_stands(fx->store, &other));
	during = watch_step(fx, get_p1);
	assert_false(footing_stands(fx->store, &during));
	fixture_end(fx);
	footing_end_commit(fx->store->numbers);
	assert_false(footing_stands(fx->store, &before));
	assert_false(footing_stands(fx->store, &during));
	assert_true(footing_stands(fx->store, &other));
	during = watch_step(fx, get_p1);
	assert_true(footing_stands(fx->store, &during));
}

static void
test_what_rests_on_the_time_is_not_kept(void **state)
{
	struct fixture *fx = *state;
	struct footing f = watch_step(fx, (struct step){get_port_and_time, .id = "p1", .name = "a"});

	assert_true(f.lost);
	assert_false(footing_stands(fx->store, &f));
}

static bool
stands_as_told(const struct footing_rest *rest, utc_ms now)
{
	return now > 0 && *(const bool *)rest->source;
}

/* Notes by itself what the row stands for. */
static enum dc_code
get_with_a_rest(struct tx *tx, const struct step *s, struct dc_error *err)
{
	struct footing *f = footing_pause(tx);
	enum dc_code rc = get_port_and_time(tx, s, err);

	footing_resume(tx, f);
	footing_row(tx, &gate_table, "g2");
	footing_rest(tx, &(struct footing_rest){stands_as_told, s->gate, {0}});
	return rc;
}

static void
test_what_rests_on_more_than_rows_is_asked_for_again(void **state)
{
	struct fixture *fx = *state;
	bool told = true;
	struct footing f =
	    watch_step(fx, (struct step){get_with_a_rest, .id = "p1", .name = "a", .gate = (const char *)&told});

	assert_true(footing_stands(fx->store, &f));
	told = false;
	assert_false(footing_stands(fx->store, &f));
	told = true;
	write_step(fx, (struct step){rename_port, .id = "p1", .name = "a"});
	assert_true(footing_stands(fx->store, &f)); /* read while nobody watched */
}

static void
test_too_many_rows_are_not_kept(void **state)
{
	struct fixture *fx = *state;
	struct footing f = {0};
	struct tx tx = {.store = fx->store, .since = footing_newest(fx->store->numbers)};

	footing_watch(&tx, &f, fx->arena);
	for (int i = 0; i < FOOTING_PLACES_MAX; i++)
		footing_row(&tx, &gate_table, "g1");
	footing_end(&tx);
	assert_true(footing_stands(fx->store, &f));
	footing_resume(&tx, &f);
	footing_row(&tx, &gate_table, "g1");
	footing_end(&tx);
	assert_false(footing_stands(fx->store, &f));
}

static void
test_a_glance_does_not_look_into_the_database(void **state)
{
	struct fixture *fx = *state;
	struct step get = get_p1;

	assert_int_equal(store_glance(fx->store, fx->arena, step_run, &get, &fx->err), DC_E_AGAIN);
}

/* PostgreSQL may be changed by other processes. */
static void
where_others_write_too_nothing_stands(void **state)
{
	struct fixture *fx = *state;
	struct footing f = watch_step(fx, get_p1);

	assert_false(footing_stands(fx->store, &f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(test_a_row_stands_while_others_change),
	    TEST(test_a_row_does_not_stand_once_it_is_changed),
	    TEST(test_rows_by_a_fixed_column_stand_while_those_of_another_value_change),
	    TEST(test_what_no_key_names_rests_on_the_whole_table),
	    TEST(test_an_update_leaves_fixed_columns_be),
	    TEST(test_what_is_rolled_back_changes_nothing),
	    TEST(test_a_read_that_began_before_a_commit_does_not_stand_after_it),
	    TEST(test_nothing_that_a_commit_changes_stands_while_it_is_under_way),
	    TEST(test_what_rests_on_the_time_is_not_kept),
	    TEST(test_what_rests_on_more_than_rows_is_asked_for_again),
	    TEST(test_too_many_rows_are_not_kept),
	    TEST(test_a_glance_does_not_look_into_the_database),
	};

	const struct CMUnitTest with_others[] = {
	    TEST(where_others_write_too_nothing_stands),
	    TEST(test_a_glance_does_not_look_into_the_database),
	};

	if (getenv("DCAAS_TEST_DATABASE") != NULL)
		return cmocka_run_group_tests(with_others, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
