/* SPDX-License-Identifier: ISC */
/* work.c - see work.h. */
#include "reconcile/work.h"

#include <bsd/sys/tree.h>
#include <string.h>

#include "base/log.h"
#include "reconcile/differ.h"
#include "store/child.h"
#include "store/row_lock.h"

#define ROUNDS_MAX 8 /* an interface that goes takes its gateway's VRF along: three; more is a loop of ours */

/* One owner of objects, for the length of the transaction. */
struct owner {
	RB_ENTRY(owner) link;
	const struct resource *res;
	const char *id;
	void *row;        /* NULL: not read, or to be read again */
	unsigned reasons; /* enum work_reason */
	unsigned spread;  /* those for which its dependents are on the list */
	bool render, settle, locked, gone;
	bool have_objects;
	struct object_set objects;
};

RB_HEAD(owner_tree, owner);

struct known_number {
	const char *edge_id, *owner_id;
	int64_t number;
	struct known_number *next;
};

struct work {
	struct tx *tx;
	struct known_number *numbers;
	struct owner_tree owners;
	struct differ differ;
	bool settling; /* the last step of a round */
};

struct work_view {
	struct work *work;
	struct owner *owner;
	struct wanted_list wanted;
	const char *shown_kind, *shown_id;
};

static int
compare_owners(const struct owner *a, const struct owner *b)
{
	if (a->res->rank != b->res->rank)
		return a->res->rank < b->res->rank ? -1 : 1;
	return a->res != b->res ? strcmp(a->res->name, b->res->name) : strcmp(a->id, b->id);
}

/* Not RB_GENERATE_STATIC: the C library has no __unused for what we do not call. */
RB_GENERATE_INTERNAL(owner_tree, owner, link, compare_owners, __attribute__((unused)) static)

/* --- the list --- */

static const struct work_env *
env_of(struct tx *tx)
{
	return tx_engine(tx)->env;
}

void *
work_user(struct tx *tx)
{
	return env_of(tx)->user;
}

const struct resource *
work_resource(struct tx *tx, const char *name)
{
	for (const struct resource *const *r = env_of(tx)->resources; *r != NULL; r++)
		if (strcmp((*r)->name, name) == 0)
			return *r;
	return NULL;
}

static struct work *
work_of(struct tx *tx)
{
	struct work **work = (struct work **)tx_work(tx);

	if (*work == NULL) {
		*work = arena_new_of(tx_arena(tx), struct work);
		(*work)->tx = tx;
		(*work)->differ.remembers = tx_is_dry(tx);
		RB_INIT(&(*work)->owners);
	}
	return *work;
}

const struct object_change *
work_changes(struct tx *tx)
{
	struct work **work = (struct work **)tx_work(tx);

	return *work != NULL ? (*work)->differ.changes : NULL;
}

static struct owner *
owner_of(struct work *w, const struct resource *res, const char *id)
{
	struct owner key = {.res = res, .id = id}, *o = RB_FIND(owner_tree, &w->owners, &key);

	if (o == NULL) {
		o = arena_new_of(tx_arena(w->tx), struct owner);
		*o = (struct owner){.res = res, .id = arena_strdup(tx_arena(w->tx), id)};
		RB_INSERT(owner_tree, &w->owners, o);
	}
	return o;
}

static void
add(const struct work *w, struct owner *o, enum work_reason reason, bool render)
{
	if (o->gone)
		return;
	if (w->settling || !o->settle) /* what rests on the owner may have been settled already */
		o->spread &= ~(unsigned)reason;
	o->reasons |= reason;
	o->render = o->render || render;
	o->settle = true;
}

static void
work_dirty(struct tx *tx, const struct resource *res, const char *id, bool made)
{
	struct owner *o;

	if (res->settle == NULL)
		return;
	o = owner_of(work_of(tx), res, id);
	o->row = NULL;
	o->have_objects = made; /* of a new row there are none */
	o->spread &= ~(unsigned)WORK_ROW;
	add(work_of(tx), o, WORK_ROW, true);
}

void
work_reported(struct tx *tx, const char *kind, const char *id)
{
	const struct resource *res = kind != NULL && id != NULL ? work_resource(tx, kind) : NULL;
	struct owner *o;

	if (res == NULL || res->settle == NULL)
		return;
	o = owner_of(work_of(tx), res, id);
	o->have_objects = false;
	add(work_of(tx), o, WORK_STATE, false);
}

