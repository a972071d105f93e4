/* SPDX-License-Identifier: ISC */
#include "cli/completion_names.h"

#include "cli/names.h"

#define PATIENCE_SECONDS 2

static json_t *
ask(struct client *client, const struct spec *spec, const struct completion_wish *wish, struct arena *arena)
{
	struct names *names = names_new(client, spec, arena);
	const struct names_place above = {.resources = wish->above, .operator_side = wish->operator_side};
	struct names_place place = {.resources = wish->resources, .operator_side = wish->operator_side};
	json_t *all = NULL;

	if (wish->above == NULL || names_find(names, &above, wish->parent, &place.parent, NULL) == DC_OK)
		all = names_all(names, &place);
	names_free(names);
	return all;
}

json_t *
completion_ask(void *arg, const struct completion_wish *wish)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct spec *spec = arg;
	struct settings settings;
	struct client_options options = {.spec = spec, .settings = &settings, .max_seconds = PATIENCE_SECONDS};
	struct client *client;
	json_t *names;

	if (settings_load(&wish->settings, arena, &settings, NULL) != DC_OK ||
	    client_open(&options, &client, NULL) != DC_OK)
		return NULL;
	names = ask(client, spec, wish, arena);
	client_close(client);
	return names;
}
