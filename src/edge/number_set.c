/* SPDX-License-Identifier: ISC */
#include "edge/number_set.h"

#include <stdlib.h>
#include <string.h>

static size_t
place(const struct number_set *s, uint32_t v)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (s->v[middle] < v)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

bool
number_set_has(const struct number_set *s, uint32_t v)
{
	size_t at = place(s, v);

	return at < s->n && s->v[at] == v;
}

void
number_set_add(struct number_set *s, uint32_t v)
{
	size_t at = place(s, v);

	if (at < s->n && s->v[at] == v)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 16 : 2 * s->cap;
		if ((s->v = reallocarray(s->v, s->cap, sizeof(*s->v))) == NULL)
			abort();
	}
	memmove(&s->v[at + 1], &s->v[at], (s->n - at) * sizeof(*s->v));
	s->v[at] = v;
	s->n++;
}

void
number_set_add_all(struct number_set *s, const uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		number_set_add(s, v[i]);
}
