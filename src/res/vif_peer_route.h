/* SPDX-License-Identifier: ISC */
/* vif_peer_route.h - the routes of a BGP peer at this moment, as its router has them: received and accepted, rejected
 * with the reason, and advertised. Nothing of them is stored: each call asks the router (reconcile/questions.h). */
#ifndef DC_VIF_PEER_ROUTE_H
#define DC_VIF_PEER_ROUTE_H

#include "res/res.h"

extern const struct resource vif_peer_route_resource;

#endif
