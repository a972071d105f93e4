/* SPDX-License-Identifier: ISC */
/* silence.h - edges that have gone silent. v3 keeps showing the last observed state; `reason` explains that nobody has
 * looked since. Computed when it is read, never stored. */
#ifndef DC_SILENCE_H
#define DC_SILENCE_H

#include "res/res.h"

/* What is known of the edges of one page. Starts as {0}. */
struct silence_known;
struct silence {
	struct silence_known *first;
};

/* Puts "not observed since T: the edge is silent" in front of the reason, when that edge is. edge_id NULL: nothing. */
enum dc_code silence_tell(
    struct tx *, struct silence *, const char *edge_id, struct f_text *reason, struct dc_error *err);

#endif
