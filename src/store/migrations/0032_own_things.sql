-- SPDX-License-Identifier: ISC
-- Peer links into another project's gateway: which projects the operator lets be linked, and who else sees such a link.

CREATE TABLE project_pair (
	id TEXT PRIMARY KEY NOT NULL,
	project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
	peer_project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
	low TEXT NOT NULL,
	high TEXT NOT NULL,
	description TEXT NOT NULL,
	created_time BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (low, high)
);
CREATE INDEX project_pair_project ON project_pair (project_id, id);
CREATE INDEX project_pair_peer ON project_pair (peer_project_id, id);

ALTER TABLE peer_link ADD COLUMN receiver_id TEXT;
CREATE INDEX received_link ON peer_link (receiver_id, id) WHERE receiver_id IS NOT NULL;
CREATE INDEX received_link_by_name ON peer_link (receiver_id, name, id) WHERE receiver_id IS NOT NULL;
CREATE INDEX received_link_by_status ON peer_link (receiver_id, status, id) WHERE receiver_id IS NOT NULL;
CREATE INDEX received_link_by_creation ON peer_link (receiver_id, created_time, id) WHERE receiver_id IS NOT NULL;
CREATE INDEX received_link_by_change ON peer_link (receiver_id, updated_time, id) WHERE receiver_id IS NOT NULL;
CREATE INDEX received_link_below ON peer_link (receiver_id, peer_gateway_id, id) WHERE receiver_id IS NOT NULL;
CREATE INDEX peer_link_of_project_by_name ON peer_link (tenant_id, name, id);
CREATE INDEX peer_link_of_project_by_status ON peer_link (tenant_id, status, id);
CREATE INDEX peer_link_of_project_by_creation ON peer_link (tenant_id, created_time, id);
CREATE INDEX peer_link_of_project_by_change ON peer_link (tenant_id, updated_time, id);

-- Peers as a list of their project, in the order of their ids.
DROP INDEX vif_peer_tenant;
CREATE INDEX vif_peer_tenant ON vif_peer (tenant_id, id);
CREATE INDEX attachment_tenant ON attachment (tenant_id, id);
