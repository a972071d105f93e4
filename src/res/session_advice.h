/* SPDX-License-Identifier: ISC */
/* session_advice.h - why a BGP session is down, from what the router reports of it, and what to do. */
#ifndef DC_SESSION_ADVICE_H
#define DC_SESSION_ADVICE_H

#include "reconcile/objects.h"
#include "res/vif_row.h"

struct session_facts {
	const struct vif_peer *peer;
	const struct edge_session *session; /* NULL: nothing was reported */
	const struct edge_object *bgp;      /* its neighbour on the router; NULL: none */
	const char *drops;                  /* detail of the interface's device: JSON text; NULL: none */
	bool is_there;                      /* the customer's router answers ARP or neighbour discovery */
	bool answers;                       /* the customer's router answers echo requests */
};

/* What is there, in the arena. *advice: what to do; NULL: nothing is known. */
const char *session_words(const struct session_facts *, struct arena *, const char **advice);

#endif
