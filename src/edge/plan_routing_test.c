/* SPDX-License-Identifier: ISC */
/* plan_routing: which neighbours run, and what none of them may announce. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edge/plan.h"

#define VRF(n)                                                                                                         \
	"{\"device\":\"dcr" #n "\",\"mark\":\"00000000-0000-7000-8000-00000000000" #n "\",\"table\":10000" #n          \
	",\"instance\":1,\"router_id\":\"10.255.0." #n "\",\"own\":[\"10.10.0.0/16\"]}"
#define VLAN(n)                                                                                                        \
	"{\"vrf\":\"vrf/" #n "\",\"device\":\"dcv" #n "\",\"mark\":\"00000000-0000-7000-8000-00000000001" #n           \
	"\",\"port\":\"trunk0\",\"vlan\":10" #n ",\"use\":\"customer\"}"
#define ADDR(n, prefix) "{\"link\":\"vlan/" #n "\",\"prefix\":\"" prefix "\"}"

struct set {
	struct arena *arena;
	struct want want[16];
	const struct want *sorted[16];
	size_t n;
};

static void
add(struct set *s, const char *key, enum object_kind kind, const char *body)
{
	struct want *w = &s->want[s->n];

	*w = (struct want){.key = key, .kind = kind};
	assert_int_equal(want_decode(w, body, s->arena), DC_OK);
	s->sorted[s->n++] = w;
}

static int
by_key(const void *a, const void *b)
{
	return strcmp((*(const struct want *const *)a)->key, (*(const struct want *const *)b)->key);
}

/* Two gateways with an interface each. */
static void
two_gateways(struct set *s)
{
	add(s, "vrf/1", OBJECT_VRF, VRF(1));
	add(s, "vrf/2", OBJECT_VRF, VRF(2));
	add(s, "vlan/1", OBJECT_VLAN, VLAN(1));
	add(s, "vlan/2", OBJECT_VLAN, VLAN(2));
	add(s, "addr/1", OBJECT_ADDR, ADDR(1, "12.3.4.1/30"));
	add(s, "addr/2", OBJECT_ADDR, ADDR(2, "fd00:9::1/64"));
	qsort(s->sorted, s->n, sizeof(s->sorted[0]), by_key);
}

static bool
owns(const struct routing_vrf *vrf, const char *text)
{
	struct ip_prefix prefix;

	assert_true(ip_parse_prefix(text, &prefix));
	for (size_t i = 0; i < vrf->own_count; i++)
		if (vrf->own[i].len == prefix.len && ip_addr_equal(&vrf->own[i].addr, &prefix.addr))
			return true;
	return false;
}

static void
no_neighbour_may_announce_a_link_subnet_of_its_gateway(void **state)
{
	struct set s = {.arena = *state};
	struct plan plan = {0};
	struct routing_desired *routing;
	size_t n;

	two_gateways(&s);
	plan.verdict = arena_array(s.arena, s.n, sizeof(*plan.verdict));
	for (size_t i = 0; i < s.n; i++)
		plan.verdict[i] = (struct plan_verdict){.state = PLAN_THERE, .instance = 1};
	plan_routing(s.sorted, s.n, &plan, NULL, 0, s.arena, &routing, &n);
	assert_int_equal(n, 1);
	assert_int_equal(routing[0].vrf_count, 2);
	assert_int_equal(routing[0].vrf[0].own_count, 2);
	assert_true(owns(&routing[0].vrf[0], "10.10.0.0/16"));
	assert_true(owns(&routing[0].vrf[0], "12.3.4.0/30"));
	assert_true(owns(&routing[0].vrf[1], "fd00:9::/64"));
	assert_false(owns(&routing[0].vrf[1], "12.3.4.0/30"));
}

static int
setup(void **state)
{
	*state = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	arena_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(no_neighbour_may_announce_a_link_subnet_of_its_gateway, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
