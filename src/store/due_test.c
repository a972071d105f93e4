/* SPDX-License-Identifier: ISC */
/* due_test.c - what is due is done once, at its time, by the first claimant, and again after a failure or a death. The
 * kinds of the tests write gates, so that what was done is in the database or is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store/due.h"
#include "store/store_fixture.h"

#define PATIENCE_MS 20000

static const struct field_table *const tables[] = {&gate_table, &due_table, NULL};
static const struct migration migrations[] = {
    {1, "0001_gate", "CREATE TABLE gate (id TEXT PRIMARY KEY, name TEXT NOT NULL, guard INTEGER NOT NULL DEFAULT 0);"},
    {2, "0002_due",
	"CREATE TABLE due (id TEXT PRIMARY KEY NOT NULL, at BIGINT NOT NULL, wanted BIGINT NOT NULL, kind TEXT NOT "
	"NULL,"
	" owner TEXT NOT NULL, ref TEXT, claim TEXT, tries BIGINT NOT NULL, guard INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX due_at ON due (at, id);"},
    {0, NULL, NULL},
};

static int
setup(void **state)
{
	struct fixture *fx = fixture_new();
	const struct store_options options = {
	    .path = fx->db, .key_path = fx->key, .tables = tables, .database = fx->database};

	*state = fx;
	return store_open_with(&options, migrations, &fx->store, &fx->err) == DC_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	*state = fixture_free(*state);
	return 0;
}

/* The owner's gate: a second one with the same id would break its key. */
static enum dc_code
make_gate(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	(void)user;
	return query_insert(
	    tx, &gate_table, gate_new(tx_arena(tx), due->owner.v, due->ref.v != NULL ? due->ref.v : "-"), err);
}

static enum dc_code
make_gate_and_fail(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	enum dc_code rc = make_gate(tx, due, user, err);

	return rc == DC_OK ? dc_fail(err, DC_E_IO, NULL, "as told") : rc;
}

static enum dc_code
come_again(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	return due_set(tx, "again", "", NULL, due->wanted.v + *(const int *)user, err);
}

static const struct due_kind kinds[] = {
    {.name = "gate", .run = make_gate},
    {.name = "broken", .run = make_gate_and_fail},
    {.name = "again", .run = come_again, .standing_ms = 1000},
    {.name = NULL},
};

struct order {
	const char *kind, *owner, *ref;
	int64_t in_ms;
	bool by, clear;
};

static enum dc_code
order_run(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct order *o = arg;
	utc_ms at = tx_now(tx) + o->in_ms;

	if (o->clear)
		return due_clear(tx, o->kind, o->owner, err);
	return o->by ? due_set_by(tx, o->kind, o->owner, o->ref, at, err)
		     : due_set(tx, o->kind, o->owner, o->ref, at, err);
}

static void
set(struct fixture *fx, struct order order)
{
	assert_int_equal(store_submit_wait(fx->store, order_run, &order, &fx->err), DC_OK);
}

/* Until nothing that is due now is left, by as many runners as there are. */
static void
run_out(struct due_runner *const *runner, size_t n)
{
	const struct timespec pause = {.tv_nsec = 1000 * 1000};
	struct monotonic began = monotonic_now();
	bool busy = true;

	while (busy && monotonic_since(began) < PATIENCE_MS) {
		for (size_t i = 0; i < n; i++)
			due_look(runner[i]);
		nanosleep(&pause, NULL);
		busy = false;
		for (size_t i = 0; i < n; i++)
			busy = busy || due_is_busy(runner[i]);
	}
	assert_false(busy);
}

static void
run_all(struct fixture *fx)
{
	struct due_runner *runner = due_runner_new(fx->store, kinds, NULL);

	run_out(&runner, 1);
	due_runner_free(runner);
}

struct look {
	struct arena *arena;
	const struct field_table *table;
	const struct query_cond *conds;
	void *row;
	int64_t n;
};

static enum dc_code
look_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct look *l = arg;
	void *row;
	enum dc_code rc = query_count(tx, l->table, l->conds, &l->n, err);

	if (rc != DC_OK || l->n == 0 || (rc = query_get(tx, l->table, l->conds, &row, err)) != DC_OK)
		return rc;
	l->row = arena_memdup(l->arena, row, l->table->size);
	return DC_OK;
}

static int64_t
count(struct fixture *fx, const struct field_table *table, const struct query_cond *conds)
{
	struct look l = {.arena = fx->arena, .table = table, .conds = conds};

	assert_int_equal(store_read_wait(fx->store, look_run, &l, &fx->err), DC_OK);
	return l.n;
}

/* Numbers only: its texts went with the transaction. */
static struct due
row_of(struct fixture *fx, const char *id)
{
	const struct query_cond conds[] = {Q_EQ("id", id), Q_END};
	struct look l = {.arena = fx->arena, .table = &due_table, .conds = conds};

	assert_int_equal(store_read_wait(fx->store, look_run, &l, &fx->err), DC_OK);
	assert_int_equal(l.n, 1);
	return *(struct due *)l.row;
}

