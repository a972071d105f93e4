/* SPDX-License-Identifier: ISC */
/* device.h - what all kinds of devices have in common: reading them, setting one up, removing one. */
#ifndef DC_AGENT_DEVICE_H
#define DC_AGENT_DEVICE_H

#include "edge/agent/host.h"

operation op_read_links, op_link_up, op_link_del;

#endif
