/* SPDX-License-Identifier: ISC */
/* quota.c - quotas: a row is the operator's number for one project, in place of the setting for all. Tenants read limit
 * and use of their own project (ShowQuotas). */
#include "res/quota.h"

#include <string.h>

#include "api/crud.h"
#include "auth/tables.h"
#include "reconcile/work.h"
#include "res/link_end.h"
#include "store/row_lock.h"

/* --- what is counted --- */

struct quota_kind {
	const char *name;  /* in both APIs */
	const char *words; /* of the error */
	/* What is counted: the project's rows of a resource. NULL: the resource that owns the set counts by itself. */
	const char *resource;
	bool published; /* the contract has it */
};

static const struct quota_kind kinds[QUOTAS] = {
    [QUOTA_CONNECTIONS] = {"physicalConnect", "connections", "direct_connect", true},
    [QUOTA_INTERFACES] = {"virtualInterface", "virtual interfaces", "virtual_interface", true},
    [QUOTA_GLOBAL_GATEWAYS] = {"globalDcGateway", "global DC gateways", "global_dc_gateway", true},
    [QUOTA_PEER_LINKS] = {"peerLinkPerGdgw", "peer links of a global DC gateway", NULL, true},
    [QUOTA_VIRTUAL_GATEWAYS] = {"virtualGateway", "virtual gateways", "virtual_gateway", false},
    [QUOTA_LOCAL_SUBNETS] = {"localSubnetPerVgw", "local subnets of a virtual gateway", NULL, false},
    [QUOTA_REMOTE_SUBNETS] = {"remoteSubnetPerVif", "remote subnets of an interface", NULL, false},
    [QUOTA_GATEWAY_ROUTES] = {"routePerGdgw", "routes of a global DC gateway", NULL, false},
    [QUOTA_CONNECT_GATEWAYS] = {"connectGateway", "connect gateways", "connect_gateway", true},
    [QUOTA_GLOBAL_EIPS] = {"geip", "global EIPs", "global_eip_binding", true},
};

static const char *const kind_names[] = {"physicalConnect", "virtualInterface", "globalDcGateway", "peerLinkPerGdgw",
    "virtualGateway", "localSubnetPerVgw", "remoteSubnetPerVif", "routePerGdgw", "connectGateway", "geip", NULL};

/* Rows that count: those that a tenant has, not those that an edge has still to let go. */
static enum dc_code
count(struct tx *tx, const struct quota_kind *kind, const char *project, int64_t enough, int64_t *ret,
    struct dc_error *err)
{
	const struct resource *res = work_resource(tx, kind->resource);
	struct query_cond cond[] = {Q_EQ(res->owner, project), Q_NE("status", "PENDING_DELETE"), Q_END};

	if (res->hidden != NULL)
		cond[1] = (struct query_cond)Q_IS_NULL(res->hidden);
	return enough < 0 ? query_count(tx, res->table, cond, ret, err)
			  : query_count_to(tx, res->table, cond, enough, ret, err);
}

/* The links of the gateway that has most. */
static enum dc_code
count_links(struct tx *tx, const char *project, int64_t *ret, struct dc_error *err)
{
	const struct resource *res = work_resource(tx, kinds[QUOTA_GLOBAL_GATEWAYS].resource);
	const char *id = "";
	enum dc_code rc;

	*ret = 0;
	for (;;) {
		int64_t links;

		if ((rc = query_next(tx, res->table, "id", id, Q(Q_EQ(res->owner, project)), &id, err)) != DC_OK ||
		    id == NULL)
			return rc;
		if ((rc = link_ends_count(tx, id, &links, err)) != DC_OK)
			return rc;
		if (links > *ret)
			*ret = links;
	}
}

/* --- limits --- */

struct project_quota {
	struct f_text id, project_id, type;
	struct f_int quota, created_time, updated_time;
};

