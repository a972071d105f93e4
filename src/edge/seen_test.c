/* SPDX-License-Identifier: ISC */
/* What is read again in parts is what is there: after any changes on the simulated router, a memory that is asked after
 * each one has the same as a reading of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edge/seen.h"

#define LINES 6
#define ROUNDS 2000
#define TABLE 100001

struct router {
	struct kernel *kernel;
	struct routing *routing;
	struct seen_memory *memory;
};

static void
change(struct router *r, enum agent_op op, void *request, size_t size)
{
	struct dc_error err = {0};
	uint32_t instance = ((struct op_instance *)request)->instance;

	/* What a step of our own changed is announced, too; half of them are somebody else's. */
	if (rand() % 2 == 0)
		seen_stepped(r->memory, op, instance, request);
	(void)r->kernel->ops->change(r->kernel, op, request, size, &err); /* a refusal changes nothing */
}

static void
name_of(char device[OP_NAME_MAX], int line)
{
	snprintf(device, OP_NAME_MAX, "dcv%d", line);
}

static struct ip_prefix
prefix_of(int line, uint8_t host, uint8_t len)
{
	return (struct ip_prefix){.addr = {.family = IP_V4, .byte = {10, 1, (uint8_t)line, host}}, .len = len};
}

static void
add_line(struct router *r, int line)
{
	struct op_link link = {.instance = 1, .vlan = (uint32_t)(100 + line), .port = "trunk0", .vrf = "dcr1"};

	name_of(link.device, line);
	snprintf(link.mark, sizeof(link.mark), "dcaas:%d", line);
	change(r, OP_VLAN_ADD, &link, sizeof(link));
}

static void
change_line(struct router *r, int line, enum agent_op op)
{
	struct op_device device = {.instance = 1};

	name_of(device.device, line);
	change(r, op, &device, sizeof(device));
}

static void
change_addr(struct router *r, int line, enum agent_op op)
{
	struct op_addr addr = {.instance = 1, .table = TABLE, .prefix = prefix_of(line, 1, 30)};

	name_of(addr.device, line);
	change(r, op, &addr, sizeof(addr));
}

static void
change_neighbour(struct router *r, int line, enum agent_op op)
{
	struct op_neighbour n = {
	    .instance = 1, .local = prefix_of(line, 1, 32).addr, .remote = prefix_of(line, 2, 32).addr};

	name_of(n.device, line);
	change(r, op, &n, sizeof(n));
}

static void
change_route(struct router *r, int line, enum agent_op op)
{
	struct op_route route = {.instance = 1, .table = TABLE, .proto = ROUTE_PROTO_STATIC};

	route.prefix = prefix_of(100 + line, 0, 24);
	route.via = prefix_of(line, 2, 32).addr;
	name_of(route.device, line);
	change(r, op, &route, sizeof(route));
}

static void
put_filter(struct router *r, int line)
{
	struct op_filter filter = {.instance = 1, .is_customer = (uint32_t)(rand() % 2)};

	name_of(filter.device, line);
	change(r, OP_FILTER_ADD, &filter, sizeof(filter));
}

static void
change_something(struct router *r)
{
	int line = rand() % LINES;

	switch (rand() % 10) {
	case 0:
		add_line(r, line);
		break;
	case 1:
		change_line(r, line, OP_LINK_UP);
		break;
	case 2:
		change_line(r, line, OP_LINK_DEL);
		break;
	case 3:
		change_addr(r, line, OP_ADDR_ADD);
		break;
	case 4:
		change_addr(r, line, OP_ADDR_DEL);
		break;
	case 5:
		put_filter(r, line);
		break;
	case 6:
		change_neighbour(r, line, OP_NEIGHBOUR_ADD);
		break;
	case 7:
		change_neighbour(r, line, OP_NEIGHBOUR_DEL);
		break;
	case 8:
		change_route(r, line, OP_ROUTE_ADD);
		break;
	default:
		change_route(r, line, OP_ROUTE_DEL);
	}
}

static size_t item_size;

static int
compare_items(const void *a, const void *b)
{
	return memcmp(a, b, item_size);
}

static void
assert_same(const void *a, size_t a_n, const void *b, size_t b_n, size_t size)
{
	char *x = malloc((a_n + 1) * size), *y = malloc((b_n + 1) * size);

	assert_int_equal(a_n, b_n);
	assert_true(x != NULL && y != NULL);
	if (a_n > 0) {
		memcpy(x, a, a_n * size);
		memcpy(y, b, b_n * size);
		item_size = size;
		qsort(x, a_n, size, compare_items);
		qsort(y, b_n, size, compare_items);
		assert_memory_equal(x, y, a_n * size);
	}
	free(x);
	free(y);
}

static void
compare_with_all(struct router *r)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct kernel_instance *have;
	struct kernel_instance all;
	struct dc_error err = {0};

	assert_int_equal(seen_ask(r->memory, false, &err), DC_OK);
	assert_int_equal(seen_read(r->memory, 1, &have, &err), DC_OK);
	assert_int_equal(r->kernel->ops->read_instance(r->kernel, 1, NULL, arena, &all, &err), DC_OK);
	assert_same(have->link, have->link_count, all.link, all.link_count, sizeof(*all.link));
	assert_same(have->addr, have->addr_count, all.addr, all.addr_count, sizeof(*all.addr));
	assert_same(have->route, have->route_count, all.route, all.route_count, sizeof(*all.route));
	assert_same(have->filter, have->filter_count, all.filter, all.filter_count, sizeof(*all.filter));
	assert_same(have->neighbour, have->neighbour_count, all.neighbour, all.neighbour_count, sizeof(*all.neighbour));
}

static void
test_a_memory_of_parts_is_as_a_reading_of_all(void **state)
{
	struct op_instance netns = {.instance = 1};
	struct op_link vrf = {.instance = 1, .device = "dcr1", .mark = "dcaas:r", .table = TABLE};
	struct dc_error err = {0};
	struct router r = {0};

	(void)state;
	srand(7);
	assert_int_equal(sim_open(NULL, &r.kernel, &r.routing, &err), DC_OK);
	r.memory = seen_memory_new(r.kernel);
	change(&r, OP_NETNS_ADD, &netns, sizeof(netns));
	change(&r, OP_VRF_ADD, &vrf, sizeof(vrf));
	assert_int_equal(seen_ask(r.memory, true, &err), DC_OK);
	for (int i = 0; i < ROUNDS; i++) {
		for (int k = rand() % 20; k >= 0; k--)
			change_something(&r);
		compare_with_all(&r);
	}
	seen_memory_free(r.memory);
	r.routing->ops->close(r.routing);
	r.kernel->ops->close(r.kernel);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_memory_of_parts_is_as_a_reading_of_all)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
