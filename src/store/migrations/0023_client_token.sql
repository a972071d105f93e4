-- SPDX-License-Identifier: ISC
-- Answers to orders that came with a client token, kept for a day: the same order with the same token gets its answer again.

CREATE TABLE client_token (
	id TEXT PRIMARY KEY NOT NULL, -- project/user/token
	created_at BIGINT NOT NULL,
	order_hash TEXT NOT NULL, -- of path, query and body
	status INTEGER NOT NULL,
	answer TEXT NOT NULL, -- sealed
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX client_token_created_at ON client_token (created_at, id);
