/* SPDX-License-Identifier: ISC */
/* outdated.h - objects of the API before v3: the path is known, so the answer names what took their place. They are not
 * in the OpenAPI document. */
#ifndef DC_OUTDATED_H
#define DC_OUTDATED_H

#include "api/route.h"

extern const struct route outdated_routes[];

#endif
