/* SPDX-License-Identifier: ISC */
/* sim_array.h - sorted arrays of the simulated router: heap, of any item, that grow by doubling. */
#ifndef DC_EDGE_SIM_ARRAY_H
#define DC_EDGE_SIM_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

typedef int compare_fn(const void *, const void *);

/* Where the key stands, or would. */
size_t sorted_place(const void *base, size_t n, size_t size, const void *key, compare_fn *, bool *found);
/* The array, with a copy of the item at that place. */
void *sorted_insert(void *base, size_t *n, size_t size, size_t at, const void *item);
void sorted_remove(void *base, size_t *n, size_t size, size_t at);

#endif
