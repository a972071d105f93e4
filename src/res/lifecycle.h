/* SPDX-License-Identifier: ISC */
/* lifecycle.h - the states of what lives on an edge (interfaces, their peers), the events that move them, and the one
 * function that may assign a state.
 *
 * Status is earned: only an edge's report leads to ACTIVE, DOWN or ERROR (design: "a resource with objects on an edge
 * is PENDING_* until the edge has read them back"). */
#ifndef DC_LIFECYCLE_H
#define DC_LIFECYCLE_H

#include <stdbool.h>

#include "field/resource.h"

#define LIFE_STATES(X)                                                                                                 \
	X(LIFE_PENDING_CREATE, "PENDING_CREATE") /* ordered; the edge has not read it back yet */                      \
	X(LIFE_ACTIVE, "ACTIVE")                                                                                       \
	X(LIFE_DOWN, "DOWN")                     /* as ordered on the edge, but no carrier or no session */            \
	X(LIFE_PENDING_UPDATE, "PENDING_UPDATE") /* a change of it is on its way */                                    \
	X(LIFE_ERROR, "ERROR")                   /* the edge could not do what was ordered */                          \
	X(LIFE_PENDING_DELETE, "PENDING_DELETE")                                                                       \
	X(LIFE_ADMIN_SHUTDOWN, "ADMIN_SHUTDOWN") /* a switchover test keeps it down */                                 \
	X(LIFE_AUTHORIZATION, "AUTHORIZATION")   /* waits for the word of the gateway's project */                     \
	X(LIFE_REJECTED, "REJECTED")             /* that project does not want it */

enum life_state {
#define X(id, name) id,
	LIFE_STATES(X)
#undef X
	    LIFE_STATE_COUNT
};

#define LIFE_EVENTS(X)                                                                                                 \
	X(EV_CHANGED, "an order changes what its edge is asked to have")                                               \
	X(EV_WAITING, "the edge has not read all of it back yet")                                                      \
	X(EV_UP, "the edge has read it back, and it works")                                                            \
	X(EV_NOT_UP, "the edge has read it back, and it has no carrier or no session")                                 \
	X(EV_FAILED, "the edge could not do what was ordered")                                                         \
	X(EV_REMOVE, "it is deleted")                                                                                  \
	X(EV_SHUT, "a switchover test begins")                                                                         \
	X(EV_BROUGHT_BACK, "the switchover test ends")                                                                 \
	X(EV_ACCEPT, "the project of the gateway accepts it")                                                          \
	X(EV_REJECT, "the project of the gateway rejects it")

enum life_event {
#define X(id, words) id,
	LIFE_EVENTS(X)
#undef X
};

/* Moves status (an F_ENUM text with the names above); false, and a log line, when the state has no row for the event. A
 * move to the same state is true. */
bool life_move(struct f_text *status, enum life_event, const char *kind, const char *id);
/* Assigns a state of what has no events of its own (gateways), and logs the move. */
void life_set(struct f_text *status, const char *to, const char *kind, const char *id);
/* resource.life of those that life_move() moves. */
const struct life_move *life_moves(struct arena *);
/* The same of what has a word for each verdict on its objects (reconcile/work.h); more: further moves, or NULL. */
const struct life_move *life_by_verdict(const char *const words[], const struct life_move *more, struct arena *);
bool life_is(const struct f_text *status, enum life_state);
/* Names, NULL-terminated: those above, then the ones of the contract that later features bring. */
extern const char *const life_names[];

#endif
