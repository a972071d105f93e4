-- SPDX-License-Identifier: ISC
-- Routes of global DC gateways. A route leads to a peer of one of the gateway's interfaces, or over a link to another gateway;
-- a deleted one, which waits for its edge, leads nowhere any more.

CREATE TABLE gdgw_route (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL REFERENCES project (id),
	gateway_id TEXT NOT NULL REFERENCES gateway (id),
	destination TEXT NOT NULL,
	prefix TEXT NOT NULL,
	address_family TEXT NOT NULL CHECK (address_family IN ('ipv4', 'ipv6')),
	nexthop TEXT NOT NULL,
	type TEXT NOT NULL CHECK (type IN ('vif_peer', 'gdgw')),
	obtain_mode TEXT NOT NULL,
	status TEXT NOT NULL,
	reason TEXT,
	description TEXT,
	peer_id TEXT REFERENCES vif_peer (id),
	vif_id TEXT REFERENCES virtual_interface (id),
	link_id TEXT REFERENCES peer_link (id),
	created_time BIGINT,
	updated_time BIGINT,
	deleted_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0,
	CHECK (deleted_time IS NOT NULL OR (peer_id IS NULL) <> (link_id IS NULL))
);
CREATE UNIQUE INDEX gdgw_route_destination ON gdgw_route (gateway_id, prefix) WHERE deleted_time IS NULL;
CREATE INDEX gdgw_route_tenant ON gdgw_route (tenant_id, id);
CREATE INDEX gdgw_route_gateway ON gdgw_route (gateway_id, id);
CREATE INDEX gdgw_route_peer ON gdgw_route (peer_id, id);
CREATE INDEX gdgw_route_vif ON gdgw_route (vif_id, id);
CREATE INDEX gdgw_route_link ON gdgw_route (link_id, id);
