/* SPDX-License-Identifier: ISC */
/* router_question.h - a call that asks an edge how something is at this moment (reconcile/questions.h). */
#ifndef DC_ROUTER_QUESTION_H
#define DC_ROUTER_QUESTION_H

#include "res/res.h"
#include "wire/object.h"

/* For a call's run(): the first run asks and sets call->wait; the edge's answer, or the end of the wait, is another
 * run. *ret NULL: there is no answer yet, and run() returns DC_OK at once. DC_E_UNAVAILABLE in words: there will be
 * none. */
enum dc_code router_ask(struct tx *, struct call *, const char *edge_id, const char *kind, const char *argument,
    const struct wire_answer **ret, struct dc_error *err);
/* The body of an answer as a row of the table, in the call's arena. An answer that is an error fails with `code`. */
enum dc_code router_answer(const struct call *, const struct wire_answer *, const struct field_table *,
    enum dc_code code, void **ret, struct dc_error *err);

#endif
