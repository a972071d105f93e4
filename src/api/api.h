/* SPDX-License-Identifier: ISC */
/* api.h - the HTTP server: libmicrohttpd on some polling threads, routes from tables, calls run in store transactions.
 *
 * A writing call suspends its connection, is submitted to the store, and is answered from done(). Limits: 12 MB body
 * (413 APIGW.0201), 32 KiB of header (413/431 by libmicrohttpd itself), connections in total and per address, and an
 * idle time-out against slow clients. Every answer carries X-Request-Id and JSON. Signals are the caller's business. */
#ifndef DC_API_H
#define DC_API_H

#include "api/call.h"
#include "api/tls.h"

struct api;
struct faults;
struct kept;

struct api_options {
	struct store *store;
	const struct route *const *routes;       /* NULL-terminated array of tables */
	const struct resource *const *resources; /* NULL-terminated */
	struct auth_options auth;
	const char *address; /* "127.0.0.1", "::1" */
	uint16_t port;       /* 0: any free one; see api_port() */
	int listen_fd;       /* an inherited listener instead (LISTEN_FDS); -1: none */
	struct tls *tls;     /* HTTPS with this certificate; NULL: plain HTTP. Borrowed */
	unsigned max_connections, max_per_address;
	unsigned max_calls_per_address; /* that run or stand in a queue */
	unsigned idle_seconds;
	unsigned threads;      /* that serve HTTP; 0: as many as there are cores, at most 4 */
	void *user;            /* call->api's owner: for routes that join engines (dcaasd) */
	struct faults *faults; /* of a test double (fault.h); NULL: it is none. Borrowed */
	struct kept *kept;     /* answers that are kept (kept.h); NULL: none are. Borrowed */
	/* Writes what the order would do to edges (reconcile/plan.h), for the answer of a dry run. NULL: nothing does.
	 */
	void (*plan)(struct tx *, bool for_operator, struct json *out);
	/* Asked once when a call begins, for call->settings, in its arena: a run that is repeated sees the settings of
	 * the first, also when a reload came in between. NULL: there are none. */
	const void *(*settings)(void *user, struct arena *);
	/* For a process with several servers: api_wake() at each of them. NULL: there is one. */
	void (*wake)(void *user, const char *key);
};

/* Listens: clients may connect, and wait until api_serve(). */
enum dc_code api_start(const struct api_options *, struct api **ret, struct dc_error *err);
/* Callers of api_wake() must report changes from now on. */
enum dc_code api_serve(struct api *, struct dc_error *err);
/* That a server with so many connections may have open. */
unsigned api_descriptors(unsigned max_connections);
uint16_t api_port(const struct api *);
/* What is under way at this moment. */
struct api_load {
	size_t connections;
	size_t running; /* calls: those that wait for news are not counted */
	size_t queued;  /* of them, for a thread of a lane */
	size_t waiting; /* calls that wait for news: edges' polls, orders for a place that becomes free */
	size_t left;    /* calls whose clients have left, as of the last look at them */
};
void api_get_load(struct api *, struct api_load *ret);
const struct api_options *api_get_options(const struct api *);
/* Ends the waits (call->wait) at this server whose wait_key this is; any thread. */
void api_wake(struct api *, const char *key); /* NULL: any key */
/* The same at all servers of the process, for a run(). */
void call_wake(struct call *, const char *key);

/* The end of a process with several servers goes in steps, each for all of them before the next, because a call at one
 * wakes polls at another. */
/* Takes no more connections, refuses new calls with 503, answers waiting polls. */
void api_quiesce(struct api *);
/* Lets the calls that have begun be answered. Until then (monotonic ms) for clients that are slow to read. */
void api_drain(struct api *, int64_t until);
/* Nobody may call api_wake() from now on. NULL is fine; returns NULL. */
struct api *api_free(struct api *);

/* openapi.json of all routes that are not hidden. */
void api_openapi(const struct route *const *tables, struct json *out);

#endif
