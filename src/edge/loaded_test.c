/* SPDX-License-Identifier: ISC */
/* What an instance was given, and whose session a change has a reason to touch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edge/loaded.h"

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	assert_true(ip_parse_addr(text, &a));
	return a;
}

/* One VRF with the neighbours "a", "b" and "c". */
struct given {
	struct routing_vrf vrf;
	struct routing_neighbour neighbour[3];
	struct routing_desired desired;
	struct ip_prefix own;
};

static void
fill(struct given *g)
{
	static const char *const keys[] = {"a", "b", "c"};

	*g = (struct given){.vrf = {.device = "dcr1", .table = 100001, .router_id = addr("10.255.0.1")}};
	for (size_t i = 0; i < 3; i++)
		g->neighbour[i] = (struct routing_neighbour){
		    .key = keys[i],
		    .name = keys[i],
		    .vrf = "dcr1",
		    .link = "dcv1",
		    .local = addr("192.0.2.1"),
		    .remote = addr("192.0.2.2"),
		    .local_asn = 64512,
		    .remote_asn = 65001,
		    .password = "word",
		};
	g->desired = (struct routing_desired){1, &g->vrf, 1, g->neighbour, 3};
}

static void
note(void *arg, const char *key)
{
	strlcat(arg, key, 16);
}

static const char *
touched(const struct loaded *l, const struct given *next)
{
	static char keys[16];

	keys[0] = '\0';
	loaded_diff(l, &next->desired, note, keys);
	return keys;
}

static void
the_same_touches_nobody(void **state)
{
	struct loaded l = {0};
	struct given g, same;

	(void)state;
	fill(&g);
	fill(&same);
	assert_string_equal(touched(&l, &g), "abc");
	loaded_set(&l, &g.desired, LOADED_WHOLE);
	memset(&g, 0, sizeof(g)); /* a copy was made */
	assert_true(loaded_is(&l, &same.desired));
	assert_string_equal(touched(&l, &same), "");
	loaded_clear(&l);
}

static void
each_member_of_a_neighbour_counts_for_itself_alone(void **state)
{
	struct loaded l = {0};
	struct given g, next;

	(void)state;
	fill(&g);
	loaded_set(&l, &g.desired, LOADED_WHOLE);
	for (int member = 0; member < 11; member++) {
		fill(&next);
		struct routing_neighbour *b = &next.neighbour[1];

		b->name = member == 0 ? "x" : b->name;
		b->link = member == 1 ? "dcv2" : b->link;
		b->local = member == 2 ? addr("192.0.2.9") : b->local;
		b->remote = member == 3 ? addr("192.0.2.9") : b->remote;
		b->local_asn += member == 4;
		b->remote_asn += member == 5;
		b->password = member == 6 ? "other" : member == 7 ? NULL : b->password;
		b->route_limit += member == 8;
		b->is_link = member == 9;
		b->accept_default = member == 10;
		assert_false(loaded_is(&l, &next.desired));
		assert_string_equal(touched(&l, &next), "b");
	}
	loaded_clear(&l);
}

static void
who_comes_or_goes_is_touched_and_nobody_else(void **state)
{
	struct loaded l = {0};
	struct given g, next;

	(void)state;
	fill(&g);
	fill(&next);
	next.desired.neighbour_count = 2;
	loaded_set(&l, &g.desired, LOADED_WHOLE);
	assert_string_equal(touched(&l, &next), "c");
	loaded_set(&l, &next.desired, LOADED_WHOLE);
	assert_string_equal(touched(&l, &g), "c");
	loaded_clear(&l);
}

static void
another_ground_touches_all_in_the_vrf_and_another_filter_nobody(void **state)
{
	struct loaded l = {0};
	struct given g, next;

	(void)state;
	fill(&g);
	loaded_set(&l, &g.desired, LOADED_WHOLE);
	fill(&next);
	next.vrf.router_id = addr("10.255.0.2");
	assert_string_equal(touched(&l, &next), "abc");
	fill(&next);
	assert_true(ip_parse_prefix("10.1.0.0/16", &next.own));
	next.vrf.own = &next.own;
	next.vrf.own_count = 1;
	assert_false(loaded_is(&l, &next.desired));
	assert_string_equal(touched(&l, &next), "");
	loaded_clear(&l);
}

static void
what_failed_or_was_taken_in_part_is_given_again(void **state)
{
	struct loaded l = {0};
	struct given g;

	(void)state;
	fill(&g);
	assert_false(loaded_was_given(&l, &g.desired));
	loaded_set(&l, &g.desired, LOADED_FAILED);
	assert_false(loaded_is(&l, &g.desired));
	assert_true(loaded_was_given(&l, &g.desired));
	loaded_set(&l, &g.desired, LOADED_PARTLY);
	assert_false(loaded_is(&l, &g.desired));
	loaded_set(&l, &g.desired, LOADED_WHOLE);
	assert_true(loaded_is(&l, &g.desired));
	loaded_clear(&l);
}

static void
a_neighbour_may_run_where_it_was_given_and_where_nobody_knows(void **state)
{
	struct loaded l = {0};
	struct given g, other;

	(void)state;
	fill(&g);
	fill(&other);
	other.desired = (struct routing_desired){.instance = 2};
	assert_false(loaded_may_run(&l, 1, "a"));
	loaded_set(&l, &g.desired, LOADED_PARTLY);
	loaded_set(&l, &other.desired, LOADED_WHOLE);
	assert_true(loaded_may_run(&l, 1, "a"));
	assert_true(loaded_may_run(&l, 0, "a"));
	assert_false(loaded_may_run(&l, 1, "z"));
	assert_false(loaded_may_run(&l, 2, "a"));
	loaded_set(&l, &other.desired, LOADED_FAILED);
	assert_true(loaded_may_run(&l, 2, "z"));
	assert_true(loaded_may_run(&l, 0, "z"));
	assert_false(loaded_may_run(&l, 1, "z"));
	loaded_clear(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_touches_nobody),
	    cmocka_unit_test(each_member_of_a_neighbour_counts_for_itself_alone),
	    cmocka_unit_test(who_comes_or_goes_is_touched_and_nobody_else),
	    cmocka_unit_test(another_ground_touches_all_in_the_vrf_and_another_filter_nobody),
	    cmocka_unit_test(what_failed_or_was_taken_in_part_is_given_again),
	    cmocka_unit_test(a_neighbour_may_run_where_it_was_given_and_where_nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
