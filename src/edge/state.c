/* SPDX-License-Identifier: ISC */
#include "edge/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "edge/state_priv.h"

#define EPOCH_UNKNOWN "unknown"

/* --- statuses --- */

static char *
text_copy(const char *text)
{
	char *copy;

	if (text == NULL)
		return NULL;
	if ((copy = strdup(text)) == NULL)
		abort();
	return copy;
}

static bool
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
	memcpy(to->drops, from->drops, sizeof(to->drops));
}

bool
status_equal(const struct status *a, const struct status *b)
{
	return a->state == b->state && text_equal(a->error, b->error) && a->has_carrier == b->has_carrier &&
	       a->carrier == b->carrier && a->exposed == b->exposed;
}

/* --- objects --- */

struct edge_object *
object_new(struct seal *seal, const struct wire_object *w)
{
	struct arena *arena = arena_new();
	struct edge_object *o = calloc(1, sizeof(*o));
	struct dc_error err = {0};

	if (o == NULL)
		abort();
	o->arena = arena;
	o->own = arena_new_of(arena, struct want);
	o->want = o->own;
	o->revision = w->revision.v;
	o->kind = arena_strdup(arena, w->kind.v);
	o->own->key = arena_strdup(arena, w->key.v);
	o->own->kind = object_kind_parse(w->kind.v);
	o->own->deleted = w->deleted.set == GIVEN && w->deleted.v;
	if (o->own->deleted && w->body.set != GIVEN)
		return o; /* a tombstone of something that we never had */
	want_decode(o->own, w->body.v, arena);
	/* What this edge does not understand may hold a secret: it does not go to disk. */
	if (o->own->known && body_seal(seal, o->own->kind, w->body.v, arena, &o->body, &err) != DC_OK)
		o->body = NULL;
	o->body = arena_strdup(arena, o->body);
	return o;
}

struct edge_object *
object_free(struct edge_object *o)
{
	if (o != NULL) {
		free(o->now.error);
		free(o->told_status.error);
		free(o->step_error);
		free(o->neighbour_error);
		arena_free(o->arena);
		free(o);
	}
	return NULL;
}

/* --- the set --- */

static void
set_arrays(struct state *s, struct edge_object **object, size_t n)
{
	free(s->object);
	free(s->want);
	s->object = object;
	s->n = n;
	if ((s->want = calloc(n + 1, sizeof(*s->want))) == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		s->want[i] = object[i]->want;
}

static int
compare_wire(const void *a, const void *b)
{
	const struct wire_object *const *x = a, *const *y = b;
	int c = strcmp((*x)->key.v, (*y)->key.v);

	return c != 0 ? c : (*x)->revision.v > (*y)->revision.v ? -1 : (*x)->revision.v < (*y)->revision.v;
}

/* What came, by key, each once: the newest, for what changed while the parts of an answer came is there again. */
static const struct wire_object **
sort_wire(const struct wire_desired *d, struct arena *arena, size_t *ret_n)
{
	const struct wire_object *in = d->objects.v, **out = arena_array(arena, d->objects.n + 1, sizeof(*out));
	size_t n = d->objects.set == GIVEN ? d->objects.n : 0, kept = 0;

	for (size_t i = 0; i < n; i++)
		out[i] = &in[i];
	qsort(out, n, sizeof(*out), compare_wire);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(out[kept - 1]->key.v, out[i]->key.v) != 0)
			out[kept++] = out[i];
	*ret_n = kept;
	return out;
}

static void
make_tombstone(struct edge_object *o, int64_t revision)
{
	o->own->deleted = true;
	o->revision = revision;
	status_set(&o->now, STATUS_PENDING, NULL);
	o->told = false;
}

/* An object that we have and that came again. same_store: its revisions and ours were counted by one database; those of
 * two databases say nothing about each other. */
