/* SPDX-License-Identifier: ISC */
/* resolve.h - names in a command's arguments, as ids. */
#ifndef DC_CLI_RESOLVE_H
#define DC_CLI_RESOLVE_H

#include "cli/names.h"

/* One id of the path; parent: the id before it, NULL when it is the first. */
enum dc_code resolve_id(struct names *, const struct command *, size_t place, const char *parent, const char *typed,
    const char **ret, struct dc_error *err);
/* Every member of body that holds an id, by its schema. */
enum dc_code resolve_body(
    struct names *, const struct spec *, json_t *schema, json_t *body, bool operator_side, struct dc_error *err);

#endif
