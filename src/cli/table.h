/* SPDX-License-Identifier: ISC */
/* table.h - rows of text in aligned columns, by what a terminal shows of them. */
#ifndef DC_CLI_TABLE_H
#define DC_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

struct table;

enum table_color { COLOR_NONE, COLOR_GOOD, COLOR_BAD, COLOR_CHANGING, COLOR_TITLE };

/* Kept in the arena. */
struct table *table_new(size_t columns, struct arena *);
/* A column of numbers stands to the right. */
void table_right(struct table *, size_t column);
/* A column of words: where a line has no room for it, it goes below the row; "-" is no word. One at most. */
void table_note(struct table *, size_t column);
/* The first row is titles. */
void table_titled(struct table *);
/* The next cell, left to right, row by row: harmless text (text.h), copied. */
void table_cell(struct table *, const char *safe);
void table_color_cell(struct table *, const char *safe, enum table_color);

struct table_look {
	const char *indent; /* of each line */
	size_t width;       /* of a line: longer cells are cut; 0: nothing is cut */
	bool color;
};

/* Two blanks between columns, none at the end of a line. */
void table_write(const struct table *, const struct table_look *, struct buf *out);
/* Text in a colour, which "color" allows. */
void table_put_colored(struct buf *out, const char *safe, enum table_color, bool color);

#endif
