/* SPDX-License-Identifier: ISC */
/* rotate_test.c - a new key while the store is in use, a rotation that was cut short, and a key that is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store_fixture.h"

#define PORTS 600 /* more than two steps of a rotation */

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

static enum dc_code
fill_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct fixture *fx = arg;
	enum dc_code rc = query_insert(tx, &gate_table, gate_new(fx->arena, "g", "gate"), err);

	for (int i = 0; i < PORTS && rc == DC_OK; i++) {
		const char *name = arena_printf(fx->arena, "p%d", i);
		struct port *p = port_new(fx->arena, name, "g", name, i);

		F_SET_TEXT(p->secret, arena_printf(fx->arena, "secret of %s", name));
		if (i % 7 == 0)
			F_SET_NULL(p->secret);
		rc = query_insert(tx, &port_table, p, err);
	}
	return rc;
}

static void
open_filled(struct fixture *fx)
{
	assert_int_equal(fixture_open(fx), DC_OK);
	assert_int_equal(store_submit_wait(fx->store, fill_run, fx, &fx->err), DC_OK);
}

static enum dc_code
check_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct fixture *fx = arg;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &port_table, Q_ALL, NULL, &rows, &n, err);
	const struct port *p = rows;

	if (rc != DC_OK || n != PORTS)
		return rc != DC_OK ? rc : dc_fail(err, DC_E_SYSTEM, NULL, "%zu ports", n);
	for (size_t i = 0; i < n; i++)
		if (p[i].vlan.v % 7 == 0
			? p[i].secret.set == GIVEN
			: strcmp(p[i].secret.v, arena_printf(fx->arena, "secret of %s", p[i].id.v)) != 0)
			return dc_fail(err, DC_E_SYSTEM, NULL, "port %s has another secret", p[i].id.v);
	return DC_OK;
}

static void
every_secret_is_as_it_was(struct fixture *fx)
{
	if (store_read_wait(fx->store, check_run, fx, &fx->err) != DC_OK)
		fail_msg("%s", fx->err.text);
}

static char *
key_id(struct fixture *fx)
{
	struct store_key key;

	store_get_key(fx->store, &key);
	return arena_strdup(fx->arena, key.id);
}

static size_t
lines_of_the_key_file(struct fixture *fx)
{
	size_t len = 0, n = 0;
	char *data = fixture_read_file(fx->key, &len);

	for (size_t i = 0; i < len; i++)
		n += data[i] == '\n';
	free(data);
	return n;
}

static void
every_secret_is_sealed_again_and_the_old_key_is_dropped(void **state)
{
	struct fixture *fx = *state;
	size_t resealed, len = 0;
	char *before, *data;

	open_filled(fx);
	before = key_id(fx);
	assert_int_equal(store_rotate_key(fx->store, &resealed, &fx->err), DC_OK);
	assert_int_equal(resealed, PORTS - (PORTS + 6) / 7);
	assert_string_not_equal(key_id(fx), before);
	assert_int_equal(lines_of_the_key_file(fx), 1);
	every_secret_is_as_it_was(fx);
	fixture_close(fx);
	data = fixture_read_file(fx->key, &len);
	assert_null(memmem(data, len, before, strlen(before)));
	free(data);
	assert_int_equal(fixture_open(fx), DC_OK);
	every_secret_is_as_it_was(fx);
	assert_int_equal(store_finish_rotation(fx->store, &resealed, &fx->err), DC_OK);
	assert_int_equal(resealed, 0);
}

/* As a crash leaves it: two keys in the file, some of the secrets under the new one. */
static void
cut_short(struct fixture *fx)
{
	struct port *p = port_new(fx->arena, "p1", "g", "p1", 1);

	assert_int_equal(seal_rotate(fx->store->seal, &fx->err), DC_OK);
	F_SET_TEXT(p->secret, "secret of p1");
	fixture_begin(fx);
	assert_int_equal(query_update(fx->tx, &port_table, p, &fx->err), DC_OK);
	fixture_end(fx);
	fixture_close(fx);
}

