/* SPDX-License-Identifier: ISC */
/* plan.h - from what is wanted and what is there to what has to be done. Pure: sets in, steps out, no I/O.
 *
 * Everything is compared by key: links by (instance, device), addresses by (link, address), routes by (table, prefix).
 * What is there and carries our mark but is wanted by nobody is deleted; what is there without our mark is left alone,
 * and an object that wants its name gets an error in words. A device that differs in what cannot be changed in place is
 * made again (RECREATE), and what stands on it with it; the rest is changed as it is (LIVE).
 *
 * Order: deletions first (routes, rows of filters, addresses, VLAN devices, VRFs), then namespaces, VRFs, VLAN devices,
 * filters and their rows, rates, addresses, up, routes. Namespaces that are empty go last of all, after the routing
 * daemon has the change. Every step may run twice. */
#ifndef DC_PLAN_H
#define DC_PLAN_H

#include "edge/routing.h"
#include "edge/seen.h"
#include "edge/want.h"

enum plan_state {
	PLAN_THERE,   /* read back as asked; a neighbour: may be handed to the routing daemon */
	PLAN_MISSING, /* the plan has a step for it */
	PLAN_WAITS,   /* for another object, named in text */
	PLAN_WRONG,   /* cannot be made, text has the reason */
	PLAN_GONE,    /* tombstone: nothing of it is there */
};

struct plan_verdict { /* of one wanted object */
	enum plan_state state;
	const char *text;
	bool in_place;             /* vrf, vlan, veth: the device is there as asked, if perhaps not up */
	bool has_carrier, carrier; /* kind vlan, when it is there */
	bool exposed;              /* kind vlan: its port has an address of the router's own */
	uint32_t instance;         /* 0: unknown */
	const uint64_t *drops;     /* vlan, veth: what its filter has dropped, by reason; rate: by enum rate_drop; NULL:
				    * unknown */
};

struct plan_step {
	enum agent_op op;
	const char *key; /* of the object it is for; NULL: of none that we know */
	uint32_t instance;
	size_t size; /* of the request */
	bool early;  /* a filter's, for what stands already: goes before everything else */
	union {
		struct op_header header;
		struct op_instance netns;
		struct op_link link;
		struct op_veth veth;
		struct op_device device;
		struct op_addr addr;
		struct op_route route;
		struct op_filter filter;
		struct op_neighbour neighbour;
		struct op_network network;
		struct op_rate rate;
	} ask;
};

struct plan {
	struct plan_step *step;
	size_t steps; /* the last `late` of them are for after the routing daemon */
	size_t late;
	size_t deletions;             /* the first ones */
	struct plan_verdict *verdict; /* one per want, same order */
};

/* want: sorted by key (strcmp), keys unique. All of *ret is in the arena and borrows from want and seen. */
void plan_make(const struct want *const *want, size_t n, const struct seen *seen, struct arena *, struct plan *ret);

/* One per instance that has a VRF there, or is in `known` (stopped when it has none): exactly what may run now, by the
 * verdicts of the plan. Sorted by instance. */
void plan_routing(const struct want *const *want, size_t n, const struct plan *, const uint32_t *known, size_t known_n,
    struct arena *, struct routing_desired **ret, size_t *ret_n);

/* One line, for logs and golden files: "vlan-add 1 dcv12 port=trunk0 vlan=100 vrf=dcr1". */
const char *plan_step_text(const struct plan_step *, struct arena *);
const char *plan_state_name(enum plan_state);

#endif
