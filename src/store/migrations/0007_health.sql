-- SPDX-License-Identifier: ISC
-- What GET /health counts each second, without reading what grows.

CREATE INDEX edge_object_error ON edge_object (edge_id) WHERE error IS NOT NULL;
CREATE INDEX account_role ON account (role);
