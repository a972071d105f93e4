/* SPDX-License-Identifier: ISC */
#include "dcaasd/outdated.h"

#include "api/call.h"

/* Endpoint groups hold what gateways and interfaces of v3 hold as lists. */
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

const struct route outdated_routes[] = {
    OUTDATED(M_GET, ENDPOINT_GROUPS),
    OUTDATED(M_POST, ENDPOINT_GROUPS),
    OUTDATED(M_GET, ENDPOINT_GROUPS "/{id}"),
    OUTDATED(M_PUT, ENDPOINT_GROUPS "/{id}"),
    OUTDATED(M_DELETE, ENDPOINT_GROUPS "/{id}"),
    {0},
};
