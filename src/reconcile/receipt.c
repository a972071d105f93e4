/* SPDX-License-Identifier: ISC */
/* receipt.c - when each edge was heard of last, by a clock that cannot be set.
 *
 * The database has the time of day at which a report came in, which is of no use once the clock was set back. So this
 * process also keeps a monotonic time for each edge that reported to it. Of an edge that has not, it knows that nothing
 * came in since it began to look; that is its age, if the time of day does not say more. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "reconcile/edge.h"

#define SILENT_INTERVALS 3

struct receipt {
	char edge_id[UUID_TEXT_SIZE];
	utc_ms received; /* as the edge's row has it: another value there is not about this receipt */
	struct monotonic at;
	struct receipt *next;
};

static struct {
	pthread_mutex_t lock;
	struct receipt *first; /* one per edge that reported, for the life of the process */
	bool begun;
	struct monotonic begin;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct receipt *
find(const char *edge_id)
{
	if (!all.begun) {
		all.begun = true;
		all.begin = monotonic_now();
	}
	for (struct receipt *r = all.first; r != NULL; r = r->next)
		if (strcmp(r->edge_id, edge_id) == 0)
			return r;
	return NULL;
}

void
edge_heard(const char *edge_id, utc_ms received)
{
	struct receipt *r;

	pthread_mutex_lock(&all.lock);
	if ((r = find(edge_id)) == NULL) {
		if ((r = calloc(1, sizeof(*r))) == NULL)
			abort();
		strlcpy(r->edge_id, edge_id, sizeof(r->edge_id));
		r->next = all.first;
		all.first = r;
	}
	r->received = received;
	r->at = monotonic_now();
	pthread_mutex_unlock(&all.lock);
}

int64_t
edge_age(const struct edge_report *row, utc_ms now)
{
	const struct receipt *r;
	int64_t age;

	if (row->received_time.set != GIVEN)
		return -1;
	pthread_mutex_lock(&all.lock);
	r = find(row->id.v);
	if (r != NULL && r->received == row->received_time.v)
		age = monotonic_since(r->at);
	else {
		int64_t looked = monotonic_since(all.begin);

		age = now - row->received_time.v;
		age = age > looked ? age : looked;
	}
	pthread_mutex_unlock(&all.lock);
	return age;
}

bool
edge_is_silent(const struct edge_report *row, utc_ms now)
{
	int64_t age = edge_age(row, now);

	return age < 0 || age > SILENT_INTERVALS * 1000 * row->report_interval.v;
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
