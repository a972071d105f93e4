/* SPDX-License-Identifier: ISC */
/* kernel.h - the kernel half of a fabric: what the planner's steps do to links, addresses and routes, and what is
 * there. linux.c asks the agent; sim.c keeps it in memory. */
#ifndef DC_KERNEL_H
#define DC_KERNEL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "edge/agent/op.h"

struct kernel_instance { /* what is in one namespace of ours, read back; arrays in the reader's arena */
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
	const struct item_rate *rate;
	size_t rate_count;
};

struct kernel;

struct kernel_change {
	uint32_t instance;        /* 0: the router's own namespace */
	char device[OP_NAME_MAX]; /* that one; "": any */
};

struct kernel_part { /* of an instance, to be read alone */
	char (*device)[OP_NAME_MAX];
	size_t devices;
};

struct kernel_ops {
	/* Where something has changed since this was asked last, as far as is known: instances, 0 for the router's
	 * own namespace. What is read after that is at least as new. */
	enum dc_code (*where)(
	    struct kernel *, struct arena *, struct kernel_change **ret, size_t *n, struct dc_error *err);
	enum dc_code (*read_ports)(
	    struct kernel *, struct arena *, const struct item_port **ret, size_t *n, struct dc_error *err);
	/* The namespaces that exist, ascending. */
	enum dc_code (*read_instances)(
	    struct kernel *, struct arena *, const struct item_instance **ret, size_t *n, struct dc_error *err);
	/* part: of links, addresses, filters, neighbours and rates those of some devices alone, but all routes and
	 * networks. NULL: all. */
	enum dc_code (*read_instance)(struct kernel *, uint32_t instance, const struct kernel_part *part,
	    struct arena *, struct kernel_instance *ret, struct dc_error *err);
	/* BGP connections of an instance. */
	enum dc_code (*read_connections)(struct kernel *, uint32_t instance, struct arena *,
	    const struct item_connection **ret, size_t *n, struct dc_error *err);
	/* One change: op is OP_NETNS_ADD .. OP_NETWORK_DEL with its struct from op.h. Safe to run twice. */
	enum dc_code (*change)(struct kernel *, enum agent_op, void *request, size_t size, struct dc_error *err);
	/* Deletes VLANs together, as far as that can be done; what is left or fails is for change(). NULL: it cannot
	 * be done. */
	void (*delete_together)(struct kernel *, struct op_devices *);
	/* A socket that sends the echo requests that the request names, and receives their answers: the heads of ICMP
	 * messages, 8 bytes. It does not block, and is the caller's. */
	enum dc_code (*open_echo)(struct kernel *, struct op_echo *, int *ret, struct dc_error *err);
	/* Counters of a device, and what is known of the router at its other end. */
	enum dc_code (*read_line)(struct kernel *, struct op_line *, struct reply_line *ret, struct dc_error *err);
	/* A descriptor that is readable when where() has something new. Borrowed; -1: there is none.
	 */
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
