/* SPDX-License-Identifier: ISC */
/* work.h - the engine: how one change goes through dcaasd, from the row that an order or a report changed to the
 *objects that edges are asked to have and back to the states that tenants read.
 *
 * A transaction collects owners: resources whose row changed (tx_dirty), or whose objects an edge reported otherwise
 * (work_reported). At its end, or when run() asks with tx_settle(), the engine
 *
 *	1. adds the owners that depend on those (resource.depends),
 *	2. locks all of them with their chains, in the order of store/row_lock.h,
 *	3. renders in order of rank: each owner puts all objects that it wants, on any edge,
 *	4. writes what differs from the rows, with one new revision per edge and transaction,
 *	5. settles in reverse rank: each owner derives its status; one that reports "gone" is deleted,
 *
 * and begins again while something is dirty. Each step may run twice. */
#ifndef DC_WORK_H
#define DC_WORK_H

#include "reconcile/objects.h"

/* For store_set_engine(): env of the engine. */
struct work_env {
	const struct resource *const *resources; /* NULL-terminated */
	void *user;                              /* what hooks get from work_user() */
};
/* Fills the engine; both live as long as the store. */
void work_engine(const struct work_env *, struct store_engine *ret);
void *work_user(struct tx *);
/* The resource with this name; NULL: none. */
const struct resource *work_resource(struct tx *, const char *name);

/* What became of objects in this transaction, in the order in which they changed; only of a dry one (tx_make_dry()
 * before the first change). See differ.h. */
struct object_change;
const struct object_change *work_changes(struct tx *);

/* An edge reported another state for an object of this owner. Unknown kinds are left alone. */
void work_reported(struct tx *, const char *kind, const char *id);

/* --- for render hooks --- */

/* The object is wanted. body is a row of the kind's table (VIEW_WIRE); its F_SECRET members must be absent, secret
 * carries the one. */
void work_put(
    struct work_view *, const char *edge_id, const char *key, enum object_kind, const void *body, const char *secret);
/* Of a part: the resource that the operator reads as the owner of its objects and sessions. Default: the owner. */
void work_show_as(struct work_view *, const char *kind, const char *id);

/* --- for both: what other owners are, read once for all that ask --- */

/* The row of another owner; DC_E_NOT_FOUND when there is none. */
enum dc_code work_row(struct tx *, const char *kind, const char *id, void **ret, struct dc_error *err);

/* The number of the owner's device on the edge (number_get, space "link"). */
enum dc_code work_link_number(
    struct tx *, const char *edge_id, const char *owner_id, int64_t *ret, struct dc_error *err);

/* --- for settle hooks --- */

/* The owner's objects on all edges, tombstones too. */
const struct edge_object *work_objects(const struct work_view *, size_t *n);
/* Those of another owner. */
enum dc_code work_objects_of(
    struct tx *, const char *kind, const char *id, const struct edge_object **ret, size_t *n, struct dc_error *err);

/* The status of a set of objects: the worst of them. */
enum work_verdict {
	VERDICT_NONE,    /* no object is wanted */
	VERDICT_APPLIED, /* all were read back as asked */
	VERDICT_WAITING, /* one was not read back yet */
	VERDICT_FAILED,  /* an edge could not, or does not know the kind */
};
/* Of the objects that are wanted; *culprit (may be NULL): the one that decided. */
enum work_verdict work_judge(const struct edge_object *, size_t n, const struct edge_object **culprit);
/* Whether an edge has reported anything yet about one of the objects. */
bool work_is_heard(const struct edge_object *, size_t n);
/* "vlan: No such device", from the object that failed. */
const char *work_error(const struct edge_object *, struct arena *);

#endif
