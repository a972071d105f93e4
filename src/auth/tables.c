/* SPDX-License-Identifier: ISC */
#include "auth/tables.h"

#include "store/row_lock.h"

#include "store/query.h"

const char *const role_names[] = {"reader", "member", "operator", NULL};

enum role
role_parse(const char *name)
{
	for (int i = 0; name != NULL && role_names[i] != NULL; i++)
		if (strcmp(role_names[i], name) == 0)
			return (enum role)(i + 1);
	return ROLE_NONE;
}

const char *
role_name(enum role role)
{
	return role == ROLE_NONE ? NULL : role_names[role - 1];
}

#define OP_ALL (VIEW_OP_CREATE | VIEW_OP_UPDATE | VIEW_OP_ANSWER)
#define OP_ONCE (VIEW_OP_CREATE | VIEW_OP_ANSWER) /* given at creation, fixed then */
#define HAVE VIEW_OP_ANSWER

static const struct field domain_fields[] = {
    {AT(domain_row, id), .kind = F_HEX32, .may = OP_ONCE, .must = HAVE, .filter = true, .sort = true, .cli = true,
	.doc = "Id of the domain; may be given at creation."},
    {AT(domain_row, name), .example = "example", .kind = F_TEXT, .may = OP_ALL, .must = VIEW_OP_CREATE | HAVE, .min = 1,
	.max = 64, .filter = true, .sort = true, .cli = true, .doc = "Name of the account, unique."},
    {AT(domain_row, description), .kind = F_TEXT, .may = OP_ALL, .max = 255, .fallback = "\"\"", .doc = "Free text."},
    {AT(domain_row, create_time), .kind = F_TIME, .may = HAVE, .must = HAVE, .sort = true, .doc = "When it was made."},
    {.name = NULL},
};
static const struct field_column domain_columns[] = {
    {.member = "name"},
    {.member = "id"},
    {.member = "description"},
    {0},
};

