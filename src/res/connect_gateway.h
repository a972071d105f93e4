/* SPDX-License-Identifier: ISC */
/* connect_gateway.h - a gateway between interfaces of service_type GEIP and the Internet: the global EIPs that are
 * bound to it lead to its interfaces (global_eip_binding.c), and attachments lead out. */
#ifndef DC_CONNECT_GATEWAY_H
#define DC_CONNECT_GATEWAY_H

#include "res/gateway.h"

struct connect_gateway {
	struct f_text id, tenant_id, name, description, address_family, status, reason;
	struct f_int bgp_asn;
	struct f_text gcb_id, gateway_site, access_site;
	struct f_int current_geip_count; /* computed */
	struct f_int created_time, updated_time;
	struct f_int deleted_time; /* set: it waits for its edges */
};
extern const struct field_table connect_gateway_table;
extern const struct resource connect_gateway_resource;

#endif
