/* SPDX-License-Identifier: ISC */
/* door_site.h - for the tests of the command line: a small description of an API of doors (fixture.json). */
#ifndef DC_CLI_DOOR_SITE_H
#define DC_CLI_DOOR_SITE_H

#include "base/arena.h"
#include "cli/spec.h"

#define WORDS_MAX 24
#define PROJECT "0123456789abcdef0123456789abcdef"
#define DOORS "/v3/" PROJECT "/dcaas/virtual-doors"

/* Set-up and tear-down of a group of tests: *state is a struct spec. */
int door_open(void **state);
int door_close(void **state);
/* Splits a command line at blanks; ~ stands for a blank inside a word, '' for an empty word. */
int split(char *line, char *words[WORDS_MAX]);
/* A command line as the call it makes ("METHOD path?query body"), or as its error. */
char *read_line(const struct spec *, const char *line, struct arena *);

#endif
