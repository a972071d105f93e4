/* SPDX-License-Identifier: ISC */
/* nl_addr.h - addresses of one namespace, by netlink. */
#ifndef DC_AGENT_NL_ADDR_H
#define DC_AGENT_NL_ADDR_H

#include "base/arena.h"
#include "edge/agent/fault.h"

struct nl;

struct addr {
	uint32_t index;          /* of the device */
	struct ip_prefix prefix; /* host address and mask */
};

/* All of the namespace, or of that device (not 0; an older kernel gives all), but IPv6 link-local ones, which the
 * kernel makes itself; array in the arena. */
int addr_read(struct nl *, struct arena *, uint32_t index, struct addr **ret, size_t *n, struct fault *);
/* Without the kernel's own subnet route and without duplicate address detection; there already is fine. */
int addr_put(struct nl *, uint32_t index, const struct ip_prefix *, struct fault *);
int addr_delete(struct nl *, uint32_t index, const struct ip_prefix *, struct fault *); /* not there is fine */

#endif
