/* SPDX-License-Identifier: ISC */
#include "auth/token.h"

#include <assert.h>

#include "auth/password.h"
#include "auth/projects.h"
#include "store/due.h"
#include "store/query.h"

#define EXPIRY_PAUSE_MS 60000 /* at least, between two looks for tokens that have ended */
#define FAILED "Incorrect IAM authentication information: "

static const void *
object(const struct f_objects *o)
{
	return o->set == GIVEN && o->n > 0 ? o->v : NULL;
}

/* A member that the table requires. */
static const void *
given(const struct f_objects *o)
{
	assert(o->set == GIVEN && o->n == 1);
	return o->v;
}

/* The id of a domain named by id or name; *ret NULL when there is none. fallback: when neither was given. */
static enum dc_code
domain_id(struct tx *tx, const struct token_domain *in, const char *fallback, const char **ret, struct dc_error *err)
{
	struct domain_row row;
	bool found;
	enum dc_code rc;

	*ret = fallback;
	if (in == NULL || (in->id.v == NULL && in->name.v == NULL))
		return DC_OK;
	rc = in->id.v != NULL ? auth_find(tx, &domain_table, Q(Q_EQ("id", in->id.v)), &row, &found, err)
			      : auth_find(tx, &domain_table, Q(Q_EQ("name", in->name.v)), &row, &found, err);
	if (rc == DC_OK)
		*ret = found ? row.id.v : NULL;
	return rc;
}

static enum dc_code
find_user(struct tx *tx, const struct token_user *in, struct user_row *ret, bool *found, struct dc_error *err)
{
	const char *domain;
	enum dc_code rc;

	*found = false;
	if (in->id.v != NULL)
		return auth_find(tx, &user_table, Q(Q_EQ("id", in->id.v)), ret, found, err);
	if (in->name.v == NULL)
		return DC_OK;
	if ((rc = domain_id(tx, object(&in->domain), NULL, &domain, err)) != DC_OK || domain == NULL)
		return rc;
	return auth_find(tx, &user_table, Q(Q_EQ("domain_id", domain), Q_EQ("name", in->name.v)), ret, found, err);
}

static enum dc_code
find_token(struct tx *tx, const char *text, struct token_row *ret, bool *found, struct dc_error *err)
{
	char hash[SHA256_HEX_SIZE];
	enum dc_code rc;

	auth_token_hash(text, hash);
	rc = auth_find(tx, &token_table, Q(Q_EQ("hash", hash)), ret, found, err);
	if (rc == DC_OK && *found && ret->expires_at.v <= tx_now(tx))
		*found = false;
	return rc;
}

struct login_job {
	const struct token_identity *in;
	struct arena *arena;
	struct token_login login; /* user_id NULL: nobody */
};

static enum dc_code
login_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct login_job *job = arg;
	const struct token_password *password = object(&job->in->password);
	const struct token_old *old;
	struct user_row user = {0};
	struct token_row token = {0};
	bool found;
	enum dc_code rc;

	job->login = (struct token_login){0};
	if (password != NULL) {
		if ((rc = find_user(tx, given(&password->user), &user, &found, err)) != DC_OK || !found)
			return rc;
		job->login.user_id = arena_strdup(job->arena, user.id.v);
		job->login.user_name = arena_strdup(job->arena, user.name.v);
		job->login.password_hash = arena_strdup(job->arena, user.password_hash.v);
		return DC_OK;
	}
	old = given(&job->in->token);
	if ((rc = find_token(tx, old->id.v, &token, &found, err)) != DC_OK || !found)
		return rc;
	job->login.user_id = arena_strdup(job->arena, token.user_id.v);
	job->login.until = token.expires_at.v;
	return DC_OK;
}

struct claim_job {
	const struct token_request *in;
	struct arena *arena;
	struct token_claim claim;
};

static enum dc_code
claim_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct claim_job *job = arg;
	const struct token_identity *identity = given(&job->in->identity);
	const struct token_password *password = object(&identity->password);
	const struct token_old *old = object(&identity->token);
	const struct token_user *named = password != NULL ? given(&password->user) : NULL;
	struct user_row user = {0};
	struct token_row token = {0};
	bool found = false;
	enum dc_code rc = DC_OK;

	job->claim = (struct token_claim){.name = ""};
	if (named != NULL) {
		job->claim.name = named->id.v != NULL ? named->id.v : named->name.v != NULL ? named->name.v : "";
		rc = find_user(tx, named, &user, &found, err);
	} else if (old != NULL && (rc = find_token(tx, old->id.v, &token, &found, err)) == DC_OK && found) {
		rc = auth_find(tx, &user_table, Q(Q_EQ("id", token.user_id.v)), &user, &found, err);
	}
	if (rc != DC_OK || !found)
		return rc;
	job->claim.name = arena_strdup(job->arena, user.id.v);
	job->claim.by_operator = role_parse(user.role.v) == ROLE_OPERATOR;
	return DC_OK;
}

