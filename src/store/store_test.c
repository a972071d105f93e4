/* SPDX-License-Identifier: ISC */
/* store_test.c - jobs: groups, isolation, waking, reads, concurrency. Jobs run on the writer's thread, so they leave
 * what they saw in their argument and the assertions are made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "store/store_fixture.h"

static int
setup(void **state)
{
	struct fixture *fx = fixture_new();

	*state = fx;
	return fixture_open(fx) == DC_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	*state = fixture_free(*state);
	return 0;
}

/* A job that adds a gate, and what became of it. */
struct add {
	char id[32];
	const char *wake;  /* edge to wake, or NULL */
	enum dc_code want; /* what to return at the end */
	bool ignore;       /* a conflict, and continue */
	enum dc_code rc;
	struct dc_error err;
	utc_ms now;
	struct gathering *all;
};

/* Counts the jobs that are done, for the test to wait for. */
struct gathering {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	size_t done;
};

static void
gathering_init(struct gathering *g)
{
	*g = (struct gathering){.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
}

static void
gathering_wait(struct gathering *g, size_t n)
{
	pthread_mutex_lock(&g->lock);
	while (g->done < n)
		pthread_cond_wait(&g->cond, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static enum dc_code
add_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct add *a = arg;
	enum dc_code rc = query_insert(tx, &gate_table, gate_new(tx_arena(tx), a->id, "x"), err);

	a->now = tx_now(tx);
	if (a->wake != NULL)
		tx_wake_edge(tx, a->wake);
	if (rc != DC_OK && !a->ignore)
		return rc;
	return a->want == DC_OK ? DC_OK : dc_fail(err, a->want, NULL, "as told");
}

static void
add_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct add *a = arg;

	pthread_mutex_lock(&a->all->lock);
	a->rc = rc;
	a->err = *err;
	a->all->done++;
	pthread_cond_signal(&a->all->cond);
	pthread_mutex_unlock(&a->all->lock);
}

/* Keeps the writer busy until released, so that what is submitted meanwhile becomes one group. */
struct block {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool entered, open;
	struct gathering *all;
};

static enum dc_code
block_run(struct tx *tx, void *arg, struct dc_error *err)
{
	(void)tx;
	(void)arg;
	(void)err;
	return DC_OK;
}

/* In done(), not in run(): a job that waits in run() would take the jobs after it into its own group. */
static void
block_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct block *b = arg;

	(void)rc;
	(void)err;
	pthread_mutex_lock(&b->lock);
	b->entered = true;
	pthread_cond_broadcast(&b->cond);
	while (!b->open)
		pthread_cond_wait(&b->cond, &b->lock);
	pthread_mutex_unlock(&b->lock);
	pthread_mutex_lock(&b->all->lock);
	b->all->done++;
	pthread_cond_signal(&b->all->cond);
	pthread_mutex_unlock(&b->all->lock);
}

