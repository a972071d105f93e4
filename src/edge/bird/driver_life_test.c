/* SPDX-License-Identifier: ISC */
/* driver_life_test.c - BIRD dies, does not answer, is found running; the edge starts again. */
#include "edge/bird/driver_site.h"

#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_killed_bird_is_started_again_to_recover(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 1);
	apply(r, &s);
	assert_false(look(r).established);
	buf_reset(&agent.trace);
	stop_bird(SIGKILL);
	assert_true(live_until(runs, NULL));
	assert_true(traced("start-R "));
	assert_string_not_equal(look(r).state, "Down");
	assert_non_null(strstr(protocols(a), "p0_4"));
}

static void
a_restarted_edge_finds_bird_running(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;
	struct stat before, after;

	site_fill(&s, 2);
	apply(r, &s);
	assert_int_equal(stat(in_dir(a, "bird.conf"), &before), 0);
	r = reopen(state);
	apply(r, &s);
	assert_false(traced("start"));
	assert_int_equal(stat(in_dir(a, "bird.conf"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

/* BIRD may run on the file that it was being given, or on the one before. */
static void
an_edge_that_ended_during_an_apply_trusts_no_file(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 2);
	apply(r, &s);
	r = reopen(state);
	FILE *f = fopen(in_dir(a, "bird.conf.new"), "w");

	assert_non_null(f);
	fclose(f);
	apply(r, &s);
	assert_int_not_equal(access(in_dir(a, "bird.conf.new"), F_OK), 0);
}

static void
a_restarted_edge_loads_what_has_changed_meanwhile(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 4);
	s.d.neighbour_count = 3;
	apply(r, &s);
	r = reopen(state);
	s.n[1].password = "another";
	s.d.neighbour_count = 4;
	apply(r, &s);
	assert_non_null(strstr(protocols(a), "p3_4"));
}

static bool
is_silent(void *r)
{
	return seen_by(r).state == ROUTING_SILENT;
}

static bool
is_running(void *r)
{
	return seen_by(r).state == ROUTING_RUNNING;
}

static void
a_silent_bird_holds_up_nobody_and_is_given_the_rest_when_it_answers(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct monotonic begun;
	struct site s;

	site_fill(&s, 2);
	s.d.neighbour_count = 1;
	apply(r, &s);
	assert_int_equal(kill(running(), SIGSTOP), 0);
	assert_true(live_until(is_silent, r));
	assert_string_equal(seen_by(r).session[0].state, "Down");
	assert_string_equal(seen_by(r).session[0].last_error, "BIRD does not answer");
	begun = monotonic_now();
	s.d.neighbour_count = 2;
	r->ops->set(r, &s.d);
	assert_int_equal(seen_by(r).sessions, 2);
	assert_true(monotonic_since(begun) < 500); /* no wait of 2 s is in it */
	assert_true(seen_by(r).set != seen_by(r).loaded);
	assert_int_equal(kill(running(), SIGCONT), 0);
	assert_true(live_until(is_running, r));
	assert_true(live_until(is_settled, r));
	assert_non_null(strstr(protocols(a), "p1_4"));
	assert_string_not_equal(seen_by(r).session[0].last_error, "BIRD does not answer");
}

static bool
is_loaded(void *r)
{
	return seen_by(r).set == seen_by(r).loaded;
}

static bool
has_words(void *r)
{
	return seen_by(r).why != NULL;
}

/* What BIRD was given last is on the disk. */
static void
a_full_disk_keeps_no_dead_bird_dead(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct rlimit none = {64, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
	struct site s;

	signal(SIGXFSZ, SIG_IGN);
	site_fill(&s, 2);
	s.d.neighbour_count = 1;
	apply(r, &s);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	stop_bird(SIGKILL);
	assert_true(live_until(runs, NULL));
	assert_true(live_until(is_running, r));
	assert_non_null(strstr(protocols(a), "p0_4"));
	s.d.neighbour_count = 2;
	r->ops->set(r, &s.d);
	assert_true(live_until(has_words, r));
	assert_non_null(strstr(seen_by(r).why, "File too large"));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	assert_true(live_until(is_loaded, r));
	assert_non_null(strstr(protocols(a), "p1_4"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    DRIVER_TEST(a_killed_bird_is_started_again_to_recover),
	    DRIVER_TEST(a_restarted_edge_finds_bird_running),
	    DRIVER_TEST(a_restarted_edge_loads_what_has_changed_meanwhile),
	    DRIVER_TEST(an_edge_that_ended_during_an_apply_trusts_no_file),
	    DRIVER_TEST(a_silent_bird_holds_up_nobody_and_is_given_the_rest_when_it_answers),
	    DRIVER_TEST(a_full_disk_keeps_no_dead_bird_dead),
	};

	return driver_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
