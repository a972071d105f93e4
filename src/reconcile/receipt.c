/* SPDX-License-Identifier: ISC */
/* receipt.c - when each edge was heard of last, by a clock that cannot be set.
 *
 * The database has the time of day at which a report came in, which is of no use once the clock was set back. So this
 * process also keeps a monotonic time for each edge that reported to it. Of an edge that has not, it knows that nothing
 * came in since it began to look; that is its age, unless the time of day shows more.
 *
 * An edge may report to another process over the same database. Its row then has a time that this process has not
 * given, and that differs from what it has seen there before: from then on it looks. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "reconcile/edge.h"

#define SILENT_INTERVALS 3

struct receipt {
	char edge_id[UUID_TEXT_SIZE];
	bool heard; /* false: only asked for */
	/* The newest two, as the edge's row has them: another value there is not about this receipt. The one before,
	 * because the row is read as it was until the report that the newest is about is committed. */
	struct {
		utc_ms received;
		struct monotonic at;
	} last[2];
	/* Of another process, as the row was seen first. */
	bool seen_any;
	utc_ms seen;
	struct monotonic seen_at;
	struct receipt *next;
};

static struct {
	pthread_rwlock_t lock; /* each answer asks for the age of something */
	struct receipt *first; /* one per edge, for the life of the process */
	bool begun;
	struct monotonic begin;
} all = {.lock = PTHREAD_RWLOCK_INITIALIZER};

static struct receipt *
find(const char *edge_id)
{
	struct receipt *r;

	if (!all.begun) {
		all.begun = true;
		all.begin = monotonic_now();
	}
	for (r = all.first; r != NULL; r = r->next)
		if (strcmp(r->edge_id, edge_id) == 0)
			return r;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		abort();
	strlcpy(r->edge_id, edge_id, sizeof(r->edge_id));
	r->next = all.first;
	all.first = r;
	return r;
}

void
edge_heard(const char *edge_id, utc_ms received)
{
	struct receipt *r;

	pthread_rwlock_wrlock(&all.lock);
	r = find(edge_id);
	r->heard = true;
	if (r->last[0].received != received)
		r->last[1] = r->last[0];
	r->last[0].received = received;
	r->last[0].at = monotonic_now();
	pthread_rwlock_unlock(&all.lock);
}

static const struct monotonic *
own_receipt(const struct receipt *r, utc_ms received)
{
	for (size_t i = 0; r->heard && i < 2; i++)
		if (r->last[i].received == received)
			return &r->last[i].at;
	return NULL;
}

/* The row has this time. Under the lock. */
static void
note_seen(struct receipt *r, utc_ms received)
{
	if (own_receipt(r, received) != NULL || (r->seen_any && r->seen == received))
		return;
	r->seen_at = r->heard || r->seen_any ? monotonic_now() : all.begin;
	r->seen = received;
	r->seen_any = true;
}

/* Of a report that came in at that time. Under the lock. */
static int64_t
age_of(const struct receipt *r, utc_ms received, utc_ms now)
{
	const struct monotonic *own = own_receipt(r, received);
	int64_t age, looked;

	if (own != NULL)
		return monotonic_since(*own);
	age = now - received;
	looked = monotonic_since(r->seen_any && r->seen == received ? r->seen_at : all.begin);
	return age > looked ? age : looked;
}

int64_t
edge_age(const struct edge_report *row, utc_ms now)
{
	struct receipt *r;
	int64_t age;

	if (row->received_time.set != GIVEN)
		return -1;
	pthread_rwlock_wrlock(&all.lock);
	r = find(row->id.v);
	note_seen(r, row->received_time.v);
	age = age_of(r, row->received_time.v, now);
	pthread_rwlock_unlock(&all.lock);
	return age;
}

static bool
is_long(int64_t age, int64_t interval)
{
	return age < 0 || age > SILENT_INTERVALS * 1000 * interval;
}

bool
edge_is_silent(const struct edge_report *row, utc_ms now)
{
	return is_long(edge_age(row, now), row->report_interval.v);
}

