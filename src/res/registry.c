/* SPDX-License-Identifier: ISC */
#include "res/registry.h"

#include "api/client_token.h"
#include "api/crud.h"
#include "auth/tables.h"
#include "auth/token.h"
#include "reconcile/objects.h"
#include "res/attachment.h"
#include "res/connect_gateway.h"
#include "res/direct_connect.h"
#include "res/enterprise_router.h"
#include "res/gdgw_route.h"
#include "res/global_dc_gateway.h"
#include "res/global_eip.h"
#include "res/hosted_connect.h"
#include "res/identity.h"
#include "res/inventory.h"
#include "res/link_end.h"
#include "res/link_subnet.h"
#include "res/observed.h"
#include "res/own_key.h"
#include "res/peer_link.h"
#include "res/project_pair.h"
#include "res/project_view.h"
#include "res/quota.h"
#include "res/remote_subnet.h"
#include "res/switchover.h"
#include "res/tag.h"
#include "res/vif_diagnosis.h"
#include "res/vif_peer.h"
#include "res/vif_peer_detection.h"
#include "res/vif_peer_route.h"
#include "res/vif_rate.h"
#include "res/virtual_gateway.h"
#include "res/virtual_interface.h"

const struct resource *const registry[] = {
    &direct_connect_resource,
    &hosted_connect_resource,
    &virtual_gateway_resource,
    &virtual_interface_resource,
    &vif_peer_resource,
    &switchover_resource,
    &peer_detection_resource,
    &global_dc_gateway_resource,
    &peer_link_resource,
    &gdgw_route_resource,
    &connect_gateway_resource,
    &global_eip_binding_resource,
    &global_eip_resource,
    &enterprise_router_resource,
    &location_resource,
    &edge_resource,
    &port_resource,
    &attachment_resource,
    &domain_resource,
    &project_resource,
    &project_quota_resource,
    &project_pair_resource,
    &user_resource,
    &key_resource,
    &own_key_resource,
    &project_attachment_resource,
    &project_connection_resource,
    &edge_object_resource,
    &edge_session_resource,
    &vif_session_resource,
    &vif_peer_route_resource,
    &vif_rate_resource,
    &vif_diagnosis_resource,
    &edge_apply_resource,
    &edge_report_resource,
    &event_resource,
    &project_event_resource,
    NULL,
};

const struct field_table *const registry_tables[] = {
    &direct_connect_table,
    &direct_connect_tag_table,
    &virtual_gateway_table,
    &virtual_gateway_tag_table,
    &virtual_interface_table,
    &virtual_interface_tag_table,
    &vif_peer_table,
    &switchover_record_table,
    &peer_detection_table,
    &gateway_table,
    &pool_table,
    &global_dc_gateway_table,
    &global_dc_gateway_tag_table,
    &peer_link_table,
    &link_end_table,
    &gdgw_route_table,
    &connect_gateway_table,
    &global_eip_table,
    &global_eip_binding_table,
    &enterprise_router_table,
    &link_subnet_table,
    &remote_subnet_table,
    &location_table,
    &edge_table,
    &port_table,
    &port_vlan_table,
    &attachment_table,
    &domain_table,
    &project_table,
    &project_quota_table,
    &project_pair_table,
    &user_table,
    &key_table,
    &token_table,
    &edge_object_table,
    &edge_revision_table,
    &edge_report_table,
    &edge_session_table,
    &edge_apply_table,
    &edge_number_table,
    &edge_instance_table,
    &event_table,
    &event_rate_table,
    &due_table,
    &client_token_table,
    NULL,
};

const struct due_kind registry_due[] = {
    {.name = TOKEN_EXPIRY, .run = token_expire},
    {.name = SHARE_IN_USE, .run = direct_connect_used},
    {.name = CLIENT_TOKEN_TRIM, .run = client_token_trim, .standing_ms = CLIENT_TOKEN_TRIM_MS},
    {.name = SWITCHOVER_END, .run = switchover_end},
    {.name = PEER_DETECTION_END, .run = peer_detection_end},
    {.name = RATE_REVIEW, .run = vif_rate_review},
    {.name = EVENT_TRIM, .run = event_trim, .standing_ms = EVENT_TRIM_MS},
    {.name = NULL},
};

/* Routes of no single resource. */
static const struct route *const shared_routes[] = {tag_routes, tag_search_routes};
#define SHARED (sizeof(shared_routes) / sizeof(shared_routes[0]))

const struct route *const *
registry_routes(const struct route *const *more, struct arena *arena)
{
	size_t n = 0, m = 0, count = 0;

	while (registry[n] != NULL)
		n++;
	while (more != NULL && more[m] != NULL)
		m++;
	const struct route **all = arena_array(arena, n + SHARED + m + 1, sizeof(*all));

	for (size_t i = 0; i < n; i++) {
		if (registry[i]->routes != NULL)
			all[count++] = registry[i]->routes;
	}
	for (size_t i = 0; i < SHARED; i++)
		all[count++] = shared_routes[i];
	for (size_t i = 0; i < m; i++)
		all[count++] = more[i];
	return all;
}
