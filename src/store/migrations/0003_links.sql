-- SPDX-License-Identifier: ISC
-- Gateways of three kinds and the links between them. What virtual gateways, global DC gateways and enterprise routers have
-- in common is a row of `gateway`: the lock of all that is in its VRF, and the AS number that its links use, kept for life.

CREATE TABLE gateway (
	id TEXT PRIMARY KEY NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('virtual_gateway', 'global_dc_gateway', 'enterprise_router')),
	internal_asn BIGINT UNIQUE,
	guard INTEGER NOT NULL DEFAULT 0
);
INSERT INTO gateway (id, kind) SELECT id, 'virtual_gateway' FROM virtual_gateway;

-- Locked while a number is taken from a pool that all gateways share.
CREATE TABLE pool (
	id TEXT PRIMARY KEY NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0
);
INSERT INTO pool (id) VALUES ('internal_asn'), ('link');

CREATE TABLE global_dc_gateway (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	name TEXT NOT NULL,
	description TEXT,
	address_family TEXT NOT NULL CHECK (address_family IN ('ipv4', 'dual')),
	bgp_asn BIGINT NOT NULL,
	admin_state_up INTEGER,
	status TEXT NOT NULL,
	reason TEXT,
	region_id TEXT,
	location_name TEXT,
	locales TEXT,
	global_center_network_id TEXT,
	site_network_id TEXT,
	cloud_connection_id TEXT,
	enterprise_project_id TEXT,
	tags TEXT,
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX global_dc_gateway_tenant ON global_dc_gateway (tenant_id, id);

CREATE TABLE enterprise_router (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	name TEXT NOT NULL,
	description TEXT,
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX enterprise_router_tenant ON enterprise_router (tenant_id, id);

-- A pair of gateways has one link; one that waits for its edge to let go does not count. low and high are the two gateways in
-- the order of their ids. number is that of the link's subnets in their blocks.
CREATE TABLE peer_link (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	name TEXT NOT NULL,
	description TEXT,
	status TEXT NOT NULL CHECK (status IN ('PENDING_CREATE', 'PENDING_UPDATE', 'ACTIVE', 'ERROR')),
	reason TEXT,
	global_dc_gateway_id TEXT NOT NULL REFERENCES gateway (id),
	peer_gateway_id TEXT NOT NULL REFERENCES gateway (id),
	peer_project_id TEXT NOT NULL,
	peer_region_id TEXT NOT NULL,
	peer_type TEXT NOT NULL CHECK (peer_type IN ('ER', 'GDGW')),
	peer_link_id TEXT,
	low TEXT NOT NULL,
	high TEXT NOT NULL CHECK (low < high),
	edge_id TEXT NOT NULL REFERENCES edge (id),
	number BIGINT NOT NULL UNIQUE,
	near_mark TEXT NOT NULL,
	far_mark TEXT NOT NULL,
	near_v4 TEXT NOT NULL,
	near_v6 TEXT NOT NULL,
	far_v4 TEXT NOT NULL,
	far_v6 TEXT NOT NULL,
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX peer_link_pair ON peer_link (low, high) WHERE deleted_time IS NULL;
CREATE INDEX peer_link_near ON peer_link (global_dc_gateway_id, id);
CREATE INDEX peer_link_far ON peer_link (peer_gateway_id);

-- Interfaces and peers of any kind of gateway.

CREATE INDEX virtual_interface_global ON virtual_interface (gateway_id);
ALTER TABLE vif_peer RENAME COLUMN vgw_id TO gateway_id;

-- id is the peer's, or that of one session of a link.
CREATE TABLE link_subnet_of_gateway (
	id TEXT PRIMARY KEY NOT NULL,
	gateway_id TEXT NOT NULL REFERENCES gateway (id),
	family BIGINT NOT NULL,
	first TEXT NOT NULL,
	last TEXT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0
);
INSERT INTO link_subnet_of_gateway SELECT id, vgw_id, family, first, last, guard FROM link_subnet;
DROP TABLE link_subnet;
ALTER TABLE link_subnet_of_gateway RENAME TO link_subnet;
CREATE INDEX link_subnet_gateway ON link_subnet (gateway_id, family, first);

CREATE TABLE remote_subnet_of_gateway (
	id TEXT PRIMARY KEY NOT NULL,
	peer_id TEXT NOT NULL,
	gateway_id TEXT NOT NULL REFERENCES gateway (id),
	prefix TEXT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (gateway_id, prefix)
);
INSERT INTO remote_subnet_of_gateway SELECT id, peer_id, vgw_id, prefix, guard FROM remote_subnet;
DROP TABLE remote_subnet;
ALTER TABLE remote_subnet_of_gateway RENAME TO remote_subnet;
CREATE INDEX remote_subnet_peer ON remote_subnet (peer_id);

-- What is attached is a VPC or an enterprise router.
CREATE TABLE attachment_of_gateway (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	vpc_id TEXT,
	enterprise_router_id TEXT REFERENCES enterprise_router (id),
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
	guard INTEGER NOT NULL DEFAULT 0,
	CHECK ((vpc_id IS NULL) <> (enterprise_router_id IS NULL))
);
INSERT INTO attachment_of_gateway (id, tenant_id, vpc_id, name, port_id, vlan, local_ip, next_hop, local_ipv6, next_hop_ipv6,
	prefixes, edge_id, status, created_time, updated_time, guard)
	SELECT id, tenant_id, vpc_id, name, port_id, vlan, local_ip, next_hop, local_ipv6, next_hop_ipv6, prefixes, edge_id, status,
	created_time, updated_time, guard FROM attachment;
DROP TABLE attachment;
ALTER TABLE attachment_of_gateway RENAME TO attachment;
CREATE INDEX attachment_vpc ON attachment (tenant_id, vpc_id);
CREATE INDEX attachment_router ON attachment (enterprise_router_id);
CREATE INDEX attachment_edge ON attachment (edge_id);
CREATE INDEX attachment_port ON attachment (port_id);
