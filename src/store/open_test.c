/* SPDX-License-Identifier: ISC */
/* open_test.c - opening, refusing to open, migrating, key file, backup, epoch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static enum dc_code
open_with(struct fixture *fx, const struct migration *migrations, const struct field_table *const *tables)
{
	struct store_options options = {.path = fx->db, .key_path = fx->key, .tables = tables};

	return store_open_with(&options, migrations, &fx->store, &fx->err);
}

static enum dc_code
epoch_run(struct tx *tx, void *arg, struct dc_error *err)
{
	(void)err;
	snprintf(arg, UUID_TEXT_SIZE, "%s", tx_epoch(tx));
	return DC_OK;
}

static void
epoch_of(struct fixture *fx, char out[UUID_TEXT_SIZE])
{
	assert_int_equal(store_read_wait(fx->store, epoch_run, out, &fx->err), DC_OK);
}

static enum dc_code
fill_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	enum dc_code rc;

	(void)arg;
	if ((rc = query_insert(tx, &gate_table, gate_new(arena, "g1", "north"), err)) != DC_OK)
		return rc;
	return query_insert(tx, &port_table, port_new(arena, "p1", "g1", "a", 1), err);
}

static enum dc_code
read_secret_run(struct tx *tx, void *arg, struct dc_error *err)
{
	void *row;
	enum dc_code rc = query_get(tx, &port_table, Q(Q_EQ("id", "p1")), &row, err);

	if (rc == DC_OK)
		snprintf(arg, 64, "%s", ((struct port *)row)->secret.v);
	return rc;
}

static void
open_filled(struct fixture *fx)
{
	assert_int_equal(fixture_open(fx), DC_OK);
	assert_int_equal(store_submit_wait(fx->store, fill_run, NULL, &fx->err), DC_OK);
}

static void
a_new_store_has_an_epoch_that_stays(void **state)
{
	struct fixture *fx = *state;
	char first[UUID_TEXT_SIZE], again[UUID_TEXT_SIZE];

	assert_int_equal(fixture_open(fx), DC_OK);
	epoch_of(fx, first);
	assert_true(uuid_is_valid(first));
	fixture_close(fx);
	assert_int_equal(fixture_open(fx), DC_OK);
	epoch_of(fx, again);
	assert_string_equal(first, again);
}

static void
database_and_key_are_private(void **state)
{
	struct fixture *fx = *state;
	struct stat st;

	assert_int_equal(fixture_open(fx), DC_OK);
	assert_int_equal(stat(fx->db, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(fx->key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
no_file_holds(const char *path, const char *words)
{
	size_t len = 0;
	char *data = fixture_read_file(path, &len);

	if (data != NULL)
		assert_null(memmem(data, len, words, strlen(words)));
	free(data);
}

static void
secrets_are_not_in_the_bytes_of_any_file(void **state)
{
	struct fixture *fx = *state;
	size_t len = 0;
	char *data;

	open_filled(fx);
	no_file_holds(fx->db, "correct horse");
	no_file_holds(arena_printf(fx->arena, "%s-wal", fx->db), "correct horse");
	fixture_close(fx);
	no_file_holds(fx->db, "correct horse");
	data = fixture_read_file(fx->db, &len);
	assert_non_null(memmem(data, len, "north", 5)); /* so the search does find what is there */
	free(data);
}

static void
a_lost_key_refuses_and_is_not_replaced(void **state)
{
	struct fixture *fx = *state;

	open_filled(fx);
	fixture_close(fx);
	assert_int_equal(unlink(fx->key), 0);
	assert_int_equal(fixture_open(fx), DC_E_IO);
	assert_non_null(strstr(fx->err.text, fx->key));
	assert_non_null(strstr(fx->err.text, "is missing"));
	assert_non_null(strstr(fx->err.text, "nothing else is lost"));
	assert_int_not_equal(access(fx->key, F_OK), 0);
}

