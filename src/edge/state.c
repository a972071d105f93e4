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
#include "edge/state_file.h"
#include "edge/state_journal.h"
#include "edge/state_priv.h"

#define EPOCH_UNKNOWN "unknown"
#define TOGETHER_PART 8 /* of the set: as many changes are taken in together with a look at all */
#define WHOLE_PART 2    /* of the set: as many changes are saved with the whole */

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

/* What is kept of it is copied out of what was needed to read it, which is several times as much. */
static void
object_fill(struct edge_object *o, struct seal *seal, const struct wire_object *w)
{
	_cleanup_arena_ struct arena *reading = arena_new();
	struct want want = {.key = w->key.v, .kind = object_kind_parse(w->kind.v)};
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

static struct edge_object *
object_new(struct seal *seal, const struct wire_object *w)
{
	struct edge_object *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	object_fill(o, seal, w);
	return o;
}

/* Takes another body; of what is known only the session stays. */
static void
object_renew(struct edge_object *o, struct seal *seal, const struct wire_object *w)
{
	object_fill(o, seal, w);
	text_set(&o->step_error, NULL);
	text_set(&o->logged_error, NULL);
	text_set(&o->neighbour_error, NULL);
	status_set(&o->now, STATUS_PENDING, NULL);
	o->now.has_carrier = o->now.carrier = o->now.exposed = false;
	o->placed = o->gone = o->told = false;
	o->instance = 0;
	o->changed = o->ground = 0;
	free(o->told_session);
	o->told_session = NULL;
}

static struct edge_object *
object_free(struct edge_object *o)
{
	if (o != NULL) {
		free(o->now.error);
		free(o->told_status.error);
		free(o->told_session);
		free(o->step_error);
		free(o->logged_error);
		free(o->neighbour_error);
		arena_free(o->arena);
		free(o);
	}
	return NULL;
}

/* --- lists of objects --- */

static void
list_add(struct state *s, enum list which, struct edge_object *o)
{
	struct object_list *l = &s->list[which];

	if ((o->lists & (1u << which)) != 0)
		return;
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : 2 * l->cap;
		if ((l->v = reallocarray(l->v, l->cap, sizeof(struct edge_object *))) == NULL)
			abort();
	}
	l->v[l->n++] = o;
	o->lists |= (uint8_t)(1u << which);
}

static void
list_drop_at(struct state *s, enum list which, size_t at)
{
	struct object_list *l = &s->list[which];

	l->v[at]->lists &= (uint8_t) ~(1u << which);
	l->v[at] = l->v[--l->n];
}

static void
list_drop(struct state *s, enum list which, const struct edge_object *o)
{
	for (size_t i = 0; (o->lists & (1u << which)) != 0 && i < s->list[which].n; i++)
		if (s->list[which].v[i] == o)
			list_drop_at(s, which, i);
}

static void
list_clear(struct state *s, enum list which)
{
	while (s->list[which].n > 0)
		list_drop_at(s, which, s->list[which].n - 1);
}

void
state_note(struct state *s, struct edge_object *o)
{
	list_add(s, LIST_NEWS, o);
}

size_t
state_news(const struct state *s, struct edge_object *const **ret)
{
	*ret = s->list[LIST_NEWS].v;
	return s->list[LIST_NEWS].n;
}

void
state_sift_news(struct state *s, bool (*is_news)(const struct edge_object *))
{
	for (size_t i = s->list[LIST_NEWS].n; i-- > 0;)
		if (!is_news(s->list[LIST_NEWS].v[i]))
			list_drop_at(s, LIST_NEWS, i);
}

/* --- the set --- */

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

/* Where the key stands, or would. */
static size_t
object_place(const struct state *s, const char *key, bool *found)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (strcmp(s->object[middle]->want->key, key) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	*found = lo < s->n && strcmp(s->object[lo]->want->key, key) == 0;
	return lo;
}

static void
reserve_objects(struct state *s, size_t n)
{
	if (n <= s->cap)
		return;
	s->cap = n < 2 * s->cap ? 2 * s->cap : n;
	if ((s->object = reallocarray(s->object, s->cap, sizeof(struct edge_object *))) == NULL)
		abort();
}

/* The set while an answer is taken in: which objects it touches. */
struct taking {
	struct state *state;
	bool same_store; /* its revisions and ours were counted by one database; those of two cannot be compared
			  */
	struct edge_object **touched;
	size_t n;
};

static void
touch(struct taking *t, struct edge_object *o, bool was_wanted)
{
	struct state *s = t->state;

	t->touched[t->n++] = o;
	s->wanted = s->wanted + !o->own.deleted - was_wanted;
	list_add(s, LIST_UNSAVED, o);
	list_add(s, LIST_NEWS, o);
	if (o->own.deleted)
		list_add(s, LIST_TOMBSTONES, o);
	else
		list_drop(s, LIST_TOMBSTONES, o);
}

