/* SPDX-License-Identifier: ISC */
#include "dcaasd/iam.h"

#include <string.h>

#include "api/api.h"
#include "auth/keystone.h"
#include "auth/projects.h"
#include "auth/token.h"
#include "res/res.h"

/* The server as this client reached it: "http://host:port", in the call's arena. NULL without a Host. */
static const char *
endpoint_of(const struct call *call)
{
	const char *host = call_header(call, "Host");

	if (host == NULL || host[0] == '\0')
		return NULL;
	return arena_printf(call->arena, "%s://%s", api_get_options(call->api)->tls != NULL ? "https" : "http", host);
}

static const char *
region_of(const struct call *call)
{
	return res_settings(call)->region_id;
}

/* --- tokens --- */

/* Where Keystone issues them, none is made or looked at here: no password of Keystone's passes through this server. */
static enum dc_code
check_issuer(const struct call *call, struct dc_error *err)
{
	const struct keystone *keystone = api_get_options(call->api)->auth.keystone;

	if (keystone == NULL)
		return DC_OK;
	return dc_fail(err, DC_E_FORBIDDEN, NULL,
	    "Tokens of this service are issued and shown by Keystone, at %s/auth/tokens", keystone_url(keystone));
}

/* In the name of the request's user; an operator's does not queue behind everybody's. */
static enum route_lane
token_queue(struct call *call, const char **name)
{
	struct token_claim claim = {0};
	struct dc_error err = {0};

	*name = "";
	if (token_claim(api_get_options(call->api)->store, call->body, call->arena, &claim, &err) != DC_OK)
		return LANE_LOGIN;
	*name = claim.name;
	return claim.by_operator ? LANE_OPERATOR : LANE_LOGIN;
}

/* Verifying a password takes tens of milliseconds: before the transaction. */
static enum dc_code
token_prepare(struct call *call, struct dc_error *err)
{
	struct token_login *login = arena_new_of(call->arena, struct token_login);
	enum dc_code rc;

	if ((rc = check_issuer(call, err)) != DC_OK)
		return rc;
	rc = token_login(api_get_options(call->api)->store, call->body, call->arena, login, err);
	/* For log and events, also of a wrong password. */
	call->who.user_id = login->user_id;
	call->who.user_name = login->user_name;
	if (rc == DC_OK)
		call->prepared = login;
	return rc;
}

struct token_answer {
	const struct token_info *info;
	const struct call *call;
};

static void
fill_token(struct json *out, const void *arg)
{
	const struct token_answer *a = arg;

	jw_key(out, "token");
	token_describe(a->info, region_of(a->call), endpoint_of(a->call), out);
}

static void
answer_token(struct call *call, const struct token_info *info, const char *text)
{
	const struct token_answer answer = {info, call};

	call_answer(call, fill_token, &answer);
	call->subject_token = text;
}

static enum dc_code
create_token(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct token_info info;
	const char *text;
	enum dc_code rc;

	rc = token_issue(tx, call->body, call->prepared, region_of(call), call->arena, &text, &info, err);
	if (rc != DC_OK)
		return rc;
	call->who.credential_id = info.token.id.v;
	call->who.user_name = arena_strdup(call->arena, info.user.name.v);
	answer_token(call, &info, text);
	return DC_OK;
}

/* The token that the call is about; a caller may look at the caller's own tokens, an operator at any. */
static enum dc_code
subject(struct tx *tx, const struct call *call, const char **ret_text, struct token_info *ret, struct dc_error *err)
{
	const char *text = call_header(call, "X-Subject-Token");
	enum dc_code rc = check_issuer(call, err);

	if (rc != DC_OK)
		return rc;
	if (text == NULL || text[0] == '\0')
		return dc_fail(err, DC_E_PARAM, "X-Subject-Token", "The header X-Subject-Token is needed");
	if ((rc = token_show(tx, text, ret, err)) != DC_OK)
		return rc;
	if (call->who.role != ROLE_OPERATOR && strcmp(ret->token.user_id.v, call->who.user_id) != 0)
		return dc_missing(err, DC_E_NOT_FOUND, "The token does not exist or is over");
	*ret_text = text;
	return DC_OK;
}

static enum dc_code
show_token(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct token_info info;
	const char *text;
	enum dc_code rc = subject(tx, call, &text, &info, err);

	if (rc == DC_OK)
		answer_token(call, &info, text);
	return rc;
}

static enum dc_code
delete_token(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct token_info info;
	const char *text;
	enum dc_code rc = subject(tx, call, &text, &info, err);

	return rc == DC_OK ? token_revoke(tx, text, err) : rc;
}

/* --- lists: one array each, and the links that pagers look for --- */

