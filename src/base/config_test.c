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
mistakes_are_told_by_name(void **state)
{
	static const struct {
		const char *text, *word;
	} wrong[] = {{"[server]\nprot = 1\n", "prot"}, {"[sever]\nport = 1\n", "sever"},
	    {"[server]\nhello\n", "line 2"}, {"[server]\nport = 1\nport = 2\n", "twice"}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct dc_error err = {0};
		struct config *c = NULL;

		assert_int_not_equal(load(wrong[i].text, &c, &err), DC_OK);
		assert_null(c);
		assert_non_null(strstr(err.text, wrong[i].word));
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
	assert_non_null(strstr(err.text, "from 1 to 65535"));
	assert_int_equal(config_bool(c, "server", "quick", &quick, &err), DC_E_PARAM);
	config_free(c);
	assert_int_equal(config_load("/nonexistent/dcaas.conf", keys, &c, &err), DC_E_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_read_and_fall_back),
	    cmocka_unit_test(mistakes_are_told_by_name),
	    cmocka_unit_test(values_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
