/* SPDX-License-Identifier: ISC */
/* project_pair.c - the operator's pairs of projects: the gateways of both may be linked, whichever project orders. A
 * pair that goes ends no link. */
#include "res/project_pair.h"

#include <string.h>

#include "api/crud.h"

struct project_pair {
	struct f_text id, project_id, peer_project_id, low, high, description;
	struct f_int created_time;
};

static const struct field_column list_columns[] = {
    {.title = "project", .member = "project_id"},
    {.title = "and project", .member = "peer_project_id"},
    {.member = "description"},
    {0},
};

const struct field_table project_pair_table = {
    .name = "ProjectPair",
    .sql = "project_pair",
    .constraints =
	(const struct constraint[]){
	    {"project_pair_low_high_key", DC_E_PARAM, "project_pair.peer_project_id",
		"the two projects are a pair already"},
	    {"project_pair_project_id_fkey", DC_E_NOT_FOUND, "project_pair.project_id", "the project does not exist"},
	    {"project_pair_peer_project_id_fkey", DC_E_NOT_FOUND, "project_pair.peer_project_id",
		"the project does not exist"},
	    {.name = NULL},
	},
    .end = END_WITH_OTHERS,
    .size = sizeof(struct project_pair),
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(project_pair, id), .kind = F_UUID, .may = OP_R, .must = VIEW_OP_ANSWER, .doc = "Identifier."},
	    {AT(project_pair, project_id), .fixed = true, .ref = "project", .example = "acme", .kind = F_HEX32,
		.may = OP_CR, .must = VIEW_OP_CREATE | VIEW_OP_ANSWER, .filter = true, .cli = true,
		.doc = "One of the projects."},
	    {AT(project_pair, peer_project_id), .fixed = true, .ref = "project", .example = "globex", .kind = F_HEX32,
		.may = OP_CR, .must = VIEW_OP_CREATE | VIEW_OP_ANSWER, .filter = true, .cli = true,
		.doc = "The other one."},
	    {AT(project_pair, description), .kind = F_TEXT, .max = 255, .may = OP_CR, .fallback = "\"\"", .cli = true,
		.doc = "Free text."},
	    {AT(project_pair, created_time), .kind = F_TIME, .may = OP_R, .must = VIEW_OP_ANSWER, .sort = true,
		.doc = "When it was entered."},
	    {AT(project_pair, low), .kind = F_HEX32, .doc = "Project with the lower id."},
	    {AT(project_pair, high), .kind = F_HEX32, .doc = "Project with the higher id."},
	    {0},
	},
};

static enum dc_code
count_pairs(struct tx *tx, const char *a, const char *b, int64_t *ret, struct dc_error *err)
{
	bool first = strcmp(a, b) < 0;

	return query_count(
	    tx, &project_pair_table, Q(Q_EQ("low", first ? a : b), Q_EQ("high", first ? b : a)), ret, err);
}

static enum dc_code
project_pair_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct project_pair *p = row;
	bool first = strcmp(p->project_id.v, p->peer_project_id.v) < 0;
	int64_t found;
	enum dc_code rc;

	(void)call;
	if (strcmp(p->project_id.v, p->peer_project_id.v) == 0)
		return dc_fail(err, DC_E_PARAM, "project_pair.peer_project_id",
		    "project_pair.peer_project_id must be another project than project_id: the gateways of one project "
		    "may be linked in any case");
	if ((rc = project_check(tx, p->project_id.v, "project_pair.project_id", err)) != DC_OK ||
	    (rc = project_check(tx, p->peer_project_id.v, "project_pair.peer_project_id", err)) != DC_OK ||
	    (rc = count_pairs(tx, p->project_id.v, p->peer_project_id.v, &found, err)) != DC_OK)
		return rc;
	p->low = first ? p->project_id : p->peer_project_id;
	p->high = first ? p->peer_project_id : p->project_id;
	return found == 0 ? DC_OK
			  : dc_fail(err, DC_E_PARAM, "project_pair.peer_project_id",
				"project_pair.peer_project_id: the two projects are a pair already");
}

enum dc_code
project_pair_check(struct tx *tx, const struct call *call, const char *project, const char *peer, const char *member,
    struct dc_error *err)
{
	enum link_policy policy = res_settings(call)->links_across_projects;
	int64_t found = policy == LINKS_ALL ? 1 : 0;
	enum dc_code rc = policy == LINKS_LISTED ? count_pairs(tx, project, peer, &found, err) : DC_OK;

	if (rc != DC_OK || found > 0)
		return rc;
	return dc_fail(err, DC_E_POLICY, member,
	    "%s: the operator of this service does not allow a link between the two projects", member);
}

#define PATH "/dcaas/v1/project-pairs"

static const struct route project_pair_routes[] = {
    {M_GET, PATH, ROLE_OPERATOR, .res = &project_pair_resource, .run = crud_list, .operation = "ListProjectPairs",
	.summary = "List the pairs of projects whose gateways may be linked."},
    {M_POST, PATH, ROLE_OPERATOR, ROUTE_WRITES, &project_pair_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateProjectPair",
	.summary = "Let the gateways of two projects be linked, where peer_links_across_projects is listed."},
    {M_GET, PATH "/{project_pair_id}", ROLE_OPERATOR, .res = &project_pair_resource, .run = crud_show,
	.operation = "ShowProjectPair", .summary = "Read one pair of projects."},
    {M_DELETE, PATH "/{project_pair_id}", ROLE_OPERATOR, ROUTE_WRITES, &project_pair_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteProjectPair",
	.summary = "Allow no further links between two projects; links that are there stay."},
    {0},
};

const struct resource project_pair_resource = {
    .name = "project_pair",
    .plural = "project_pairs",
    .title = "pair of projects",
    .identity = "project_id|peer_project_id",
    .table = &project_pair_table,
    .missing = DC_E_NOT_FOUND,
    .routes = project_pair_routes,
    .create = project_pair_create,
};
