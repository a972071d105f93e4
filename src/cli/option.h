/* SPDX-License-Identifier: ISC */
/* option.h - the options that a command has: those of every command, and those that its parameters and the members of
 * its body bring. */
#ifndef DC_CLI_OPTION_H
#define DC_CLI_OPTION_H

#include "cli/spec.h"

enum option_kind {
	/* flags */
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_DRY_RUN,
	OPTION_WATCH,
	OPTION_GONE,
	OPTION_NO_HEADER,
	OPTION_YES,
	OPTION_WAIT,
	OPTION_SECRETS,
	/* with a value */
	OPTION_ENDPOINT,
	OPTION_PROJECT,
	OPTION_PROFILE,
	OPTION_CONFIG,
	OPTION_ENV,
	OPTION_CA,
	OPTION_MAX_TIME,
	OPTION_OUTPUT,
	OPTION_COLUMNS,
	OPTION_FILE,
	OPTION_INTERVAL,
	OPTION_LIMIT,
	OPTION_PAGE_SIZE,
	OPTION_MARKER,
	OPTION_TIMEOUT,
	OPTION_BODY,
	OPTION_QUERY,       /* parameter of the query: member */
	OPTION_MEMBER,      /* of the body */
	OPTION_SECRET_FILE, /* of the body, its value in a file */
	OPTION_SECRET,      /* a secret as an argument: there to be refused */
	OPTION_EXPECT,      /* of the answer: what `wait` waits for */
};

struct option {
	enum option_kind kind;
	const char *name; /* without "--" */
	char letter;      /* '\0': none */
	const char *form; /* of the value, for help; NULL: a flag */
	const char *doc;  /* NULL: none */
	bool required;
	const char *member; /* "extend_attribute.ha_type" */
	json_t *schema;     /* of the value */
	json_t *property;   /* the member as the description has it, before schema_of(); NULL: none */
	json_t *ref;        /* resources whose id the value is; NULL: none */
};

/* In the arena, *n rows. command NULL: those of every command. Its own come first, so that they win. */
const struct option *options_of(const struct spec *, const struct command *command, struct arena *, size_t *n);
/* word: without "--", a beginning is enough. DC_E_PARAM when there is none or more than one. */
enum dc_code option_find(
    const struct option *, size_t n, const char *word, const struct option **ret, struct dc_error *err);
const struct option *option_letter(const struct option *, size_t n, char letter); /* NULL: none */

#endif
