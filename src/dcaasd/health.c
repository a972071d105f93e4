/* SPDX-License-Identifier: ISC */
#include "dcaasd/health.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keystone.h"
#include "auth/tables.h"
#include "base/log.h"
#include "reconcile/edge.h"

#define PROBE_AFTER_MS 10000 /* a store that has committed nothing for so long is written to */
#define PROBE_LIMIT_MS 15000 /* a longer write has failed: a disk that hangs reports no error */
#define ERRORS_COUNTED 10000
#define KEYS_LEAST 1000 /* peers with a password in one gateway and family that a router has kernel memory for */
#define DAY_MS ((utc_ms)24 * 3600 * 1000)
#define CERTIFICATE_SHORT (14 * DAY_MS) /* or a third of its life, when that is shorter */
#define CLOCK_TOLERANCE_MS 10000

struct health {
	struct store *store;
	const struct keystone *keystone;
	pthread_mutex_t lock; /* guards state */
	pthread_mutex_t look; /* held while someone looks: guards what follows but the probe */
	struct health_state state;
	uint64_t commits;
	struct monotonic committed;                             /* when the number of commits last changed */
	utc_ms certificate_begins, certificate_ends, told_ends; /* certificate_ends 0: none */
	utc_ms newest;                                          /* time that a transaction has had */
	int64_t clock_offset;                                   /* wall clock less the monotonic one; 0: not yet seen */
	/* the probe: submitted by who looks, ended by the store's writer */
	atomic_bool probing;
	struct monotonic probe_began;
};

struct health *
health_new(struct store *store)
{
	struct health *h = calloc(1, sizeof(*h));

	if (h == NULL)
		abort(); /* as arenas do */
	h->store = store;
	h->committed = monotonic_now();
	pthread_mutex_init(&h->lock, NULL);
	pthread_mutex_init(&h->look, NULL);
	return h;
}

struct health *
health_free(struct health *h)
{
	if (h != NULL) {
		pthread_mutex_destroy(&h->look);
		pthread_mutex_destroy(&h->lock);
		free(h);
	}
	return NULL;
}

void
health_set_certificate(struct health *h, utc_ms begins, utc_ms ends)
{
	pthread_mutex_lock(&h->look);
	if (ends != h->certificate_ends)
		h->told_ends = 0;
	h->certificate_begins = begins;
	h->certificate_ends = ends;
	pthread_mutex_unlock(&h->look);
}

void
health_set_keystone(struct health *h, const struct keystone *keystone)
{
	h->keystone = keystone;
}

void
health_get(struct health *h, struct health_state *ret)
{
	pthread_mutex_lock(&h->lock);
	*ret = h->state;
	pthread_mutex_unlock(&h->lock);
}

/* --- what the database reports --- */

struct look {
	struct health_state *state;
	utc_ms *newest;
};

static void
count_edge(const struct edge_pulse *e, utc_ms now, struct look *look)
{
	const struct edge_report row = {
	    .id = e->id, .received_time = e->received_time, .report_interval = e->report_interval};
	struct health_state *s = look->state;
	bool heard = e->received_time.set == GIVEN;

	if (e->fabric.set == GIVEN)
		*(strcmp(e->fabric.v, "sim") == 0 ? &s->simulated : &s->real) += 1;
	s->held += e->held.v;
	s->silent += edge_is_silent(&row, now);
	s->short_of_keys += e->key_room.set == GIVEN && e->key_room.v < KEYS_LEAST;
	if (heard && e->received_time.v > *look->newest)
		*look->newest = e->received_time.v;
}

static enum dc_code
look_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct look *look = arg;
	struct health_state *s = look->state;
	int64_t operators = 0;
	size_t n = 0;
	void *rows;
	enum dc_code rc = query_list(tx, &edge_pulse_table, Q_ALL, NULL, &rows, &n, err);

	if (rc != DC_OK ||
	    (rc = query_count_to(
		 tx, &edge_object_table, Q(Q_NOT_NULL("error")), ERRORS_COUNTED, &s->objects_in_error, err)) != DC_OK ||
	    (rc = query_count_to(tx, &user_table, Q(Q_EQ("role", role_name(ROLE_OPERATOR)), Q_EQ("enabled", "true")), 1,
		 &operators, err)) != DC_OK)
		return rc;
	s->edges = (int64_t)n;
	s->no_operator = operators == 0;
	for (size_t i = 0; i < n; i++)
		count_edge((const struct edge_pulse *)rows + i, tx_now(tx), look);
	return DC_OK;
}

/* --- whether writes work --- */