const struct field_table domain_table = {
    .name = "Domain",
    .sql = "domain",
    .constraints =
	(const struct constraint[]){
	    {"domain_name_key", DC_E_PARAM, "domain.name", "another domain has this name"},
	    {.name = "domain_id_check"},
	    {.name = "domain_name_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct domain_row),
    .kept = true,
    .columns = domain_columns,
    .fields = domain_fields,
    .at_least_one = true,
};

static const struct field project_fields[] = {
    {AT(project_row, id), .kind = F_HEX32, .may = OP_ONCE, .must = HAVE, .filter = true, .sort = true, .cli = true,
	.doc = "Id of the project; may be given at creation."},
    {AT(project_row, domain_id), .ref = "domain", .kind = F_HEX32, .may = OP_ONCE, .must = HAVE, .filter = true,
	.sort = true, .doc = "Its domain; the caller's when absent."},
    {AT(project_row, name), .example = "acme", .kind = F_TEXT, .may = OP_ALL, .must = VIEW_OP_CREATE | HAVE, .min = 1,
	.max = 64, .filter = true, .sort = true, .cli = true, .doc = "Name of the project, unique in its domain."},
    {AT(project_row, description), .kind = F_TEXT, .may = OP_ALL, .max = 255, .fallback = "\"\"", .cli = true,
	.doc = "Free text."},
    {AT(project_row, create_time), .kind = F_TIME, .may = HAVE, .must = HAVE, .sort = true, .doc = "When it was made."},
    {.name = NULL},
};
static const struct field_column project_columns[] = {
    {.member = "name"},
    {.member = "id"},
    {.title = "domain", .member = "domain_id"},
    {.member = "description"},
    {0},
};

const struct field_table project_table = {
    .name = "Project",
    .sql = "project",
    .constraints =
	(const struct constraint[]){
	    {"project_domain_id_name_key", DC_E_PARAM, "project.name", "another project of the domain has this name"},
	    {"project_domain_id_fkey", DC_E_NOT_FOUND, "project.domain_id", "the domain does not exist", DC_E_PARAM,
		"The domain has projects"},
	    {.name = "project_id_check"},
	    {.name = "project_name_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct project_row),
    .rank = RANK_PROJECT,
    .kept = true,
    .columns = project_columns,
    .fields = project_fields,
    .at_least_one = true,
};

static const struct field user_fields[] = {
    {AT(user_row, id), .kind = F_HEX32, .may = OP_ONCE, .must = HAVE, .filter = true, .sort = true, .cli = true,
	.doc = "Id of the user; may be given at creation."},
    {AT(user_row, domain_id), .ref = "domain", .kind = F_HEX32, .may = OP_ONCE, .must = HAVE, .filter = true,
	.sort = true, .doc = "Domain of the user. Default: the project's domain, else the caller's."},
    {AT(user_row, project_id), .ref = "project", .example = "acme", .kind = F_HEX32, .may = OP_ONCE, .nullable = true,
	.filter = true, .sort = true, .cli = true,
	.doc = "The only project the user may use; null: every project of the domain."},
    {AT(user_row, all_projects), .kind = F_BOOL, .may = VIEW_OP_CREATE, .no_column = true,
	.doc = "Must be true for a reader or member without project_id, who may use every project of the domain."},
    {AT(user_row, name), .example = "alice", .kind = F_TEXT, .may = OP_ALL, .must = VIEW_OP_CREATE | HAVE, .min = 1,
	.max = 64, .filter = true, .sort = true, .cli = true, .doc = "Name of the user, unique in its domain."},
    {AT(user_row, role), .example = "member", .kind = F_ENUM, .may = OP_ALL, .must = HAVE, .names = role_names,
	.fallback = "\"member\"", .filter = true, .sort = true, .cli = true,
	.doc = "What the user may do: read, order, or run the service."},
    {AT(user_row, enabled), .kind = F_BOOL, .may = OP_ALL, .must = HAVE, .fallback = "true", .filter = true,
	.cli = true, .doc = "Whether the user's keys and tokens are accepted."},
    {AT(user_row, password), .kind = F_SECRET, .may = VIEW_OP_CREATE | VIEW_OP_UPDATE, .min = 8, .max = 128,
	.no_column = true, .doc = "For tokens by password; without one only access keys work."},
    {AT(user_row, password_hash), .kind = F_TEXT, .max = 512, .nullable = true, .doc = "yescrypt hash."},
    {AT(user_row, create_time), .kind = F_TIME, .may = HAVE, .must = HAVE, .sort = true, .doc = "When it was made."},
    {.name = NULL},
};
static const struct field_column user_columns[] = {
    {.member = "name"},
    {.title = "project", .member = "project_id"},
    {.member = "role"},
    {.member = "enabled"},
    {0},
};

const struct field_table user_table = {
    .name = "User",
    .sql = "account",
    .constraints =
	(const struct constraint[]){
	    {"account_domain_id_name_key", DC_E_PARAM, "user.name", "another user of the domain has this name"},
	    {"account_project_id_fkey", DC_E_NOT_FOUND, "user.project_id", "the project does not exist", DC_E_PARAM,
		"The project has users"},
	    {"account_domain_id_fkey", DC_E_NOT_FOUND, "user.domain_id", "the domain does not exist", DC_E_PARAM,
		"The domain has users"},
	    {.name = "account_id_check"},
	    {.name = "account_name_check"},
	    {.name = "account_role_check"},
	    {.name = "account_enabled_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct user_row),
    .rank = RANK_USER,
    .kept = true,
    .columns = user_columns,
    .fields = user_fields,
    .at_least_one = true,
};

/* The secret is answered by the call that makes the key (VIEW_CREATED) and never again. */
static const struct field key_fields[] = {
    {AT(key_row, id), .kind = F_UUID, .may = HAVE | VIEW_CREATED, .must = HAVE | VIEW_CREATED, .filter = true,
	.sort = true, .cli = true, .doc = "Id of the key's record."},
    {AT(key_row, user_id), .ref = "user", .example = "alice", .kind = F_HEX32, .may = OP_ONCE | VIEW_CREATED,
	.must = VIEW_OP_CREATE | HAVE | VIEW_CREATED, .filter = true, .sort = true, .cli = true, .doc = "Its user."},
    {AT(key_row, project_id), .ref = "project", .kind = F_HEX32, .may = OP_ONCE | VIEW_CREATED, .nullable = true,
	.filter = true, .sort = true, .cli = true, .doc = "The only project the key may use; null: as the user."},
    {AT(key_row, role), .kind = F_ENUM, .may = OP_ALL | VIEW_CREATED, .names = role_names, .nullable = true,
	.filter = true, .cli = true, .doc = "Role of the key; null: the user's."},
    {AT(key_row, access_key), .kind = F_TEXT, .may = OP_ONCE | VIEW_CREATED, .must = HAVE | VIEW_CREATED, .min = 8,
	.max = 64, .filter = true, .sort = true, .cli = true, .doc = "The public half (AK); made when absent."},
    {AT(key_row, secret_key), .kind = F_SECRET, .may = VIEW_OP_CREATE | VIEW_CREATED, .must = VIEW_CREATED, .min = 16,
	.max = 128, .doc = "The secret half (SK); made when absent; answered once, at creation."},
    {AT(key_row, description), .kind = F_TEXT, .may = OP_ALL | VIEW_CREATED, .max = 255, .fallback = "\"\"",
	.doc = "Free text."},
    {AT(key_row, enabled), .kind = F_BOOL, .may = OP_ALL | VIEW_CREATED, .must = HAVE | VIEW_CREATED,
	.fallback = "true", .filter = true, .cli = true, .doc = "Whether signatures with it are accepted."},
    {AT(key_row, create_time), .kind = F_TIME, .may = HAVE | VIEW_CREATED, .must = HAVE | VIEW_CREATED, .sort = true,
	.doc = "When it was made."},
    {.name = NULL},
};
static const struct field_column key_columns[] = {
    {.member = "access_key"},
    {.title = "user", .member = "user_id"},
    {.title = "project", .member = "project_id"},
    {.member = "role"},
    {.member = "enabled"},
    {0},
};

const struct field_table key_table = {
    .name = "AccessKey",
    .sql = "access_key",
    .constraints =
	(const struct constraint[]){
	    {"access_key_access_key_key", DC_E_PARAM, "access_key.access_key", "another access key is the same"},
	    {"access_key_project_id_fkey", DC_E_NOT_FOUND, "access_key.project_id", "the project does not exist",
		DC_E_PARAM, "The project has access keys"},
	    {"access_key_user_id_fkey", DC_E_NOT_FOUND, "access_key.user_id", "the user does not exist"},
	    {.name = "access_key_role_check"},
	    {.name = "access_key_enabled_check"},
	    {.name = NULL},
	},
    .end = END_WITH_OTHERS,
    .size = sizeof(struct key_row),
    .kept = true,
    .columns = key_columns,
    .fields = key_fields,
    .at_least_one = true,
};

static const struct field token_fields[] = {
    {AT(token_row, id), .kind = F_UUID, .sort = true},
    {AT(token_row, hash), .kind = F_TEXT, .max = 64},
    {
	AT(token_row, user_id),
	.kind = F_HEX32,
    },
    {AT(token_row, project_id), .kind = F_HEX32, .nullable = true},
    {AT(token_row, methods), .kind = F_TEXT, .max = 16},
    {
	AT(token_row, issued_at),
	.kind = F_TIME,
    },
    {
	AT(token_row, expires_at),
	.kind = F_TIME,
    },
    {.name = NULL},
};
const struct field_table token_table = {
    .name = "Token",
    .sql = "token",
    .constraints =
	(const struct constraint[]){
	    {.name = "token_hash_key"},
	    {.name = "token_project_id_fkey"},
	    {.name = "token_user_id_fkey"},
	    {.name = "token_hash_check"},
	    {.name = NULL},
	},
    .end = END_WITH_OTHERS,
    .size = sizeof(struct token_row),
    .kept = true,
    .fields = token_fields,
};

enum dc_code
auth_find(struct tx *tx, const struct field_table *table, const struct query_cond *cond, void *ret_row, bool *found,
    struct dc_error *err)
{
	void *row = NULL;
	enum dc_code rc = query_get(tx, table, cond, &row, err);

	*found = rc == DC_OK;
	if (*found)
		memcpy(ret_row, row, table->size);
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}
