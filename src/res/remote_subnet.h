/* remote_subnet.h - the static routes that peers have in their gateway's VRF: each network has one next hop, so it is
 * behind one peer at most. Under the gateway's lock. */
#ifndef DC_REMOTE_SUBNET_H
#define DC_REMOTE_SUBNET_H

#include "res/res.h"

extern const struct field_table remote_subnet_table;

/* Takes all networks of the list for the peer. DC_E_CIDR_TWICE, naming member, when one is another peer's. */
enum dc_code remote_subnets_take(struct tx *, const char *peer_id, const char *gateway_id, const struct cidr_list *,
    const char *member, struct dc_error *err);
enum dc_code remote_subnets_release(struct tx *, const char *peer_id, struct dc_error *err);

#endif
