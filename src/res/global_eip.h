/* SPDX-License-Identifier: ISC */
/* global_eip.h - global EIPs: the addresses that the operator has entered for projects (global_eip.c), and their
 * bindings to connect gateways (global_eip_binding.c). */
#ifndef DC_GLOBAL_EIP_H
#define DC_GLOBAL_EIP_H

#include "reconcile/work.h"
#include "res/res.h"

/* An address, or a segment of them, of the operator's inventory. */
struct global_eip {
	struct f_text id, tenant_id, name, description, type, cidr, address_family;
	struct f_text first, last; /* addresses as hex, as link_subnet has them */
	struct f_int created_time, updated_time;
};
extern const struct field_table global_eip_table;
extern const struct resource global_eip_resource;

struct global_eip_binding {
	struct f_text id, tenant_id, connect_gateway_id, global_eip_id, global_eip_segment_id, type, status,
	    error_message, cidr, address_family, ie_vtep_ip, gcb_id;
	struct f_int created_time;
	struct f_text eip_id; /* row of global_eip; null while the operator has not entered it */
};
extern const struct field_table global_eip_binding_table;
extern const struct resource global_eip_binding_resource;

/* Takes the address of a binding's EIP into the row: cidr, address_family and eip_id. */
void global_eip_fill(struct global_eip_binding *, const struct global_eip *);
/* Whether the binding is on its way out. */
bool global_eip_binding_leaving(const void *row);

#endif
