/* SPDX-License-Identifier: ISC */
/* differ.h - from what owners want to rows of edge_object: mark, compare by key, write what changed. Only what changed
 * takes a revision, each edge one per transaction, taken when all owners have been compared; what is no longer wanted
 * becomes a tombstone, which stays until its edge reports it removed. For work.c. */
#ifndef DC_DIFFER_H
#define DC_DIFFER_H

#include "reconcile/objects.h"

/* The objects of one owner, kept in step with the rows. */
struct object_set {
	struct edge_object *v;
	size_t n;
};

struct wanted;
struct wanted_list {
	struct wanted *first, **last;
};
void wanted_add(struct wanted_list *, struct arena *, const char *edge_id, const char *key, enum object_kind,
    const void *body, const char *secret);

/* Whose objects they are, and whom the operator reads as their owner. */
struct object_holder {
	const char *kind, *id, *shown_kind, *shown_id;
};

/* What became of one object in this transaction. */
struct object_change {
	const struct edge_object *before; /* NULL: the object was not wanted */
	const struct edge_object *after;  /* deleted: it is not wanted any more */
	struct object_change *next;
};

/* The differences found so far, and the revisions taken in this transaction. Starts as {0}. */
struct difference;
struct edge_taken;
struct differ {
	struct difference *first, **last;
	struct edge_taken *taken;
	bool remembers; /* changes is kept */
	struct object_change *changes, **last_change;
};

/* Compares one owner's set with its wishes; the set has the new ones from now on. Whether they differ. */
bool differ_compare(
    struct differ *, struct arena *, const struct object_holder *, struct object_set *, const struct wanted_list *);
/* Writes what was found. */
enum dc_code differ_write(struct tx *, struct differ *, struct dc_error *err);

#endif
