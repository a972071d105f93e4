/* SPDX-License-Identifier: ISC */
/* yaml_text.h - YAML as JSON values, and back: what JSON can express, in YAML's words. Anchors, aliases and tags are
 * refused. */
#ifndef DC_CLI_YAML_TEXT_H
#define DC_CLI_YAML_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* All documents of a file as an array, the caller's. Plain words are null, true, false or whole numbers where they read
 * so, else text; a file that begins with { or [ is read as JSON. name: of the file, for errors (DC_E_PARAM), which name
 * the line. */
enum dc_code yaml_read(const char *text, size_t len, const char *name, json_t **ret, struct dc_error *err);
/* Appends the value as one document. Text that would read as something else is quoted. */
enum dc_code yaml_write(json_t *value, struct buf *out, struct dc_error *err);

#endif
