/* SPDX-License-Identifier: ISC */
/* fault_routes.h - /dcaas/v1/faults: the faults of a test double (api/fault.h), for its operator. */
#ifndef DC_DCAASD_FAULT_ROUTES_H
#define DC_DCAASD_FAULT_ROUTES_H

#include "api/route.h"

extern const struct route fault_routes[];

#endif
