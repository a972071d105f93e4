/* SPDX-License-Identifier: ISC */
/* rate.h - how much passes a device in each direction. */
#ifndef DC_AGENT_RATE_H
#define DC_AGENT_RATE_H

#include "edge/agent/object.h"

extern const struct object rate_object;

#endif
