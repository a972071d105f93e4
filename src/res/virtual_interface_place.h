/* SPDX-License-Identifier: ISC */
/* virtual_interface_place.h - what an interface stands on, for virtual_interface.c: each rule by itself, because an
 * order is judged in the order of the contract (semantics.md section 3). */
#ifndef DC_VIRTUAL_INTERFACE_PLACE_H
#define DC_VIRTUAL_INTERFACE_PLACE_H

#include "res/direct_connect.h"
#include "res/gateway.h"
#include "res/vif_row.h"
#include "store/row_lock.h"

/* resource.chain: what owns the sets that a new interface joins, its connection, the connection's port, and both
 * gateways that it may name. Later only its gateway. */
enum dc_code vif_chain(struct tx *, struct call *, void *row, struct lock_set *, struct dc_error *err);

/* The project's connection and gateway that the order names. */
enum dc_code vif_find_connection(
    struct tx *, const struct virtual_interface *, struct direct_connect **ret, struct dc_error *err);
enum dc_code vif_find_gateway(struct tx *, const struct virtual_interface *, struct gateway *ret, struct dc_error *err);

/* The gateway in whose VRF an interface is, as the interface sees it. */
enum dc_code vif_gateway(struct tx *, const struct virtual_interface *, struct gateway *ret, struct dc_error *err);
/* Whether that is an enterprise router, seen through the interface's virtual gateway. */
bool vif_is_at_router(const struct virtual_interface *);

/* Not more than the connection has. */
enum dc_code vif_check_bandwidth(const struct virtual_interface *, const struct direct_connect *, struct dc_error *err);
/* A hosting connection carries none, and a hosted one a single one, on its VLAN. */
enum dc_code vif_check_hosted(
    struct tx *, const struct virtual_interface *, const struct direct_connect *, struct dc_error *err);
/* A virtual gateway serves two connections at most, a global gateway one edge. */
enum dc_code vif_check_two_connections(struct tx *, const struct virtual_interface *, struct dc_error *err);
enum dc_code vif_check_one_edge(struct tx *, const struct virtual_interface *, struct dc_error *err);
/* Whether connection and gateway are in a state that takes an interface. */
enum dc_code vif_check_states(
    const struct virtual_interface *, const struct direct_connect *, const struct gateway *, struct dc_error *err);

#endif
