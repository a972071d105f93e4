-- SPDX-License-Identifier: ISC
-- Switchover tests: an interface whose sessions are shut down until a time, and a record of each call.

ALTER TABLE virtual_interface ADD COLUMN shut_until BIGINT;
ALTER TABLE virtual_interface ADD COLUMN switchover_id TEXT;

CREATE TABLE switchover_record (
	id TEXT PRIMARY KEY NOT NULL,
	tenant_id TEXT NOT NULL,
	resource_id TEXT NOT NULL REFERENCES virtual_interface (id),
	resource_type TEXT NOT NULL,
	operation TEXT NOT NULL,
	operate_status TEXT NOT NULL,
	start_time BIGINT NOT NULL,
	end_time BIGINT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX switchover_record_tenant ON switchover_record (tenant_id, id);
CREATE INDEX switchover_record_resource ON switchover_record (resource_id, id);