static void
what_is_due_is_done_once_and_what_is_not_waits(void **state)
{
	struct fixture *fx = *state;

	set(fx, (struct order){"gate", "now", "a reason", -5, false, false});
	set(fx, (struct order){"gate", "later", NULL, 3600000, false, false});
	set(fx, (struct order){"gate", "never", NULL, -5, false, false});
	set(fx, (struct order){"gate", "never", NULL, 0, false, true});
	run_all(fx);
	run_all(fx);
	assert_int_equal(count(fx, &gate_table, Q_ALL), 1);
	assert_int_equal(count(fx, &gate_table, Q(Q_EQ("id", "now"), Q_EQ("name", "a reason"))), 1);
	assert_int_equal(count(fx, &due_table, Q_ALL), 1);
}

static void
two_that_look_at_once_do_each_row_once(void **state)
{
	struct fixture *fx = *state;
	struct due_runner *runner[3];

	for (size_t i = 0; i < 100; i++)
		set(fx, (struct order){"gate", arena_printf(fx->arena, "g%zu", i), NULL, -5, false, false});
	for (size_t i = 0; i < 3; i++)
		runner[i] = due_runner_new(fx->store, kinds, NULL);
	run_out(runner, 3);
	for (size_t i = 0; i < 3; i++)
		due_runner_free(runner[i]);
	/* A gate made twice would have broken its key, and its row would be here. */
	assert_int_equal(count(fx, &gate_table, Q_ALL), 100);
	assert_int_equal(count(fx, &due_table, Q_ALL), 0);
}

static void
work_that_fails_leaves_nothing_and_is_tried_again_after_a_pause(void **state)
{
	struct fixture *fx = *state;
	struct due row;

	set(fx, (struct order){"broken", "b", NULL, -5, false, false});
	set(fx, (struct order){"unheard of", "u", NULL, -5, false, false});
	set(fx, (struct order){"gate", "g", NULL, -1, false, false});
	run_all(fx);
	assert_int_equal(count(fx, &gate_table, Q_ALL), 1);
	row = row_of(fx, "broken/b");
	assert_int_equal(row.tries.v, 1);
	assert_int_not_equal(row.claim.set, GIVEN);
	assert_true(row.at.v > row.wanted.v + DUE_PAUSE_MIN_MS / 2);
	assert_int_equal(row_of(fx, "unheard of/u").tries.v, 1);
}

/* What a process that was killed between its claim and its work leaves. */
static enum dc_code
die_run(struct tx *tx, void *arg, struct dc_error *err)
{
	static const char *const columns[] = {"claim", "at", NULL};
	struct due row = {0};

	F_SET_TEXT(row.claim, "one that has died");
	F_SET_INT(row.at, tx_now(tx) + *(const int64_t *)arg);
	return query_set(tx, &due_table, columns, &row, Q_ALL, NULL, err);
}

static void
a_claim_whose_owner_died_is_taken_over_after_its_lease_and_not_before(void **state)
{
	struct fixture *fx = *state;
	int64_t left = DUE_LEASE_MS, over = -1;

	set(fx, (struct order){"gate", "g", NULL, -5, false, false});
	assert_int_equal(store_submit_wait(fx->store, die_run, &left, &fx->err), DC_OK);
	run_all(fx);
	assert_int_equal(count(fx, &gate_table, Q_ALL), 0);
	assert_int_equal(store_submit_wait(fx->store, die_run, &over, &fx->err), DC_OK);
	run_all(fx);
	assert_int_equal(count(fx, &gate_table, Q_ALL), 1);
	assert_int_equal(count(fx, &due_table, Q_ALL), 0);
}

static void
what_is_set_again_waits_for_its_new_time(void **state)
{
	struct fixture *fx = *state;
	utc_ms sooner;

	set(fx, (struct order){"gate", "g", NULL, -5, false, false});
	set(fx, (struct order){"gate", "g", NULL, 7200000, false, false});
	run_all(fx);
	assert_int_equal(count(fx, &gate_table, Q_ALL), 0);
	/* "At the latest" moves it forward and never back. */
	set(fx, (struct order){"gate", "g", NULL, 3600000, true, false});
	sooner = row_of(fx, "gate/g").at.v;
	set(fx, (struct order){"gate", "g", NULL, 7200000, true, false});
	assert_int_equal(row_of(fx, "gate/g").at.v, sooner);
	assert_int_equal(count(fx, &due_table, Q_ALL), 1);
}

static void
a_standing_kind_always_has_its_row(void **state)
{
	struct fixture *fx = *state;
	int step = 3600000;
	struct due_runner *runner = due_runner_new(fx->store, kinds, &step);
	struct due first;

	assert_int_equal(due_stand(runner, &fx->err), DC_OK);
	first = row_of(fx, "again/");
	assert_int_equal(due_stand(runner, &fx->err), DC_OK);
	assert_int_equal(row_of(fx, "again/").at.v, first.at.v);
	set(fx, (struct order){"again", "", NULL, -5, false, false});
	run_out(&runner, 1);
	assert_true(row_of(fx, "again/").at.v > first.at.v);
	due_runner_free(runner);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_due_is_done_once_and_what_is_not_waits),
	    TEST(two_that_look_at_once_do_each_row_once),
	    TEST(work_that_fails_leaves_nothing_and_is_tried_again_after_a_pause),
	    TEST(a_claim_whose_owner_died_is_taken_over_after_its_lease_and_not_before),
	    TEST(what_is_set_again_waits_for_its_new_time),
	    TEST(a_standing_kind_always_has_its_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
