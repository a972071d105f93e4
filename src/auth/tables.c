#include "auth/tables.h"

const char *const role_names[] = { "reader", "member", "operator", NULL };

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
	{ .name = "id", .kind = F_HEX32, .offset = offsetof(struct domain_row, id), .may = OP_ONCE, .must = HAVE,
	    .filter = true, .sort = true, .cli = true, .doc = "Id of the domain; may be given at creation." },
	{ .name = "name", .kind = F_TEXT, .offset = offsetof(struct domain_row, name), .may = OP_ALL,
	    .must = VIEW_OP_CREATE | HAVE, .min = 1, .max = 64, .filter = true, .sort = true, .cli = true,
	    .doc = "Name of the account, unique." },
	{ .name = "description", .kind = F_TEXT, .offset = offsetof(struct domain_row, description), .may = OP_ALL,
	    .max = 255, .fallback = "\"\"", .doc = "Free text." },
	{ .name = "create_time", .kind = F_TIME, .offset = offsetof(struct domain_row, create_time), .may = HAVE,
	    .must = HAVE, .sort = true, .doc = "When it was made." },
	{ .name = NULL },
};
const struct field_table domain_table = {
	.name = "Domain", .sql = "domain", .size = sizeof(struct domain_row), .fields = domain_fields, .at_least_one = true,
};

static const struct field project_fields[] = {
	{ .name = "id", .kind = F_HEX32, .offset = offsetof(struct project_row, id), .may = OP_ONCE, .must = HAVE,
	    .filter = true, .sort = true, .cli = true, .doc = "Id of the project; may be given at creation." },
	{ .name = "domain_id", .kind = F_HEX32, .offset = offsetof(struct project_row, domain_id), .may = OP_ONCE,
	    .must = HAVE, .filter = true, .sort = true, .doc = "Its domain; the caller's when absent." },
	{ .name = "name", .kind = F_TEXT, .offset = offsetof(struct project_row, name), .may = OP_ALL,
	    .must = VIEW_OP_CREATE | HAVE, .min = 1, .max = 64, .filter = true, .sort = true, .cli = true,
	    .doc = "Name of the project, unique in its domain." },
	{ .name = "description", .kind = F_TEXT, .offset = offsetof(struct project_row, description), .may = OP_ALL,
	    .max = 255, .fallback = "\"\"", .cli = true, .doc = "Free text." },
	{ .name = "create_time", .kind = F_TIME, .offset = offsetof(struct project_row, create_time), .may = HAVE,
	    .must = HAVE, .sort = true, .doc = "When it was made." },
	{ .name = NULL },
};
const struct field_table project_table = {
	.name = "Project", .sql = "project", .size = sizeof(struct project_row), .fields = project_fields,
	.at_least_one = true,
};

static const struct field user_fields[] = {
	{ .name = "id", .kind = F_HEX32, .offset = offsetof(struct user_row, id), .may = OP_ONCE, .must = HAVE,
	    .filter = true, .sort = true, .cli = true, .doc = "Id of the user; may be given at creation." },
	{ .name = "domain_id", .kind = F_HEX32, .offset = offsetof(struct user_row, domain_id), .may = OP_ONCE, .must = HAVE,
	    .filter = true, .sort = true, .doc = "Its domain; that of the project, else the caller's, when absent." },
	{ .name = "project_id", .kind = F_HEX32, .offset = offsetof(struct user_row, project_id), .may = OP_ONCE,
	    .nullable = true, .filter = true, .sort = true, .cli = true,
	    .doc = "The only project the user may use; null: every project of the domain." },
	{ .name = "name", .kind = F_TEXT, .offset = offsetof(struct user_row, name), .may = OP_ALL,
	    .must = VIEW_OP_CREATE | HAVE, .min = 1, .max = 64, .filter = true, .sort = true, .cli = true,
	    .doc = "Name of the user, unique in its domain." },
	{ .name = "role", .kind = F_ENUM, .offset = offsetof(struct user_row, role), .may = OP_ALL, .must = HAVE,
	    .names = role_names, .fallback = "\"member\"", .filter = true, .sort = true, .cli = true,
	    .doc = "What the user may do: read, order, or run the service." },
	{ .name = "enabled", .kind = F_BOOL, .offset = offsetof(struct user_row, enabled), .may = OP_ALL, .must = HAVE,
	    .fallback = "true", .filter = true, .cli = true, .doc = "Whether the user's keys and tokens are accepted." },
	{ .name = "password", .kind = F_SECRET, .offset = offsetof(struct user_row, password),
	    .may = VIEW_OP_CREATE | VIEW_OP_UPDATE, .min = 8, .max = 128, .no_column = true,
	    .doc = "For tokens by password; without one only access keys work." },
	{ .name = "password_hash", .kind = F_TEXT, .offset = offsetof(struct user_row, password_hash), .max = 512,
	    .nullable = true, .doc = "yescrypt hash." },
	{ .name = "create_time", .kind = F_TIME, .offset = offsetof(struct user_row, create_time), .may = HAVE, .must = HAVE,
	    .sort = true, .doc = "When it was made." },
	{ .name = NULL },
};
const struct field_table user_table = {
	.name = "User", .sql = "account", .size = sizeof(struct user_row), .fields = user_fields, .at_least_one = true,
};

