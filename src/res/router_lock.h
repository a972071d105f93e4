/* SPDX-License-Identifier: ISC */
/* router_lock.h - whom an enterprise router concerns. */
#ifndef DC_ROUTER_LOCK_H
#define DC_ROUTER_LOCK_H

#include "res/res.h"
#include "store/row_lock.h"

/* What an order changes behind an enterprise router (a link, an attachment, an interface of a gateway that shows it)
 * concerns the router's links with the gateways at their other ends, and all virtual gateways that show it: puts their
 * locks on the list. Nothing for other gateways, and for NULL. */
enum dc_code router_want_locks(struct tx *, const char *router, struct lock_set *, struct dc_error *err);

#endif
