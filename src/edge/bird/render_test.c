/* SPDX-License-Identifier: ISC */
#include "edge/bird/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LOG_PATH "/var/lib/dcaas-edge/bird/3/bird.log"

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	assert_true(ip_parse_addr(text, &a));
	return a;
}

static struct ip_prefix
prefix(const char *text)
{
	struct ip_prefix p;

	assert_true(ip_parse_prefix(text, &p));
	return p;
}

static struct routing_vrf
vrf(const char *device, uint32_t table, const char *id, const struct ip_prefix *own, size_t n)
{
	return (struct routing_vrf){
	    .device = device, .table = table, .router_id = addr(id), .own = own, .own_count = n};
}

static struct routing_neighbour
neighbour(const char *name, const char *vrf_name, const char *link, const char *local, const char *remote)
{
	return (struct routing_neighbour){
	    .key = name,
	    .name = name,
	    .vrf = vrf_name,
	    .link = link,
	    .local = addr(local),
	    .remote = addr(remote),
	    .local_asn = 64512,
	    .remote_asn = 65001,
	    .route_limit = 100,
	};
}

static const char *
golden_path(struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", GOLDEN_DIR, name);
}

static char *
read_all(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = arena_alloc(a, 1 << 20);

	if (f == NULL)
		fail_msg("no golden file %s; DCAAS_GOLDEN_UPDATE=1 writes it", path);
	text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void
write_all(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Exit status of `bird -p`. */
static int
parse_with_bird(const char *path)
{
	const char *bird = getenv("DCAAS_BIRD") != NULL ? getenv("DCAAS_BIRD") : "/usr/sbin/bird";
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl(bird, bird, "-p", "-c", path, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void
check_golden(const struct routing_desired *d, const enum bird_how *how, const char *name)
{
	_cleanup_arena_ struct arena *a = arena_new();
	const char *path = golden_path(a, name);
	struct bird_config config;
	struct dc_error err;

	assert_int_equal(bird_render(d, how, LOG_PATH, a, &config, &err), DC_OK);
	if (getenv("DCAAS_GOLDEN_UPDATE") != NULL)
		write_all(path, config.text);
	assert_string_equal(config.text, read_all(a, path));
	assert_int_equal(config.len, strlen(config.text));
	assert_int_equal(parse_with_bird(path), 0);
}

static void
two_gateways_with_the_same_addresses_are_apart(void **state)
{
	(void)state;
	struct ip_prefix own_a[] = {prefix("10.10.0.0/16"), prefix("169.254.10.1/30"), prefix("2001:db8:a::/48")};
	struct ip_prefix own_b[] = {prefix("10.10.0.0/16"), prefix("169.254.10.1/30")};
	struct routing_vrf vrfs[] = {
	    vrf("dcr1", 100001, "10.255.0.11", own_a, 3), vrf("dcr2", 100002, "10.255.0.12", own_b, 2)};
	struct routing_neighbour n[] = {
	    neighbour("p1_4", "dcr1", "dcv1", "169.254.10.1", "169.254.10.2"),
	    neighbour("p1_6", "dcr1", "dcv1", "2001:db8:f::1", "2001:db8:f::2"),
	    neighbour("p2_4", "dcr2", "dcv2", "169.254.10.1", "169.254.10.2"),
	};
	n[0].password = "one { ; } # \\";
	n[2].password = "two";
	n[2].remote_asn = 4200000000;
	struct routing_desired d = {.instance = 3, .vrf = vrfs, .vrf_count = 2, .neighbour = n, .neighbour_count = 3};
	enum bird_how how[3] = {BIRD_RUN, BIRD_RUN, BIRD_RUN};

	check_golden(&d, how, "two-gateways.conf");
}

static void
links_have_their_own_policy(void **state)
{
	(void)state;
	struct ip_prefix own[] = {prefix("10.10.0.0/16"), prefix("fd00:1::/64")};
	struct routing_vrf v = vrf("dcr1", 100001, "10.255.0.11", own, 2);
	struct routing_neighbour n[] = {
	    neighbour("p1_4", "dcr1", "dcv1", "169.254.10.1", "169.254.10.2"),
	    neighbour("lnk7_4", "dcr1", "dck7a", "169.254.210.0", "169.254.210.1"),
	    neighbour("lnk7_6", "dcr1", "dck7a", "fe80::1", "fe80::2"),
	};
	struct ip_prefix linked[] = {prefix("172.20.0.0/16"), prefix("fd00:20::/48")};

	v.linked = linked;
	v.linked_count = 2;
	v.internal_asn_first = 4290000000;
	v.internal_asn_last = 4294967294;
	n[1].is_link = n[2].is_link = true;
	n[1].local_asn = n[2].local_asn = 4290000001;
	n[1].remote_asn = n[2].remote_asn = 4290000002;
	n[1].route_limit = n[2].route_limit = 1000;
	n[2].accept_default = true;
	struct routing_desired d = {.instance = 300, .vrf = &v, .vrf_count = 1, .neighbour = n, .neighbour_count = 3};
	enum bird_how how[3] = {BIRD_RUN, BIRD_RUN, BIRD_RUN};

	check_golden(&d, how, "links.conf");
}

static void
an_uplink_hears_of_global_eips_and_is_not_listened_to(void **state)
{
	(void)state;
	struct routing_vrf v = vrf("dcr1", 100001, "10.255.0.11", NULL, 0);
	struct routing_neighbour n[] = {
	    neighbour("p1_4", "dcr1", "dcv1", "169.254.10.1", "169.254.10.2"),
	    neighbour("u2_4", "dcr1", "dcv2", "203.0.113.1", "203.0.113.2"),
	    neighbour("p1_6", "dcr1", "dcv1", "2001:db8:f::1", "2001:db8:f::2"),
	};
	n[1].is_uplink = true;
	n[1].remote_asn = 65100;
	n[1].route_limit = 0;
	n[1].password = "uplink";
	struct routing_desired d = {.instance = 1, .vrf = &v, .vrf_count = 1, .neighbour = n, .neighbour_count = 3};
	enum bird_how how[3] = {BIRD_RUN, BIRD_RUN, BIRD_RUN};

	check_golden(&d, how, "uplink.conf");
}

static void
a_disabled_neighbour_is_written_so_and_an_omitted_one_is_not_there(void **state)
{
	(void)state;
	struct routing_vrf v = vrf("dcr1", 100001, "10.255.0.11", NULL, 0);
	struct routing_neighbour n[] = {
	    neighbour("p1_4", "dcr1", "dcv1", "169.254.10.1", "169.254.10.2"),
	    neighbour("p2_4", "dcr1", "dcv2", "169.254.10.5", "169.254.10.6"),
	};
	n[1].password = "never \"written";
	struct routing_desired d = {.instance = 1, .vrf = &v, .vrf_count = 1, .neighbour = n, .neighbour_count = 2};
	enum bird_how how[2] = {BIRD_DISABLED, BIRD_OMIT};

	check_golden(&d, how, "disabled.conf");
}

static void
a_slow_neighbour_has_its_own_times(void **state)
{
	(void)state;
	struct routing_vrf v = vrf("dcr1", 100001, "10.255.0.11", NULL, 0);
	struct routing_neighbour n[] = {
	    neighbour("p1_4", "dcr1", "dcv1", "169.254.10.1", "169.254.10.2"),
	    neighbour("p2_4", "dcr1", "dcv2", "169.254.10.5", "169.254.10.6"),
	};
	struct routing_desired d = {.instance = 1, .vrf = &v, .vrf_count = 1, .neighbour = n, .neighbour_count = 2};
	enum bird_how how[2] = {BIRD_SLOW, BIRD_RUN};

	check_golden(&d, how, "slow.conf");
}

static void
bfd_runs_in_the_vrf_and_the_rest_has_none(void **state)
{
	(void)state;
	struct routing_vrf vrfs[] = {
	    vrf("dcr1", 100001, "10.255.0.11", NULL, 0), vrf("dcr2", 100002, "10.255.0.12", NULL, 0)};
	struct routing_neighbour n[] = {
	    neighbour("p1_4", "dcr1", "dcv1", "169.254.10.1", "169.254.10.2"),
	    neighbour("p1_6", "dcr1", "dcv1", "2001:db8:f::1", "2001:db8:f::2"),
	    neighbour("p2_4", "dcr2", "dcv2", "169.254.10.1", "169.254.10.2"),
	};
	struct routing_desired d = {.instance = 1, .vrf = vrfs, .vrf_count = 2, .neighbour = n, .neighbour_count = 3};
	enum bird_how how[3] = {BIRD_RUN, BIRD_RUN, BIRD_RUN};

	n[0].bfd = n[1].bfd = (struct routing_bfd){200, 300, 3};
	check_golden(&d, how, "bfd.conf");
}

static void
passwords_that_bird_or_the_kernel_cannot_hold_are_refused(void **state)
{
	(void)state;
	char longest[82];

	memset(longest, 'x', 81);
	longest[80] = '\0';
	assert_true(bird_password_fits(longest));
	memset(longest, 'x', 81);
	longest[81] = '\0';
	assert_false(bird_password_fits(longest));
	assert_true(bird_password_fits("a b{};#'\\~"));
	assert_false(bird_password_fits(""));
	assert_false(bird_password_fits("a\"; disabled yes"));
	assert_false(bird_password_fits("line\nbreak"));
	assert_false(bird_password_fits("\xc3\xbc"));
	assert_false(bird_password_fits("\x7f"));
}

static void
names_that_would_be_read_as_something_else_are_refused(void **state)
{
	(void)state;
	assert_true(bird_name_fits("p12_4"));
	assert_true(bird_name_fits("lnk3_6"));
	assert_false(bird_name_fits(""));
	assert_false(bird_name_fits("disabled"));
	assert_false(bird_name_fits("ipv4"));
	assert_false(bird_name_fits("dc_t_dcr1_4"));
	assert_false(bird_name_fits("p1 { }"));
	assert_false(bird_name_fits("1p"));
	assert_false(bird_name_fits("p12345678901234567890123456789012"));
}

static void
a_vrf_that_cannot_be_written_is_refused(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct routing_vrf v = vrf("dcr\"1", 100001, "10.255.0.11", NULL, 0);
	struct routing_desired d = {.instance = 1, .vrf = &v, .vrf_count = 1};
	struct bird_config config;
	struct dc_error err;

	assert_int_equal(bird_render(&d, NULL, LOG_PATH, a, &config, &err), DC_E_DAEMON);
	v.device = "dcr1";
	assert_int_equal(bird_render(&d, NULL, "/a\"b", a, &config, &err), DC_E_DAEMON);
	assert_int_equal(bird_render(&d, NULL, "", a, &config, &err), DC_E_DAEMON);
	assert_int_equal(bird_render(&d, NULL, LOG_PATH, a, &config, &err), DC_OK);
}

/* BIRD's own words for a broken neighbour lead back to it: from an AS number of 0, and from a name that is taken. */
static void
an_error_is_found_by_its_line(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct routing_vrf v = vrf("dcr1", 100001, "10.255.0.11", NULL, 0);
	struct routing_neighbour n[] = {
	    neighbour("p1_4", "dcr1", "dcv1", "169.254.10.1", "169.254.10.2"),
	    neighbour("p2_4", "dcr1", "dcv2", "169.254.10.5", "169.254.10.6"),
	    neighbour("p3_4", "dcr1", "dcv3", "169.254.10.9", "169.254.10.10"),
	};
	struct routing_desired d = {.instance = 1, .vrf = &v, .vrf_count = 1, .neighbour = n, .neighbour_count = 3};
	enum bird_how how[3] = {BIRD_RUN, BIRD_RUN, BIRD_RUN};
	struct bird_config config;
	struct dc_error err;
	const char *words;

	n[1].remote_asn = 0;
	assert_int_equal(bird_render(&d, how, LOG_PATH, a, &config, &err), DC_OK);
	const char *block = strstr(config.text, config.block[1]);
	size_t first = 1;

	assert_non_null(block);
	for (const char *p = config.text; p < block; p++)
		first += *p == '\n';
	for (const char *p = config.block[1]; *p != '\0'; p++) {
		if (*p != '\n')
			continue;
		const char *error =
		    arena_printf(a, "/var/lib/x:1/bird.conf.new:%zu:17 Remote AS number must be set", first++);

		assert_int_equal(bird_error_owner(&config, error, &words), 1);
		assert_string_equal(words, "Remote AS number must be set");
	}
	assert_int_equal(bird_error_owner(&config, "/x/bird.conf.new:1:1 syntax error", &words), -1);
	assert_string_equal(words, "syntax error");
	assert_int_equal(bird_error_owner(&config, "/x/bird.conf.new:99999:1 syntax error", &words), -1);
	assert_int_equal(bird_error_owner(&config, "/x/bird.conf.new:0:1 syntax error", &words), -1);
	assert_int_equal(bird_error_owner(&config, "no file", &words), -1);
	assert_string_equal(words, "no file");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_gateways_with_the_same_addresses_are_apart),
	    cmocka_unit_test(links_have_their_own_policy),
	    cmocka_unit_test(an_uplink_hears_of_global_eips_and_is_not_listened_to),
	    cmocka_unit_test(a_disabled_neighbour_is_written_so_and_an_omitted_one_is_not_there),
	    cmocka_unit_test(a_slow_neighbour_has_its_own_times),
	    cmocka_unit_test(bfd_runs_in_the_vrf_and_the_rest_has_none),
	    cmocka_unit_test(passwords_that_bird_or_the_kernel_cannot_hold_are_refused),
	    cmocka_unit_test(names_that_would_be_read_as_something_else_are_refused),
	    cmocka_unit_test(a_vrf_that_cannot_be_written_is_refused),
	    cmocka_unit_test(an_error_is_found_by_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
