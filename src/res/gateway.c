/* SPDX-License-Identifier: ISC */
/* gateway.c - the common row of all kinds of gateways, and the view of one that the rest of dcaasd works with. */
#include "res/gateway.h"

#include <string.h>

#include "store/row_lock.h"

static const struct gateway_kind *const kinds[] = {
    &virtual_gateway_kind, &global_dc_gateway_kind, &enterprise_router_kind, &connect_gateway_kind, NULL};

const struct field_table gateway_table = {
    .name = "Gateway",
    .sql = "gateway",
    .constraints =
	(const struct constraint[]){
	    {.name = "gateway_internal_asn_key"},
	    {.name = "gateway_kind_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct gateway_row),
    .rank = RANK_GATEWAY,
    .fields =
	(const struct field[]){
	    {AT(gateway_row, id), .kind = F_UUID, .doc = "Gateway."},
	    {AT(gateway_row, kind), .kind = F_TEXT, .max = 64, .doc = "Resource that it is."},
	    {AT(gateway_row, internal_asn), .kind = F_INT, .min = 1, .max = 4294967295,
		.doc = "AS number of its links."},
	    {AT(gateway_row, internal_asn_first), .kind = F_INT, .min = 1, .max = 4294967295,
		.doc = "First AS number that it hides from customers."},
	    {AT(gateway_row, internal_asn_last), .kind = F_INT, .min = 1, .max = 4294967295,
		.doc = "Last AS number that it hides from customers."},
	    {0},
	},
};

const struct field_table pool_table = {
    .name = "Pool",
    .sql = "pool",
    .size = sizeof(struct pool),
    .rank = RANK_POOL,
    .fields =
	(const struct field[]){
	    {AT(pool, id), .kind = F_TEXT, .max = 64, .doc = "Pool of numbers."},
	    {0},
	},
};

static const struct gateway_kind *
kind_named(const char *name)
{
	for (const struct gateway_kind *const *k = kinds; *k != NULL; k++)
		if (strcmp((*k)->res->name, name) == 0)
			return *k;
	return NULL;
}

const struct gateway_kind *
gateway_kind_of_service(const char *service_type)
{
	for (const struct gateway_kind *const *k = kinds; *k != NULL; k++)
		if ((*k)->service != NULL && strcmp((*k)->service, service_type) == 0)
			return *k;
	return &virtual_gateway_kind;
}

/* One above the highest in use, so that a number that has just become free is not given again at once; only when the
 * range has been used up once, a gap. */
static enum dc_code
take_internal_asn(struct tx *tx, const struct res_settings *settings, int64_t *ret, struct dc_error *err)
{
	struct query_page top = {.sort = "internal_asn", .descending = true, .limit = 1};
	int64_t first = settings->internal_asn_first, last = settings->internal_asn_last;
	const struct gateway_row *row;
	void *rows;
	size_t n;
	enum dc_code rc;

	if ((rc = query_list(tx, &gateway_table, Q(Q_LE_INT("internal_asn", last)), &top, &rows, &n, err)) != DC_OK)
		return rc;
	row = rows;
	*ret = n > 0 && row->internal_asn.v >= first ? row->internal_asn.v + 1 : first;
	if (*ret <= last)
		return DC_OK;
	rc = query_gap(tx, &gateway_table, Q_ALL, "internal_asn", first, last, ret, err);
	return rc != DC_E_NOT_FOUND ? rc
				    : dc_fail(err, DC_E_QUOTA, NULL,
					  "the AS numbers that are kept for links between gateways are used up");
}

enum dc_code
gateway_insert(struct tx *tx, const struct gateway_kind *kind, const char *id, const struct res_settings *settings,
    struct dc_error *err)
{
	struct gateway_row row = {0};
	struct dc_error why = {0};
	int64_t asn;
	enum dc_code rc;

	F_SET_TEXT(row.id, id);
	F_SET_TEXT(row.kind, kind->res->name);
	if (kind->links) {
		if ((rc = take_internal_asn(tx, settings, &asn, err)) != DC_OK)
			return rc;
		F_SET_INT(row.internal_asn, asn);
		F_SET_INT(row.internal_asn_first, settings->internal_asn_first);
		F_SET_INT(row.internal_asn_last, settings->internal_asn_last);
	}
	rc = query_insert(tx, &gateway_table, &row, &why);
	if (rc == DC_E_CONFLICT && strcmp(why.member, "gateway_pkey") == 0) {
		const char *member = arena_printf(tx_arena(tx), "%s.id", kind->res->name);

		return dc_fail(err, DC_E_PARAM, member, "%s: %s is the id of another gateway", member, id);
	}
	if (rc != DC_OK && err != NULL)
		*err = why;
	return rc;
}

enum dc_code
gateway_delete(struct tx *tx, const char *id, struct dc_error *err)
{
	return query_delete(tx, &gateway_table, Q(Q_EQ("id", id)), NULL, err);
}

static enum dc_code
fill_view(struct tx *tx, const struct gateway_row *common, struct gateway *gw, struct dc_error *err)
{
	const struct f_text *id = field_ptr(field_find(gw->kind->res->table, "id"), gw->row);

	gw->id = id->v;
	if (common != NULL && common->internal_asn.set == GIVEN) {
		gw->internal_asn = common->internal_asn.v;
		gw->internal_asn_first = common->internal_asn_first.v;
		gw->internal_asn_last = common->internal_asn_last.v;
	}
	return gw->kind->view(tx, gw, err);
}

enum dc_code
gateway_get(struct tx *tx, const char *id, struct gateway *ret, struct dc_error *err)
{
	struct gateway out = {0};
	const struct gateway_row *row;
	void *found;
	enum dc_code rc;

	if ((rc = query_get(tx, &gateway_table, Q(Q_EQ("id", id)), &found, err)) != DC_OK)
		return rc;
	row = found;
	if ((out.kind = kind_named(row->kind.v)) == NULL)
		return dc_fail(err, DC_E_SYSTEM, NULL, "gateway %s is of the unknown kind %s", id, row->kind.v);
	if ((rc = query_get(tx, out.kind->res->table, Q(Q_EQ("id", id)), &out.row, err)) != DC_OK)
		return rc;
	if ((rc = fill_view(tx, row, &out, err)) == DC_OK)
		*ret = out;
	return rc;
}

enum dc_code
gateway_of_row(struct tx *tx, const struct gateway_kind *kind, void *row, struct gateway *ret, struct dc_error *err)
{
	const struct f_text *id = field_ptr(field_find(kind->res->table, "id"), row);
	struct gateway out = {.kind = kind, .row = row};
	void *common = NULL;
	enum dc_code rc = DC_OK;

	if (kind->links)
		rc = query_get(tx, &gateway_table, Q(Q_EQ("id", id->v)), &common, err);
	if (rc == DC_OK && (rc = fill_view(tx, common, &out, err)) == DC_OK)
		*ret = out;
	return rc;
}

/* A new gateway that can be an end of links takes a number from the pool. */
enum dc_code
gateway_chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	const struct f_text *id = row; /* the first member of every kind's row */
	const struct gateway_kind *kind = call != NULL ? kind_named(call->route->res->name) : NULL;

	(void)tx;
	(void)err;
	if (kind != NULL && kind->links && call->route->method == M_POST)
		lock_want(set, &pool_table, POOL_INTERNAL_ASN);
	lock_want(set, &gateway_table, id->v);
	return DC_OK;
}

bool
gateway_is_hidden(const struct gateway *gw)
{
	return gw->leaving && gw->kind->res->hidden != NULL;
}

enum dc_code
gateway_check_asn(const struct res_settings *settings, int64_t asn, const char *member, struct dc_error *err)
{
	return asn < settings->internal_asn_first || asn > settings->internal_asn_last
		   ? DC_OK
		   : dc_fail(err, DC_E_ASN, member, "%s: %lld to %lld are kept for links between gateways", member,
			 (long long)settings->internal_asn_first, (long long)settings->internal_asn_last);
}
