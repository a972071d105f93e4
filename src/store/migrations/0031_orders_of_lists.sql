-- SPDX-License-Identifier: ISC
-- What a tenant lists by time: the events of its project, switchover tests and peer detections.
CREATE INDEX event_of_project ON event (project_id, create_time, id);
CREATE INDEX switchover_record_by_start ON switchover_record (tenant_id, start_time, id);
CREATE INDEX peer_detection_by_start ON peer_detection (project_id, start_time, id);
