/* SPDX-License-Identifier: ISC */
/* nl_nsid.h - the kernel's numbers for namespaces, which differ from namespace to namespace. */
#ifndef DC_AGENT_NL_NSID_H
#define DC_AGENT_NL_NSID_H

#include <stdint.h>

struct nl;

/* What the namespace of that socket calls the one of that descriptor; -1 when it has no name for it yet. */
int32_t nl_nsid(struct nl *where, int which);

#endif
