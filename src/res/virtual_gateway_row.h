/* SPDX-License-Identifier: ISC */
/* virtual_gateway_row.h - the row of a virtual gateway. */
#ifndef DC_VIRTUAL_GATEWAY_ROW_H
#define DC_VIRTUAL_GATEWAY_ROW_H

#include "res/res.h"

struct virtual_gateway {
	struct f_text id, tenant_id, name, description, vpc_id, enterprise_router_id;
	struct f_list local_ep_group, local_ep_group_ipv6;
	struct f_int bgp_asn;
	struct f_text type;
	struct f_bool admin_state_up;
	struct f_text status, device_id, redundant_device_id, public_border_group, enterprise_project_id;
	struct f_objects tags;
	struct f_text spelling; /* of ids, as they were sent */
};
extern const struct field_table virtual_gateway_table;

#endif
