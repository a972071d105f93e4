/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "edge/state_priv.h"

#define TOGETHER_PART 8 /* of the set: as many changes are taken in together with a look at all */

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

void
state_list_clear(struct state *s, enum list which)
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
		w->kind = want_kind(in[i]->kind.v);
		w->deleted = in[i]->deleted.set == GIVEN && in[i]->deleted.v;
		if (!w->deleted)
			want_decode(w, in[i]->body.v, arena);
		out[i] = w;
	}
	return out;
}

void
state_forget_object(struct state *s, struct edge_object *o)
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
			state_forget_object(s, o);
	}
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
