/* SPDX-License-Identifier: ISC */
/* vif_crossing.h - interfaces into another project's gateway (semantics.md 5.5). The order waits in AUTHORIZATION until
 * the other project accepts or rejects it; before that it refers to nothing of that project, takes nothing in its
 * gateway, and has no object on any edge. */
#ifndef DC_VIF_CROSSING_H
#define DC_VIF_CROSSING_H

#include "res/gateway.h"
#include "res/vif_peer.h"
#include "res/vif_row.h"

/* Whether the order is for another project's gateway. */
bool vif_is_crossing(const struct virtual_interface *);
/* Whether it waits for the other project's word, or was rejected. */
bool vif_is_apart(const struct virtual_interface *);
/* Whether the caller is the other project. */
bool vif_is_received(const struct call *, const struct virtual_interface *);

/* What such an order may not have. */
enum dc_code vif_crossing_check(const struct virtual_interface *, struct dc_error *err);
/* The checked order waits: it names the gateway and refers to none. */
void vif_crossing_ask(struct virtual_interface *);
/* What a reader sees of an order that waits: the gateway that it names. The other project reads no password. */
void vif_crossing_show(const struct call *, struct virtual_interface *, struct vif_peer *, size_t peers);
/* resource.update of an interface that is apart, of the other project's calls, and of each one with a status. names: of
 * the members of the peer with this family, IPv4 first. */
enum dc_code vif_crossing_update(struct tx *, struct call *, const struct virtual_interface *old,
    const struct virtual_interface *patch, struct virtual_interface *, const struct peer_names *names[2],
    struct dc_error *err);

#endif
