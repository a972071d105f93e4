/* SPDX-License-Identifier: ISC */
/* link_end.h - the ends of links: where a link, or later the join of a gateway's own VRFs, meets a gateway on an edge.
 * What an end is made of is kept for life: its device, its mark, its sessions and its addresses. */
#ifndef DC_LINK_END_H
#define DC_LINK_END_H

#include "res/res.h"

struct link_end {
	struct f_text id, link_id;
	struct f_text side; /* "a": the near end, of the gateway that the link belongs to; "b" */
	struct f_text region_id, edge_id, gateway_id;
	struct f_text device; /* "dcl12a" */
	struct f_text mark;   /* of the device */
	struct f_text session_v4, session_v6;
	struct f_text address_v4, address_v6; /* with mask */
	struct f_bool leaving;                /* the link is deleted, and waits for its edges */
};
extern const struct field_table link_end_table;

/* Both ends, the near one first. */
enum dc_code link_ends_of(struct tx *, const char *link_id, struct link_end end[2], struct dc_error *err);
/* Ends at a gateway of links that are not deleted. */
enum dc_code link_ends_count(struct tx *, const char *gateway_id, int64_t *ret, struct dc_error *err);
/* The gateways at the other ends of a gateway's links that are not deleted: ids, one for each link, in a fixed
 * order. */
enum dc_code link_ends_beyond(struct tx *, const char *gateway_id, const char ***ret, size_t *n, struct dc_error *err);
/* Key of its device on the edge. */
const char *link_end_key(struct arena *, const struct link_end *);
/* A session's id and our address there, by family: 0 is IPv4, 1 IPv6. */
const char *link_end_session(const struct link_end *, unsigned family);
bool link_end_address(const struct link_end *, unsigned family, struct ip_prefix *ret);

#endif
