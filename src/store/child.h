/* SPDX-License-Identifier: ISC */
/* child.h - members that are rows of a table of their own (field.rows), so that they can be searched, counted and
 * indexed: an interface's tags. On the wire they are a list of objects like any other.
 *
 * A child's row has the owner's id in the column that guards its table, its place in the list in `position`, the
 * object's members, and of the owner's columns those that it has, too (tenant_id). Its id is OWNER/PLACE, so the order
 * of ids is that of the list. The engines write, read and remove them with their owner (a foreign key
 * sees to that); other queries treat the table like any other. */
#ifndef DC_STORE_CHILD_H
#define DC_STORE_CHILD_H

#include "field/field.h"
#include "store/store.h"

/* Whether the table has such members, and whether a body gives one. */
bool child_any(const struct field_table *);
bool child_given(const struct field_table *, const void *body);
/* Fills them in n rows: one query for each such member, for any n. */
enum dc_code child_read(struct tx *, const struct field_table *, void *rows, size_t n, struct dc_error *err);
/* Writes those that differ; old: the row with its children as they were, NULL: it had none. */
enum dc_code child_write(
    struct tx *, const struct field_table *, const void *old, const void *row, struct dc_error *err);
/* Before the owner's row is deleted. */
enum dc_code child_remove(struct tx *, const struct field_table *, const char *id, struct dc_error *err);
/* Those of `from` are those of `to`. */
void child_keep(const struct field_table *, const void *from, void *to);

#endif
