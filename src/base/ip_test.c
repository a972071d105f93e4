/* SPDX-License-Identifier: ISC */
#include "base/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct ip_prefix
prefix(const char *text)
{
	struct ip_prefix p;

	if (!ip_parse_prefix(text, &p))
		fail_msg("%s is a prefix", text);
	return p;
}

static void
prefixes_read_and_print_canonically(void **state)
{
	static const char *const pairs[][2] = {{"10.1.2.3/24", "10.1.2.3/24"}, {"0.0.0.0/0", "0.0.0.0/0"},
	    {"FD00:0:0::1/64", "fd00::1/64"}, {"2001:db8:0:0:1:0:0:1/128", "2001:db8::1:0:0:1/128"}};
	char out[IP_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct ip_prefix p = prefix(pairs[i][0]);

		ip_format_prefix(&p, out);
		assert_string_equal(out, pairs[i][1]);
	}
}

static void
what_is_no_prefix_is_refused(void **state)
{
	static const char *const wrong[] = {"", "/", "10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1",
	    "10.0.0.1/08", "10.0.0.1/ 8", " 10.0.0.1/8", "10.0.0.256/8", "10.0.0/8", "010.0.0.1/8", "fd00::/129",
	    "fd00::1%eth0/64", "::ffff:10.0.0.1/120", "fd00:::1/64", "10.0.0.1/8/8", "10.0.0.1/8x",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/64"};
	struct ip_prefix p;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (ip_parse_prefix(wrong[i], &p))
			fail_msg("\"%s\" was taken", wrong[i]);
	}
}

static void
containment_is_equal_or_more_specific(void **state)
{
	static const struct {
		const char *a, *b;
		bool contains, overlaps;
	} cases[] = {
	    {"10.0.0.0/8", "10.1.0.0/16", true, true},
	    {"10.1.0.0/16", "10.0.0.0/8", false, true},
	    {"10.1.0.0/16", "10.1.0.0/16", true, true},
	    {"10.1.0.0/17", "10.1.128.0/17", false, false},
	    {"0.0.0.0/0", "192.0.2.1/32", true, true},
	    {"0.0.0.0/0", "::/0", false, false},
	    {"fd00::/9", "fd7f::/16", true, true},
	    {"fd00::/9", "fd80::/16", false, false},
	    {"10.1.2.3/24", "10.1.2.99/32", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip_prefix a = prefix(cases[i].a), b = prefix(cases[i].b);

		assert_int_equal(ip_contains(&a, &b), cases[i].contains);
		assert_int_equal(ip_overlaps(&a, &b), cases[i].overlaps);
		assert_int_equal(ip_overlaps(&b, &a), cases[i].overlaps);
	}
}

static void
link_hosts_are_usable_addresses_of_their_subnet(void **state)
{
	static const char *const good[] = {"10.0.0.1/30", "10.0.0.2/30", "10.0.0.0/31", "10.0.0.1/31", "fd00::1/64",
	    "fd00::/127", "1.1.88.1/30", "2001:db8::2/126"};
	static const char *const bad[] = {"10.0.0.0/30", "10.0.0.3/30", "10.0.0.1/32", "fd00::/64", "fd00::1/128",
	    "224.0.0.1/24", "127.0.0.1/8", "0.0.0.1/8", "ff02::1/64", "::1/64", "10.0.0.1/0"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ip_prefix p = prefix(good[i]);

		assert_true(ip_is_link_host(&p));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ip_prefix p = prefix(bad[i]);

		if (ip_is_link_host(&p))
			fail_msg("%s was taken for a host", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prefixes_read_and_print_canonically),
	    cmocka_unit_test(what_is_no_prefix_is_refused),
	    cmocka_unit_test(containment_is_equal_or_more_specific),
	    cmocka_unit_test(link_hosts_are_usable_addresses_of_their_subnet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
