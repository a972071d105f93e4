-- SPDX-License-Identifier: ISC
-- Each order finds its rows by an index, and each list of a project comes in the order of one: what both cost does not grow with
-- what is present. An index ends with the id, because rows that are alike otherwise come in the order of their ids.

DROP INDEX edge_object_owner;
CREATE INDEX edge_object_owner ON edge_object (owner_id, id);
DROP INDEX edge_object_revision;
CREATE INDEX edge_object_revision ON edge_object (edge_id, revision, id);
CREATE INDEX edge_object_edge ON edge_object (edge_id, id);
CREATE INDEX edge_number_owner ON edge_number (owner_id, id);

DROP INDEX vif_peer_gateway;
CREATE INDEX vif_peer_gateway ON vif_peer (gateway_id, id);
CREATE INDEX vif_peer_interface ON vif_peer (vif_id, id);
CREATE INDEX vif_peer_tenant ON vif_peer (tenant_id);

DROP INDEX link_subnet_gateway;
CREATE INDEX link_subnet_gateway ON link_subnet (gateway_id, family, first, id);
DROP INDEX remote_subnet_first;
CREATE INDEX remote_subnet_first ON remote_subnet (gateway_id, family, first, id);
CREATE INDEX gateway_number ON gateway (internal_asn, id);

DROP INDEX attachment_vpc;
CREATE INDEX attachment_vpc ON attachment (tenant_id, vpc_id, id);
CREATE INDEX attachment_place ON attachment (vpc_id, id);
DROP INDEX attachment_router;
CREATE INDEX attachment_router ON attachment (enterprise_router_id, id);

DROP INDEX access_key_user;
CREATE INDEX access_key_user ON access_key (user_id, id);
DROP INDEX event_repeat;
CREATE INDEX event_repeat ON event (resource_id, action, create_time, id);

CREATE INDEX direct_connect_port_any ON direct_connect (port_id);
CREATE INDEX virtual_gateway_tenant ON virtual_gateway (tenant_id, id);
DROP INDEX virtual_interface_connection;
CREATE INDEX virtual_interface_connection ON virtual_interface (direct_connect_id, id);
DROP INDEX virtual_interface_gateway;
CREATE INDEX virtual_interface_gateway ON virtual_interface (vgw_id, id);
DROP INDEX virtual_interface_global;
CREATE INDEX virtual_interface_global ON virtual_interface (gateway_id, id);
DROP INDEX virtual_interface_port;
CREATE INDEX virtual_interface_port ON virtual_interface (port_id, id);

CREATE INDEX peer_link_edge ON peer_link (edge_id, id);
CREATE INDEX peer_link_tenant ON peer_link (tenant_id, id);
DROP INDEX peer_link_far;
CREATE INDEX peer_link_far ON peer_link (peer_gateway_id, id);

-- What a project's lists can be sorted by.

CREATE INDEX virtual_interface_by_name ON virtual_interface (tenant_id, name, id);
CREATE INDEX virtual_interface_by_vlan ON virtual_interface (tenant_id, vlan, id);
CREATE INDEX virtual_interface_by_bandwidth ON virtual_interface (tenant_id, bandwidth, id);
CREATE INDEX virtual_interface_by_status ON virtual_interface (tenant_id, status, id);
CREATE INDEX virtual_interface_by_creation ON virtual_interface (tenant_id, create_time, id);
CREATE INDEX virtual_interface_by_change ON virtual_interface (tenant_id, update_time, id);
CREATE INDEX direct_connect_by_name ON direct_connect (tenant_id, name, id);
CREATE INDEX direct_connect_by_bandwidth ON direct_connect (tenant_id, bandwidth, id);
CREATE INDEX direct_connect_by_status ON direct_connect (tenant_id, status, id);
CREATE INDEX direct_connect_by_application ON direct_connect (tenant_id, apply_time, id);
CREATE INDEX direct_connect_by_creation ON direct_connect (tenant_id, create_time, id);
CREATE INDEX virtual_gateway_by_name ON virtual_gateway (tenant_id, name, id);
CREATE INDEX virtual_gateway_by_status ON virtual_gateway (tenant_id, status, id);
CREATE INDEX global_dc_gateway_by_name ON global_dc_gateway (tenant_id, name, id);
CREATE INDEX global_dc_gateway_by_status ON global_dc_gateway (tenant_id, status, id);
CREATE INDEX global_dc_gateway_by_creation ON global_dc_gateway (tenant_id, created_time, id);
CREATE INDEX global_dc_gateway_by_change ON global_dc_gateway (tenant_id, updated_time, id);
CREATE INDEX peer_link_by_name ON peer_link (global_dc_gateway_id, name, id);
CREATE INDEX peer_link_by_status ON peer_link (global_dc_gateway_id, status, id);
CREATE INDEX peer_link_by_creation ON peer_link (global_dc_gateway_id, created_time, id);
CREATE INDEX peer_link_by_change ON peer_link (global_dc_gateway_id, updated_time, id);
CREATE INDEX location_by_name ON location (name, id);
CREATE INDEX location_by_creation ON location (created_time, id);
CREATE INDEX location_by_change ON location (updated_time, id);

-- How many VRFs each routing instance has, so that the one to take is found without counting.

CREATE TABLE edge_instance (
	id TEXT PRIMARY KEY NOT NULL,
	edge_id TEXT NOT NULL REFERENCES edge (id) ON DELETE CASCADE,
	instance BIGINT NOT NULL,
	used BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (edge_id, instance)
);
INSERT INTO edge_instance (id, edge_id, instance, used)
	SELECT edge_id || '/' || instance, edge_id, instance, count(*) FROM edge_number
	WHERE space = 'vrf' AND instance > 0 GROUP BY edge_id, instance;
CREATE INDEX edge_instance_used ON edge_instance (edge_id, used, id);
CREATE INDEX edge_instance_number ON edge_instance (edge_id, instance, id);
