/* SPDX-License-Identifier: ISC */
/* value.h - words of the command line as JSON values, by their schema. */
#ifndef DC_CLI_VALUE_H
#define DC_CLI_VALUE_H

#include "cli/spec.h"

/* Integers, true|false|yes|no, enums (case does not matter), text as it is; a list as values between commas or as a
 * JSON array; an object as JSON. Limits of length and range are the server's to check. name is for errors (DC_E_PARAM).
 * A secret anywhere in JSON text is refused: arguments can be seen by everybody on the machine. *ret is the caller's.
 */
enum dc_code value_parse(
    const struct spec *, json_t *schema, const char *name, const char *text, json_t **ret, struct dc_error *err);
/* Puts value (which it takes over) at "a.b" in object. A list that is there already gets longer; anything else that is
 * there already was given twice: DC_E_PARAM, unless it came from a file (replace). */
enum dc_code value_put(json_t *object, const char *path, json_t *value, bool replace, struct dc_error *err);
/* What a value may be, for help: "TEXT", "N", "ipv4|ipv6". From the arena. */
const char *value_form(const struct spec *, json_t *schema, struct arena *);

#endif
