/* SPDX-License-Identifier: ISC */
/* state_priv.h - the inside of state.c, shared with the files named here. */
#ifndef DC_EDGE_STATE_PRIV_H
#define DC_EDGE_STATE_PRIV_H

#include "base/seal.h"
#include "edge/state.h"

struct journal;

struct object_list { /* of objects, each once */
	struct edge_object **v;
	size_t n, cap;
};

enum list { LIST_NEWS, LIST_UNSAVED, LIST_TOMBSTONES, LISTS };

struct state {
	char *dir;
	int lock; /* descriptor; -1: none */
	struct seal *seal;
	char *lost;
	char *edge; /* NULL: not known */
	char *epoch;
	int64_t revision;
	bool saved, save_whole; /* save_whole: a change in the journal will not do */
	struct journal *journal;
	size_t n, cap, wanted;
	struct edge_object **object; /* sorted by key */
	struct object_list list[LISTS];
	struct unit **unit; /* sorted by instance */
	size_t units;
};

/* state.c */
void state_list_clear(struct state *, enum list);
void state_forget_object(struct state *, struct edge_object *); /* takes it out of the set and frees it */

/* state_object.c */
char *text_copy(const char *); /* heap; NULL of NULL */
bool text_equal(const char *, const char *);
struct edge_object *object_new(struct seal *, const struct wire_object *);
void object_renew(struct edge_object *, struct seal *, const struct wire_object *);
struct edge_object *object_free(struct edge_object *);

/* state_units.c */
void units_free(struct state *);
void units_move(struct state *, struct edge_object *const *touched, size_t n); /* to where they belong now */
void units_touch(struct state *, struct edge_object *);  /* its unit has changed, and that of its other end */
void units_forget(struct state *, struct edge_object *); /* one that nothing is left of: no change of its unit */

#endif
