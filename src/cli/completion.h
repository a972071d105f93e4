/* SPDX-License-Identifier: ISC */
/* completion.h - completion for shells: a short script that asks this program, so that what it offers is the embedded
 * description's. */
#ifndef DC_CLI_COMPLETION_H
#define DC_CLI_COMPLETION_H

#include <stdio.h>

#include "cli/spec.h"

/* The script for "bash", "zsh" or "fish". DC_E_PARAM for another shell. */
enum dc_code completion_script(const char *shell, FILE *to, struct dc_error *err);
/* Words that can stand where the last of argv stands, one a line. argv: the words behind the program's name, the last
 * of them (perhaps "") not finished. */
void completion_offer(const struct spec *, int argc, char **argv, FILE *to);

#endif