static const struct field_column list_columns[] = {
    {.title = "project", .member = "project_id"},
    {.member = "type"},
    {.member = "quota"},
    {0},
};

const struct field_table project_quota_table = {
    .name = "ProjectQuota",
    .sql = "project_quota",
    .constraints =
	(const struct constraint[]){
	    {"project_quota_project_id_type_key", DC_E_PARAM, "quota.type", "the project has this quota already"},
	    {"project_quota_project_id_fkey", DC_E_NOT_FOUND, "quota.project_id", "the project does not exist"},
	    {.name = NULL},
	},
    .size = sizeof(struct project_quota),
    .guarded_by = "project",
    .guard_column = "project_id",
    .end = END_WITH_GUARD,
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(project_quota, id), .kind = F_UUID, .may = OP_R, .must = VIEW_OP_ANSWER, .doc = "Identifier."},
	    {AT(project_quota, project_id), .fixed = true, .ref = "project", .example = "acme", .kind = F_HEX32,
		.may = OP_CR, .must = VIEW_OP_CREATE, .filter = true, .cli = true,
		.doc = "Project that the quota is for."},
	    {AT(project_quota, type), .kind = F_ENUM, .names = kind_names, .may = OP_CR, .must = VIEW_OP_CREATE,
		.filter = true, .cli = true, .doc = "What the quota limits."},
	    {AT(project_quota, quota), .kind = F_INT, .min = -1, .max = 1000000, .may = OP_CRU, .must = VIEW_OP_CREATE,
		.cli = true, .doc = "Limit in place of the server's setting; -1: no limit."},
	    {AT(project_quota, created_time), .kind = F_TIME, .may = OP_R, .doc = "When it was set."},
	    {AT(project_quota, updated_time), .kind = F_TIME, .may = OP_R, .doc = "When it was last changed."},
	    {0},
	},
};

enum dc_code
quota_limit(
    struct tx *tx, const struct call *call, const char *project, enum quota which, int64_t *ret, struct dc_error *err)
{
	struct query_cond cond[] = {Q_EQ("project_id", project), Q_EQ("type", kinds[which].name), Q_END};
	void *row;
	enum dc_code rc = query_get(tx, &project_quota_table, cond, &row, err);

