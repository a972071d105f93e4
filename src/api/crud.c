/* SPDX-License-Identifier: ISC */
#include "api/crud.h"

#include <ctype.h>

#include "api/api.h"
#include "auth/tables.h"
#include "store/child.h"
#include "store/row_lock.h"

bool
crud_is_operator(const struct call *call)
{
	return route_is_operators(call->route);
}

static struct f_text *
text_of(const struct field_table *table, const char *column, void *row)
{
	const struct field *f = column != NULL ? field_find(table, column) : NULL;

	return f != NULL ? field_ptr(f, row) : NULL;
}

static const char *
id_of(const struct resource *res, void *row)
{
	const struct f_text *id = field_ptr(field_find(res->table, "id"), row);

	return id->v;
}

static const char *
owner_of(const struct resource *res, const struct call *call, void *row)
{
	const struct f_text *owner = text_of(res->table, res->owner, row);

	return owner != NULL ? owner->v : call->project;
}

/* The contract spells these members in several ways. */
static void
set_time(const struct field_table *table, const char *const *names, void *row, utc_ms now)
{
	for (; *names != NULL; names++) {
		const struct field *f = field_find(table, *names);

		if (f != NULL && f->kind == F_TIME)
			*(struct f_int *)field_ptr(f, row) = (struct f_int){GIVEN, now};
	}
}

static const char *const created_names[] = {"create_time", "created_time", "created_at", NULL};
static const char *const updated_names[] = {"update_time", "updated_time", "updated_at", NULL};

static void
set_id(const struct field_table *table, void *row, struct arena *arena)
{
	const struct field *f = field_find(table, "id");
	struct f_text *id = field_ptr(f, row);
	char made[UUID_TEXT_SIZE];

	if (id->set == GIVEN)
		return;
	if (f->kind == F_HEX32)
		hex32_new(made);
	else
		uuid_new(made);
	F_SET_TEXT(*id, arena_strdup(arena, made));
}

/* The resource above in the path must be there; *id is NULL for resources that have none. */
enum dc_code
crud_parent(struct tx *tx, struct call *call, const struct resource *res, const char **id, struct dc_error *err)
{
	void *row;
	enum dc_code rc;

	*id = NULL;
	if (res->parent == NULL || call_param(call, res->parent_column) == NULL) /* the operator's side lists all */
		return DC_OK;
	if ((rc = crud_load(tx, call, res->parent, call_param(call, res->parent_column), &row, err)) == DC_OK)
		*id = id_of(res->parent, row);
	return rc;
}

/* INSERT; an id that the caller chose may be taken. */
static enum dc_code
insert(struct tx *tx, const struct resource *res, void *row, struct dc_error *err)
{
	const char *column = arena_printf(tx_arena(tx), "%s_pkey", res->table->sql), *member;
	struct dc_error why = {0};
	enum dc_code rc = query_insert(tx, res->table, row, &why);

	if (rc != DC_E_CONFLICT || strcmp(why.member, column) != 0) {
		if (rc != DC_OK && err != NULL)
			*err = why;
		return rc;
	}
	member = arena_printf(tx_arena(tx), "%s.id", res->name);
	return dc_fail(err, DC_E_PARAM, member, "%s: %s is the id of another %s", member, id_of(res, row), res->title);
}

/* Everything that the change needs, in one order, before a hook reads: the project of a new row, what the resource
 * names, and the row itself. */
static enum dc_code
lock_chain(struct tx *tx, struct call *call, const struct resource *res, void *row, bool create, struct dc_error *err)
{
	LOCK_SET(set, tx);
	bool own = call->route->res == res;
	enum dc_code rc;

	if (create && res->owner != NULL)
		lock_want(&set, &project_table, owner_of(res, call, row));
	if (!create && res->table->rank > 0)
		lock_want(&set, res->table, id_of(res, row));
	if (res->chain != NULL && (rc = res->chain(tx, own ? call : NULL, row, &set, err)) != DC_OK)
		return rc;
	return lock_rows(tx, &set, err);
}

/* The row that was read to know its locks may have changed before them. */
enum dc_code
crud_load_locked(
    struct tx *tx, struct call *call, const struct resource *res, const char *id, void **ret, struct dc_error *err)
{
	enum dc_code rc;

