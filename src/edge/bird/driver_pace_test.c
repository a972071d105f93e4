/* SPDX-License-Identifier: ISC */
/* driver_pace_test.c - how often a neighbour that is down is tried. */
#include "edge/bird/driver_site.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/bird/render.h"

#define SLOW_AFTER_MS 1000

static int
setup_impatient(void **state)
{
	if (setup(state) != 0)
		return -1;
	agent.slow_after_ms = SLOW_AFTER_MS;
	reopen(state);
	return 0;
}

/* Whether BIRD's file tries the neighbours once a minute. */
static bool
is_slow(void *unused)
{
	_cleanup_arena_ struct arena *a = arena_new();
	FILE *f = fopen(in_dir(a, "bird.conf"), "r");
	char text[65536];
	size_t n;

	(void)unused;
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	assert_true(n < sizeof(text) - 1 && strstr(text, "protocol bgp p0_4") != NULL);
	return strstr(text, BIRD_SLOW_LINES) != NULL;
}

static bool
is_quick(void *unused)
{
	return !is_slow(unused);
}

static void
a_neighbour_that_is_down_for_long_is_tried_once_a_minute(void **state)
{
	struct routing *r = *state;
	struct site s;

	site_fill(&s, 2);
	apply(r, &s);
	assert_true(is_quick(NULL));
	assert_true(live_until(is_slow, NULL));
	assert_true(live_until(is_settled, r));
	assert_false(seen_by(r).session[0].established);
}

static void
a_changed_neighbour_is_tried_often_again(void **state)
{
	struct routing *r = *state;
	struct site s;

	site_fill(&s, 1);
	apply(r, &s);
	assert_true(live_until(is_slow, NULL));
	s.n[0].remote_asn = 65002;
	apply(r, &s);
	assert_true(is_quick(NULL));
}

static void
an_edge_that_starts_again_keeps_the_pace_that_bird_has(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct routing *r = *state;
	struct site s;
	char *before;

	site_fill(&s, 1);
	apply(r, &s);
	assert_true(live_until(is_slow, NULL));
	assert_true(live_until(is_settled, r));
	before = protocols(a);
	apply(reopen(state), &s);
	assert_string_equal(protocols(a), before); /* with the time of the last change of state */
	assert_true(is_slow(NULL));
}

static void
a_bird_that_starts_again_tries_often(void **state)
{
	struct routing *r = *state;
	struct site s;

	site_fill(&s, 1);
	apply(r, &s);
	assert_true(live_until(is_slow, NULL));
	stop_bird(SIGKILL);
	assert_true(live_until(is_quick, NULL));
}

#define ROW_DOWN "p0_4 BGP --- start 1795636700.000 Active  Socket: Connection refused"
#define ROW_UP "p0_4 BGP --- up 1795636800.000 Established "
#define RESTARTS "1006-    Neighbor graceful restart active\n"

static void
a_session_that_is_up_keeps_its_pace_until_it_is_lost(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = ROW_DOWN};
	struct site s;

	site_fill(&s, 1);
	s.n[0].password = NULL;
	play_start(&p, a);
	apply(r, &s);
	assert_true(live_until(is_slow, NULL));
	assert_string_equal(look(r).last_error, "Socket: Connection refused");
	p.row = "p0_4 BGP --- start 1795636750.000 Active  "; /* as after BIRD has started the protocol again */
	assert_string_equal(look(r).last_error, "Socket: Connection refused");
	p.row = ROW_UP;
	assert_true(look(r).established);
	live(2 * SLOW_AFTER_MS);
	assert_true(is_slow(NULL));
	p.row = "p0_4 BGP --- start 1795636900.000 Active  Received: Administrative shutdown";
	assert_true(live_until(is_quick, NULL));
	play_end(&p, state);
}

static void
a_neighbour_whose_routes_are_held_is_not_started_again(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = ROW_DOWN, .detail = RESTARTS};
	struct site s;

	site_fill(&s, 1);
	s.n[0].password = NULL;
	play_start(&p, a);
	apply(r, &s);
	live(3 * SLOW_AFTER_MS);
	assert_true(is_quick(NULL));
	play_end(&p, state);
}

#define PACE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_impatient, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PACE_TEST(a_neighbour_that_is_down_for_long_is_tried_once_a_minute),
	    PACE_TEST(a_changed_neighbour_is_tried_often_again),
	    PACE_TEST(an_edge_that_starts_again_keeps_the_pace_that_bird_has),
	    PACE_TEST(a_bird_that_starts_again_tries_often),
	    PACE_TEST(a_session_that_is_up_keeps_its_pace_until_it_is_lost),
	    PACE_TEST(a_neighbour_whose_routes_are_held_is_not_started_again),
	};

	return driver_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