enum dc_code
edge_pulse_get(struct tx *tx, const char *edge_id, struct edge_report *ret, struct dc_error *err)
{
	const struct edge_pulse *pulse;
	void *row;
	enum dc_code rc = query_get(tx, &edge_pulse_table, Q(Q_EQ("id", edge_id)), &row, err);

	if (rc != DC_OK)
		return rc;
	pulse = row;
	*ret = (struct edge_report){
	    .id = pulse->id, .received_time = pulse->received_time, .report_interval = pulse->report_interval};
	return DC_OK;
}

/* --- for answers that are kept --- */

#define NEVER INT64_MIN

/* The newest report by now: one that came in since the row was read, or else the one that the row had. */
static int64_t
newest(const struct receipt *r, int64_t received)
{
	bool of_another = r->seen_any && r->seen == received && r->seen_at.ms > r->last[0].at.ms;

	return r->heard && !of_another ? r->last[0].received : received;
}

/* seen: when the newest report came in, the interval, whether the edge was silent. */
static bool
silence_stands(const struct footing_rest *rest, utc_ms now)
{
	const struct receipt *r = rest->source;
	int64_t received;
	bool silent;

	pthread_rwlock_rdlock(&all.lock);
	received = newest(r, rest->seen[0]);
	silent = received != NEVER && is_long(age_of(r, received, now), rest->seen[1]);
	pthread_rwlock_unlock(&all.lock);
	return silent == (rest->seen[2] != 0) && (!silent || received == rest->seen[0]);
}

static int64_t
age_by_now(const struct observed *o, utc_ms now)
{
	const struct receipt *r = o->source;
	int64_t received, age;

	pthread_rwlock_rdlock(&all.lock);
	received = newest(r, o->seen);
	age = received != NEVER ? age_of(r, received, now) : -1;
	pthread_rwlock_unlock(&all.lock);
	return age;
}

static const struct receipt *
source_of(const struct edge_report *pulse, const char *edge_id)
{
	struct receipt *r;

	pthread_rwlock_wrlock(&all.lock);
	r = find(edge_id);
	if (pulse->received_time.set == GIVEN)
		note_seen(r, pulse->received_time.v);
	pthread_rwlock_unlock(&all.lock);
	return r;
}

/* The pulse, of which a footing notes all but the time of the last report: that changes at every heartbeat. The
 * interval changes with the edge's own row. */
static enum dc_code
read_pulse(struct tx *tx, const char *edge_id, struct edge_report *ret, utc_ms *now, struct dc_error *err)
{
	struct footing *footing = footing_pause(tx);
	enum dc_code rc = edge_pulse_get(tx, edge_id, ret, err);

	*now = tx_now(tx);
	footing_resume(tx, footing);
	if (edge_id == NULL)
		return rc;
	footing_row_of(tx, "edge", edge_id);
	if (rc == DC_E_NOT_FOUND)
		footing_row(tx, &edge_report_table, edge_id);
	return rc;
}

enum dc_code
edge_silence_get(struct tx *tx, const char *edge_id, struct edge_silence *ret, struct dc_error *err)
{
	struct edge_report pulse;
	utc_ms now;
	enum dc_code rc = read_pulse(tx, edge_id, &pulse, &now, err);

	*ret = (struct edge_silence){0};
	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	ret->silent = pulse.received_time.set == GIVEN && edge_is_silent(&pulse, now);
	ret->since = pulse.received_time.v;
	footing_rest(tx, &(struct footing_rest){silence_stands, source_of(&pulse, edge_id),
			     {pulse.received_time.set == GIVEN ? pulse.received_time.v : NEVER, pulse.report_interval.v,
				 ret->silent}});
	return DC_OK;
}

enum dc_code
edge_observed(struct tx *tx, const char *edge_id, struct observed *ret, struct dc_error *err)
{
	struct edge_report pulse;
	utc_ms now;
	enum dc_code rc = read_pulse(tx, edge_id, &pulse, &now, err);

	if (rc == DC_OK)
		*ret = (struct observed){age_by_now, source_of(&pulse, edge_id),
		    pulse.received_time.set == GIVEN ? pulse.received_time.v : NEVER};
	return rc;
}
