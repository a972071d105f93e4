/* SPDX-License-Identifier: ISC */
/* vif_row.h - the rows of a virtual interface (one customer VLAN on one connection, into one gateway) and of its peers,
 * one per address family. What a first peer has too is the peer's: the interface only shows it. */
#ifndef DC_VIF_ROW_H
#define DC_VIF_ROW_H

#include "res/res.h"

/* How an interface's peers are watched: its row's extend_attribute. */
struct vif_extend_attribute {
	struct f_text ha_type, ha_mode;
	struct f_int detect_multiplier, min_rx_interval, min_tx_interval, remote_disclaim, local_disclaim,
	    ipv6_remote_disclaim, ipv6_local_disclaim;
};

struct virtual_interface {
	struct f_text id, tenant_id, name, description;
	struct f_bool admin_state_up;
	struct f_int bandwidth; /* Mbit/s */
	struct f_int create_time, update_time;
	struct f_text device_id, direct_connect_id, lag_id, service_type, status, type, vgw_id, gateway_id, lgw_id,
	    ies_id;
	struct f_int vlan, route_limit;
	struct f_bool enable_nqa, enable_bfd, rate_limit;
	/* Addresses in the store are for the family that has no peer yet; the others are its peers'. */
	struct f_text local_gateway_v4_ip, remote_gateway_v4_ip, local_gateway_v6_ip, remote_gateway_v6_ip;
	/* of the first peer */
	struct f_text address_family, route_mode;
	struct f_int bgp_asn;
	struct f_text bgp_md5;
	struct f_list remote_ep_group;

	struct f_list service_ep_group;
	struct f_int bgp_route_limit;
	struct f_text priority, reason, resource_tenant_id, enterprise_project_id;
	struct f_objects tags;
	struct f_objects vif_peers; /* embedded */
	struct f_objects extend_attribute;
	/* ours */
	struct f_text edge_id, port_id;
	struct f_text router_id;        /* enterprise router that the virtual gateway shows; null: none */
	struct f_text vrf_gateway_id;   /* the gateway in whose VRF it is, of either kind */
	struct f_text asked_gateway_id; /* of another project, which has not accepted yet */
	struct f_text spelling;         /* of ids, as they were sent */
	/* A switchover test (switchover.h): until when it is shut down; the record of what is on its way. */
	struct f_int shut_until;
	struct f_text switchover_id;
};
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
	struct f_int status_time, receive_route_num;
	struct f_bool enable_nqa, enable_bfd;
	/* ours */
	struct f_text gateway_id; /* the gateway whose VRF it is in */
	struct f_text reason;     /* what keeps it from being ACTIVE; the interface shows it */
	struct f_text spelling;   /* of ids, as they were sent */
	/* computed, for tenants: of its session */
	struct f_text session_state, last_error;
	struct f_int since, accepted, rejected, advertised, observed_time;
};
extern const struct field_table vif_peer_table;

#endif
