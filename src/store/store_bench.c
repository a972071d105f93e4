/* SPDX-License-Identifier: ISC */
/* store_bench.c - durable inserts per second with a number of jobs outstanding: store_bench [outstanding [seconds]]. */
#include <err.h>
#include <string.h>
#include <unistd.h>

#include "store/store_fixture.h"

struct bench {
	struct store *store;
	atomic_int number, running;
	atomic_bool stop;
};

struct slot {
	struct bench *bench;
	int number;
};

static enum dc_code
insert_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct slot *s = arg;
	struct arena *arena = tx_arena(tx);
	char id[UUID_TEXT_SIZE];

	uuid_new(id);
	return query_insert(tx, &port_table, port_new(arena, id, "g", "bench", s->number % 4095), err);
}

static void
insert_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct slot *s = arg;

	if (rc != DC_OK)
		errx(1, "insert: %s", err->text);
	if (atomic_load(&s->bench->stop)) {
		atomic_fetch_sub(&s->bench->running, 1);
		return;
	}
	s->number = atomic_fetch_add(&s->bench->number, 1);
	store_submit(s->bench->store, insert_run, s, insert_done);
}

/* The unique VLANs of the test's table would end the run at 4,095. */
static const struct migration bench_migrations[] = {
    {1, "0001_bench",
	"CREATE TABLE port (id TEXT PRIMARY KEY, gate_id TEXT NOT NULL, name TEXT, kind TEXT, vlan INTEGER,"
	" made_at BIGINT, revision BIGINT NOT NULL DEFAULT 0, up INTEGER, tags TEXT, secret TEXT,"
	" guard INTEGER NOT NULL DEFAULT 0); CREATE INDEX port_gate ON port (gate_id, vlan);"},
    {0, NULL, NULL},
};

static int
number_of(int argc, char **argv, int nth, int fallback)
{
	return argc > nth ? (int)strtol(argv[nth], NULL, 10) : fallback;
}

int
main(int argc, char **argv)
{
	int outstanding = number_of(argc, argv, 1, 64), seconds = number_of(argc, argv, 2, 3);
	struct fixture *fx = fixture_new();
	struct store_options options = {.path = fx->db, .key_path = fx->key};
	struct bench bench = {.running = outstanding};
	struct slot *slots = arena_array(fx->arena, (size_t)outstanding, sizeof(*slots));
	struct monotonic begin;
	struct store_stats stats;
	double elapsed;

	if (store_open_with(&options, bench_migrations, &fx->store, &fx->err) != DC_OK)
		errx(1, "%s", fx->err.text);
	bench.store = fx->store;
	begin = monotonic_now();
	for (int i = 0; i < outstanding; i++) {
		slots[i] = (struct slot){&bench, atomic_fetch_add(&bench.number, 1)};
		store_submit(fx->store, insert_run, &slots[i], insert_done);
	}
	sleep((unsigned)seconds);
	atomic_store(&bench.stop, true);
	while (atomic_load(&bench.running) > 0)
		usleep(1000);
	elapsed = (double)monotonic_since(begin) / 1000;
	store_get_stats(fx->store, &stats);
	printf("outstanding %d: %.0f jobs/s, %.0f commits/s, %.1f jobs per commit\n", outstanding,
	    (double)stats.jobs / elapsed, (double)stats.commits / elapsed, (double)stats.jobs / (double)stats.commits);
	fixture_free(fx);
	return 0;
}
