/* SPDX-License-Identifier: ISC */
/* help.h - help pages, from the API's own words. */
#ifndef DC_CLI_HELP_H
#define DC_CLI_HELP_H

#include <stdio.h>

#include "cli/spec.h"

void help_short(FILE *); /* how a command line looks */
void help_all(const struct spec *, FILE *);
void help_noun(const struct noun *, FILE *);
void help_command(const struct spec *, const struct command *, FILE *);

#endif
