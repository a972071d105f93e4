-- SPDX-License-Identifier: ISC
-- Tags are rows, so that they can be searched and counted. id: owner/place in the list.

CREATE TABLE direct_connect_tag (
	id TEXT PRIMARY KEY NOT NULL,
	owner_id TEXT NOT NULL REFERENCES direct_connect (id),
	tenant_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (owner_id, key)
);
CREATE INDEX direct_connect_tag_owner ON direct_connect_tag (owner_id, id);
CREATE INDEX direct_connect_tag_key ON direct_connect_tag (tenant_id, key, value, id);
INSERT INTO direct_connect_tag (id, owner_id, tenant_id, position, key, value)
	SELECT o.id || '/' || printf('%04d', t.key), o.id, o.tenant_id, t.key, json_extract(t.value, '$.key'),
		COALESCE(json_extract(t.value, '$.value'), '')
	FROM direct_connect AS o, json_each(o.tags) AS t WHERE o.tags IS NOT NULL;
ALTER TABLE direct_connect DROP COLUMN tags;

CREATE TABLE virtual_gateway_tag (
	id TEXT PRIMARY KEY NOT NULL,
	owner_id TEXT NOT NULL REFERENCES virtual_gateway (id),
	tenant_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (owner_id, key)
);
CREATE INDEX virtual_gateway_tag_owner ON virtual_gateway_tag (owner_id, id);
CREATE INDEX virtual_gateway_tag_key ON virtual_gateway_tag (tenant_id, key, value, id);
INSERT INTO virtual_gateway_tag (id, owner_id, tenant_id, position, key, value)
	SELECT o.id || '/' || printf('%04d', t.key), o.id, o.tenant_id, t.key, json_extract(t.value, '$.key'),
		COALESCE(json_extract(t.value, '$.value'), '')
	FROM virtual_gateway AS o, json_each(o.tags) AS t WHERE o.tags IS NOT NULL;
ALTER TABLE virtual_gateway DROP COLUMN tags;

CREATE TABLE virtual_interface_tag (
	id TEXT PRIMARY KEY NOT NULL,
	owner_id TEXT NOT NULL REFERENCES virtual_interface (id),
	tenant_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (owner_id, key)
);
CREATE INDEX virtual_interface_tag_owner ON virtual_interface_tag (owner_id, id);
CREATE INDEX virtual_interface_tag_key ON virtual_interface_tag (tenant_id, key, value, id);
INSERT INTO virtual_interface_tag (id, owner_id, tenant_id, position, key, value)
	SELECT o.id || '/' || printf('%04d', t.key), o.id, o.tenant_id, t.key, json_extract(t.value, '$.key'),
		COALESCE(json_extract(t.value, '$.value'), '')
	FROM virtual_interface AS o, json_each(o.tags) AS t WHERE o.tags IS NOT NULL;
ALTER TABLE virtual_interface DROP COLUMN tags;

CREATE TABLE global_dc_gateway_tag (
	id TEXT PRIMARY KEY NOT NULL,
	owner_id TEXT NOT NULL REFERENCES global_dc_gateway (id),
	tenant_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0,
	UNIQUE (owner_id, key)
);
CREATE INDEX global_dc_gateway_tag_owner ON global_dc_gateway_tag (owner_id, id);
CREATE INDEX global_dc_gateway_tag_key ON global_dc_gateway_tag (tenant_id, key, value, id);
INSERT INTO global_dc_gateway_tag (id, owner_id, tenant_id, position, key, value)
	SELECT o.id || '/' || printf('%04d', t.key), o.id, o.tenant_id, t.key, json_extract(t.value, '$.key'),
		COALESCE(json_extract(t.value, '$.value'), '')
	FROM global_dc_gateway AS o, json_each(o.tags) AS t WHERE o.tags IS NOT NULL;
ALTER TABLE global_dc_gateway DROP COLUMN tags;

-- More ids come back as they were sent.

ALTER TABLE vif_peer ADD COLUMN spelling TEXT;
ALTER TABLE attachment ADD COLUMN spelling TEXT;
ALTER TABLE direct_connect ADD COLUMN spelling TEXT;
ALTER TABLE global_dc_gateway ADD COLUMN spelling TEXT;
