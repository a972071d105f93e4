/* SPDX-License-Identifier: ISC */
/* pg_test.c - two stores over one database of PostgreSQL, as two processes have them: what the one does the other sees,
 * and what both do at once ends as if one had done it after the other. Without DCAAS_TEST_DATABASE there is no test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store_fixture.h"

#define PATIENCE_MS 20000

struct pair {
	struct fixture *fx;
	struct store *other;
	char other_path[128];
};

static struct store_options
options_of(struct pair *p, const char *path)
{
	return (struct store_options){.path = path,
	    .key_path = p->fx->key,
	    .tables = fixture_tables,
	    .database = p->fx->database,
	    .serves = true};
}

static int
setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct store_options options;

	*state = p;
	p->fx = fixture_new();
	snprintf(p->other_path, sizeof(p->other_path), "%s/other", p->fx->folder);
	options = options_of(p, p->fx->db);
	if (store_open_with(&options, fixture_migrations, &p->fx->store, &p->fx->err) != DC_OK)
		return -1;
	options = options_of(p, p->other_path);
	return store_open_with(&options, fixture_migrations, &p->other, &p->fx->err) == DC_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	struct pair *p = *state;

	store_close(p->other);
	fixture_free(p->fx);
	free(p);
	return 0;
}

static enum dc_code
add_gate_run(struct tx *tx, void *arg, struct dc_error *err)
{
	tx_wake(tx, arg);
	return query_insert(tx, &gate_table, gate_new(tx_arena(tx), arg, "x"), err);
}

static enum dc_code
count_run(struct tx *tx, void *arg, struct dc_error *err)
{
	return query_count(tx, &gate_table, Q_ALL, arg, err);
}

static void
what_one_process_commits_the_other_reads(void **state)
{
	struct pair *p = *state;
	int64_t n = 0;

	for (int i = 1; i <= 20; i++) {
		struct store *writes = i % 2 == 0 ? p->fx->store : p->other,
			     *reads = i % 2 == 0 ? p->other : p->fx->store;

		assert_int_equal(
		    store_submit_wait(writes, add_gate_run, arena_printf(p->fx->arena, "g%d", i), &p->fx->err), DC_OK);
		assert_int_equal(store_read_wait(reads, count_run, &n, &p->fx->err), DC_OK);
		assert_int_equal(n, i);
	}
}

struct woken {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	size_t n, bytes;
	uint64_t sum;
	char id[64];
};

static void
wake(void *arg, const char *id)
{
	struct woken *w = arg;

	pthread_mutex_lock(&w->lock);
	snprintf(w->id, sizeof(w->id), "%s", id != NULL ? id : "everybody");
	w->n++;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static bool
is_woken(struct woken *w, size_t n)
{
	struct timespec until;
	bool woken;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&w->lock);
	while (w->n < n && pthread_cond_timedwait(&w->cond, &w->lock, &until) == 0)
		;
	woken = w->n >= n;
	pthread_mutex_unlock(&w->lock);
	return woken;
}

static void
a_commit_of_one_process_wakes_who_waits_at_the_other_and_at_its_own(void **state)
{
	struct pair *p = *state;
	struct woken here = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER}, there = here;

	store_watch(p->fx->store, wake, &here);
	store_watch(p->other, wake, &there);
	assert_int_equal(store_submit_wait(p->fx->store, add_gate_run, (void *)(uintptr_t) "g1", &p->fx->err), DC_OK);
	assert_true(is_woken(&here, 1) && is_woken(&there, 1));
	assert_string_equal(there.id, "g1");
	assert_int_equal(store_submit_wait(p->other, add_gate_run, (void *)(uintptr_t) "g2", &p->fx->err), DC_OK);
	assert_true(is_woken(&here, 2) && is_woken(&there, 2));
	assert_string_equal(here.id, "g2");
	store_watch(p->fx->store, NULL, NULL);
	store_watch(p->other, NULL, NULL);
	assert_int_equal(here.n, 2);
	assert_int_equal(there.n, 2);
}

static void
heard(void *arg, const char *text)
{
	struct woken *w = arg;

	pthread_mutex_lock(&w->lock);
	w->bytes = strlen(text);
	w->sum = 0;
	for (const char *at = text; *at != '\0'; at++)
		w->sum = w->sum * 31 + (unsigned char)*at;
	w->n++;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static void
a_text_of_one_process_reaches_the_other_whole(void **state)
{
	static const size_t lengths[] = {1, 3889, 3890, 6999, 7000, 7001, 20001, 500000};
	struct pair *p = *state;
	struct woken there = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

	store_hear(p->other, heard, &there);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *text = arena_alloc(p->fx->arena, 2 * lengths[i] + 1);
		char *to = text;
		uint64_t sum = 0;

		for (size_t at = 0; at < lengths[i]; at++) /* quotes, and characters of two bytes */
			to = stpcpy(to, at % 5 == 0 ? "'" : "\xc3\xa4");
		for (const char *at = text; *at != '\0'; at++)
			sum = sum * 31 + (unsigned char)*at;
		store_say(p->fx->store, text);
		assert_true(is_woken(&there, i + 1));
		assert_int_equal(there.bytes, strlen(text));
		assert_true(there.sum == sum);
	}
	store_hear(p->other, NULL, NULL);
}

