-- SPDX-License-Identifier: ISC
-- Tombstones of an edge that was retired are dropped. What changed since a revision below `floor` is not known whole any more:
-- an edge that asks from there is sent everything.

ALTER TABLE edge_revision ADD COLUMN floor BIGINT NOT NULL DEFAULT 0;
