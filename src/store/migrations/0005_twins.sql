-- SPDX-License-Identifier: ISC
-- Two processes that report with one edge's credential: the one that was displaced last, whether it was asked to say
-- everything since, and the one that is refused, with the time it was refused last.

ALTER TABLE edge_report ADD COLUMN former_boot TEXT;
ALTER TABLE edge_report ADD COLUMN former_asked INTEGER;
ALTER TABLE edge_report ADD COLUMN refused_boot TEXT;
ALTER TABLE edge_report ADD COLUMN refused_time BIGINT;
