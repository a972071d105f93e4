/* SPDX-License-Identifier: ISC */
/* restored.c - what outlives the database that a snapshot takes the place of (store/snapshot.h): when edges were heard
 * of, what they have, and the revisions that were given out. A revision that was given out again would let a report on
 * its way speak of another object than the one that it means. */
#include "reconcile/edge.h"
#include "store/row_lock.h"

struct edges_seen {
	const struct edge_report *report;
	const struct edge_revision *revision;
	size_t reports, revisions;
};

enum dc_code
edges_note(struct tx *tx, struct edges_seen **ret, struct dc_error *err)
{
	struct edges_seen *seen = arena_new_of(tx_arena(tx), struct edges_seen);
	struct query_page all = {.walk = true};
	void *rows = NULL;
	enum dc_code rc;

	if ((rc = query_list(tx, &edge_report_table, Q_ALL, &all, &rows, &seen->reports, err)) != DC_OK)
		return rc;
	seen->report = rows;
	if ((rc = query_list(tx, &edge_revision_table, Q_ALL, &all, &rows, &seen->revisions, err)) != DC_OK)
		return rc;
	seen->revision = rows;
	*ret = seen;
	return DC_OK;
}

/* Boot and sequence are the snapshot's: a report that was under way in parts is asked for again as a whole. */
static enum dc_code
carry_report(struct tx *tx, const struct edge_report *from, struct dc_error *err)
{
	static const char *const columns[] = {"received_time", "fabric", "agent_version", "key_room", "epoch",
	    "revision", "held", "held_reason", "ports", "confirm_epoch", "confirm_revision", NULL};
	struct edge_report row = *from;

	row.confirm_epoch = (struct f_text){NULLED, NULL};
	F_SET_NULL(row.confirm_revision);
	return query_set(tx, &edge_report_table, columns, &row, Q(Q_EQ("id", row.id.v)), NULL, err);
}

static enum dc_code
carry_revision(struct tx *tx, const struct edge_revision *from, struct dc_error *err)
{
	static const char *const columns[] = {"revision", "floor", NULL};
	struct edge_revision row = *from;

	F_SET_INT(row.revision, from->revision.v + 1);
	row.floor = row.revision;
	return query_set(tx, &edge_revision_table, columns, &row, Q(Q_EQ("id", row.id.v)), NULL, err);
}

enum dc_code
edges_carry(struct tx *tx, const struct edges_seen *seen, struct dc_error *err)
{
	LOCK_SET(set, tx);
	enum dc_code rc;

	for (size_t i = 0; i < seen->reports; i++)
		lock_want(&set, &edge_report_table, seen->report[i].id.v);
	for (size_t i = 0; i < seen->revisions; i++)
		lock_want(&set, &edge_revision_table, seen->revision[i].id.v);
	rc = lock_rows(tx, &set, err);
	for (size_t i = 0; rc == DC_OK && i < seen->reports; i++) {
		tx_wake_edge(tx, seen->report[i].id.v); /* also one that the snapshot does not have */
		rc = carry_report(tx, &seen->report[i], err);
	}
	for (size_t i = 0; rc == DC_OK && i < seen->revisions; i++)
		rc = carry_revision(tx, &seen->revision[i], err);
	return rc;
}
