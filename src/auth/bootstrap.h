/* SPDX-License-Identifier: ISC */
/* bootstrap.h - identities made without the API: the first operator of a new database, and those of simulations and
 * tests. */
#ifndef DC_BOOTSTRAP_H
#define DC_BOOTSTRAP_H

#include "auth/tables.h"

/* Each makes one row and gives its id in the transaction's arena; DC_E_CONFLICT when the name is taken. An id, where
 * one may be given, is 32 hex digits; NULL makes one. */
enum dc_code identity_add_domain(struct tx *, const char *id, const char *name, const char **ret, struct dc_error *err);
struct new_user {
	const char *domain_id;
	const char *project_id; /* NULL: every project of the domain */
	const char *name;
	enum role role;
	const char *password; /* NULL: access keys only. Hashing takes tens of milliseconds. */
};
enum dc_code identity_add_user(struct tx *, const struct new_user *, const char **ret, struct dc_error *err);

struct access_key {
	const char *access_key, *secret_key;
};
/* given NULL, or with NULL members: made. */
enum dc_code identity_add_key(
    struct tx *, const char *user_id, const struct access_key *given, struct access_key *ret, struct dc_error *err);
/* Random halves of a key: 20 characters A-Z 2-7, and 40 of both cases and digits. */
void access_key_new(struct arena *, struct access_key *ret);

struct bootstrap {
	const char *domain_name; /* NULL: "default" */
	const char *user_name;   /* NULL: "operator" */
	const char *password;    /* NULL: none */
	struct access_key key;   /* NULL members: made */
};
struct bootstrap_result {
	const char *domain_id, *user_id;
	struct access_key key;
};
/* A first domain, an operator and a key in a database without any; DC_E_CONFLICT when it has one. Results are in arena.
 */
enum dc_code identity_bootstrap(
    struct tx *, const struct bootstrap *, struct arena *, struct bootstrap_result *ret, struct dc_error *err);

#endif
