/* SPDX-License-Identifier: ISC */
/* network.h - the half of dcaas-edge that talks to the network: dcaasd above, kernel and routing daemon below, one
 * event loop. It holds no privilege. */
#ifndef DC_EDGE_NETWORK_H
#define DC_EDGE_NETWORK_H

#include "edge/kernel.h"
#include "edge/routing.h"
#include "edge/settings.h"

/* Runs until SIGTERM or SIGINT, which may be blocked when it is called: it lets them through when it can take them.
 * Both fabrics' halves are closed at the end. Returns the exit status for main(). */
int network_run(const struct edge_settings *, struct kernel *, struct routing *);

#endif
