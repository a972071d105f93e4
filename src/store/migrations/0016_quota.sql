-- SPDX-License-Identifier: ISC
-- The operator's numbers for single projects, in place of the settings for all.

CREATE TABLE project_quota (
	id TEXT PRIMARY KEY NOT NULL,
	project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
	type TEXT NOT NULL,
	quota BIGINT NOT NULL,
	created_time BIGINT NOT NULL,
	updated_time BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (project_id, type)
);
