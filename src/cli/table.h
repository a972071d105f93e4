/* SPDX-License-Identifier: ISC */
/* table.h - rows of text in aligned columns, by what a terminal shows of them. */
#ifndef DC_CLI_TABLE_H
#define DC_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

struct table;

/* Kept in the arena. */
struct table *table_new(size_t columns, struct arena *);
/* A column of numbers stands to the right. */
void table_right(struct table *, size_t column);
/* The next cell, left to right, row by row: harmless text (text.h), copied. */
void table_cell(struct table *, const char *safe);
/* Each line behind indent; two blanks between columns, none at the end of a line. */
void table_write(const struct table *, const char *indent, struct buf *out);

#endif
