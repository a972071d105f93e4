/* SPDX-License-Identifier: ISC */
/* glass.h - the looking glass: BIRD's routes of one neighbour, over a connection of its own, so that a long answer
 * holds up no look at the sessions. */
#ifndef DC_BIRD_GLASS_H
#define DC_BIRD_GLASS_H

#include "edge/bird/instance.h"

/* As routing.h's routes(). */
void glass_ask(struct instance *, const struct routing_neighbour *, const struct routing_query *,
    routing_told_routes *told, void *arg);
/* BIRD is not there any more: each question that waits ends with these words. */
void glass_drop(struct instance *, const char *why);
void glass_free(struct instance *); /* no question that waits is answered */
/* The command for BIRD; in the arena. */
const char *glass_command(
    const struct routing_neighbour *, const struct routing_query *, bool rejected, struct arena *);

#endif
