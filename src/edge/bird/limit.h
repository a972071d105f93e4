/* SPDX-License-Identifier: ISC */
/* limit.h - how long a neighbour that announced more routes than its limit stays disabled: 1 minute, doubled each time
 * up to 15, and back to 1 after a quarter of an hour without. Pure. */
#ifndef DC_BIRD_LIMIT_H
#define DC_BIRD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_WAIT_FIRST_MS (60 * 1000)
#define LIMIT_WAIT_MAX_MS (15 * 60 * 1000)

struct limit {
	bool disabled;
	int64_t until; /* monotonic ms: disabled until then; enabled since then */
	int64_t wait;  /* of the last time */
};

void limit_hit(struct limit *, int64_t now);
/* True once, when the wait is over: it is to be enabled again. */
bool limit_over(struct limit *, int64_t now);
/* The order changed (another limit): enabled at once, and the past forgotten. */
void limit_forget(struct limit *);

#endif
