/* SPDX-License-Identifier: ISC */
/* guard.h - closes a session's address while its key is put in place: TCP MD5 lets in who connects before. All IP to
 * the address is dropped, not port 179 alone, because a fragmented SYN has its port in the first fragment only. */
#ifndef DC_AGENT_GUARD_H
#define DC_AGENT_GUARD_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

extern const struct object guard_object;

#endif
