/* SPDX-License-Identifier: ISC */
/* loaded.h - what each routing instance was last given, so that only instances with a difference are touched again, and
 * so that the record of an apply can tell whose session it had a reason to touch. */
#ifndef DC_EDGE_LOADED_H
#define DC_EDGE_LOADED_H

#include "edge/routing.h"

struct loaded_instance {
	uint32_t number;
	bool taken;                     /* the daemon runs on this; false: not known on what */
	bool whole;                     /* and on all of it: no neighbour was refused */
	struct routing_desired desired; /* a deep copy */
	struct arena *arena;
};

struct loaded { /* zero is empty */
	struct loaded_instance *v;
	size_t n;
};

void loaded_clear(struct loaded *);
struct loaded_instance *loaded_find(const struct loaded *, uint32_t number); /* NULL: never given anything */
/* Whether it was given exactly this the last time, whatever became of it. */
bool loaded_was_given(const struct loaded *, const struct routing_desired *);
/* Whether the instance runs exactly this, and on all of it. */
bool loaded_is(const struct loaded *, const struct routing_desired *);
/* What became of an apply. */
enum loaded_how { LOADED_FAILED, LOADED_PARTLY, LOADED_WHOLE };
void loaded_set(struct loaded *, const struct routing_desired *, enum loaded_how);
/* Whether a neighbour of that key may still run in that instance; 0: in any. */
bool loaded_may_run(const struct loaded *, uint32_t instance, const char *key);

/* Calls back for every neighbour that is new, gone or different in `next`, or whose VRF is another one. */
void loaded_diff(
    const struct loaded *, const struct routing_desired *next, void (*touched)(void *, const char *key), void *arg);

#endif
