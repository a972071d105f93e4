/* objects.c - rendering: mark, compare by key, write what changed with one new revision of the edge. */
#include "reconcile/objects.h"

#include <string.h>

struct wanted {
	const char *key;
	enum object_kind kind;
	const char *body;
	const char *secret;
	struct wanted *next;
};

struct render {
	const char *edge_id, *owner_kind, *owner_id;
	struct arena *arena;
	struct edge_object *have;
	size_t n;
	struct wanted *first, **last;
};

enum dc_code
objects_of(struct tx *tx, const char *owner_id, struct edge_object **ret, size_t *n, struct dc_error *err)
{
	void *rows;
	enum dc_code rc;

	if ((rc = query_list(tx, &edge_object_table, Q(Q_EQ("owner_id", owner_id)), NULL, &rows, n, err)) != DC_OK)
		return rc;
	*ret = rows;
	return DC_OK;
}

bool
object_is_applied(const struct edge_object *o)
{
	return !o->deleted.v && o->state.set == GIVEN && strcmp(o->state.v, "applied") == 0 &&
	       o->applied_revision.v >= o->revision.v;
}

bool
object_is_error(const struct edge_object *o)
{
	return o->state.set == GIVEN && (strcmp(o->state.v, "error") == 0 || strcmp(o->state.v, "unsupported") == 0);
}

enum dc_code
render_begin(struct tx *tx, const char *edge_id, const char *owner_kind, const char *owner_id, struct render **ret,
    struct dc_error *err)
{
	struct render *r = arena_new_of(tx_arena(tx), struct render);
	void *rows;
	enum dc_code rc;

	*r = (struct render){edge_id, owner_kind, owner_id, tx_arena(tx), NULL, 0, NULL, NULL};
	r->last = &r->first;
	if ((rc = query_list(tx, &edge_object_table, Q(Q_EQ("owner_id", owner_id), Q_EQ("edge_id", edge_id)), NULL,
		 &rows, &r->n, err)) != DC_OK)
		return rc;
	r->have = rows;
	*ret = r;
	return DC_OK;
}

void
render_put(struct render *r, const char *key, enum object_kind kind, const void *body, const char *secret)
{
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
	struct json out = JSON_INIT(&text);
	struct wanted *w = arena_new_of(r->arena, struct wanted);

	field_encode(object_kind_table(kind), VIEW_WIRE, body, NULL, &out);
	*w = (struct wanted){arena_strdup(r->arena, key), kind, arena_strdup(r->arena, buf_str(&text)),
	    arena_strdup(r->arena, secret), NULL};
	*r->last = w;
	r->last = &w->next;
}

static bool
same_text(const struct f_text *a, const char *b)
{
	const char *v = a->set == GIVEN ? a->v : NULL;

	return v == b || (v != NULL && b != NULL && strcmp(v, b) == 0);
}

static struct edge_object *
find(struct render *r, const char *key)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->have[i].key.v, key) == 0)
			return &r->have[i];
	return NULL;
}

static const struct wanted *
find_wanted(const struct render *r, const char *key)
{
	for (const struct wanted *w = r->first; w != NULL; w = w->next)
		if (strcmp(w->key, key) == 0)
			return w;
	return NULL;
}

static bool
differs(const struct wanted *w, const struct edge_object *have)
{
	return have == NULL || have->deleted.v || !same_text(&have->body, w->body) ||
	       !same_text(&have->secret, w->secret);
}

static bool
anything_to_do(struct render *r)
{
	for (const struct wanted *w = r->first; w != NULL; w = w->next)
		if (differs(w, find(r, w->key)))
			return true;
	for (size_t i = 0; i < r->n; i++)
		if (!r->have[i].deleted.v && find_wanted(r, r->have[i].key.v) == NULL)
			return true;
	return false;
}

static enum dc_code
write_wanted(struct tx *tx, struct render *r, const struct wanted *w, struct edge_object *have, int64_t revision,
    struct dc_error *err)
{
	struct edge_object row = {0};
	char id[UUID_TEXT_SIZE];

