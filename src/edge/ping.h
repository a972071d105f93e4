/* SPDX-License-Identifier: ISC */
/* ping.h - objects of the kind ping: so many echo requests to a customer's router, and how many answers came. Each
 * object is measured once, when what it stands on is in place; its status is pending until then. */
#ifndef DC_EDGE_PING_H
#define DC_EDGE_PING_H

#include "edge/kernel.h"
#include "edge/state.h"

struct event_base;
struct pings;

/* done: an object has its result. All outlive it. */
struct pings *pings_new(struct event_base *, struct kernel *, struct state *, void (*done)(void *arg), void *arg);
struct pings *pings_free(struct pings *);
/* Begins with it, unless it was measured or is being measured. False: too many are. */
bool pings_begin(struct pings *, struct edge_object *);

#endif
