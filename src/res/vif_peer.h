/* SPDX-License-Identifier: ISC */
/* vif_peer.h - a virtual interface's peers, for the interface that they belong to. */
#ifndef DC_VIF_PEER_H
#define DC_VIF_PEER_H

#include "res/gateway.h"
#include "res/vif_row.h"

extern const struct resource vif_peer_resource;

/* Names of the members in errors: an interface's order has them too. */
struct peer_names {
	const char *local, *remote, *asn, *md5, *remote_ep_group;
};

/* Checks a peer against its gateway, and claims its subnets: addresses, AS number, password, remote blocks. Under the
 * gateway's lock. */
enum dc_code vif_peer_check(struct tx *, struct call *, const struct gateway *, struct vif_peer *,
    const struct peer_names *, struct dc_error *err);
/* The same of an order that another project has to accept: claims nothing, and reveals nothing of what is behind the
 * gateway. */
enum dc_code vif_peer_check_order(struct tx *, struct call *, const struct gateway *, struct vif_peer *,
    const struct peer_names *, struct dc_error *err);
/* Whether the edge has kernel memory for the peer's password, beside those of the others in its gateway: DC_E_QUOTA. */
enum dc_code vif_peer_check_key_room(
    struct tx *, const char *edge_id, const struct vif_peer *, const struct peer_names *, struct dc_error *err);
/* Fills what the server fills. */
void vif_peer_fill(struct tx *, const struct virtual_interface *, struct vif_peer *);
/* Whether the gateway's project may have so many remote blocks. */
enum dc_code vif_peer_check_number(struct tx *, struct call *, const struct gateway *, const struct f_list *,
    const char *member, struct dc_error *err);
/* Replaces the remote blocks: checks, claims, writes the row. */
enum dc_code vif_peer_set_remote(struct tx *, struct call *, const struct gateway *, struct vif_peer *,
    const struct f_list *, const struct peer_names *, struct dc_error *err);

/* Peers of an interface, oldest first, and of all interfaces of a gateway. */
enum dc_code vif_peers_of(struct tx *, const char *vif_id, struct vif_peer **ret, size_t *n, struct dc_error *err);
enum dc_code vif_peers_of_gateway(
    struct tx *, const char *gateway_id, struct vif_peer **ret, size_t *n, struct dc_error *err);
/* The peer that the interface's own members show: the oldest that is not being deleted; NULL when there is none. */
struct vif_peer *vif_first_peer(struct vif_peer *peer, size_t n);
/* Its remote blocks (static peers; else none) and its link subnet (0 or 1). */
enum dc_code vif_peer_prefixes(
    struct tx *, const struct vif_peer *, struct cidr_list *remote, struct cidr_list *link, struct dc_error *err);
enum ip_family vif_peer_family(const struct vif_peer *);
bool vif_peer_is_v6(const struct vif_peer *);
bool vif_peer_is_bgp(const struct vif_peer *); /* else its routes are static */

/* --- vif_peer_edge.c --- */

/* resource.leaving, .render and .settle. */
bool vif_peer_leaving(const void *row);
enum dc_code vif_peer_render(struct tx *, struct work_view *, const void *row, struct dc_error *err);
enum dc_code vif_peer_settle(struct tx *, struct work_view *, void *row, bool *gone, struct dc_error *err);
/* Where a route to the peer leaves its gateway; edge_id is NULL for a peer without addresses. For render hooks. */
enum dc_code vif_peer_next_hop(struct tx *, const struct vif_peer *, struct next_hop *ret, struct dc_error *err);
/* Keys on the edge: the interface's device. */
const char *vif_vlan_key(struct arena *, const char *vif_id);

#endif
