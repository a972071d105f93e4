-- SPDX-License-Identifier: ISC
-- Whose connection a hosted one is part of: the partner lists what the partner has handed out.

ALTER TABLE direct_connect ADD COLUMN hosting_tenant_id TEXT;
UPDATE direct_connect SET hosting_tenant_id = (SELECT h.tenant_id FROM direct_connect AS h WHERE h.id = direct_connect.hosting_id)
	WHERE hosting_id IS NOT NULL;
CREATE INDEX direct_connect_handed_out ON direct_connect (hosting_tenant_id, id);
