/* SPDX-License-Identifier: ISC */
/* settings.h - which server, as whom: from options, a file of environment lines, the environment, a configuration file.
 *
 * For each key the first that has it counts: the command line; --env FILE; the section that --profile names; the
 * environment; the section [default]. The configuration file, $XDG_CONFIG_HOME/dcaas/config or ~/.config/dcaas/config,
 * holds secrets and must belong to the user and be open to nobody else. */
#ifndef DC_CLI_SETTINGS_H
#define DC_CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct settings {             /* NULL: not set */
	const char *endpoint; /* "http://127.0.0.1:8080", checked, without a slash at its end */
	const char *project_id;
	const char *access_key, *secret_key;
	const char *admin_access_key, *admin_secret_key; /* used for /dcaas/v1 where set */
	const char *ca;
};

/* From the command line; NULL: not given. */
struct settings_options {
	const char *endpoint, *project, *ca;
	const char *env, *config, *profile;
};

enum dc_code settings_load(const struct settings_options *, struct arena *, struct settings *ret, struct dc_error *err);
/* The keys there are, for help: the name in files, and of the variable; i from 0, false behind the last. */
bool settings_key(size_t i, const char **key, const char **variable, const char **doc);

#endif
