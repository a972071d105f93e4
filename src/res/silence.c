/* SPDX-License-Identifier: ISC */
#include "res/silence.h"

#include <string.h>

#include "reconcile/edge.h"

#define REASON_MAX 255 /* characters, contract */

struct silence_known {
	const char *edge_id;
	const char *words; /* NULL: the edge reports */
	struct silence_known *next;
};

static enum dc_code
look(struct tx *tx, const char *edge_id, const char **words, struct dc_error *err)
{
	struct edge_silence silence;
	char since[UTC_TEXT_SIZE];
	enum dc_code rc = edge_silence_get(tx, edge_id, &silence, err);

	*words = NULL;
	if (rc != DC_OK || !silence.silent)
		return rc;
	utc_format(silence.since, since);
	*words = arena_printf(tx_arena(tx), "not observed since %s: the edge is silent", since);
	return DC_OK;
}

static enum dc_code
known(struct tx *tx, struct silence *s, const char *edge_id, const char **words, struct dc_error *err)
{
	struct silence_known *k;
	enum dc_code rc;

	for (k = s->first; k != NULL; k = k->next)
		if (strcmp(k->edge_id, edge_id) == 0) {
			*words = k->words;
			return DC_OK;
		}
	if ((rc = look(tx, edge_id, words, err)) != DC_OK)
		return rc;
	k = arena_new_of(tx_arena(tx), struct silence_known);
	*k = (struct silence_known){edge_id, *words, s->first};
	s->first = k;
	return DC_OK;
}

enum dc_code
silence_tell(struct tx *tx, struct silence *s, const char *edge_id, struct f_text *reason, struct dc_error *err)
{
	const char *words, *before = reason->set == GIVEN ? reason->v : NULL;
	enum dc_code rc;

	if (edge_id == NULL || (rc = known(tx, s, edge_id, &words, err)) != DC_OK || words == NULL)
		return edge_id == NULL ? DC_OK : rc;
	F_SET_TEXT(*reason,
	    arena_printf(tx_arena(tx), "%.*s", REASON_MAX,
		arena_printf(tx_arena(tx), "%s%s%s", words, before != NULL ? "; " : "", before != NULL ? before : "")));
	return DC_OK;
}
