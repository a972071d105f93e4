-- SPDX-License-Identifier: ISC
-- Detections of peers: whether a customer's router answers. One runs at a time for each peer.

CREATE TABLE peer_detection (
	id TEXT PRIMARY KEY NOT NULL,
	vif_peer_id TEXT NOT NULL,
	project_id TEXT NOT NULL,
	domain_id TEXT,
	status TEXT NOT NULL,
	loss_ratio BIGINT,
	start_time BIGINT NOT NULL,
	end_time BIGINT,
	vif_id TEXT NOT NULL,
	reason TEXT,
	deleted_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX peer_detection_running ON peer_detection (vif_peer_id) WHERE status = 'processing' AND deleted_time IS NULL;
CREATE INDEX peer_detection_project ON peer_detection (project_id, id);
CREATE INDEX peer_detection_peer ON peer_detection (vif_peer_id, id);
CREATE INDEX peer_detection_vif ON peer_detection (vif_id, id);
