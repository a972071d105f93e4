/* SPDX-License-Identifier: ISC */
/* nl_rate.h - how much passes a device: a policer for what comes in, a shaper for what goes out.
 *
 * In: a matchall filter behind the filter of frames (nl_tc.h), with a policer whose excess a second action drops and
 * counts. Both actions carry the device's number in theirs (RATE_ACTION_FIRST and on), so that one dump shows all.
 * Out: the root queue, of two bands. The first one, for what the router itself sends, is not limited; the second one is
 * a token bucket with a queue of its own. The handles are the mark of ownership: a root queue with another handle is
 * another's and stays.
 *
 * A rate counts whole Ethernet frames without VLAN tag and checksum, in both directions. */
#ifndef DC_AGENT_NL_RATE_H
#define DC_AGENT_NL_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

#include "base/arena.h"
#include "edge/agent/fault.h"
#include "edge/agent/op.h"

#define RATE_ACTION_FIRST 0xdca50000u
#define RATE_ACTION_LAST (RATE_ACTION_FIRST + 0xffffffu)

struct nl;

struct rate { /* of one device, as it is there */
	uint32_t index;
	uint32_t ingress_kbit, egress_kbit; /* 0: there is none, or it differs in more than the rate */
	uint32_t burst;                     /* 0: the two directions differ */
	bool has_queue;                     /* the root queue is ours */
	uint64_t drops[RATE_DROPS];
};

/* Puts the policer in place, or changes the one that is there, which keeps its counts. */
int rate_police(struct nl *, uint32_t ifindex, uint32_t kbit, uint32_t burst, struct fault *);
/* The same for the shaper. own_traffic: the program that finds what the router itself sends. EBUSY: the device has
 * another's root queue. */
int rate_shape(struct nl *, uint32_t ifindex, uint32_t kbit, uint32_t burst, int own_traffic, struct fault *);
/* Removes what is ours of both; not there: fine. */
int rate_clear(struct nl *, uint32_t ifindex, struct fault *);
/* Whether the device has the filter that the policer hangs on; what rate_read() shows may be an action whose filter has
 * gone a moment ago. */
int rate_has_policer(struct nl *, uint32_t ifindex, bool *ret, struct fault *);
/* Of all devices of the namespace, ascending by index; array in the arena. */
int rate_read(struct nl *, struct arena *, struct rate **ret, size_t *n, struct fault *);
/* The device whose policer a notification is about; 0: it is another's action. */
uint32_t rate_of_action(const struct nlmsghdr *);

/* Loads the program for rate_shape(); a descriptor, or -1 with the fault. */
int rate_load_own_traffic(struct fault *);

#endif
