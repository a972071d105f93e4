/* SPDX-License-Identifier: ISC */
/* completion_names.h - names for a completion, asked of the server, which must be quick. */
#ifndef DC_CLI_COMPLETION_NAMES_H
#define DC_CLI_COMPLETION_NAMES_H

#include "cli/completion.h"

/* A completion_names; arg is the struct spec. Any failure is no names: a person is typing. */
json_t *completion_ask(void *spec, const struct completion_wish *);

#endif
