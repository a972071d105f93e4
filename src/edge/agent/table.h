/* SPDX-License-Identifier: ISC */
/* table.h - the table of what may be asked: per operation its size, its members, and who answers it. */
#ifndef DC_AGENT_TABLE_H
#define DC_AGENT_TABLE_H

#include <stdbool.h>

#include "edge/agent/host.h"

#define REQUEST_MAX 2048 /* no request is larger */

enum table_verdict {
	TABLE_FINE,
	TABLE_REFUSED,   /* a value out of its range: fault has the words, EINVAL */
	TABLE_MALFORMED, /* the other half is not what it should be */
};

/* hello: whether it came in this connection. The packet is aligned for any type. */
enum table_verdict table_check(const void *packet, size_t size, bool hello, struct fault *);
/* For a packet that was found fine; NULL: nobody answers it. */
operation *table_operation(const void *packet);

#endif
