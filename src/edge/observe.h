/* SPDX-License-Identifier: ISC */
/* observe.h - the sessions as the routing daemon shows them, kept beside the neighbour's object. */
#ifndef DC_EDGE_OBSERVE_H
#define DC_EDGE_OBSERVE_H

#include "edge/routing.h"
#include "edge/state.h"

/* Takes over what the driver knows of an instance's neighbours: whose part is refused, and the sessions. */
void observe_instance(struct state *, struct routing *, uint32_t instance);
/* The same of several, to which those objects belong: what none of them has any more is down. */
void observe_objects(struct state *, struct routing *, struct edge_object *const *object, size_t n,
    const uint32_t *instance, size_t instances);

enum session_change { SESSION_SAME, SESSION_MINOR, SESSION_MAJOR };

/* Major: what the API's answers show. Minor: what only an operator looks at, and what changes all the time while a
 * session does not come up. */
enum session_change session_compare(const struct session *, const struct session *);

#endif
