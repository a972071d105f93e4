/* SPDX-License-Identifier: ISC */
/* enterprise_router.h - a project's router of the cloud behind: the operator describes it, attaches its networks to
 * edges, and global DC gateways link to it. */
#ifndef DC_ENTERPRISE_ROUTER_H
#define DC_ENTERPRISE_ROUTER_H

#include "res/gateway.h"

struct enterprise_router {
	struct f_text id, tenant_id, name, description, status, reason;
	struct f_int internal_asn; /* of gateway */
	struct f_int created_time, updated_time;
	struct f_int deleted_time; /* set: it waits for its edges */
};
extern const struct field_table enterprise_router_table;
extern const struct resource enterprise_router_resource;

#endif
