-- SPDX-License-Identifier: ISC
-- What is to happen at a time: one row for a kind and an owner. at: when somebody may claim the row, which a claim puts off;
-- wanted: the time that was asked for.

CREATE TABLE due (
	id TEXT PRIMARY KEY NOT NULL, -- kind/owner
	at BIGINT NOT NULL,
	wanted BIGINT NOT NULL,
	kind TEXT NOT NULL,
	owner TEXT NOT NULL,
	ref TEXT,
	claim TEXT,
	tries BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX due_at ON due (at, id);

-- The oldest token ends first, and tokens of before end at their time, too.

DROP INDEX token_expiry;
CREATE INDEX token_expiry ON token (expires_at, id);
INSERT INTO due (id, at, wanted, kind, owner, tries)
	SELECT 'token_expiry/', min(expires_at), min(expires_at), 'token_expiry', '', 0 FROM token HAVING count(*) > 0;
