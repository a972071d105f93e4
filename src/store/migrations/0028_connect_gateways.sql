-- SPDX-License-Identifier: ISC
-- Connect gateways are a fourth kind of gateway. Global EIPs are the operator's inventory; a binding leads one to the
-- interfaces of a connect gateway.

CREATE TABLE gateway_of_four_kinds (
	id TEXT PRIMARY KEY NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('virtual_gateway', 'global_dc_gateway', 'enterprise_router', 'connect_gateway')),
	internal_asn BIGINT UNIQUE,
	guard INTEGER NOT NULL DEFAULT 0,
	internal_asn_first BIGINT,
	internal_asn_last BIGINT
);
INSERT INTO gateway_of_four_kinds (id, kind, internal_asn, guard, internal_asn_first, internal_asn_last)
	SELECT id, kind, internal_asn, guard, internal_asn_first, internal_asn_last FROM gateway;
DROP TABLE gateway;
ALTER TABLE gateway_of_four_kinds RENAME TO gateway;
INSERT INTO pool (id) VALUES ('global_eip');

CREATE TABLE connect_gateway (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	name TEXT NOT NULL,
	description TEXT,
	address_family TEXT NOT NULL CHECK (address_family IN ('ipv4', 'dual')),
	status TEXT NOT NULL,
	reason TEXT,
	bgp_asn BIGINT NOT NULL,
	gcb_id TEXT,
	gateway_site TEXT,
	access_site TEXT,
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX connect_gateway_tenant ON connect_gateway (tenant_id, id);
CREATE INDEX connect_gateway_by_name ON connect_gateway (tenant_id, name, id);
CREATE INDEX connect_gateway_by_status ON connect_gateway (tenant_id, status, id);
CREATE INDEX connect_gateway_by_creation ON connect_gateway (tenant_id, created_time, id);
CREATE INDEX connect_gateway_by_change ON connect_gateway (tenant_id, updated_time, id);

CREATE TABLE global_eip (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	name TEXT NOT NULL,
	description TEXT,
	type TEXT NOT NULL CHECK (type IN ('IP_ADDRESS', 'IP_SEGMENT')),
	cidr TEXT NOT NULL,
	address_family TEXT NOT NULL,
	first TEXT NOT NULL,
	last TEXT NOT NULL,
	created_time BIGINT,
	updated_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX global_eip_tenant ON global_eip (tenant_id, id);
CREATE INDEX global_eip_range ON global_eip (address_family, first, id);

-- One that an edge has still to let go of keeps its place.
CREATE TABLE global_eip_binding (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	connect_gateway_id TEXT NOT NULL REFERENCES connect_gateway (id),
	global_eip_id TEXT NOT NULL UNIQUE,
	global_eip_segment_id TEXT,
	eip_id TEXT REFERENCES global_eip (id),
	type TEXT NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('BINDING', 'BIND_SUCCESSFULLY', 'UNBINDING', 'ERROR')),
	error_message TEXT,
	cidr TEXT,
	address_family TEXT,
	gcb_id TEXT,
	created_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX global_eip_binding_tenant ON global_eip_binding (tenant_id, id);
CREATE INDEX global_eip_binding_gateway ON global_eip_binding (connect_gateway_id, id);
CREATE INDEX global_eip_binding_eip ON global_eip_binding (eip_id, id);
CREATE INDEX global_eip_binding_by_creation ON global_eip_binding (connect_gateway_id, created_time, id);

-- What is attached is a VPC, an enterprise router, or the Internet behind a connect gateway. The gateway there is the tenant's,
-- who may delete it.
CREATE TABLE attachment_of_three_kinds (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	vpc_id TEXT,
	enterprise_router_id TEXT REFERENCES enterprise_router (id),
	connect_gateway_id TEXT,
	name TEXT,
	port_id TEXT NOT NULL REFERENCES port (id),
	vlan BIGINT NOT NULL,
	local_ip TEXT,
	next_hop TEXT,
	local_ipv6 TEXT,
	next_hop_ipv6 TEXT,
	prefixes TEXT NOT NULL,
	bgp_asn BIGINT,
	bgp_md5 TEXT,
	session_v4 TEXT,
	session_v6 TEXT,
	edge_id TEXT NOT NULL,
	status TEXT,
	reason TEXT,
	created_time BIGINT,
	updated_time BIGINT,
	spelling TEXT,
	guard INTEGER NOT NULL DEFAULT 0,
	CHECK ((vpc_id IS NOT NULL) + (enterprise_router_id IS NOT NULL) + (connect_gateway_id IS NOT NULL) = 1)
);
INSERT INTO attachment_of_three_kinds (id, tenant_id, vpc_id, enterprise_router_id, name, port_id, vlan, local_ip, next_hop,
	local_ipv6, next_hop_ipv6, prefixes, edge_id, status, reason, created_time, updated_time, spelling, guard)
	SELECT id, tenant_id, vpc_id, enterprise_router_id, name, port_id, vlan, local_ip, next_hop, local_ipv6, next_hop_ipv6,
	prefixes, edge_id, status, reason, created_time, updated_time, spelling, guard FROM attachment;
DROP TABLE attachment;
ALTER TABLE attachment_of_three_kinds RENAME TO attachment;
CREATE INDEX gateway_number ON gateway (internal_asn, id);
CREATE INDEX attachment_vpc ON attachment (tenant_id, vpc_id, id);
CREATE INDEX attachment_place ON attachment (vpc_id, id);
CREATE INDEX attachment_router ON attachment (enterprise_router_id, id);
CREATE INDEX attachment_internet ON attachment (connect_gateway_id, id);
CREATE INDEX attachment_edge ON attachment (edge_id);
CREATE INDEX attachment_port ON attachment (port_id);