	if (have != NULL)
		row = *have;
	else {
		uuid_new(id);
		F_SET_TEXT(row.id, arena_strdup(r->arena, id));
		F_SET_TEXT(row.edge_id, r->edge_id);
		F_SET_TEXT(row.key, w->key);
		F_SET_TEXT(row.owner_kind, r->owner_kind);
		F_SET_TEXT(row.owner_id, r->owner_id);
		F_SET_INT(row.applied_revision, 0);
	}
	F_SET_TEXT(row.kind, object_kind_name(w->kind));
	F_SET_INT(row.revision, revision);
	F_SET_BOOL(row.deleted, false);
	F_SET_TEXT(row.body, w->body);
	F_SET_TEXT(row.secret, w->secret);
	F_SET_TEXT(row.state, "pending");
	F_SET_NULL(row.error);
	row.error.v = NULL;
	return have != NULL ? query_update(tx, &edge_object_table, &row, err)
			    : query_insert(tx, &edge_object_table, &row, err);
}

static enum dc_code
write_tombstone(struct tx *tx, struct edge_object *have, int64_t revision, struct dc_error *err)
{
	F_SET_INT(have->revision, revision);
	F_SET_BOOL(have->deleted, true);
	F_SET_TEXT(have->state, "pending");
	have->body = have->secret = have->error = (struct f_text){NULLED, NULL};
	return query_update(tx, &edge_object_table, have, err);
}

enum dc_code
render_commit(struct tx *tx, struct render *r, bool *changed, struct dc_error *err)
{
	int64_t revision;
	enum dc_code rc;

	if (changed != NULL)
		*changed = false;
	if (!anything_to_do(r))
		return DC_OK;
	if ((rc = query_bump(tx, &edge_revision_table, r->edge_id, "revision", 1, &revision, err)) != DC_OK)
		return rc;
	for (const struct wanted *w = r->first; w != NULL; w = w->next) {
		struct edge_object *have = find(r, w->key);

		if (differs(w, have) && (rc = write_wanted(tx, r, w, have, revision, err)) != DC_OK)
			return rc;
	}
	for (size_t i = 0; i < r->n; i++)
		if (!r->have[i].deleted.v && find_wanted(r, r->have[i].key.v) == NULL &&
		    (rc = write_tombstone(tx, &r->have[i], revision, err)) != DC_OK)
			return rc;
	tx_wake_edge(tx, r->edge_id);
	if (changed != NULL)
		*changed = true;
	return DC_OK;
}

/* --- numbers --- */

#define NUMBER_MAX 99999 /* what fits behind "dcr" in an interface name, and in the range of table ids */
#define INSTANCE_MAX 9999

/* The highest number in use plus one; only when the space has been used up once, a gap. */
static enum dc_code
free_number(struct tx *tx, const char *edge_id, const char *space, int64_t *ret, struct dc_error *err)
{
	struct query_page top = {.sort = "number", .descending = true, .limit = 1};
	const struct query_cond *cond = Q(Q_EQ("edge_id", edge_id), Q_EQ("space", space));
	const struct edge_number *row;
	void *rows;
	size_t n;
	enum dc_code rc;

	if ((rc = query_list(tx, &edge_number_table, cond, &top, &rows, &n, err)) != DC_OK)
		return rc;
	row = rows;
	*ret = n == 0 ? 1 : row[0].number.v + 1;
	if (*ret <= NUMBER_MAX)
		return DC_OK;
	rc = query_gap(tx, &edge_number_table, cond, "number", 1, NUMBER_MAX, ret, err);
	return rc == DC_E_NOT_FOUND ? dc_fail(err, DC_E_SYSTEM, NULL, "no name left on the edge") : rc;
}

static const char *
edge_instance_id(struct tx *tx, const char *edge_id, int64_t instance)
{
	return arena_printf(tx_arena(tx), "%s/%lld", edge_id, (long long)instance);
}

