/* SPDX-License-Identifier: ISC */
/* attachment_row.h - the row of an attachment, which gateways read to know what is behind them. */
#ifndef DC_ATTACHMENT_ROW_H
#define DC_ATTACHMENT_ROW_H

#include "res/res.h"

/* What is behind a gateway on an edge: a VPC, or a network of an enterprise router. */
struct attachment {
	struct f_text id, tenant_id, vpc_id, enterprise_router_id, connect_gateway_id, name, port_id;
	struct f_int vlan;                /* 0: the whole port */
	struct f_text local_ip, next_hop; /* IPv4: our address with mask; null next hop: prefixes are on-link */
	struct f_text local_ipv6, next_hop_ipv6;
	struct f_list prefixes; /* both families */
	struct f_int bgp_asn;   /* of the neighbour that global EIPs are announced to; null: no session */
	struct f_text bgp_md5, session_v4, session_v6;
	struct f_text edge_id; /* of the port */
	struct f_text status, reason;
	struct f_int created_time, updated_time;
	struct f_text spelling; /* of ids, as they were sent */
};
extern const struct field_table attachment_table;

#endif
