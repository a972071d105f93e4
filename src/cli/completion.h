/* SPDX-License-Identifier: ISC */
/* completion.h - completion for shells: a short script that asks this program, so that what it offers is the embedded
 * description's. */
#ifndef DC_CLI_COMPLETION_H
#define DC_CLI_COMPLETION_H

#include <stdio.h>

#include "cli/settings.h"
#include "cli/spec.h"

/* The script for "bash", "zsh" or "fish". DC_E_PARAM for another shell. */
enum dc_code completion_script(const char *shell, FILE *to, struct dc_error *err);
/* A name of something on the server is wanted. */
struct completion_wish {
	json_t *resources;  /* which it may be one of */
	bool operator_side; /* the command is the operator's */
	json_t *above;      /* resources of what it is below; NULL: nothing */
	const char *parent; /* what was typed for that; NULL: nothing */
	struct settings_options settings;
};
/* Names as an array of texts, which is given away; NULL: none can be had. */
typedef json_t *(*completion_names)(void *arg, const struct completion_wish *);

/* Words that can stand where the last of argv stands, one a line. argv: the words behind the program's name, the last
 * of them (perhaps "") not finished. names may be NULL. */
void completion_offer(const struct spec *, int argc, char **argv, completion_names names, void *arg, FILE *to);

#endif
