/* SPDX-License-Identifier: ISC */
/* nl_rule.h - the policy rule that sends a VRF's traffic to the VRF's table. */
#ifndef DC_AGENT_NL_RULE_H
#define DC_AGENT_NL_RULE_H

#include "edge/agent/fault.h"

struct nl;

/* Puts the rule of both families where it is missing. The kernel makes it with the first VRF of a namespace and never
 * again: after an operator's `ip rule flush` no packet finds a VRF's routes. Returns 0 or an errno. */
int rule_keep(struct nl *, struct fault *);

#endif
