/* SPDX-License-Identifier: ISC */
/* differ.c - see differ.h. */
#include "reconcile/differ.h"

#include <stdlib.h>
#include <string.h>

struct wanted {
	const char *edge_id, *key;
	enum object_kind kind;
	const char *body, *secret;
	struct wanted *next;
};

/* A row that has to be written: new, changed, or a tombstone. */
struct difference {
	struct edge_object *row;
	bool insert;
	struct difference *next;
};

struct edge_taken {
	const char *edge_id;
	int64_t revision;
	struct edge_taken *next;
};

void
wanted_add(struct wanted_list *list, struct arena *arena, const char *edge_id, const char *key, enum object_kind kind,
    const void *body, const char *secret)
{
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
	struct json out = JSON_INIT(&text);
	struct wanted *w = arena_new_of(arena, struct wanted);

	field_encode(object_kind_table(kind), VIEW_WIRE, body, NULL, &out);
	*w = (struct wanted){arena_strdup(arena, edge_id), arena_strdup(arena, key), kind,
	    arena_strdup(arena, buf_str(&text)), arena_strdup(arena, secret), NULL};
	if (list->last == NULL)
		list->last = &list->first;
	*list->last = w;
	list->last = &w->next;
}

static bool
same_text(const struct f_text *a, const char *b)
{
	const char *v = a->set == GIVEN ? a->v : NULL;

	return v == b || (v != NULL && b != NULL && strcmp(v, b) == 0);
}

static bool
is_the(const struct edge_object *o, const struct wanted *w)
{
	return strcmp(o->key.v, w->key) == 0 && strcmp(o->edge_id.v, w->edge_id) == 0;
}

/* The first state counts, and the newest. before: NULL of an object that has no row yet. */
static void
remember(struct differ *d, struct arena *arena, const struct edge_object *before, const struct edge_object *after)
{
	struct object_change *c;

	for (c = d->changes; c != NULL; c = c->next)
		if (strcmp(c->after->key.v, after->key.v) == 0 && strcmp(c->after->edge_id.v, after->edge_id.v) == 0) {
			c->after = after;
			return;
		}
	c = arena_new_of(arena, struct object_change);
	*c = (struct object_change){NULL, after, NULL};
	if (before != NULL && !before->deleted.v)
		c->before = arena_memdup(arena, before, sizeof(*before));
	if (d->last_change == NULL)
		d->last_change = &d->changes;
	*d->last_change = c;
	d->last_change = &c->next;
}

static void
note(struct differ *d, struct arena *arena, const struct edge_object *before, struct edge_object *row, bool insert)
{
	struct difference *one = arena_new_of(arena, struct difference);

	if (d->remembers)
		remember(d, arena, before, row);
	*one = (struct difference){row, insert, NULL};
	if (d->last == NULL)
		d->last = &d->first;
	*d->last = one;
	d->last = &one->next;
}

static void
fill(struct edge_object *row, const struct wanted *w, const struct object_holder *holder, struct arena *arena)
{
	char id[UUID_TEXT_SIZE];

	if (row->id.set != GIVEN) {
		uuid_new(id);
		F_SET_TEXT(row->id, arena_strdup(arena, id));
		F_SET_INT(row->applied_revision, 0);
	}
	F_SET_TEXT(row->edge_id, w->edge_id);
	F_SET_TEXT(row->key, w->key);
	F_SET_TEXT(row->kind, object_kind_name(w->kind));
	F_SET_TEXT(row->holder_kind, holder->kind);
	F_SET_TEXT(row->holder_id, holder->id);
	F_SET_TEXT(row->owner_kind, holder->shown_kind);
	F_SET_TEXT(row->owner_id, holder->shown_id);
	F_SET_BOOL(row->deleted, false);
	F_SET_TEXT(row->body, w->body);
	F_SET_TEXT(row->secret, w->secret);
	F_SET_TEXT(row->state, "pending");
	row->error = (struct f_text){NULLED, NULL};
}

