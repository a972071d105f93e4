/* SPDX-License-Identifier: ISC */
/* token.h - tokens in the form of Keystone v3: issued for a password or another token, for a project or a domain, valid
 * for 24 hours, kept as SHA-256. */
#ifndef DC_TOKEN_H
#define DC_TOKEN_H

#include "auth/tables.h"
#include "base/json.h"

#define TOKEN_LIFE_MS (INT64_C(24) * 3600 * 1000)
#define TOKENS_PER_USER 200 /* one more ends the oldest */

/* Body of POST /v3/auth/tokens: {"auth": {...}}. */
struct token_domain {
	struct f_text id, name;
};
struct token_user {
	struct f_text id, name, password;
	struct f_objects domain; /* struct token_domain */
};
struct token_password {
	struct f_objects user; /* struct token_user */
};
struct token_old {
	struct f_text id;
};
struct token_identity {
	struct f_list methods;
	struct f_objects password; /* struct token_password */
	struct f_objects token;    /* struct token_old */
};
struct token_project {
	struct f_text id, name;
	struct f_objects domain;
};
struct token_scope {
	struct f_objects project; /* struct token_project */
	struct f_objects domain;
};
struct token_request {
	struct f_objects identity; /* struct token_identity */
	struct f_objects scope;    /* struct token_scope */
};
extern const struct field_table token_request_table; /* VIEW_CREATE */

/* Who proved to be whom; in the arena given to token_login(). */
struct token_login {
	const char *user_id, *user_name;
	const char *password_hash; /* that the password was verified against; NULL: by a token */
	utc_ms until;              /* a token made from a token lives no longer; 0: no bound */
};

/* The user that the request names, unproved so far. Quick. */
struct token_claim {
	const char *name; /* one for each user: the id, or the name as it was sent. In the arena */
	bool by_operator; /* the claimed user is one */
};
enum dc_code token_claim(
    struct store *, const struct token_request *, struct arena *, struct token_claim *ret, struct dc_error *err);

/* Verifies password or token. Takes its time and blocks: not on a thread that others wait for. After a wrong password
 * *ret names the claimed owner. */
enum dc_code token_login(
    struct store *, const struct token_request *, struct arena *, struct token_login *ret, struct dc_error *err);

/* A token with all that an answer shows of it. */
struct token_info {
	struct token_row token;
	struct user_row user;
	struct domain_row domain;   /* of the user */
	struct project_row project; /* id is not GIVEN: scoped to the domain */
	struct domain_row project_domain;
};

/* Inside a writing transaction: checks the scope and stores a new token, whose text comes in *ret_token (arena).
 * region: see projects_of(). */
enum dc_code token_issue(struct tx *, const struct token_request *, const struct token_login *, const char *region,
    struct arena *, const char **ret_token, struct token_info *ret, struct dc_error *err);
/* The token with this text. DC_E_NOT_FOUND as 404 when it is unknown or over. */
enum dc_code token_show(struct tx *, const char *text, struct token_info *ret, struct dc_error *err);
enum dc_code token_revoke(struct tx *, const char *text, struct dc_error *err);
/* Ends all tokens of a user (password changed). */
enum dc_code token_revoke_user(struct tx *, const char *user_id, struct dc_error *err);

/* The kind of due rows that takes away tokens that have ended (they are refused from their end on); owner "". */
#define TOKEN_EXPIRY "token_expiry"
struct due; /* store/due.h */
enum dc_code token_expire(struct tx *, const struct due *, void *user, struct dc_error *err);

/* {"methods": ..., "user": ..., ...}, the value of "token" in answers. endpoint: base URL for the catalog, NULL: none.
 */
void token_describe(const struct token_info *, const char *region, const char *endpoint, struct json *out);
/* The member "catalog" of a token, which Keystone also shows alone (OpenStack API, GET /v3/auth/catalog): where this
 * server has the project's dcaas API (project_id NULL: none), and where the identity API is: at `identity`, or, when
 * that is NULL, at this server. */
void token_catalog(
    const char *region, const char *endpoint, const char *identity, const char *project_id, struct json *out);

#endif
