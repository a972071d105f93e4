/* SPDX-License-Identifier: ISC */
/* query_test.c - reading and writing rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/row_lock.h"
#include "store/store_fixture.h"

static int
setup(void **state)
{
	struct fixture *fx = fixture_new();
	struct tx *tx;

	*state = fx;
	if (fixture_open(fx) != DC_OK)
		return -1;
	tx = fixture_begin(fx);
	return query_insert(tx, &gate_table, gate_new(fx->arena, "g1", "north"), &fx->err) == DC_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	*state = fixture_free(*state);
	return 0;
}

static void
add(struct fixture *fx, const char *id, const char *name, int64_t vlan)
{
	assert_int_equal(query_insert(fx->tx, &port_table, port_new(fx->arena, id, "g1", name, vlan), &fx->err), DC_OK);
}

static const struct port *
get(struct fixture *fx, const char *id)
{
	void *row = NULL;

	assert_int_equal(query_get(fx->tx, &port_table, Q(Q_EQ("id", id)), &row, &fx->err), DC_OK);
	return row;
}

/* The ids of a page, joined. */
static const char *
page(struct fixture *fx, const struct query_cond *conds, const struct query_page *how)
{
	void *rows;
	size_t n;
	const char *text = "";

	assert_int_equal(query_list(fx->tx, &port_table, conds, how, &rows, &n, &fx->err), DC_OK);
	for (size_t i = 0; i < n; i++)
		text = arena_printf(fx->arena, "%s%s%s", text, i > 0 ? " " : "", ((struct port *)rows)[i].id.v);
	return text;
}

#define PAGE(fx, ...) page((fx), Q_ALL, &(struct query_page){__VA_ARGS__})

static void
every_kind_of_member_comes_back_as_it_went_in(void **state)
{
	struct fixture *fx = *state;
	const struct port *p;

	add(fx, "p1", "it's \"quoted\" and ümläut", 7);
	p = get(fx, "p1");
	assert_string_equal(p->name.v, "it's \"quoted\" and ümläut");
	assert_string_equal(p->kind.v, "fibre");
	assert_int_equal(p->vlan.v, 7);
	assert_int_equal(p->made_at.v, 1785585600123);
	assert_int_equal(p->up.set, GIVEN);
	assert_true(p->up.v);
	assert_int_equal(p->tags.n, 2);
	assert_string_equal(p->tags.v[0], "b, \"quoted\"");
	assert_string_equal(p->tags.v[1], "a");
	assert_string_equal(p->secret.v, "correct horse battery staple");
}

static void
what_has_no_value_is_null_and_comes_back_so(void **state)
{
	struct fixture *fx = *state;
	struct port *p = arena_new_of(fx->arena, struct port);
	const struct port *q;

	F_SET_TEXT(p->id, "p1");
	F_SET_TEXT(p->gate_id, "g1");
	F_SET_INT(p->revision, 0);
	F_SET_NULL(p->name);
	assert_int_equal(query_insert(fx->tx, &port_table, p, &fx->err), DC_OK);
	q = get(fx, "p1");
	assert_int_equal(q->name.set, NULLED);
	assert_int_equal(q->vlan.set, NULLED);
	assert_int_equal(q->up.set, NULLED);
	assert_int_equal(q->tags.set, NULLED);
	assert_int_equal(q->secret.set, NULLED);
	assert_string_equal(page(fx, Q(Q_IS_NULL("vlan")), NULL), "p1");
	assert_string_equal(page(fx, Q(Q_NOT_NULL("vlan")), NULL), "");
}

