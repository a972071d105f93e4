/* SPDX-License-Identifier: ISC */
/* render.h - the configuration text of one BIRD instance, from what is desired of it. Pure.
 *
 * No tenant's text gets into it but a password that password_fits(); names are those that dcaasd gives, and checked by
 * name_fits(). Every symbol that is not a protocol of a neighbour starts with "dc_", so none of them can clash.
 *
 * Policy, as routing tables of VRFs need it:
 *  - from a customer: nothing that is never a customer's (never4, never6), nothing of the gateway's own (VPC prefixes,
 * link subnets) or below, first AS the neighbour's, next hop on the neighbour's own interface. A default route is
 * taken.
 *  - from a link to another gateway: nothing of never and own; a default route where the link asks for it.
 *  - to a customer: VPC routes, and what links brought, without internal AS numbers. Never customer to customer.
 *  - to a link: VPC, static and customers' routes, never what another link brought: links are not transitive. */
#ifndef DC_BIRD_RENDER_H
#define DC_BIRD_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "edge/routing.h"

enum bird_how {
	BIRD_RUN,
	BIRD_SLOW,     /* runs, and tries a connection once a minute only: pace.h */
	BIRD_DISABLED, /* written, but kept down: `configure` starts again what was stopped by other means */
	BIRD_OMIT,
};

struct bird_config {
	const char *text;
	size_t len;
	const size_t *line_owner; /* of line i + 1: 1 + its neighbour's index, 0 when it is no neighbour's */
	size_t lines;
	const char *const *block; /* per neighbour: its own part of the text; NULL when it is left out */
};

/* What a slow neighbour's part has, and no other. */
#define BIRD_SLOW_LINES "\tconnect delay time 60;\n\tconnect retry time 60;\n"

#define BIRD_HOLD_LEAST "3" /* seconds of hold time that a neighbour may ask for */

/* Routes that may come from a neighbour, refused ones counted, when route_limit of them are taken. */
uint32_t bird_receive_limit(uint32_t route_limit);

/* Those of one family, sorted, each once; in the arena. */
size_t bird_networks(const struct ip_prefix *, size_t n, unsigned family, struct arena *, struct ip_prefix **ret);

bool bird_password_fits(const char *); /* 1 to 80 printable ASCII characters without '"' (strings have no escapes) */
bool bird_name_fits(const char *);     /* a symbol of BIRD's that is not ours and no keyword that could be known */

/* how: one per neighbour. log_path: absolute. All of *ret is in the arena. Fails when a VRF's device or log_path cannot
 * be written into a configuration, or the text would be out of all proportion. */
enum dc_code bird_render(const struct routing_desired *, const enum bird_how *how, const char *log_path, struct arena *,
    struct bird_config *ret, struct dc_error *);

/* Which neighbour a parse error "FILE:LINE:COLUMN words" is about: its index, or -1. *words gets the rest. */
long bird_error_owner(const struct bird_config *, const char *error, const char **words);

#endif
