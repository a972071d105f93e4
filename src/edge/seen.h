/* SPDX-License-Identifier: ISC */
/* seen.h - what is seen of the router: for the planner, which compares it with what is wanted.
 *
 * A memory keeps what was read of each instance until the kernel announces a change there, we change something there
 * ourselves, or all is read again. An instance that cannot be read is unknown; the others continue. */
#ifndef DC_EDGE_SEEN_H
#define DC_EDGE_SEEN_H

#include "base/clock.h"
#include "edge/kernel.h"
#include "edge/routing.h"

struct seen {
	const struct item_port *port;
	size_t port_count;
	const struct item_instance *instance; /* namespaces that exist */
	size_t instance_count;
	struct seen_instance {
		const struct kernel_instance *kernel;
		const struct item_connection *connection; /* when they were asked for */
		size_t connection_count;
		bool aside; /* for the far ends of links alone: what nobody wants there stays */
	} * in;             /* what is to be planned; not all need be among them */
	size_t in_count;
	struct monotonic now;
};

struct seen_memory;

struct seen_memory *seen_memory_new(struct kernel *);
struct seen_memory *seen_memory_free(struct seen_memory *);

/* Asks where something has changed. whole: nothing that is remembered counts any more. Ports and the list of namespaces
 * are read again when they may be others. */
enum dc_code seen_ask(struct seen_memory *, bool whole, struct dc_error *err);
/* A step was done in that instance, with that request: what it is about is read again. */
void seen_stepped(struct seen_memory *, enum agent_op, uint32_t instance, const void *request);
/* Instances that exist, or were read, and have to be read again; ascending, in the arena. */
uint32_t *seen_stale(const struct seen_memory *, struct arena *, size_t *n);
/* Reads the instance when it has to be. *ret NULL: there is no such namespace. Valid until it is read again. */
enum dc_code seen_read(
    struct seen_memory *, uint32_t instance, const struct kernel_instance **ret, struct dc_error *err);
/* Ports and namespaces, with nothing in `in`; borrows until the next seen_ask(). */
struct seen seen_now(const struct seen_memory *);
const struct item_port *seen_ports(const struct seen_memory *, size_t *n); /* NULL: never read */

#endif
