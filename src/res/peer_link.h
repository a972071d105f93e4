/* SPDX-License-Identifier: ISC */
/* peer_link.h - an adjacency between a global DC gateway and an enterprise router or another global DC gateway. Within
 * one site: a veth pair between their VRFs on one edge, and eBGP over it in both families, with the gateways' internal
 * AS numbers. doc/decisions/links-are-not-transitive.md explains what such a link carries.
 *
 * The near end is that of the gateway in the path, "a" in names on the edge; the far end is "b". */
#ifndef DC_PEER_LINK_H
#define DC_PEER_LINK_H

#include "res/link_end.h"
#include "res/res.h"

struct peer_link {
	struct f_text id, tenant_id, name, description, status, reason, global_dc_gateway_id;
	struct f_objects bandwidth_info, peer_site; /* computed, but for the peer_site of a request */
	struct f_text instance_id, create_owner;
	struct f_int created_time, updated_time;
	/* ours */
	struct f_text peer_gateway_id, peer_project_id, peer_region_id, peer_type, peer_link_id;
	struct f_text low, high;   /* both gateways, in the order of their ids */
	struct f_text edge_id;     /* of the near end */
	struct f_int number;       /* of its subnets in their blocks */
	struct f_int deleted_time; /* set: it waits for its edge */
	/* computed, for the operator */
	struct f_text near_v4, near_v6, far_v4, far_v6; /* ids of the ends' sessions */
	/* of a create: the ends, until they are inserted */
	struct link_end *ends;
};
extern const struct field_table peer_link_table;
extern const struct resource peer_link_resource;

/* What an order changes behind an enterprise router, a link or an attachment, concerns the router's links and the
 * gateways at their other ends: puts their locks on the list. Nothing for other gateways. */
enum dc_code peer_link_want_locks(struct tx *, const char *router, struct lock_set *, struct dc_error *err);

/* --- peer_link_number.c: its addresses --- */

/* Fills the addresses of both ends: the n-th pair of each block. */
void peer_link_number_ends(const struct res_settings *, int64_t number, struct link_end ends[2], struct arena *arena);
/* Gives the link a number that no link has and whose subnets no neighbour of its gateways has, and the ends their
 * addresses: one above the highest in use, from the start of the blocks when that is past their end. DC_E_QUOTA when
 * there is none. Under the locks of both gateways and of the pool. */
enum dc_code peer_link_take_number(
    struct tx *, struct peer_link *, struct link_end ends[2], const struct res_settings *, struct dc_error *err);
/* Takes the ends' subnets for their sessions; link_subnet_release() gives each back. */
enum dc_code peer_link_take_subnets(struct tx *, const struct link_end ends[2], struct dc_error *err);

/* --- peer_link_edge.c: the link on its edge --- */

bool peer_link_leaving(const void *row);
enum dc_code peer_link_render(struct tx *, struct work_view *, const void *row, struct dc_error *err);
enum dc_code peer_link_settle(struct tx *, struct work_view *, void *row, bool *gone, struct dc_error *err);

#endif
