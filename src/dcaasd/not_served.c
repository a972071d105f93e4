/* SPDX-License-Identifier: ISC */
#include "dcaasd/not_served.h"

#include "api/call.h"

static enum dc_code
answer_not_served(struct tx *tx, struct call *call, struct dc_error *err)
{
	(void)tx;
	return dc_fail(err, DC_E_NO_API, NULL, "%s is not served yet", call->route->operation);
}

/* Objects of the API before v3. Endpoint groups hold what gateways and interfaces of v3 hold as lists. */
static enum dc_code
answer_outdated(struct tx *tx, struct call *call, struct dc_error *err)
{
	(void)tx;
	(void)call;
	return dc_fail(err, DC_E_NO_API, NULL,
	    "Endpoint groups belong to an older API than v3: send local_ep_group and remote_ep_group instead");
}

#define OUTDATED(method, path)                                                                                         \
	{                                                                                                              \
		method, "/v3/{project_id}/" path, ROLE_READER, ROUTE_HIDDEN, .run = answer_outdated,                   \
									     .operation = "EndpointGroups"             \
	}
#define ENDPOINT_GROUPS "dcaas/dc-endpoint-groups"
#define NOT_SERVED(method, path, name)                                                                                 \
	{                                                                                                              \
		method, "/v3/{project_id}/" path, ROLE_READER, ROUTE_HIDDEN, .run = answer_not_served,                 \
									     .operation = name                         \
	}
#define CONNECT "dcaas/connect-gateways"
const struct route not_served_routes[] = {
    NOT_SERVED(M_GET, CONNECT, "ListConnectGateways"),
    NOT_SERVED(M_POST, CONNECT, "CreateConnectGateway"),
    NOT_SERVED(M_GET, CONNECT "/{connect_gateway_id}", "ShowConnectGateway"),
    NOT_SERVED(M_PUT, CONNECT "/{connect_gateway_id}", "UpdateConnectGateway"),
    NOT_SERVED(M_DELETE, CONNECT "/{connect_gateway_id}", "DeleteConnectGateway"),
    NOT_SERVED(M_GET, CONNECT "/{connect_gateway_id}/binding-global-eips", "ListGlobalEips"),
    NOT_SERVED(M_POST, CONNECT "/{connect_gateway_id}/binding-global-eips", "BindGlobalEips"),
    NOT_SERVED(M_POST, CONNECT "/{connect_gateway_id}/unbinding-global-eips", "UnbindGlobalEips"),
    OUTDATED(M_GET, ENDPOINT_GROUPS),
    OUTDATED(M_POST, ENDPOINT_GROUPS),
    OUTDATED(M_GET, ENDPOINT_GROUPS "/{id}"),
    OUTDATED(M_PUT, ENDPOINT_GROUPS "/{id}"),
    OUTDATED(M_DELETE, ENDPOINT_GROUPS "/{id}"),
    {0},
};
