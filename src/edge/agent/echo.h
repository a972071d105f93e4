/* SPDX-License-Identifier: ISC */
/* echo.h - sockets for echo requests (ICMP) from a device of ours. */
#ifndef DC_AGENT_ECHO_H
#define DC_AGENT_ECHO_H

#include "edge/agent/object.h"

extern const struct object echo_object;

#endif
