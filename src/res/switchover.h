/* SPDX-License-Identifier: ISC */
/* switchover.h - switchover tests: a call shuts down what an interface has on its router (BGP sessions, static routes),
 * so that its project sees whether another line takes over; a second call brings it back (semantics.md 5.8).
 *
 * The end of a test travels in the objects (shut_until), so the edge restores everything by itself, with dcaasd or
 * without. dcaasd has a due row for the same time. */
#ifndef DC_SWITCHOVER_H
#define DC_SWITCHOVER_H

#include "reconcile/work.h"
#include "res/vif_row.h"
#include "store/due.h"

struct switchover_record {
	struct f_text id, tenant_id, resource_id, resource_type, operation, operate_status;
	struct f_int start_time, end_time;
};
extern const struct field_table switchover_record_table;
extern const struct resource switchover_resource;

/* Whether a test has the interface shut down. */
bool switchover_shuts(const struct virtual_interface *);
/* "shut down for a switchover test until T", in the arena. */
const char *switchover_words(const struct virtual_interface *, struct arena *);
/* DC_E_VIF_STATE while a test has it shut down: nothing but its deletion changes it. */
enum dc_code switchover_check_idle(const struct virtual_interface *, struct dc_error *err);

/* After the interface's peers were settled: the record of what is going on follows them. */
enum dc_code switchover_settle(
    struct tx *, struct virtual_interface *, const struct vif_peer *, size_t n, struct dc_error *err);
/* The interface goes, and its records with it. */
enum dc_code switchover_forget(struct tx *, const char *vif_id, struct dc_error *err);

/* The kind of due rows that ends a test. */
#define SWITCHOVER_END "switchover_end"
enum dc_code switchover_end(struct tx *, const struct due *, void *user, struct dc_error *err);

#endif