static void
a_missing_row_is_not_found_and_leaves_err_and_ret_alone(void **state)
{
	struct fixture *fx = *state;
	void *row = fx;

	fx->err.code = DC_OK;
	assert_int_equal(query_get(fx->tx, &port_table, Q(Q_EQ("id", "nix")), &row, &fx->err), DC_E_NOT_FOUND);
	assert_ptr_equal(row, fx);
	assert_int_equal(fx->err.code, DC_OK);
	assert_int_equal(query_lock(fx->tx, &port_table, "nix", &fx->err), DC_OK); /* locks nothing */
	assert_int_equal(
	    query_update(fx->tx, &port_table, port_new(fx->arena, "nix", "g1", "a", 1), &fx->err), DC_E_NOT_FOUND);
	assert_int_equal(fx->err.code, DC_OK);
}

static void
refused(struct fixture *fx, const struct port *port, enum dc_code code, const char *member)
{
	struct dc_error err;

	fixture_try(fx);
	assert_int_equal(query_insert(fx->tx, &port_table, port, &err), code);
	assert_string_equal(err.member, member);
	fixture_undo(fx);
	fx->err = err;
}

static void
a_broken_constraint_is_reported_in_the_words_of_its_table(void **state)
{
	struct fixture *fx = *state;

	add(fx, "p1", "a", 7);
	refused(fx, port_new(fx->arena, "p2", "g1", "b", 7), DC_E_VLAN_TAKEN, "port.vlan");
	assert_string_equal(fx->err.text, "port.vlan: the gate has this VLAN already");
	refused(fx, port_new(fx->arena, "p2", "g9", "b", 8), DC_E_NOT_FOUND, "port.gate_id");
	assert_string_equal(fx->err.text, "port.gate_id: the gate does not exist");
	fixture_try(fx);
	assert_int_equal(query_delete(fx->tx, &gate_table, Q(Q_EQ("id", "g1")), NULL, &fx->err), DC_E_PARAM);
	assert_string_equal(fx->err.text, "The gate has ports");
	if (fx->database != NULL)
		fixture_undo(fx);
	/* What was tried to find the name is undone. */
	assert_int_equal(query_delete(fx->tx, &gate_table, Q(Q_EQ("id", "g1")), NULL, &fx->err), DC_E_PARAM);
}

/* Another table of the program's over the same rows. */
static void
a_view_of_a_table_has_the_words_of_the_table(void **state)
{
	struct fixture *fx = *state;
	struct field_table view = port_table;

	view.constraints = NULL;
	add(fx, "p1", "a", 7);
	assert_int_equal(
	    query_insert(fx->tx, &view, port_new(fx->arena, "p2", "g1", "b", 7), &fx->err), DC_E_VLAN_TAKEN);
	assert_string_equal(fx->err.text, "port.vlan: the gate has this VLAN already");
}

static void
what_only_a_fault_of_ours_can_break_is_a_conflict_by_its_name(void **state)
{
	struct fixture *fx = *state;

	add(fx, "p1", "a", 7);
	refused(fx, port_new(fx->arena, "p1", "g1", "b", 8), DC_E_CONFLICT, "port_pkey");
	refused(fx, port_new(fx->arena, "p2", "g1", "a", 4095), DC_E_CONFLICT, "port_vlan");
	refused(fx, port_new(fx->arena, "p2", NULL, "a", 1), DC_E_CONFLICT, "port.gate_id");
}

static void
update_writes_all_columns_and_set_only_the_named(void **state)
{
	struct fixture *fx = *state;
	struct port *p = port_new(fx->arena, "p1", "g1", "new", 9);
	int64_t changed = -1;

	add(fx, "p1", "old", 7);
	add(fx, "p2", "old", 8);
	assert_int_equal(query_set(fx->tx, &port_table, (const char *const[]){"name", NULL}, p, Q(Q_EQ("name", "old")),
			     &changed, &fx->err),
	    DC_OK);
	assert_int_equal(changed, 2);
	assert_string_equal(get(fx, "p2")->name.v, "new");
	assert_int_equal(get(fx, "p1")->vlan.v, 7);
	F_SET_TEXT(p->secret, NULL);
	assert_int_equal(query_update(fx->tx, &port_table, p, &fx->err), DC_OK);
	assert_int_equal(get(fx, "p1")->vlan.v, 9);
	assert_int_equal(get(fx, "p1")->secret.set, NULLED);
	assert_int_equal(get(fx, "p2")->vlan.v, 8);
}