static enum dc_code
rename_run(struct tx *tx, void *arg, struct dc_error *err)
{
	return query_update(tx, &gate_table, gate_new(tx_arena(tx), arg, "y"), err);
}

static enum dc_code
generation_run(struct tx *tx, void *arg, struct dc_error *err)
{
	(void)err;
	*(uint64_t *)arg = tx_generation(tx);
	return DC_OK;
}

static void
what_is_kept_in_memory_ends_with_the_commit_of_another_process(void **state)
{
	struct pair *p = *state;
	uint64_t before = 0, after = 0, same = 0;
	void *id = (void *)(uintptr_t) "g1";

	assert_int_equal(store_submit_wait(p->fx->store, add_gate_run, id, &p->fx->err), DC_OK);
	assert_int_equal(store_read_wait(p->other, generation_run, &before, &p->fx->err), DC_OK);
	assert_int_equal(store_submit_wait(p->fx->store, rename_run, id, &p->fx->err), DC_OK);
	assert_int_equal(store_read_wait(p->other, generation_run, &after, &p->fx->err), DC_OK);
	assert_int_equal(store_read_wait(p->fx->store, generation_run, &same, &p->fx->err), DC_OK);
	assert_true(before > 0 && after > before && same == after);
}

/* Reads how many ports the gate has, and adds one with the next VLAN: two at once would give one VLAN twice, or leave
 * one out. */
static enum dc_code
next_port_run(struct tx *tx, void *arg, struct dc_error *err)
{
	char id[UUID_TEXT_SIZE];
	int64_t n;
	enum dc_code rc = query_count(tx, &port_table, Q(Q_EQ("gate_id", arg)), &n, err);

	if (rc != DC_OK)
		return rc;
	if (n >= 40)
		return dc_fail(err, DC_E_QUOTA, NULL, "full");
	uuid_new(id);
	return query_insert(
	    tx, &port_table, port_new(tx_arena(tx), arena_strdup(tx_arena(tx), id), arg, "p", n + 1), err);
}

struct racer {
	pthread_t thread;
	struct store *store;
	int made, full, wrong;
};

static void *
racer_main(void *arg)
{
	struct racer *r = arg;

	for (int i = 0; i < 10; i++) {
		enum dc_code rc = store_submit_wait(r->store, next_port_run, (void *)(uintptr_t) "g1", NULL);

		r->made += rc == DC_OK;
		r->full += rc == DC_E_QUOTA;
		r->wrong += rc != DC_OK && rc != DC_E_QUOTA;
	}
	return NULL;
}

static enum dc_code
vlans_run(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct query_page by_vlan = {.sort = "vlan"};
	int64_t *wrong = arg;
	struct port *rows;
	void *found;
	size_t n;
	enum dc_code rc = query_list(tx, &port_table, Q(Q_EQ("gate_id", "g1")), &by_vlan, &found, &n, err);

	rows = found;
	*wrong = rc != DC_OK || n != 40;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		*wrong += rows[i].vlan.v != (int64_t)i + 1;
	return rc;
}

