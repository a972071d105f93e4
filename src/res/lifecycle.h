/* SPDX-License-Identifier: ISC */
/* lifecycle.h - the states of what lives on an edge (interfaces, their peers), the events that move them, and the one
 * function that may assign a state.
 *
 * Status is earned: only an edge's report leads to ACTIVE, DOWN or ERROR (design: "a resource with objects on an edge
 * is PENDING_* until the edge has read them back"). */
#ifndef DC_LIFECYCLE_H
#define DC_LIFECYCLE_H

#include <stdbool.h>

#include "field/field.h"

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

enum life_event {
	EV_CHANGED,      /* objects were rendered again, the edge does not have them yet */
	EV_WAITING,      /* the edge reported something, but not yet that all is there */
	EV_UP,           /* read back, and it works */
	EV_NOT_UP,       /* read back, and it does not */
	EV_FAILED,       /* the edge could not */
	EV_REMOVE,       /* the tenant wants it gone */
	EV_SHUT,         /* a switchover test begins */
	EV_BROUGHT_BACK, /* and ends */
	EV_ACCEPT,       /* the gateway's project wants it */
	EV_REJECT,       /* or does not */
};

/* Moves status (an F_ENUM text with the names above); false, and a log line, when the state has no row for the event. A
 * move to the same state is true. */
bool life_move(struct f_text *status, enum life_event, const char *kind, const char *id);
/* Assigns a state of what has no events of its own (gateways), and logs the move. */
void life_set(struct f_text *status, const char *to, const char *kind, const char *id);
bool life_is(const struct f_text *status, enum life_state);
/* Names, NULL-terminated: those above, then the ones of the contract that later features bring. */
extern const char *const life_names[];

#endif
