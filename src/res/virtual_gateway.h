/* virtual_gateway.h - where routes meet: one VRF on each edge that has one of its interfaces, with the VPC attached. */
#ifndef DC_VIRTUAL_GATEWAY_H
#define DC_VIRTUAL_GATEWAY_H

#include "res/inventory.h"
#include "res/res.h"

struct virtual_gateway {
	struct f_text id, tenant_id, name, description, vpc_id, enterprise_router_id;
	struct f_list local_ep_group, local_ep_group_ipv6;
	struct f_int bgp_asn;
	struct f_text type;
	struct f_bool admin_state_up;
	struct f_text status, device_id, redundant_device_id, public_border_group, enterprise_project_id;
	struct f_objects tags;
};
extern const struct field_table virtual_gateway_table;
extern const struct resource virtual_gateway_resource;

/* Brings the gateway's objects on an edge in step: the VRF and the VPC's attachments while interfaces are there, nothing
 * when the last one is gone. */
enum dc_code gateway_render(struct tx *, const struct virtual_gateway *, const char *edge_id, const struct res_settings *,
    struct dc_error *err);
/* An interface left the edge: when it was the last one, the gateway's objects leave, too. */
enum dc_code gateway_leave(struct tx *, const struct virtual_gateway *, const char *edge_id, struct dc_error *err);
/* Key of its VRF object, in the arena. */
const char *gateway_key(struct arena *, const char *gateway_id);
/* Both local lists in one. */
enum dc_code gateway_local(const struct virtual_gateway *, struct arena *, struct cidr_list *ret, struct dc_error *err);

/* An attachment's objects in the VRF of gw, or none when gw is NULL. (attachment.c) */
enum dc_code attachment_render(struct tx *, const struct attachment *, const struct virtual_gateway *gw, struct dc_error *err);
/* The attachments of a gateway's VPC on an edge. (attachment.c) */
enum dc_code attachments_of(struct tx *, const struct virtual_gateway *, const char *edge_id, struct attachment **ret,
    size_t *n, struct dc_error *err);

#endif
