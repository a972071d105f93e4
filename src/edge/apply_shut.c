/* SPDX-License-Identifier: ISC */
/* apply_shut.c - what a switchover test keeps away: routes and sessions until their shut_until, by this router's clock.
 * They come back at that time whether or not dcaasd is there. */
#include <stdlib.h>

#include "edge/apply_priv.h"

static void
add(struct apply *a, uint32_t instance, utc_ms at)
{
	for (size_t i = 0; i < a->shuts; i++)
		if (a->shut[i].instance == instance) {
			a->shut[i].at = at < a->shut[i].at ? at : a->shut[i].at;
			return;
		}
	if ((a->shut = reallocarray(a->shut, a->shuts + 1, sizeof(*a->shut))) == NULL)
		abort();
	a->shut[a->shuts++] = (struct shut_end){instance, at};
}

void
apply_judge_shut(struct apply *a, struct round *r)
{
	utc_ms now = utc_now();
	size_t kept = 0;

	for (size_t i = 0; i < a->shuts; i++)
		if (!number_set_has(&a->scope, a->shut[i].instance))
			a->shut[kept++] = a->shut[i];
	a->shuts = kept;
	for (size_t i = 0; i < r->n; i++) {
		object_set_shut(r->object[i], now);
		if (r->object[i]->want->shut)
			add(a, r->object[i]->home, r->object[i]->want->shut_until);
	}
}

int64_t
apply_shut_left(const struct apply *a)
{
	utc_ms now = utc_now();
	int64_t left = -1;

	for (size_t i = 0; i < a->shuts; i++) {
		int64_t one = a->shut[i].at > now ? a->shut[i].at - now : 0;

		left = left < 0 || one < left ? one : left;
	}
	return left;
}

void
apply_shut_over(struct apply *a)
{
	utc_ms now = utc_now();

	for (size_t i = 0; i < a->shuts; i++)
		if (a->shut[i].at <= now)
			number_set_add(&a->retry, a->shut[i].instance);
}
