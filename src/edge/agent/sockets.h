/* SPDX-License-Identifier: ISC */
/* sockets.h - TCP sockets of an instance's BGP sessions, as sock_diag shows them: a connection's state,
 * whether it has a key, and ending one. */
#ifndef DC_AGENT_SOCKETS_H
#define DC_AGENT_SOCKETS_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

extern const struct object sockets_object;

#endif
