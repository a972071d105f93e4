/* SPDX-License-Identifier: ISC */
/* objects.c - an object's row, and the numbers that names on an edge are made of. */
#include "reconcile/objects.h"

#include <string.h>

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

/* --- numbers --- */

#define NUMBER_MAX 99999 /* what fits behind "dcr" in an interface name, and in the range of table ids */
#define INSTANCE_MAX 9999
#define CANDIDATES 8 /* instances that are asked for room */

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

static enum dc_code
has_room(
    struct tx *tx, const struct instance_rule *rule, const struct edge_instance *in, bool *ret, struct dc_error *err)
{
	void *rows;
	size_t n;
	enum dc_code rc;

	*ret = in->used.v < rule->vrfs;
	if (!*ret)
		return DC_OK;
	rc = query_list(tx, &edge_number_table, Q(Q_EQ("edge_id", in->edge_id.v), Q_EQ_INT("instance", in->instance.v)),
	    NULL, &rows, &n, err);
	return rc == DC_OK ? rule->has_room(tx, rows, n, ret, err) : rc;
}

/* The first with room among those with the most VRFs, so that few are in use. */
static enum dc_code
find_instance(struct tx *tx, const char *edge_id, const struct instance_rule *rule, const struct edge_instance *newest,
    const struct edge_instance **ret, struct dc_error *err)
{
	struct query_page fullest = {.sort = "used", .descending = true, .limit = CANDIDATES};
	const struct edge_instance *row;
	bool room = false;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &edge_instance_table,
	    Q(Q_EQ("edge_id", edge_id), Q_LT_INT("used", rule->vrfs)), &fullest, &rows, &n, err);

	row = rows;
	*ret = NULL;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		if ((rc = has_room(tx, rule, &row[i], &room, err)) == DC_OK && room) {
			*ret = &row[i];
			return DC_OK;
		}
	if (rc == DC_OK && newest != NULL && (rc = has_room(tx, rule, newest, &room, err)) == DC_OK && room)
		*ret = newest;
	return rc;
}

static enum dc_code
take_instance(struct tx *tx, const char *edge_id, const struct instance_rule *rule, int64_t *ret, struct dc_error *err)
{
	const struct edge_instance *room;
	struct edge_instance *found, row = {0};
	int64_t used;
	enum dc_code rc;

	if ((rc = one_instance(tx, Q(Q_EQ("edge_id", edge_id)), "instance", &found, err)) != DC_OK ||
	    (rc = find_instance(tx, edge_id, rule, found, &room, err)) != DC_OK)
		return rc;
	if (room != NULL) {
		*ret = room->instance.v;
		return query_bump(tx, &edge_instance_table, room->id.v, "used", 1, &used, err);
	}
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
number_get(struct tx *tx, const char *edge_id, const char *space, const char *owner_id,
    const struct instance_rule *rule, struct edge_number *ret, struct dc_error *err)
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
	if (strcmp(space, "vrf") == 0 && (rc = take_instance(tx, edge_id, rule, &instance, err)) != DC_OK)
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
number_keep_router_id(struct tx *tx, const struct edge_number *number, struct dc_error *err)
{
	static const char *const columns[] = {"router_id", NULL};

	return query_set(tx, &edge_number_table, columns, number, Q(Q_EQ("id", number->id.v)), NULL, err);
}

enum dc_code
number_free(struct tx *tx, const struct edge_number *number, struct dc_error *err)
{
	int64_t used;
	enum dc_code rc = query_delete(tx, &edge_number_table, Q(Q_EQ("id", number->id.v)), NULL, err);

	if (rc != DC_OK || number->instance.set != GIVEN || number->instance.v == 0)
		return rc;
	return query_bump(tx, &edge_instance_table, edge_instance_id(tx, number->edge_id.v, number->instance.v), "used",
	    -1, &used, err);
}

enum dc_code
numbers_of(struct tx *tx, const char *owner_id, struct edge_number **ret, size_t *n, struct dc_error *err)
{
	void *rows;
	enum dc_code rc = query_list(tx, &edge_number_table, Q(Q_EQ("owner_id", owner_id)), NULL, &rows, n, err);

	if (rc == DC_OK)
		*ret = rows;
	return rc;
}

enum dc_code
numbers_free(struct tx *tx, const char *owner_id, struct dc_error *err)
{
	struct edge_number *number;
	size_t n;
	enum dc_code rc = numbers_of(tx, owner_id, &number, &n, err);

	for (size_t i = 0; rc == DC_OK && i < n; i++)
		rc = number_free(tx, &number[i], err);
	return rc;
}
