/* SPDX-License-Identifier: ISC */
/* global_dc_gateway.h - a gateway of a project that interfaces lead into and that peer links join to others. */
#ifndef DC_GLOBAL_DC_GATEWAY_H
#define DC_GLOBAL_DC_GATEWAY_H

#include "res/gateway.h"

struct global_dc_gateway {
	struct f_text id, tenant_id, name, description, address_family;
	struct f_int bgp_asn;
	struct f_bool admin_state_up;
	struct f_text status, reason, region_id, location_name;
	struct f_objects locales;
	struct f_text global_center_network_id, site_network_id, cloud_connection_id;
	struct f_int current_peer_link_count, available_peer_link_count; /* computed */
	struct f_text enterprise_project_id;
	struct f_objects tags;
	struct f_int internal_asn; /* the operator's view; of gateway */
	struct f_int created_time, updated_time;
	struct f_int deleted_time; /* set: it waits for its edges */
	struct f_text spelling;    /* of ids, as they were sent */
};
extern const struct field_table global_dc_gateway_table;
extern const struct resource global_dc_gateway_resource;

#endif