static void
a_limit_holds_against_both_processes_at_once(void **state)
{
	struct pair *p = *state;
	struct racer racer[8] = {0};
	int made = 0, full = 0;
	int64_t wrong = -1;

	assert_int_equal(store_submit_wait(p->fx->store, add_gate_run, (void *)(uintptr_t) "g1", &p->fx->err), DC_OK);
	for (size_t i = 0; i < 8; i++) {
		racer[i].store = i % 2 == 0 ? p->fx->store : p->other;
		assert_int_equal(pthread_create(&racer[i].thread, NULL, racer_main, &racer[i]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(racer[i].thread, NULL);
		assert_int_equal(racer[i].wrong, 0);
		made += racer[i].made;
		full += racer[i].full;
	}
	assert_int_equal(made, 40);
	assert_int_equal(full, 40);
	assert_int_equal(store_read_wait(p->fx->store, vlans_run, &wrong, &p->fx->err), DC_OK);
	assert_int_equal(wrong, 0);
}

/* What the database does to all connections when it restarts. */
static void
cut_all(struct pair *p)
{
	struct pg_conn *c;

	assert_int_equal(pg_conn_open(p->fx->database, &c, &p->fx->err), DC_OK);
	assert_int_equal(
	    pg_run(c,
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
		" AND application_name = 'dcaasd'",
		NULL, NULL, &p->fx->err),
	    DC_OK);
	pg_conn_close(c);
}

static void
connections_that_were_cut_are_made_again_and_no_job_fails(void **state)
{
	struct pair *p = *state;
	struct woken there = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
	int64_t n = 0;

	store_watch(p->other, wake, &there);
	assert_int_equal(store_submit_wait(p->fx->store, add_gate_run, (void *)(uintptr_t) "g1", &p->fx->err), DC_OK);
	assert_true(is_woken(&there, 1));
	cut_all(p);
	assert_int_equal(store_submit_wait(p->fx->store, add_gate_run, (void *)(uintptr_t) "g2", &p->fx->err), DC_OK);
	assert_int_equal(store_read_wait(p->other, count_run, &n, &p->fx->err), DC_OK);
	assert_int_equal(n, 2);
	/* What was missed meanwhile may concern anybody. */
	assert_true(is_woken(&there, 2));
	store_watch(p->other, NULL, NULL);
}

static void
one_folder_has_one_process_that_serves(void **state)
{
	struct pair *p = *state;
	struct store_options options = options_of(p, p->other_path);
	struct store *third = NULL;

	assert_int_equal(store_open_with(&options, fixture_migrations, &third, &p->fx->err), DC_E_IO);
	assert_null(third);
	assert_non_null(strstr(p->fx->err.text, "is served by another dcaasd already"));
}

static void
a_newer_program_does_not_migrate_under_those_that_serve_and_an_older_one_is_refused(void **state)
{
	struct pair *p = *state;
	const struct migration newer[] = {fixture_migrations[0], fixture_migrations[1],
	    {3, "0003_more", "ALTER TABLE gate ADD COLUMN more TEXT; ALTER TABLE gate DROP COLUMN more;"},
	    {0, NULL, NULL}};
	struct store_options tool = {.path = "-", .key_path = p->fx->key, .database = p->fx->database};
	struct store *third = NULL;
	int64_t n;

	assert_int_equal(store_open_with(&tool, newer, &third, &p->fx->err), DC_E_IO);
	assert_non_null(strstr(p->fx->err.text, "in use by 2 dcaasd"));
	p->other = store_close(p->other);
	fixture_close(p->fx);
	assert_int_equal(store_open_with(&tool, newer, &third, &p->fx->err), DC_OK);
	assert_int_equal(store_read_wait(third, count_run, &n, &p->fx->err), DC_OK);
	store_close(third);
	assert_int_equal(store_open_with(&tool, fixture_migrations, &third, &p->fx->err), DC_E_IO);
	assert_non_null(strstr(p->fx->err.text, "needs a newer one"));
}

static void
what_is_done_offline_is_refused_while_somebody_serves(void **state)
{
	struct pair *p = *state;
	const struct store_options options = options_of(p, p->fx->db);
	struct store *again = NULL;
	char first[UUID_TEXT_SIZE];
	size_t sealed;

	snprintf(first, sizeof(first), "%s", p->fx->store->epoch);
	assert_int_equal(store_new_epoch(&options, &p->fx->err), DC_E_IO);
	assert_non_null(strstr(p->fx->err.text, "in use by 2 dcaasd"));
	assert_int_equal(store_backup(&options, p->fx->copy, &p->fx->err), DC_E_POLICY);
	assert_non_null(strstr(p->fx->err.text, "pg_dump"));
	assert_int_equal(store_rotate_key(p->fx->store, &sealed, &p->fx->err), DC_E_POLICY);
	p->other = store_close(p->other);
	assert_int_equal(store_rotate_key(p->fx->store, &sealed, &p->fx->err), DC_OK);
	fixture_close(p->fx);
	assert_int_equal(store_new_epoch(&options, &p->fx->err), DC_OK);
	assert_int_equal(store_open_with(&options, fixture_migrations, &again, &p->fx->err), DC_OK);
	assert_string_not_equal(again->epoch, first);
	store_close(again);
}

/* Waits until the other job is as far, once. */
struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	int there, runs;
};

static enum dc_code
meet_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct meeting *m = arg;
	int64_t n;
	enum dc_code rc = query_count(tx, &gate_table, Q_ALL, &n, err);

	if (rc != DC_OK)
		return rc;
	pthread_mutex_lock(&m->lock);
	m->runs++;
	if (m->there < 2) {
		m->there++;
		pthread_cond_broadcast(&m->cond);
		while (m->there < 2)
			pthread_cond_wait(&m->cond, &m->lock);
	}
	pthread_mutex_unlock(&m->lock);
	return query_insert(
	    tx, &gate_table, gate_new(tx_arena(tx), arena_printf(tx_arena(tx), "n%lld", (long long)n), "x"), err);
}

