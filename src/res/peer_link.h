/* SPDX-License-Identifier: ISC */
/* peer_link.h - an adjacency between a global DC gateway and an enterprise router or another global DC gateway. Within
 * one site: a veth pair between their VRFs on one edge, and eBGP over it in both families, with the gateways' internal
 * AS numbers. doc/decisions/links-are-not-transitive.md explains what such a link carries.
 *
 * The near end is that of the gateway in the path, "a" in names on the edge; the far end is "b". */
#ifndef DC_PEER_LINK_H
#define DC_PEER_LINK_H

#include "res/peer_link_row.h"

extern const struct resource peer_link_resource;

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

const struct life_move *peer_link_life(struct arena *);
bool peer_link_leaving(const void *row);
enum dc_code peer_link_render(struct tx *, struct work_view *, const void *row, struct dc_error *err);
enum dc_code peer_link_settle(struct tx *, struct work_view *, void *row, bool *gone, struct dc_error *err);

#endif