static void
bury(struct edge_object *row)
{
	F_SET_BOOL(row->deleted, true);
	F_SET_TEXT(row->state, "pending");
	row->body = row->secret = row->error = (struct f_text){NULLED, NULL};
}

bool
differ_compare(struct differ *d, struct arena *arena, const struct object_holder *holder, struct object_set *have,
    const struct wanted_list *list)
{
	bool *keep = arena_array(arena, have->n + 1, sizeof(*keep));
	struct edge_object *all;
	size_t wishes = 0, n = have->n;
	bool any = false;

	for (const struct wanted *w = list->first; w != NULL; w = w->next)
		wishes++;
	all = arena_array(arena, have->n + wishes + 1, sizeof(*all));
	if (have->n > 0)
		memcpy(all, have->v, have->n * sizeof(*all));
	for (const struct wanted *w = list->first; w != NULL; w = w->next) {
		size_t i = 0;

		while (i < have->n && !is_the(&all[i], w))
			i++;
		if (i < have->n)
			keep[i] = true;
		if (i < have->n && !all[i].deleted.v && same_text(&all[i].body, w->body) &&
		    same_text(&all[i].secret, w->secret))
			continue;
		if (i == have->n)
			i = n++;
		any = true;
		fill(&all[i], w, holder, arena);
		note(d, arena, i < have->n ? &have->v[i] : NULL, &all[i], i >= have->n);
	}
	for (size_t i = 0; i < have->n; i++)
		if (!keep[i] && !all[i].deleted.v) {
			any = true;
			bury(&all[i]);
			note(d, arena, &have->v[i], &all[i], false);
		}
	*have = (struct object_set){all, n};
	return any;
}

/* The edge's new revision: one for the whole transaction. */
static enum dc_code
take_revision(struct tx *tx, struct differ *d, const char *edge_id, int64_t *ret, struct dc_error *err)
{
	struct edge_taken *t;
	enum dc_code rc;

	for (t = d->taken; t != NULL; t = t->next)
		if (strcmp(t->edge_id, edge_id) == 0) {
			*ret = t->revision;
			return DC_OK;
		}
	if ((rc = query_bump(tx, &edge_revision_table, edge_id, "revision", 1, ret, err)) != DC_OK)
		return rc;
	t = arena_new_of(tx_arena(tx), struct edge_taken);
	*t = (struct edge_taken){edge_id, *ret, d->taken};
	d->taken = t;
	tx_wake_edge(tx, edge_id);
	return DC_OK;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct difference *x = *(const struct difference *const *)a, *y = *(const struct difference *const *)b;
	int edges = strcmp(x->row->edge_id.v, y->row->edge_id.v);

	return edges != 0 ? edges : strcmp(x->row->key.v, y->row->key.v);
}

/* Edge by edge in the order of their ids, as every lock is taken. */
enum dc_code
differ_write(struct tx *tx, struct differ *d, struct dc_error *err)
{
	struct difference **all;
	size_t n = 0;
	enum dc_code rc;

	for (struct difference *one = d->first; one != NULL; one = one->next)
		n++;
	if (n == 0)
		return DC_OK;
	all = arena_array(tx_arena(tx), n, sizeof(struct difference *));
	n = 0;
	for (struct difference *one = d->first; one != NULL; one = one->next)
		all[n++] = one;
	qsort(all, n, sizeof(struct difference *), compare_rows);
	for (size_t i = 0; i < n; i++) {
		struct edge_object *row = all[i]->row;
		int64_t revision;

		if ((rc = take_revision(tx, d, row->edge_id.v, &revision, err)) != DC_OK)
			return rc;
		F_SET_INT(row->revision, revision);
		if ((rc = all[i]->insert ? query_insert(tx, &edge_object_table, row, err)
					 : query_update(tx, &edge_object_table, row, err)) != DC_OK)
			return rc;
	}
	d->first = NULL;
	d->last = NULL;
	return DC_OK;
}
