/* SPDX-License-Identifier: ISC */
/* tables.h - the identities in the store: domains, their projects (tenants) and users, the users' access keys, and the
 * tokens issued to them. */
#ifndef DC_AUTH_TABLES_H
#define DC_AUTH_TABLES_H

#include "auth/identity.h"
#include "field/field.h"

struct domain_row {
	struct f_text id, name, description;
	struct f_int create_time;
};
extern const struct field_table domain_table;

struct project_row {
	struct f_text id, domain_id, name, description;
	struct f_int create_time;
};
extern const struct field_table project_table;

struct user_row {
	struct f_text id, domain_id;
	struct f_text project_id;   /* the only one this user may use; null: every project of the domain */
	struct f_bool all_projects; /* of a request only: the word for a member of every project */
	struct f_text name;
	struct f_text role; /* role_names */
	struct f_bool enabled;
	struct f_text password;      /* of a request only */
	struct f_text password_hash; /* of the store only; null: no password logs in */
	struct f_int create_time;
};
extern const struct field_table user_table;

struct key_row {
	struct f_text id, user_id;
	struct f_text project_id; /* the only one this key may use; null: as the user */
	struct f_text role;       /* null: the user's */
	struct f_text access_key, secret_key, description;
	struct f_bool enabled;
	struct f_int create_time;
};
extern const struct field_table key_table;

struct token_row {
	struct f_text id, hash, user_id;
	struct f_text project_id; /* null: of the domain */
	struct f_text methods;    /* "password", "token" */
	struct f_int issued_at, expires_at;
};
extern const struct field_table token_table;

/* The row copied to ret_row, of the table's size, or *found false: "no such row" is an answer here, not a failure. */
struct query_cond; /* store/query.h */
enum dc_code auth_find(struct tx *, const struct field_table *, const struct query_cond *, void *ret_row, bool *found,
    struct dc_error *err);

enum role role_parse(const char *); /* ROLE_NONE for NULL and unknown words */
const char *role_name(enum role);   /* NULL for ROLE_NONE */

#endif
