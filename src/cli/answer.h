/* SPDX-License-Identifier: ISC */
/* answer.h - answers for people: tables of lists, members of one thing, errors in words. */
#ifndef DC_CLI_ANSWER_H
#define DC_CLI_ANSWER_H

#include "base/buf.h"
#include "cli/spec.h"

/* columns: names between commas, NULL: those that the schema calls columns. DC_E_PARAM when there is no such member. */
enum dc_code answer_list(
    const struct spec *, json_t *schema, json_t *items, const char *columns, struct buf *out, struct dc_error *err);
enum dc_code answer_one(
    const struct spec *, json_t *schema, json_t *thing, const char *columns, struct buf *out, struct dc_error *err);
/* The id of each, one a line. */
void answer_ids(json_t *items, struct buf *out);
/* One line for an answer that is no success: code, message, status, request id. text is its body. */
void answer_refusal(long status, const char *text, size_t len, const char *request_id, struct buf *out);

#endif
