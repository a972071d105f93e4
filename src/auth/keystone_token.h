/* SPDX-License-Identifier: ISC */
/* keystone_token.h - what Keystone (OpenStack Identity v3) answers of a token, as far as it counts here. */
#ifndef DC_KEYSTONE_TOKEN_H
#define DC_KEYSTONE_TOKEN_H

#include "auth/identity.h"

/* Names of Keystone's roles, separated by blanks or commas, by what they are worth here; NULL: none. */
struct keystone_roles {
	const char *operator, * member, *reader;
};

struct keystone_token {
	const char *user_id, *user_name;
	const char *audit_id;   /* by which Keystone's log names the token; it is no secret */
	const char *project_id; /* in lower case; NULL: the token is the system's, of an operator */
	const char *project_name;
	/* Of the project, or of the user: 32 hex digits, made of Keystone's id where that is none ("default"). */
	const char *domain_id, *domain_name;
	enum role role;
	utc_ms until;
};

/* From the body of Keystone's answer. DC_E_PROTOCOL when it is none; DC_E_FORBIDDEN, with words for the caller, for a
 * token that is good and of no use here: without a role that is known, or of no project. */
enum dc_code keystone_token_read(const char *body, size_t len, const struct keystone_roles *, struct arena *,
    struct keystone_token *ret, struct dc_error *err);

#endif
