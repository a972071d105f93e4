/* SPDX-License-Identifier: ISC */
/* intake.h - what becomes of an answer of dcaasd: taken, or not. Pure.
 *
 * A deletion is an explicit tombstone, or an object's absence from a snapshot of the same store that is not behind us.
 * Any other snapshot may come from a store that was emptied or put back from a backup: the edge then holds, which means
 * the edge keeps what it has, accepts nothing, reports that, and waits for the operator's `dcaas edge confirm`. */
#ifndef DC_EDGE_INTAKE_H
#define DC_EDGE_INTAKE_H

#include "wire/object.h"

enum intake {
	INTAKE_CHANGES,     /* of the set that we have */
	INTAKE_SNAPSHOT,    /* what it does not name goes */
	INTAKE_IF_HARMLESS, /* as INTAKE_SNAPSHOT, if nothing that is there would be deleted by it; else INTAKE_HOLD */
	INTAKE_ANEW,        /* changes that do not fit: ask for a snapshot */
	INTAKE_HOLD,
};

struct intake_self {
	const char *edge; /* id; NULL: not known */
	const char *epoch;
	int64_t revision;
	bool empty; /* nothing is wanted here */
	bool lost;  /* it is not known what was */
};

/* why: words for the operator when the answer is not taken; else untouched. */
enum intake intake_decide(const struct intake_self *, const struct wire_desired *, struct arena *, const char **why);

#endif
