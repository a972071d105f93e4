/* SPDX-License-Identifier: ISC */
/* question.h - what somebody wants to know of this router at this moment, answered beside the reports. A question
 * changes nothing, and nothing waits for its answer. */
#ifndef DC_EDGE_QUESTION_H
#define DC_EDGE_QUESTION_H

#include "edge/kernel.h"
#include "edge/routing.h"
#include "edge/state.h"

struct event_base;
struct questions;

/* The answer is valid during the call. */
typedef void questions_answered(void *arg, const struct wire_answer *);

/* state, kernel and routing are borrowed. */
struct questions *questions_new(
    struct event_base *, struct state *, struct kernel *, struct routing *, questions_answered *, void *arg);
struct questions *questions_free(
    struct questions *); /* after routing was closed: what waits is not answered. NULL is fine. */
/* The answer comes before this returns, or later from the loop. A kind that is not known gets its error in words. */
void questions_ask(struct questions *, const struct wire_question *);

/* question_line.c: looks at a line for up to a second, and calls `done` from the loop, with the body of an answer. */
struct probe;
typedef void probe_done(void *arg, const struct buf *body);
enum dc_code probe_new(struct event_base *, struct state *, struct kernel *, const char *argument, probe_done *done,
    void *arg, struct probe **ret, struct dc_error *err);
void probe_free(struct probe *); /* NULL is fine; in `done`, too */

/* question_routes.c: a question about routes as the routing daemon takes it. *limit and *after: of the page. */
enum dc_code question_routes_parse(const char *argument, struct arena *, struct routing_query *ret, size_t *limit,
    struct ip_prefix *after, struct dc_error *);
/* A page of the routes, as the body of an answer. after: family IP_NONE for the first page. */
void question_routes_put(const struct routing_route *, size_t n, size_t limit, const struct ip_prefix *after,
    struct arena *, struct buf *body);

#endif
