/* SPDX-License-Identifier: ISC */
/* nl_neigh.h - what the kernel knows of a neighbour on a link: by ARP (RFC 826) or neighbour discovery (RFC 4861). */
#ifndef DC_AGENT_NL_NEIGH_H
#define DC_AGENT_NL_NEIGH_H

#include <stdbool.h>

#include "base/ip.h"
#include "edge/agent/fault.h"

struct nl;

struct neigh {
	uint32_t state; /* NUD_REACHABLE ...; 0: the kernel has no entry */
	bool has_address;
	uint8_t address[6]; /* hardware */
};

int neigh_find(struct nl *, uint32_t index, const struct ip_addr *, struct neigh *ret, struct fault *);

#endif
