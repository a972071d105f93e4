/* SPDX-License-Identifier: ISC */
/* identity.h - who calls, and the tables of those who may: domains, projects, users, access keys, tokens.
 *
 * Identities live in the store and are managed by the operator (/dcaas/v1). Secret keys are sealed (they must be had in
 * clear to verify a signature), passwords are yescrypt hashes, tokens SHA-256 hashes. */
#ifndef DC_IDENTITY_H
#define DC_IDENTITY_H

#include "auth/aksk.h"
#include "field/resource.h"
#include "store/store.h"

enum role { ROLE_NONE = 0, ROLE_READER, ROLE_MEMBER, ROLE_OPERATOR };
extern const char *const role_names[]; /* "reader", "member", "operator"; NULL-terminated, offset by one from role */

/* By what a caller is known. */
enum credential { CREDENTIAL_NONE = 0, CREDENTIAL_EDGE, CREDENTIAL_TOKEN, CREDENTIAL_KEY };

struct identity {
	enum role role;
	const char *project_id; /* NULL: an operator without a project, or a domain-scoped token */
	const char *domain_id;
	const char *user_id;
	const char *user_name; /* for events */
	const char *edge_id;   /* an edge's credential: reads and reports this edge only; role is ROLE_NONE */
	bool domain_scoped;    /* by a token of a domain: identity reads, but no project's resources */
	enum credential credential;
	const char *credential_id;  /* of the token's or edge's row, or the access key (AK): for logs and events */
	const char *credential_row; /* id of its row, for auth_again() */
	const char *credential_key; /* that its row is found by: the access key, or the hash of what was sent */
	utc_ms until;               /* of a token: its end */
};

/* What authentication looks at: the request as it was received. */
struct auth_request {
	const char *method;
	const char *raw_path;                               /* before '?', as on the wire */
	const char *raw_query;                              /* after '?', "" when none */
	const char *(*header)(void *arg, const char *name); /* value as received, NULL when absent; case-insensitive */
	void *header_arg;
	const void *body; /* de-chunked */
	size_t body_len;
	utc_ms now;
	const struct principal *vouched; /* whom Keystone has named for X-Auth-Token; NULL: nobody */
};

struct auth_cache; /* auth/cache.h */
struct keystone;   /* auth/keystone.h */

struct auth_options {
	struct auth_cache *cache;  /* NULL: every call looks into the store. Borrowed */
	struct keystone *keystone; /* whose tokens are taken; NULL: those of the store. Borrowed */
	int64_t skew_ms;           /* time window of X-Sdk-Date; 0: AUTH_SKEW_MS */
	bool unsigned_payload;     /* whether a signature may leave the body out */
	/* Where edges' credentials are: a table with text columns "id" and edge_hash (SHA-256 of the credential, hex).
	 */
	const struct field_table *edge_table; /* NULL: no edge may call */
	const char *edge_hash;                /* column; NULL: "token_hash" */
	const char *edge_enabled;             /* boolean column that must not be false; NULL: none */
};
#define AUTH_SKEW_MS (15 * 60 * 1000)

/* Inside a (read) transaction: token (X-Auth-Token, wins when both are there), AK/SK signature (SDK-HMAC-SHA256), or
 * edge credential ("X-Dcaas-Edge-Token"). DC_E_UNAUTHORIZED with "Incorrect IAM authentication information: <detail>".
 * A user without a project may use every project of the user's domain: project_id is NULL then. Everything in *ret
 * is in arena. After a refusal *ret names the owner of the claimed credential, as far as that is known, and grants
 * nothing. */
enum dc_code auth_identify(struct tx *, const struct auth_options *, const struct auth_request *, struct arena *,
    struct identity *ret, struct dc_error *err);

/* The same while the body is not here yet, for who wants to send a large one: a token and an edge's credential are
 * proof, of a signature the key exists and the date is good, which anybody can send who has seen the access key. */
enum dc_code auth_claim(struct tx *, const struct auth_options *, const struct auth_request *, struct arena *,
    struct identity *ret, struct dc_error *err);

/* Inside the transaction that answers a call which has waited or was queued since auth_identify(): whether what the
 * caller showed then is still good, and what it is worth now. *who is brought up to date; DC_E_UNAUTHORIZED when the
 * credential is gone, over, disabled, or another one in the same place. */
enum dc_code auth_again(
    struct tx *, const struct auth_options *, struct arena *, struct identity *who, struct dc_error *err);

/* SHA-256 of a bearer credential as hex: what the store keeps of tokens and edge credentials. */
#define auth_token_hash(token, out) sha256_hex((token), strlen(token), (out))

#endif