/* --- who depends on whom --- */

static const char *
column_text(struct work *w, const struct field_table *table, const char *column, const void *row)
{
	return field_to_text(field_find(table, column), row, tx_arena(w->tx));
}

static enum dc_code
load(struct work *w, struct owner *o, struct dc_error *err)
{
	enum dc_code rc;

	if (o->row != NULL || o->gone)
		return DC_OK;
	rc = query_get(w->tx, o->res->table, Q(Q_EQ("id", o->id)), &o->row, err);
	if (rc != DC_E_NOT_FOUND)
		return rc;
	o->gone = true; /* a name without a row: of another kind of gateway, or gone already */
	return DC_OK;
}

/* The rows of res that depend on the owner by this line. */
static enum dc_code
add_dependents(struct work *w, const struct owner *o, const struct resource *res, const struct depend *d, bool render,
    struct dc_error *err)
{
	const char *value = column_text(w, o->res->table, d->theirs, o->row);
	char *row;
	void *rows;
	size_t n;
	enum dc_code rc;

	if (value == NULL)
		return DC_OK;
	if (strcmp(d->mine, "id") == 0) {
		add(w, owner_of(w, res, value), WORK_REST, render);
		return DC_OK;
	}
	if ((rc = query_list(w->tx, res->table, Q(Q_EQ(d->mine, value)), NULL, &rows, &n, err)) != DC_OK)
		return rc;
	row = rows;
	for (size_t i = 0; i < n; i++, row += res->table->size) {
		struct owner *other = owner_of(w, res, column_text(w, res->table, "id", row));

		if (other->row == NULL)
			other->row = row;
		add(w, other, WORK_REST, render);
	}
	return DC_OK;
}

static enum dc_code
spread(struct work *w, struct owner *o, struct dc_error *err)
{
	unsigned fresh = o->reasons & ~o->spread;
	enum dc_code rc = DC_OK;

	o->spread |= fresh;
	for (const struct resource *const *r = env_of(w->tx)->resources; *r != NULL; r++)
		for (const struct depend *d = (*r)->depends; d != NULL && d->on != NULL && rc == DC_OK; d++)
			if (strcmp(d->on, o->res->name) == 0 && ((d->render | d->settle) & fresh) != 0)
				rc = add_dependents(w, o, *r, d, (d->render & fresh) != 0, err);
	return rc;
}

/* All owners that depend on those of the list, before any of them is locked. An owner that leaves concerns its
 * dependents as a change of its row does, for any reason of its being here. */
static enum dc_code
spread_all(struct work *w, struct dc_error *err)
{
	bool more = true;
	enum dc_code rc;

	while (more) {
		struct owner *o;

		more = false;
		RB_FOREACH(o, owner_tree, &w->owners)
		{
			if (!o->settle || (o->reasons & ~o->spread) == 0)
				continue;
			if ((rc = load(w, o, err)) != DC_OK)
				return rc;
			if (o->gone)
				continue;
			if (o->res->leaving(o->row))
				o->reasons |= WORK_ROW;
			if ((rc = spread(w, o, err)) != DC_OK)
				return rc;
			more = true;
		}
	}
	return DC_OK;
}

/* Puts the locks of an owner on the list. */
static enum dc_code
want_locks(struct work *w, struct owner *o, struct lock_set *set, struct dc_error *err)
{
	enum dc_code rc;

	if (o->locked || o->gone)
		return DC_OK;
	if ((rc = load(w, o, err)) != DC_OK || o->gone)
		return rc;
	if (o->res->chain != NULL && (rc = o->res->chain(w->tx, NULL, o->row, set, err)) != DC_OK)
		return rc;
	if (o->res->table->rank > 0)
		lock_want(set, o->res->table, o->id);
	o->locked = true;
	if (lock_is_late(w->tx))
		o->row = NULL; /* to be read under its lock */
	return DC_OK;
}

static enum dc_code
lock_all(struct work *w, struct dc_error *err)
{
	LOCK_SET(set, w->tx);
	struct owner *o;
	enum dc_code rc;

	RB_FOREACH(o, owner_tree, &w->owners)
	if (o->settle && (rc = want_locks(w, o, &set, err)) != DC_OK)
		return rc;
	return lock_rows(w->tx, &set, err);
}

/* --- rendering --- */

