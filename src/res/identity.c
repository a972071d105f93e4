/* SPDX-License-Identifier: ISC */
/* identity.c - domains, projects, users and access keys, kept by the operator. The tables are auth's; here are
 * references, the words for what is refused, and what a change ends: a user whose role, password or enabled changes
 * loses the tokens issued before. */
#include "res/identity.h"

#include <string.h>

#include "api/crud.h"
#include "auth/bootstrap.h"
#include "auth/password.h"
#include "auth/token.h"

/* --- domain --- */

static const struct route domain_routes[] = {
    {M_GET, "/dcaas/v1/domains", ROLE_OPERATOR, .res = &domain_resource, .run = crud_list, .operation = "ListDomains",
	.summary = "List the domains (accounts)."},
    {M_POST, "/dcaas/v1/domains", ROLE_OPERATOR, ROUTE_WRITES, &domain_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateDomain", .summary = "Make a domain."},
    {M_GET, "/dcaas/v1/domains/{domain_id}", ROLE_OPERATOR, .res = &domain_resource, .run = crud_show,
	.operation = "ShowDomain", .summary = "Read one domain."},
    {M_PUT, "/dcaas/v1/domains/{domain_id}", ROLE_OPERATOR, ROUTE_WRITES, &domain_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateDomain", .summary = "Rename a domain."},
    {M_DELETE, "/dcaas/v1/domains/{domain_id}", ROLE_OPERATOR, ROUTE_WRITES, &domain_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteDomain", .summary = "Delete a domain without projects and users."},
    {0},
};

const struct resource domain_resource = {
    .name = "domain",
    .plural = "domains",
    .title = "domain",
    .table = &domain_table,
    .missing = DC_E_NOT_FOUND,
    .routes = domain_routes,
};

/* A row that a member of the body names. */
static enum dc_code
named(struct tx *tx, const struct resource *res, const char *id, const char *member, void **ret, struct dc_error *err)
{
	enum dc_code rc = query_get(tx, res->table, Q(Q_EQ("id", id)), ret, err);

	if (rc != DC_E_NOT_FOUND)
		return rc;
	return dc_fail(err, DC_E_NOT_FOUND, member, "%s: the %s %s does not exist", member, res->title, id);
}

static enum dc_code
check_domain(struct tx *tx, const struct f_text *id, const char *member, struct dc_error *err)
{
	void *row;

	return named(tx, &domain_resource, id->v, member, &row, err);
}

/* --- project --- */

static enum dc_code
project_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct project_row *p = row;

	if (p->domain_id.set != GIVEN)
		F_SET_TEXT(p->domain_id, call->who.domain_id);
	return check_domain(tx, &p->domain_id, "project.domain_id", err);
}

static const struct route project_routes[] = {
    {M_GET, "/dcaas/v1/projects", ROLE_OPERATOR, .res = &project_resource, .run = crud_list,
	.operation = "ListProjects", .summary = "List the projects."},
    {M_POST, "/dcaas/v1/projects", ROLE_OPERATOR, ROUTE_WRITES, &project_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateProject", .summary = "Make a project."},
    {M_GET, "/dcaas/v1/projects/{project_id}", ROLE_OPERATOR, .res = &project_resource, .run = crud_show,
	.operation = "ShowProject", .summary = "Read one project."},
    {M_PUT, "/dcaas/v1/projects/{project_id}", ROLE_OPERATOR, ROUTE_WRITES, &project_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateProject", .summary = "Rename a project."},
    {M_DELETE, "/dcaas/v1/projects/{project_id}", ROLE_OPERATOR, ROUTE_WRITES, &project_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteProject", .summary = "Delete a project that nothing belongs to."},
    {0},
};

const struct resource project_resource = {
    .name = "project",
    .plural = "projects",
    .title = "project",
    .table = &project_table,
    .missing = DC_E_NOT_FOUND,
    .routes = project_routes,
    .create = project_create,
};

/* --- user --- */

/* Hashing takes tens of milliseconds, so it is done before the transaction. */
static enum dc_code
user_prepare(struct call *call, struct dc_error *err)
{
	const struct user_row *body = call->body;
	const char *hash;
	enum dc_code rc;

	if (body->password.set != GIVEN)
		return DC_OK;
	if ((rc = password_hash(body->password.v, call->arena, &hash, err)) == DC_OK)
		call->prepared = hash;
	return rc;
}

/* A forgotten project_id must not make a member of every tenant's project. An operator is one of all in any case. */
static enum dc_code
check_reach(const struct user_row *u, struct dc_error *err)
{
	bool all = u->all_projects.set == GIVEN && u->all_projects.v;

	if (u->project_id.set == GIVEN)
		return !all ? DC_OK
			    : dc_fail(err, DC_E_PARAM, "user.all_projects",
				  "user.all_projects and user.project_id exclude each other");
	if (all || role_parse(u->role.v) == ROLE_OPERATOR)
		return DC_OK;
	return dc_fail(err, DC_E_PARAM, "user.project_id",
	    "user.project_id is needed, or user.all_projects: true for a user of every project of the domain");
}

/* A user bound to a project belongs to its domain. */
static enum dc_code
user_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct user_row *u = row;
	const struct project_row *project;
	void *found = NULL;
	enum dc_code rc;

	if (call->prepared != NULL)
		F_SET_TEXT(u->password_hash, call->prepared);
	if ((rc = check_reach(u, err)) != DC_OK)
		return rc;
	if (u->project_id.set == GIVEN) {
		if ((rc = named(tx, &project_resource, u->project_id.v, "user.project_id", &found, err)) != DC_OK)
			return rc;
		project = found;
		if (u->domain_id.set != GIVEN)
			F_SET_TEXT(u->domain_id, project->domain_id.v);
		if (strcmp(u->domain_id.v, project->domain_id.v) != 0)
			return dc_fail(err, DC_E_PARAM, "user.project_id",
			    "user.project_id: the project belongs to another domain than user.domain_id");
		return DC_OK;
	}
	if (u->domain_id.set != GIVEN)
		F_SET_TEXT(u->domain_id, call->who.domain_id);
	return check_domain(tx, &u->domain_id, "user.domain_id", err);
}

/* So that there is always an operator left who can undo it. */
static enum dc_code
not_oneself(
    const struct call *call, const struct user_row *u, const char *member, const char *what, struct dc_error *err)
{
	if (call->who.user_id == NULL || strcmp(call->who.user_id, u->id.v) != 0)
		return DC_OK;
	return dc_fail(err, DC_E_PARAM, member, "Operators cannot %s their own user: another operator has to", what);
}

static enum dc_code
user_update(struct tx *tx, struct call *call, const void *old, const void *patch, void *row, struct dc_error *err)
{
	const struct user_row *from = old;
	struct user_row *u = row;
	enum dc_code rc;

	(void)tx;
	(void)patch;
	if (call->prepared != NULL)
		F_SET_TEXT(u->password_hash, call->prepared);
	if (!u->enabled.v && (rc = not_oneself(call, u, "user.enabled", "disable", err)) != DC_OK)
		return rc;
	if (strcmp(from->role.v, u->role.v) != 0)
		return not_oneself(call, u, "user.role", "change the role of", err);
	return DC_OK;
}

static enum dc_code
user_updated(struct tx *tx, struct call *call, const void *old, void *row, struct dc_error *err)
{
	const struct user_row *from = old, *u = row;

	(void)call;
	if (u->password.set != GIVEN && from->enabled.v == u->enabled.v && strcmp(from->role.v, u->role.v) == 0)
		return DC_OK;
	return token_revoke_user(tx, u->id.v, err);
}

static enum dc_code
user_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	(void)tx;
	return not_oneself(call, row, NULL, "delete", err);
}

static const struct route user_routes[] = {
    {M_GET, "/dcaas/v1/users", ROLE_OPERATOR, .res = &user_resource, .run = crud_list, .operation = "ListUsers",
	.summary = "List the users."},
    {M_POST, "/dcaas/v1/users", ROLE_OPERATOR, ROUTE_WRITES, &user_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateUser", .summary = "Make a user.", .prepare = user_prepare,
	.lane = LANE_OPERATOR},
    {M_GET, "/dcaas/v1/users/{user_id}", ROLE_OPERATOR, .res = &user_resource, .run = crud_show,
	.operation = "ShowUser", .summary = "Read one user."},
    {M_PUT, "/dcaas/v1/users/{user_id}", ROLE_OPERATOR, ROUTE_WRITES, &user_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateUser",
	.summary = "Change a user; a new role or password, or disabling, ends the user's tokens.",
	.prepare = user_prepare, .lane = LANE_OPERATOR},
    {M_DELETE, "/dcaas/v1/users/{user_id}", ROLE_OPERATOR, ROUTE_WRITES, &user_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteUser", .summary = "Delete a user with its keys and tokens."},
    {0},
};

const struct resource user_resource = {
    .name = "user",
    .plural = "users",
    .title = "user",
    .table = &user_table,
    .missing = DC_E_NOT_FOUND,
    .routes = user_routes,
    .create = user_create,
    .update = user_update,
    .updated = user_updated,
    .remove = user_remove,
};

/* --- access key --- */

/* What an Authorization header can carry between "Access=" and the comma. */
static bool
access_key_ok(const char *s)
{
	for (; *s != '\0'; s++) {
		bool alnum = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');

		if (!alnum && *s != '-' && *s != '_')
			return false;
	}
	return true;
}

static bool
user_may_use(const struct user_row *user, const struct project_row *project)
{
	if (user->project_id.v != NULL)
		return strcmp(user->project_id.v, project->id.v) == 0;
	return strcmp(user->domain_id.v, project->domain_id.v) == 0 || role_parse(user->role.v) == ROLE_OPERATOR;
}

static enum dc_code
key_check_project(struct tx *tx, const struct key_row *k, const struct user_row *user, struct dc_error *err)
{
	void *project;
	enum dc_code rc;

	if (k->project_id.set != GIVEN)
		return DC_OK;
	rc = named(tx, &project_resource, k->project_id.v, "access_key.project_id", &project, err);
	if (rc != DC_OK || user_may_use(user, project))
		return rc;
	return dc_fail(
	    err, DC_E_PARAM, "access_key.project_id", "access_key.project_id: the user may not use this project");
}

static enum dc_code
key_check_role(const struct key_row *k, const struct user_row *user, struct dc_error *err)
{
	if (k->role.set != GIVEN || role_parse(k->role.v) <= role_parse(user->role.v))
		return DC_OK;
	return dc_fail(
	    err, DC_E_PARAM, "access_key.role", "access_key.role cannot be more than the user's: %s", user->role.v);
}

static void
key_fill(struct tx *tx, struct key_row *k)
{
	struct access_key made;

	access_key_new(tx_arena(tx), &made);
	if (k->access_key.set != GIVEN)
		F_SET_TEXT(k->access_key, made.access_key);
	if (k->secret_key.set != GIVEN)
		F_SET_TEXT(k->secret_key, made.secret_key);
}

static enum dc_code
key_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct key_row *k = row;
	void *user;
	enum dc_code rc;

	(void)call;
	if ((rc = named(tx, &user_resource, k->user_id.v, "access_key.user_id", &user, err)) != DC_OK ||
	    (rc = key_check_project(tx, k, user, err)) != DC_OK || (rc = key_check_role(k, user, err)) != DC_OK)
		return rc;
	key_fill(tx, k);
	return access_key_ok(k->access_key.v) ? DC_OK
					      : dc_fail(err, DC_E_PARAM, "access_key.access_key",
						    "access_key.access_key may hold letters, digits, - and _ only");
}

static enum dc_code
key_update(struct tx *tx, struct call *call, const void *old, const void *patch, void *row, struct dc_error *err)
{
	const struct key_row *k = row;
	void *user;
	enum dc_code rc;

	(void)call;
	(void)old;
	(void)patch;
	rc = named(tx, &user_resource, k->user_id.v, "access_key.user_id", &user, err);
	return rc == DC_OK ? key_check_role(k, user, err) : rc;
}

static const struct route key_routes[] = {
    {M_GET, "/dcaas/v1/access-keys", ROLE_OPERATOR, .res = &key_resource, .run = crud_list,
	.operation = "ListAccessKeys", .command = "user-key list",
	.summary = "List the access keys, without their secrets."},
    {M_POST, "/dcaas/v1/access-keys", ROLE_OPERATOR, ROUTE_WRITES, &key_resource, VIEW_OP_CREATE,
	.answer = VIEW_CREATED, .status = 201, .run = crud_create, .operation = "CreateAccessKey",
	.command = "user-key create", .summary = "Make an access key; only this answer shows the secret key."},
    {M_GET, "/dcaas/v1/access-keys/{access_key_id}", ROLE_OPERATOR, .res = &key_resource, .run = crud_show,
	.operation = "ShowAccessKey", .command = "user-key show",
	.summary = "Read one access key, without its secret."},
    {M_PUT, "/dcaas/v1/access-keys/{access_key_id}", ROLE_OPERATOR, ROUTE_WRITES, &key_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateAccessKey", .command = "user-key update",
	.summary = "Enable, disable or describe an access key, or change its role."},
    {M_DELETE, "/dcaas/v1/access-keys/{access_key_id}", ROLE_OPERATOR, ROUTE_WRITES, &key_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteAccessKey", .command = "user-key delete",
	.summary = "Delete an access key."},
    {0},
};

const struct resource key_resource = {
    .name = "access_key",
    .plural = "access_keys",
    .title = "access key",
    .identity = "access_key",
    .table = &key_table,
    .missing = DC_E_NOT_FOUND,
    .routes = key_routes,
    .create = key_create,
    .update = key_update,
};
