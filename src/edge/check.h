/* SPDX-License-Identifier: ISC */
/* check.h - `dcaas-edge --check`: whether this machine can be the edge that the configuration describes. */
#ifndef DC_EDGE_CHECK_H
#define DC_EDGE_CHECK_H

#include <stdio.h>

#include "edge/settings.h"

/* Looks at kernel, kernel settings, BIRD, network devices, user and files, disk, clock, and the way to the server with
 * its certificate. Prints a line for each: "ok    WHAT: what was seen", or "todo  WHAT: what is wrong. What to do."
 * Changes nothing: what is tried in the kernel is tried in a namespace that goes with its process. Returns how many are
 * to do. */
unsigned check_machine(const struct edge_settings *, FILE *to);

#endif
