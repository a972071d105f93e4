/* SPDX-License-Identifier: ISC */
/* number_set.h - a set of numbers, ascending, each once. */
#ifndef DC_EDGE_NUMBER_SET_H
#define DC_EDGE_NUMBER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number_set {  /* zero: empty */
	uint32_t *v; /* heap: the owner frees it */
	size_t n, cap;
};

bool number_set_has(const struct number_set *, uint32_t);
void number_set_add(struct number_set *, uint32_t);
void number_set_add_all(struct number_set *, const uint32_t *, size_t n);

#endif
