/* SPDX-License-Identifier: ISC */
/* peer_link_row.h - the row of a peer link. */
#ifndef DC_PEER_LINK_ROW_H
#define DC_PEER_LINK_ROW_H

#include "res/link_end.h"
#include "res/res.h"

struct peer_site {
	struct f_text gateway_id, link_id, project_id, region_id, site_code, type;
};

struct peer_link {
	struct f_text id, tenant_id, name, description, status, reason, global_dc_gateway_id;
	struct f_objects bandwidth_info, peer_site; /* computed, but for the peer_site of a request */
	struct f_text instance_id, create_owner;
	struct f_int created_time, updated_time;
	/* ours */
	struct f_text peer_gateway_id, peer_project_id, peer_region_id, peer_type, peer_link_id;
	struct f_text receiver_id; /* of another project that has the far gateway, and sees the link, too; null: none */
	struct f_text low, high;   /* both gateways, in the order of their ids */
	struct f_text edge_id;     /* of the near end */
	struct f_int number;       /* of its subnets in their blocks */
	struct f_int deleted_time; /* set: it waits for its edge */
	/* computed, for the operator */
	struct f_text near_v4, near_v6, far_v4, far_v6; /* ids of the ends' sessions */
	/* of a create: the ends, until they are inserted */
	struct link_end *ends;
};
extern const struct field_table peer_link_table;

#endif
