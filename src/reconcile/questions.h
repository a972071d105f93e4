/* SPDX-License-Identifier: ISC */
/* questions.h - what an operator wants to know of an edge at this moment: a question goes down with the edge's poll,
 * its answer comes up beside the reports, and both are forgotten after a few seconds.
 *
 * Questions live in this process's memory and in no transaction: nothing depends on one. Each has a deadline; one that
 * is lost on the way is not asked again. Any thread may call.
 *
 * Where several processes serve one database, the edge may poll at another one: each question is known to all of them
 * (question_for_others(), for store_say()), and its answer goes back to the one that was asked. */
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
/* The edge's answer. False: nobody waits for it any more. *elsewhere: another process has asked. */
bool question_answer(const char *edge_id, const struct wire_answer *, bool *elsewhere);

/* For other processes. */
const char *question_for_others(
    struct arena *, const char *id, const char *edge_id, const char *kind, const char *argument);
const char *question_answer_for_others(struct arena *, const char *edge_id, const struct wire_answer *);
/* Such a text of another process. *wake: whose wait ends, in the arena; NULL: nobody's. */
void question_hear(const char *text, struct arena *, const char **wake);

/* The answer, in the arena; NULL: there is none yet. */
const struct wire_answer *question_find_answer(const char *id, struct arena *);
void question_end(const char *id); /* nobody waits any more */

#endif
