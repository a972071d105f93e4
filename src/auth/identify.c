/* Who calls: by an edge's credential, a token, or a signature; looked for in this order. */
#include "auth/identity.h"

#include <inttypes.h>

#include "auth/tables.h"
#include "store/query.h"

#define FAILED "Incorrect IAM authentication information: "

static const char *
given(const struct auth_request *in, const char *name)
{
	const char *value = in->header(in->header_arg, name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static enum dc_code
by_edge(struct tx *tx, const struct auth_options *o, const char *credential, struct arena *arena, struct identity *ret,
    struct dc_error *err)
{
	const char *column = o->edge_hash != NULL ? o->edge_hash : "token_hash";
	char hash[SHA256_HEX_SIZE];
	const struct f_bool *enabled;
	void *row = NULL;
	enum dc_code rc;

	if (o->edge_table == NULL)
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Dcaas-Edge-Token", FAILED "no edges here");
	auth_token_hash(credential, hash);
	rc = query_get(tx, o->edge_table, Q(Q_EQ(column, hash)), &row, err);
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Dcaas-Edge-Token", FAILED "unknown edge credential");
	if (rc != DC_OK)
		return rc;
	enabled = o->edge_enabled != NULL ? field_ptr(field_find(o->edge_table, o->edge_enabled), row) : NULL;
	if (enabled != NULL && !(enabled->set == GIVEN && enabled->v))
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Dcaas-Edge-Token", FAILED "the edge is disabled");
	*ret = (struct identity){
	    .edge_id = arena_strdup(arena, ((const struct f_text *)field_ptr(field_find(o->edge_table, "id"), row))->v),
	};
	return DC_OK;
}

static enum dc_code
load_user(struct tx *tx, const char *id, struct user_row *ret, struct dc_error *err)
{
	bool found;
	enum dc_code rc = auth_find(tx, &user_table, Q(Q_EQ("id", id)), ret, &found, err);

	if (rc == DC_OK && (!found || !ret->enabled.v))
		return dc_fail(err, DC_E_UNAUTHORIZED, NULL, FAILED "the user is disabled");
	return rc;
}

static struct identity
identity_of(const struct user_row *user, const char *project_id, enum role role, struct arena *arena)
{
	return (struct identity){
	    .role = role,
	    .project_id = arena_strdup(arena, project_id),
	    .domain_id = arena_strdup(arena, user->domain_id.v),
	    .user_id = arena_strdup(arena, user->id.v),
	    .user_name = arena_strdup(arena, user->name.v),
	};
}

static enum dc_code
by_token(struct tx *tx, const struct auth_request *in, const char *token, struct arena *arena, struct identity *ret,
    struct dc_error *err)
{
	char hash[SHA256_HEX_SIZE], expiry[UTC_TEXT_SIZE];
	struct token_row row;
	struct user_row user;
	bool found;
	enum dc_code rc;

	auth_token_hash(token, hash);
	if ((rc = auth_find(tx, &token_table, Q(Q_EQ("hash", hash)), &row, &found, err)) != DC_OK)
		return rc;
	if (!found)
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Auth-Token", FAILED "decrypt token fail");
	if (row.expires_at.v <= in->now) {
		utc_format(row.expires_at.v, expiry);
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Auth-Token", FAILED "token expires, expires_at: %s", expiry);
	}
	if ((rc = load_user(tx, row.user_id.v, &user, err)) != DC_OK)
		return rc;
	*ret = identity_of(&user, row.project_id.v, role_parse(user.role.v), arena);
	ret->domain_scoped = row.project_id.v == NULL;
	return DC_OK;
}

static enum dc_code
check_date(const struct auth_options *o, const struct auth_request *in, const char *date, struct dc_error *err)
{
	int64_t window = o->skew_ms > 0 ? o->skew_ms : AUTH_SKEW_MS;
	utc_ms when;

	if (date == NULL)
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Sdk-Date", FAILED "x-sdk-date not found");
	if (!aksk_parse_date(date, &when))
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Sdk-Date", FAILED "x-sdk-date is not YYYYMMDDTHHMMSSZ");
	if (when < in->now - window || when > in->now + window)
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Sdk-Date",
		    FAILED "the signature is more than %" PRId64 " s off the server's time", window / 1000);
	return DC_OK;
}

/* A key may be worth less than its user, never more: the user may have become less since it was made. */
static enum role
role_of_key(const struct key_row *key, const struct user_row *user)
{
	enum role users = role_parse(user->role.v), own = key->role.v != NULL ? role_parse(key->role.v) : users;

	return own < users ? own : users;
}

static enum dc_code
by_signature(struct tx *tx, const struct auth_options *o, const struct auth_request *in, const char *authorization,
    struct arena *arena, struct identity *ret, struct dc_error *err)
{
	const char *date = given(in, "X-Sdk-Date"), *hash = given(in, "X-Sdk-Content-Sha256");
	bool bare = hash != NULL && strcasecmp(hash, AKSK_UNSIGNED) == 0, found;
	struct aksk_claim claim;
	struct key_row key;
	struct user_row user;
	enum dc_code rc;

	if ((rc = aksk_parse(authorization, arena, &claim, err)) != DC_OK ||
	    (rc = check_date(o, in, date, err)) != DC_OK)
		return rc;
	/* The hash is always that of the body received, whatever the header says; unless it says that there is none. */
	if (bare && !o->unsigned_payload)
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Sdk-Content-Sha256",
		    FAILED "the payload must be signed (the operator has not set accept_unsigned_payload)");
	if ((rc = auth_find(tx, &key_table, Q(Q_EQ("access_key", claim.access_key)), &key, &found, err)) != DC_OK)
		return rc;
	if (!found || !key.enabled.v)
		return dc_fail(err, DC_E_UNAUTHORIZED, NULL, FAILED "Get secretKey failed,ak:%.64s,err:ak not exist",
		    claim.access_key);
	rc = aksk_verify(&(struct aksk_input){.method = in->method,
			     .raw_path = in->raw_path,
			     .raw_query = in->raw_query,
			     .signed_headers = claim.signed_headers,
			     .header = in->header,
			     .header_arg = in->header_arg,
			     .body = in->body,
			     .body_len = in->body_len,
			     .date = date,
			     .payload = bare ? AKSK_UNSIGNED : NULL},
	    &claim, key.secret_key.v, arena, err);
	if (rc != DC_OK || (rc = load_user(tx, key.user_id.v, &user, err)) != DC_OK)
		return rc;
	*ret = identity_of(
	    &user, key.project_id.v != NULL ? key.project_id.v : user.project_id.v, role_of_key(&key, &user), arena);
	return DC_OK;
}

enum dc_code
auth_identify(struct tx *tx, const struct auth_options *o, const struct auth_request *in, struct arena *arena,
    struct identity *ret, struct dc_error *err)
{
	const char *value;

	if ((value = given(in, "X-Dcaas-Edge-Token")) != NULL)
		return by_edge(tx, o, value, arena, ret, err);
	if ((value = given(in, "X-Auth-Token")) != NULL)
		return by_token(tx, in, value, arena, ret, err);
	if ((value = given(in, "Authorization")) != NULL)
		return by_signature(tx, o, in, value, arena, ret, err);
	return dc_fail(err, DC_E_UNAUTHORIZED, NULL, FAILED "x-auth-token not found");
}
