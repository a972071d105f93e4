/* SPDX-License-Identifier: ISC */
/* state_object.c - one object of the set, and its status. */
#include <stdlib.h>
#include <string.h>

#include "edge/state_file.h"
#include "edge/state_priv.h"

/* --- statuses --- */

char *
text_copy(const char *text)
{
	char *copy;

	if (text == NULL)
		return NULL;
	if ((copy = strdup(text)) == NULL)
		abort();
	return copy;
}

bool
text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void
text_set(char **text, const char *to)
{
	char *copy = text_copy(to);

	free(*text);
	*text = copy;
}

void
status_set(struct status *s, enum object_status state, const char *error)
{
	s->state = state;
	text_set(&s->error, error);
}

void
status_copy(struct status *to, const struct status *from)
{
	status_set(to, from->state, from->error);
	to->has_carrier = from->has_carrier;
	to->carrier = from->carrier;
	to->exposed = from->exposed;
	to->shut = from->shut;
	to->sent = from->sent;
	to->received = from->received;
	memcpy(to->drops, from->drops, sizeof(to->drops));
}

bool
status_equal(const struct status *a, const struct status *b)
{
	return a->state == b->state && text_equal(a->error, b->error) && a->has_carrier == b->has_carrier &&
	       a->carrier == b->carrier && a->exposed == b->exposed && a->shut == b->shut && a->sent == b->sent &&
	       a->received == b->received;
}

/* --- objects --- */

void
object_set_shut(struct edge_object *o, utc_ms now)
{
	o->own.shut = o->own.known && !o->own.deleted && now < o->own.shut_until;
}

void
object_set_ping(struct state *s, struct edge_object *o, uint32_t sent, uint32_t received, const char *error)
{
	o->measured = true;
	text_set(&o->ping_error, error);
	o->now.sent = sent;
	o->now.received = received;
	status_set(&o->now, error != NULL ? STATUS_ERROR : STATUS_APPLIED, error);
	state_note(s, o);
}

/* What is kept of it is copied out of what was needed to read it, which is several times as much. */
static void
object_fill(struct edge_object *o, struct seal *seal, const struct wire_object *w)
{
	_cleanup_arena_ struct arena *reading = arena_new();
	struct want want = {.key = w->key.v, .kind = want_kind(w->kind.v)};
	struct arena *arena = arena_new_small();
	const char *body = NULL;
	struct dc_error err = {0};

	want.deleted = w->deleted.set == GIVEN && w->deleted.v;
	/* Else: a tombstone of something that we never had. */
	if (!want.deleted || w->body.set == GIVEN)
		want_decode(&want, w->body.v, reading);
	/* What this edge does not understand may hold a secret: it does not go to disk. */
	if (want.known && body_seal(seal, want.kind, w->body.v, reading, &body, &err) != DC_OK)
		body = NULL;
	arena_free(o->arena);
	o->arena = arena;
	o->own = want_copy(&want, arena);
	o->want = &o->own;
	o->revision = w->revision.v;
	o->kind = arena_strdup(arena, w->kind.v);
	o->body = arena_strdup(arena, body);
}

struct edge_object *
object_new(struct seal *seal, const struct wire_object *w)
{
	struct edge_object *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	object_fill(o, seal, w);
	return o;
}

/* Takes another body; of what is known only the session stays. */
void
object_renew(struct edge_object *o, struct seal *seal, const struct wire_object *w)
{
	object_fill(o, seal, w);
	text_set(&o->step_error, NULL);
	text_set(&o->logged_error, NULL);
	text_set(&o->ping_error, NULL);
	text_set(&o->neighbour_error, NULL);
	status_set(&o->now, STATUS_PENDING, NULL);
	o->now.has_carrier = o->now.carrier = o->now.exposed = o->now.shut = false;
	o->placed = o->gone = o->told = o->measured = false;
	o->now.sent = o->now.received = 0;
	o->instance = 0;
	o->changed = o->ground = 0;
	free(o->told_session);
	o->told_session = NULL;
}

struct edge_object *
object_free(struct edge_object *o)
{
	if (o != NULL) {
		free(o->now.error);
		free(o->told_status.error);
		free(o->told_session);
		free(o->step_error);
		free(o->logged_error);
		free(o->ping_error);
		free(o->neighbour_error);
		arena_free(o->arena);
		free(o);
	}
	return NULL;
}
