/* SPDX-License-Identifier: ISC */
/* pace.h - how often BIRD tries to connect to a neighbour that is down: every few seconds at first, and once a minute
 * when the neighbour has been down for long. A thousand neighbours that are tried every four seconds take a third of a
 * processor. BIRD accepts a connection from the neighbour at any time.
 *
 * BIRD starts a protocol again when its times change. So they change only while the session is down, and not while BIRD
 * holds its routes for a graceful restart (RFC 4724). */
#ifndef DC_BIRD_PACE_H
#define DC_BIRD_PACE_H

#include "edge/bird/instance.h"

/* Whether BIRD has to be asked if it holds the neighbour's routes before its pace may change. */
bool pace_asks(const struct instance *, const struct peer *);
/* BIRD's answer to that. */
void pace_note(struct peer *, bool holds_routes);
/* Whether it is time to give BIRD another pace for some neighbour. */
bool pace_due(const struct instance *);
/* A configuration is about to be written: neighbours that BIRD's list shows down get the pace that is due. */
void pace_turn(struct instance *, const struct bird_row *, size_t rows);
/* Its session has ended: it is to be tried often again. */
void pace_lost(struct peer *);
/* BIRD will start the neighbour's protocol in any case, if it is down: it is tried often from then on. */
void pace_hurry(struct peer *);
/* After a start of ours: the pace that BIRD's file has, for sessions that may be up on it. text: NULL for none. */
void pace_recall(struct instance *, const char *text);

#endif