static struct edge_object *
take_again(struct state *s, struct edge_object *o, const struct wire_object *w, bool same_store)
{
	bool deleted = w->deleted.set == GIVEN && w->deleted.v;

	if (deleted && o->own->deleted && o->revision == w->revision.v)
		return o;
	if (deleted) {
		make_tombstone(o, w->revision.v);
		return o;
	}
	if (same_store && !o->own->deleted && o->own->known && o->revision == w->revision.v)
		return o;
	struct edge_object *fresh = object_new(s->seal, w);

	fresh->session = o->session;
	fresh->before = o->before;
	object_free(o);
	return fresh;
}

void
state_take(struct state *s, const struct wire_desired *d)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	size_t came, i = 0, k = 0, n = 0;
	const struct wire_object **in = sort_wire(d, arena, &came);
	struct edge_object **out = calloc(s->n + came + 1, sizeof(struct edge_object *));
	bool same_store = text_equal(s->epoch, d->epoch.v);

	if (out == NULL)
		abort();
	while (i < s->n || k < came) {
		int c = i == s->n ? 1 : k == came ? -1 : strcmp(s->object[i]->want->key, in[k]->key.v);

		if (c < 0) {
			if (d->full.v && !s->object[i]->own->deleted)
				make_tombstone(s->object[i], s->object[i]->revision);
			out[n++] = s->object[i++];
		} else if (c > 0)
			out[n++] = object_new(s->seal, in[k++]);
		else
			out[n++] = take_again(s, s->object[i++], in[k++], same_store);
	}
	set_arrays(s, out, n);
	if (d->edge.set == GIVEN)
		text_set(&s->edge, d->edge.v);
	text_set(&s->epoch, d->epoch.v);
	s->revision = d->revision.v;
	free(s->lost);
	s->lost = NULL;
	s->saved = false;
}

const struct want *const *
state_preview(const struct state *s, const struct wire_desired *d, struct arena *arena, size_t *n)
{
	const struct wire_object **in = sort_wire(d, arena, n);
	const struct want **out = arena_array(arena, *n + 1, sizeof(*out));

	(void)s;
	for (size_t i = 0; i < *n; i++) {
		struct want *w = arena_new_of(arena, struct want);

		w->key = in[i]->key.v;
		w->kind = object_kind_parse(in[i]->kind.v);
		w->deleted = in[i]->deleted.set == GIVEN && in[i]->deleted.v;
		if (!w->deleted)
			want_decode(w, in[i]->body.v, arena);
		out[i] = w;
	}
	return out;
}

void
state_forget_told(struct state *s)
{
	struct edge_object **out = calloc(s->n + 1, sizeof(struct edge_object *));
	size_t n = 0;

	if (out == NULL)
		abort();
	for (size_t i = 0; i < s->n; i++) {
		struct edge_object *o = s->object[i];

		if (o->own->deleted && o->told && o->told_revision == o->revision &&
		    o->told_status.state == STATUS_REMOVED)
			object_free(o);
		else
			out[n++] = o;
	}
	if (n == s->n) {
		free(out);
		return;
	}
	set_arrays(s, out, n);
	s->saved = false;
}

/* --- disk --- */

enum dc_code
state_save(struct state *s, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct wire_object *objects = arena_array(arena, s->n + 1, sizeof(*objects));
	struct wire_desired d = {0};
	enum dc_code rc;

	F_SET_INT(d.version, WIRE_VERSION);
	F_SET_TEXT(d.edge, s->edge);
	F_SET_TEXT(d.epoch, s->epoch);
	F_SET_INT(d.revision, s->revision);
	F_SET_BOOL(d.full, true);
	for (size_t i = 0; i < s->n; i++) {
		const struct edge_object *o = s->object[i];

		F_SET_TEXT(objects[i].key, o->want->key);
		F_SET_TEXT(objects[i].kind, o->kind);
		F_SET_INT(objects[i].revision, o->revision);
		F_SET_BOOL(objects[i].deleted, o->want->deleted);
		F_SET_TEXT(objects[i].body, o->body);
	}
	d.objects = (struct f_objects){GIVEN, s->n, objects};
	if ((rc = file_save(s->dir, &d, err)) == DC_OK)
		s->saved = true;
	return rc;
}

