/* SPDX-License-Identifier: ISC */
/* Bodies in memory: how large one may be, and whose they are when there is no room for all.
 *
 * Nobody is known for sure before the body is whole, so what a request may have is decided by its head: what its route
 * takes, and by what credential it calls. Small bodies, which nearly all are, each connection may have. Larger ones are
 * counted, in a part of the memory for each kind of credential, so that no kind can keep another one out, and in each
 * part only so much of it for one address. A body that is refused is read on and dropped, so that the client hears why:
 * a client that has not yet sent it, and asks (Expect), hears at once. */
#include "api/api_priv.h"

#define MIB ((size_t)1 << 20)
#define SMALL_BODY ((size_t)16 * 1024)
#define PLAIN_BODY ((size_t)64 * 1024) /* of a route that takes no large ones */
#define STEP ((size_t)256 * 1024)      /* the client has idle_seconds for each */

/* 256 MiB together. */
static const struct {
	size_t all, of_address;
} parts[BODY_KINDS] = {
    [BODY_OPEN] = {16 * MIB, MIB},
    [BODY_TOKEN] = {64 * MIB, 32 * MIB},
    [BODY_SIGNED] = {80 * MIB, 32 * MIB},
    [BODY_EDGE] = {96 * MIB, 48 * MIB},
};

/* What the route takes. */
static size_t
limit_of(const struct route *r)
{
	return (r->flags & ROUTE_OPEN) || r->view == 0 ? PLAIN_BODY : BODY_MAX;
}

static enum dc_code
check_length(const struct exchange *x, unsigned long long length, struct dc_error *err)
{
	size_t limit = limit_of(x->call.match.route);

	if (length <= limit)
		return DC_OK;
	if (limit == BODY_MAX)
		return dc_fail(err, DC_E_TOO_LARGE, NULL, "The request body is larger than 12 MB");
	return dc_fail(err, DC_E_TOO_LARGE, NULL, "The request body is larger than %zu bytes", limit);
}

static enum dc_code
claim_job(struct tx *tx, void *arg, struct dc_error *err)
{
	return exchange_claim(tx, arg, err);
}

/* By what credential the body is sent; from now on it may be a large one. */
static enum dc_code
find_kind(struct exchange *x, struct dc_error *err)
{
	static const enum body_kind kinds[] = {[CREDENTIAL_NONE] = BODY_OPEN,
	    [CREDENTIAL_EDGE] = BODY_EDGE,
	    [CREDENTIAL_TOKEN] = BODY_TOKEN,
	    [CREDENTIAL_KEY] = BODY_SIGNED};
	enum dc_code rc;

	x->kind = BODY_OPEN;
	if (!(x->call.match.route->flags & ROUTE_OPEN)) {
		if ((rc = store_read_wait(x->call.api->options.store, claim_job, x, err)) != DC_OK)
			return rc;
		x->kind = kinds[x->call.who.credential];
		/* A signature is not verified yet, nor a token that Keystone was not asked about. */
		if (x->kind != BODY_SIGNED && x->kind != BODY_OPEN)
			peer_turn(x->peer, TURN_CLIENT, x->kind == BODY_EDGE ? PEER_EDGE : PEER_KNOWN);
	}
	x->kind_known = true;
	return DC_OK;
}

static size_t
counted(size_t len)
{
	return len > SMALL_BODY ? len - SMALL_BODY : 0;
}

/* Memory for the body to grow to this length. */
static enum dc_code
take_room(struct exchange *x, size_t len, struct dc_error *err)
{
	struct api *api = x->call.api;
	size_t more = counted(len) - counted(x->body.len);
	enum dc_code rc;
	bool room;

	if (more == 0)
		return DC_OK;
	if (!x->kind_known && (rc = find_kind(x, err)) != DC_OK)
		return rc;
	pthread_mutex_lock(&api->peer_lock);
	room = api->body_bytes[x->kind] + more <= parts[x->kind].all &&
	       (x->peer == NULL || x->peer->from->body_bytes[x->kind] + more <= parts[x->kind].of_address);
	if (room) {
		api->body_bytes[x->kind] += more;
		if (x->peer != NULL)
			x->peer->from->body_bytes[x->kind] += more;
	}
	pthread_mutex_unlock(&api->peer_lock);
	return room ? DC_OK : dc_fail(err, DC_E_UNAVAILABLE, NULL, "Too many large requests: try again");
}

void
body_drop(struct exchange *x)
{
	struct api *api = x->call.api;
	size_t taken = counted(x->body.len);

	if (taken > 0) {
		pthread_mutex_lock(&api->peer_lock);
		api->body_bytes[x->kind] -= taken;
		if (x->peer != NULL)
			x->peer->from->body_bytes[x->kind] -= taken;
		pthread_mutex_unlock(&api->peer_lock);
	}
	buf_free(&x->body);
}

enum dc_code
body_announced(struct exchange *x, unsigned long long length, struct dc_error *err)
{
	enum dc_code rc = check_length(x, length, err);

	if (rc == DC_OK && length > SMALL_BODY)
		rc = find_kind(x, err);
	return rc;
}

enum dc_code
body_add(struct exchange *x, const char *data, size_t len, struct dc_error *err)
{
	size_t whole = x->body.len + len;
	enum dc_code rc;

	if ((rc = check_length(x, whole, err)) != DC_OK || (rc = take_room(x, whole, err)) != DC_OK)
		return rc;
	buf_add(&x->body, data, len);
	if (x->body.failed) /* a part of a body is none */
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "Too many large requests: try again");
	if (whole / STEP != (whole - len) / STEP)
		peer_allow(x->peer, (int64_t)x->call.api->options.idle_seconds * 1000);
	return DC_OK;
}
