/* SPDX-License-Identifier: ISC */
/* key_routes.h - the key that secrets are sealed with: which one it is, and its replacement, while the server works. */
#ifndef DC_KEY_ROUTES_H
#define DC_KEY_ROUTES_H

#include "api/route.h"

extern const struct route key_routes[];

#endif