static void
write_links(struct json *out, const struct call *call)
{
	jw_key(out, "links");
	jw_object_begin(out);
	jw_member_string(out, "self",
	    arena_printf(call->arena, "%s%s", endpoint_of(call) != NULL ? endpoint_of(call) : "", call->raw_path));
	jw_member_string(out, "previous", NULL);
	jw_member_string(out, "next", NULL);
	jw_object_end(out);
}

struct iam_list {
	const struct call *call;
	const void *rows;
	size_t n;
};

static bool
is_wanted(const struct call *call, const char *parameter, const char *value)
{
	const char *wanted = call_query(call, parameter, 0);

	return wanted == NULL || strcmp(wanted, value) == 0;
}

static void
fill_projects(struct json *out, const void *arg)
{
	const struct iam_list *list = arg;
	const struct project_row *rows = list->rows;

	write_links(out, list->call);
	jw_key(out, "projects");
	jw_array_begin(out);
	for (size_t i = 0; i < list->n; i++) {
		if (!is_wanted(list->call, "domain_id", rows[i].domain_id.v))
			continue;
		jw_object_begin(out);
		jw_member_string(out, "id", rows[i].id.v);
		jw_member_string(out, "name", rows[i].name.v);
		jw_member_string(out, "domain_id", rows[i].domain_id.v);
		jw_member_string(out, "parent_id", rows[i].domain_id.v);
		jw_member_string(out, "description", rows[i].description.v != NULL ? rows[i].description.v : "");
		jw_member_bool(out, "is_domain", false);
		jw_member_bool(out, "enabled", true);
		jw_object_end(out);
	}
	jw_array_end(out);
}

static enum dc_code
list_projects(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct project_scope scope = {.domain_id = call->who.domain_id, .project_id = call->who.project_id};
	struct iam_list list = {.call = call};
	struct project_row *rows;
	enum dc_code rc = projects_of(tx, &scope, call_query(call, "name", 0), region_of(call), &rows, &list.n, err);

	if (rc != DC_OK)
		return rc;
	list.rows = rows;
	call_answer(call, fill_projects, &list);
	return DC_OK;
}

static void
fill_domains(struct json *out, const void *arg)
{
	const struct iam_list *list = arg;
	const struct domain_row *rows = list->rows;

	write_links(out, list->call);
	jw_key(out, "domains");
	jw_array_begin(out);
	for (size_t i = 0; i < list->n; i++) {
		if (!is_wanted(list->call, "name", rows[i].name.v))
			continue;
		jw_object_begin(out);
		jw_member_string(out, "id", rows[i].id.v);
		jw_member_string(out, "name", rows[i].name.v);
		jw_member_bool(out, "enabled", true);
		jw_object_end(out);
	}
	jw_array_end(out);
}

static enum dc_code
list_domains(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct iam_list list = {.call = call};
	void *rows;
	enum dc_code rc = query_list(tx, &domain_table, Q(Q_EQ("id", call->who.domain_id)), NULL, &rows, &list.n, err);

	if (rc != DC_OK)
		return rc;
	list.rows = rows;
	call_answer(call, fill_domains, &list);
	return DC_OK;
}

static void
fill_users(struct json *out, const void *arg)
{
	const struct iam_list *list = arg;
	const struct user_row *rows = list->rows;

	write_links(out, list->call);
	jw_key(out, "users");
	jw_array_begin(out);
	for (size_t i = 0; i < list->n; i++) {
		if (!is_wanted(list->call, "name", rows[i].name.v))
			continue;
		jw_object_begin(out);
		jw_member_string(out, "id", rows[i].id.v);
		jw_member_string(out, "name", rows[i].name.v);
		jw_member_string(out, "domain_id", rows[i].domain_id.v);
		jw_member_bool(out, "enabled", rows[i].enabled.v);
		jw_object_end(out);
	}
	jw_array_end(out);
}

/* A caller sees the caller's own user, an operator all users of the operator's domain. */
static enum dc_code
list_users(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct query_cond *own = Q(Q_EQ("id", call->who.user_id));
	const struct query_cond *domain = Q(Q_EQ("domain_id", call->who.domain_id));
	struct iam_list list = {.call = call};
	void *rows;
	enum dc_code rc =
	    query_list(tx, &user_table, call->who.role == ROLE_OPERATOR ? domain : own, NULL, &rows, &list.n, err);

	if (rc != DC_OK)
		return rc;
	list.rows = rows;
	call_answer(call, fill_users, &list);
	return DC_OK;
}

/* --- the catalog --- */

struct catalog {
	const struct call *call;
	const char *project_id;
};

/* NULL: at this server. */
static const char *
identity_of(const struct call *call)
{
	const struct keystone *keystone = api_get_options(call->api)->auth.keystone;

	return keystone != NULL ? keystone_url(keystone) : NULL;
}

