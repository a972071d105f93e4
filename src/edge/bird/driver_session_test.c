/* SPDX-License-Identifier: ISC */
/* driver_session_test.c - what is shown of sessions, against a BIRD that is played. */
#include "edge/bird/driver_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_session_without_its_key_is_reset_and_never_up(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- up 1795636667.802 Established "};
	struct site s;
	unsigned resets;

	site_fill(&s, 1);
	play_start(&p, a);
	apply(r, &s);
	agent.tcp_state = 1;
	struct routing_session seen = look(r);

	assert_false(seen.established);
	assert_string_equal(seen.state, "Idle");
	assert_string_equal(seen.last_error, "a session without its MD5 key was reset");
	/* Each look at such a session resets it; a slow machine has looked twice. */
	resets = agent.resets;
	assert_in_range(resets, 1, 3);
	agent.key_on_socket = true;
	seen = look(r);
	assert_true(seen.established);
	assert_int_equal(agent.resets, resets);
	assert_int_equal(seen.since, 1795636667802);
	assert_int_equal(seen.received, 5);
	assert_int_equal(seen.accepted, 3);
	assert_int_equal(seen.rejected, 2);
	assert_int_equal(seen.advertised, 5);
	play_end(&p, state);
}

static void
since_is_when_a_session_ceased_to_be_up(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- up 1795636667.802 Established "};
	struct site s;

	play_established(&p, &s, r, a);
	p.row = "p0_4 BGP --- start 1795636700.000 Active  Received: Administrative shutdown";
	struct routing_session seen = look(r);

	assert_false(seen.established);
	assert_int_equal(seen.since, 1795636700000);
	assert_int_equal(seen.received, 0);
	assert_string_equal(seen.last_error, "Received: Administrative shutdown");
	p.row = "p0_4 BGP --- start 1795636800.000 Connect ";
	seen = look(r);
	assert_int_equal(seen.since, 1795636700000);
	assert_string_equal(seen.state, "Connect");
	play_end(&p, state);
}

/* BIRD puts how its next try fares in the place of the other side's words. */
static void
a_routers_last_words_are_kept(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- up 1795636667.802 Established "};
	struct site s;

	play_established(&p, &s, r, a);
	p.row = "p0_4 BGP --- start 1795636700.000 Idle  Received: Administrative shutdown";
	assert_string_equal(look(r).last_error, "Received: Administrative shutdown");
	p.row = "p0_4 BGP --- start 1795636701.000 Connect ";
	assert_string_equal(look(r).last_error, "Received: Administrative shutdown");
	p.row = "p0_4 BGP --- start 1795636703.000 Active  Socket: Connection refused";
	const char *both = look(r).last_error;

	assert_int_equal(strncmp(both, "Received: Administrative shutdown (20", 37), 0);
	assert_non_null(strstr(both, " UTC); since then Socket: Connection refused"));
	p.row = "p0_4 BGP --- up 1795636800.000 Established ";
	assert_string_equal(look(r).last_error, "");
	p.row = "p0_4 BGP --- start 1795636900.000 Active  Socket: Connection refused";
	assert_string_equal(look(r).last_error, "Socket: Connection refused");
	play_end(&p, state);
}

#define SYN_SENT 2

#define SYN_RECV 3

static struct routing_session
look_until(struct routing *r, const char *words)
{
	struct routing_session seen = look(r);

	for (int64_t end = monotonic_now().ms + 300000; strstr(seen.last_error, words) == NULL;) {
		assert_true(monotonic_now().ms < end);
		seen = look(r);
	}
	assert_non_null(strstr(seen.last_error, words));
	return seen;
}

/* The kernel shows a state that BIRD has no word for. */
static void
a_handshake_that_does_not_end_is_reported(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	const char *now = arena_printf(a, "%lld.000", (long long)(utc_now() / 1000));
	struct play p = {.row = arena_printf(a, "p0_4 BGP --- start %s Connect ", now)};
	struct routing_session seen;
	struct site s;

	site_fill(&s, 1);
	s.n[0].password = NULL;
	play_start(&p, a);
	apply(r, &s);
	agent.tcp_state = SYN_SENT;
	seen = look_until(r, "no answer on TCP port 179");
	agent.tcp_state = SYN_RECV;
	p.row = arena_printf(a, "p0_4 BGP --- start %s Active  Socket: Connection refused", now);
	seen = look_until(r, "TTL");
	assert_non_null(strstr(seen.last_error, "TTL security"));
	assert_non_null(strstr(seen.last_error, "; Socket: Connection refused"));
	agent.tcp_state = 1;
	p.row = arena_printf(a, "p0_4 BGP --- start %s OpenConfirm ", now);
	seen = look_until(r, "TTL security");
	p.row = "p0_4 BGP --- up 1795636667.802 Established ";
	seen = look(r);
	assert_true(seen.established);
	assert_string_equal(seen.last_error, "");
	agent.tcp_state = 0;
	play_end(&p, state);
}

/* BIRD shows times of day, which move with the clock; how long after its own start a session came up does not. */
static void
a_step_of_the_clock_moves_no_session(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.start = "1795636000.000", .row = "p0_4 BGP --- up 1795636667.802 Established "};
	struct routing_session seen;
	struct site s;

	play_established(&p, &s, r, a);
	assert_int_equal(look(r).since, 1795636667802);
	p.start = "1795639600.000";
	p.row = "p0_4 BGP --- up 1795640267.802 Established ";
	seen = look(r);
	assert_true(seen.established);
	assert_int_equal(seen.since, 1795636667802);
	p.row = "p0_4 BGP --- up 1795640269.802 Established "; /* another one */
	assert_int_equal(look(r).since, 1795640269802);
	play_end(&p, state);
}

static void
words_of_a_shutdown_are_shown(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- up 1795636667.802 Established "};
	struct site s;

	play_established(&p, &s, r, a);
	p.detail = "1006-  Message:        maintenance until 5, ticket 12\n";
	p.row = "p0_4 BGP --- start 1795636700.000 Idle  Received: Administrative shutdown";
	assert_string_equal(
	    look(r).last_error, "Received: Administrative shutdown, in its words: maintenance until 5, ticket 12");
	play_end(&p, state);
}

static void
what_bird_reports_too_shortly_is_explained(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- up 1795636667.802 Established "};
	struct site s;

	play_established(&p, &s, r, a);
	p.row = "p0_4 BGP --- start 1795636700.000 Idle  BGP Error: Unacceptable hold time";
	assert_string_equal(look(r).last_error,
	    "BGP Error: Unacceptable hold time: the router there asks for a hold time of 0 or of less than 3 s");
	play_end(&p, state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    DRIVER_TEST(a_session_without_its_key_is_reset_and_never_up),
	    DRIVER_TEST(since_is_when_a_session_ceased_to_be_up),
	    DRIVER_TEST(a_routers_last_words_are_kept),
	    DRIVER_TEST(a_step_of_the_clock_moves_no_session),
	    DRIVER_TEST(words_of_a_shutdown_are_shown),
	    DRIVER_TEST(what_bird_reports_too_shortly_is_explained),
	    DRIVER_TEST(a_handshake_that_does_not_end_is_reported),
	};

	return driver_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
