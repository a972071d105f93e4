-- SPDX-License-Identifier: ISC
-- Orders and the edges that carry them out. Invariants that two requests at once could break are UNIQUE here; those that
-- SQL cannot say are kept by locking the row that owns the set (column guard).

-- What the operator describes.

CREATE TABLE location (
	id TEXT PRIMARY KEY NOT NULL,
	name TEXT NOT NULL,
	description TEXT,
	region_id TEXT,
	site_code TEXT,
	locales TEXT,
	address TEXT,
	available_port_speeds TEXT,
	provider_list TEXT,
	latitude TEXT,
	longitude TEXT,
	public_border_group TEXT,
	city TEXT,
	location_type TEXT,
	support_region_type TEXT,
	created_time BIGINT,
	updated_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE edge (
	id TEXT PRIMARY KEY NOT NULL,
	name TEXT NOT NULL,
	description TEXT,
	location_id TEXT,
	device_id TEXT,
	report_interval BIGINT NOT NULL,
	token_hash TEXT NOT NULL,
	created_time BIGINT,
	updated_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX edge_token ON edge (token_hash);

CREATE TABLE port (
	id TEXT PRIMARY KEY NOT NULL,
	edge_id TEXT NOT NULL REFERENCES edge (id),
	name TEXT,
	device TEXT NOT NULL,
	created_time BIGINT,
	updated_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (edge_id, device)
);

CREATE TABLE port_vlan (
	id TEXT PRIMARY KEY NOT NULL,
	port_id TEXT NOT NULL REFERENCES port (id),
	vlan BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (port_id, vlan)
);

CREATE TABLE attachment (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	vpc_id TEXT NOT NULL,
	name TEXT,
	port_id TEXT NOT NULL REFERENCES port (id),
	vlan BIGINT NOT NULL,
	local_ip TEXT,
	next_hop TEXT,
	local_ipv6 TEXT,
	next_hop_ipv6 TEXT,
	prefixes TEXT NOT NULL,
	edge_id TEXT NOT NULL,
	status TEXT,
	created_time BIGINT,
	updated_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX attachment_vpc ON attachment (tenant_id, vpc_id);
CREATE INDEX attachment_edge ON attachment (edge_id);
CREATE INDEX attachment_port ON attachment (port_id);

-- What tenants order.

CREATE TABLE direct_connect (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	name TEXT NOT NULL,
	description TEXT,
	port_type TEXT,
	bandwidth BIGINT,
	location TEXT,
	peer_location TEXT,
	device_id TEXT,
	type TEXT,
	hosting_id TEXT,
	vlan BIGINT,
	charge_mode TEXT,
	apply_time BIGINT,
	create_time BIGINT,
	provider_status TEXT,
	admin_state_up INTEGER,
	provider TEXT,
	order_id TEXT,
	product_id TEXT,
	spec_code TEXT,
	period_type BIGINT,
	period_num BIGINT,
	vgw_type TEXT,
	lag_id TEXT,
	signed_agreement_status TEXT,
	signed_agreement_time BIGINT,
	enterprise_project_id TEXT,
	status TEXT NOT NULL,
	tags TEXT,
	locales TEXT,
	support_feature TEXT,
	ies_id TEXT,
	reason TEXT,
	email TEXT,
	onestop_product_id TEXT,
	building_line_product_id TEXT,
	last_onestop_product_id TEXT,
	last_building_line_product_id TEXT,
	modified_bandwidth BIGINT,
	change_mode BIGINT,
	onestopdc_status TEXT,
	public_border_group TEXT,
	auto_renew BIGINT,
	ratio_95peak BIGINT,
	peer_port_type TEXT,
	peer_provider TEXT,
	port_id TEXT,
	guard INTEGER NOT NULL DEFAULT 0
);
-- A port carries one connection of its own; what it hosts are VLANs of it.
CREATE UNIQUE INDEX direct_connect_port ON direct_connect (port_id) WHERE hosting_id IS NULL;
CREATE UNIQUE INDEX direct_connect_hosted ON direct_connect (hosting_id, vlan) WHERE hosting_id IS NOT NULL;
CREATE INDEX direct_connect_tenant ON direct_connect (tenant_id, id);

CREATE TABLE virtual_gateway (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	name TEXT NOT NULL,
	description TEXT,
	vpc_id TEXT,
	enterprise_router_id TEXT,
	local_ep_group TEXT,
	local_ep_group_ipv6 TEXT,
	bgp_asn BIGINT NOT NULL,
	type TEXT,
	admin_state_up INTEGER,
	status TEXT NOT NULL,
	device_id TEXT,
	redundant_device_id TEXT,
	public_border_group TEXT,
	enterprise_project_id TEXT,
	tags TEXT,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (tenant_id, vpc_id)
);
CREATE INDEX virtual_gateway_vpc ON virtual_gateway (vpc_id);

CREATE TABLE virtual_interface (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	name TEXT NOT NULL,
	description TEXT,
	admin_state_up INTEGER,
	bandwidth BIGINT NOT NULL,
	create_time BIGINT,
	update_time BIGINT,
	device_id TEXT,
	direct_connect_id TEXT REFERENCES direct_connect (id),
	lag_id TEXT,
	service_type TEXT,
	status TEXT NOT NULL,
	type TEXT,
	vgw_id TEXT REFERENCES virtual_gateway (id),
	gateway_id TEXT,
	lgw_id TEXT,
	ies_id TEXT,
	vlan BIGINT NOT NULL CHECK (vlan BETWEEN 0 AND 4094),
	route_limit BIGINT,
	enable_nqa INTEGER,
	enable_bfd INTEGER,
	rate_limit INTEGER,
	address_family TEXT,
	local_gateway_v4_ip TEXT,
	remote_gateway_v4_ip TEXT,
	local_gateway_v6_ip TEXT,
	remote_gateway_v6_ip TEXT,
	route_mode TEXT,
	bgp_asn BIGINT,
	bgp_md5 TEXT,
	remote_ep_group TEXT,
	service_ep_group TEXT,
	bgp_route_limit BIGINT,
	priority TEXT,
	reason TEXT,
	enterprise_project_id TEXT,
	tags TEXT,
	extend_attribute TEXT,
	edge_id TEXT,
	port_id TEXT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX virtual_interface_tenant ON virtual_interface (tenant_id, id);
CREATE INDEX virtual_interface_connection ON virtual_interface (direct_connect_id);
CREATE INDEX virtual_interface_gateway ON virtual_interface (vgw_id);
CREATE INDEX virtual_interface_port ON virtual_interface (port_id);

CREATE TABLE vif_peer (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	name TEXT NOT NULL,
	description TEXT,
	address_family TEXT NOT NULL CHECK (address_family IN ('ipv4', 'ipv6')),
	local_gateway_ip TEXT,
	remote_gateway_ip TEXT,
	route_mode TEXT NOT NULL,
	bgp_asn BIGINT,
	bgp_md5 TEXT,
	remote_ep_group TEXT,
	service_ep_group TEXT,
	device_id TEXT,
	bgp_route_limit BIGINT,
	bgp_status TEXT,
	status TEXT NOT NULL,
	vif_id TEXT NOT NULL REFERENCES virtual_interface (id),
	receive_route_num BIGINT,
	enable_nqa INTEGER,
	enable_bfd INTEGER,
	vgw_id TEXT,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (vif_id, address_family)
);
CREATE INDEX vif_peer_gateway ON vif_peer (vgw_id);

-- Claimed while a peer is checked, before its row is there.
CREATE TABLE link_subnet (
	id TEXT PRIMARY KEY NOT NULL,
	vgw_id TEXT NOT NULL REFERENCES virtual_gateway (id),
	family BIGINT NOT NULL,
	first TEXT NOT NULL,
	last TEXT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX link_subnet_gateway ON link_subnet (vgw_id, family, first);

CREATE TABLE remote_subnet (
	id TEXT PRIMARY KEY NOT NULL,
	peer_id TEXT NOT NULL,
	vgw_id TEXT NOT NULL REFERENCES virtual_gateway (id),
	prefix TEXT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (vgw_id, prefix)
);
CREATE INDEX remote_subnet_peer ON remote_subnet (peer_id);

-- What edges are asked to have, and what they said. edge_session's id is the peer's, link_subnet's the peer's, and
-- port_vlan's that of the interface or attachment that took the VLAN.

CREATE TABLE edge_object (
	id TEXT PRIMARY KEY NOT NULL,
	edge_id TEXT NOT NULL REFERENCES edge (id),
	key TEXT NOT NULL,
	kind TEXT NOT NULL,
	owner_kind TEXT NOT NULL,
	owner_id TEXT NOT NULL,
	revision BIGINT NOT NULL,
	deleted INTEGER NOT NULL,
	body TEXT,
	secret TEXT,
	state TEXT NOT NULL,
	error TEXT,
	applied_revision BIGINT NOT NULL,
	carrier INTEGER,
	detail TEXT,
	updated_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (edge_id, key)
);
CREATE INDEX edge_object_revision ON edge_object (edge_id, revision);
CREATE INDEX edge_object_owner ON edge_object (owner_id);

CREATE TABLE edge_revision (
	id TEXT PRIMARY KEY NOT NULL REFERENCES edge (id),
	revision BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE edge_report (
	id TEXT PRIMARY KEY NOT NULL REFERENCES edge (id),
	boot TEXT,
	sequence BIGINT NOT NULL,
	received_time BIGINT,
	fabric TEXT,
	agent_version TEXT,
	epoch TEXT,
	revision BIGINT NOT NULL,
	held INTEGER NOT NULL,
	held_reason TEXT,
	confirm_epoch TEXT,
	confirm_revision BIGINT,
	report_interval BIGINT NOT NULL,
	ports TEXT,
	guard INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE edge_session (
	id TEXT PRIMARY KEY NOT NULL,
	edge_id TEXT NOT NULL,
	key TEXT NOT NULL,
	owner_kind TEXT NOT NULL,
	owner_id TEXT NOT NULL,
	established INTEGER,
	state TEXT,
	since BIGINT,
	uptime BIGINT,
	received BIGINT,
	accepted BIGINT,
	rejected BIGINT,
	advertised BIGINT,
	last_error TEXT,
	tcp TEXT,
	md5 INTEGER,
	md5_failures BIGINT,
	md5_not_found BIGINT,
	md5_unexpected BIGINT,
	observed_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX edge_session_edge ON edge_session (edge_id);
CREATE INDEX edge_session_owner ON edge_session (owner_id);

CREATE TABLE edge_apply (
	id TEXT PRIMARY KEY NOT NULL,
	edge_id TEXT NOT NULL REFERENCES edge (id),
	applied_time BIGINT,
	revision BIGINT,
	steps BIGINT,
	failed BIGINT,
	ms BIGINT,
	reset TEXT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX edge_apply_edge ON edge_apply (edge_id, id);

CREATE TABLE edge_number (
	id TEXT PRIMARY KEY NOT NULL,
	edge_id TEXT NOT NULL REFERENCES edge (id),
	space TEXT NOT NULL,
	number BIGINT NOT NULL,
	owner_id TEXT NOT NULL,
	instance BIGINT,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (edge_id, space, number),
	UNIQUE (edge_id, space, owner_id)
);
