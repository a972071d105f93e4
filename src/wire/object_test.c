/* SPDX-License-Identifier: ISC */
/* What both sides must agree on about objects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/object.h"

static void
every_kind_has_a_name_and_a_sound_table(void **state)
{
	(void)state;
	for (enum object_kind kind = 0; kind < OBJECT_UNKNOWN; kind++) {
		assert_int_equal(object_kind_parse(object_kind_name(kind)), kind);
		field_table_assert(object_kind_table(kind));
	}
	assert_int_equal(object_kind_parse("of tomorrow"), OBJECT_UNKNOWN);
	assert_null(object_kind_table(OBJECT_UNKNOWN));
}

static void
only_limits_and_filters_change_under_a_session(void **state)
{
	static const char was[] = "{\"local\":\"192.0.2.1\",\"remote_asn\":65001,\"route_limit\":100}";
	static const struct {
		const char *body;
		bool keeps;
	} cases[] = {
	    {"{\"local\":\"192.0.2.1\",\"remote_asn\":65001,\"route_limit\":100}", true},
	    {"{\"local\":\"192.0.2.1\",\"remote_asn\":65001,\"route_limit\":200,\"default_route\":true}", true},
	    {"{\"local\":\"192.0.2.1\",\"remote_asn\":65002,\"route_limit\":100}", false},
	    {"{\"local\":\"192.0.2.5\",\"remote_asn\":65001,\"route_limit\":100}", false},
	    {"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(wire_bgp_keeps_session(was, cases[i].body), cases[i].keeps);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_has_a_name_and_a_sound_table),
	    cmocka_unit_test(only_limits_and_filters_change_under_a_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
