-- SPDX-License-Identifier: ISC
-- The sessions of an interface in the order of their ids, as its tenant lists them.
DROP INDEX edge_session_owner;
CREATE INDEX edge_session_owner ON edge_session (owner_id, id);
