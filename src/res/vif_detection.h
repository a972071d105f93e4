/* SPDX-License-Identifier: ISC */
/* vif_detection.h - whether the far routers of an interface answer, by BFD or NQA (semantics.md 5.7): rules and
 * parameters, and the objects that the peers ask their edges for. */
#ifndef DC_VIF_DETECTION_H
#define DC_VIF_DETECTION_H

#include "reconcile/work.h"
#include "res/vif_row.h"

extern const struct field_table vif_extend_attribute_table;

/* BFD and NQA exclude each other, and one is switched off before the other is switched on. old: NULL of a new one. */
enum dc_code vif_detection_check(
    const struct virtual_interface *old, const struct virtual_interface *, struct dc_error *err);
/* The peers show what is on; parameters of what is on no more are forgotten. */
enum dc_code vif_detection_switch(
    struct tx *, const struct virtual_interface *old, struct virtual_interface *, struct dc_error *err);
/* run() of UpdateExtendAttribute. */
enum dc_code vif_detection_update(struct tx *, struct call *, struct dc_error *err);

/* Puts the object that watches the peer, when one is on. bgp: key of its session; NULL: its routes are static. */
void vif_detection_put(struct tx *, struct work_view *, const struct virtual_interface *, const struct vif_peer *,
    const char *local, const char *remote, const char *bgp);
/* Whether an object is one of those: a peer works without. */
bool vif_detection_is(const struct edge_object *);
/* What keeps an edge from watching, in words; NULL: nothing that is known. */
const char *vif_detection_fault(const struct edge_object *, size_t n, struct arena *);

#endif