static void
upsert_inserts_then_updates_and_keeps_the_id(void **state)
{
	struct fixture *fx = *state;
	static const char *const key[] = {"gate_id", "vlan", NULL};
	struct tx *tx = fx->tx;

	assert_int_equal(query_upsert(tx, &port_table, key, port_new(fx->arena, "p1", "g1", "a", 7), &fx->err), DC_OK);
	assert_int_equal(query_upsert(tx, &port_table, key, port_new(fx->arena, "p2", "g1", "b", 7), &fx->err), DC_OK);
	assert_string_equal(PAGE(fx, .limit = 0), "p1");
	assert_string_equal(get(fx, "p1")->name.v, "b");
	assert_string_equal(get(fx, "p1")->secret.v, "correct horse battery staple");
}

static void
delete_and_count_follow_the_conditions(void **state)
{
	struct fixture *fx = *state;
	int64_t n = -1;

	add(fx, "p1", "a", 1);
	add(fx, "p2", "a", 2);
	add(fx, "p3", "b", 3);
	assert_int_equal(query_count(fx->tx, &port_table, Q(Q_EQ("name", "a")), &n, &fx->err), DC_OK);
	assert_int_equal(n, 2);
	assert_int_equal(query_count_to(fx->tx, &port_table, Q(Q_EQ("name", "a")), 1, &n, &fx->err), DC_OK);
	assert_int_equal(n, 1);
	assert_int_equal(query_count_to(fx->tx, &port_table, Q(Q_EQ("name", "a")), 3, &n, &fx->err), DC_OK);
	assert_int_equal(n, 2);
	assert_int_equal(
	    query_delete(fx->tx, &port_table, Q(Q_EQ("name", "a"), Q_EQ_INT("vlan", 2)), &n, &fx->err), DC_OK);
	assert_int_equal(n, 1);
	assert_int_equal(query_count(fx->tx, &port_table, Q_ALL, &n, &fx->err), DC_OK);
	assert_int_equal(n, 2);
}

