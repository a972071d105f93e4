/* SPDX-License-Identifier: ISC */
/* diag.h - TCP sockets of an instance's BGP sessions, as sock_diag tells them: which keys a listener holds, what state
 * a connection is in, and ending one. */
#ifndef DC_AGENT_DIAG_H
#define DC_AGENT_DIAG_H

#include "edge/agent/host.h"

operation op_md5_listener, op_listener_keys, op_tcp_state, op_connections, op_tcp_reset;

#endif
