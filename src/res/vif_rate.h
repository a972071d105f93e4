/* SPDX-License-Identifier: ISC */
/* vif_rate.h - an interface's bandwidth on its edge: an object beside the device. Nothing rests on it: a limit that is
 * not in force is a reason that the interface shows, and no peer goes down for it. */
#ifndef DC_VIF_RATE_H
#define DC_VIF_RATE_H

#include "reconcile/work.h"
#include "res/vif_row.h"

void vif_rate_put(struct tx *, struct work_view *, const struct virtual_interface *);
const char *vif_rate_key(struct arena *, const char *vif_id);
bool vif_rate_is(const struct edge_object *);
/* Why the interface's bandwidth is not enforced, of its objects; NULL: it is, or nothing is known yet. */
const char *vif_rate_fault(const struct edge_object *, size_t n, struct arena *);

/* Renders interfaces that were rendered under another limit_bandwidth, or by a release without rates: a kind of
 * store/due.h, whose row shows under which. */
struct due;
#define RATE_REVIEW "rate_review"
/* A job (store_run): has that begin when it is needed. At the start, and after a reload. */
enum dc_code vif_rate_look(struct tx *, void *arg, struct dc_error *err);
enum dc_code vif_rate_review(struct tx *, const struct due *, void *user, struct dc_error *err);

extern const struct resource vif_rate_resource; /* for tenants: vif_rate_show.c */

#endif