	if ((rc = crud_load(tx, call, res, id, ret, err)) != DC_OK ||
	    (rc = lock_chain(tx, call, res, *ret, false, err)) != DC_OK || !lock_is_late(tx))
		return rc;
	return crud_load(tx, call, res, id, ret, err);
}

/* What has become of the row by now, when the engine had something to do for this change. */
static enum dc_code
settle(struct tx *tx, const struct resource *res, void **row, struct dc_error *err)
{
	void *settled;
	enum dc_code rc;

	if (res->settle == NULL || *tx_work(tx) == NULL)
		return DC_OK;
	if ((rc = tx_settle(tx, err)) != DC_OK)
		return rc;
	if ((settled = tx_row(tx, res, id_of(res, *row))) == NULL)
		return query_get(tx, res->table, Q(Q_EQ("id", id_of(res, *row))), row, err);
	*row = settled;
	return DC_OK;
}

static enum field_view
answer_view(const struct call *call, const struct resource *res, bool created)
{
	if (call->route->answer != 0)
		return call->route->answer;
	if (crud_is_operator(call))
		return VIEW_OP_ANSWER;
	return created && res->table->created_differs ? VIEW_CREATED : VIEW_ANSWER;
}

static enum dc_code
write_row(struct tx *tx, struct call *call, const struct resource *res, void *row, bool created, bool row_is_whole,
    const char *const *only, struct dc_error *err)
{
	struct field_options options = call_options(call);
	struct json w = JSON_INIT(&call->out);
	enum dc_code rc;

	options.only = only;
	if (!row_is_whole && (rc = child_read(tx, res->table, row, 1, err)) != DC_OK)
		return rc;
	if (res->embed != NULL && (rc = res->embed(tx, call, row, 1, err)) != DC_OK)
		return rc;
	jw_object_begin(&w);
	jw_key(&w, res->name);
	field_encode(res->table, answer_view(call, res, created), row, &options, &w);
	jw_member_string(&w, "request_id", call->request_id);
	jw_object_end(&w);
	return DC_OK;
}

enum dc_code
crud_create(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct resource *res = call->route->res;
	const char *parent;
	void *row = arena_memdup(tx_arena(tx), call->body, res->table->size), *sent;
	struct f_text *owner = text_of(res->table, res->owner, row), *above;
	enum dc_code rc;

	if ((rc = crud_parent(tx, call, res, &parent, err)) != DC_OK)
		return rc;
	above = text_of(res->table, res->parent_column, row);
	if (above != NULL && parent != NULL)
		F_SET_TEXT(*above, parent);
	field_defaults(res->table, tx_arena(tx), row);
	set_id(res->table, row, tx_arena(tx));
	if (owner != NULL && call->project != NULL)
		F_SET_TEXT(*owner, call->project);
	set_time(res->table, created_names, row, tx_now(tx));
	set_time(res->table, updated_names, row, tx_now(tx));
	if ((rc = lock_chain(tx, call, res, row, true, err)) != DC_OK)
		return rc;
	if (res->create != NULL && ((rc = res->create(tx, call, row, err)) != DC_OK || call->wait))
		return rc;
	if ((rc = insert(tx, res, row, err)) != DC_OK || (rc = child_write(tx, res->table, NULL, row, err)) != DC_OK)
		return rc;
	if (res->created != NULL && (rc = res->created(tx, call, row, err)) != DC_OK)
		return rc;
	tx_made(tx, res, id_of(res, row));
	sent = row;
	if ((rc = settle(tx, res, &row, err)) != DC_OK)
		return rc;
	rc = event_add_for(tx, call, owner_of(res, call, row), "create", res->name, id_of(res, row), err);
	child_keep(res->table, sent, row);
	return rc == DC_OK ? write_row(tx, call, res, row, true, true, NULL, err) : rc;
}