enum dc_code
token_claim(struct store *store, const struct token_request *in, struct arena *arena, struct token_claim *ret,
    struct dc_error *err)
{
	struct claim_job job = {.in = in, .arena = arena};
	enum dc_code rc = store_read_wait(store, claim_run, &job, err);

	if (rc == DC_OK)
		*ret = job.claim;
	return rc;
}

enum dc_code
token_login(struct store *store, const struct token_request *in, struct arena *arena, struct token_login *ret,
    struct dc_error *err)
{
	struct login_job job = {.in = given(&in->identity), .arena = arena};
	const struct token_password *password = object(&job.in->password);
	const struct token_user *user;
	enum dc_code rc;

	if (password == NULL && object(&job.in->token) == NULL)
		return dc_fail(err, DC_E_PARAM, "auth.identity", "password or token is needed");
	if ((rc = store_read_wait(store, login_run, &job, err)) != DC_OK)
		return rc;
	*ret = job.login;
	if (password != NULL) {
		user = given(&password->user);
		if (!password_verify(user->password.v, job.login.password_hash))
			return dc_fail(err, DC_E_UNAUTHORIZED, NULL, FAILED "the user name or password is wrong");
	} else if (job.login.user_id == NULL)
		return dc_fail(err, DC_E_UNAUTHORIZED, NULL, FAILED "decrypt token fail");
	return DC_OK;
}

static enum dc_code
out_of_scope(struct dc_error *err)
{
	return dc_fail(err, DC_E_UNAUTHORIZED, "auth.scope", FAILED "the user has no access to this scope");
}

static enum dc_code
scope_project(struct tx *tx, const struct token_project *in, const struct user_row *user, const char *region,
    struct token_info *ret, struct dc_error *err)
{
	const struct project_scope scope = {.domain_id = user->domain_id.v, .project_id = user->project_id.v};
	struct project_row *rows;
	const char *domain;
	size_t n;
	bool found;
	enum dc_code rc;

	if (in->id.v != NULL) {
		if ((rc = projects_check(tx, &scope, role_parse(user->role.v), in->id.v, err)) != DC_OK)
			return rc == DC_E_FORBIDDEN ? out_of_scope(err) : rc;
		rc = auth_find(tx, &project_table, Q(Q_EQ("id", in->id.v)), &ret->project, &found, err);
		return rc == DC_OK && !found ? out_of_scope(err) : rc;
	}
	if (in->name.v == NULL)
		return dc_fail(err, DC_E_PARAM, "auth.scope.project", "id or name is needed");
	if ((rc = domain_id(tx, object(&in->domain), user->domain_id.v, &domain, err)) != DC_OK ||
	    (rc = projects_of(tx, &scope, in->name.v, region, &rows, &n, err)) != DC_OK)
		return rc;
	if (n != 1 || domain == NULL || strcmp(domain, rows[0].domain_id.v) != 0)
		return out_of_scope(err);
	ret->project = rows[0];
	return DC_OK;
}

static enum dc_code
resolve_scope(
    struct tx *tx, const struct token_scope *in, const char *region, struct token_info *ret, struct dc_error *err)
{
	const struct user_row *user = &ret->user;
	const struct token_project *project = in != NULL ? object(&in->project) : NULL;
	const struct token_domain *domain = in != NULL ? object(&in->domain) : NULL;
	const struct token_project own = {.id = user->project_id};
	const char *id;
	enum dc_code rc;

	if (project != NULL)
		return scope_project(tx, project, user, region, ret, err);
	if (domain == NULL)
		return user->project_id.v != NULL ? scope_project(tx, &own, user, region, ret, err) : DC_OK;
	if ((rc = domain_id(tx, domain, user->domain_id.v, &id, err)) != DC_OK)
		return rc;
	return id != NULL && strcmp(id, user->domain_id.v) == 0 ? DC_OK : out_of_scope(err);
}

/* The names around a token's ids. A token whose user or domain is gone is gone too (foreign keys). */
static enum dc_code
load_domains(struct tx *tx, struct token_info *info, struct dc_error *err)
{
	bool found;
	enum dc_code rc;

	rc = auth_find(tx, &domain_table, Q(Q_EQ("id", info->user.domain_id.v)), &info->domain, &found, err);
	if (rc == DC_OK && info->project.id.set == GIVEN)
		rc = auth_find(
		    tx, &domain_table, Q(Q_EQ("id", info->project.domain_id.v)), &info->project_domain, &found, err);
	return rc;
}

