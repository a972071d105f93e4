-- SPDX-License-Identifier: ISC
-- One path for every change. An object has a holder, the resource that renders it, besides the owner that the operator
-- reads: a peer renders its own objects.

ALTER TABLE edge_object ADD COLUMN holder_kind TEXT;
ALTER TABLE edge_object ADD COLUMN holder_id TEXT;
UPDATE edge_object SET holder_kind = owner_kind, holder_id = owner_id;
UPDATE edge_object SET holder_kind = 'vif_peer', holder_id = substr(key, instr(key, '/') + 1, 36)
	WHERE owner_kind = 'virtual_interface' AND kind IN ('addr', 'route', 'bgp');
CREATE INDEX edge_object_holder ON edge_object (holder_id, id);

-- Kept for life: what a router id or a range of AS numbers was derived from is not asked again. Those of before are read
-- from what the edges were last asked for.

ALTER TABLE edge_number ADD COLUMN router_id TEXT;
UPDATE edge_number SET router_id = (SELECT json_extract(body, '$.router_id') FROM edge_object
	WHERE edge_object.edge_id = edge_number.edge_id AND edge_object.key = 'vrf/' || edge_number.owner_id
		AND edge_object.body IS NOT NULL) WHERE space = 'vrf';

ALTER TABLE gateway ADD COLUMN internal_asn_first BIGINT;
ALTER TABLE gateway ADD COLUMN internal_asn_last BIGINT;
UPDATE gateway SET
	internal_asn_first = (SELECT max(json_extract(body, '$.internal_asn_first')) FROM edge_object
		WHERE edge_object.key = 'vrf/' || gateway.id AND edge_object.body IS NOT NULL),
	internal_asn_last = (SELECT max(json_extract(body, '$.internal_asn_last')) FROM edge_object
		WHERE edge_object.key = 'vrf/' || gateway.id AND edge_object.body IS NOT NULL)
	WHERE internal_asn IS NOT NULL;

-- Where a link meets a gateway on an edge. A link's ends are rows, not pairs of columns.

CREATE TABLE link_end (
	id TEXT PRIMARY KEY NOT NULL,
	link_id TEXT NOT NULL REFERENCES peer_link (id),
	side TEXT NOT NULL CHECK (side IN ('a', 'b')),
	region_id TEXT NOT NULL,
	edge_id TEXT NOT NULL REFERENCES edge (id),
	gateway_id TEXT NOT NULL REFERENCES gateway (id),
	device TEXT NOT NULL,
	mark TEXT NOT NULL,
	session_v4 TEXT NOT NULL,
	session_v6 TEXT NOT NULL,
	address_v4 TEXT NOT NULL,
	address_v6 TEXT NOT NULL,
	leaving INTEGER NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (link_id, side),
	UNIQUE (edge_id, device)
);
CREATE INDEX link_end_link ON link_end (link_id, id);
CREATE INDEX link_end_gateway ON link_end (gateway_id, id);
CREATE INDEX link_end_gateway_edge ON link_end (gateway_id, edge_id);

-- The addresses of before are those that the edge was asked for, or, of a link that is being removed, none any more.
INSERT INTO link_end (id, link_id, side, region_id, edge_id, gateway_id, device, mark, session_v4, session_v6, address_v4,
	address_v6, leaving)
	SELECT near_mark, id, 'a', peer_region_id, edge_id, global_dc_gateway_id,
		'dcl' || COALESCE((SELECT number FROM edge_number WHERE owner_id = peer_link.id AND space = 'link'), substr(id, 1, 8)) || 'a', near_mark,
		near_v4, near_v6,
		COALESCE((SELECT json_extract(body, '$.prefix') FROM edge_object WHERE key = 'addr/' || near_v4), ''),
		COALESCE((SELECT json_extract(body, '$.prefix') FROM edge_object WHERE key = 'addr/' || near_v6), ''),
		deleted_time IS NOT NULL
	FROM peer_link;
INSERT INTO link_end (id, link_id, side, region_id, edge_id, gateway_id, device, mark, session_v4, session_v6, address_v4,
	address_v6, leaving)
	SELECT far_mark, id, 'b', peer_region_id, edge_id, peer_gateway_id,
		'dcl' || COALESCE((SELECT number FROM edge_number WHERE owner_id = peer_link.id AND space = 'link'), substr(id, 1, 8)) || 'b', far_mark,
		far_v4, far_v6,
		COALESCE((SELECT json_extract(body, '$.prefix') FROM edge_object WHERE key = 'addr/' || far_v4), ''),
		COALESCE((SELECT json_extract(body, '$.prefix') FROM edge_object WHERE key = 'addr/' || far_v6), ''),
		deleted_time IS NOT NULL
	FROM peer_link;
