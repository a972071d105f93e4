/* SPDX-License-Identifier: ISC */
/* tool.h - the commands that are this program's own: each works on many resources and makes many calls. */
#ifndef DC_CLI_TOOL_H
#define DC_CLI_TOOL_H

#include "cli/spec.h"

/* Ends with a row whose noun is NULL; the verb is "". */
extern const struct command tools[];
/* The tool of that name; NULL: there is none. */
const struct command *tool_find(const char *name);
bool tool_is(const struct command *); /* NULL is none */
/* What stands behind its name, for help: "-f FILE". */
const char *tool_form(const struct command *);
/* Whether it accepts words beside its options. */
bool tool_takes_words(const struct command *);

#endif
