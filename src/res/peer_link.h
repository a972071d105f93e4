/* peer_link.h - an adjacency between a global DC gateway and an enterprise router or another global DC gateway. Within
 * one site: a veth pair between their VRFs on one edge, and eBGP over it in both families, with the gateways' internal
 * AS numbers. doc/decisions/links-are-not-transitive.md says what such a link carries.
 *
 * The near end is that of the gateway in the path, "a" in names on the edge; the far end is "b". */
#ifndef DC_PEER_LINK_H
#define DC_PEER_LINK_H

#include "res/res.h"

struct peer_link {
	struct f_text id, tenant_id, name, description, status, reason, global_dc_gateway_id;
	struct f_objects bandwidth_info, peer_site; /* computed, but for the peer_site of a request */
	struct f_text instance_id, create_owner;
	struct f_int created_time, updated_time;
	/* ours */
	struct f_text peer_gateway_id, peer_project_id, peer_region_id, peer_type, peer_link_id;
	struct f_text low, high; /* both gateways, in the order of their ids */
	struct f_text edge_id;
	struct f_int number;                            /* of its subnets in their blocks */
	struct f_text near_mark, far_mark;              /* of the ends' devices */
	struct f_text near_v4, near_v6, far_v4, far_v6; /* ids of the ends' sessions */
	struct f_int deleted_time;                      /* set: it waits for its edge */
};
extern const struct field_table peer_link_table;
extern const struct resource peer_link_resource;

/* One end of a link. */
struct link_end {
	const char *name; /* "a" or "b" */
	const char *gateway_id, *mark;
	const char *session[2]; /* IPv4, IPv6 */
	struct ip_prefix address[2];
};
/* Ends of links that a gateway has: shown ones anywhere, and all on one edge, with those that wait for it. */
enum dc_code peer_links_of(struct tx *, const char *gateway_id, int64_t *ret, struct dc_error *err);
enum dc_code peer_links_on(
    struct tx *, const char *gateway_id, const char *edge_id, int64_t *ret, struct dc_error *err);

/* --- peer_link_number.c: its addresses --- */

/* end[0] is the near one. The addresses follow from the number and the blocks. */
void peer_link_ends(const struct peer_link *, const struct res_settings *, struct link_end end[2]);
/* Gives the link a number that no link has and whose subnets no neighbour of its gateways has: one above the highest in
 * use, from the start of the blocks when that is past their end. DC_E_QUOTA when there is none. Under both gateways'
 * locks. */
enum dc_code peer_link_take_number(struct tx *, struct peer_link *, const struct res_settings *, struct dc_error *err);
/* Takes the number's subnets for the link's sessions; link_subnet_release() gives each back. */
enum dc_code peer_link_take_subnets(
    struct tx *, const struct peer_link *, const struct res_settings *, struct dc_error *err);

/* --- peer_link_edge.c: the link on its edge --- */

/* Puts its objects. */
enum dc_code peer_link_render(struct tx *, const struct peer_link *, const struct res_settings *, struct dc_error *err);
/* A deleted link's objects leave. */
enum dc_code peer_link_withdraw(struct tx *, const struct peer_link *, struct dc_error *err);
/* resource.observe: derives state and reason from what the edge said. */
enum dc_code peer_link_observe(struct tx *, const char *id, struct dc_error *err);
/* The same for all links of a gateway whose VRF changed. */
enum dc_code peer_links_observe(struct tx *, const char *gateway_id, struct dc_error *err);

#endif
