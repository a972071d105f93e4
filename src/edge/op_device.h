/* SPDX-License-Identifier: ISC */
/* op_device.h - what a change is about. */
#ifndef DC_EDGE_OP_DEVICE_H
#define DC_EDGE_OP_DEVICE_H

#include "edge/agent/op.h"

/* The device whose links, addresses, filter, neighbours or rate the request changes; "": routes or networks alone.
 * NULL: more than one device, or the namespace. */
const char *op_device(enum agent_op, const void *request);

#endif
