/* SPDX-License-Identifier: ISC */
/* edge_routes.h - the edge's side of the API: long poll of the desired set, and reports. */
#ifndef DC_EDGE_ROUTES_H
#define DC_EDGE_ROUTES_H

#include "api/route.h"

extern const struct route edge_channel_routes[];

#endif
