-- SPDX-License-Identifier: ISC
-- An owner's objects on one edge. With an index of (edge_id, id) SQLite read all objects of the edge, to have them in the order of
-- their ids.

DROP INDEX edge_object_edge;
CREATE INDEX edge_object_owner_edge ON edge_object (owner_id, edge_id, id);
