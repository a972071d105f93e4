/* SPDX-License-Identifier: ISC */
/* vouch.c - callers with a token of Keystone's. Who is not known yet is asked for before any transaction, while the
 * connection is suspended; the principal then stands in the exchange, so that the call needs the cache no longer.
 */
#include "api/api_priv.h"

/* The token, where it is the credential that counts. */
static const char *
token_of(const struct exchange *x)
{
	const struct call *c = &x->call;
	const char *token = exchange_header(c, "X-Auth-Token"), *edge = exchange_header(c, "X-Dcaas-Edge-Token");

	if (c->api->options.auth.keystone == NULL || (c->route->flags & ROUTE_OPEN) ||
	    (edge != NULL && edge[0] != '\0'))
		return NULL;
	return token != NULL && token[0] != '\0' ? token : NULL;
}

void
vouch_look(struct exchange *x)
{
	struct call *c = &x->call;
	const char *token = token_of(x);

	x->vouched = token != NULL && keystone_look(c->api->options.auth.keystone, token, c->arena, &x->ask.principal,
					  NULL) == KEYSTONE_KNOWN;
}

/* keystone_ask.done */
static void
told(struct keystone_ask *ask)
{
	struct exchange *x = (struct exchange *)(void *)((char *)ask - offsetof(struct exchange, ask));

	x->vouched = ask->rc == DC_OK;
	if (!x->vouched)
		exchange_finish(x, ask->rc, &ask->err);
	else if (!worker_add(x, LANE_TOKEN, NULL))
		exchange_no_place(x);
}

bool
vouch_asks(struct exchange *x)
{
	struct call *c = &x->call;
	struct keystone *keystone = c->api->options.auth.keystone;
	const char *token = token_of(x);
	struct principal p;

	if (x->vouched || token == NULL || keystone_look(keystone, token, c->arena, &p, NULL) == KEYSTONE_REFUSED)
		return false;
	x->ask.token = token;
	x->ask.party = exchange_party(x);
	x->ask.arena = c->arena;
	x->ask.done = told;
	keystone_ask(keystone, &x->ask);
	return true;
}
