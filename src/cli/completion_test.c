/* SPDX-License-Identifier: ISC */
/* What completion offers where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/completion.h"
#include "cli/door_site.h"

static void
offered(void **state, const char *line, completion_names names, void *arg, const char *wanted)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *words[WORDS_MAX], *text = NULL;
	size_t size = 0;
	int n = split(arena_strdup(arena, line), words);
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	completion_offer(*state, n, words, names, arg, to);
	fclose(to);
	assert_string_equal(text, wanted);
	free(text);
}

static void
completion_offers_what_can_stand_there(void **state)
{
	offered(state, "ed", NULL, NULL, "edge\nedge-report\n");
	offered(state, "virtual-door ''", NULL, NULL, "list\nshow\ncreate\nupdate\nwait\nhelp\n");
	offered(state, "v c --na", NULL, NULL, "--name\n--name-plate\n");
	offered(state, "v c --side ''", NULL, NULL, "left\nright\n");
	offered(state, "v c --side r", NULL, NULL, "right\n");
	offered(state, "v c --open ''", NULL, NULL, "true\nfalse\n");
	offered(state, "v c --code", NULL, NULL, "--code-file\n");
	offered(state, "v c --name ''", NULL, NULL, "");
	offered(state, "-j v wait d1 --st", NULL, NULL, "--status\n");
}

static json_t *
two_names(void *arg, const struct completion_wish *wish)
{
	json_t *seen = arg;

	json_object_set_new(seen, "resource", json_incref(json_array_get(wish->resources, 0)));
	json_object_set_new(seen, "env", wish->settings.env != NULL ? json_string(wish->settings.env) : json_null());
	return json_pack("[s,s]", "front door", "back");
}

static void
completion_offers_names_where_they_can_stand(void **state)
{
	static const struct {
		const char *line, *wanted;
	} cases[] = {{"vd show ''", "front door\nback\n"}, {"vd show b", "back\n"}, {"vd show x", ""},
	    {"vd create --behind-id f", "front door\n"}, {"--env E vd update ''", "front door\nback\n"},
	    {"vd show front ''", ""}, {"vd list -o ''", "wide\njson\nyaml\nvalue\nname\n"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *seen = json_object();

		offered(state, cases[i].line, two_names, seen, cases[i].wanted);
		if (strstr(cases[i].line, "--env") != NULL)
			assert_string_equal(json_string_value(json_object_get(seen, "env")), "E");
		json_decref(seen);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(completion_offers_what_can_stand_there),
	    cmocka_unit_test(completion_offers_names_where_they_can_stand),
	};

	return cmocka_run_group_tests(tests, door_open, door_close);
}
