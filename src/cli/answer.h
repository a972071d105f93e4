/* SPDX-License-Identifier: ISC */
/* answer.h - answers for people and scripts: tables of lists, members of one thing. */
#ifndef DC_CLI_ANSWER_H
#define DC_CLI_ANSWER_H

#include "cli/column.h"

/* schema: of an item, of the thing; NULL: unknown. DC_E_PARAM when a column is named that there is none of. */
enum dc_code answer_list(
    const struct spec *, json_t *schema, json_t *items, const struct look *, struct buf *out, struct dc_error *err);
enum dc_code answer_one(
    const struct spec *, json_t *schema, json_t *thing, const struct look *, struct buf *out, struct dc_error *err);
/* The id of each, one a line. */
void answer_ids(json_t *items, struct buf *out);
/* The name of each, one a line; the id of what has none. */
void answer_names(json_t *items, struct buf *out);
/* Only the columns that are named: members of each item, as JSON. A new array in *ret. */
enum dc_code answer_picked(
    const struct spec *, json_t *schema, json_t *items, const struct look *, json_t **ret, struct dc_error *err);

#endif
