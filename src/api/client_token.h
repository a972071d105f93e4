/* SPDX-License-Identifier: ISC */
/* client_token.h - orders that a client may send again without ordering twice.
 *
 * A POST below a project may carry a client token, in the header X-Client-Token or Idempotency-Key. The transaction of
 * the order also writes a row with the token and the answer. For 24 hours the same order with the same token gets that
 * answer again, and nothing is ordered. Another order with the same token is refused (DC_E_PARAM). A token belongs to
 * one user of one project. The answer is sealed like a password, because an answer may hold one. */
#ifndef DC_API_CLIENT_TOKEN_H
#define DC_API_CLIENT_TOKEN_H

#include "api/call.h"

#define CLIENT_TOKEN_MAX 64
#define CLIENT_TOKEN_LIFE_MS (INT64_C(24) * 60 * 60 * 1000)

/* Looks for an order with the call's token. *found: the call's answer is the kept one. *id is the row's id for
 * client_token_keep(); NULL when the call has no token, or is none that may be sent again. DC_E_REQUEST: the token is
 * not 1 to 64 printable characters; DC_E_PARAM: another order had it. */
enum dc_code client_token_find(struct tx *, struct call *, const char **id, bool *found, struct dc_error *err);
/* Keeps the answer that the call has now. */
enum dc_code client_token_keep(struct tx *, const struct call *, const char *id, struct dc_error *err);

extern const struct field_table client_token_table;
/* The kind of due rows that removes answers which are too old; a standing one. */
#define CLIENT_TOKEN_TRIM "client_token_trim"
#define CLIENT_TOKEN_TRIM_MS (INT64_C(15) * 60 * 1000)
struct due; /* store/due.h */
enum dc_code client_token_trim(struct tx *, const struct due *, void *user, struct dc_error *err);

#endif
