-- SPDX-License-Identifier: ISC
-- Interfaces into another project's gateway: who else sees them, and the gateway that was asked for until that project has
-- accepted. An order that nobody has accepted refers to nothing of the other project.

ALTER TABLE virtual_interface ADD COLUMN resource_tenant_id TEXT;
ALTER TABLE virtual_interface ADD COLUMN asked_gateway_id TEXT;
CREATE INDEX crossing_interface ON virtual_interface (resource_tenant_id, id) WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_name ON virtual_interface (resource_tenant_id, name, id) WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_vlan ON virtual_interface (resource_tenant_id, vlan, id) WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_bandwidth ON virtual_interface (resource_tenant_id, bandwidth, id)
	WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_status ON virtual_interface (resource_tenant_id, status, id)
	WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_creation ON virtual_interface (resource_tenant_id, create_time, id)
	WHERE resource_tenant_id IS NOT NULL;
CREATE INDEX crossing_interface_by_change ON virtual_interface (resource_tenant_id, update_time, id)
	WHERE resource_tenant_id IS NOT NULL;
