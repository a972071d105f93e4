/* SPDX-License-Identifier: ISC */
/* apply_record.c - the proof of a run: sessions that it had no business with did not restart. */
#include <stdlib.h>
#include <string.h>

#include "edge/apply_priv.h"

#define RESET_SLACK_MS 2000 /* daemons show when a session came up as a time of day, to the second */

/* Which sessions are up now, to be compared with when the run is over. */
void
apply_note_sessions(struct apply *a)
{
	struct routing_seen seen = {0};
	uint32_t last = 0;

	a->noted.n = 0;
	number_set_add_all(&a->noted, a->scope.v, a->scope.n);
	for (size_t i = 0; i < a->round.n; i++) {
		struct edge_object *o = a->round.object[i];

		text_set(&o->step_error, NULL);
		o->before = o->session.established ? o->session.since : 0;
		if (o->before == 0)
			continue;
		if (o->instance != last && !a->routing->ops->seen(a->routing, o->instance, &seen))
			seen.loaded = 0;
		last = o->instance;
		o->ground = seen.loaded;
	}
}

static bool
was_reset(const struct edge_object *o)
{
	return !o->session.established || o->session.since > o->before + RESET_SLACK_MS;
}

static int64_t
uptime(const struct session *s, utc_ms now)
{
	return s->established && now > s->since ? (now - s->since) / 1000 : 0;
}

bool
apply_has_record(const struct apply *a)
{
	return a->record_due && a->phase == IDLE;
}

static void
prove(const struct edge_object *o, utc_ms now, struct apply_record *r)
{
	int64_t up;

	if (o->before == 0 || o->changed > o->ground || o->want->deleted)
		return;
	up = uptime(&o->session, now);
	r->shortest_uptime = r->watched++ == 0 || up < r->shortest_uptime ? up : r->shortest_uptime;
	if (was_reset(o) && (r->reset[r->reset_n] = strdup(o->want->key)) != NULL)
		r->reset_n++;
}

/* Sessions of instances that the run was not about had nothing to fear of it. */
bool
apply_take_record(struct apply *a, struct apply_record *ret)
{
	utc_ms now = utc_now();

	if (!apply_has_record(a))
		return false;
	a->record_due = false;
	*ret = a->record;
	if ((ret->reset = calloc(state_count(a->state) + 1, sizeof(*ret->reset))) == NULL)
		abort();
	for (size_t i = 0; i < a->noted.n; i++) {
		const struct unit *u = state_unit(a->state, a->noted.v[i]);

		for (size_t k = 0; u != NULL && k < u->n; k++)
			prove(u->object[k], now, ret);
	}
	return true;
}

void
apply_record_clear(struct apply_record *r)
{
	for (size_t i = 0; i < r->reset_n; i++)
		free((char *)(uintptr_t)r->reset[i]);
	free(r->reset);
	*r = (struct apply_record){0};
}