static void
fill_catalog(struct json *out, const void *arg)
{
	const struct catalog *a = arg;

	write_links(out, a->call);
	token_catalog(region_of(a->call), endpoint_of(a->call), identity_of(a->call), a->project_id, out);
}

/* Of the project that the client names, as clients with several do when they sign; else of the caller's own. */
static enum dc_code
show_catalog(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct project_scope scope = {.domain_id = call->who.domain_id, .project_id = call->who.project_id};
	const char *named = call_header(call, "X-Project-Id");
	const struct catalog catalog = {call, named != NULL && named[0] != '\0' ? named : call->who.project_id};
	enum dc_code rc =
	    catalog.project_id == NULL ? DC_OK : projects_check(tx, &scope, call->who.role, catalog.project_id, err);

	if (rc == DC_OK)
		call_answer(call, fill_catalog, &catalog);
	return rc;
}

/* --- version discovery --- */

static void
write_version(struct json *out, const struct call *call)
{
	const char *endpoint = endpoint_of(call);

	jw_object_begin(out);
	jw_member_string(out, "id", "v3.6");
	jw_member_string(out, "status", "stable");
	jw_key(out, "links");
	jw_array_begin(out);
	jw_object_begin(out);
	jw_member_string(out, "rel", "self");
	jw_member_string(out, "href", arena_printf(call->arena, "%s/v3/", endpoint != NULL ? endpoint : ""));
	jw_object_end(out);
	jw_array_end(out);
	jw_object_end(out);
}

static void
fill_versions(struct json *out, const void *arg)
{
	jw_key(out, "versions");
	jw_object_begin(out);
	jw_key(out, "values");
	jw_array_begin(out);
	write_version(out, arg);
	jw_array_end(out);
	jw_object_end(out);
}

static void
fill_version(struct json *out, const void *arg)
{
	jw_key(out, "version");
	write_version(out, arg);
}

static enum dc_code
list_versions(struct tx *tx, struct call *call, struct dc_error *err)
{
	(void)tx;
	(void)err;
	call_answer(call, fill_versions, call);
	return DC_OK;
}

static enum dc_code
show_version(struct tx *tx, struct call *call, struct dc_error *err)
{
	(void)tx;
	(void)err;
	call_answer(call, fill_version, call);
	return DC_OK;
}

#define IAM ROUTE_ANY_PROJECT | ROUTE_HIDDEN

const struct route iam_routes[] = {
    {M_POST, "/v3/auth/tokens", ROLE_NONE, ROUTE_OPEN | ROUTE_WRITES | ROUTE_HIDDEN | ROUTE_FOR_ANSWER,
	.view = VIEW_CREATE, .body_table = &token_request_table, .envelope = "auth", .status = 201, .run = create_token,
	.operation = "CreateToken", .summary = "Issue a token for a password or another token.",
	.prepare = token_prepare, .queue = token_queue},
    {M_GET, "/v3/auth/tokens", ROLE_READER, IAM, .run = show_token, .operation = "ShowToken",
	.summary = "Show the token in X-Subject-Token."},
    {M_DELETE, "/v3/auth/tokens", ROLE_READER, IAM | ROUTE_WRITES, .status = 204, .run = delete_token,
	.operation = "DeleteToken", .summary = "Revoke the token in X-Subject-Token."},
    {M_GET, "/v3/projects", ROLE_READER, IAM, .run = list_projects, .operation = "ListIamProjects",
	.summary = "Projects that the caller may use."},
    {M_GET, "/v3/auth/projects", ROLE_READER, IAM, .run = list_projects, .operation = "ListAuthProjects",
	.summary = "Projects that the caller may use."},
    {M_GET, "/v3/auth/domains", ROLE_READER, IAM, .run = list_domains, .operation = "ListAuthDomains",
	.summary = "The caller's domain."},
    {M_GET, "/v3/auth/catalog", ROLE_READER, IAM, .run = show_catalog, .operation = "ShowAuthCatalog",
	.summary = "Where the services of the caller's project are."},
    {M_GET, "/v3/users", ROLE_READER, IAM, .run = list_users, .operation = "ListIamUsers",
	.summary = "The caller; for an operator all users of the domain."},
    {M_GET, "/", ROLE_NONE, ROUTE_OPEN | ROUTE_HIDDEN, .run = list_versions, .operation = "ListVersions",
	.summary = "Versions of the identity API."},
    {M_GET, "/v3", ROLE_NONE, ROUTE_OPEN | ROUTE_HIDDEN, .run = show_version, .operation = "ShowVersion",
	.summary = "This version of the identity API."},
    {0},
};
