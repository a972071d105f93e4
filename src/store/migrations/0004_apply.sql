-- SPDX-License-Identifier: ISC
-- What the record of an apply rests on: how many sessions that it had no business with were up before it, and for how long
-- the youngest of those was up afterwards.

ALTER TABLE edge_apply ADD COLUMN watched BIGINT;
ALTER TABLE edge_apply ADD COLUMN shortest_uptime BIGINT;