/* The second statement of a kind is found by its shape: it must be the one that the conditions mean. */
static void
what_differs_in_a_word_is_another_statement(void **state)
{
	static const char *const one[] = {"p1", NULL}, *const two[] = {"p1", "p3", NULL}, *const none[] = {NULL};
	static const char *const name[] = {"name", NULL}, *const both[] = {"name", "vlan", NULL};
	struct fixture *fx = *state;
	struct tx *tx = fx->tx;
	int64_t n;

	add(fx, "p1", "a", 1);
	add(fx, "p2", "b", 2);
	add(fx, "p3", "c", 3);
	for (int round = 0; round < 3; round++) {
		assert_string_equal(page(fx, Q(Q_IN("id", one)), NULL), "p1");
		assert_string_equal(page(fx, Q(Q_IN("id", two)), NULL), "p1 p3");
		assert_string_equal(page(fx, Q(Q_IN("id", none)), NULL), "");
		assert_string_equal(page(fx, Q(Q_EQ("id", "p2")), NULL), "p2");
		assert_string_equal(page(fx, Q(Q_NE("id", "p2")), NULL), "p1 p3");
		assert_string_equal(page(fx, Q(Q_EQ("name", "b")), NULL), "p2");
		assert_string_equal(page(fx, Q(Q_IS_NULL("name")), NULL), "");
		assert_string_equal(page(fx, Q(Q_NOT_NULL("name")), NULL), "p1 p2 p3");
		assert_string_equal(
		    page(fx, Q({.column = "name", .op = Q_OP_EQ, .text = "b", .sift = true}), NULL), "p2");
		assert_string_equal(PAGE(fx, .limit = 2), "p1 p2");
		assert_string_equal(PAGE(fx, .limit = 2, .descending = true), "p3 p2");
		assert_string_equal(PAGE(fx, .limit = 2, .offset = 1), "p2 p3");
		assert_string_equal(PAGE(fx, .limit = 2, .after = "p1"), "p2 p3");
		assert_string_equal(PAGE(fx, .limit = 2, .sort = "vlan", .descending = true), "p3 p2");
		assert_string_equal(PAGE(fx, .limit = 2, .sort = "vlan", .after = "p1"), "p2 p3");
		assert_int_equal(query_set(tx, &port_table, name, port_new(fx->arena, "x", "g1", "a", 1),
				     Q(Q_EQ("id", "p1")), &n, &fx->err),
		    DC_OK);
		assert_int_equal(n, 1);
		assert_int_equal(query_set(tx, &port_table, both, port_new(fx->arena, "x", "g1", "a", 1),
				     Q(Q_EQ("id", "p1")), &n, &fx->err),
		    DC_OK);
		assert_int_equal(n, 1);
		assert_int_equal(query_set(tx, &port_table, name, port_new(fx->arena, "x", "g1", "a", 1),
				     Q(Q_EQ("id", NULL)), &n, &fx->err),
		    DC_OK);
		assert_int_equal(n, 0);
		assert_int_equal(query_count(tx, &gate_table, Q(Q_EQ("id", "p1")), &n, &fx->err), DC_OK);
		assert_int_equal(n, 0);
		assert_int_equal(query_count(tx, &port_table, Q(Q_EQ("id", "p1")), &n, &fx->err), DC_OK);
		assert_int_equal(n, 1);
	}
}

static void
conditions_compare_as_the_column_does(void **state)
{
	struct fixture *fx = *state;
	static const char *const some[] = {"p1", "p3", "p9", NULL}, *const vlans[] = {"2", "10", NULL},
				 *const none[] = {NULL};

	add(fx, "p1", "a", 2);
	add(fx, "p2", "b", 9);
	add(fx, "p3", "c", 10);
	assert_string_equal(page(fx, Q(Q_EQ("vlan", "10")), NULL), "p3");
	assert_string_equal(page(fx, Q(Q_GT_INT("vlan", 2)), NULL), "p2 p3");
	assert_string_equal(page(fx, Q(Q_LE_INT("vlan", 9)), NULL), "p1 p2");
	assert_string_equal(page(fx, Q(Q_NE("name", "b")), NULL), "p1 p3");
	assert_string_equal(page(fx, Q(Q_IN("id", some)), NULL), "p1 p3");
	assert_string_equal(page(fx, Q(Q_IN("vlan", vlans)), NULL), "p1 p3");
	assert_string_equal(page(fx, Q(Q_IN("id", none)), NULL), "");
	assert_string_equal(page(fx, Q(Q_EQ("up", "true"), Q_EQ("vlan", "2")), NULL), "p1");
	assert_string_equal(page(fx, Q(Q_EQ("up", "false")), NULL), "");
	assert_string_equal(page(fx, Q(Q_EQ("vlan", "ten")), NULL), "");
	assert_string_equal(page(fx, Q(Q_EQ("name", NULL)), NULL), "");
	assert_string_equal(page(fx, Q(Q_EQ("made_at", "2026-08-01T12:00:00.123Z")), NULL), "p1 p2 p3");
	assert_string_equal(page(fx, Q(Q_EQ("name", "a' OR '1'='1")), NULL), "");
}