struct meets {
	pthread_t thread;
	struct store *store;
	struct meeting *meeting;
	enum dc_code rc;
};

static void *
meets_main(void *arg)
{
	struct meets *m = arg;

	m->rc = store_submit_wait(m->store, meet_run, m->meeting, NULL);
	return NULL;
}

static void
of_two_jobs_that_meet_one_runs_again_and_sees_the_other(void **state)
{
	struct pair *p = *state;
	struct meeting meeting = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
	struct meets a = {.store = p->fx->store, .meeting = &meeting}, b = {.store = p->other, .meeting = &meeting};
	int64_t n = 0;

	assert_int_equal(pthread_create(&a.thread, NULL, meets_main, &a), 0);
	assert_int_equal(pthread_create(&b.thread, NULL, meets_main, &b), 0);
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	assert_int_equal(a.rc, DC_OK);
	assert_int_equal(b.rc, DC_OK);
	assert_int_equal(store_read_wait(p->fx->store, count_run, &n, &p->fx->err), DC_OK);
	assert_int_equal(n, 2);
	assert_true(meeting.runs >= 3);
}

static void
a_connection_string_has_no_password(void **state)
{
	struct pair *p = *state;

	assert_int_equal(store_check_database("postgresql://a:secret@b/c", &p->fx->err), DC_E_PARAM);
	assert_null(strstr(p->fx->err.text, "secret"));
	assert_int_equal(store_check_database("postgresql//a:secret@b/c", &p->fx->err), DC_E_PARAM);
	assert_null(strstr(p->fx->err.text, "secret"));
	assert_int_equal(store_check_database("host=b dbname=c passfile=/etc/pass", &p->fx->err), DC_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_one_process_commits_the_other_reads),
	    TEST(a_commit_of_one_process_wakes_who_waits_at_the_other_and_at_its_own),
	    TEST(a_text_of_one_process_reaches_the_other_whole),
	    TEST(what_is_kept_in_memory_ends_with_the_commit_of_another_process),
	    TEST(of_two_jobs_that_meet_one_runs_again_and_sees_the_other),
	    TEST(a_limit_holds_against_both_processes_at_once),
	    TEST(connections_that_were_cut_are_made_again_and_no_job_fails),
	    TEST(one_folder_has_one_process_that_serves),
	    TEST(a_newer_program_does_not_migrate_under_those_that_serve_and_an_older_one_is_refused),
	    TEST(what_is_done_offline_is_refused_while_somebody_serves),
	    TEST(a_connection_string_has_no_password),
	};

	return getenv("DCAAS_TEST_DATABASE") != NULL ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
