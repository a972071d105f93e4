/* SPDX-License-Identifier: ISC */
/* service_routes.h - the server about itself: GET /health and GET /dcaas/v1/openapi.json. */
#ifndef DC_SERVICE_ROUTES_H
#define DC_SERVICE_ROUTES_H

#include "api/route.h"

extern const struct route service_routes[];

#endif
