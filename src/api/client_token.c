/* SPDX-License-Identifier: ISC */
#include "api/client_token.h"

#include <string.h>

#include "auth/aksk.h"
#include "base/error.h"
#include "store/due.h"

#define V3_PROJECT "/v3/{project_id}/"
#define TRIM_MAX 500 /* rows of one transaction */

struct client_token {
	struct f_text id; /* project/user/token */
	struct f_int created_at;
	struct f_text order_hash; /* hash of path, query and body */
	struct f_int status;      /* 0: the route's */
	struct f_text answer;
};

static const struct field client_token_fields[] = {
    {AT(client_token, id), .kind = F_TEXT, .fixed = true},
    {AT(client_token, created_at), .kind = F_TIME},
    {AT(client_token, order_hash), .kind = F_TEXT},
    {AT(client_token, status), .kind = F_INT},
    {AT(client_token, answer), .kind = F_SECRET},
    {.name = NULL},
};
const struct field_table client_token_table = {
    .name = "ClientToken",
    .sql = "client_token",
    .size = sizeof(struct client_token),
    .fields = client_token_fields,
};

static const char *
token_of(const struct call *c)
{
	const char *token = call_header(c, "X-Client-Token");

	return token != NULL ? token : call_header(c, "Idempotency-Key");
}

/* Only orders of a project: an answer of the operator's side may hold a secret that is shown once. */
static bool
is_order(const struct call *c)
{
	return c->route->method == M_POST && (c->route->flags & ROUTE_WRITES) != 0 && c->project != NULL &&
	       strncmp(c->route->path, V3_PROJECT, strlen(V3_PROJECT)) == 0;
}

static enum dc_code
check_token(const char *token, struct dc_error *err)
{
	size_t len = strlen(token);

	for (const char *c = token; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			len = 0;
	return len > 0 && len <= CLIENT_TOKEN_MAX
		   ? DC_OK
		   : dc_fail(err, DC_E_REQUEST, "X-Client-Token",
			 "X-Client-Token must have 1 to %d printable characters", CLIENT_TOKEN_MAX);
}

/* What makes two calls the same order. */
static const char *
order_of(const struct call *c)
{
	char body[SHA256_HEX_SIZE], hash[SHA256_HEX_SIZE];
	const char *text;

	sha256_hex(c->body_len > 0 ? c->body_bytes : "", c->body_len, body);
	text = arena_printf(c->arena, "%s\n%s\n%s", c->raw_path, c->raw_query, body);
	sha256_hex(text, strlen(text), hash);
	return arena_strdup(c->arena, hash);
}

enum dc_code
client_token_find(struct tx *tx, struct call *c, const char **id, bool *found, struct dc_error *err)
{
	const char *token = is_order(c) ? token_of(c) : NULL;
	const struct client_token *row;
	void *ret;
	enum dc_code rc;

	*found = false;
	*id = NULL;
	if (token == NULL)
		return DC_OK;
	if ((rc = check_token(token, err)) != DC_OK)
		return rc;
	*id = arena_printf(c->arena, "%s/%s/%s", c->project, c->who.user_id != NULL ? c->who.user_id : "", token);
	rc = query_get(tx, &client_token_table, Q(Q_EQ("id", *id)), &ret, err);
	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	row = ret;
	if (row->created_at.v <= tx_now(tx) - CLIENT_TOKEN_LIFE_MS)
		return query_delete(tx, &client_token_table, Q(Q_EQ("id", *id)), NULL, err);
	if (strcmp(row->order_hash.v, order_of(c)) != 0)
		return dc_fail(err, DC_E_PARAM, "X-Client-Token",
		    "X-Client-Token: another order of the last 24 hours had this client token");
	call_reset_answer(c);
	c->status = (int)row->status.v;
	buf_add(&c->out, row->answer.v, strlen(row->answer.v));
	*found = true;
	return DC_OK;
}

enum dc_code
client_token_keep(struct tx *tx, const struct call *c, const char *id, struct dc_error *err)
{
	struct client_token row = {0};

	F_SET_TEXT(row.id, id);
	F_SET_INT(row.created_at, tx_now(tx));
	F_SET_TEXT(row.order_hash, order_of(c));
	F_SET_INT(row.status, c->status);
	F_SET_TEXT(row.answer, arena_strndup(tx_arena(tx), c->out.len > 0 ? c->out.data : "", c->out.len));
	return query_insert(tx, &client_token_table, &row, err);
}

/* Removes the oldest, some at a time: other writers wait for a bounded time. */
enum dc_code
client_token_trim(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	const struct query_page oldest = {.sort = "created_at", .limit = TRIM_MAX};
	utc_ms last = tx_now(tx) - CLIENT_TOKEN_LIFE_MS;
	const struct client_token *row;
	void *rows;
	size_t n;
	enum dc_code rc;

	(void)due;
	(void)user;
	rc = query_list(tx, &client_token_table, Q(Q_LE_INT("created_at", last)), &oldest, &rows, &n, err);
	for (row = rows; rc == DC_OK && row < (const struct client_token *)rows + n; row++)
		rc = query_delete(tx, &client_token_table, Q(Q_EQ("id", row->id.v)), NULL, err);
	if (rc != DC_OK)
		return rc;
	return due_set(tx, CLIENT_TOKEN_TRIM, "", NULL, tx_now(tx) + (n < TRIM_MAX ? CLIENT_TOKEN_TRIM_MS : 0), err);
}
