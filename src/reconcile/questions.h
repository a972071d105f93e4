/* SPDX-License-Identifier: ISC */
/* questions.h - what an operator wants to know of an edge at this moment: a question goes down with the edge's poll,
 * its answer comes up beside the reports, and both are forgotten after a few seconds.
 *
 * Questions live in this process's memory and in no transaction: nothing depends on one. Each has a deadline; one that
 * is lost on the way is not asked again. Any thread may call. */
#ifndef DC_RECONCILE_QUESTIONS_H
#define DC_RECONCILE_QUESTIONS_H

#include "base/arena.h"
#include "wire/object.h"

#define QUESTION_MS 5000 /* that an answer may take */

/* Asks, unless the question with that id is asked already (a call may run twice). False: too many questions wait for
 * that edge. */
bool question_ask(const char *id, const char *edge_id, const char *kind, const char *argument);

/* Questions for that edge that were not handed out yet, or to this very poll; in the arena. They count as handed out.
 */
size_t question_take(const char *edge_id, const char *poll_id, struct arena *, struct wire_question **ret);
/* The edge's answer. False: nobody waits for it any more. */
bool question_answer(const char *edge_id, const struct wire_answer *);

/* The answer, in the arena; NULL: there is none yet. */
const struct wire_answer *question_find_answer(const char *id, struct arena *);
void question_end(const char *id); /* nobody waits any more */

#endif