/* The secret is answered by the call that makes the key (VIEW_CREATED) and never again. */
static const struct field key_fields[] = {
	{ .name = "id", .kind = F_UUID, .offset = offsetof(struct key_row, id), .may = HAVE | VIEW_CREATED,
	    .must = HAVE | VIEW_CREATED, .filter = true, .sort = true, .cli = true, .doc = "Id of the key's record." },
	{ .name = "user_id", .kind = F_HEX32, .offset = offsetof(struct key_row, user_id), .may = OP_ONCE | VIEW_CREATED,
	    .must = VIEW_OP_CREATE | HAVE | VIEW_CREATED, .filter = true, .sort = true, .cli = true, .doc = "Its user." },
	{ .name = "project_id", .kind = F_HEX32, .offset = offsetof(struct key_row, project_id),
	    .may = OP_ONCE | VIEW_CREATED, .nullable = true, .filter = true, .sort = true, .cli = true,
	    .doc = "The only project the key may use; null: as the user." },
	{ .name = "role", .kind = F_ENUM, .offset = offsetof(struct key_row, role), .may = OP_ALL | VIEW_CREATED,
	    .names = role_names, .nullable = true, .filter = true, .cli = true, .doc = "Role of the key; null: the user's." },
	{ .name = "access_key", .kind = F_TEXT, .offset = offsetof(struct key_row, access_key),
	    .may = OP_ONCE | VIEW_CREATED, .must = HAVE | VIEW_CREATED, .min = 8, .max = 64, .filter = true, .sort = true,
	    .cli = true, .doc = "The public half (AK); made when absent." },
	{ .name = "secret_key", .kind = F_SECRET, .offset = offsetof(struct key_row, secret_key),
	    .may = VIEW_OP_CREATE | VIEW_CREATED, .must = VIEW_CREATED, .min = 16, .max = 128,
	    .doc = "The secret half (SK); made when absent; answered once, at creation." },
	{ .name = "description", .kind = F_TEXT, .offset = offsetof(struct key_row, description),
	    .may = OP_ALL | VIEW_CREATED, .max = 255, .fallback = "\"\"", .doc = "Free text." },
	{ .name = "enabled", .kind = F_BOOL, .offset = offsetof(struct key_row, enabled), .may = OP_ALL | VIEW_CREATED,
	    .must = HAVE | VIEW_CREATED, .fallback = "true", .filter = true, .cli = true,
	    .doc = "Whether signatures with it are accepted." },
	{ .name = "create_time", .kind = F_TIME, .offset = offsetof(struct key_row, create_time),
	    .may = HAVE | VIEW_CREATED, .must = HAVE | VIEW_CREATED, .sort = true, .doc = "When it was made." },
	{ .name = NULL },
};
const struct field_table key_table = {
	.name = "AccessKey", .sql = "access_key", .size = sizeof(struct key_row), .fields = key_fields,
	.at_least_one = true,
};

static const struct field token_fields[] = {
	{ .name = "id", .kind = F_UUID, .offset = offsetof(struct token_row, id), .sort = true },
	{ .name = "hash", .kind = F_TEXT, .offset = offsetof(struct token_row, hash), .max = 64 },
	{ .name = "user_id", .kind = F_HEX32, .offset = offsetof(struct token_row, user_id) },
	{ .name = "project_id", .kind = F_HEX32, .offset = offsetof(struct token_row, project_id), .nullable = true },
	{ .name = "methods", .kind = F_TEXT, .offset = offsetof(struct token_row, methods), .max = 16 },
	{ .name = "issued_at", .kind = F_TIME, .offset = offsetof(struct token_row, issued_at) },
	{ .name = "expires_at", .kind = F_TIME, .offset = offsetof(struct token_row, expires_at) },
	{ .name = NULL },
};
const struct field_table token_table = {
	.name = "Token", .sql = "token", .size = sizeof(struct token_row), .fields = token_fields,
};
