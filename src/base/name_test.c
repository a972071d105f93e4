/* SPDX-License-Identifier: ISC */
#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
names_of_ours_are_what_bird_and_the_kernel_both_take(void **state)
{
	static const char *const good[] = {"dcr1", "dcv12345", "a", "A_1", "abcdefghijklmno"};
	static const char *const bad[] = {
	    "", "1a", "_a", "a.1", "a-1", "a@b", "a b", "a\"", "a\n", "a/b", "..", "\xc3\xa4", "abcdefghijklmnop"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(name_is_ours(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(name_is_ours(bad[i]));
}

static void
names_of_ports_are_those_that_routers_have(void **state)
{
	static const char *const good[] = {
	    "eth0", "eth0.100", "enp3s0f0np0", "br-lan", "bond0", "veth1@if2", "0eth", "_x"};
	static const char *const bad[] = {
	    "", ".", "..", "-eth0", "eth 0", "eth/0", "eth*", "eth\n", "abcdefghijklmnop"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(name_is_port(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(name_is_port(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_of_ours_are_what_bird_and_the_kernel_both_take),
	    cmocka_unit_test(names_of_ports_are_those_that_routers_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
