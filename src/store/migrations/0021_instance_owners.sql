-- SPDX-License-Identifier: ISC
-- Whose VRFs a routing instance has is asked before it gets one more.

CREATE INDEX edge_number_instance ON edge_number (edge_id, instance, id);
