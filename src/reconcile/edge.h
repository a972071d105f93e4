/* SPDX-License-Identifier: ISC */
/* edge.h - the edge's side of the loop inside dcaasd: what a poll is answered, how a report is folded in. */
#ifndef DC_RECONCILE_EDGE_H
#define DC_RECONCILE_EDGE_H

#include "base/buf.h"
#include "reconcile/objects.h"
#include "store/footing.h"

/* Rows that every new edge needs. */
enum dc_code edge_rows_create(struct tx *, const char *edge_id, int64_t report_interval, struct dc_error *err);

/* What a poll sends. */
struct edge_poll {
	const char *boot;  /* NULL: of a version that sends none */
	const char *epoch; /* of what the edge has; NULL: it has nothing */
	int64_t revision;
	bool parts;       /* it takes the answer in parts; else it comes whole */
	const char *next; /* from the part before; NULL: the first */
};

/* --- restored.c: across a snapshot that is put back (store/snapshot.h) --- */

struct edges_seen;
/* Of the database that is about to end; in the transaction's arena. */
enum dc_code edges_note(struct tx *, struct edges_seen **ret, struct dc_error *err);
/* Into the one that took its place: when edges were heard of, and later revisions than any that was given out. Wakes
 * the edges. */
enum dc_code edges_carry(struct tx *, const struct edges_seen *, struct dc_error *err);

/* Answer of a poll: out gets a wire_desired, unless the caller should wait (same epoch, same revision) or another
 * process has its place. */
enum edge_news { EDGE_NEWS, EDGE_NO_NEWS, EDGE_NOT_FOR_YOU };
enum dc_code edge_desired(struct tx *, const char *edge_id, const struct edge_poll *, struct buf *out,
    enum edge_news *ret, struct dc_error *err);

enum edge_answer {
	EDGE_TAKEN,         /* or dropped: it was not newer than the last one */
	EDGE_RESEND,        /* of a process that dcaasd has not seen a full report of */
	EDGE_REFUSED,       /* another process has the edge's place: twins.c */
	EDGE_REFUSED_FIRST, /* the same, and it is news */
};

/* How far a report, or one part of a report, was folded. Zero: nothing of it. */
struct edge_folded {
	bool begun, done;
	size_t objects, sessions; /* folded */
	const char *looked;       /* key up to which objects were looked at that no part has named; NULL: none */
};

/* Folds some of a decoded wire_report in, under the edge's edge_report row lock: so much that others' transactions do
 * not wait for long. Called in one transaction after the other, from where the one before came to, until ret->done.
 * *answer counts when it is done. ret->looked is in the transaction's arena. */
enum dc_code edge_fold(struct tx *, const char *edge_id, const struct wire_report *, const struct edge_folded *from,
    const struct resource *const *resources, struct edge_folded *ret, enum edge_answer *answer, struct dc_error *err);

/* A report came in, and the edge's row has this time of it. By this process's own memory of that the age of what an
 * edge sent last keeps growing when the time of day is set back. */
void edge_heard(const char *edge_id, utc_ms received);
/* Milliseconds since the newest report; -1: there was none. */
int64_t edge_age(const struct edge_report *, utc_ms now);
/* Not heard of for three report intervals, or never: its last report is nothing to rely on. */
bool edge_is_silent(const struct edge_report *, utc_ms now);
/* What those two need of the edge's row, and no more of it. DC_E_NOT_FOUND (err untouched) when there is none. */
enum dc_code edge_pulse_get(struct tx *, const char *edge_id, struct edge_report *ret, struct dc_error *err);

/* For answers, which are kept while this stands: whether the edge is silent. One that never reported, or is not there,
 * is not: nothing was observed. */
struct edge_silence {
	bool silent;
	utc_ms since; /* silent: when its last report came in */
};
enum dc_code edge_silence_get(struct tx *, const char *edge_id, struct edge_silence *ret, struct dc_error *err);
/* Age of what was observed on the edge. DC_E_NOT_FOUND as edge_pulse_get(). */
enum dc_code edge_observed(struct tx *, const char *edge_id, struct observed *ret, struct dc_error *err);

/* Which part of the report it is: 1 and up. */
int64_t report_part(const struct wire_report *);

/* Whether that process is refused; whether one is, and was heard of lately. */
bool twin_is_refused(const struct edge_report *, const char *boot, utc_ms now);
bool twin_is_heard(const struct edge_report *, utc_ms now);
/* Under the row's lock: what the report's process may. The row, not yet written, knows of it. */
enum dc_code twin_admit(
    struct tx *, struct edge_report *, const struct wire_report *, enum edge_answer *ret, struct dc_error *err);
/* With a new credential everything begins again. */
enum dc_code edge_forget_twin(struct tx *, const char *edge_id, struct dc_error *err);

/* The operator's word for a held edge: it may take this store's snapshot. DC_E_PARAM when it does not hold. */
enum dc_code edge_confirm(struct tx *, const char *edge_id, struct dc_error *err);
/* The operator's word for a dead edge: its pending deletions count as done, with all that follows from them. Should it
 * come back, it is sent everything, and removes what is not in that before it makes anything. DC_E_PARAM when it is not
 * silent, unless force. */
enum dc_code edge_retire(struct tx *, const char *edge_id, bool force, struct dc_error *err);

#endif