static void
a_rotation_that_was_cut_short_loses_nothing_and_is_finished(void **state)
{
	struct fixture *fx = *state;
	size_t resealed;

	open_filled(fx);
	cut_short(fx);
	assert_int_equal(lines_of_the_key_file(fx), 2);
	assert_int_equal(fixture_open(fx), DC_OK);
	every_secret_is_as_it_was(fx);
	assert_int_equal(store_finish_rotation(fx->store, &resealed, &fx->err), DC_OK);
	assert_int_equal(resealed, PORTS - (PORTS + 6) / 7 - 1);
	assert_int_equal(lines_of_the_key_file(fx), 1);
	every_secret_is_as_it_was(fx);
}

static void
a_rotation_after_one_that_was_cut_short_finishes_both(void **state)
{
	struct fixture *fx = *state;
	size_t resealed;
	char *middle;

	open_filled(fx);
	cut_short(fx);
	assert_int_equal(fixture_open(fx), DC_OK);
	middle = key_id(fx);
	assert_int_equal(store_rotate_key(fx->store, &resealed, &fx->err), DC_OK);
	assert_string_not_equal(key_id(fx), middle);
	assert_int_equal(lines_of_the_key_file(fx), 1);
	every_secret_is_as_it_was(fx);
}

static void
a_value_that_does_not_open_keeps_the_old_key(void **state)
{
	struct fixture *fx = *state;
	size_t resealed;

	open_filled(fx);
	fixture_begin(fx);
	assert_int_equal(
	    fx->tx->ops->script(fx->tx, "UPDATE port SET secret = 'v1:00000000:AAAA' WHERE id = 'p9'", &fx->err),
	    DC_OK);
	fixture_end(fx);
	assert_int_equal(store_rotate_key(fx->store, &resealed, &fx->err), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "p9"));
	assert_int_equal(lines_of_the_key_file(fx), 2);
	fixture_close(fx);
	assert_int_equal(fixture_open(fx), DC_OK);
}

static void
a_key_file_that_cannot_be_written_changes_nothing(void **state)
{
	struct fixture *fx = *state;
	size_t resealed;
	char *before, *moved = arena_printf(fx->arena, "%s.gone", fx->folder);
	enum dc_code rc;

	open_filled(fx);
	before = key_id(fx);
	assert_int_equal(rename(fx->folder, moved), 0); /* root may write everywhere that there is */
	rc = store_rotate_key(fx->store, &resealed, &fx->err);
	assert_int_equal(rename(moved, fx->folder), 0);
	assert_int_equal(rc, DC_E_IO);
	assert_string_equal(key_id(fx), before);
	assert_int_equal(lines_of_the_key_file(fx), 1);
	every_secret_is_as_it_was(fx);
}

static void
count_lost(void *arg, const char *table, const char *id)
{
	size_t *n = arg;

	assert_string_equal(table, "port");
	assert_int_equal(id[0], 'p');
	(*n)++;
}

static enum dc_code
read_one_run(struct tx *tx, void *arg, struct dc_error *err)
{
	void *row;
	enum dc_code rc = query_get(tx, &port_table, Q(Q_EQ("id", "p1")), &row, err);

	if (rc == DC_OK)
		snprintf(arg, 80, "%s %s", tx_epoch(tx), ((struct port *)row)->secret.v);
	return rc;
}

