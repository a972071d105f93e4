-- SPDX-License-Identifier: ISC
-- What a partner's list of hosted connections can be sorted by.

CREATE INDEX hosted_by_name ON direct_connect (hosting_tenant_id, name, id);
CREATE INDEX hosted_by_bandwidth ON direct_connect (hosting_tenant_id, bandwidth, id);
CREATE INDEX hosted_by_status ON direct_connect (hosting_tenant_id, status, id);
CREATE INDEX hosted_by_application ON direct_connect (hosting_tenant_id, apply_time, id);
CREATE INDEX hosted_by_creation ON direct_connect (hosting_tenant_id, create_time, id);
