-- SPDX-License-Identifier: ISC
-- The schema as migrations 0001 to 0031 of SQLite leave it, for a new database on PostgreSQL: no older one is there to migrate.
-- Text is compared by its bytes, numbers have 64 bits, each constraint has the name by which field tables know it, and an index
-- has the order in which a list comes: rows without a value first. So what is unique is an index.

CREATE TABLE domain (
	id TEXT COLLATE "C" NOT NULL CONSTRAINT domain_id_check CHECK (length(id) = 32),
	name TEXT COLLATE "C" NOT NULL CONSTRAINT domain_name_check CHECK (length(name) BETWEEN 1 AND 64),
	description TEXT COLLATE "C",
	create_time BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT domain_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX domain_name_key ON domain (name NULLS FIRST);

CREATE TABLE project (
	id TEXT COLLATE "C" NOT NULL CONSTRAINT project_id_check CHECK (length(id) = 32),
	domain_id TEXT COLLATE "C" NOT NULL CONSTRAINT project_domain_id_fkey REFERENCES domain (id),
	name TEXT COLLATE "C" NOT NULL CONSTRAINT project_name_check CHECK (length(name) BETWEEN 1 AND 64),
	description TEXT COLLATE "C",
	create_time BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT project_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX project_domain_id_name_key ON project (domain_id NULLS FIRST, name NULLS FIRST);

CREATE TABLE account (
	id TEXT COLLATE "C" NOT NULL CONSTRAINT account_id_check CHECK (length(id) = 32),
	domain_id TEXT COLLATE "C" NOT NULL CONSTRAINT account_domain_id_fkey REFERENCES domain (id),
	project_id TEXT COLLATE "C" CONSTRAINT account_project_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL CONSTRAINT account_name_check CHECK (length(name) BETWEEN 1 AND 64),
	role TEXT COLLATE "C" NOT NULL CONSTRAINT account_role_check CHECK (role IN ('reader', 'member', 'operator')),
	enabled BIGINT NOT NULL CONSTRAINT account_enabled_check CHECK (enabled IN (0, 1)),
	password_hash TEXT COLLATE "C",
	create_time BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT account_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX account_domain_id_name_key ON account (domain_id NULLS FIRST, name NULLS FIRST);
CREATE INDEX account_project ON account (project_id NULLS FIRST);
CREATE INDEX account_role ON account (role NULLS FIRST);

CREATE TABLE access_key (
	id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL CONSTRAINT access_key_user_id_fkey REFERENCES account (id) ON DELETE CASCADE,
	project_id TEXT COLLATE "C" CONSTRAINT access_key_project_id_fkey REFERENCES project (id),
	role TEXT COLLATE "C" CONSTRAINT access_key_role_check CHECK (role IN ('reader', 'member', 'operator')),
	access_key TEXT COLLATE "C" NOT NULL,
	secret_key TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	enabled BIGINT NOT NULL CONSTRAINT access_key_enabled_check CHECK (enabled IN (0, 1)),
	create_time BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT access_key_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX access_key_access_key_key ON access_key (access_key NULLS FIRST);
CREATE INDEX access_key_project ON access_key (project_id NULLS FIRST);
CREATE INDEX access_key_user ON access_key (user_id NULLS FIRST, id);

CREATE TABLE token (
	id TEXT COLLATE "C" NOT NULL,
	hash TEXT COLLATE "C" NOT NULL CONSTRAINT token_hash_check CHECK (length(hash) = 64),
	user_id TEXT COLLATE "C" NOT NULL CONSTRAINT token_user_id_fkey REFERENCES account (id) ON DELETE CASCADE,
	project_id TEXT COLLATE "C" CONSTRAINT token_project_id_fkey REFERENCES project (id) ON DELETE CASCADE,
	methods TEXT COLLATE "C" NOT NULL,
	issued_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT token_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX token_hash_key ON token (hash NULLS FIRST);
CREATE INDEX token_project ON token (project_id NULLS FIRST);
CREATE INDEX token_user_id ON token (user_id NULLS FIRST, id);
CREATE INDEX token_expiry ON token (expires_at NULLS FIRST, id);

CREATE TABLE event (
	id TEXT COLLATE "C" NOT NULL,
	project_id TEXT COLLATE "C",
	create_time BIGINT NOT NULL,
	action TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	resource_id TEXT COLLATE "C",
	user_id TEXT COLLATE "C",
	user_name TEXT COLLATE "C",
	request_id TEXT COLLATE "C",
	guard BIGINT NOT NULL DEFAULT 0,
	address TEXT COLLATE "C",
	credential TEXT COLLATE "C",
	count BIGINT NOT NULL DEFAULT 1,
	last_time BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT event_pkey PRIMARY KEY (id)
);
CREATE INDEX event_project ON event (project_id NULLS FIRST, id);
CREATE INDEX event_time ON event (create_time NULLS FIRST);
CREATE INDEX event_repeat ON event (resource_id NULLS FIRST, action NULLS FIRST, create_time NULLS FIRST, id);
CREATE INDEX event_of_project ON event (project_id NULLS FIRST, create_time NULLS FIRST, id);

CREATE TABLE location (
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	region_id TEXT COLLATE "C",
	site_code TEXT COLLATE "C",
	locales TEXT COLLATE "C",
	address TEXT COLLATE "C",
	available_port_speeds TEXT COLLATE "C",
	provider_list TEXT COLLATE "C",
	latitude TEXT COLLATE "C",
	longitude TEXT COLLATE "C",
	public_border_group TEXT COLLATE "C",
	city TEXT COLLATE "C",
	location_type TEXT COLLATE "C",
	support_region_type TEXT COLLATE "C",
	created_time BIGINT,
	updated_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT location_pkey PRIMARY KEY (id)
);
CREATE INDEX location_by_name ON location (name NULLS FIRST, id);
CREATE INDEX location_by_creation ON location (created_time NULLS FIRST, id);
CREATE INDEX location_by_change ON location (updated_time NULLS FIRST, id);

CREATE TABLE edge (
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	location_id TEXT COLLATE "C",
	device_id TEXT COLLATE "C",
	report_interval BIGINT NOT NULL,
	token_hash TEXT COLLATE "C" NOT NULL,
	created_time BIGINT,
	updated_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT edge_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX edge_token ON edge (token_hash NULLS FIRST);

CREATE TABLE port (
	id TEXT COLLATE "C" NOT NULL,
	edge_id TEXT COLLATE "C" NOT NULL CONSTRAINT port_edge_id_fkey REFERENCES edge (id),
	name TEXT COLLATE "C",
	device TEXT COLLATE "C" NOT NULL,
	created_time BIGINT,
	updated_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT port_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX port_edge_id_device_key ON port (edge_id NULLS FIRST, device NULLS FIRST);
CREATE INDEX port_edge ON port (edge_id NULLS FIRST, id);

CREATE TABLE port_vlan (
	id TEXT COLLATE "C" NOT NULL,
	port_id TEXT COLLATE "C" NOT NULL CONSTRAINT port_vlan_port_id_fkey REFERENCES port (id),
	vlan BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT port_vlan_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX port_vlan_port_id_vlan_key ON port_vlan (port_id NULLS FIRST, vlan NULLS FIRST);

CREATE TABLE direct_connect (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT direct_connect_tenant_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	port_type TEXT COLLATE "C",
	bandwidth BIGINT,
	location TEXT COLLATE "C",
	peer_location TEXT COLLATE "C",
	device_id TEXT COLLATE "C",
	type TEXT COLLATE "C",
	hosting_id TEXT COLLATE "C",
	vlan BIGINT,
	charge_mode TEXT COLLATE "C",
	apply_time BIGINT,
	create_time BIGINT,
	provider_status TEXT COLLATE "C",
	admin_state_up BIGINT,
	provider TEXT COLLATE "C",
	order_id TEXT COLLATE "C",
	product_id TEXT COLLATE "C",
	spec_code TEXT COLLATE "C",
	period_type BIGINT,
	period_num BIGINT,
	vgw_type TEXT COLLATE "C",
	lag_id TEXT COLLATE "C",
	signed_agreement_status TEXT COLLATE "C",
	signed_agreement_time BIGINT,
	enterprise_project_id TEXT COLLATE "C",
	status TEXT COLLATE "C" NOT NULL,
	locales TEXT COLLATE "C",
	support_feature TEXT COLLATE "C",
	ies_id TEXT COLLATE "C",
	reason TEXT COLLATE "C",
	email TEXT COLLATE "C",
	onestop_product_id TEXT COLLATE "C",
	building_line_product_id TEXT COLLATE "C",
	last_onestop_product_id TEXT COLLATE "C",
	last_building_line_product_id TEXT COLLATE "C",
	modified_bandwidth BIGINT,
	change_mode BIGINT,
	onestopdc_status TEXT COLLATE "C",
	public_border_group TEXT COLLATE "C",
	auto_renew BIGINT,
	ratio_95peak BIGINT,
	peer_port_type TEXT COLLATE "C",
	peer_provider TEXT COLLATE "C",
	port_id TEXT COLLATE "C",
	guard BIGINT NOT NULL DEFAULT 0,
	hosting_tenant_id TEXT COLLATE "C",
	spelling TEXT COLLATE "C",
	CONSTRAINT direct_connect_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX direct_connect_port ON direct_connect (port_id NULLS FIRST) WHERE hosting_id IS NULL;
CREATE UNIQUE INDEX direct_connect_hosted ON direct_connect (hosting_id NULLS FIRST, vlan NULLS FIRST) WHERE hosting_id IS NOT NULL;
CREATE INDEX direct_connect_tenant ON direct_connect (tenant_id NULLS FIRST, id);
CREATE INDEX direct_connect_by_name ON direct_connect (tenant_id NULLS FIRST, name NULLS FIRST, id);
CREATE INDEX direct_connect_by_bandwidth ON direct_connect (tenant_id NULLS FIRST, bandwidth NULLS FIRST, id);
CREATE INDEX direct_connect_by_status ON direct_connect (tenant_id NULLS FIRST, status NULLS FIRST, id);
CREATE INDEX direct_connect_by_application ON direct_connect (tenant_id NULLS FIRST, apply_time NULLS FIRST, id);
CREATE INDEX direct_connect_by_creation ON direct_connect (tenant_id NULLS FIRST, create_time NULLS FIRST, id);
CREATE INDEX direct_connect_port_any ON direct_connect (port_id NULLS FIRST, id);
CREATE INDEX direct_connect_hosting ON direct_connect (hosting_id NULLS FIRST, id);
CREATE INDEX direct_connect_handed_out ON direct_connect (hosting_tenant_id NULLS FIRST, id);
CREATE INDEX hosted_by_name ON direct_connect (hosting_tenant_id NULLS FIRST, name NULLS FIRST, id);
CREATE INDEX hosted_by_bandwidth ON direct_connect (hosting_tenant_id NULLS FIRST, bandwidth NULLS FIRST, id);
CREATE INDEX hosted_by_status ON direct_connect (hosting_tenant_id NULLS FIRST, status NULLS FIRST, id);
CREATE INDEX hosted_by_application ON direct_connect (hosting_tenant_id NULLS FIRST, apply_time NULLS FIRST, id);
CREATE INDEX hosted_by_creation ON direct_connect (hosting_tenant_id NULLS FIRST, create_time NULLS FIRST, id);

CREATE TABLE virtual_gateway (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT virtual_gateway_tenant_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	vpc_id TEXT COLLATE "C",
	enterprise_router_id TEXT COLLATE "C",
	local_ep_group TEXT COLLATE "C",
	local_ep_group_ipv6 TEXT COLLATE "C",
	bgp_asn BIGINT NOT NULL,
	type TEXT COLLATE "C",
	admin_state_up BIGINT,
	status TEXT COLLATE "C" NOT NULL,
	device_id TEXT COLLATE "C",
	redundant_device_id TEXT COLLATE "C",
	public_border_group TEXT COLLATE "C",
	enterprise_project_id TEXT COLLATE "C",
	guard BIGINT NOT NULL DEFAULT 0,
	spelling TEXT COLLATE "C",
	CONSTRAINT virtual_gateway_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX virtual_gateway_tenant_id_vpc_id_key ON virtual_gateway (tenant_id NULLS FIRST, vpc_id NULLS FIRST);
CREATE INDEX virtual_gateway_vpc ON virtual_gateway (vpc_id NULLS FIRST);
CREATE INDEX virtual_gateway_tenant ON virtual_gateway (tenant_id NULLS FIRST, id);
CREATE INDEX virtual_gateway_by_name ON virtual_gateway (tenant_id NULLS FIRST, name NULLS FIRST, id);
CREATE INDEX virtual_gateway_by_status ON virtual_gateway (tenant_id NULLS FIRST, status NULLS FIRST, id);
CREATE INDEX virtual_gateway_router ON virtual_gateway (enterprise_router_id NULLS FIRST, id);

CREATE TABLE virtual_interface (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT virtual_interface_tenant_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	admin_state_up BIGINT,
	bandwidth BIGINT NOT NULL,
	create_time BIGINT,
	update_time BIGINT,
	device_id TEXT COLLATE "C",
	direct_connect_id TEXT COLLATE "C" CONSTRAINT virtual_interface_direct_connect_id_fkey REFERENCES direct_connect (id),
	lag_id TEXT COLLATE "C",
	service_type TEXT COLLATE "C",
	status TEXT COLLATE "C" NOT NULL,
	type TEXT COLLATE "C",
	vgw_id TEXT COLLATE "C" CONSTRAINT virtual_interface_vgw_id_fkey REFERENCES virtual_gateway (id),
	gateway_id TEXT COLLATE "C",
	lgw_id TEXT COLLATE "C",
	ies_id TEXT COLLATE "C",
	vlan BIGINT NOT NULL CONSTRAINT virtual_interface_vlan_check CHECK (vlan BETWEEN 0 AND 4094),
	route_limit BIGINT,
	enable_nqa BIGINT,
	enable_bfd BIGINT,
	rate_limit BIGINT,
	local_gateway_v4_ip TEXT COLLATE "C",
	remote_gateway_v4_ip TEXT COLLATE "C",
	local_gateway_v6_ip TEXT COLLATE "C",
	remote_gateway_v6_ip TEXT COLLATE "C",
	service_ep_group TEXT COLLATE "C",
	bgp_route_limit BIGINT,
	priority TEXT COLLATE "C",
	reason TEXT COLLATE "C",
	enterprise_project_id TEXT COLLATE "C",
	extend_attribute TEXT COLLATE "C",
	edge_id TEXT COLLATE "C",
	port_id TEXT COLLATE "C",
	guard BIGINT NOT NULL DEFAULT 0,
	vrf_gateway_id TEXT COLLATE "C",
	spelling TEXT COLLATE "C",
	shut_until BIGINT,
	switchover_id TEXT COLLATE "C",
	router_id TEXT COLLATE "C",
	resource_tenant_id TEXT COLLATE "C",
	asked_gateway_id TEXT COLLATE "C",
	CONSTRAINT virtual_interface_pkey PRIMARY KEY (id)
);
CREATE INDEX virtual_interface_tenant ON virtual_interface (tenant_id NULLS FIRST, id);
CREATE INDEX virtual_interface_connection ON virtual_interface (direct_connect_id NULLS FIRST, id);
CREATE INDEX virtual_interface_gateway ON virtual_interface (vgw_id NULLS FIRST, id);
CREATE INDEX virtual_interface_global ON virtual_interface (gateway_id NULLS FIRST, id);
CREATE INDEX virtual_interface_port ON virtual_interface (port_id NULLS FIRST, id);
CREATE INDEX virtual_interface_by_name ON virtual_interface (tenant_id NULLS FIRST, name NULLS FIRST, id);
CREATE INDEX virtual_interface_by_vlan ON virtual_interface (tenant_id NULLS FIRST, vlan NULLS FIRST, id);
CREATE INDEX virtual_interface_by_bandwidth ON virtual_interface (tenant_id NULLS FIRST, bandwidth NULLS FIRST, id);
CREATE INDEX virtual_interface_by_status ON virtual_interface (tenant_id NULLS FIRST, status NULLS FIRST, id);
CREATE INDEX virtual_interface_by_creation ON virtual_interface (tenant_id NULLS FIRST, create_time NULLS FIRST, id);
CREATE INDEX virtual_interface_by_change ON virtual_interface (tenant_id NULLS FIRST, update_time NULLS FIRST, id);
CREATE INDEX virtual_interface_vrf ON virtual_interface (vrf_gateway_id NULLS FIRST, id);
CREATE INDEX virtual_interface_vrf_edge ON virtual_interface (vrf_gateway_id NULLS FIRST, edge_id NULLS FIRST);
CREATE INDEX virtual_interface_router ON virtual_interface (router_id NULLS FIRST, id);
CREATE INDEX crossing_interface ON virtual_interface (resource_tenant_id NULLS FIRST, id) WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_name ON virtual_interface (resource_tenant_id NULLS FIRST, name NULLS FIRST, id) WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_vlan ON virtual_interface (resource_tenant_id NULLS FIRST, vlan NULLS FIRST, id) WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_bandwidth ON virtual_interface (resource_tenant_id NULLS FIRST, bandwidth NULLS FIRST, id) WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_status ON virtual_interface (resource_tenant_id NULLS FIRST, status NULLS FIRST, id) WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_creation ON virtual_interface (resource_tenant_id NULLS FIRST, create_time NULLS FIRST, id) WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_change ON virtual_interface (resource_tenant_id NULLS FIRST, update_time NULLS FIRST, id) WHERE resource_tenant_id IS NOT NULL;

CREATE TABLE vif_peer (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT vif_peer_tenant_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	address_family TEXT COLLATE "C" NOT NULL CONSTRAINT vif_peer_address_family_check CHECK (address_family IN ('ipv4', 'ipv6')),
	local_gateway_ip TEXT COLLATE "C",
	remote_gateway_ip TEXT COLLATE "C",
	route_mode TEXT COLLATE "C" NOT NULL,
	bgp_asn BIGINT,
	bgp_md5 TEXT COLLATE "C",
	remote_ep_group TEXT COLLATE "C",
	service_ep_group TEXT COLLATE "C",
	device_id TEXT COLLATE "C",
	bgp_route_limit BIGINT,
	bgp_status TEXT COLLATE "C",
	status TEXT COLLATE "C" NOT NULL,
	vif_id TEXT COLLATE "C" NOT NULL CONSTRAINT vif_peer_vif_id_fkey REFERENCES virtual_interface (id),
	receive_route_num BIGINT,
	enable_nqa BIGINT,
	enable_bfd BIGINT,
	gateway_id TEXT COLLATE "C",
	guard BIGINT NOT NULL DEFAULT 0,
	reason TEXT COLLATE "C",
	status_time BIGINT,
	spelling TEXT COLLATE "C",
	CONSTRAINT vif_peer_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX vif_peer_vif_id_address_family_key ON vif_peer (vif_id NULLS FIRST, address_family NULLS FIRST);
CREATE INDEX vif_peer_gateway ON vif_peer (gateway_id NULLS FIRST, id);
CREATE INDEX vif_peer_interface ON vif_peer (vif_id NULLS FIRST, id);
CREATE INDEX vif_peer_tenant ON vif_peer (tenant_id NULLS FIRST);

CREATE TABLE edge_object (
	id TEXT COLLATE "C" NOT NULL,
	edge_id TEXT COLLATE "C" NOT NULL CONSTRAINT edge_object_edge_id_fkey REFERENCES edge (id),
	key TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	owner_kind TEXT COLLATE "C" NOT NULL,
	owner_id TEXT COLLATE "C" NOT NULL,
	revision BIGINT NOT NULL,
	deleted BIGINT NOT NULL,
	body TEXT COLLATE "C",
	secret TEXT COLLATE "C",
	state TEXT COLLATE "C" NOT NULL,
	error TEXT COLLATE "C",
	applied_revision BIGINT NOT NULL,
	carrier BIGINT,
	detail TEXT COLLATE "C",
	updated_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	holder_kind TEXT COLLATE "C",
	holder_id TEXT COLLATE "C",
	series BIGINT,
	CONSTRAINT edge_object_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX edge_object_edge_id_key_key ON edge_object (edge_id NULLS FIRST, key NULLS FIRST);
CREATE INDEX edge_object_error ON edge_object (edge_id NULLS FIRST) WHERE error IS NOT NULL;
CREATE INDEX edge_object_owner ON edge_object (owner_id NULLS FIRST, id);
CREATE INDEX edge_object_revision ON edge_object (edge_id NULLS FIRST, revision NULLS FIRST, id);
CREATE INDEX edge_object_holder ON edge_object (holder_id NULLS FIRST, id);
CREATE INDEX edge_object_owner_edge ON edge_object (owner_id NULLS FIRST, edge_id NULLS FIRST, id);

CREATE TABLE edge_revision (
	id TEXT COLLATE "C" NOT NULL CONSTRAINT edge_revision_id_fkey REFERENCES edge (id),
	revision BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	floor BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT edge_revision_pkey PRIMARY KEY (id)
);

CREATE TABLE edge_report (
	id TEXT COLLATE "C" NOT NULL CONSTRAINT edge_report_id_fkey REFERENCES edge (id),
	boot TEXT COLLATE "C",
	sequence BIGINT NOT NULL,
	received_time BIGINT,
	fabric TEXT COLLATE "C",
	agent_version TEXT COLLATE "C",
	epoch TEXT COLLATE "C",
	revision BIGINT NOT NULL,
	held BIGINT NOT NULL,
	held_reason TEXT COLLATE "C",
	confirm_epoch TEXT COLLATE "C",
	confirm_revision BIGINT,
	report_interval BIGINT NOT NULL,
	ports TEXT COLLATE "C",
	guard BIGINT NOT NULL DEFAULT 0,
	former_boot TEXT COLLATE "C",
	former_asked BIGINT,
	refused_boot TEXT COLLATE "C",
	refused_time BIGINT,
	part BIGINT NOT NULL DEFAULT 0,
	unfinished BIGINT NOT NULL DEFAULT 0,
	series BIGINT NOT NULL DEFAULT 0,
	key_room BIGINT,
	CONSTRAINT edge_report_pkey PRIMARY KEY (id)
);

CREATE TABLE edge_session (
	id TEXT COLLATE "C" NOT NULL,
	edge_id TEXT COLLATE "C" NOT NULL,
	key TEXT COLLATE "C" NOT NULL,
	owner_kind TEXT COLLATE "C" NOT NULL,
	owner_id TEXT COLLATE "C" NOT NULL,
	established BIGINT,
	state TEXT COLLATE "C",
	since BIGINT,
	uptime BIGINT,
	received BIGINT,
	accepted BIGINT,
	rejected BIGINT,
	advertised BIGINT,
	last_error TEXT COLLATE "C",
	tcp TEXT COLLATE "C",
	md5 BIGINT,
	md5_failures BIGINT,
	md5_not_found BIGINT,
	md5_unexpected BIGINT,
	observed_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT edge_session_pkey PRIMARY KEY (id)
);
CREATE INDEX edge_session_edge ON edge_session (edge_id NULLS FIRST);
CREATE INDEX edge_session_owner ON edge_session (owner_id NULLS FIRST, id);

CREATE TABLE edge_apply (
	id TEXT COLLATE "C" NOT NULL,
	edge_id TEXT COLLATE "C" NOT NULL CONSTRAINT edge_apply_edge_id_fkey REFERENCES edge (id),
	applied_time BIGINT,
	revision BIGINT,
	steps BIGINT,
	failed BIGINT,
	ms BIGINT,
	reset TEXT COLLATE "C",
	guard BIGINT NOT NULL DEFAULT 0,
	watched BIGINT,
	shortest_uptime BIGINT,
	CONSTRAINT edge_apply_pkey PRIMARY KEY (id)
);
CREATE INDEX edge_apply_edge ON edge_apply (edge_id NULLS FIRST, id);

CREATE TABLE edge_number (
	id TEXT COLLATE "C" NOT NULL,
	edge_id TEXT COLLATE "C" NOT NULL CONSTRAINT edge_number_edge_id_fkey REFERENCES edge (id),
	space TEXT COLLATE "C" NOT NULL,
	number BIGINT NOT NULL,
	owner_id TEXT COLLATE "C" NOT NULL,
	instance BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	router_id TEXT COLLATE "C",
	CONSTRAINT edge_number_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX edge_number_edge_id_space_number_key ON edge_number (edge_id NULLS FIRST, space NULLS FIRST, number NULLS FIRST);
CREATE UNIQUE INDEX edge_number_edge_id_space_owner_id_key ON edge_number (edge_id NULLS FIRST, space NULLS FIRST, owner_id NULLS FIRST);
CREATE INDEX edge_number_owner ON edge_number (owner_id NULLS FIRST, id);
CREATE INDEX edge_number_instance ON edge_number (edge_id NULLS FIRST, instance NULLS FIRST, id);

CREATE TABLE pool (
	id TEXT COLLATE "C" NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT pool_pkey PRIMARY KEY (id)
);

CREATE TABLE global_dc_gateway (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT global_dc_gateway_tenant_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	address_family TEXT COLLATE "C" NOT NULL CONSTRAINT global_dc_gateway_address_family_check CHECK (address_family IN ('ipv4', 'dual')),
	bgp_asn BIGINT NOT NULL,
	admin_state_up BIGINT,
	status TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C",
	region_id TEXT COLLATE "C",
	location_name TEXT COLLATE "C",
	locales TEXT COLLATE "C",
	global_center_network_id TEXT COLLATE "C",
	site_network_id TEXT COLLATE "C",
	cloud_connection_id TEXT COLLATE "C",
	enterprise_project_id TEXT COLLATE "C",
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	spelling TEXT COLLATE "C",
	CONSTRAINT global_dc_gateway_pkey PRIMARY KEY (id)
);
CREATE INDEX global_dc_gateway_tenant ON global_dc_gateway (tenant_id NULLS FIRST, id);
CREATE INDEX global_dc_gateway_by_name ON global_dc_gateway (tenant_id NULLS FIRST, name NULLS FIRST, id);
CREATE INDEX global_dc_gateway_by_status ON global_dc_gateway (tenant_id NULLS FIRST, status NULLS FIRST, id);
CREATE INDEX global_dc_gateway_by_creation ON global_dc_gateway (tenant_id NULLS FIRST, created_time NULLS FIRST, id);
CREATE INDEX global_dc_gateway_by_change ON global_dc_gateway (tenant_id NULLS FIRST, updated_time NULLS FIRST, id);

CREATE TABLE enterprise_router (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT enterprise_router_tenant_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	status TEXT COLLATE "C",
	reason TEXT COLLATE "C",
	CONSTRAINT enterprise_router_pkey PRIMARY KEY (id)
);
CREATE INDEX enterprise_router_tenant ON enterprise_router (tenant_id NULLS FIRST, id);

CREATE TABLE event_rate (
	id TEXT COLLATE "C" NOT NULL,
	hour BIGINT NOT NULL,
	done BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT event_rate_pkey PRIMARY KEY (id)
);
CREATE INDEX event_rate_hour ON event_rate (hour NULLS FIRST);

CREATE TABLE edge_instance (
	id TEXT COLLATE "C" NOT NULL,
	edge_id TEXT COLLATE "C" NOT NULL CONSTRAINT edge_instance_edge_id_fkey REFERENCES edge (id) ON DELETE CASCADE,
	instance BIGINT NOT NULL,
	used BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT edge_instance_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX edge_instance_edge_id_instance_key ON edge_instance (edge_id NULLS FIRST, instance NULLS FIRST);
CREATE INDEX edge_instance_used ON edge_instance (edge_id NULLS FIRST, used NULLS FIRST, id);
CREATE INDEX edge_instance_number ON edge_instance (edge_id NULLS FIRST, instance NULLS FIRST, id);

CREATE TABLE due (
	id TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	wanted BIGINT NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	owner TEXT COLLATE "C" NOT NULL,
	ref TEXT COLLATE "C",
	claim TEXT COLLATE "C",
	tries BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT due_pkey PRIMARY KEY (id)
);
CREATE INDEX due_at ON due (at NULLS FIRST, id);

CREATE TABLE project_quota (
	id TEXT COLLATE "C" NOT NULL,
	project_id TEXT COLLATE "C" NOT NULL CONSTRAINT project_quota_project_id_fkey REFERENCES project (id) ON DELETE CASCADE,
	type TEXT COLLATE "C" NOT NULL,
	quota BIGINT NOT NULL,
	created_time BIGINT NOT NULL,
	updated_time BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT project_quota_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX project_quota_project_id_type_key ON project_quota (project_id NULLS FIRST, type NULLS FIRST);

CREATE TABLE direct_connect_tag (
	id TEXT COLLATE "C" NOT NULL,
	owner_id TEXT COLLATE "C" NOT NULL CONSTRAINT direct_connect_tag_owner_id_fkey REFERENCES direct_connect (id),
	tenant_id TEXT COLLATE "C" NOT NULL,
	position BIGINT NOT NULL,
	key TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT direct_connect_tag_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX direct_connect_tag_owner_id_key_key ON direct_connect_tag (owner_id NULLS FIRST, key NULLS FIRST);
CREATE INDEX direct_connect_tag_owner ON direct_connect_tag (owner_id NULLS FIRST, id);
CREATE INDEX direct_connect_tag_key ON direct_connect_tag (tenant_id NULLS FIRST, key NULLS FIRST, value NULLS FIRST, id);

CREATE TABLE virtual_gateway_tag (
	id TEXT COLLATE "C" NOT NULL,
	owner_id TEXT COLLATE "C" NOT NULL CONSTRAINT virtual_gateway_tag_owner_id_fkey REFERENCES virtual_gateway (id),
	tenant_id TEXT COLLATE "C" NOT NULL,
	position BIGINT NOT NULL,
	key TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT virtual_gateway_tag_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX virtual_gateway_tag_owner_id_key_key ON virtual_gateway_tag (owner_id NULLS FIRST, key NULLS FIRST);
CREATE INDEX virtual_gateway_tag_owner ON virtual_gateway_tag (owner_id NULLS FIRST, id);
CREATE INDEX virtual_gateway_tag_key ON virtual_gateway_tag (tenant_id NULLS FIRST, key NULLS FIRST, value NULLS FIRST, id);

CREATE TABLE virtual_interface_tag (
	id TEXT COLLATE "C" NOT NULL,
	owner_id TEXT COLLATE "C" NOT NULL CONSTRAINT virtual_interface_tag_owner_id_fkey REFERENCES virtual_interface (id),
	tenant_id TEXT COLLATE "C" NOT NULL,
	position BIGINT NOT NULL,
	key TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT virtual_interface_tag_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX virtual_interface_tag_owner_id_key_key ON virtual_interface_tag (owner_id NULLS FIRST, key NULLS FIRST);
CREATE INDEX virtual_interface_tag_owner ON virtual_interface_tag (owner_id NULLS FIRST, id);
CREATE INDEX virtual_interface_tag_key ON virtual_interface_tag (tenant_id NULLS FIRST, key NULLS FIRST, value NULLS FIRST, id);

CREATE TABLE global_dc_gateway_tag (
	id TEXT COLLATE "C" NOT NULL,
	owner_id TEXT COLLATE "C" NOT NULL CONSTRAINT global_dc_gateway_tag_owner_id_fkey REFERENCES global_dc_gateway (id),
	tenant_id TEXT COLLATE "C" NOT NULL,
	position BIGINT NOT NULL,
	key TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT global_dc_gateway_tag_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX global_dc_gateway_tag_owner_id_key_key ON global_dc_gateway_tag (owner_id NULLS FIRST, key NULLS FIRST);
CREATE INDEX global_dc_gateway_tag_owner ON global_dc_gateway_tag (owner_id NULLS FIRST, id);
CREATE INDEX global_dc_gateway_tag_key ON global_dc_gateway_tag (tenant_id NULLS FIRST, key NULLS FIRST, value NULLS FIRST, id);

CREATE TABLE client_token (
	id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	order_hash TEXT COLLATE "C" NOT NULL,
	status BIGINT NOT NULL,
	answer TEXT COLLATE "C" NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT client_token_pkey PRIMARY KEY (id)
);
CREATE INDEX client_token_created_at ON client_token (created_at NULLS FIRST, id);

CREATE TABLE switchover_record (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	resource_id TEXT COLLATE "C" NOT NULL CONSTRAINT switchover_record_resource_id_fkey REFERENCES virtual_interface (id),
	resource_type TEXT COLLATE "C" NOT NULL,
	operation TEXT COLLATE "C" NOT NULL,
	operate_status TEXT COLLATE "C" NOT NULL,
	start_time BIGINT NOT NULL,
	end_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT switchover_record_pkey PRIMARY KEY (id)
);
CREATE INDEX switchover_record_tenant ON switchover_record (tenant_id NULLS FIRST, id);
CREATE INDEX switchover_record_resource ON switchover_record (resource_id NULLS FIRST, id);
CREATE INDEX switchover_record_by_start ON switchover_record (tenant_id NULLS FIRST, start_time NULLS FIRST, id);

CREATE TABLE peer_detection (
	id TEXT COLLATE "C" NOT NULL,
	vif_peer_id TEXT COLLATE "C" NOT NULL,
	project_id TEXT COLLATE "C" NOT NULL,
	domain_id TEXT COLLATE "C",
	status TEXT COLLATE "C" NOT NULL,
	loss_ratio BIGINT,
	start_time BIGINT NOT NULL,
	end_time BIGINT,
	vif_id TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C",
	deleted_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT peer_detection_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX peer_detection_running ON peer_detection (vif_peer_id NULLS FIRST) WHERE status = 'processing' AND deleted_time IS NULL;
CREATE INDEX peer_detection_project ON peer_detection (project_id NULLS FIRST, id);
CREATE INDEX peer_detection_peer ON peer_detection (vif_peer_id NULLS FIRST, id);
CREATE INDEX peer_detection_vif ON peer_detection (vif_id NULLS FIRST, id);
CREATE INDEX peer_detection_by_start ON peer_detection (project_id NULLS FIRST, start_time NULLS FIRST, id);

CREATE TABLE gateway (
	id TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL CONSTRAINT gateway_kind_check CHECK (kind IN ('virtual_gateway', 'global_dc_gateway', 'enterprise_router', 'connect_gateway')),
	internal_asn BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	internal_asn_first BIGINT,
	internal_asn_last BIGINT,
	CONSTRAINT gateway_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX gateway_internal_asn_key ON gateway (internal_asn NULLS FIRST);
CREATE INDEX gateway_number ON gateway (internal_asn NULLS FIRST, id);

CREATE TABLE peer_link (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT peer_link_tenant_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	status TEXT COLLATE "C" NOT NULL CONSTRAINT peer_link_status_check CHECK (status IN ('PENDING_CREATE', 'PENDING_UPDATE', 'ACTIVE', 'ERROR')),
	reason TEXT COLLATE "C",
	global_dc_gateway_id TEXT COLLATE "C" NOT NULL CONSTRAINT peer_link_global_dc_gateway_id_fkey REFERENCES gateway (id),
	peer_gateway_id TEXT COLLATE "C" NOT NULL CONSTRAINT peer_link_peer_gateway_id_fkey REFERENCES gateway (id),
	peer_project_id TEXT COLLATE "C" NOT NULL,
	peer_region_id TEXT COLLATE "C" NOT NULL,
	peer_type TEXT COLLATE "C" NOT NULL CONSTRAINT peer_link_peer_type_check CHECK (peer_type IN ('ER', 'GDGW')),
	peer_link_id TEXT COLLATE "C",
	low TEXT COLLATE "C" NOT NULL,
	high TEXT COLLATE "C" NOT NULL CONSTRAINT peer_link_low_check CHECK (low < high),
	edge_id TEXT COLLATE "C" NOT NULL CONSTRAINT peer_link_edge_id_fkey REFERENCES edge (id),
	number BIGINT NOT NULL,
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT peer_link_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX peer_link_number_key ON peer_link (number NULLS FIRST);
CREATE UNIQUE INDEX peer_link_pair ON peer_link (low NULLS FIRST, high NULLS FIRST) WHERE deleted_time IS NULL;
CREATE INDEX peer_link_near ON peer_link (global_dc_gateway_id NULLS FIRST, id);
CREATE INDEX peer_link_edge ON peer_link (edge_id NULLS FIRST, id);
CREATE INDEX peer_link_tenant ON peer_link (tenant_id NULLS FIRST, id);
CREATE INDEX peer_link_far ON peer_link (peer_gateway_id NULLS FIRST, id);
CREATE INDEX peer_link_by_name ON peer_link (global_dc_gateway_id NULLS FIRST, name NULLS FIRST, id);
CREATE INDEX peer_link_by_status ON peer_link (global_dc_gateway_id NULLS FIRST, status NULLS FIRST, id);
CREATE INDEX peer_link_by_creation ON peer_link (global_dc_gateway_id NULLS FIRST, created_time NULLS FIRST, id);
CREATE INDEX peer_link_by_change ON peer_link (global_dc_gateway_id NULLS FIRST, updated_time NULLS FIRST, id);

CREATE TABLE link_subnet (
	id TEXT COLLATE "C" NOT NULL,
	gateway_id TEXT COLLATE "C" NOT NULL CONSTRAINT link_subnet_gateway_id_fkey REFERENCES gateway (id),
	family BIGINT NOT NULL,
	first TEXT COLLATE "C" NOT NULL,
	last TEXT COLLATE "C" NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	customer BIGINT,
	CONSTRAINT link_subnet_pkey PRIMARY KEY (id)
);
CREATE INDEX link_subnet_gateway ON link_subnet (gateway_id NULLS FIRST, family NULLS FIRST, first NULLS FIRST, id);

CREATE TABLE remote_subnet (
	id TEXT COLLATE "C" NOT NULL,
	peer_id TEXT COLLATE "C" NOT NULL,
	gateway_id TEXT COLLATE "C" NOT NULL CONSTRAINT remote_subnet_gateway_id_fkey REFERENCES gateway (id),
	prefix TEXT COLLATE "C" NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	family BIGINT,
	first TEXT COLLATE "C",
	CONSTRAINT remote_subnet_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX remote_subnet_gateway_id_prefix_key ON remote_subnet (gateway_id NULLS FIRST, prefix NULLS FIRST);
CREATE INDEX remote_subnet_peer ON remote_subnet (peer_id NULLS FIRST);
CREATE INDEX remote_subnet_first ON remote_subnet (gateway_id NULLS FIRST, family NULLS FIRST, first NULLS FIRST, id);

CREATE TABLE link_end (
	id TEXT COLLATE "C" NOT NULL,
	link_id TEXT COLLATE "C" NOT NULL CONSTRAINT link_end_link_id_fkey REFERENCES peer_link (id),
	side TEXT COLLATE "C" NOT NULL CONSTRAINT link_end_side_check CHECK (side IN ('a', 'b')),
	region_id TEXT COLLATE "C" NOT NULL,
	edge_id TEXT COLLATE "C" NOT NULL CONSTRAINT link_end_edge_id_fkey REFERENCES edge (id),
	gateway_id TEXT COLLATE "C" NOT NULL CONSTRAINT link_end_gateway_id_fkey REFERENCES gateway (id),
	device TEXT COLLATE "C" NOT NULL,
	mark TEXT COLLATE "C" NOT NULL,
	session_v4 TEXT COLLATE "C" NOT NULL,
	session_v6 TEXT COLLATE "C" NOT NULL,
	address_v4 TEXT COLLATE "C" NOT NULL,
	address_v6 TEXT COLLATE "C" NOT NULL,
	leaving BIGINT NOT NULL,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT link_end_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX link_end_link_id_side_key ON link_end (link_id NULLS FIRST, side NULLS FIRST);
CREATE UNIQUE INDEX link_end_edge_id_device_key ON link_end (edge_id NULLS FIRST, device NULLS FIRST);
CREATE INDEX link_end_link ON link_end (link_id NULLS FIRST, id);
CREATE INDEX link_end_gateway ON link_end (gateway_id NULLS FIRST, id);
CREATE INDEX link_end_gateway_edge ON link_end (gateway_id NULLS FIRST, edge_id NULLS FIRST);

CREATE TABLE gdgw_route (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT gdgw_route_tenant_id_fkey REFERENCES project (id),
	gateway_id TEXT COLLATE "C" NOT NULL CONSTRAINT gdgw_route_gateway_id_fkey REFERENCES gateway (id),
	destination TEXT COLLATE "C" NOT NULL,
	prefix TEXT COLLATE "C" NOT NULL,
	address_family TEXT COLLATE "C" NOT NULL CONSTRAINT gdgw_route_address_family_check CHECK (address_family IN ('ipv4', 'ipv6')),
	nexthop TEXT COLLATE "C" NOT NULL,
	type TEXT COLLATE "C" NOT NULL CONSTRAINT gdgw_route_type_check CHECK (type IN ('vif_peer', 'gdgw')),
	obtain_mode TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C",
	description TEXT COLLATE "C",
	peer_id TEXT COLLATE "C" CONSTRAINT gdgw_route_peer_id_fkey REFERENCES vif_peer (id),
	vif_id TEXT COLLATE "C" CONSTRAINT gdgw_route_vif_id_fkey REFERENCES virtual_interface (id),
	link_id TEXT COLLATE "C" CONSTRAINT gdgw_route_link_id_fkey REFERENCES peer_link (id),
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT gdgw_route_pkey PRIMARY KEY (id),
	CONSTRAINT gdgw_route_deleted_time_check CHECK (deleted_time IS NOT NULL OR (peer_id IS NULL) <> (link_id IS NULL))
);
CREATE UNIQUE INDEX gdgw_route_destination ON gdgw_route (gateway_id NULLS FIRST, prefix NULLS FIRST) WHERE deleted_time IS NULL;
CREATE INDEX gdgw_route_tenant ON gdgw_route (tenant_id NULLS FIRST, id);
CREATE INDEX gdgw_route_gateway ON gdgw_route (gateway_id NULLS FIRST, id);
CREATE INDEX gdgw_route_peer ON gdgw_route (peer_id NULLS FIRST, id);
CREATE INDEX gdgw_route_vif ON gdgw_route (vif_id NULLS FIRST, id);
CREATE INDEX gdgw_route_link ON gdgw_route (link_id NULLS FIRST, id);

CREATE TABLE connect_gateway (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT connect_gateway_tenant_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	address_family TEXT COLLATE "C" NOT NULL CONSTRAINT connect_gateway_address_family_check CHECK (address_family IN ('ipv4', 'dual')),
	status TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C",
	bgp_asn BIGINT NOT NULL,
	gcb_id TEXT COLLATE "C",
	gateway_site TEXT COLLATE "C",
	access_site TEXT COLLATE "C",
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT connect_gateway_pkey PRIMARY KEY (id)
);
CREATE INDEX connect_gateway_tenant ON connect_gateway (tenant_id NULLS FIRST, id);
CREATE INDEX connect_gateway_by_name ON connect_gateway (tenant_id NULLS FIRST, name NULLS FIRST, id);
CREATE INDEX connect_gateway_by_status ON connect_gateway (tenant_id NULLS FIRST, status NULLS FIRST, id);
CREATE INDEX connect_gateway_by_creation ON connect_gateway (tenant_id NULLS FIRST, created_time NULLS FIRST, id);
CREATE INDEX connect_gateway_by_change ON connect_gateway (tenant_id NULLS FIRST, updated_time NULLS FIRST, id);

CREATE TABLE global_eip (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT global_eip_tenant_id_fkey REFERENCES project (id),
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C",
	type TEXT COLLATE "C" NOT NULL CONSTRAINT global_eip_type_check CHECK (type IN ('IP_ADDRESS', 'IP_SEGMENT')),
	cidr TEXT COLLATE "C" NOT NULL,
	address_family TEXT COLLATE "C" NOT NULL,
	first TEXT COLLATE "C" NOT NULL,
	last TEXT COLLATE "C" NOT NULL,
	created_time BIGINT,
	updated_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT global_eip_pkey PRIMARY KEY (id)
);
CREATE INDEX global_eip_tenant ON global_eip (tenant_id NULLS FIRST, id);
CREATE INDEX global_eip_range ON global_eip (address_family NULLS FIRST, first NULLS FIRST, id);

CREATE TABLE global_eip_binding (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT global_eip_binding_tenant_id_fkey REFERENCES project (id),
	connect_gateway_id TEXT COLLATE "C" NOT NULL CONSTRAINT global_eip_binding_connect_gateway_id_fkey REFERENCES connect_gateway (id),
	global_eip_id TEXT COLLATE "C" NOT NULL,
	global_eip_segment_id TEXT COLLATE "C",
	eip_id TEXT COLLATE "C" CONSTRAINT global_eip_binding_eip_id_fkey REFERENCES global_eip (id),
	type TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C" NOT NULL CONSTRAINT global_eip_binding_status_check CHECK (status IN ('BINDING', 'BIND_SUCCESSFULLY', 'UNBINDING', 'ERROR')),
	error_message TEXT COLLATE "C",
	cidr TEXT COLLATE "C",
	address_family TEXT COLLATE "C",
	gcb_id TEXT COLLATE "C",
	created_time BIGINT,
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT global_eip_binding_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX global_eip_binding_global_eip_id_key ON global_eip_binding (global_eip_id NULLS FIRST);
CREATE INDEX global_eip_binding_tenant ON global_eip_binding (tenant_id NULLS FIRST, id);
CREATE INDEX global_eip_binding_gateway ON global_eip_binding (connect_gateway_id NULLS FIRST, id);
CREATE INDEX global_eip_binding_eip ON global_eip_binding (eip_id NULLS FIRST, id);
CREATE INDEX global_eip_binding_by_creation ON global_eip_binding (connect_gateway_id NULLS FIRST, created_time NULLS FIRST, id);

CREATE TABLE attachment (
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL CONSTRAINT attachment_tenant_id_fkey REFERENCES project (id),
	vpc_id TEXT COLLATE "C",
	enterprise_router_id TEXT COLLATE "C" CONSTRAINT attachment_enterprise_router_id_fkey REFERENCES enterprise_router (id),
	connect_gateway_id TEXT COLLATE "C",
	name TEXT COLLATE "C",
	port_id TEXT COLLATE "C" NOT NULL CONSTRAINT attachment_port_id_fkey REFERENCES port (id),
	vlan BIGINT NOT NULL,
	local_ip TEXT COLLATE "C",
	next_hop TEXT COLLATE "C",
	local_ipv6 TEXT COLLATE "C",
	next_hop_ipv6 TEXT COLLATE "C",
	prefixes TEXT COLLATE "C" NOT NULL,
	bgp_asn BIGINT,
	bgp_md5 TEXT COLLATE "C",
	session_v4 TEXT COLLATE "C",
	session_v6 TEXT COLLATE "C",
	edge_id TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C",
	reason TEXT COLLATE "C",
	created_time BIGINT,
	updated_time BIGINT,
	spelling TEXT COLLATE "C",
	guard BIGINT NOT NULL DEFAULT 0,
	CONSTRAINT attachment_pkey PRIMARY KEY (id),
	CONSTRAINT attachment_vpc_id_check CHECK (num_nonnulls(vpc_id, enterprise_router_id, connect_gateway_id) = 1)
);
CREATE INDEX attachment_vpc ON attachment (tenant_id NULLS FIRST, vpc_id NULLS FIRST, id);
CREATE INDEX attachment_place ON attachment (vpc_id NULLS FIRST, id);
CREATE INDEX attachment_router ON attachment (enterprise_router_id NULLS FIRST, id);
CREATE INDEX attachment_internet ON attachment (connect_gateway_id NULLS FIRST, id);
CREATE INDEX attachment_edge ON attachment (edge_id NULLS FIRST);
CREATE INDEX attachment_port ON attachment (port_id NULLS FIRST);

INSERT INTO pool (id) VALUES ('global_eip'), ('internal_asn'), ('link');