	if (rc == DC_E_NOT_FOUND)
		*ret = res_settings(call)->quota[which];
	else if (rc == DC_OK)
		*ret = ((const struct project_quota *)row)->quota.v;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

enum dc_code
quota_of_list(struct tx *tx, const struct call *call, const char *project, enum quota which, const struct f_list *list,
    int64_t *ret, struct dc_error *err)
{
	enum dc_code rc;

	*ret = INT64_MAX;
	if (list->set != GIVEN || (list->n <= 1 && (list->n == 0 || strpbrk(list->v[0], " ,") == NULL)))
		return DC_OK;
	rc = quota_limit(tx, call, project, which, ret, err);
	if (*ret < 0)
		*ret = INT64_MAX;
	return rc;
}

enum dc_code
quota_check(struct tx *tx, const struct call *call, const char *project, enum quota which, struct dc_error *err)
{
	int64_t limit, used;
	enum dc_code rc = quota_limit(tx, call, project, which, &limit, err);

	if (rc != DC_OK || limit < 0 || (rc = count(tx, &kinds[which], project, limit, &used, err)) != DC_OK)
		return rc;
	return used < limit ? DC_OK
			    : dc_fail(err, DC_E_QUOTA, NULL, "the quota of %lld %s is used up", (long long)limit,
				  kinds[which].words);
}

/* --- what a tenant reads --- */

struct quota_use {
	struct f_text type;
	struct f_int quota, used;
	struct f_text unit;
};

struct quota_uses {
	struct f_objects resources;
};

struct quota_answer {
	struct f_objects quotas;
	struct f_text request_id;
};

static const char *const published_names[] = {"physicalConnect", "virtualInterface", "connectGateway", "geip",
    "globalDcGateway", "peerLinkPerGdgw", "localGateway", NULL};

static const struct field_table quota_use_table = {
    .name = "Quota",
    .size = sizeof(struct quota_use),
    .fields =
	(const struct field[]){
	    {AT(quota_use, type), .kind = F_ENUM, .names = published_names, .may = V_R, .must = V_R, .cli = true,
		.doc = "What the quota limits."},
	    {AT(quota_use, quota), .kind = F_INT, .min = -1, .max = INT64_MAX, .may = V_R, .must = V_R, .cli = true,
		.doc = "Limit; -1: no limit."},
	    {AT(quota_use, used), .kind = F_INT, .max = INT64_MAX, .may = V_R, .must = V_R, .cli = true,
		.doc = "How many the project has; of peerLinkPerGdgw the gateway with most."},
	    {AT(quota_use, unit), .kind = F_TEXT, .max = 32, .nullable = true, .may = V_R,
		.doc = "Unit of the numbers."},
	    {0},
	},
};

static const struct field_table quota_uses_table = {
    .name = "QuotaResources",
    .size = sizeof(struct quota_uses),
    .fields =
	(const struct field[]){
	    {AT(quota_uses, resources), .kind = F_OBJECTS, .of = &quota_use_table, .may = V_R, .must = V_R,
		.doc = "One for each kind that was asked for."},
	    {0},
	},
};

static const struct field_table quota_answer_table = {
    .name = "Quotas",
    .size = sizeof(struct quota_answer),
    .fields =
	(const struct field[]){
	    {AT(quota_answer, quotas), .kind = F_OBJECT, .of = &quota_uses_table, .may = V_R, .must = V_R,
		.doc = "Limits and use of the project."},
	    {AT(quota_answer, request_id), .kind = F_TEXT, .max = 36, .may = V_R, .must = V_R,
		.doc = "Identifier of this call."},
	    {0},
	},
};

struct quota_query {
	struct f_text type;
};

static const struct field_table quota_query_table = {
    .name = "QuotaQuery",
    .size = sizeof(struct quota_query),
    .fields =
	(const struct field[]){
	    {AT(quota_query, type), .kind = F_ENUM, .names = published_names, .may = V_R, .filter = true,
		.doc = "Kind of quota."},
	    {0},
	},
};

/* Whether the query names this kind, or none. */
static enum dc_code
is_asked(struct call *call, const char *name, bool *ret, struct dc_error *err)
{
	size_t n = call_query_count(call, "type");

	*ret = n == 0;
	for (size_t i = 0; i < n; i++) {
		const char *value;
		enum dc_code rc = field_check_query(
		    &quota_query_table.fields[0], call_query(call, "type", i), call->arena, &value, err);

		if (rc != DC_OK)
			return rc;
		*ret = *ret || strcmp(value, name) == 0;
	}
	return DC_OK;
}

static enum dc_code
use_of(struct tx *tx, struct call *call, enum quota which, struct quota_use *ret, struct dc_error *err)
{
	int64_t limit, used;
	enum dc_code rc;

	if ((rc = quota_limit(tx, call, call->project, which, &limit, err)) != DC_OK ||
	    (rc = kinds[which].resource != NULL ? count(tx, &kinds[which], call->project, -1, &used, err)
						: count_links(tx, call->project, &used, err)) != DC_OK)
		return rc;
	F_SET_TEXT(ret->type, kinds[which].name);
	F_SET_INT(ret->quota, limit);
	F_SET_INT(ret->used, used);
	F_SET_TEXT(ret->unit, "count");
	return DC_OK;
}

static enum dc_code
show_quotas(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct quota_use use[QUOTAS];
	struct quota_uses uses = {.resources = {GIVEN, 0, use}};
	struct quota_answer answer = {.quotas = {GIVEN, 1, &uses}};
	enum dc_code rc;
	bool asked;

	for (enum quota which = 0; which < QUOTAS; which++) {
		if ((rc = is_asked(call, kinds[which].name, &asked, err)) != DC_OK)
			return rc;
		if (!kinds[which].published || !asked)
			continue;
		if ((rc = use_of(tx, call, which, &use[uses.resources.n], err)) != DC_OK)
			return rc;
		uses.resources.n++;
	}
	F_SET_TEXT(answer.request_id, call->request_id);
	call_answer_row(call, &answer);
	return DC_OK;
}

/* --- the operator's numbers --- */

/* A list has one item at least where it has any, so its limit is at least 1. */
static enum dc_code
check_list(const struct project_quota *q, struct dc_error *err)
{
	bool list = strcmp(q->type.v, kinds[QUOTA_LOCAL_SUBNETS].name) == 0 ||
		    strcmp(q->type.v, kinds[QUOTA_REMOTE_SUBNETS].name) == 0;

	return !list || (q->quota.v >= 1 && q->quota.v <= 1000)
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, "quota.quota", "quota.quota must be from 1 to 1000 for the type %s",
			 q->type.v);
}

