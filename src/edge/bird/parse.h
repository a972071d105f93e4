/* SPDX-License-Identifier: ISC */
/* parse.h - BIRD's replies, parsed. Pure; everything borrows from the reply. */
#ifndef DC_BIRD_PARSE_H
#define DC_BIRD_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "edge/bird/control.h"
#include "edge/routing.h"

/* One row of `show protocols`. */
struct bird_row {
	const char *name;
	bool down; /* the protocol is stopped */
	bool established;
	const char *state; /* Idle .. Established; "Down" when stopped */
	utc_ms since;      /* of the protocol's state; 0 when it cannot be read */
	const char *error; /* "" when none */
	bool limit;        /* stopped by a route limit */
	bool farewell;     /* ended by the other side, which may have sent the reason in words */
};

/* What `show protocols all NAME` adds. */
struct bird_detail {
	const char *message; /* the other side's words (RFC 9003); NULL: none */
	bool receive_limit;  /* the limit that was hit is that of received routes */
	bool holds_routes;   /* of a neighbour that restarts, for its graceful restart (RFC 4724) */
};

/* The counts in `show protocols all NAME`. */
struct bird_counts {
	int64_t imported, filtered, exported;
};

/* BGP rows of the reply, in the arena. */
size_t bird_parse_protocols(const struct control_reply *, struct arena *, struct bird_row **ret);
/* When BIRD started, by the clock of the reply's other times; 0: unknown. What lies between the
 * two does not move when the router's clock is set. */
utc_ms bird_parse_start(const struct control_reply *);
void bird_parse_detail(const struct control_reply *, struct arena *, struct bird_detail *ret);
/* False when there are none (the channel is down). */
bool bird_parse_counts(const struct control_reply *, struct bird_counts *ret);
/* `show route ... all`: destination, next hop and attributes of each row, in the arena. */
size_t bird_parse_routes(const struct control_reply *, struct arena *, struct routing_route **ret);
/* "1795636667.802", as the configuration has BIRD write times; 0: something else. */
utc_ms bird_parse_time(const char *);
/* `show status`: a configuration is still being taken over. */
bool bird_parse_configuring(const struct control_reply *);

#endif