static void
secrets_whose_key_is_lost_can_be_given_up(void **state)
{
	struct fixture *fx = *state;
	const struct store_options options = {.path = fx->db, .key_path = fx->key, .tables = fixture_tables};
	char before[UUID_TEXT_SIZE], found[128] = "";
	size_t lost = 0;

	open_filled(fx);
	strlcpy(before, fx->store->epoch, sizeof(before));
	assert_int_equal(store_forget_secrets(&options, count_lost, &lost, &fx->err), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "move it away"));
	assert_int_equal(unlink(fx->key), 0);
	assert_int_not_equal(store_forget_secrets(&options, count_lost, &lost, &fx->err), DC_OK);
	assert_non_null(strstr(fx->err.text, "in use"));
	assert_int_not_equal(access(fx->key, F_OK), 0);
	assert_int_equal(lost, 0);
	fixture_close(fx);

	assert_int_equal(store_forget_secrets(&options, count_lost, &lost, &fx->err), DC_OK);
	assert_int_equal(lost, PORTS - (PORTS + 6) / 7);
	assert_int_equal(fixture_open(fx), DC_OK);
	assert_int_equal(store_read_wait(fx->store, read_one_run, found, &fx->err), DC_OK);
	assert_null(strstr(found, before));
	assert_null(strstr(found, "secret of"));
	assert_true(strlen(found) > UUID_TEXT_SIZE + 40);
}

static enum dc_code
check_key_run(struct tx *tx, void *arg, struct dc_error *err)
{
	(void)arg;
	return tx_check_key(tx, err);
}

static void
a_second_process_notices_a_rotation(void **state)
{
	struct fixture *fx = *state;
	const struct store_options options = {.path = fx->db, .key_path = fx->key, .tables = fixture_tables};
	struct store *second = NULL;
	size_t resealed;

	open_filled(fx);
	assert_int_equal(store_open_with(&options, fixture_migrations, &second, &fx->err), DC_OK);
	assert_int_equal(store_submit_wait(second, check_key_run, NULL, &fx->err), DC_OK);
	assert_int_equal(store_rotate_key(fx->store, &resealed, &fx->err), DC_OK);
	assert_int_equal(store_submit_wait(second, check_key_run, NULL, &fx->err), DC_E_AGAIN);
	store_close(second);
}

/* Writers and readers continue while keys come and go. */
static enum dc_code
change_run(struct tx *tx, void *arg, struct dc_error *err)
{
	static const char *const columns[] = {"secret", NULL};
	const struct port *p = arg;

	return query_set(tx, &port_table, columns, p, Q(Q_EQ("id", p->id.v)), NULL, err);
}

struct traffic {
	struct fixture *fx;
	atomic_bool stop;
	bool failed;
	size_t n;
};

static void *
traffic_main(void *arg)
{
	struct traffic *t = arg;
	struct dc_error err = {0};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct port *p = port_new(arena, "p1", "g", "p1", 1);

	F_SET_TEXT(p->secret, "secret of p1");
	while (!atomic_load(&t->stop) && !t->failed) {
		t->failed = store_submit_wait(t->fx->store, change_run, p, &err) != DC_OK ||
			    store_read_wait(t->fx->store, check_run, t->fx, &err) != DC_OK;
		t->n++;
	}
	return NULL;
}

static void
writers_and_readers_continue_during_rotations(void **state)
{
	struct fixture *fx = *state;
	struct traffic t = {.fx = fx};
	pthread_t thread;
	size_t resealed;

	open_filled(fx);
	assert_int_equal(pthread_create(&thread, NULL, traffic_main, &t), 0);
	for (int i = 0; i < 5; i++)
		if (store_rotate_key(fx->store, &resealed, &fx->err) != DC_OK)
			fail_msg("%s", fx->err.text);
	atomic_store(&t.stop, true);
	pthread_join(thread, NULL);
	assert_false(t.failed);
	assert_true(t.n > 0);
	every_secret_is_as_it_was(fx);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_secret_is_sealed_again_and_the_old_key_is_dropped),
	    TEST(a_rotation_that_was_cut_short_loses_nothing_and_is_finished),
	    TEST(a_rotation_after_one_that_was_cut_short_finishes_both),
	    TEST(a_value_that_does_not_open_keeps_the_old_key),
	    TEST(a_key_file_that_cannot_be_written_changes_nothing),
	    TEST(secrets_whose_key_is_lost_can_be_given_up),
	    TEST(a_second_process_notices_a_rotation),
	    TEST(writers_and_readers_continue_during_rotations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
