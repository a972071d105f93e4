-- SPDX-License-Identifier: ISC
-- Ids that a client sent in another spelling than that they are kept in: it reads them as it sent them.

ALTER TABLE virtual_gateway ADD COLUMN spelling TEXT;
ALTER TABLE virtual_interface ADD COLUMN spelling TEXT;

-- What a hosting connection carries is found by an index, too.

CREATE INDEX direct_connect_hosting ON direct_connect (hosting_id, id);
