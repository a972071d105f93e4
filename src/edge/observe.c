/* SPDX-License-Identifier: ISC */
#include "edge/observe.h"

#include <string.h>

#include "base/log.h"
#include "edge/filter/program.h"

/* The counters are the instance's: if each step were news, one unsigned SYN a second would make news of all its
 * sessions.
 */
static bool
has_grown(uint64_t now, uint64_t told)
{
	return now > 2 * told;
}

enum session_change
session_compare(const struct session *a, const struct session *b)
{
	if (a->seen != b->seen || a->established != b->established || a->received != b->received ||
	    a->accepted != b->accepted || a->rejected != b->rejected || a->advertised != b->advertised ||
	    a->md5 != b->md5 || (a->established && a->since != b->since))
		return SESSION_MAJOR;
	if (a->since != b->since || strcmp(a->state, b->state) != 0 || strcmp(a->tcp, b->tcp) != 0 ||
	    strcmp(a->last_error, b->last_error) != 0 || has_grown(a->md5_failures, b->md5_failures) ||
	    has_grown(a->md5_not_found, b->md5_not_found) || has_grown(a->md5_unexpected, b->md5_unexpected))
		return SESSION_MINOR;
	return SESSION_SAME;
}

static void
tell_change(const struct edge_object *o, const struct session *now)
{
	_cleanup_arena_ struct arena *arena = NULL;

	if (o->session.seen && o->session.established == now->established)
		return;
	if (!o->session.seen && !now->established)
		return;
	arena = arena_new();
	dc_log(LOG_INFO, now->established ? "session established" : "session down", "key=%s state=%s error=%s",
	    log_quote(arena, o->want->key), log_quote(arena, now->state), log_quote(arena, now->last_error));
}

/* The kernel never counts them: the filter of the device is before it. */
static uint64_t
unsigned_at(struct state *state, const struct edge_object *o)
{
	const struct edge_object *link = o->want->known ? state_find(state, o->want->bgp.link) : NULL;

	return link != NULL ? link->now.drops[FILTER_UNSIGNED] : 0;
}

static void
take_session(struct state *state, struct edge_object *o, const struct routing_session *s)
{
	struct session now = {
	    .seen = true,
	    .established = s->established,
	    .md5 = s->md5,
	    .since = s->since,
	    .received = s->received,
	    .accepted = s->accepted,
	    .rejected = s->rejected,
	    .advertised = s->advertised,
	    .md5_failures = s->md5_failures,
	    .md5_not_found = s->md5_not_found + unsigned_at(state, o),
	    .md5_unexpected = s->md5_unexpected,
	};

	strlcpy(now.state, s->state != NULL ? s->state : "", sizeof(now.state));
	strlcpy(now.tcp, s->tcp != NULL ? s->tcp : "", sizeof(now.tcp));
	strlcpy(now.last_error, s->last_error != NULL ? s->last_error : "", sizeof(now.last_error));
	tell_change(o, &now);
	o->session = now;
}

/* No daemon runs it. */
static void
take_down(struct edge_object *o, const char *why)
{
	struct session now = {.seen = true, .md5 = o->want->known && o->want->bgp.password != NULL};

	strlcpy(now.state, "Down", sizeof(now.state));
	strlcpy(now.tcp, "none", sizeof(now.tcp));
	strlcpy(now.last_error, why, sizeof(now.last_error));
	now.since = o->session.established || o->session.since == 0 ? utc_now() : o->session.since;
	tell_change(o, &now);
	o->session = now;
}

static struct edge_object *
find_bgp(struct state *state, const char *key)
{
	struct edge_object *o = state_find(state, key);

	return o != NULL && o->want->kind == OBJECT_BGP ? o : NULL;
}

/* What keeps the whole instance from a wish concerns the neighbours that the wish has changed. */
static const char *
fault_of(const struct routing_seen *seen, const struct routing_session *s)
{
	if (s->refused != NULL)
		return s->refused;
	return s->changed > seen->loaded ? seen->why : NULL;
}

void
observe_instance(struct state *state, struct routing *routing, uint32_t instance)
{
	struct routing_seen seen;

	if (!routing->ops->seen(routing, instance, &seen))
		return;
	for (size_t i = 0; i < seen.sessions; i++) {
		const struct routing_session *s = &seen.session[i];
		struct edge_object *o = find_bgp(state, s->key);

		if (o == NULL)
			continue;
		o->looked_at = true;
		state_note(state, o);
		o->changed = s->changed;
		text_set(&o->neighbour_error, fault_of(&seen, s));
		if (s->refused != NULL)
			take_down(o, s->refused);
		else if (s->known)
			take_session(state, o, s);
	}
}

void
observe_objects(struct state *state, struct routing *routing, struct edge_object *const *object, size_t n,
    const uint32_t *instance, size_t instances)
{
	for (size_t i = 0; i < n; i++)
		object[i]->looked_at = false;
	for (size_t i = 0; i < instances; i++)
		observe_instance(state, routing, instance[i]);
	for (size_t i = 0; i < n; i++) {
		struct edge_object *o = object[i];

		if (o->looked_at)
			continue;
		o->changed = 0;
		text_set(&o->neighbour_error, NULL);
		if (o->session.established)
			take_down(o, "the routing daemon does not run it");
	}
}
