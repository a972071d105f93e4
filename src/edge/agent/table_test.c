/* SPDX-License-Identifier: ISC */
/* What is a request and what is not, without a kernel. */
#include <setjmp.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "edge/agent/table.h"

static enum table_verdict
check(const void *packet, size_t size)
{
	struct fault fault = {0};

	return table_check(packet, size, true, &fault);
}

static struct op_link
a_vlan(void)
{
	return (struct op_link){.h.op = OP_VLAN_ADD,
	    .instance = 1,
	    .device = "dcv1",
	    .mark = "dcaas:1",
	    .port = "trunk0",
	    .vrf = "dcr1",
	    .vlan = 100};
}

static struct op_addr
an_address(void)
{
	return (struct op_addr){.h.op = OP_ADDR_ADD,
	    .instance = 1,
	    .device = "dcv1",
	    .table = TABLE_FIRST,
	    .prefix = {.addr = {IP_V4, {10, 0, 0, 1}}, .len = 24}};
}

static void
a_whole_request_is_fine(void **state)
{
	struct op_link vlan = a_vlan();
	struct op_addr addr = an_address();

	(void)state;
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_FINE);
	assert_int_equal(check(&addr, sizeof(addr)), TABLE_FINE);
	assert_non_null(table_operation(&vlan));
	assert_ptr_not_equal((void *)(uintptr_t)table_operation(&vlan), (void *)(uintptr_t)table_operation(&addr));
}

static void
every_size_but_the_right_one_is_malformed(void **state)
{
	_Alignas(8) char packet[REQUEST_MAX] = {0};
	struct op_link vlan = a_vlan();

	(void)state;
	memcpy(packet, &vlan, sizeof(vlan));
	for (size_t size = 0; size <= REQUEST_MAX; size++)
		assert_int_equal(check(packet, size), size == sizeof(vlan) ? TABLE_FINE : TABLE_MALFORMED);
}

static void
every_number_has_an_operation_and_no_other_has(void **state)
{
	(void)state;
	for (uint32_t op = 0; op < 2000; op++) {
		_Alignas(8) char packet[REQUEST_MAX] = {0};
		size_t sizes = 0;

		memcpy(packet, &op, sizeof(op));
		for (size_t size = 0; size <= REQUEST_MAX; size++) {
			struct fault fault = {0};

			sizes += table_check(packet, size, op != OP_HELLO, &fault) != TABLE_MALFORMED;
		}
		/* Of zeros all else is malformed, too, where an address is asked for: its family is none. */
		if (op == 0 || op >= OP_LAST)
			assert_int_equal(sizes, 0);
		else
			assert_true(sizes <= 1);
		if (op > 0 && op < OP_LAST)
			assert_non_null(table_operation(packet));
	}
}

static void
hello_comes_first_and_once(void **state)
{
	struct op_hello hello = {.h.op = OP_HELLO, .version = AGENT_VERSION};
	struct op_none ports = {.h.op = OP_PORTS};
	struct fault fault = {0};

	(void)state;
	assert_int_equal(table_check(&hello, sizeof(hello), false, &fault), TABLE_FINE);
	assert_int_equal(table_check(&hello, sizeof(hello), true, &fault), TABLE_MALFORMED);
	assert_int_equal(table_check(&ports, sizeof(ports), false, &fault), TABLE_MALFORMED);
	assert_int_equal(table_check(&ports, sizeof(ports), true, &fault), TABLE_FINE);
}

static void
a_string_without_its_end_is_malformed(void **state)
{
	struct op_link vlan;

	(void)state;
	vlan = a_vlan();
	memset(vlan.device, 'x', sizeof(vlan.device));
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_MALFORMED);
	vlan = a_vlan();
	memset(vlan.port, 'x', sizeof(vlan.port));
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_MALFORMED);
	vlan = a_vlan();
	memset(vlan.vrf, 'x', sizeof(vlan.vrf));
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_MALFORMED);
	vlan = a_vlan();
	memset(vlan.mark + 6, 'x', sizeof(vlan.mark) - 6);
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_MALFORMED);
	/* Also where a VRF's request has no use for them. */
	vlan = a_vlan();
	vlan.h.op = OP_VRF_ADD;
	memset(vlan.port, 'x', sizeof(vlan.port));
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_MALFORMED);
}

static void
a_string_of_fifteen_characters_is_fine(void **state)
{
	struct op_link vlan = a_vlan();

	(void)state;
	strlcpy(vlan.device, "abcdefghijklmno", sizeof(vlan.device));
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_FINE);
}

