/* SPDX-License-Identifier: ISC */
/* column.h - what stands in a column of a list: members of the items, made short for people. */
#ifndef DC_CLI_COLUMN_H
#define DC_CLI_COLUMN_H

#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/names.h"
#include "cli/table.h"

struct column {
	const char *title;
	const char *in;         /* list or object that has the members; NULL: the item's own */
	const char *where, *is; /* of that list, the items whose member has this value; NULL: all */
	const char **members;   /* the first that has a value; ends with NULL */
	json_t *property;       /* of the first of them, as the description has it; NULL: unknown */
	json_t *properties;     /* where the members are described */
	const char *of, *since; /* members with a limit, and with a time; NULL: none */
	bool note;
};

/* How an answer is printed. */
struct look {
	enum output output;
	const char *columns; /* names between commas; NULL: the usual ones */
	bool header;         /* lists have a line of titles */
	bool terminal;       /* short ids, ages for times, lines of its width */
	size_t width;        /* of the terminal's lines */
	bool color;
	utc_ms now;
	struct names *names; /* NULL: ids stay ids */
	bool operator_side;
	/* The project that the things are of: a column that shows this one in each row is left out. NULL: none. */
	json_t *own;         /* resource of the project */
	const char *project; /* its id */
};

/* Columns of a list of such things, in the arena; *n of them. DC_E_PARAM when one is named that there is none of. */
enum dc_code columns_of(const struct spec *, json_t *schema, json_t *items, const struct look *, struct arena *,
    const struct column **ret, size_t *n, struct dc_error *err);
/* The cell of an item: harmless text. */
void column_text(const struct column *, json_t *item, const struct look *, struct buf *out);
/* The value as it is, for scripts. */
void column_value(const struct column *, json_t *item, struct buf *out);
enum table_color column_color(const struct column *, json_t *item);
bool column_is_number(const struct spec *, const struct column *);
/* A member's value in words: names beside or for ids, ages for times. whole: the id stays, with its name after it. */
void value_text(json_t *property, json_t *holder, json_t *value, const struct look *, bool whole, struct buf *out);
/* Whether there is anything to show: not null, no empty text or list. */
bool value_is_there(json_t *value);

#endif
