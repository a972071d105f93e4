/* SPDX-License-Identifier: ISC */
/* durability_test.c - what was answered survives kill -9. A child commits in a loop and writes each id into a pipe once
 * done() has come; the parent kills it at some moment, opens the store and looks for every id that it read. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store_fixture.h"

#define OUTSTANDING 16
#define ROUNDS 5
#define CHILD_SECONDS 20 /* the child's own end, should the parent fail */

struct writer {
	struct store *store;
	int pipe;
	atomic_int *next;
	int number;
};

static enum dc_code
write_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct writer *w = arg;
	struct arena *arena = tx_arena(tx);

	return query_insert(tx, &gate_table, gate_new(arena, arena_printf(arena, "n%d", w->number), "x"), err);
}

static void
write_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct writer *w = arg;

	(void)err;
	if (rc != DC_OK || write(w->pipe, &w->number, sizeof(w->number)) != sizeof(w->number))
		_exit(3);
	w->number = atomic_fetch_add(w->next, 1);
	store_submit(w->store, write_run, w, write_done);
}

static _Noreturn void
child_main(struct fixture *fx, int pipe_fd, int first)
{
	static struct writer writers[OUTSTANDING]; /* in the child only, until it is killed */
	atomic_int next = first;

	if (fixture_open(fx) != DC_OK)
		_exit(2);
	alarm(CHILD_SECONDS);
	for (int i = 0; i < OUTSTANDING; i++) {
		writers[i] = (struct writer){fx->store, pipe_fd, &next, atomic_fetch_add(&next, 1)};
		store_submit(fx->store, write_run, &writers[i], write_done);
	}
	for (;;)
		pause();
}

/* Reads acknowledgements until `kill_after` of them came, kills, and reads the rest that the pipe still holds. */
static size_t
gather(int fd, pid_t child, int *acked, size_t max, size_t kill_after)
{
	size_t n = 0;

	while (n < max && read(fd, &acked[n], sizeof(acked[n])) == sizeof(acked[n]))
		if (++n == kill_after)
			kill(child, SIGKILL);
	return n;
}

struct check {
	const int *acked;
	size_t n;
	size_t missing;
	char integrity[64];
};

static enum dc_code
check_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct check *c = arg;
	struct stmt *s;
	void *row;
	bool more;
	enum dc_code rc;

	for (size_t i = 0; i < c->n; i++)
		if (query_get(tx, &gate_table, Q(Q_EQ("id", arena_printf(tx_arena(tx), "n%d", c->acked[i]))), &row,
			err) != DC_OK)
			c->missing++;
	if ((rc = tx->ops->prepare(tx, "PRAGMA integrity_check", &s, err)) != DC_OK)
		return rc;
	if ((rc = tx->ops->step(s, &more, err)) == DC_OK)
		snprintf(c->integrity, sizeof(c->integrity), "%s", tx->ops->get_text(s, 0));
	tx->ops->finish(s);
	return rc;
}

static void
round_of(struct fixture *fx, int round)
{
	static int acked[100000];
	int ends[2], status;
	struct check check = {.acked = acked};
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	if ((child = fork()) == 0) {
		close(ends[0]);
		child_main(fx, ends[1], round * 1000000);
	}
	close(ends[1]);
	check.n = gather(ends[0], child, acked, sizeof(acked) / sizeof(acked[0]), 150 + 97 * (size_t)round);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(check.n >= 150);
	assert_int_equal(fixture_open(fx), DC_OK);
	assert_int_equal(store_read_wait(fx->store, check_run, &check, &fx->err), DC_OK);
	fixture_close(fx);
	assert_int_equal(check.missing, 0);
	assert_string_equal(check.integrity, "ok");
}

static void
every_acknowledged_row_survives_kill_9(void **state)
{
	struct fixture *fx = fixture_new();

	(void)state;
	for (int round = 0; round < ROUNDS; round++)
		round_of(fx, round);
	fixture_free(fx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_acknowledged_row_survives_kill_9)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
