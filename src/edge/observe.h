/* SPDX-License-Identifier: ISC */
/* observe.h - the sessions as the routing daemon shows them, kept beside the neighbour's object. */
#ifndef DC_EDGE_OBSERVE_H
#define DC_EDGE_OBSERVE_H

#include "edge/loaded.h"
#include "edge/state.h"

/* Looks at the sessions of every instance that runs. A daemon that is not to be had has all of its sessions down. */
void observe_all(struct state *, struct routing *, const struct loaded *);

enum session_change { SESSION_SAME, SESSION_MINOR, SESSION_MAJOR };

/* Major: what the API's answers show. Minor: what only an operator looks at, and what changes all the time while a
 * session does not come up. */
enum session_change session_compare(const struct session *, const struct session *);

#endif
