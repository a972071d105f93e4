/* SPDX-License-Identifier: ISC */
/* footing_priv.h - inside of the store: queries note what they look at and what they change, a backend's commits give
 * that their number. */
#ifndef DC_STORE_FOOTING_PRIV_H
#define DC_STORE_FOOTING_PRIV_H

#include "field/field.h"
#include "store/cond.h"
#include "store/footing.h"

/* Of a store: by the hash of a row, or of a table, the number of the last commit that changed it. */
struct footing_numbers *footing_numbers_new(void);
struct footing_numbers *footing_numbers_free(struct footing_numbers *); /* NULL is fine; returns NULL */
/* Of the newest commit that everybody can see. */
uint64_t footing_newest(const struct footing_numbers *);

/* What a transaction has changed so far: in its arena. */
struct footing_changes;

/* A query looks at the rows of the conditions. */
void footing_note(struct tx *, const struct field_table *, const struct query_cond *);
/* A row was made, or changed as a whole. */
void footing_changed(struct tx *, const struct field_table *, const void *row);
/* The same, named by its key and then by each fixed column. NULL: it has no value. */
void footing_changed_value(struct tx *, const struct field_table *, const struct field *, const char *value);

/* One writer: before a commit with these changes, for each of its transactions, and when it has ended in any way. */
void footing_begin_commit(struct footing_numbers *, const struct footing_changes *); /* NULL: none */
void footing_end_commit(struct footing_numbers *);

#endif
