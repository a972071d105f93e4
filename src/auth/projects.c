/* SPDX-License-Identifier: ISC */
#include "auth/projects.h"

#include "store/query.h"

static enum dc_code
list(struct tx *tx, const struct project_scope *scope, struct project_row **rows, size_t *n, struct dc_error *err)
{
	const struct query_cond *bound = Q(Q_EQ("id", scope->project_id));
	const struct query_cond *domain = Q(Q_EQ("domain_id", scope->domain_id));
	void *all = NULL;
	enum dc_code rc;

	rc = query_list(tx, &project_table, scope->project_id != NULL ? bound : domain, NULL, &all, n, err);
	if (rc == DC_OK)
		*rows = all;
	return rc;
}

enum dc_code
projects_of(struct tx *tx, const struct project_scope *scope, const char *name, const char *region,
    struct project_row **rows, size_t *n, struct dc_error *err)
{
	struct project_row *all;
	size_t all_n = 0, found = 0;
	enum dc_code rc;

	if ((rc = list(tx, scope, &all, &all_n, err)) != DC_OK)
		return rc;
	if (name == NULL) {
		*rows = all;
		*n = all_n;
		return DC_OK;
	}
	if (all_n == 1 && strcmp(name, region) == 0)
		F_SET_TEXT(all[0].name, region);
	for (size_t i = 0; i < all_n; i++)
		if (strcmp(all[i].name.v, name) == 0)
			all[found++] = all[i];
	*rows = all;
	*n = found;
	return DC_OK;
}

enum dc_code
projects_check(
    struct tx *tx, const struct project_scope *scope, enum role role, const char *project_id, struct dc_error *err)
{
	void *row;
	const struct project_row *project;
	enum dc_code rc;

	if (scope->project_id != NULL && strcmp(scope->project_id, project_id) == 0)
		return DC_OK;
	rc = query_get(tx, &project_table, Q(Q_EQ("id", project_id)), &row, err);
	if (rc != DC_OK && rc != DC_E_NOT_FOUND)
		return rc;
	if (rc == DC_OK) {
		project = row;
		if (role == ROLE_OPERATOR ||
		    (scope->project_id == NULL && strcmp(project->domain_id.v, scope->domain_id) == 0))
			return DC_OK;
	}
	return dc_fail(err, DC_E_FORBIDDEN, "project_id", "The project in the path is not the caller's");
}
