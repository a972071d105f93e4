/* SPDX-License-Identifier: ISC */
#include "cli/word.h"

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

/* Whether each word that typed begins is first itself, or first with more words behind it. */
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
	candidates(&list, found < n ? typed : NULL, words, n);
	if (found < n)
		return dc_fail(err, DC_E_PARAM, what, "\"%s\" is not clear: %s", typed, buf_str(&list));
	if (n > LISTED_MAX)
		return dc_fail(err, DC_E_PARAM, what, "no %s \"%s\"", what, typed);
	return dc_fail(err, DC_E_PARAM, what, "no %s \"%s\"; there is: %s", what, typed, buf_str(&list));
}
