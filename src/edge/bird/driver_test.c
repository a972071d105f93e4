/* SPDX-License-Identifier: ISC */
/* driver_test.c - what BIRD is given, and who is left out. */
#include "edge/bird/driver_site.h"
#include "edge/bird/instance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_first_apply_starts_bird(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;
	struct stat st;

	site_fill(&s, 2);
	s.n[1].password = NULL;
	const struct routing_session *results = apply(r, &s);

	assert_true(traced("start "));
	assert_null(results[0].refused);
	assert_string_equal(results[1].key, "bgp/1");
	assert_non_null(strstr(protocols(a), "p0_4"));
	assert_int_equal(stat(in_dir(a, "bird.conf"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void
a_second_apply_of_the_same_does_nothing(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;
	struct stat before, after;

	site_fill(&s, 2);
	apply(r, &s);
	assert_int_equal(stat(in_dir(a, "bird.conf"), &before), 0);
	apply(r, &s);
	assert_string_equal(buf_str(&agent.trace), "");
	assert_int_equal(stat(in_dir(a, "bird.conf"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void
a_refused_neighbour_takes_nobody_with_it(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 5);
	s.n[1].remote_asn = 0;
	s.n[2].name = s.n[0].name;
	s.n[3].password = "has a \" in it";
	for (int round = 0; round < 2; round++) { /* at the start of BIRD, and while it runs */
		const struct routing_session *results = apply(r, &s);

		assert_null(results[0].refused);
		assert_non_null(results[1].refused);
		assert_non_null(strstr(results[1].refused, "Remote AS number"));
		assert_non_null(results[2].refused);
		assert_non_null(strstr(results[2].refused, "already defined"));
		assert_non_null(results[3].refused);
		assert_null(strstr(results[3].refused, "has a"));
		assert_null(results[4].refused);
		char *rows = protocols(a);

		assert_non_null(strstr(rows, "p0_4"));
		assert_null(strstr(rows, "p1_4"));
		assert_null(strstr(rows, "p3_4"));
		assert_non_null(strstr(rows, "p4_4"));
		s.n[4].remote_asn++;
	}
	s.n[1].remote_asn = 65007;
	const struct routing_session *results = apply(r, &s);

	assert_null(results[1].refused);
	assert_non_null(strstr(protocols(a), "p1_4"));
}

static void
a_vrf_that_is_gone_takes_its_neighbours(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 2);
	apply(r, &s);
	s.d.neighbour_count = 0;
	apply(r, &s);
	assert_string_equal(protocols(a), "");
	s.d.vrf_count = 0;
	apply(r, &s);
	assert_true(traced("stop"));
	assert_int_equal(running(), 0);
	assert_int_not_equal(access(in_dir(a, "bird.conf"), F_OK), 0);
}

/* `configure` would start it again: it must be in the file, and its address closed when its time is over. */
static void
a_neighbour_over_its_limit_is_kept_down(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- down 1795636667.802 Automatic shutdown: Route limit exceeded"};
	struct site s;
	char text[16384];

	site_fill(&s, 2);
	s.d.neighbour_count = 1;
	play_start(&p, a);
	apply(r, &s);
	assert_string_equal(look(r).state, "Disabled");
	s.d.neighbour_count = 2;
	apply(r, &s);
	FILE *f = fopen(in_dir(a, "bird.conf"), "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_non_null(strstr(text, "protocol bgp p0_4 from dc_c_dcr1_4 {\n\tdisabled yes;"));
	assert_null(strstr(text, "protocol bgp p1_4 from dc_c_dcr1_4 {\n\tdisabled yes;"));
	play_end(&p, state);
}

static bool
is_enabled(void *r)
{
	return strcmp(seen_by(r).session[0].state, "Disabled") != 0;
}

/* BIRD shows the stop until it is given the file that starts the session again: that is no second excess. */
static void
a_wait_that_is_over_is_no_second_excess(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.start = "1795636000.000",
	    .row = "p0_4 BGP --- down 1795636667.802 Automatic shutdown: Route limit exceeded",
	    .detail = "1006-    Receive limit:  1000 [HIT]\n"};
	struct limit *limit;
	struct site s;

	site_fill(&s, 1);
	play_start(&p, a);
	apply(r, &s);
	assert_string_equal(look(r).state, "Disabled");
	assert_non_null(strstr(look(r).last_error, "more routes sent than the 1000"));
	limit = &((struct bird_driver *)(void *)r)->instance[0]->peer[0]->limit;
	limit->until = now_ms(); /* a minute has passed */
	assert_true(live_until(is_enabled, r));
	assert_true(look(r).known);
	assert_string_not_equal(look(r).state, "Disabled");
	p.row = "p0_4 BGP --- down 1795636767.802 Automatic shutdown: Route limit exceeded";
	assert_string_equal(look(r).state, "Disabled");
	assert_int_equal(limit->wait, 2 * LIMIT_WAIT_FIRST_MS);
	play_end(&p, state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    DRIVER_TEST(a_first_apply_starts_bird),
	    DRIVER_TEST(a_second_apply_of_the_same_does_nothing),
	    DRIVER_TEST(a_refused_neighbour_takes_nobody_with_it),
	    DRIVER_TEST(a_vrf_that_is_gone_takes_its_neighbours),
	    DRIVER_TEST(a_neighbour_over_its_limit_is_kept_down),
	    DRIVER_TEST(a_wait_that_is_over_is_no_second_excess),
	};

	return driver_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
