/* SPDX-License-Identifier: ISC */
/* watch.h - hears of changes to devices, addresses, filters and our own routes, and wakes the other half: that
 * something changed and where, never what. Events may be lost and doubled; what counts is what is read after them.
 *
 * The kernel's own filter keeps everybody else's routes out (a full table that BIRD takes in costs this process
 * nothing), and after one wake nothing more is listened to before the other half has asked (OP_CHANGES). */
#ifndef DC_AGENT_WATCH_H
#define DC_AGENT_WATCH_H

#include "edge/agent/host.h"

/* Before any namespace is opened. */
int watch_open_all(struct host *, struct fault *);
void watch_close_all(struct host *); /* after the namespaces are closed */

/* To be called inside the namespace. In the router's own (with_routes false) no route is ours. */
int watch_open(const struct host *, bool with_routes, struct nl **ret, struct fault *);
/* One more socket whose news wakes the other half; its owner reads it. */
int watch_too(const struct host *, struct nl *, struct fault *);

/* A new other half: *ret is its descriptor, readable from a change on until the next OP_CHANGES. */
int watch_begin(struct host *, int *ret, struct fault *);
void watch_end(struct host *);
/* What to wait for on behalf of watch_tell(); -1: nothing. */
int watch_descriptor(const struct host *);
void watch_tell(struct host *);

/* The other half asks: from now on a change wakes it again. */
void watch_asked(struct host *);

#endif
