/* SPDX-License-Identifier: ISC */
/* call.h - one API call, from the decoded request to the answer. Lives in its own arena until the answer is sent. */
#ifndef DC_CALL_H
#define DC_CALL_H

#include "api/route.h"
#include "base/buf.h"
#include "store/footing.h"
#include "store/query.h"

struct api;

struct call {
	struct api *api;
	struct arena *arena;
	const struct route *route;
	struct route_match match;
	struct identity who;
	const void *settings; /* of api_options.settings, as they were when the call began */
	char request_id[HEX32_TEXT_SIZE];
	const char *address; /* that the call came from, as text; NULL when it is not known */
	const char *project; /* of the path; NULL when the path has none */
	const char *raw_path, *raw_query;
	const char *user_agent; /* "" when absent */
	const void *body_bytes;
	size_t body_len;
	const void *body;     /* decoded row of the route's body table; NULL when the route takes none. Input: run() may
			       * run again, so a row that is made of it is a copy, and so is each nested row written to */
	const void *prepared; /* of route->prepare, in the call's arena */
	/* A call that is too long for one transaction sets next: it is run again in another, once this one is on disk,
	 * and finds it as progress. Its answer is that of the last run. In the call's arena. */
	const void *progress, *next;

	/* the answer */
	int status;                /* 0: the route's */
	struct buf out;            /* JSON text; empty: no body, or this: */
	const char *lasting;       /* JSON text that lives as long as the process; NULL: none */
	const char *etag;          /* of that, in double quotes: a client that has it gets 304 */
	const char *subject_token; /* X-Subject-Token */
	struct observed observed;  /* X-Dcaas-Observed-Age; zero: no header */
	bool wait; /* set by run(): no answer yet; the connection stays suspended until api_wake() or the deadline, then
		    * run() is called again (the edge's long poll) */
	int64_t
	    wait_ms; /* with wait: deadline from the call's start; at the deadline run() is called with waited true */
	const char *wait_key; /* with wait: api_wake(api, key) ends it */
	bool waited;
};

/* The value of a path parameter; NULL when the route has no such one. */
const char *call_param(const struct call *, const char *name);
/* The last path parameter: the resource's own id. */
const char *call_id(const struct call *);
/* Query parameters, decoded; NULL when absent; the n-th of a repeated key. */
const char *call_query(const struct call *, const char *name, size_t nth);
/* How many times a query parameter occurs. */
size_t call_query_count(const struct call *, const char *name);
/* A request header; NULL when absent. The name's case does not matter. */
const char *call_header(const struct call *, const char *name);
/* Starts a fresh answer: run() may be called again. */
void call_reset_answer(struct call *);
/* For run() of a call that finds a place taken which is about to become free: the call waits until tx_wake(id), for
 * CALL_WAIT_MS from its start at most, and is run again from its inputs. run() has written nothing and returns DC_OK at
 * once (a resource's create hook, too). False: it has waited already, and fails. */
#define CALL_WAIT_MS 5000
bool call_wait(struct call *, const char *id);
/* What encoders hide from this caller. */
struct field_options call_options(const struct call *);
/* The answer of an extra route: a row of route->answer_table, which has a member request_id of its own. */
void call_answer_row(struct call *, const void *row);
/* The same with some of its members: NULL-terminated names. */
void call_answer_members(struct call *, const void *row, const char *const *only);
/* Writes {"request_id": ...} around what `fill` adds (which may be NULL): the small answers of extra routes. */
void call_answer(struct call *, void (*fill)(struct json *, const void *arg), const void *arg);

#endif
