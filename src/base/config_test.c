/* SPDX-License-Identifier: ISC */
#include "base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct config_key keys[] = {
    {"server", "port", "8080", "port"},
    {"server", "name", NULL, "name"},
    {"server", "quick", "no", "quick"},
    {0},
};

static enum dc_code
load(const char *text, struct config **ret, struct dc_error *err)
{
	char path[] = "/tmp/dcaas-config-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	enum dc_code code = config_load(path, keys, ret, err);

	unlink(path);
	return code;
}

static void
keys_are_read_and_fall_back(void **state)
{
	struct dc_error err = {0};
	struct config *c = NULL;
	int64_t port;
	bool quick;

	(void)state;
	assert_int_equal(load("[server]\nname = a b ; words\nquick=yes\n", &c, &err), DC_OK);
	assert_int_equal(config_int(c, "server", "port", 1, 65535, &port, &err), DC_OK);
	assert_int_equal(port, 8080);
	assert_int_equal(config_bool(c, "server", "quick", &quick, &err), DC_OK);
	assert_true(quick);
	assert_string_equal(config_get(c, "server", "name"), "a b");
	config_free(c);
	assert_int_equal(config_load(NULL, keys, &c, &err), DC_OK);
	assert_null(config_get(c, "server", "name"));
	config_free(c);
}

static void
mistakes_name_the_file_the_line_and_the_key(void **state)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {{"[server]\n\nprot = 1\n", ":3: [server] prot = \"1\": there is no such key"},
	    {"[sever]\nport = 1\n", ":2: [sever] port = \"1\": there is no such key"},
	    {"[server]\nhello\n", ":2: the line is neither [section] nor key = value"},
	    {"[server]\nport = 1\n; words\nport = 2\n", ":4: [server] port = \"2\": the key is set twice"}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct dc_error err = {0};
		struct config *c = NULL;

		assert_int_not_equal(load(wrong[i].text, &c, &err), DC_OK);
		assert_null(c);
		assert_memory_equal(err.text, "/tmp/dcaas-config-", 18);
		assert_string_equal(strchr(err.text, ':'), wrong[i].words);
	}
}

static void
values_out_of_range_are_refused(void **state)
{
	struct dc_error err = {0};
	struct config *c = NULL;
	int64_t port;
	bool quick;

	(void)state;
	assert_int_equal(load("[server]\nport = 70000\nquick = maybe\n", &c, &err), DC_OK);
	assert_int_equal(config_int(c, "server", "port", 1, 65535, &port, &err), DC_E_PARAM);
	assert_int_equal(config_locate(c, "server", &err), DC_E_PARAM);
	assert_string_equal(
	    strchr(err.text, ':'), ":2: [server] port = \"70000\": must be a whole number from 1 to 65535");
	assert_int_equal(config_bool(c, "server", "quick", &quick, &err), DC_E_PARAM);
	config_locate(c, "server", &err);
	assert_string_equal(strchr(err.text, ':'), ":3: [server] quick = \"maybe\": must be yes or no");
	config_free(c);
	assert_int_equal(config_load("/nonexistent/dcaas.conf", keys, &c, &err), DC_E_IO);
}

static void
a_rule_of_a_key_that_is_not_set_names_the_file(void **state)
{
	struct dc_error err = {0};
	struct config *c = NULL;
	int64_t number;

	(void)state;
	assert_int_equal(load("[server]\nport = 1\n", &c, &err), DC_OK);
	config_int(c, "server", "name", 1, 2, &number, &err);
	config_locate(c, "server", &err);
	assert_string_equal(strchr(err.text, ':'), ": [server] name is not set: must be a whole number from 1 to 2");
	dc_fail(&err, DC_E_IO, "port", "[server] port: 1 cannot be used");
	config_locate(c, "server", &err);
	assert_string_equal(strchr(err.text, ':'), ":2: [server] port = \"1\": 1 cannot be used");
	dc_fail(&err, DC_E_IO, NULL, "something else");
	config_locate(c, "server", &err);
	assert_string_equal(strchr(err.text, ':'), ": something else");
	config_free(c);
	/* Without a file. */
	assert_int_equal(config_load(NULL, keys, &c, &err), DC_OK);
	config_int(c, "server", "port", 1, 2, &number, &err);
	config_locate(c, "server", &err);
	assert_string_equal(err.text, "[server] port is not set (default 8080): must be a whole number from 1 to 2");
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_read_and_fall_back),
	    cmocka_unit_test(mistakes_name_the_file_the_line_and_the_key),
	    cmocka_unit_test(values_out_of_range_are_refused),
	    cmocka_unit_test(a_rule_of_a_key_that_is_not_set_names_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
