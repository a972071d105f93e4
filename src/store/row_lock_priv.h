/* SPDX-License-Identifier: ISC */
/* row_lock_priv.h - what query.c asks of row_lock.c before it writes. The checks do something only in builds with
 * -Dlock_checks=true. */
#ifndef DC_STORE_ROW_LOCK_PRIV_H
#define DC_STORE_ROW_LOCK_PRIV_H

#include "store/row_lock.h"
#include "store/query.h"

/* The statement that follows locks this row by itself. */
void lock_note(struct tx *, const struct field_table *, const char *id);
void lock_check_insert(struct tx *, const struct field_table *, const void *row);
void lock_check_row(struct tx *, const struct field_table *, const void *row);
void lock_check_where(struct tx *, const struct field_table *, const struct query_cond *, bool deletes);

#endif