static void
pages_by_id_continue_after_a_marker_even_when_its_row_is_gone(void **state)
{
	struct fixture *fx = *state;

	for (int i = 1; i <= 6; i++)
		add(fx, arena_printf(fx->arena, "p%d", i), "x", i);
	assert_string_equal(PAGE(fx, .limit = 2), "p1 p2");
	assert_string_equal(PAGE(fx, .limit = 2, .after = "p2"), "p3 p4");
	assert_string_equal(PAGE(fx, .after = "p4"), "p5 p6");
	assert_string_equal(PAGE(fx, .after = "p6"), "");
	assert_string_equal(PAGE(fx, .after = "p2x", .limit = 2), "p3 p4");
	assert_string_equal(PAGE(fx, .descending = true, .limit = 2, .after = "p5"), "p4 p3");
	assert_string_equal(PAGE(fx, .limit = 2, .offset = 3), "p4 p5");
	assert_string_equal(PAGE(fx, .offset = 4), "p5 p6");
	assert_string_equal(PAGE(fx, .limit = 2, .offset = 3, .after = "p1"), "p2 p3");
}

static void
reverse_gives_the_items_before_the_marker_in_sort_order(void **state)
{
	struct fixture *fx = *state;

	for (int i = 1; i <= 6; i++)
		add(fx, arena_printf(fx->arena, "p%d", i), "x", i);
	assert_string_equal(PAGE(fx, .limit = 2, .after = "p5", .reverse = true), "p3 p4");
	assert_string_equal(PAGE(fx, .limit = 3, .after = "p2", .reverse = true), "p1");
	assert_string_equal(PAGE(fx, .limit = 2, .reverse = true), "p5 p6");
	assert_string_equal(PAGE(fx, .limit = 2, .after = "p2", .reverse = true, .descending = true), "p4 p3");
}

static void
sorting_by_a_column_breaks_ties_by_id_and_pages_through_them(void **state)
{
	struct fixture *fx = *state;
	struct port *nameless = port_new(fx->arena, "p5", "g1", NULL, 5);

	add(fx, "p1", "b", 1);
	add(fx, "p2", "a", 2);
	add(fx, "p3", "b", 3);
	add(fx, "p4", "a", 4);
	assert_int_equal(query_insert(fx->tx, &port_table, nameless, &fx->err), DC_OK);
	assert_string_equal(PAGE(fx, .sort = "name"), "p5 p2 p4 p1 p3");
	assert_string_equal(PAGE(fx, .sort = "name", .descending = true), "p3 p1 p4 p2 p5");
	assert_string_equal(PAGE(fx, .sort = "name", .limit = 2, .after = "p5"), "p2 p4");
	assert_string_equal(PAGE(fx, .sort = "name", .limit = 2, .after = "p2"), "p4 p1");
	assert_string_equal(PAGE(fx, .sort = "name", .limit = 2, .after = "p1", .reverse = true), "p2 p4");
	assert_string_equal(PAGE(fx, .sort = "name", .descending = true, .after = "p4"), "p2 p5");
	assert_string_equal(PAGE(fx, .sort = "name", .after = "gone"), "");
	assert_string_equal(PAGE(fx, .sort = "vlan", .descending = true, .limit = 1), "p5");
}

static void
bump_returns_the_new_value_and_lock_touches_only_guard(void **state)
{
	struct fixture *fx = *state;
	int64_t v = 0;

	add(fx, "p1", "a", 1);
	assert_int_equal(query_bump(fx->tx, &port_table, "p1", "revision", 1, &v, &fx->err), DC_OK);
	assert_int_equal(query_bump(fx->tx, &port_table, "p1", "revision", 5, &v, &fx->err), DC_OK);
	assert_int_equal(v, 6);
	assert_int_equal(query_lock(fx->tx, &port_table, "p1", &fx->err), DC_OK);
	assert_int_equal(get(fx, "p1")->revision.v, 6);
	assert_int_equal(query_bump(fx->tx, &port_table, "nix", "revision", 1, &v, &fx->err), DC_E_NOT_FOUND);
}

