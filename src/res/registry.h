/* registry.h - all resources and their routes, for the engines. */
#ifndef DC_REGISTRY_H
#define DC_REGISTRY_H

#include "api/route.h"

extern const struct resource *const registry[]; /* NULL-terminated */
extern const struct route *const registry_routes[]; /* NULL-terminated array of tables */

#endif