static void
block_writer(struct fixture *fx, struct block *b, struct gathering *all)
{
	*b = (struct block){.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .all = all};
	store_submit(fx->store, block_run, b, block_done);
	pthread_mutex_lock(&b->lock);
	while (!b->entered)
		pthread_cond_wait(&b->cond, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

static void
block_end(struct block *b)
{
	pthread_mutex_lock(&b->lock);
	b->open = true;
	pthread_cond_broadcast(&b->cond);
	pthread_mutex_unlock(&b->lock);
}

static enum dc_code
count_run(struct tx *tx, void *arg, struct dc_error *err)
{
	return query_count(tx, &gate_table, Q_ALL, arg, err);
}

static int64_t
gates(struct fixture *fx)
{
	int64_t n = -1;

	assert_int_equal(store_read_wait(fx->store, count_run, &n, &fx->err), DC_OK);
	return n;
}

static enum dc_code
add_wait(struct fixture *fx, const char *id)
{
	struct add a = {.want = DC_OK};

	snprintf(a.id, sizeof(a.id), "%s", id);
	return store_submit_wait(fx->store, add_run, &a, &fx->err);
}

static void
a_read_sees_the_write_that_was_answered(void **state)
{
	struct fixture *fx = *state;

	for (int i = 1; i <= 50; i++) {
		assert_int_equal(add_wait(fx, arena_printf(fx->arena, "g%d", i)), DC_OK);
		assert_int_equal(gates(fx), i);
	}
}

static void
a_read_cannot_write(void **state)
{
	struct fixture *fx = *state;
	struct add a = {.id = "g1"};

	assert_int_equal(store_read_wait(fx->store, add_run, &a, &fx->err), DC_E_SYSTEM);
	assert_int_equal(gates(fx), 0);
}

static void
a_failed_job_in_a_group_rolls_back_alone(void **state)
{
	struct fixture *fx = *state;
	struct add jobs[20];
	struct block b;
	struct gathering all;
	struct store_stats before, after;

	gathering_init(&all);
	block_writer(fx, &b, &all);
	store_get_stats(fx->store, &before);
	for (int i = 0; i < 20; i++) {
		jobs[i] = (struct add){.all = &all, .want = i % 5 == 3 ? DC_E_QUOTA : DC_OK};
		snprintf(jobs[i].id, sizeof(jobs[i].id), "g%d", i == 19 ? 1 : i); /* the last one is there already */
		store_submit(fx->store, add_run, &jobs[i], add_done);
	}
	block_end(&b);
	gathering_wait(&all, 21);
	store_get_stats(fx->store, &after);
	for (int i = 0; i < 19; i++)
		assert_int_equal(jobs[i].rc, i % 5 == 3 ? DC_E_QUOTA : DC_OK);
	assert_int_equal(jobs[19].rc, DC_E_CONFLICT);
	assert_string_equal(jobs[19].err.member, "gate_pkey");
	/* One group, unless the machine is so slow (valgrind) that the first job would wait too long for the last. On
	 * PostgreSQL each job has a transaction of its own. */
	if (fx->database != NULL)
		assert_int_equal(after.commits - before.commits, 15);
	else
		assert_in_range(after.commits - before.commits, 1, 4);
	assert_int_equal(after.jobs - before.jobs, 20);
	if (after.commits - before.commits == 1)
		assert_int_equal(jobs[0].now, jobs[18].now);
	assert_int_equal(gates(fx), 15);
}

static void
a_job_that_continues_after_a_failure_fails(void **state)
{
	struct fixture *fx = *state;
	struct add a = {.id = "g1", .ignore = true};

	assert_int_equal(add_wait(fx, "g1"), DC_OK);
	assert_int_equal(store_submit_wait(fx->store, add_run, &a, &fx->err), DC_E_SYSTEM);
	assert_non_null(strstr(fx->err.text, "DC_E_CONFLICT"));
}

struct woken {
	size_t n;
	char edges[8][16];
	int64_t seen; /* rows that a reader saw when released */
	struct fixture *fx;
};

static void
wake(void *arg, const char *edge)
{
	struct woken *w = arg;

	snprintf(w->edges[w->n++ % 8], sizeof(w->edges[0]), "%s", edge);
	(void)store_read_wait(w->fx->store, count_run, &w->seen, NULL);
}

static void
edges_are_woken_once_per_group_after_its_commit(void **state)
{
	struct fixture *fx = *state;
	struct add jobs[6];
	struct block b;
	struct gathering all;
	struct woken woken = {.fx = fx};

	gathering_init(&all);
	block_writer(fx, &b, &all);
	store_watch(fx->store, wake, &woken);
	for (int i = 0; i < 6; i++) {
		jobs[i] = (struct add){.all = &all,
		    .wake = i == 5       ? "lost"
			    : i % 2 == 0 ? "north"
					 : "south",
		    .want = i == 5 ? DC_E_QUOTA : DC_OK};
		snprintf(jobs[i].id, sizeof(jobs[i].id), "g%d", i);
		store_submit(fx->store, add_run, &jobs[i], add_done);
	}
	block_end(&b);
	gathering_wait(&all, 7);
	store_watch(fx->store, NULL, NULL);
	assert_int_equal(woken.n, fx->database != NULL ? 5 : 2);
	assert_string_not_equal(woken.edges[0], woken.edges[1]);
	assert_string_not_equal(woken.edges[0], "lost");
	assert_string_not_equal(woken.edges[1], "lost");
	assert_int_equal(woken.seen, 5);
}

static void
closing_drains_what_was_submitted(void **state)
{
	struct fixture *fx = *state;
	struct add *jobs = arena_array(fx->arena, 300, sizeof(*jobs));
	struct gathering all;

	gathering_init(&all);
	for (int i = 0; i < 300; i++) {
		jobs[i].all = &all;
		snprintf(jobs[i].id, sizeof(jobs[i].id), "g%d", i);
		store_submit(fx->store, add_run, &jobs[i], add_done);
	}
	fixture_close(fx);
	assert_int_equal(all.done, 300);
	assert_int_equal(fixture_open(fx), DC_OK);
	assert_int_equal(gates(fx), 300);
}

/* Several threads that submit and read at once; each job's done() submits the thread's next one. */
#define THREADS 6
#define CHAINS 8
#define LENGTH 40

struct chain {
	struct fixture *fx;
	struct gathering *all;
	int thread, chain, step, failed;
	struct add job;
};

static enum dc_code
chain_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct chain *c = arg;
	enum dc_code rc = add_run(tx, &c->job, err);
	int64_t n;

	return rc != DC_OK ? rc : query_count(tx, &gate_table, Q(Q_EQ("id", c->job.id)), &n, err);
}

static void chain_next(struct chain *);

static void
chain_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct chain *c = arg;

	(void)err;
	c->failed += rc != (c->step % 7 == 6 ? DC_E_QUOTA : DC_OK);
	if (++c->step < LENGTH) {
		chain_next(c);
		return;
	}
	pthread_mutex_lock(&c->all->lock);
	c->all->done++;
	pthread_cond_signal(&c->all->cond);
	pthread_mutex_unlock(&c->all->lock);
}

