-- SPDX-License-Identifier: ISC
-- How many BGP peers with a password one gateway and family can have on an edge.

ALTER TABLE edge_report ADD COLUMN key_room BIGINT;
