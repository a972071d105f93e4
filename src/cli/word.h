/* SPDX-License-Identifier: ISC */
/* word.h - one word out of several, by its own name or by a beginning that no other of them has; of names that only add
 * to one another (edge, edge-report) a beginning means the first. '_' counts as '-', so that members may be typed as
 * the API spells them. */
#ifndef DC_CLI_WORD_H
#define DC_CLI_WORD_H

#include <stddef.h>

#include "base/error.h"

/* Whether typed is the word, or begins it. */
enum word_match { WORD_OTHER, WORD_BEGINS, WORD_SAME };
enum word_match word_match(const char *typed, const char *word);

/* *ret is the index in words, which may hold a word twice (then the first is it). what: "verb", for the error, whose
 * code is DC_E_PARAM and which names the words that come into question, and the nearest where one is near. */
enum dc_code word_find(
    const char *typed, const char *const *words, size_t n, const char *what, size_t *ret, struct dc_error *err);
/* The word that typed may have been meant for: the only one that it begins, or one that is one or two letters off.
 * NULL: none is near. */
const char *word_nearest(const char *typed, const char *const *words, size_t n);

#endif
