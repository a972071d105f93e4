-- SPDX-License-Identifier: ISC
-- A virtual gateway may be an enterprise router, seen through it: its interfaces are in the router's VRF.

CREATE INDEX virtual_gateway_router ON virtual_gateway (enterprise_router_id, id);
ALTER TABLE virtual_interface ADD COLUMN router_id TEXT;
CREATE INDEX virtual_interface_router ON virtual_interface (router_id, id);
