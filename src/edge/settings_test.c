/* SPDX-License-Identifier: ISC */
#include "edge/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static enum dc_code
load(const char *lines, struct edge_settings **ret, struct dc_error *err)
{
	char path[] = "/tmp/dcaas-settings-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0 && dprintf(fd, "[edge]\n%s\n", lines) > 0);
	close(fd);
	enum dc_code code = edge_settings_load(path, NULL, NULL, ret, err);

	unlink(path);
	return code;
}

static void
is_good(const char *lines)
{
	struct edge_settings *s = NULL;
	struct dc_error err = {0};

	if (load(lines, &s, &err) != DC_OK)
		fail_msg("%s: %s", lines, err.text);
	edge_settings_free(s);
}

static void
is_refused(const char *lines, const char *member, const char *word)
{
	struct edge_settings *s = NULL;
	struct dc_error err = {0};

	if (load(lines, &s, &err) == DC_OK)
		fail_msg("%s is not refused", lines);
	assert_string_equal(err.member, member);
	assert_non_null(strstr(err.text, word));
}

static void
plain_http_is_for_loopback_only(void **state)
{
	static const char *const local[] = {
	    "http://127.0.0.1:8080", "http://127.9.9.9", "http://localhost:8080", "http://[::1]:8080"};
	static const char *const remote[] = {"http://10.99.0.1:8080", "http://dcaas.example.net",
	    "http://[fd00::1]:8080", "http://127.0.0.1@10.99.0.1", "http://localhost.example.net",
	    "http://127.0.0.1.example.net", "http://10.99.0.1?127.0.0.1", "http://[::ffff:10.99.0.1]"};
	char line[128];

	(void)state;
	is_good("server = https://dcaas.example.net");
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		snprintf(line, sizeof(line), "server = %s", local[i]);
		is_good(line);
	}
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
		snprintf(line, sizeof(line), "server = %s", remote[i]);
		is_refused(line, "server", "allow_plain = yes");
		snprintf(line, sizeof(line), "server = %s\nallow_plain = yes", remote[i]);
		is_good(line);
	}
}

static void
a_server_is_an_address_with_a_scheme(void **state)
{
	(void)state;
	is_refused("device = x", "server", "must begin with");
	is_refused("server = ftp://127.0.0.1", "server", "must begin with");
	is_refused("server = http://127.0.0.1/", "server", "slash");
	is_refused("server = http://", "server", "");
	is_refused("server = http://127.0.0.1\nallow_plain = perhaps", "allow_plain", "allow_plain");
}

#define SERVER "server = http://127.0.0.1\n"

static void
numbers_of_routing_daemons_are_a_range(void **state)
{
	struct edge_settings *s = NULL;
	struct dc_error err = {0};

	(void)state;
	assert_int_equal(load(SERVER "bird_ids = 70001-70100\nbird_memory = 512", &s, &err), DC_OK);
	assert_int_equal(s->bird_first, 70001);
	assert_int_equal(s->bird_last, 70100);
	assert_int_equal(s->bird_memory, 512u << 20);
	edge_settings_free(s);
	is_refused(SERVER "bird_ids = 70001", "bird_ids", "FIRST-LAST");
	is_refused(SERVER "bird_ids = 0-9", "bird_ids", "FIRST-LAST");
	is_refused(SERVER "bird_ids = 9-8", "bird_ids", "FIRST-LAST");
	is_refused(SERVER "bird_ids = 9-9", "bird_ids", "FIRST-LAST");
	is_refused(SERVER "bird_ids = 1-4294967295", "bird_ids", "FIRST-LAST");
	is_refused(SERVER "bird_memory = 1", "bird_memory", "bird_memory");
}

static void
ports_are_names_and_patterns(void **state)
{
	struct edge_settings *s = NULL;
	struct dc_error err = {0};

	(void)state;
	assert_int_equal(load(SERVER, &s, &err), DC_OK);
	assert_string_equal(s->ports, "*");
	edge_settings_free(s);
	is_good(SERVER "ports = trunk0 eth1.* enp?s0");
	is_good(SERVER "ports =");
	is_refused(SERVER "ports = eth0,eth1", "ports", "separated by blanks");
	is_refused(SERVER "ports = eth[01]", "ports", "separated by blanks");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_http_is_for_loopback_only),
	    cmocka_unit_test(a_server_is_an_address_with_a_scheme),
	    cmocka_unit_test(numbers_of_routing_daemons_are_a_range),
	    cmocka_unit_test(ports_are_names_and_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
