/* SPDX-License-Identifier: ISC */
/* text.h - what servers and tenants wrote, made harmless for a terminal, and how wide it is there.
 *
 * Harmless: control characters, what turns the direction of writing, invisible format characters and bytes that are no
 * UTF-8 come out as escapes. Needs text_init() once. */
#ifndef DC_CLI_TEXT_H
#define DC_CLI_TEXT_H

#include <stddef.h>

#include "base/buf.h"

void text_init(void);
/* Appends with \n, \t, \xNN and \uNNNN for what is not harmless. */
void text_safe(struct buf *out, const char *utf8);
/* The same for JSON text, within the rules of JSON: the value stays what it was. */
void text_safe_json(struct buf *out, const char *json);
/* For paths and queries: all but letters, digits and -_.~ as %XX. */
void text_percent(struct buf *out, const char *text);
/* Columns of text that is safe already. */
size_t text_width(const char *safe);
/* Appends as much of it as so many columns hold, with "…" at the end where that is not all. */
void text_cut(struct buf *out, const char *safe, size_t columns);
/* Appends how long that is: "12s", "3m", "5h", "17d". Less than nothing is "0s". */
void text_age(struct buf *out, int64_t ms);

#endif