static enum dc_code
load_objects(struct work *w, struct owner *o, struct dc_error *err)
{
	void *rows;
	enum dc_code rc;

	if (o->have_objects)
		return DC_OK;
	if ((rc = query_list(
		 w->tx, &edge_object_table, Q(Q_EQ("holder_id", o->id)), NULL, &rows, &o->objects.n, err)) != DC_OK)
		return rc;
	o->objects.v = rows;
	o->have_objects = true;
	return DC_OK;
}

void
work_put(struct work_view *view, const char *edge_id, const char *key, enum object_kind kind, const void *body,
    const char *secret)
{
	wanted_add(&view->wanted, tx_arena(view->work->tx), edge_id, key, kind, body, secret);
}

void
work_show_as(struct work_view *view, const char *kind, const char *id)
{
	view->shown_kind = kind;
	view->shown_id = id;
}

/* The owner wants other things than before: dependents of a higher rank are still to come, and come under their locks.
 */
static enum dc_code
spread_wishes(struct work *w, struct owner *o, struct dc_error *err)
{
	LOCK_SET(set, w->tx);
	struct owner *other;
	enum dc_code rc;

	o->reasons |= WORK_WISHES;
	o->spread |= o->reasons & ~(unsigned)WORK_WISHES;
	o->spread &= ~(unsigned)WORK_WISHES;
	if ((rc = spread(w, o, err)) != DC_OK)
		return rc;
	for (other = o; other != NULL; other = RB_NEXT(owner_tree, &w->owners, other))
		if (other->render && (rc = want_locks(w, other, &set, err)) != DC_OK)
			return rc;
	return lock_rows(w->tx, &set, err);
}

static enum dc_code
render(struct work *w, struct owner *o, struct dc_error *err)
{
	struct work_view view = {.work = w, .owner = o, .shown_kind = o->res->name, .shown_id = o->id};
	struct object_holder holder;
	enum dc_code rc;

	if ((rc = load(w, o, err)) != DC_OK || o->gone || (rc = load_objects(w, o, err)) != DC_OK)
		return rc;
	if ((rc = o->res->render(w->tx, &view, o->row, err)) != DC_OK)
		return rc;
	holder = (struct object_holder){o->res->name, o->id, view.shown_kind, view.shown_id};
	return differ_compare(&w->differ, tx_arena(w->tx), &holder, &o->objects, &view.wanted)
		   ? spread_wishes(w, o, err)
		   : DC_OK;
}

static enum dc_code
render_all(struct work *w, struct dc_error *err)
{
	struct owner *o;
	enum dc_code rc;

	RB_FOREACH(o, owner_tree, &w->owners)
	{
		if (!o->render || o->gone)
			continue;
		o->render = false;
		if ((rc = render(w, o, err)) != DC_OK)
			return rc;
	}
	return differ_write(w->tx, &w->differ, err);
}

/* --- settling --- */

const struct edge_object *
work_objects(const struct work_view *view, size_t *n)
{
	*n = view->owner->objects.n;
	return view->owner->objects.v;
}

enum dc_code
work_objects_of(
    struct tx *tx, const char *kind, const char *id, const struct edge_object **ret, size_t *n, struct dc_error *err)
{
	struct work *w = work_of(tx);
	struct owner *o = owner_of(w, work_resource(tx, kind), id);
	enum dc_code rc = load_objects(w, o, err);

	if (rc != DC_OK)
		return rc;
	*ret = o->objects.v;
	*n = o->objects.n;
	return DC_OK;
}

enum dc_code
work_row(struct tx *tx, const char *kind, const char *id, void **ret, struct dc_error *err)
{
	struct work *w = work_of(tx);
	struct owner *o = owner_of(w, work_resource(tx, kind), id);
	enum dc_code rc = load(w, o, err);

	if (rc != DC_OK)
		return rc;
	if (o->gone)
		return DC_E_NOT_FOUND;
	*ret = o->row;
	return DC_OK;
}

enum dc_code
work_link_number(struct tx *tx, const char *edge_id, const char *owner_id, int64_t *ret, struct dc_error *err)
{
	struct work *w = work_of(tx);
	struct known_number *known = w->numbers;
	struct edge_number row;
	enum dc_code rc;

	while (known != NULL && (strcmp(known->owner_id, owner_id) != 0 || strcmp(known->edge_id, edge_id) != 0))
		known = known->next;
	if (known == NULL) {
		if ((rc = number_get(tx, edge_id, "link", owner_id, NULL, &row, err)) != DC_OK)
			return rc;
		known = arena_new_of(tx_arena(tx), struct known_number);
		*known = (struct known_number){arena_strdup(tx_arena(tx), edge_id),
		    arena_strdup(tx_arena(tx), owner_id), row.number.v, w->numbers};
		w->numbers = known;
	}
	*ret = known->number;
	return DC_OK;
}

