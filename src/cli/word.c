/* SPDX-License-Identifier: ISC */
#include "cli/word.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define LISTED_MAX 40 /* more words than that are no help */

static char
same_form(char c)
{
	return c == '_' ? '-' : c;
}

enum word_match
word_match(const char *typed, const char *word)
{
	while (*typed != '\0' && same_form(*typed) == same_form(*word)) {
		typed++;
		word++;
	}
	if (*typed != '\0')
		return WORD_OTHER;
	return *word == '\0' ? WORD_SAME : WORD_BEGINS;
}

/* Names each word once; those that typed begins, or all. */
static void
candidates(struct buf *out, const char *typed, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t before = 0;

		while (before < i && strcmp(words[before], words[i]) != 0)
			before++;
		if (before == i && (typed == NULL || word_match(typed, words[i]) != WORD_OTHER))
			buf_printf(out, "%s%s", out->len > 0 ? ", " : "", words[i]);
	}
}

/* Whether each word that typed begins is first itself, or first with more words after it. */
static bool
leads(const char *first, const char *typed, const char *const *words, size_t n)
{
	size_t len = strlen(first);

	for (size_t i = 0; i < n; i++) {
		if (word_match(typed, words[i]) == WORD_OTHER)
			continue;
		if (word_match(first, words[i]) == WORD_OTHER || (words[i][len] != '\0' && words[i][len] != '-'))
			return false;
	}
	return true;
}

/* --- did you mean --- */

#define DISTANCE_LEN 64 /* of longer words nobody knows how far they are apart */

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t less = a < b ? a : b;

	return less < c ? less : c;
}

/* Letters to put in, to take out, to change, or to swap with the next (optimal string alignment). */
static size_t
distance(const char *a, const char *b)
{
	size_t row[3][DISTANCE_LEN + 1], *before = row[0], *last = row[1], *now = row[2];
	size_t n = strlen(a), m = strlen(b);

	if (n > DISTANCE_LEN || m > DISTANCE_LEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			bool same = same_form(a[i - 1]) == same_form(b[j - 1]);

			now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		size_t *old = before;

		before = last;
		last = now;
		now = old;
	}
	return last[m];
}

/* The only word that typed begins. */
static const char *
only_beginning(const char *typed, const char *const *words, size_t n)
{
	const char *found = NULL;

	for (size_t i = 0; i < n && typed[0] != '\0'; i++) {
		if (word_match(typed, words[i]) == WORD_OTHER)
			continue;
		if (found != NULL)
			return NULL;
		found = words[i];
	}
	return found;
}

const char *
word_nearest(const char *typed, const char *const *words, size_t n)
{
	size_t len = strlen(typed), best = len < 6 ? 2 : 3; /* not so far */
	const char *begun = only_beginning(typed, words, n), *found = begun;

	for (size_t i = 0; i < n && begun == NULL; i++) {
		size_t far = distance(typed, words[i]);

		if (far < best) {
			best = far;
			found = words[i];
		}
	}
	return found;
}

static enum dc_code
no_such(const char *typed, const char *const *words, size_t n, const char *what, struct dc_error *err)
{
	_cleanup_buf_ struct buf list = BUF_INIT(DC_ERROR_TEXT_MAX);
	const char *nearest = word_nearest(typed, words, n);

	if (nearest != NULL)
		return dc_fail(err, DC_E_PARAM, what, "no %s \"%s\"; did you mean %s?", what, typed, nearest);
	if (n > LISTED_MAX)
		return dc_fail(err, DC_E_PARAM, what, "no %s \"%s\"", what, typed);
	candidates(&list, NULL, words, n);
	return dc_fail(err, DC_E_PARAM, what, "no %s \"%s\"; there is: %s", what, typed, buf_str(&list));
}

enum dc_code
word_find(const char *typed, const char *const *words, size_t n, const char *what, size_t *ret, struct dc_error *err)
{
	_cleanup_buf_ struct buf list = BUF_INIT(DC_ERROR_TEXT_MAX);
	size_t found = n; /* the shortest that typed begins */

	for (size_t i = 0; i < n; i++) {
		enum word_match match = typed[0] != '\0' ? word_match(typed, words[i]) : WORD_OTHER;

		if (match == WORD_SAME) {
			*ret = i;
			return DC_OK;
		}
		if (match == WORD_BEGINS && (found == n || strlen(words[i]) < strlen(words[found])))
			found = i;
	}
	if (found < n && leads(words[found], typed, words, n)) {
		*ret = found;
		return DC_OK;
	}
	if (found == n)
		return no_such(typed, words, n, what, err);
	candidates(&list, typed, words, n);
	return dc_fail(err, DC_E_PARAM, what, "\"%s\" is not clear: %s", typed, buf_str(&list));
}
