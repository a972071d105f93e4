/* SPDX-License-Identifier: ISC */
/* nl_tc.h - filters on the ingress of a device: an eBPF program, or flower rules with one verdict each. The preference
 * is the mark of ownership: TC_PROGRAM and TC_RATE on devices of ours, TC_PORT_FIRST and on for ports (after what the
 * operator may have there). */
#ifndef DC_AGENT_NL_TC_H
#define DC_AGENT_NL_TC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "edge/agent/fault.h"

#define TC_PROGRAM 100
#define TC_GUARD_V4 101
#define TC_GUARD_V6 102
#define TC_RATE 110 /* nl_rate.h: behind the program */
#define TC_PORT_FIRST 56201

struct nl;

struct tc_rule {
	uint16_t pref, protocol; /* ETH_P_... */
	uint32_t handle;         /* 0: the kernel chooses */
	bool vlan_zero;          /* match: VLAN 0, a frame with a priority and no VLAN */
	struct ip_addr dst;      /* match, unless IP_NONE */
	int verdict;             /* TC_ACT_... */
};

/* The qdisc that rules hang on (clsact); made: whether it was not there before. */
int tc_hook(struct nl *, uint32_t ifindex, bool *made, struct fault *);
int tc_unhook(struct nl *, uint32_t ifindex, struct fault *);
bool tc_hook_is_empty(struct nl *, uint32_t ifindex); /* no rule of anybody's, in and out */

int tc_add(struct nl *, uint32_t ifindex, const struct tc_rule *, struct fault *); /* there already: fine */
/* handle 0: all of that preference and protocol. Not there: fine. */
int tc_del(struct nl *, uint32_t ifindex, uint16_t pref, uint16_t protocol, uint32_t handle, struct fault *);
/* What is there, of all preferences (verdict is not read); array in the arena. */
int tc_read(struct nl *, uint32_t ifindex, struct arena *, struct tc_rule **ret, size_t *n, struct fault *);

/* The eBPF program behind the descriptor, in place of one that is there; no frame passes in between. */
int tc_program_put(struct nl *, uint32_t ifindex, int program, const char *name, struct fault *);
/* The kernel's number of the program that is there; 0: none. */
int tc_program_get(struct nl *, uint32_t ifindex, uint32_t *id, struct fault *);

#endif
