/* SPDX-License-Identifier: ISC */
/* gdgw_route.h - the routes of a global DC gateway's table (semantics.md 5.12): a destination, and the peer of an
 * interface or the linked gateway that gets its traffic. One call adds, removes or describes many. */
#ifndef DC_GDGW_ROUTE_H
#define DC_GDGW_ROUTE_H

#include "reconcile/work.h"
#include "res/res.h"

struct gdgw_route {
	struct f_text id, tenant_id, gateway_id, destination, nexthop, type, obtain_mode, status, address_family,
	    description, reason;
	struct f_int created_time, updated_time;
	/* ours */
	struct f_text prefix;                   /* of the destination, host bits cleared */
	struct f_text peer_id, vif_id, link_id; /* what it leads over; null once it was deleted */
	struct f_int deleted_time;              /* set: it waits for its edge */
};
extern const struct field_table gdgw_route_table;
extern const struct resource gdgw_route_resource;

/* The routes over a link end with the link. Those of the caller's project are refused before (resource.blockers), so
 * they are another project's. Under the locks of both gateways. */
enum dc_code gdgw_routes_end(struct tx *, struct call *, const char *link_id, struct dc_error *err);

/* --- gdgw_route_edge.c --- */

/* resource.leaving, .render and .settle. */
const struct life_move *gdgw_route_life(struct arena *);
bool gdgw_route_leaving(const void *row);
enum dc_code gdgw_route_render(struct tx *, struct work_view *, const void *row, struct dc_error *err);
enum dc_code gdgw_route_settle(struct tx *, struct work_view *, void *row, bool *gone, struct dc_error *err);

#endif