enum work_verdict
work_judge(const struct edge_object *object, size_t n, const struct edge_object **culprit)
{
	enum work_verdict verdict = VERDICT_NONE;

	for (size_t i = 0; i < n; i++) {
		enum work_verdict one = object_is_error(&object[i])     ? VERDICT_FAILED
					: object_is_applied(&object[i]) ? VERDICT_APPLIED
									: VERDICT_WAITING;

		if (object[i].deleted.v || one <= verdict)
			continue;
		verdict = one;
		if (culprit != NULL)
			*culprit = &object[i];
	}
	return verdict;
}

bool
work_is_heard(const struct edge_object *object, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (object[i].updated_time.set == GIVEN)
			return true;
	return false;
}

const char *
work_error(const struct edge_object *o, struct arena *arena)
{
	return arena_printf(arena, "%s: %s", o->kind.v, o->error.set == GIVEN ? o->error.v : o->state.v);
}

/* The row goes, with the numbers that were kept for it. Who depends on it learns of that. */
static enum dc_code
forget(struct work *w, struct owner *o, struct dc_error *err)
{
	enum dc_code rc;

	o->reasons |= WORK_ROW;
	o->spread &= ~(unsigned)WORK_ROW;
	if ((rc = spread(w, o, err)) != DC_OK || (rc = numbers_free(w->tx, o->id, err)) != DC_OK)
		return rc;
	o->gone = true;
	tx_wake(w->tx, o->id); /* an order may wait for its place */
	if ((rc = child_remove(w->tx, o->res->table, o->id, err)) != DC_OK)
		return rc;
	return query_delete(w->tx, o->res->table, Q(Q_EQ("id", o->id)), NULL, err);
}

static enum dc_code
settle(struct work *w, struct owner *o, struct dc_error *err)
{
	struct work_view view = {.work = w, .owner = o};
	bool gone = false;
	enum dc_code rc;

	if ((rc = load(w, o, err)) != DC_OK || o->gone || (rc = load_objects(w, o, err)) != DC_OK)
		return rc;
	if ((rc = o->res->settle(w->tx, &view, o->row, &gone, err)) != DC_OK)
		return rc;
	return gone ? forget(w, o, err) : DC_OK;
}

static enum dc_code
settle_all(struct work *w, struct dc_error *err)
{
	struct owner *o, *before;
	enum dc_code rc;

	RB_FOREACH_REVERSE_SAFE(o, owner_tree, &w->owners, before)
	{
		if (!o->settle || o->gone)
			continue;
		o->settle = false;
		if ((rc = settle(w, o, err)) != DC_OK)
			return rc;
	}
	return DC_OK;
}

static bool
is_anything_left(struct work *w)
{
	struct owner *o;

	RB_FOREACH(o, owner_tree, &w->owners)
	if ((o->render || o->settle) && !o->gone)
		return true;
	return false;
}

static enum dc_code
work_settle(struct tx *tx, struct dc_error *err)
{
	struct work *w = work_of(tx);
	enum dc_code rc;

	for (unsigned round = 0; is_anything_left(w); round++) {
		if (round == ROUNDS_MAX)
			return dc_fail(err, DC_E_SYSTEM, NULL, "a change does not come to rest after %u rounds", round);
		w->settling = false;
		if ((rc = spread_all(w, err)) != DC_OK || (rc = lock_all(w, err)) != DC_OK ||
		    (rc = render_all(w, err)) != DC_OK)
			return rc;
		w->settling = true;
		if ((rc = settle_all(w, err)) != DC_OK)
			return rc;
	}
	return DC_OK;
}

static void *
work_row_of(struct tx *tx, const struct resource *res, const char *id)
{
	struct owner key = {.res = res, .id = id}, *o = RB_FIND(owner_tree, &work_of(tx)->owners, &key);

	return o != NULL && !o->gone ? o->row : NULL;
}

void
work_engine(const struct work_env *env, struct store_engine *ret)
{
	*ret = (struct store_engine){.dirty = work_dirty, .row = work_row_of, .settle = work_settle, .env = env};
}
