/* SPDX-License-Identifier: ISC */
#include "auth/bootstrap.h"

#include "auth/password.h"
#include "store/query.h"

static const char *
hex32_or_new(struct tx *tx, const char *id)
{
	char made[HEX32_TEXT_SIZE];

	if (id != NULL)
		return id;
	hex32_new(made);
	return arena_strdup(tx_arena(tx), made);
}

enum dc_code
identity_add_domain(struct tx *tx, const char *id, const char *name, const char **ret, struct dc_error *err)
{
	struct domain_row row = {0};
	enum dc_code rc;

	F_SET_TEXT(row.id, hex32_or_new(tx, id));
	F_SET_TEXT(row.name, name);
	F_SET_TEXT(row.description, "");
	F_SET_INT(row.create_time, tx_now(tx));
	if ((rc = query_insert(tx, &domain_table, &row, err)) == DC_OK)
		*ret = row.id.v;
	return rc;
}

enum dc_code
identity_add_user(struct tx *tx, const struct new_user *in, const char **ret, struct dc_error *err)
{
	struct user_row row = {0};
	const char *hash = NULL;
	enum dc_code rc;

	if (in->password != NULL && (rc = password_hash(in->password, tx_arena(tx), &hash, err)) != DC_OK)
		return rc;
	F_SET_TEXT(row.id, hex32_or_new(tx, NULL));
	F_SET_TEXT(row.domain_id, in->domain_id);
	F_SET_TEXT(row.project_id, in->project_id);
	F_SET_TEXT(row.name, in->name);
	F_SET_TEXT(row.role, role_name(in->role));
	F_SET_BOOL(row.enabled, true);
	F_SET_TEXT(row.password_hash, hash);
	F_SET_INT(row.create_time, tx_now(tx));
	if ((rc = query_insert(tx, &user_table, &row, err)) == DC_OK)
		*ret = row.id.v;
	return rc;
}

static const char *
random_text(struct arena *arena, const char *alphabet, size_t len)
{
	size_t letters = strlen(alphabet), fair = 256 - 256 % letters;
	char *out = arena_alloc(arena, len + 1);
	unsigned char byte;

	for (size_t i = 0; i < len;) {
		random_bytes(&byte, 1);
		if (byte < fair)
			out[i++] = alphabet[byte % letters];
	}
	return out;
}

void
access_key_new(struct arena *arena, struct access_key *ret)
{
	ret->access_key = random_text(arena, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 20);
	ret->secret_key = random_text(arena, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40);
}

enum dc_code
identity_add_key(
    struct tx *tx, const char *user_id, const struct access_key *given, struct access_key *ret, struct dc_error *err)
{
	struct access_key key;
	struct key_row row = {0};
	char id[UUID_TEXT_SIZE];
	enum dc_code rc;

	access_key_new(tx_arena(tx), &key);
	if (given != NULL && given->access_key != NULL)
		key.access_key = given->access_key;
	if (given != NULL && given->secret_key != NULL)
		key.secret_key = given->secret_key;
	uuid_new(id);
	F_SET_TEXT(row.id, arena_strdup(tx_arena(tx), id));
	F_SET_TEXT(row.user_id, user_id);
	F_SET_NULL(row.project_id);
	F_SET_NULL(row.role);
	F_SET_TEXT(row.access_key, key.access_key);
	F_SET_TEXT(row.secret_key, key.secret_key);
	F_SET_TEXT(row.description, "");
	F_SET_BOOL(row.enabled, true);
	F_SET_INT(row.create_time, tx_now(tx));
	if ((rc = query_insert(tx, &key_table, &row, err)) == DC_OK)
		*ret = key;
	return rc;
}

enum dc_code
identity_bootstrap(
    struct tx *tx, const struct bootstrap *in, struct arena *arena, struct bootstrap_result *ret, struct dc_error *err)
{
	struct new_user user = {.role = ROLE_OPERATOR,
	    .name = in->user_name != NULL ? in->user_name : "operator",
	    .password = in->password};
	const char *user_id;
	struct access_key key;
	int64_t domains;
	enum dc_code rc;

	if ((rc = query_count(tx, &domain_table, Q_ALL, &domains, err)) != DC_OK)
		return rc;
	if (domains > 0)
		return dc_fail(err, DC_E_CONFLICT, NULL, "the database has identities already");
	if ((rc = identity_add_domain(
		 tx, NULL, in->domain_name != NULL ? in->domain_name : "default", &user.domain_id, err)) != DC_OK ||
	    (rc = identity_add_user(tx, &user, &user_id, err)) != DC_OK ||
	    (rc = identity_add_key(tx, user_id, &in->key, &key, err)) != DC_OK)
		return rc;
	*ret = (struct bootstrap_result){
	    .domain_id = arena_strdup(arena, user.domain_id),
	    .user_id = arena_strdup(arena, user_id),
	    .key = {arena_strdup(arena, key.access_key), arena_strdup(arena, key.secret_key)},
	};
	return DC_OK;
}