static enum dc_code
quota_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	const struct project_quota *q = row;
	int64_t found;
	enum dc_code rc;

	(void)call;
	if ((rc = check_list(q, err)) != DC_OK ||
	    (rc = project_check(tx, q->project_id.v, "quota.project_id", err)) != DC_OK ||
	    (rc = query_count(tx, &project_quota_table, Q(Q_EQ("project_id", q->project_id.v), Q_EQ("type", q->type.v)),
		 &found, err)) != DC_OK)
		return rc;
	return found == 0 ? DC_OK
			  : dc_fail(err, DC_E_PARAM, "quota.type", "quota.type: the project has a quota of %s already",
				q->type.v);
}

static enum dc_code
quota_update(struct tx *tx, struct call *call, const void *old, const void *patch, void *row, struct dc_error *err)
{
	(void)tx;
	(void)call;
	(void)old;
	(void)patch;
	return check_list(row, err);
}

static enum dc_code
quota_chain(struct tx *tx, struct call *call, void *row, struct lock_set *locks, struct dc_error *err)
{
	const struct project_quota *q = row;

	(void)tx;
	(void)call;
	(void)err;
	lock_want(locks, &project_table, q->project_id.v);
	return DC_OK;
}

#define PATH "/dcaas/v1/quotas"

static const struct route quota_routes[] = {
    {M_GET, "/v3/{project_id}/dcaas/quotas", ROLE_READER, .status = 201, .run = show_quotas,
	.answer_table = &quota_answer_table, .query_table = &quota_query_table, .operation = "ShowQuotas",
	.summary = "Read limits and use of the project."},
    {M_GET, PATH, ROLE_OPERATOR, .res = &project_quota_resource, .run = crud_list, .operation = "ListQuotas",
	.summary = "List the quotas of single projects."},
    {M_POST, PATH, ROLE_OPERATOR, ROUTE_WRITES, &project_quota_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateQuota", .summary = "Set a quota of one project."},
    {M_GET, PATH "/{quota_id}", ROLE_OPERATOR, .res = &project_quota_resource, .run = crud_show,
	.operation = "ShowQuota", .summary = "Read one quota of a project."},
    {M_PUT, PATH "/{quota_id}", ROLE_OPERATOR, ROUTE_WRITES, &project_quota_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateQuota", .summary = "Change a quota of one project."},
    {M_DELETE, PATH "/{quota_id}", ROLE_OPERATOR, ROUTE_WRITES, &project_quota_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteQuota", .summary = "Return a project to the server's setting."},
    {0},
};

const struct resource project_quota_resource = {
    .name = "quota",
    .plural = "quotas",
    .title = "quota",
    .identity = "project_id|type",
    .table = &project_quota_table,
    .missing = DC_E_NOT_FOUND,
    .routes = quota_routes,
    .chain = quota_chain,
    .create = quota_create,
    .update = quota_update,
};