static void
make_tombstone(struct taking *t, struct edge_object *o, int64_t revision)
{
	bool was_wanted = !o->own.deleted;

	o->own.deleted = true;
	o->revision = revision;
	status_set(&o->now, STATUS_PENDING, NULL);
	o->told = false;
	touch(t, o, was_wanted);
}

/* An object that we have and that came again. */
static void
take_again(struct taking *t, struct edge_object *o, const struct wire_object *w)
{
	bool deleted = w->deleted.set == GIVEN && w->deleted.v, was_wanted = !o->own.deleted;

	if (deleted && o->own.deleted && o->revision == w->revision.v)
		return;
	if (deleted) {
		make_tombstone(t, o, w->revision.v);
		return;
	}
	if (t->same_store && was_wanted && o->own.known && o->revision == w->revision.v)
		return;
	units_touch(t->state, o); /* where it was, and where its other end is */
	object_renew(o, t->state->seal, w);
	touch(t, o, was_wanted);
}

static struct edge_object *
take_new(struct taking *t, const struct wire_object *w)
{
	struct edge_object *o = object_new(t->state->seal, w);

	touch(t, o, false);
	return o;
}

/* Few among many: each finds its own place. */
static void
take_one_by_one(struct taking *t, const struct wire_object **in, size_t came)
{
	struct state *s = t->state;

	reserve_objects(s, s->n + came);
	for (size_t i = 0; i < came; i++) {
		bool found;
		size_t at = object_place(s, in[i]->key.v, &found);

		if (found) {
			take_again(t, s->object[at], in[i]);
			continue;
		}
		memmove(&s->object[at + 1], &s->object[at], (s->n - at) * sizeof(struct edge_object *));
		s->object[at] = take_new(t, in[i]);
		s->n++;
	}
}

/* Both are sorted by key. What a full answer does not name becomes a tombstone. */
static void
take_together(struct taking *t, const struct wire_object **in, size_t came, bool full)
{
	struct state *s = t->state;
	size_t i = 0, k = 0, n = 0, cap = s->n + came + 1;
	struct edge_object **out = calloc(cap, sizeof(struct edge_object *));

	if (out == NULL)
		abort();
	while (i < s->n || k < came) {
		int c = i == s->n ? 1 : k == came ? -1 : strcmp(s->object[i]->want->key, in[k]->key.v);

		if (c > 0) {
			out[n++] = take_new(t, in[k++]);
			continue;
		}
		if (c == 0)
			take_again(t, s->object[i], in[k++]);
		else if (full && !s->object[i]->own.deleted)
			make_tombstone(t, s->object[i], s->object[i]->revision);
		out[n++] = s->object[i++];
	}
	free(s->object);
	s->object = out;
	s->n = n;
	s->cap = cap;
}

void
state_take(struct state *s, const struct wire_desired *d)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	size_t came;
	const struct wire_object **in = sort_wire(d, arena, &came);
	struct taking t = {.state = s, .same_store = text_equal(s->epoch, d->epoch.v)};

	t.touched = arena_array(arena, s->n + came + 1, sizeof(struct edge_object *));
	if (d->full.v || came > s->n / TOGETHER_PART)
		take_together(&t, in, came, d->full.v);
	else
		take_one_by_one(&t, in, came);
	units_move(s, t.touched, t.n);
	if (d->edge.set == GIVEN)
		text_set(&s->edge, d->edge.v);
	/* A journal is of one store, and of a set that is known. */
	s->save_whole = s->save_whole || s->lost != NULL || !t.same_store;
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

static void
forget_object(struct state *s, struct edge_object *o)
{
	bool found;
	size_t at = object_place(s, o->want->key, &found);

	memmove(&s->object[at], &s->object[at + 1], (s->n - at - 1) * sizeof(struct edge_object *));
	s->n--;
	for (enum list l = 0; l < LISTS; l++)
		list_drop(s, l, o);
	units_forget(s, o);
	object_free(o);
}

/* What the disk still has of them comes back with a restart, is found gone, and is reported again. */
void
state_forget_told(struct state *s)
{
	struct object_list *l = &s->list[LIST_TOMBSTONES];

	for (size_t i = l->n; i-- > 0;) {
		struct edge_object *o = l->v[i];

		if (o->told && o->told_revision == o->revision && o->told_status.state == STATUS_REMOVED)
			forget_object(s, o);
	}
}

/* --- disk --- */