static void
a_wrong_key_refuses_and_the_right_one_opens_again(void **state)
{
	struct fixture *fx = *state;
	char *kept = arena_printf(fx->arena, "%s/kept", fx->folder), secret[64] = "";
	struct seal *other = NULL;

	open_filled(fx);
	fixture_close(fx);
	assert_int_equal(rename(fx->key, kept), 0);
	assert_int_equal(seal_open(fx->key, true, &other, &fx->err), DC_OK);
	seal_close(other);
	assert_int_equal(fixture_open(fx), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "sealed under another key"));
	assert_non_null(strstr(fx->err.text, fx->key));
	assert_int_equal(rename(kept, fx->key), 0);
	assert_int_equal(fixture_open(fx), DC_OK);
	assert_int_equal(store_read_wait(fx->store, read_secret_run, secret, &fx->err), DC_OK);
	assert_string_equal(secret, "correct horse battery staple");
}

static void
an_older_schema_is_migrated_with_its_rows(void **state)
{
	struct fixture *fx = *state;
	const struct migration first[] = {fixture_migrations[0], {0, NULL, NULL}};
	const struct field_table *const tables[] = {&gate_table, NULL};

	assert_int_equal(open_with(fx, first, tables), DC_OK);
	fixture_close(fx);
	open_filled(fx);
}

static void
a_newer_schema_refuses_to_start_and_is_left_alone(void **state)
{
	struct fixture *fx = *state;
	const struct migration first[] = {fixture_migrations[0], {0, NULL, NULL}};

	open_filled(fx);
	fixture_close(fx);
	assert_int_equal(open_with(fx, first, NULL), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "schema 2"));
	assert_int_equal(fixture_open(fx), DC_OK);
}

/* The program of a newer version that an operator runs beside the server of the older one. */
static void
a_tool_does_not_migrate_below_a_server(void **state)
{
	struct fixture *fx = *state;
	const struct store_options serving = {.path = fx->db, .key_path = fx->key, .serves = true};
	const struct migration newer[] = {fixture_migrations[0], fixture_migrations[1],
	    {3, "0003_newer", "CREATE TABLE x (id TEXT);"}, {0, NULL, NULL}};
	struct store *server, *second;

	assert_int_equal(store_open_with(&serving, fixture_migrations, &server, &fx->err), DC_OK);
	assert_int_equal(open_with(fx, newer, NULL), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "stop that one first"));
	assert_int_equal(open_with(fx, fixture_migrations, NULL), DC_OK); /* what needs no migration may */
	fixture_close(fx);
	assert_int_equal(store_open_with(&serving, fixture_migrations, &second, &fx->err), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "served by another dcaasd"));
	store_close(server);
	assert_int_equal(open_with(fx, newer, NULL), DC_OK);
}

static void
a_migration_that_fails_leaves_nothing(void **state)
{
	struct fixture *fx = *state;
	const struct migration broken[] = {
	    fixture_migrations[0], {2, "0002_broken", "CREATE TABLE x (id TEXT); oops;"}, {0, NULL, NULL}};

	assert_int_equal(open_with(fx, broken, NULL), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "0002_broken"));
	assert_int_equal(fixture_open(fx), DC_OK);
}

static void
refuses_schema(struct fixture *fx, const char *sql, const char *words)
{
	const struct migration changed[] = {
	    fixture_migrations[0], fixture_migrations[1], {3, "0003_changed", sql}, {0, NULL, NULL}};

	assert_int_equal(open_with(fx, changed, fixture_tables), DC_E_IO);
	assert_string_equal(fx->err.text, words);
}

static void
a_schema_that_differs_from_the_tables_refuses(void **state)
{
	struct fixture *fx = *state;

	refuses_schema(fx, "ALTER TABLE port DROP COLUMN tags;", "schema: table port lacks column tags");
	refuses_schema(fx, "ALTER TABLE port ADD COLUMN extra TEXT;",
	    "schema: column extra of table port is not known to the program");
	refuses_schema(fx, "ALTER TABLE port DROP COLUMN tags; ALTER TABLE port ADD COLUMN tags INTEGER;",
	    "schema: column tags of table port must be TEXT");
	refuses_schema(fx, "ALTER TABLE gate DROP COLUMN guard;", "schema: table gate lacks column guard");
	refuses_schema(fx, "DROP TABLE port;", "schema: table port is missing");
	assert_int_equal(fixture_open(fx), DC_OK);
}

