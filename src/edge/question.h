/* SPDX-License-Identifier: ISC */
/* question.h - what somebody wants to know of this router at this moment, answered beside the reports. A question
 * changes nothing, and nothing waits for its answer. */
#ifndef DC_EDGE_QUESTION_H
#define DC_EDGE_QUESTION_H

#include "edge/kernel.h"
#include "edge/routing.h"
#include "edge/state.h"

/* All of *ret is in the arena, or borrowed from the question. A kind that is not known gets its error in words. */
void question_answer(const struct wire_question *, struct state *, struct kernel *, struct routing *, struct arena *,
    struct wire_answer *ret);

#endif
