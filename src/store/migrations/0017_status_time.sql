-- SPDX-License-Identifier: ISC
-- Since when a peer is in its state.

ALTER TABLE vif_peer ADD COLUMN status_time INTEGER;
