/* SPDX-License-Identifier: ISC */
/* not_served.h - the contract's operations that are not served yet: the path is known, so the answer names them. They
 * are in no openapi.json. One that gets served leaves this table. */
#ifndef DC_NOT_SERVED_H
#define DC_NOT_SERVED_H

#include "api/route.h"

extern const struct route not_served_routes[];

#endif
