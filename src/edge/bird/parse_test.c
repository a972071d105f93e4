/* SPDX-License-Identifier: ISC */
#include "edge/bird/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "edge/bird/limit.h"

/* A reply as BIRD 2.0.12 sent it, kept beside the golden configurations. */
static struct control_reply
recorded(struct arena *a, const char *name)
{
	FILE *f = fopen(arena_printf(a, "%s/%s", GOLDEN_DIR, name), "r");
	char *text = arena_alloc(a, 65536);
	struct control_reply r;

	assert_non_null(f);
	size_t len = fread(text, 1, 65535, f);

	fclose(f);
	assert_int_equal(control_split(text, len, a, &r), 1);
	return r;
}

static void
sessions_are_read_from_the_short_list(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct control_reply r = recorded(a, "show-protocols.txt");
	struct bird_row *row;

	assert_int_equal(bird_parse_protocols(&r, a, &row), 6);
	assert_string_equal(row[0].name, "p1_4");
	assert_true(row[0].down && row[0].limit && !row[0].established);
	assert_string_equal(row[0].state, "Down");
	assert_string_equal(row[0].error, "Automatic shutdown: Route limit exceeded");
	assert_int_equal(row[0].since, 1795637031109);

	assert_string_equal(row[1].state, "Established");
	assert_true(row[1].established && !row[1].down);
	assert_string_equal(row[1].error, "");

	assert_string_equal(row[2].state, "Active");
	assert_string_equal(row[2].error, "Socket: Connection reset by peer");
	assert_false(row[2].established);

	assert_string_equal(row[3].state, "Connect");
	assert_string_equal(row[3].error, "");

	assert_true(row[4].down && !row[4].limit);
	assert_string_equal(row[4].error, "");

	assert_true(row[5].down);
	assert_string_equal(row[5].state, "Down");
	assert_string_equal(row[5].error, "BGP Error: Hold timer expired");
}

static void
counts_are_read_from_the_details(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct control_reply up = recorded(a, "show-protocols-all-up.txt"),
			     down = recorded(a, "show-protocols-all-down.txt");
	struct bird_counts c = {0};

	assert_true(bird_parse_counts(&up, &c));
	assert_int_equal(c.imported, 2);
	assert_int_equal(c.filtered, 1);
	assert_int_equal(c.exported, 12);
	assert_false(bird_parse_counts(&down, &c));
}

static void
a_reconfiguration_in_progress_is_seen(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct control_reply r = recorded(a, "show-status.txt");
	char busy[] = "1000-BIRD 2.0.12\n0013 Reconfiguration in progress\n";

	assert_false(bird_parse_configuring(&r));
	assert_int_equal(control_split(busy, strlen(busy), a, &r), 1);
	assert_true(bird_parse_configuring(&r));
}

static void
routes_that_are_held_for_a_restart_are_seen(void **state)
{
	(void)state;
	struct control_line line[] = {
	    {1006, "  BGP state:          Active"}, {1006, "    Neighbor graceful restart active"}};
	struct control_reply reply = {.line = line, .lines = 1};
	struct bird_detail detail;
	_cleanup_arena_ struct arena *a = arena_new();

	bird_parse_detail(&reply, a, &detail);
	assert_false(detail.holds_routes);
	reply.lines = 2;
	bird_parse_detail(&reply, a, &detail);
	assert_true(detail.holds_routes);
}

static void
routes_are_read_with_their_attributes(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct control_reply r = recorded(a, "show-route.txt");
	struct routing_route *route;
	char text[IP_TEXT_SIZE];

	assert_int_equal(bird_parse_routes(&r, a, &route), 3);
	ip_format_prefix(&route[0].destination, text);
	assert_string_equal(text, "192.168.200.0/24");
	ip_format_addr(&route[0].next_hop, text);
	assert_string_equal(text, "169.254.10.2");
	assert_true(route[0].best);
	assert_int_equal(route[0].since, 1796114213649);
	assert_string_equal(route[0].as_path, "65001 {65002 65003}");
	assert_string_equal(route[0].origin, "IGP");
	assert_int_equal(route[0].local_pref, 100);
	assert_int_equal(route[0].med, 20);
	assert_string_equal(route[0].communities, "(65001,100) (65001,200)");
	assert_string_equal(route[0].large_communities, "(65001, 1, 2)");
	assert_int_equal(route[0].why, ROUTING_WHY_NEXT_HOP);
	assert_false(route[1].best);
	assert_int_equal(route[1].why, ROUTING_WHY_OWN);
	assert_int_equal(route[1].med, -1);
	ip_format_prefix(&route[2].destination, text);
	assert_string_equal(text, "2001:db8:77::/48");
	ip_format_addr(&route[2].next_hop, text);
	assert_string_equal(text, "fe80::1");
	assert_string_equal(route[2].as_path, "");
}

static void
rows_of_any_shape_are_survived(void **state)
{
	(void)state;
	static const char *const texts[] = {"", " ", "p", "p BGP", "p BGP --- up", "p BGP --- up x",
	    "p BGP --- up 1.2 ", "p BGP --- up 99999999999999999999.123 Established", "  BGP BGP BGP BGP BGP",
	    "p BGP --- start 1.123     Nonsense here"};
	_cleanup_arena_ struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text = arena_printf(a, "1002-%s\n0000 \n", texts[i]);
		struct control_reply r;
		struct bird_row *row;

		assert_int_equal(control_split(text, strlen(text), a, &r), 1);
		size_t n = bird_parse_protocols(&r, a, &row);

		for (size_t j = 0; j < n; j++) {
			assert_non_null(row[j].state);
			assert_non_null(row[j].error);
		}
	}
}

static void
a_limit_waits_longer_each_time_and_forgets(void **state)
{
	(void)state;
	struct limit l = {0};
	int64_t now = 1000000;
	static const int minutes[] = {1, 2, 4, 8, 15, 15};

	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		limit_hit(&l, now);
		limit_hit(&l, now + 5); /* seen again by the next look: nothing new */
		assert_int_equal(l.until - now, minutes[i] * 60000);
		assert_false(limit_over(&l, l.until - 1));
		now = l.until;
		assert_true(limit_over(&l, now));
		assert_false(limit_over(&l, now));
		now += 2000;
	}
	now += LIMIT_WAIT_MAX_MS + 1;
	limit_hit(&l, now);
	assert_int_equal(l.until - now, LIMIT_WAIT_FIRST_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sessions_are_read_from_the_short_list),
	    cmocka_unit_test(counts_are_read_from_the_details),
	    cmocka_unit_test(a_reconfiguration_in_progress_is_seen),
	    cmocka_unit_test(routes_that_are_held_for_a_restart_are_seen),
	    cmocka_unit_test(routes_are_read_with_their_attributes),
	    cmocka_unit_test(rows_of_any_shape_are_survived),
	    cmocka_unit_test(a_limit_waits_longer_each_time_and_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