static void
chain_next(struct chain *c)
{
	c->job = (struct add){.want = c->step % 7 == 6 ? DC_E_QUOTA : DC_OK, .wake = c->step % 2 == 0 ? "e1" : "e2"};
	snprintf(c->job.id, sizeof(c->job.id), "%d-%d-%d", c->thread, c->chain, c->step);
	store_submit(c->fx->store, chain_run, c, chain_done);
}

struct submitter {
	pthread_t thread;
	struct chain chains[CHAINS];
	int reads_failed;
};

static void *
submitter_main(void *arg)
{
	struct submitter *s = arg;
	int64_t n, before = 0;

	for (int i = 0; i < CHAINS; i++)
		chain_next(&s->chains[i]);
	for (int i = 0; i < 100; i++) {
		enum dc_code rc = store_read_wait(s->chains[0].fx->store, count_run, &n, NULL);

		s->reads_failed += rc != DC_OK || n < before; /* rows only grow */
		before = n;
	}
	return NULL;
}

static void
ignore_wake(void *arg, const char *edge)
{
	(void)arg;
	(void)edge;
}

static void
many_threads_submit_and_read_without_loss(void **state)
{
	struct fixture *fx = *state;
	struct submitter *s = arena_array(fx->arena, THREADS, sizeof(*s));
	struct gathering all;
	struct store_stats stats;
	int per_chain = LENGTH - LENGTH / 7;

	gathering_init(&all);
	store_watch(fx->store, ignore_wake, NULL);
	for (int t = 0; t < THREADS; t++) {
		for (int i = 0; i < CHAINS; i++)
			s[t].chains[i] = (struct chain){.fx = fx, .all = &all, .thread = t, .chain = i};
		assert_int_equal(pthread_create(&s[t].thread, NULL, submitter_main, &s[t]), 0);
	}
	gathering_wait(&all, THREADS * CHAINS);
	for (int t = 0; t < THREADS; t++) {
		pthread_join(s[t].thread, NULL);
		assert_int_equal(s[t].reads_failed, 0);
		for (int i = 0; i < CHAINS; i++)
			assert_int_equal(s[t].chains[i].failed, 0);
	}
	store_get_stats(fx->store, &stats);
	assert_int_equal(gates(fx), THREADS * CHAINS * per_chain);
	assert_int_equal(stats.jobs, THREADS * CHAINS * LENGTH);
	assert_true(stats.commits < stats.jobs);
}

static void
a_clock_that_is_set_back_a_little_stands_and_one_that_is_set_back_far_is_followed(void **state)
{
	struct fixture *fx = *state;
	const utc_ms day = 24 * 3600 * 1000, begin = utc_now() + day;

	assert_int_equal(fixture_open(fx), DC_OK);
	assert_int_equal(store_now(fx->store, begin), begin);
	assert_int_equal(store_now(fx->store, begin - 1), begin);
	assert_int_equal(store_now(fx->store, begin - STORE_CLOCK_HOLD_MS), begin);
	assert_int_equal(store_now(fx->store, begin + 5), begin + 5);
	assert_int_equal(store_now(fx->store, begin - day), begin - day);
	assert_int_equal(store_now(fx->store, begin - day + 1), begin - day + 1);
}

/* A job that renames, deletes or adds gates, and the generation that it and a read after it see. */
struct kept {
	const char *add, *rename, *remove;
	enum dc_code want;
	uint64_t before, after;
};

