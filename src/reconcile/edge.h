/* edge.h - the edge's side of the loop inside dcaasd: what a poll is answered, how a report is folded in. */
#ifndef DC_RECONCILE_EDGE_H
#define DC_RECONCILE_EDGE_H

#include "base/buf.h"
#include "reconcile/objects.h"

/* Rows that every new edge needs. */
enum dc_code edge_rows_create(struct tx *, const char *edge_id, int64_t report_interval, struct dc_error *err);

/* Answer of a poll: out gets a wire_desired. *nothing_new is true, and out untouched, when the caller should wait: same
 * epoch, same revision. */
enum dc_code edge_desired(struct tx *, const char *edge_id, const char *epoch, int64_t revision, struct buf *out,
    bool *nothing_new, struct dc_error *err);

/* Folds a decoded wire_report in, under the edge's edge_report row lock. *resend is set when the report comes from a
 * process that dcaasd has not seen a full report of. Reports that are not newer than the last are dropped. */
enum dc_code edge_fold(struct tx *, const char *edge_id, const struct wire_report *,
    const struct resource *const *resources, bool *resend, struct dc_error *err);

/* The operator's word for a held edge: it may take this store's snapshot. DC_E_PARAM when it does not hold. */
enum dc_code edge_confirm(struct tx *, const char *edge_id, struct dc_error *err);
/* The operator's word for a dead edge: its pending deletions count as done. */
enum dc_code edge_retire(
    struct tx *, const char *edge_id, const struct resource *const *resources, struct dc_error *err);

#endif
