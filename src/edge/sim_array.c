/* SPDX-License-Identifier: ISC */
#include "edge/sim_array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Where the key stands, or would. */
size_t
sorted_place(const void *base, size_t n, size_t size, const void *key, compare_fn *compare, bool *found)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (compare((const char *)base + middle * size, key) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	*found = lo < n && compare((const char *)base + lo * size, key) == 0;
	return lo;
}

/* Room for one more at that place; the array grows by doubling. */
void *
sorted_insert(void *base, size_t *n, size_t size, size_t at, const void *item)
{
	char *v = base;

	if ((*n & (*n - 1)) == 0 && (v = realloc(v, (*n == 0 ? 1 : 2 * *n) * size)) == NULL)
		abort();
	memmove(v + (at + 1) * size, v + at * size, (*n - at) * size);
	memcpy(v + at * size, item, size);
	(*n)++;
	return v;
}

void
sorted_remove(void *base, size_t *n, size_t size, size_t at)
{
	memmove((char *)base + at * size, (char *)base + (at + 1) * size, (*n - at - 1) * size);
	(*n)--;
}