static void
a_name_that_bird_or_the_kernel_would_not_take_is_refused(void **state)
{
	static const char *const bad[] = {"dcv 1", "dcv1\"", "../dcv1", "dcv1\n", "1dcv", "-dcv1"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct op_link vlan = a_vlan();

		strlcpy(vlan.device, bad[i], sizeof(vlan.device));
		assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_REFUSED);
	}
	struct op_link vlan = a_vlan();

	strlcpy(vlan.port, "eth0.100", sizeof(vlan.port));
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_FINE);
	strlcpy(vlan.port, "eth0/1", sizeof(vlan.port));
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_REFUSED);
}

static void
an_address_of_no_family_is_malformed_where_one_is_needed(void **state)
{
	struct op_addr addr = an_address();
	struct op_route route = {.h.op = OP_ROUTE_ADD,
	    .instance = 1,
	    .table = TABLE_FIRST,
	    .proto = ROUTE_PROTO_VPC,
	    .device = "dcv1",
	    .prefix = addr.prefix};

	(void)state;
	assert_int_equal(check(&route, sizeof(route)), TABLE_FINE); /* without a next hop */
	for (uint32_t family = 0; family < 256; family++) {
		bool known = family == IP_V4 || family == IP_V6;

		memcpy(&addr.prefix.addr.family, &family, sizeof(family));
		assert_int_equal(check(&addr, sizeof(addr)), known ? TABLE_FINE : TABLE_MALFORMED);
		memcpy(&route.via.family, &family, sizeof(family));
		assert_int_equal(check(&route, sizeof(route)), known || family == 0 ? TABLE_FINE : TABLE_MALFORMED);
	}
}

static void
a_mask_longer_than_the_address_is_malformed(void **state)
{
	struct op_addr addr = an_address();

	(void)state;
	addr.prefix.len = 32;
	assert_int_equal(check(&addr, sizeof(addr)), TABLE_FINE);
	addr.prefix.len = 33;
	assert_int_equal(check(&addr, sizeof(addr)), TABLE_MALFORMED);
	addr.prefix.addr.family = IP_V6;
	addr.prefix.len = 128;
	assert_int_equal(check(&addr, sizeof(addr)), TABLE_FINE);
	addr.prefix.len = 129;
	assert_int_equal(check(&addr, sizeof(addr)), TABLE_MALFORMED);
}

static void
a_value_out_of_its_range_is_refused_with_words(void **state)
{
	struct op_link vlan = a_vlan();
	struct fault fault = {0};

	(void)state;
	vlan.instance = 0;
	assert_int_equal(table_check(&vlan, sizeof(vlan), true, &fault), TABLE_REFUSED);
	assert_int_equal(fault.code, EINVAL);
	assert_string_equal(fault.text, "there is no instance 0");
	vlan.instance = 10000;
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_REFUSED);
	vlan.instance = 9999;
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_FINE);
	vlan.port[0] = '\0';
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_REFUSED);
	vlan.h.op = OP_VRF_ADD; /* which has none */
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_FINE);
	strlcpy(vlan.mark, "dcaas:", sizeof(vlan.mark));
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_REFUSED);
}

static void
malformed_stays_malformed_with_any_other_fault(void **state)
{
	struct op_link vlan = a_vlan();

	(void)state;
	vlan.instance = 0;
	memset(vlan.vrf, 'x', sizeof(vlan.vrf));
	assert_int_equal(check(&vlan, sizeof(vlan)), TABLE_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_whole_request_is_fine),
	    cmocka_unit_test(every_size_but_the_right_one_is_malformed),
	    cmocka_unit_test(every_number_has_an_operation_and_no_other_has),
	    cmocka_unit_test(hello_comes_first_and_once),
	    cmocka_unit_test(a_string_without_its_end_is_malformed),
	    cmocka_unit_test(a_string_of_fifteen_characters_is_fine),
	    cmocka_unit_test(a_name_that_bird_or_the_kernel_would_not_take_is_refused),
	    cmocka_unit_test(an_address_of_no_family_is_malformed_where_one_is_needed),
	    cmocka_unit_test(a_mask_longer_than_the_address_is_malformed),
	    cmocka_unit_test(a_value_out_of_its_range_is_refused_with_words),
	    cmocka_unit_test(malformed_stays_malformed_with_any_other_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
