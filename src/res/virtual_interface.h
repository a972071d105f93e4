/* virtual_interface.h - one customer VLAN on one connection, into one gateway; and its peers, one per address family.
 */
#ifndef DC_VIRTUAL_INTERFACE_H
#define DC_VIRTUAL_INTERFACE_H

#include "reconcile/objects.h"
#include "res/res.h"

struct virtual_interface {
	struct f_text id, tenant_id, name, description;
	struct f_bool admin_state_up;
	struct f_int bandwidth; /* Mbit/s */
	struct f_int create_time, update_time;
	struct f_text device_id, direct_connect_id, lag_id, service_type, status, type, vgw_id, gateway_id, lgw_id,
	    ies_id;
	struct f_int vlan, route_limit;
	struct f_bool enable_nqa, enable_bfd, rate_limit;
	struct f_text address_family; /* of the first peer */
	struct f_text local_gateway_v4_ip, remote_gateway_v4_ip, local_gateway_v6_ip, remote_gateway_v6_ip;
	struct f_text route_mode;
	struct f_int bgp_asn;
	struct f_text bgp_md5;
	struct f_list remote_ep_group, service_ep_group;
	struct f_int bgp_route_limit;
	struct f_text priority, reason, resource_tenant_id, enterprise_project_id;
	struct f_objects tags;
	struct f_objects vif_peers; /* embedded */
	struct f_objects extend_attribute;
	/* ours */
	struct f_text edge_id, port_id;
};
/* The gateway that it leads into, of either kind. */
const char *vif_gateway(const struct virtual_interface *);
extern const struct field_table virtual_interface_table;
extern const struct resource virtual_interface_resource;

struct vif_peer {
	struct f_text id, tenant_id, name, description, address_family, local_gateway_ip, remote_gateway_ip, route_mode;
	struct f_int bgp_asn;
	struct f_text bgp_md5;
	struct f_list remote_ep_group, service_ep_group;
	struct f_text device_id;
	struct f_int bgp_route_limit;
	struct f_text bgp_status, status, vif_id;
	struct f_int receive_route_num;
	struct f_bool enable_nqa, enable_bfd;
	struct f_text gateway_id; /* ours: the gateway whose VRF it is in */
};
extern const struct resource vif_peer_resource;
extern const struct field_table vif_peer_table;

/* --- vif_peer.c --- */

/* Checks a peer against its interface and gateway, and claims its subnets: addresses, AS number, password, remote
 * blocks. prefix names the members in errors ("vif_peer", "virtual_interface"). Under the gateway's lock. */
struct gateway;
struct peer_names; /* member names for errors */
enum dc_code vif_peer_check(struct tx *, struct call *, const struct gateway *, struct vif_peer *,
    const struct peer_names *, struct dc_error *err);
struct peer_names {
	const char *local, *remote, *asn, *md5, *remote_ep_group;
};
bool vif_peer_is_bgp(const struct vif_peer *); /* else its routes are static */
/* Fills what the server fills, and inserts the row. */
enum dc_code vif_peer_insert(struct tx *, const struct virtual_interface *, struct vif_peer *, struct dc_error *err);
/* Replaces the remote blocks: checks, claims. The caller writes the row. */
enum dc_code vif_peer_set_remote(struct tx *, struct call *, const struct gateway *, struct vif_peer *,
    const struct f_list *, const struct peer_names *, struct dc_error *err);
/* Deletes the row and its claims. */
enum dc_code vif_peer_destroy(struct tx *, const struct vif_peer *, struct dc_error *err);
/* Peers of an interface, oldest first, and of all interfaces of a gateway. */
enum dc_code vif_peers_of(struct tx *, const char *vif_id, struct vif_peer **ret, size_t *n, struct dc_error *err);
/* The peer that the interface's own members show: the oldest that is not being deleted; NULL when there is none. */
enum dc_code vif_first_peer(struct tx *, const char *vif_id, struct vif_peer **ret, struct dc_error *err);
enum dc_code vif_peers_of_gateway(
    struct tx *, const char *gateway_id, struct vif_peer **ret, size_t *n, struct dc_error *err);
/* Its remote blocks (static peers; else none) and its link subnet (0 or 1). */
enum dc_code vif_peer_prefixes(
    struct tx *, const struct vif_peer *, struct cidr_list *remote, struct cidr_list *link, struct dc_error *err);

/* --- vif_edge.c: the interface on its edge --- */

/* Brings the interface's objects in step with its row and its peers' rows, and moves their states when that changed
 * anything. */
enum dc_code vif_render(struct tx *, struct virtual_interface *, struct dc_error *err);
/* resource.observe of virtual_interface: derives states and reason from what the edge said. */
enum dc_code vif_observe(struct tx *, const char *id, struct dc_error *err);

#endif
