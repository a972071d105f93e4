/* SPDX-License-Identifier: ISC */
/* direct_connect.h - connections: a customer's port, or one VLAN of a partner's. */
#ifndef DC_DIRECT_CONNECT_H
#define DC_DIRECT_CONNECT_H

#include "res/res.h"

struct direct_connect {
	struct f_text id, tenant_id, name, description, port_type;
	struct f_int bandwidth; /* Mbit/s */
	struct f_text location, peer_location, device_id, type, hosting_id;
	struct f_int vlan;
	struct f_text charge_mode;
	struct f_int apply_time, create_time;
	struct f_text provider_status;
	struct f_bool admin_state_up;
	struct f_text provider, order_id, product_id, spec_code;
	struct f_int period_type, period_num;
	struct f_text vgw_type, lag_id, signed_agreement_status;
	struct f_int signed_agreement_time;
	struct f_text enterprise_project_id, status;
	struct f_objects tags, locales;
	struct f_list support_feature;
	struct f_text ies_id, reason, email, onestop_product_id, building_line_product_id, last_onestop_product_id,
	    last_building_line_product_id;
	struct f_int modified_bandwidth, change_mode;
	struct f_text onestopdc_status, public_border_group;
	struct f_int auto_renew, ratio_95peak;
	struct f_text peer_port_type, peer_provider;
	/* the operator's */
	struct f_text port_id; /* null: not cabled yet */
};
extern const struct field_table direct_connect_table;
extern const struct resource direct_connect_resource;

/* What of a connection an interface has to look at. */
bool direct_connect_is_hosted(const struct direct_connect *);

#endif
