/* SPDX-License-Identifier: ISC */
/* session.h - the other half itself: who it is, and what it has not heard of yet. */
#ifndef DC_AGENT_SESSION_H
#define DC_AGENT_SESSION_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

extern const struct object session_object;

#endif
