/* SPDX-License-Identifier: ISC */
/* device.h - what all kinds of devices have in common: reading them, setting one up, removing one. */
#ifndef DC_AGENT_DEVICE_H
#define DC_AGENT_DEVICE_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

extern const struct object device_object;

#endif