ALTER TABLE peer_link DROP COLUMN near_mark;
ALTER TABLE peer_link DROP COLUMN far_mark;
ALTER TABLE peer_link DROP COLUMN near_v4;
ALTER TABLE peer_link DROP COLUMN near_v6;
ALTER TABLE peer_link DROP COLUMN far_v4;
ALTER TABLE peer_link DROP COLUMN far_v6;

-- An interface shows its first peer's members and each peer's addresses; its row keeps the addresses of the family that has
-- no peer yet.

ALTER TABLE vif_peer ADD COLUMN reason TEXT;
ALTER TABLE virtual_interface ADD COLUMN vrf_gateway_id TEXT;
UPDATE virtual_interface SET vrf_gateway_id = CASE WHEN service_type = 'GDGW' THEN gateway_id ELSE vgw_id END;
CREATE INDEX virtual_interface_vrf ON virtual_interface (vrf_gateway_id, id);
CREATE INDEX virtual_interface_vrf_edge ON virtual_interface (vrf_gateway_id, edge_id);
UPDATE virtual_interface SET local_gateway_v4_ip = NULL, remote_gateway_v4_ip = NULL
	WHERE EXISTS (SELECT 1 FROM vif_peer WHERE vif_peer.vif_id = virtual_interface.id AND vif_peer.address_family = 'ipv4');
UPDATE virtual_interface SET local_gateway_v6_ip = NULL, remote_gateway_v6_ip = NULL
	WHERE EXISTS (SELECT 1 FROM vif_peer WHERE vif_peer.vif_id = virtual_interface.id AND vif_peer.address_family = 'ipv6');
ALTER TABLE virtual_interface DROP COLUMN address_family;
ALTER TABLE virtual_interface DROP COLUMN route_mode;
ALTER TABLE virtual_interface DROP COLUMN bgp_asn;
ALTER TABLE virtual_interface DROP COLUMN bgp_md5;
ALTER TABLE virtual_interface DROP COLUMN remote_ep_group;

-- Attachments and enterprise routers have states of their own: what their objects said last.

ALTER TABLE attachment ADD COLUMN reason TEXT;
ALTER TABLE enterprise_router ADD COLUMN status TEXT;
ALTER TABLE enterprise_router ADD COLUMN reason TEXT;
UPDATE attachment SET status = CASE
	WHEN NOT EXISTS (SELECT 1 FROM edge_object WHERE owner_id = attachment.id AND deleted = 0) THEN 'DOWN'
	WHEN EXISTS (SELECT 1 FROM edge_object WHERE owner_id = attachment.id AND deleted = 0
		AND state IN ('error', 'unsupported')) THEN 'ERROR'
	WHEN EXISTS (SELECT 1 FROM edge_object WHERE owner_id = attachment.id AND deleted = 0 AND state <> 'applied') THEN 'PENDING'
	WHEN EXISTS (SELECT 1 FROM edge_object WHERE owner_id = attachment.id AND carrier = 0) THEN 'DOWN'
	ELSE 'ACTIVE' END
	WHERE status = 'ACTIVE';
UPDATE attachment SET reason = CASE status
	WHEN 'PENDING' THEN 'the edge has not read it back yet'
	WHEN 'ERROR' THEN (SELECT kind || ': ' || COALESCE(error, state) FROM edge_object WHERE owner_id = attachment.id
		AND deleted = 0 AND state IN ('error', 'unsupported') ORDER BY id LIMIT 1)
	WHEN 'DOWN' THEN CASE WHEN EXISTS (SELECT 1 FROM edge_object WHERE owner_id = attachment.id AND deleted = 0)
		THEN 'no carrier on the port' ELSE 'no gateway on the edge leads to it' END
	END;
UPDATE enterprise_router SET status = CASE
	WHEN NOT EXISTS (SELECT 1 FROM edge_object WHERE owner_id = enterprise_router.id AND deleted = 0) THEN 'DOWN'
	WHEN EXISTS (SELECT 1 FROM edge_object WHERE owner_id = enterprise_router.id AND deleted = 0
		AND state IN ('error', 'unsupported')) THEN 'ERROR'
	WHEN EXISTS (SELECT 1 FROM edge_object WHERE owner_id = enterprise_router.id AND deleted = 0 AND state <> 'applied')
		THEN 'PENDING'
	ELSE 'ACTIVE' END;
UPDATE enterprise_router SET reason = CASE status
	WHEN 'PENDING' THEN 'the edge has not read it back yet'
	WHEN 'ERROR' THEN (SELECT error FROM edge_object WHERE owner_id = enterprise_router.id AND deleted = 0
		AND state IN ('error', 'unsupported') ORDER BY id LIMIT 1)
	WHEN 'DOWN' THEN 'no peer link leads to the router'
	END;

-- A report shows the carrier of an edge's ports: the connections there are found by an index.

CREATE INDEX port_edge ON port (edge_id, id);
DROP INDEX direct_connect_port_any;
CREATE INDEX direct_connect_port_any ON direct_connect (port_id, id);
