/* SPDX-License-Identifier: ISC */
/* Who calls: by an edge's credential, a token, or a signature; looked for in this order. */
#include "auth/identity.h"

#include <inttypes.h>

#include "auth/cache.h"
#include "auth/keystone.h"
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
refuse_edge(struct dc_error *err, const char *why)
{
	return dc_fail(err, DC_E_UNAUTHORIZED, "X-Dcaas-Edge-Token", FAILED "%s", why);
}

static enum dc_code
find_edge(struct tx *tx, const struct auth_options *o, const char *hash, struct arena *arena, struct principal *ret,
    struct dc_error *err)
{
	const char *column = o->edge_hash != NULL ? o->edge_hash : "token_hash";
	const struct f_bool *enabled;
	void *row = NULL;
	enum dc_code rc;

	if (o->edge_table == NULL)
		return refuse_edge(err, "no edges here");
	if ((rc = query_get(tx, o->edge_table, Q(Q_EQ(column, hash)), &row, err)) == DC_E_NOT_FOUND)
		return refuse_edge(err, "unknown edge credential");
	if (rc != DC_OK)
		return rc;
	enabled = o->edge_enabled != NULL ? field_ptr(field_find(o->edge_table, o->edge_enabled), row) : NULL;
	if (enabled != NULL && !(enabled->set == GIVEN && enabled->v))
		return refuse_edge(err, "the edge is disabled");
	ret->who.edge_id =
	    arena_strdup(arena, ((const struct f_text *)field_ptr(field_find(o->edge_table, "id"), row))->v);
	ret->who.credential_row = ret->who.credential_id = ret->who.edge_id;
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
find_token(struct tx *tx, const char *hash, struct arena *arena, struct principal *ret, struct dc_error *err)
{
	struct token_row row;
	struct user_row user;
	bool found;
	enum dc_code rc;

	if ((rc = auth_find(tx, &token_table, Q(Q_EQ("hash", hash)), &row, &found, err)) != DC_OK)
		return rc;
	if (!found)
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Auth-Token", FAILED "decrypt token fail");
	if ((rc = load_user(tx, row.user_id.v, &user, err)) != DC_OK)
		return rc;
	ret->who = identity_of(&user, row.project_id.v, role_parse(user.role.v), arena);
	ret->who.domain_scoped = row.project_id.v == NULL;
	ret->who.credential_row = ret->who.credential_id = arena_strdup(arena, row.id.v);
	ret->who.until = row.expires_at.v;
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
find_key(struct tx *tx, const char *access_key, struct arena *arena, struct principal *ret, struct dc_error *err)
{
	struct key_row key;
	struct user_row user;
	bool found;
	enum dc_code rc;

	if ((rc = auth_find(tx, &key_table, Q(Q_EQ("access_key", access_key)), &key, &found, err)) != DC_OK)
		return rc;
	if (!found || !key.enabled.v)
		return dc_fail(
		    err, DC_E_UNAUTHORIZED, NULL, FAILED "Get secretKey failed,ak:%.64s,err:ak not exist", access_key);
	if ((rc = load_user(tx, key.user_id.v, &user, err)) != DC_OK)
		return rc;
	ret->who = identity_of(
	    &user, key.project_id.v != NULL ? key.project_id.v : user.project_id.v, role_of_key(&key, &user), arena);
	ret->who.credential_row = arena_strdup(arena, key.id.v);
	ret->who.credential_id = arena_strdup(arena, access_key);
	ret->secret_key = arena_strdup(arena, key.secret_key.v);
	return DC_OK;
}

static enum dc_code
find(struct tx *tx, const struct auth_options *o, enum credential kind, const char *key, struct arena *arena,
    struct principal *ret, struct dc_error *err)
{
	/* Asked for first: what is read afterwards is at least of that generation. */
	uint64_t generation = tx_generation(tx);
	enum dc_code rc;

	if (auth_cache_get(o->cache, kind, key, generation, arena, ret))
		return DC_OK;
	*ret = (struct principal){0};
	if (kind == CREDENTIAL_EDGE)
		rc = find_edge(tx, o, key, arena, ret, err);
	else if (kind == CREDENTIAL_TOKEN)
		rc = find_token(tx, key, arena, ret, err);
	else
		rc = find_key(tx, key, arena, ret, err);
	ret->who.credential = kind;
	ret->who.credential_key = key;
	if (rc == DC_OK)
		auth_cache_put(o->cache, kind, key, generation, ret);
	return rc;
}

static enum dc_code
check_until(const struct identity *who, utc_ms now, struct dc_error *err)
{
	char expiry[UTC_TEXT_SIZE];

	if (who->credential != CREDENTIAL_TOKEN || who->until > now)
		return DC_OK;
	utc_format(who->until, expiry);
	return dc_fail(err, DC_E_UNAUTHORIZED, "X-Auth-Token", FAILED "token expires, expires_at: %s", expiry);
}

/* By a credential that is the proof itself: a token, or an edge's. */
static enum dc_code
by_bearer(struct tx *tx, const struct auth_options *o, enum credential kind, const char *text, utc_ms now,
    struct arena *arena, struct identity *ret, struct dc_error *err)
{
	char hash[SHA256_HEX_SIZE];
	struct principal p;
	enum dc_code rc;

	auth_token_hash(text, hash);
	if ((rc = find(tx, o, kind, arena_strdup(arena, hash), arena, &p, err)) != DC_OK ||
	    (rc = check_until(&p.who, now, err)) != DC_OK)
		return rc;
	*ret = p.who;
	return DC_OK;
}

/* A token of Keystone's: Keystone was asked before, because nobody waits for it in here. */
static enum dc_code
by_keystone(const struct auth_options *o, const struct auth_request *in, const char *token, struct arena *arena,
    struct identity *ret, struct dc_error *err)
{
	struct principal p;
	enum keystone_look found = KEYSTONE_KNOWN;

	if (in->vouched != NULL)
		p = *in->vouched;
	else
		found = keystone_look(o->keystone, token, arena, &p, err);
	if (found == KEYSTONE_REFUSED)
		return err->code;
	if (found == KEYSTONE_UNKNOWN)
		return dc_fail(err, DC_E_UNAVAILABLE, "X-Auth-Token", "The token is not checked yet: try again");
	*ret = p.who;
	return check_until(ret, in->now, err);
}

/* What was true when the call began holds for it, unless Keystone has refused the token since. */
static enum dc_code
by_keystone_again(
    struct tx *tx, const struct auth_options *o, struct arena *arena, struct identity *who, struct dc_error *err)
{
	struct principal p;
	enum keystone_look found = keystone_look_again(o->keystone, who->credential_key, arena, &p, err);

	if (found == KEYSTONE_REFUSED)
		return err->code;
	if (found == KEYSTONE_KNOWN)
		*who = p.who;
	return check_until(who, tx_now(tx), err);
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

static enum dc_code
by_signature(struct tx *tx, const struct auth_options *o, const struct auth_request *in, const char *authorization,
    struct arena *arena, struct identity *ret, struct dc_error *err)
{
	const char *date = given(in, "X-Sdk-Date"), *hash = given(in, "X-Sdk-Content-Sha256");
	bool bare = hash != NULL && strcasecmp(hash, AKSK_UNSIGNED) == 0;
	struct aksk_claim claim;
	struct principal p;
	enum dc_code rc;

	if ((rc = aksk_parse(authorization, arena, &claim, err)) != DC_OK ||
	    (rc = check_date(o, in, date, err)) != DC_OK)
		return rc;
	/* The hash is always the received body's, not the header's, unless the header declares the payload unsigned. */
	if (bare && !o->unsigned_payload)
		return dc_fail(err, DC_E_UNAUTHORIZED, "X-Sdk-Content-Sha256",
		    FAILED "the payload must be signed (the operator has not set accept_unsigned_payload)");
	*ret = (struct identity){.credential_id = claim.access_key};
	if ((rc = find(tx, o, CREDENTIAL_KEY, claim.access_key, arena, &p, err)) != DC_OK)
		return rc;
	ret->user_id = p.who.user_id;
	ret->user_name = p.who.user_name;
	rc = aksk_verify(&(struct aksk_input){.method = in->method,
			     .raw_path = in->raw_path,
			     .raw_query = in->raw_query,
			     .signed_headers = claim.signed_headers,
			     .header = in->header,
			     .header_arg = in->header_arg,
			     .body = in->body,
			     .body_len = in->body_len,
			     .date = date,
			     .scope = claim.scope,
			     .payload = bare ? AKSK_UNSIGNED : NULL},
	    &claim, p.secret_key, arena, err);
	if (rc == DC_OK)
		*ret = p.who;
	return rc;
}

enum dc_code
auth_identify(struct tx *tx, const struct auth_options *o, const struct auth_request *in, struct arena *arena,
    struct identity *ret, struct dc_error *err)
{
	const char *value;

	if ((value = given(in, "X-Dcaas-Edge-Token")) != NULL)
		return by_bearer(tx, o, CREDENTIAL_EDGE, value, in->now, arena, ret, err);
	if ((value = given(in, "X-Auth-Token")) != NULL)
		return o->keystone != NULL ? by_keystone(o, in, value, arena, ret, err)
					   : by_bearer(tx, o, CREDENTIAL_TOKEN, value, in->now, arena, ret, err);
	if ((value = given(in, "Authorization")) != NULL)
		return by_signature(tx, o, in, value, arena, ret, err);
	return dc_fail(err, DC_E_UNAUTHORIZED, NULL, FAILED "x-auth-token not found");
}

/* Keystone is asked once the body is here: until then the caller is anybody. */
static bool
is_unknown_to_keystone(const struct auth_options *o, const struct auth_request *in, struct arena *arena)
{
	const char *token = given(in, "X-Auth-Token");
	struct principal p;

	return o->keystone != NULL && token != NULL && given(in, "X-Dcaas-Edge-Token") == NULL &&
	       keystone_look(o->keystone, token, arena, &p, NULL) == KEYSTONE_UNKNOWN;
}

enum dc_code
auth_claim(struct tx *tx, const struct auth_options *o, const struct auth_request *in, struct arena *arena,
    struct identity *ret, struct dc_error *err)
{
	const char *authorization = given(in, "Authorization");
	struct aksk_claim claim;
	struct principal p;
	enum dc_code rc;

	if (is_unknown_to_keystone(o, in, arena)) {
		*ret = (struct identity){0};
		return DC_OK;
	}
	if (given(in, "X-Dcaas-Edge-Token") != NULL || given(in, "X-Auth-Token") != NULL || authorization == NULL)
		return auth_identify(tx, o, in, arena, ret, err);
	if ((rc = aksk_parse(authorization, arena, &claim, err)) != DC_OK ||
	    (rc = check_date(o, in, given(in, "X-Sdk-Date"), err)) != DC_OK)
		return rc;
	*ret = (struct identity){.credential_id = claim.access_key};
	if ((rc = find(tx, o, CREDENTIAL_KEY, claim.access_key, arena, &p, err)) == DC_OK)
		*ret = p.who;
	return rc;
}

/* A signature was verified with the secret that the key's row had: another row under the same access key has another.
 */
enum dc_code
auth_again(struct tx *tx, const struct auth_options *o, struct arena *arena, struct identity *who, struct dc_error *err)
{
	struct principal p;
	enum dc_code rc;

	if (who->credential == CREDENTIAL_TOKEN && o->keystone != NULL)
		return by_keystone_again(tx, o, arena, who, err);
	if ((rc = find(tx, o, who->credential, who->credential_key, arena, &p, err)) != DC_OK ||
	    (rc = check_until(&p.who, tx_now(tx), err)) != DC_OK)
		return rc;
	if (strcmp(p.who.credential_row, who->credential_row) != 0)
		return dc_fail(err, DC_E_UNAUTHORIZED, NULL, FAILED "the credential was replaced");
	*who = p.who;
	return DC_OK;
}