static void
a_migration_may_rebuild_a_table_but_not_break_references(void **state)
{
	struct fixture *fx = *state;
	const struct migration rebuild[] = {fixture_migrations[0], fixture_migrations[1],
	    {3, "0003_rebuild",
		"CREATE TABLE gate2 (id TEXT PRIMARY KEY, name TEXT NOT NULL, guard INTEGER NOT NULL DEFAULT 0);"
		"INSERT INTO gate2 SELECT * FROM gate; DROP TABLE gate; ALTER TABLE gate2 RENAME TO gate;"},
	    {4, "0004_break", "DELETE FROM gate;"}, {0, NULL, NULL}};
	const struct migration good[] = {rebuild[0], rebuild[1], rebuild[2], {0, NULL, NULL}};

	open_filled(fx);
	fixture_close(fx);
	assert_int_equal(open_with(fx, rebuild, fixture_tables), DC_E_IO);
	assert_non_null(strstr(fx->err.text, "a row of port refers to a row of gate"));
	assert_int_equal(open_with(fx, good, fixture_tables), DC_OK);
}

static void
a_file_that_is_no_database_refuses(void **state)
{
	struct fixture *fx = *state;
	FILE *f = fopen(fx->db, "w");

	for (int i = 0; i < 200; i++)
		fputs("this is not a database, it is a letter\n", f);
	fclose(f);
	assert_int_equal(fixture_open(fx), DC_E_IO);
}

static void
a_backup_is_whole_and_gets_a_new_epoch(void **state)
{
	struct fixture *fx = *state;
	const struct store_options options = {.path = fx->db}, copy = {.path = fx->copy},
				   none = {.path = "/nowhere/at/all"};
	char first[UUID_TEXT_SIZE], restored[UUID_TEXT_SIZE], secret[64] = "";

	open_filled(fx);
	epoch_of(fx, first);
	assert_int_equal(store_backup(&options, fx->copy, &fx->err), DC_OK);
	assert_int_equal(store_backup(&options, fx->copy, &fx->err), DC_E_IO); /* never over another file */
	assert_int_equal(store_backup(&none, arena_printf(fx->arena, "%s.2", fx->copy), &fx->err), DC_E_IO);
	assert_int_not_equal(access(arena_printf(fx->arena, "%s.2", fx->copy), F_OK), 0);
	assert_int_equal(store_new_epoch(&options, &fx->err), DC_E_IO); /* in use */
	fixture_close(fx);
	assert_int_equal(store_new_epoch(&copy, &fx->err), DC_OK);
	assert_int_equal(rename(fx->copy, fx->db), 0);
	assert_int_equal(fixture_open(fx), DC_OK);
	epoch_of(fx, restored);
	assert_true(uuid_is_valid(restored));
	assert_string_not_equal(first, restored);
	assert_int_equal(store_read_wait(fx->store, read_secret_run, secret, &fx->err), DC_OK);
	assert_string_equal(secret, "correct horse battery staple");
}

static void
a_new_epoch_needs_a_store(void **state)
{
	struct fixture *fx = *state;
	const struct store_options options = {.path = fx->db};

	assert_int_equal(store_new_epoch(&options, &fx->err), DC_E_IO);
	assert_int_not_equal(access(fx->db, F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_new_store_has_an_epoch_that_stays),
	    TEST(database_and_key_are_private),
	    TEST(secrets_are_not_in_the_bytes_of_any_file),
	    TEST(a_lost_key_refuses_and_is_not_replaced),
	    TEST(a_wrong_key_refuses_and_the_right_one_opens_again),
	    TEST(an_older_schema_is_migrated_with_its_rows),
	    TEST(a_newer_schema_refuses_to_start_and_is_left_alone),
	    TEST(a_tool_does_not_migrate_below_a_server),
	    TEST(a_migration_that_fails_leaves_nothing),
	    TEST(a_schema_that_differs_from_the_tables_refuses),
	    TEST(a_migration_may_rebuild_a_table_but_not_break_references),
	    TEST(a_file_that_is_no_database_refuses),
	    TEST(a_backup_is_whole_and_gets_a_new_epoch),
	    TEST(a_new_epoch_needs_a_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