static enum dc_code
load_login(struct tx *tx, const struct token_login *login, struct user_row *ret, struct dc_error *err)
{
	bool found = false;
	enum dc_code rc;

	rc = auth_find(tx, &user_table, Q(Q_EQ("id", login->user_id)), ret, &found, err);
	if (rc != DC_OK)
		return rc;
	/* Since the password was verified, outside this transaction, it may have been changed. */
	if (!found || !ret->enabled.v ||
	    (login->password_hash != NULL &&
		(ret->password_hash.v == NULL || strcmp(ret->password_hash.v, login->password_hash) != 0)))
		return dc_fail(err, DC_E_UNAUTHORIZED, NULL, FAILED "the user name or password is wrong");
	return DC_OK;
}

/* The oldest ones of the user beside the new one, if they are too many. */
static enum dc_code
end_oldest(struct tx *tx, const struct token_row *fresh, struct dc_error *err)
{
	struct query_page newest = {.sort = "id", .descending = true, .offset = TOKENS_PER_USER - 1, .limit = 1};
	const struct query_cond others[] = {Q_EQ("user_id", fresh->user_id.v), Q_NE("id", fresh->id.v), Q_END};
	void *rows;
	size_t n;
	enum dc_code rc;

	if ((rc = query_list(tx, &token_table, others, &newest, &rows, &n, err)) != DC_OK || n == 0)
		return rc;
	return query_delete(tx, &token_table,
	    Q(others[0], others[1], {.column = "id", .op = Q_OP_LE, .text = ((const struct token_row *)rows)->id.v}),
	    NULL, err);
}

enum dc_code
token_issue(struct tx *tx, const struct token_request *in, const struct token_login *login, const char *region,
    struct arena *arena, const char **ret_token, struct token_info *ret, struct dc_error *err)
{
	struct token_info info = {0};
	char id[UUID_TEXT_SIZE], hash[SHA256_HEX_SIZE], text[SHA256_HEX_SIZE];
	unsigned char secret[32];
	utc_ms now = tx_now(tx), expiry = now + TOKEN_LIFE_MS;
	enum dc_code rc;

	if ((rc = load_login(tx, login, &info.user, err)) != DC_OK ||
	    (rc = resolve_scope(tx, object(&in->scope), region, &info, err)) != DC_OK ||
	    (rc = load_domains(tx, &info, err)) != DC_OK)
		return rc;
	random_bytes(secret, sizeof(secret));
	hex_encode(secret, sizeof(secret), text);
	auth_token_hash(text, hash);
	uuid_new(id);
	if (login->until != 0 && login->until < expiry)
		expiry = login->until;
	F_SET_TEXT(info.token.id, arena_strdup(arena, id));
	F_SET_TEXT(info.token.hash, arena_strdup(arena, hash));
	F_SET_TEXT(info.token.user_id, info.user.id.v);
	F_SET_TEXT(info.token.project_id, info.project.id.v);
	F_SET_TEXT(info.token.methods, login->password_hash != NULL ? "password" : "token");
	F_SET_INT(info.token.issued_at, now);
	F_SET_INT(info.token.expires_at, expiry);
	if ((rc = query_insert(tx, &token_table, &info.token, err)) != DC_OK ||
	    (rc = due_set_by(tx, TOKEN_EXPIRY, "", NULL, expiry, err)) != DC_OK ||
	    (rc = end_oldest(tx, &info.token, err)) != DC_OK)
		return rc;
	*ret_token = arena_strdup(arena, text);
	*ret = info;
	return DC_OK;
}

enum dc_code
token_expire(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	const struct query_page first = {.sort = "expires_at", .limit = 1};
	utc_ms soon = tx_now(tx) + EXPIRY_PAUSE_MS, at;
	void *rows;
	size_t n;
	enum dc_code rc;

	(void)due;
	(void)user;
	if ((rc = query_delete(tx, &token_table, Q(Q_LE_INT("expires_at", tx_now(tx))), NULL, err)) != DC_OK ||
	    (rc = query_list(tx, &token_table, Q_ALL, &first, &rows, &n, err)) != DC_OK || n == 0)
		return rc;
	at = ((const struct token_row *)rows)->expires_at.v;
	return due_set(tx, TOKEN_EXPIRY, "", NULL, at > soon ? at : soon, err);
}