static int64_t
guard_of(struct tx *tx, const char *id)
{
	STMT(g, tx);
	bool row = false;

	assert_int_equal(tx->ops->prepare(tx, "SELECT guard FROM port WHERE id = $1", &g.stmt, NULL), DC_OK);
	tx->ops->bind_text(g.stmt, 1, id);
	assert_int_equal(tx->ops->step(g.stmt, &row, NULL), DC_OK);
	assert_true(row);
	return tx->ops->get_int(g.stmt, 0);
}

static void
where_transactions_run_side_by_side_each_named_row_is_locked(void **state)
{
	struct fixture *fx = *state;
	struct tx *tx = fx->tx;
	const struct tx_ops *as_before = tx->ops;
	struct tx_ops locking = *as_before;
	LOCK_SET(set, tx);

	add(fx, "p1", "a", 1);
	add(fx, "p2", "b", 2);
	add(fx, "p3", "c", 3);
	assert_false(lock_is_late(tx));
	locking.locks_rows = true;
	tx->ops = &locking;
	assert_true(lock_is_late(tx));
	lock_want(&set, &port_table, "p3");
	lock_want(&set, &port_table, NULL);
	lock_want(&set, &port_table, "p1");
	lock_want(&set, &port_table, "gone");
	assert_int_equal(lock_rows(tx, &set, &fx->err), DC_OK);
	assert_int_equal(set.n, 0);
	assert_int_equal(guard_of(tx, "p1"), 1);
	assert_int_equal(guard_of(tx, "p2"), 0);
	assert_int_equal(guard_of(tx, "p3"), 1);
	tx->ops = as_before;
}

static void
lists_of_many_lengths_do_not_fill_the_statement_cache(void **state)
{
	struct fixture *fx = *state;
	const char **list = arena_array(fx->arena, 3001, sizeof(*list));

	add(fx, "p1", "a", 1);
	for (size_t n = 0; n < 3000; n++) {
		list[n] = n == 700 ? "p1" : "none";
		if (n % 97 == 0 || n > 2990)
			assert_string_equal(page(fx, Q(Q_IN("id", list)), NULL), n >= 700 ? "p1" : "");
	}
}

static void
a_secret_moved_to_another_column_does_not_open(void **state)
{
	struct fixture *fx = *state;
	void *row = NULL;

	add(fx, "p1", "a", 1);
	assert_int_equal(
	    fx->tx->ops->script(fx->tx, "UPDATE port SET secret = replace(secret, 'v1:', 'v1:0')", &fx->err), DC_OK);
	assert_int_equal(query_get(fx->tx, &port_table, Q(Q_EQ("id", "p1")), &row, &fx->err), DC_E_IO);
	assert_null(row);
	assert_null(strstr(fx->err.text, "horse"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_kind_of_member_comes_back_as_it_went_in),
	    TEST(what_has_no_value_is_null_and_comes_back_so),
	    TEST(a_missing_row_is_not_found_and_leaves_err_and_ret_alone),
	    TEST(a_broken_constraint_is_reported_in_the_words_of_its_table),
	    TEST(a_view_of_a_table_has_the_words_of_the_table),
	    TEST(what_only_a_fault_of_ours_can_break_is_a_conflict_by_its_name),
	    TEST(update_writes_all_columns_and_set_only_the_named),
	    TEST(upsert_inserts_then_updates_and_keeps_the_id),
	    TEST(delete_and_count_follow_the_conditions),
	    TEST(what_differs_in_a_word_is_another_statement),
	    TEST(conditions_compare_as_the_column_does),
	    TEST(pages_by_id_continue_after_a_marker_even_when_its_row_is_gone),
	    TEST(reverse_gives_the_items_before_the_marker_in_sort_order),
	    TEST(sorting_by_a_column_breaks_ties_by_id_and_pages_through_them),
	    TEST(bump_returns_the_new_value_and_lock_touches_only_guard),
	    TEST(where_transactions_run_side_by_side_each_named_row_is_locked),
	    TEST(lists_of_many_lengths_do_not_fill_the_statement_cache),
	    TEST(a_secret_moved_to_another_column_does_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
