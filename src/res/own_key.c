/* SPDX-License-Identifier: ISC */
/* own_key.c - users make, list and delete their own access keys. A key that is made here is worth what the call was
 * worth that made it, and no more: it is for the project of the path, with at most the caller's role. */
#include "res/own_key.h"

#include <string.h>

#include "api/crud.h"
#include "auth/bootstrap.h"
#include "auth/tables.h"
#include "store/row_lock.h"

#define SHOWN (VIEW_ANSWER | VIEW_CREATED)

static const char *const roles[] = {"reader", "member", "operator", NULL};

static const struct field_column list_columns[] = {
    {.member = "access_key"},
    {.title = "project", .member = "project_id"},
    {.member = "role"},
    {.member = "enabled"},
    {.member = "description"},
    {0},
};

static const struct field_table own_key_table = {
    .name = "OwnAccessKey",
    .sql = "access_key",
    .end = END_WITH_OTHERS,
    .size = sizeof(struct key_row),
    .kept = true,
    .created_differs = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(key_row, id), .kind = F_UUID, .may = SHOWN, .must = SHOWN, .filter = true, .sort = true,
		.doc = "Id of the key's record."},
	    {AT(key_row, user_id), .kind = F_HEX32, .doc = "The calling user."},
	    {AT(key_row, project_id), .ref = "project", .kind = F_HEX32, .may = SHOWN, .nullable = true, .cli = true,
		.doc = "The only project that the key may use; null: every project of the user."},
	    {AT(key_row, role), .kind = F_ENUM, .names = roles, .may = VIEW_CREATE | SHOWN, .nullable = true,
		.cli = true, .doc = "Role of the key, the caller's at most; null: the user's."},
	    {AT(key_row, access_key), .kind = F_TEXT, .max = 64, .may = SHOWN, .must = SHOWN, .filter = true,
		.cli = true, .doc = "The public half (AK)."},
	    {AT(key_row, secret_key), .kind = F_SECRET, .min = 16, .max = 128, .may = VIEW_CREATED,
		.must = VIEW_CREATED, .doc = "The secret half (SK); answered once, at creation."},
	    {AT(key_row, description), .kind = F_TEXT, .max = 255, .may = VIEW_CREATE | SHOWN, .fallback = "\"\"",
		.cli = true, .example = "ci", .doc = "Free text."},
	    {AT(key_row, enabled), .kind = F_BOOL, .may = SHOWN, .must = SHOWN, .fallback = "true", .cli = true,
		.doc = "Whether signatures with it are accepted."},
	    {AT(key_row, create_time), .kind = F_TIME, .may = SHOWN, .must = SHOWN, .doc = "When it was made."},
	    {0},
	},
};

/* The user's keys are one set, which has a limit. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	(void)tx;
	(void)row;
	(void)err;
	if (call->route->method == M_POST)
		lock_want(set, &user_table, call->who.user_id);
	return DC_OK;
}

static enum dc_code
check_number(struct tx *tx, const struct call *call, struct dc_error *err)
{
	int64_t most = res_settings(call)->access_keys_per_user, used;
	enum dc_code rc;

	if (most < 0 ||
	    (rc = query_count_to(tx, &key_table, Q(Q_EQ("user_id", call->who.user_id)), most, &used, err)) != DC_OK)
		return most < 0 ? DC_OK : rc;
	return used < most
		   ? DC_OK
		   : dc_fail(err, DC_E_QUOTA, NULL,
			 "the quota of %lld access keys of one user is used up: delete one first", (long long)most);
}

/* The user's own role may be more than that of the key or token that the call came with. */
static enum dc_code
take_role(struct tx *tx, const struct call *call, struct key_row *k, struct dc_error *err)
{
	struct user_row user;
	bool found;
	enum dc_code rc;

	if (k->role.set == GIVEN && role_parse(k->role.v) > call->who.role)
		return dc_fail(err, DC_E_PARAM, "own_access_key.role",
		    "own_access_key.role cannot be more than the caller's: %s", role_name(call->who.role));
	if (k->role.set == GIVEN ||
	    (rc = auth_find(tx, &user_table, Q(Q_EQ("id", call->who.user_id)), &user, &found, err)) != DC_OK)
		return k->role.set == GIVEN ? DC_OK : rc;
	F_SET_TEXT(k->role, found && role_parse(user.role.v) == call->who.role ? NULL : role_name(call->who.role));
	return DC_OK;
}

static enum dc_code
own_key_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct key_row *k = row;
	struct access_key made;
	enum dc_code rc;

	if ((rc = take_role(tx, call, k, err)) != DC_OK || (rc = check_number(tx, call, err)) != DC_OK)
		return rc;
	access_key_new(tx_arena(tx), &made);
	F_SET_TEXT(k->user_id, call->who.user_id);
	F_SET_TEXT(k->project_id, call->project);
	F_SET_TEXT(k->access_key, made.access_key);
	F_SET_TEXT(k->secret_key, made.secret_key);
	return DC_OK;
}

#define PATH "/dcaas/v1/projects/{project_id}/access-keys"

static const struct route own_key_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &own_key_resource, .run = crud_list, .operation = "ListOwnAccessKeys",
	.command = "access-key list", .summary = "List the caller's own access keys, without their secrets."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &own_key_resource, VIEW_CREATE, .status = 201, .run = crud_create,
	.operation = "CreateOwnAccessKey", .command = "access-key create",
	.summary = "Make a further access key of the caller for this project; only this answer shows the secret key."},
    {M_GET, PATH "/{own_access_key_id}", ROLE_READER, .res = &own_key_resource, .run = crud_show,
	.operation = "ShowOwnAccessKey", .command = "access-key show",
	.summary = "Read one of the caller's access keys, without its secret."},
    {M_DELETE, PATH "/{own_access_key_id}", ROLE_MEMBER, ROUTE_WRITES, &own_key_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteOwnAccessKey", .command = "access-key delete",
	.summary = "Delete one of the caller's access keys."},
    {0},
};

const struct resource own_key_resource = {
    .name = "own_access_key",
    .plural = "own_access_keys",
    .title = "own access key",
    .shorts = "ak",
    .identity = "access_key",
    .table = &own_key_table,
    .missing = DC_E_NOT_FOUND,
    .user = "user_id",
    .routes = own_key_routes,
    .chain = chain,
    .create = own_key_create,
};
