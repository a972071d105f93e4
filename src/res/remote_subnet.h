/* SPDX-License-Identifier: ISC */
/* remote_subnet.h - the static routes in a gateway's VRF, of its peers and of its own table: each network has one next
 * hop, so it is behind one of them at most. Under the gateway's lock. */
#ifndef DC_REMOTE_SUBNET_H
#define DC_REMOTE_SUBNET_H

#include "res/res.h"

extern const struct field_table remote_subnet_table;

/* Takes all networks of the list for the owner, a peer or a route of the gateway's table. DC_E_CIDR_TWICE, naming
 * member, when one is another owner's; DC_E_ADDRESS when one meets a link (link_subnet_meets()) other than the
 * adjacency `link`, over which they are reached. */
enum dc_code remote_subnets_take(struct tx *, const char *owner_id, const char *link, const char *gateway_id,
    const struct cidr_list *, const char *member, struct dc_error *err);
enum dc_code remote_subnets_release(struct tx *, const char *owner_id, struct dc_error *err);
/* For a link that is to be made: a block that is the link's subnet or lies in it, and one that is that or is wider (but
 * not all addresses); *ret is NULL when there is none. */
enum dc_code remote_subnet_within(
    struct tx *, const char *gateway_id, const struct ip_prefix *link, const char **ret, struct dc_error *err);
enum dc_code remote_subnet_meets(
    struct tx *, const char *gateway_id, const struct ip_prefix *link, const char **ret, struct dc_error *err);

#endif