const char *
crud_normal_id(const struct field_table *table, const char *id, struct arena *arena)
{
	const struct field *f = field_find(table, "id");
	char *lower;

	if ((f->kind == F_UUID && !uuid_is_valid(id)) || (f->kind == F_HEX32 && !hex32_is_valid(id)))
		return NULL;
	lower = arena_strdup(arena, id);
	if (f->kind == F_UUID || f->kind == F_HEX32)
		for (char *c = lower; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
	return lower;
}

const char *
crud_parent_column(const struct resource *res, bool received)
{
	return received && res->received_below != NULL ? res->received_below : res->parent_column;
}

size_t
crud_scope(
    const struct call *call, const struct resource *res, const char *parent, bool received, struct query_cond *cond)
{
	const char *column = received ? res->receiver : res->owner;
	size_t n = 0;

	if (column != NULL && call->project != NULL)
		cond[n++] = (struct query_cond)Q_EQ(column, call->project);
	if (parent != NULL)
		cond[n++] = (struct query_cond)Q_EQ(crud_parent_column(res, received), parent);
	if (res->user != NULL && !crud_is_operator(call))
		cond[n++] = (struct query_cond)Q_EQ(res->user, call->who.user_id);
	if (res->hidden != NULL)
		cond[n++] = (struct query_cond)Q_IS_NULL(res->hidden);
	return n;
}

bool
crud_receives(const struct call *call, const struct resource *res)
{
	const struct route *r = call->route;

	if (res->receiver == NULL || call->project == NULL)
		return false;
	if (r->res != res)
		return r->res != NULL && r->res->parent == res && r->res->below_received;
	return r->run == crud_show || r->run == crud_list || r->run == crud_update || r->run == crud_delete;
}

enum dc_code
crud_load(
    struct tx *tx, struct call *call, const struct resource *res, const char *id, void **ret, struct dc_error *err)
{
	const char *normal = id != NULL ? crud_normal_id(res->table, id, tx_arena(tx)) : NULL, *parent;
	bool receives = crud_receives(call, res);
	enum dc_code rc;

	if ((rc = crud_parent(tx, call, res, &parent, err)) != DC_OK)
		return rc;
	rc = DC_E_NOT_FOUND;
	for (unsigned i = 0; normal != NULL && rc == DC_E_NOT_FOUND && i < (receives ? 2 : 1); i++) {
		struct query_cond cond[CRUD_SCOPE_MAX + 2] = {Q_EQ("id", normal)};

		crud_scope(call, res, parent, i > 0, &cond[1]);
		rc = query_get(tx, res->table, cond, ret, err);
	}
	if (rc != DC_E_NOT_FOUND)
		return rc;
	return dc_missing(err, res->missing, "The %s %.64s does not exist", res->title, id != NULL ? id : "");
}

enum dc_code
crud_answer(struct tx *tx, struct call *call, const struct resource *res, void *row, bool created, struct dc_error *err)
{
	return write_row(tx, call, res, row, created, false, NULL, err);
}

enum dc_code
crud_show(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct resource *res = call->route->res;
	const char *const *only;
	void *row;
	enum dc_code rc;

	if ((rc = crud_load(tx, call, res, call_id(call), &row, err)) != DC_OK ||
	    (rc = crud_fields(call, res->table, &only, err)) != DC_OK)
		return rc;
	if ((call->route->flags & ROUTE_OBSERVED) && res->observed != NULL &&
	    (rc = res->observed(tx, row, &call->observed, err)) != DC_OK)
		return rc;
	return write_row(tx, call, res, row, false, false, only, err);
}

/* Whether the call sends a member that the row only shows of others (an interface's, of its first peer). */
static bool
sends_shown(const struct call *call, const struct resource *res)
{
	for (const struct field *f = res->table->fields; f->name != NULL; f++)
		if (f->no_column && (f->may & (unsigned)call->route->view) != 0 &&
		    field_presence(f, call->body) == GIVEN)
			return true;
	return false;
}

/* Merges the body into the row. Whether that changes what a client sees: a member that is only shown is compared with
 * what is shown. */
static enum dc_code
merge(struct tx *tx, struct call *call, const struct resource *res, void *row, bool *changed, struct dc_error *err)
{
	void *shown = arena_memdup(tx_arena(tx), row, res->table->size);
	enum dc_code rc;

	*changed = field_merge(res->table, call->route->view, row, call->body);
	if (!sends_shown(call, res) || res->embed == NULL)
		return DC_OK;
	if ((rc = res->embed(tx, call, shown, 1, err)) == DC_OK)
		*changed = field_merge(res->table, call->route->view, shown, call->body);
	return rc;
}

enum dc_code
crud_update(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct resource *res = call->route->res;
	void *old, *row;
	bool changed;
	enum dc_code rc;

	if ((rc = crud_load_locked(tx, call, res, call_id(call), &old, err)) != DC_OK)
		return rc;
	if (child_given(res->table, call->body) && (rc = child_read(tx, res->table, old, 1, err)) != DC_OK)
		return rc;
	row = arena_memdup(tx_arena(tx), old, res->table->size);
	if ((rc = merge(tx, call, res, row, &changed, err)) != DC_OK)
		return rc;
	if (changed)
		set_time(res->table, updated_names, row, tx_now(tx));
	if (res->update != NULL && (rc = res->update(tx, call, old, call->body, row, err)) != DC_OK)
		return rc;
	if ((rc = query_update(tx, res->table, row, err)) != DC_OK ||
	    (child_given(res->table, call->body) && (rc = child_write(tx, res->table, old, row, err)) != DC_OK))
		return rc;
	if (res->updated != NULL && (rc = res->updated(tx, call, old, row, err)) != DC_OK)
		return rc;
	if (field_renders(res->table, old, row))
		tx_dirty(tx, res, id_of(res, row));
	if ((rc = settle(tx, res, &row, err)) != DC_OK)
		return rc;
	if (changed)
		rc = event_add_for(tx, call, owner_of(res, call, row), "update", res->name, id_of(res, row), err);
	return rc == DC_OK ? crud_answer(tx, call, res, row, true, err) : rc;
}

static const struct resource *
resource_named(const struct call *call, const char *name)
{
	for (const struct resource *const *r = api_get_options(call->api)->resources; *r != NULL; r++)
		if (strcmp((*r)->name, name) == 0)
			return *r;
	return NULL;
}

#define BLOCKERS_NAMED 3

enum dc_code
crud_check_blockers(struct tx *tx, struct call *call, const struct resource *res, const char *id, const char *member,
    struct dc_error *err)
{
	for (const struct blocker *b = res->blockers; b != NULL && b->resource != NULL; b++) {
		const struct resource *other = resource_named(call, b->resource);
		struct query_cond cond[4] = {Q_EQ(b->column, id)};
		struct query_page few = {.limit = BLOCKERS_NAMED};
		const char *names = "";
		char *row;
		void *rows;
		size_t n, conds;
		int64_t all;
		enum dc_code rc;

		if (other == NULL)
			return dc_fail(err, DC_E_SYSTEM, NULL, "there is no resource %s", b->resource);
		conds = 1;
		if (other->hidden != NULL)
			cond[conds++] = (struct query_cond)Q_IS_NULL(other->hidden);
		if (b->owner != NULL && call->project != NULL)
			cond[conds++] = (struct query_cond)Q_EQ(b->owner, call->project);
		if ((rc = query_list(tx, other->table, cond, &few, &rows, &n, err)) != DC_OK)
			return rc;
		if (n == 0)
			continue;
		if ((rc = query_count(tx, other->table, cond, &all, err)) != DC_OK)
			return rc;
		row = rows;
		for (size_t i = 0; i < n; i++, row += other->table->size)
			names = arena_printf(tx_arena(tx), "%s%s%s", names, i > 0 ? ", " : "", id_of(other, row));
		return dc_fail(err, b->code, member, "%s%sthe %s has %lld %s%s: %s%s", member != NULL ? member : "",
		    member != NULL ? ": " : "", res->title, (long long)all, other->title, all == 1 ? "" : "s", names,
		    all > BLOCKERS_NAMED ? ", ..." : "");
	}
	return DC_OK;
}

/* A resource without a life on edges is gone at once; else the engine deletes the row when nothing is left there. */
enum dc_code
crud_delete(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct resource *res = call->route->res;
	const char *id, *owner;
	void *row;
	enum dc_code rc;

	if ((rc = crud_load_locked(tx, call, res, call_id(call), &row, err)) != DC_OK)
		return rc;
	id = id_of(res, row);
	owner = owner_of(res, call, row);
	if ((rc = crud_check_blockers(tx, call, res, id, NULL, err)) != DC_OK)
		return rc;
	if (res->remove != NULL && (rc = res->remove(tx, call, row, err)) != DC_OK)
		return rc;
	if (res->settle != NULL) {
		tx_dirty(tx, res, id);
		rc = tx_settle(tx, err);
	} else if ((rc = child_remove(tx, res->table, id, err)) == DC_OK &&
		   (rc = query_delete(tx, res->table, Q(Q_EQ("id", id)), NULL, err)) == DC_OK && res->removed != NULL)
		rc = res->removed(tx, call, row, err);
	if (rc != DC_OK)
		return rc;
	call->status = call->route->status != 0 ? call->route->status : 204;
	return event_add_for(tx, call, owner, "delete", res->name, id, err);
}