static void
put_wire(const struct edge_object *o, struct wire_object *to)
{
	F_SET_TEXT(to->key, o->want->key);
	F_SET_TEXT(to->kind, o->kind);
	F_SET_INT(to->revision, o->revision);
	F_SET_BOOL(to->deleted, o->want->deleted);
	F_SET_TEXT(to->body, o->body);
}

static struct wire_desired
to_wire(const struct state *s, struct edge_object *const *object, size_t n, bool full, struct arena *arena)
{
	struct wire_object *objects = arena_array(arena, n + 1, sizeof(*objects));
	struct wire_desired d = {.objects = {GIVEN, n, objects}};

	F_SET_INT(d.version, WIRE_VERSION);
	F_SET_TEXT(d.edge, s->edge);
	F_SET_TEXT(d.epoch, s->epoch);
	F_SET_INT(d.revision, s->revision);
	F_SET_BOOL(d.full, full);
	for (size_t i = 0; i < n; i++)
		put_wire(object[i], &objects[i]);
	return d;
}

static enum dc_code
save_whole(struct state *s, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct wire_desired d = to_wire(s, s->object, s->n, true, arena);
	char hash[FILE_HASH_SIZE];
	size_t size;
	enum dc_code rc = file_save(s->dir, &d, hash, &size, err);

	if (rc == DC_OK)
		journal_begin(s->journal, hash, size);
	return rc;
}

static enum dc_code
save_changes(struct state *s, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct wire_desired d = to_wire(s, s->list[LIST_UNSAVED].v, s->list[LIST_UNSAVED].n, false, arena);

	return journal_add(s->journal, &d, err);
}

enum dc_code
state_save(struct state *s, struct dc_error *err)
{
	bool whole = s->save_whole || journal_is_full(s->journal) || s->list[LIST_UNSAVED].n > s->n / WHOLE_PART;
	enum dc_code rc = whole ? save_whole(s, err) : save_changes(s, err);

	/* A journal that is too long is better than none. */
	if (rc != DC_OK && whole && !s->save_whole && !journal_is_lost(s->journal))
		rc = save_changes(s, err);

	if (rc != DC_OK)
		return rc;
	list_clear(s, LIST_UNSAVED);
	s->save_whole = false;
	s->saved = true;
	return DC_OK;
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

static enum dc_code
take_saved(void *arg, struct wire_desired *d, struct arena *arena, struct dc_error *err)
{
	struct state *s = arg;
	enum dc_code rc = open_bodies(s, d, arena, err);

	if (rc == DC_OK)
		state_take(s, d);
	return rc;
}

static enum dc_code
load_all(struct state *s, bool *missing, struct arena *arena, struct dc_error *err)
{
	char hash[FILE_HASH_SIZE];
	struct wire_desired *d = NULL;
	enum dc_code rc = file_load(s->dir, arena, &d, hash, err);

	*missing = rc == DC_OK && d == NULL;
	if (rc != DC_OK || d == NULL || (rc = take_saved(s, d, arena, err)) != DC_OK)
		return rc;
	return journal_replay(s->journal, hash, take_saved, s, err);
}

static void
forget_all(struct state *s)
{
	while (s->n > 0)
		forget_object(s, s->object[s->n - 1]);
	s->wanted = 0;
	free(s->edge);
	free(s->epoch);
	s->edge = s->epoch = NULL;
}

static void
load_set(struct state *s)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct dc_error err = {0};
	bool missing;
	enum dc_code rc = load_all(s, &missing, arena, &err);

	if (rc == DC_OK && !missing) {
		list_clear(s, LIST_UNSAVED);
		s->saved = true;
		s->save_whole = false;
		dc_log(LOG_INFO, "desired set loaded", "epoch=%s revision=%lld objects=%zu", s->epoch,
		    (long long)s->revision, s->n);
		return;
	}
	forget_all(s);
	s->lost = text_copy(missing ? "there is no desired set on disk yet" : err.text);
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
	s->journal = journal_new(dir);
	s->lock = -1;
	if ((rc = lock(s, err)) != DC_OK ||
	    (rc = seal_open(arena_printf(arena, "%s/key", dir), true, &s->seal, err)) != DC_OK) {
		state_close(s);
		return rc;
	}
	load_set(s);
	*ret = s;
	return DC_OK;
}

struct state *
state_close(struct state *s)
{
	if (s != NULL) {
		for (size_t i = 0; i < s->n; i++)
			object_free(s->object[i]);
		for (enum list l = 0; l < LISTS; l++)
			free(s->list[l].v);
		free(s->object);
		units_free(s);
		journal_free(s->journal);
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
	return s->wanted == 0;
}

bool
state_is_saved(const struct state *s)
{
	return s->saved;
}
