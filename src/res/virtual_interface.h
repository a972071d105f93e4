/* SPDX-License-Identifier: ISC */
/* virtual_interface.h - one customer VLAN on one connection, into one gateway (rows: vif_row.h). */
#ifndef DC_VIRTUAL_INTERFACE_H
#define DC_VIRTUAL_INTERFACE_H

#include "reconcile/work.h"
#include "res/vif_row.h"

/* resource.leaving, .render and .settle (virtual_interface_edge.c). */
bool vif_leaving(const void *row);
enum dc_code vif_render(struct tx *, struct work_view *, const void *row, struct dc_error *err);
enum dc_code vif_settle(struct tx *, struct work_view *, void *row, bool *gone, struct dc_error *err);

#endif
