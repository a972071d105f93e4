/* SPDX-License-Identifier: ISC */
/* kernel.h - the kernel half of a fabric: what the planner's steps do to links, addresses and routes, and what is
 * there. linux.c asks the agent; sim.c keeps it in memory. */
#ifndef DC_KERNEL_H
#define DC_KERNEL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "edge/agent/op.h"

struct kernel_state { /* read back; arrays in the caller's arena */
	const struct item_port *port;
	size_t port_count;
	const struct item_instance *instance;
	size_t instance_count;
	struct kernel_instance {
		uint32_t instance;
		const struct item_link *link;
		size_t link_count;
		const struct item_addr *addr;
		size_t addr_count;
		const struct item_route *route;
		size_t route_count;
		const struct item_filter *filter;
		size_t filter_count;
		const struct item_neighbour *neighbour;
		size_t neighbour_count;
		const struct item_network *network;
		size_t network_count;
	} * in; /* one per instance, same order */
};

struct kernel;

struct kernel_ops {
	enum dc_code (*read)(struct kernel *, struct arena *, struct kernel_state *ret, struct dc_error *err);
	/* One change: op is OP_NETNS_ADD .. OP_NETWORK_DEL with its struct from op.h. Safe to run twice. */
	enum dc_code (*change)(struct kernel *, enum agent_op, void *request, size_t size, struct dc_error *err);
	/* A descriptor that is readable when something has changed since the last read began, as far as can be told (a
	 * network half that trusts it alone would miss what was lost). Borrowed; -1: there is none. */
	int (*changes)(struct kernel *);
	struct kernel *(*close)(struct kernel *);
};

struct kernel {
	const struct kernel_ops *ops;
	uint32_t key_room; /* neighbours with a password that one gateway and family can have; 0: unknown */
};

struct agent;
/* changes: the agent's descriptor, borrowed. */
enum dc_code linux_kernel_open(struct agent *, int changes, struct kernel **ret, struct dc_error *err);

/* sim.c: both halves over one memory. options: ini file of the simulation, NULL for defaults. */
struct routing;
enum dc_code sim_open(
    const char *options_path, struct kernel **ret_kernel, struct routing **ret_routing, struct dc_error *err);

#endif