static void
probe_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct health *h = arg;

	(void)rc; /* the store keeps it: see store_get_writes() */
	(void)err;
	atomic_store(&h->probing, false);
}

static bool
writes_fail(struct health *h)
{
	struct store_stats stats;
	struct store_writes writes;

	store_get_stats(h->store, &stats);
	store_get_writes(h->store, &writes);
	if (stats.commits != h->commits) {
		h->commits = stats.commits;
		h->committed = monotonic_now();
	}
	if (atomic_load(&h->probing))
		return writes.failing || monotonic_since(h->probe_began) > PROBE_LIMIT_MS;
	if (writes.failing || monotonic_since(h->committed) > PROBE_AFTER_MS) {
		atomic_store(&h->probing, true);
		h->probe_began = monotonic_now();
		store_probe(h->store, probe_done, h);
	}
	return writes.failing;
}

/* --- certificate and clock --- */

static bool
certificate_ends(struct health *h, utc_ms now)
{
	utc_ms life = h->certificate_ends - h->certificate_begins, left = h->certificate_ends - now;
	char when[UTC_TEXT_SIZE];

	if (h->certificate_ends == 0 || left > CERTIFICATE_SHORT || left > life / 3)
		return false;
	if (h->told_ends == 0 || now - h->told_ends >= DAY_MS || now < h->told_ends) {
		h->told_ends = now;
		utc_format(h->certificate_ends, when);
		dc_log(
		    LOG_WARNING, left > 0 ? "certificate is about to end" : "certificate has ended", "ends=%s", when);
	}
	return true;
}

/* The wall clock against the one that nobody sets. */
static void
watch_clock(struct health *h, utc_ms now)
{
	int64_t offset = now - monotonic_now().ms, step = offset - h->clock_offset;

	if (h->clock_offset != 0 && (step > CLOCK_TOLERANCE_MS || step < -CLOCK_TOLERANCE_MS))
		dc_log(LOG_WARNING, "clock stepped", "ms=%lld", (long long)step);
	h->clock_offset = offset;
}

/* --- all of it --- */

static void
add_reason(struct health_state *s, bool holds, const char *reason)
{
	if (holds)
		s->reason[s->reasons++] = reason;
}

static void
find_reasons(struct health_state *s)
{
	add_reason(s, s->failing, "writes_fail");
	add_reason(s, s->no_operator, "no_operator");
	add_reason(s, s->silent > 0, "edges_silent");
	add_reason(s, s->held > 0, "edges_held");
	add_reason(s, s->objects_in_error > 0, "objects_in_error");
	add_reason(s, s->short_of_keys > 0, "key_memory_small");
	add_reason(s, s->certificate_ends, "certificate_ends");
	add_reason(s, s->log_damaged, "log_damaged");
	add_reason(s, s->clock_behind, "clock_behind");
	add_reason(s, s->keystone_fails, "keystone_fails");
}

static void
log_change(const struct health_state *before, const struct health_state *after)
{
	_cleanup_arena_ struct arena *arena = NULL;
	const char *text = "";
	bool same = before->reasons == after->reasons;

	for (size_t i = 0; same && i < after->reasons; i++)
		same = strcmp(before->reason[i], after->reason[i]) == 0;
	if (same)
		return;
	arena = arena_new();
	for (size_t i = 0; i < after->reasons; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? "," : "", after->reason[i]);
	dc_log(
	    after->reasons > 0 ? LOG_WARNING : LOG_NOTICE, "health", "reasons=%s", after->reasons > 0 ? text : "none");
}

void
health_look(struct health *h)
{
	struct health_state found = {0}, before;
	struct dc_error error = {0};
	utc_ms now = utc_now();
	bool readable;

	pthread_mutex_lock(&h->look);
	health_get(h, &before);
	watch_clock(h, now);
	readable = store_read_wait(h->store, look_run, &(struct look){&found, &h->newest}, &error) == DC_OK;
	if (!readable) {
		found = before;
		found.reasons = 0;
	}
	found.failing = writes_fail(h) || !readable;
	found.certificate_ends = certificate_ends(h, now);
	found.log_damaged = store_log_was_damaged(h->store);
	found.clock_behind = now < h->newest - CLOCK_TOLERANCE_MS;
	found.keystone_fails = h->keystone != NULL && keystone_is_in_trouble(h->keystone);
	if (now > h->newest)
		h->newest = now;
	find_reasons(&found);
	pthread_mutex_lock(&h->lock);
	h->state = found;
	pthread_mutex_unlock(&h->lock);
	log_change(&before, &found);
	pthread_mutex_unlock(&h->look);
}