static enum dc_code
kept_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct kept *k = arg;
	enum dc_code rc = DC_OK;

	k->before = tx_generation(tx);
	if (k->add != NULL)
		rc = query_insert(tx, &gate_table, gate_new(tx_arena(tx), k->add, "x"), err);
	if (rc == DC_OK && k->rename != NULL)
		rc = query_update(tx, &gate_table, gate_new(tx_arena(tx), k->rename, "y"), err);
	if (rc == DC_OK && k->remove != NULL)
		rc = query_delete(tx, &gate_table, Q(Q_EQ("id", k->remove)), NULL, err);
	k->after = tx_generation(tx);
	return rc == DC_OK && k->want != DC_OK ? dc_fail(err, k->want, NULL, "as told") : rc;
}

static enum dc_code
generation_run(struct tx *tx, void *arg, struct dc_error *err)
{
	(void)err;
	*(uint64_t *)arg = tx_generation(tx);
	return DC_OK;
}

static void
what_is_kept_in_memory_is_of_a_generation(void **state)
{
	struct fixture *fx = *state;
	const char *id = "0190a5a0-0000-7000-8000-0000000000a1", *none = "0190a5a0-0000-7000-8000-0000000000a2";
	struct kept add = {.add = id}, rename = {.rename = id}, nothing = {.remove = none};
	struct kept failed = {.remove = id, .want = DC_E_PARAM}, removed = {.remove = id};
	uint64_t first = 0, now = 0;

	assert_int_equal(store_read_wait(fx->store, generation_run, &first, &fx->err), DC_OK);
	assert_true(first > 0);
	/* What is new was in nobody's memory; what is not there changes nothing. */
	assert_int_equal(store_submit_wait(fx->store, kept_run, &add, &fx->err), DC_OK);
	assert_int_equal(store_submit_wait(fx->store, kept_run, &nothing, &fx->err), DC_OK);
	assert_int_equal(store_read_wait(fx->store, generation_run, &now, &fx->err), DC_OK);
	assert_true(add.after == first && nothing.after == first && now == first);
	/* Who changes it sees more than others do, until all of them do. */
	assert_int_equal(store_submit_wait(fx->store, kept_run, &rename, &fx->err), DC_OK);
	assert_int_equal(rename.after, 0);
	assert_int_equal(store_read_wait(fx->store, generation_run, &now, &fx->err), DC_OK);
	assert_true(now > first);
	assert_int_equal(store_submit_wait(fx->store, kept_run, &failed, &fx->err), DC_E_PARAM);
	assert_int_equal(failed.after, 0);
	assert_int_equal(store_read_wait(fx->store, generation_run, &first, &fx->err), DC_OK);
	assert_int_equal(store_submit_wait(fx->store, kept_run, &removed, &fx->err), DC_OK);
	assert_int_equal(store_read_wait(fx->store, generation_run, &now, &fx->err), DC_OK);
	assert_true(now > first);
}

static enum dc_code
say_run(struct tx *tx, void *arg, struct dc_error *err)
{
	(void)tx;
	dc_log(LOG_INFO, "said", "want=%d", *(const enum dc_code *)arg);
	return *(const enum dc_code *)arg == DC_OK ? DC_OK : dc_fail(err, *(const enum dc_code *)arg, NULL, "as told");
}

static void
a_job_that_fails_has_logged_nothing_and_one_that_is_committed_once(void **state)
{
	struct fixture *fx = *state;
	enum dc_code good = DC_OK, bad = DC_E_PARAM;
	FILE *out = tmpfile();
	int kept = dup(STDERR_FILENO);
	char text[1024], *said;

	dup2(fileno(out), STDERR_FILENO);
	assert_int_equal(store_submit_wait(fx->store, say_run, &bad, &fx->err), DC_E_PARAM);
	assert_int_equal(store_submit_wait(fx->store, say_run, &good, &fx->err), DC_OK);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(out);
	text[fread(text, 1, sizeof(text) - 1, out)] = '\0';
	fclose(out);
	said = strstr(text, "event=said want=0\n");
	assert_non_null(said);
	assert_ptr_equal(strstr(text, "event=said"), said);
	assert_null(strstr(said + 1, "event=said"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_read_sees_the_write_that_was_answered),
	    TEST(a_read_cannot_write),
	    TEST(a_failed_job_in_a_group_rolls_back_alone),
	    TEST(a_job_that_continues_after_a_failure_fails),
	    TEST(a_clock_that_is_set_back_a_little_stands_and_one_that_is_set_back_far_is_followed),
	    TEST(edges_are_woken_once_per_group_after_its_commit),
	    TEST(what_is_kept_in_memory_is_of_a_generation),
	    TEST(a_job_that_fails_has_logged_nothing_and_one_that_is_committed_once),
	    TEST(closing_drains_what_was_submitted),
	    TEST(many_threads_submit_and_read_without_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
