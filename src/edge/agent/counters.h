/* SPDX-License-Identifier: ISC */
/* counters.h - the kernel's counts of TCP MD5 failures, which are per namespace. */
#ifndef DC_AGENT_COUNTERS_H
#define DC_AGENT_COUNTERS_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

/* From the text of /proc/net/netstat, where a line of names is followed by a line of values; 0 when it is not there. */
uint64_t counters_value(const char *netstat, const char *group, const char *name);

extern const struct object counters_object;

#endif