static enum dc_code
one_instance(
    struct tx *tx, const struct query_cond *cond, const char *by, struct edge_instance **ret, struct dc_error *err)
{
	struct query_page top = {.sort = by, .descending = true, .limit = 1};
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &edge_instance_table, cond, &top, &rows, &n, err);

	*ret = rc == DC_OK && n > 0 ? rows : NULL;
	return rc;
}

/* The fullest that has room, so that few are in use; else one more. */
static enum dc_code
take_instance(struct tx *tx, const char *edge_id, int64_t per_instance, int64_t *ret, struct dc_error *err)
{
	struct edge_instance *found, row = {0};
	int64_t used;
	enum dc_code rc;

	if ((rc = one_instance(tx, Q(Q_EQ("edge_id", edge_id), Q_LT_INT("used", per_instance)), "used", &found, err)) !=
	    DC_OK)
		return rc;
	if (found != NULL) {
		*ret = found->instance.v;
		return query_bump(tx, &edge_instance_table, found->id.v, "used", 1, &used, err);
	}
	if ((rc = one_instance(tx, Q(Q_EQ("edge_id", edge_id)), "instance", &found, err)) != DC_OK)
		return rc;
	*ret = found != NULL ? found->instance.v + 1 : 1;
	if (*ret > INSTANCE_MAX)
		return dc_fail(err, DC_E_SYSTEM, NULL, "no routing instance left on the edge");
	F_SET_TEXT(row.id, edge_instance_id(tx, edge_id, *ret));
	F_SET_TEXT(row.edge_id, edge_id);
	F_SET_INT(row.instance, *ret);
	F_SET_INT(row.used, 1);
	return query_insert(tx, &edge_instance_table, &row, err);
}

enum dc_code
number_get(struct tx *tx, const char *edge_id, const char *space, const char *owner_id, int64_t per_instance,
    struct edge_number *ret, struct dc_error *err)
{
	struct edge_number row = {0};
	char id[UUID_TEXT_SIZE];
	int64_t number, instance = 0;
	void *found;
	enum dc_code rc;

	rc = query_get(tx, &edge_number_table,
	    Q(Q_EQ("edge_id", edge_id), Q_EQ("space", space), Q_EQ("owner_id", owner_id)), &found, err);
	if (rc == DC_OK)
		*ret = *(struct edge_number *)found;
	if (rc != DC_E_NOT_FOUND)
		return rc;
	if ((rc = free_number(tx, edge_id, space, &number, err)) != DC_OK)
		return rc;
	if (strcmp(space, "vrf") == 0 && (rc = take_instance(tx, edge_id, per_instance, &instance, err)) != DC_OK)
		return rc;
	uuid_new(id);
	F_SET_TEXT(row.id, arena_strdup(tx_arena(tx), id));
	F_SET_TEXT(row.edge_id, edge_id);
	F_SET_TEXT(row.space, space);
	F_SET_INT(row.number, number);
	F_SET_TEXT(row.owner_id, owner_id);
	F_SET_INT(row.instance, instance);
	if ((rc = query_insert(tx, &edge_number_table, &row, err)) != DC_OK)
		return rc;
	*ret = row;
	return DC_OK;
}

enum dc_code
number_free(struct tx *tx, const char *edge_id, const char *space, const char *owner_id, struct dc_error *err)
{
	const struct query_cond *cond = Q(Q_EQ("edge_id", edge_id), Q_EQ("space", space), Q_EQ("owner_id", owner_id));
	const struct edge_number *row;
	int64_t used;
	void *found;
	enum dc_code rc = query_get(tx, &edge_number_table, cond, &found, err);

	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	row = found;
	if ((rc = query_delete(tx, &edge_number_table, Q(Q_EQ("id", row->id.v)), NULL, err)) != DC_OK ||
	    row->instance.set != GIVEN || row->instance.v == 0)
		return rc;
	return query_bump(
	    tx, &edge_instance_table, edge_instance_id(tx, edge_id, row->instance.v), "used", -1, &used, err);
}
