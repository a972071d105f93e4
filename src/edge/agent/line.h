/* SPDX-License-Identifier: ISC */
/* line.h - a device and the router at its other end, as the kernel sees them at this moment. */
#ifndef DC_AGENT_LINE_H
#define DC_AGENT_LINE_H

#include "edge/agent/object.h"

extern const struct object line_object;

#endif