enum dc_code
token_show(struct tx *tx, const char *text, struct token_info *ret, struct dc_error *err)
{
	struct token_info info = {0};
	bool found;
	enum dc_code rc;

	if ((rc = find_token(tx, text, &info.token, &found, err)) != DC_OK)
		return rc;
	if (found)
		rc = auth_find(tx, &user_table, Q(Q_EQ("id", info.token.user_id.v)), &info.user, &found, err);
	if (rc == DC_OK && found && info.token.project_id.v != NULL)
		rc = auth_find(tx, &project_table, Q(Q_EQ("id", info.token.project_id.v)), &info.project, &found, err);
	if (rc != DC_OK)
		return rc;
	if (!found || !info.user.enabled.v)
		return dc_missing(err, DC_E_NOT_FOUND, "The token does not exist or is over");
	if ((rc = load_domains(tx, &info, err)) != DC_OK)
		return rc;
	*ret = info;
	return DC_OK;
}

enum dc_code
token_revoke(struct tx *tx, const char *text, struct dc_error *err)
{
	char hash[SHA256_HEX_SIZE];

	auth_token_hash(text, hash);
	return query_delete(tx, &token_table, Q(Q_EQ("hash", hash)), NULL, err);
}

enum dc_code
token_revoke_user(struct tx *tx, const char *user_id, struct dc_error *err)
{
	return query_delete(tx, &token_table, Q(Q_EQ("user_id", user_id)), NULL, err);
}

static void
describe_domain(const char *key, const struct domain_row *row, struct json *out)
{
	jw_key(out, key);
	jw_object_begin(out);
	jw_member_string(out, "id", row->id.v);
	jw_member_string(out, "name", row->name.v);
	jw_object_end(out);
}

/* One service, with one endpoint. */
static void
describe_service(const char *name, const char *region, const char *url, struct json *out)
{
	char id[64];

	snprintf(id, sizeof(id), "%s-public", name);
	jw_object_begin(out);
	jw_member_string(out, "id", name);
	jw_member_string(out, "type", name);
	jw_member_string(out, "name", name);
	jw_key(out, "endpoints");
	jw_array_begin(out);
	jw_object_begin(out);
	jw_member_string(out, "id", id);
	jw_member_string(out, "interface", "public");
	jw_member_string(out, "region", region);
	jw_member_string(out, "region_id", region);
	jw_member_string(out, "url", url);
	jw_object_end(out);
	jw_array_end(out);
	jw_object_end(out);
}

void
token_catalog(const char *region, const char *endpoint, const char *identity, const char *project_id, struct json *out)
{
	char url[512];

	jw_key(out, "catalog");
	jw_array_begin(out);
	if (identity != NULL)
		describe_service("identity", region, identity, out);
	else if (endpoint != NULL) {
		snprintf(url, sizeof(url), "%s/v3", endpoint);
		describe_service("identity", region, url, out);
	}
	if (endpoint != NULL && project_id != NULL) {
		snprintf(url, sizeof(url), "%s/v3/%s", endpoint, project_id);
		describe_service("dcaas", region, url, out);
	}
	jw_array_end(out);
}

void
token_describe(const struct token_info *info, const char *region, const char *endpoint, struct json *out)
{
	char when[UTC_TEXT_SIZE];

	jw_object_begin(out);
	jw_key(out, "methods");
	jw_array_begin(out);
	jw_string(out, info->token.methods.v);
	jw_array_end(out);
	utc_format(info->token.issued_at.v, when);
	jw_member_string(out, "issued_at", when);
	utc_format(info->token.expires_at.v, when);
	jw_member_string(out, "expires_at", when);
	jw_key(out, "user");
	jw_object_begin(out);
	jw_member_string(out, "id", info->user.id.v);
	jw_member_string(out, "name", info->user.name.v);
	describe_domain("domain", &info->domain, out);
	jw_object_end(out);
	if (info->project.id.set == GIVEN) {
		jw_key(out, "project");
		jw_object_begin(out);
		jw_member_string(out, "id", info->project.id.v);
		jw_member_string(out, "name", info->project.name.v);
		describe_domain("domain", &info->project_domain, out);
		jw_object_end(out);
	} else
		describe_domain("domain", &info->domain, out);
	jw_key(out, "roles");
	jw_array_begin(out);
	jw_object_begin(out);
	jw_member_string(out, "id", info->user.role.v);
	jw_member_string(out, "name", info->user.role.v);
	jw_object_end(out);
	jw_array_end(out);
	token_catalog(region, endpoint, NULL, info->project.id.v, out);
	jw_object_end(out);
}
