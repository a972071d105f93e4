-- SPDX-License-Identifier: ISC
-- Who may call, and what they did. Deleting a user takes its keys and tokens along; a domain or project goes only when it
-- is empty. Ids of domains, projects and users are 32 hex digits, as clients of the API expect them.

CREATE TABLE domain (
	id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 32),
	name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
	description TEXT,
	create_time BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE project (
	id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 32),
	domain_id TEXT NOT NULL REFERENCES domain (id),
	name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
	description TEXT,
	create_time BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (domain_id, name)
);

CREATE TABLE account (
	id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 32),
	domain_id TEXT NOT NULL REFERENCES domain (id),
	project_id TEXT REFERENCES project (id),
	name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
	role TEXT NOT NULL CHECK (role IN ('reader', 'member', 'operator')),
	enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
	password_hash TEXT,
	create_time BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (domain_id, name)
);
CREATE INDEX account_project ON account (project_id);

CREATE TABLE access_key (
	id TEXT PRIMARY KEY NOT NULL,
	user_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	project_id TEXT REFERENCES project (id),
	role TEXT CHECK (role IN ('reader', 'member', 'operator')),
	access_key TEXT NOT NULL UNIQUE,
	secret_key TEXT NOT NULL,
	description TEXT,
	enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
	create_time BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX access_key_user ON access_key (user_id);
CREATE INDEX access_key_project ON access_key (project_id);

CREATE TABLE token (
	id TEXT PRIMARY KEY NOT NULL,
	hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
	user_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	project_id TEXT REFERENCES project (id) ON DELETE CASCADE,
	methods TEXT NOT NULL,
	issued_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX token_user ON token (user_id);
CREATE INDEX token_project ON token (project_id);
CREATE INDEX token_expiry ON token (expires_at);

-- No foreign key to project: what was done outlives what it was done to.
CREATE TABLE event (
	id TEXT PRIMARY KEY NOT NULL,
	project_id TEXT,
	create_time BIGINT NOT NULL,
	action TEXT NOT NULL,
	kind TEXT NOT NULL,
	resource_id TEXT,
	user_id TEXT,
	user_name TEXT,
	request_id TEXT,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX event_project ON event (project_id, id);
CREATE INDEX event_time ON event (create_time);
