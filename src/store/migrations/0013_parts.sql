-- SPDX-License-Identifier: ISC
-- Reports in parts: the newest part of the edge's newest report, whether others follow, and the number of its newest full
-- report, which each object that was named in that has, too.

ALTER TABLE edge_report ADD COLUMN part BIGINT NOT NULL DEFAULT 0;
ALTER TABLE edge_report ADD COLUMN unfinished INTEGER NOT NULL DEFAULT 0;
ALTER TABLE edge_report ADD COLUMN series BIGINT NOT NULL DEFAULT 0;
ALTER TABLE edge_object ADD COLUMN series BIGINT;