static enum dc_code
open_bodies(struct state *s, struct wire_desired *d, struct arena *arena, struct dc_error *err)
{
	struct wire_object *w = d->objects.v;
	enum dc_code rc;

	for (size_t i = 0; i < d->objects.n; i++)
		if (w[i].body.set == GIVEN && (rc = body_open(s->seal, object_kind_parse(w[i].kind.v), w[i].body.v,
						   arena, &w[i].body.v, err)) != DC_OK)
			return rc;
	return DC_OK;
}

static void
load(struct state *s)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct wire_desired *d = NULL;
	struct dc_error err = {0};
	enum dc_code rc = file_load(s->dir, arena, &d, &err);

	if (rc == DC_OK && d != NULL)
		rc = open_bodies(s, d, arena, &err);
	if (rc == DC_OK && d != NULL) {
		state_take(s, d);
		s->saved = true;
		dc_log(LOG_INFO, "desired set loaded", "epoch=%s revision=%lld objects=%zu", s->epoch,
		    (long long)s->revision, s->n);
		return;
	}
	s->lost = text_copy(rc != DC_OK ? err.text : "there is no desired set on disk yet");
	s->epoch = text_copy(EPOCH_UNKNOWN);
	s->revision = 1;
	if (rc != DC_OK)
		dc_log(LOG_ERR, "desired set lost", "error=%s", log_quote(arena, err.text));
}

/* Two that look after one router would undo each other's work. The lock ends with the process, however that ends. */
static enum dc_code
lock(struct state *s, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/lock", s->dir);

	if ((s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return dc_fail(err, DC_E_IO, "state_dir", "%s: %s", path, strerror(errno));
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return DC_OK;
	return dc_fail(err, DC_E_IO, "state_dir", "%s: %s", s->dir,
	    errno == EWOULDBLOCK ? "another dcaas-edge is at work with it" : strerror(errno));
}

enum dc_code
state_open(const char *dir, struct state **ret, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct state *s;
	enum dc_code rc;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return dc_fail(err, DC_E_IO, "state_dir", "%s: %s", dir, strerror(errno));
	if ((s = calloc(1, sizeof(*s))) == NULL)
		abort();
	s->dir = text_copy(dir);
	set_arrays(s, NULL, 0);
	s->lock = -1;
	if ((rc = lock(s, err)) != DC_OK ||
	    (rc = seal_open(arena_printf(arena, "%s/key", dir), true, &s->seal, err)) != DC_OK) {
		state_close(s);
		return rc;
	}
	load(s);
	*ret = s;
	return DC_OK;
}

struct state *
state_close(struct state *s)
{
	if (s != NULL) {
		for (size_t i = 0; i < s->n; i++)
			object_free(s->object[i]);
		free(s->object);
		free(s->want);
		free(s->edge);
		free(s->epoch);
		free(s->lost);
		free(s->dir);
		if (s->lock >= 0)
			close(s->lock);
		seal_close(s->seal);
		free(s);
	}
	return NULL;
}

/* --- looking --- */

const char *
state_lost(const struct state *s)
{
	return s->lost;
}

const char *
state_edge(const struct state *s)
{
	return s->edge;
}

const char *
state_epoch(const struct state *s)
{
	return s->epoch;
}

int64_t
state_revision(const struct state *s)
{
	return s->revision;
}

size_t
state_count(const struct state *s)
{
	return s->n;
}

struct edge_object *
state_object(const struct state *s, size_t i)
{
	return s->object[i];
}

const struct want *const *
state_wants(const struct state *s)
{
	return s->want;
}

static int
compare_key(const void *key, const void *element)
{
	return strcmp(key, (*(struct edge_object *const *)element)->want->key);
}

struct edge_object *
state_find(const struct state *s, const char *key)
{
	struct edge_object **o =
	    s->n > 0 ? bsearch(key, s->object, s->n, sizeof(struct edge_object *), compare_key) : NULL;

	return o != NULL ? *o : NULL;
}

bool
state_is_empty(const struct state *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->object[i]->want->deleted)
			return false;
	return true;
}

bool
state_is_saved(const struct state *s)
{
	return s->saved;
}
