/* SPDX-License-Identifier: ISC */
/* key_routes.h - the key that secrets are sealed with: which one it is, and a new one, while everything goes on. */
#ifndef DC_KEY_ROUTES_H
#define DC_KEY_ROUTES_H

#include "api/route.h"

extern const struct route key_routes[];

#endif
