/* The body of POST /v3/auth/tokens as tables. */
#include "auth/token.h"

#define IN VIEW_CREATE

static const struct field domain_fields[] = {
	{ .name = "id", .kind = F_TEXT, .offset = offsetof(struct token_domain, id), .may = IN, .min = 1, .max = 64 },
	{ .name = "name", .kind = F_TEXT, .offset = offsetof(struct token_domain, name), .may = IN, .min = 1, .max = 64 },
	{ .name = NULL },
};
static const struct field_table domain_of_token = {
	.name = "TokenDomain", .size = sizeof(struct token_domain), .fields = domain_fields,
};

static const struct field user_fields[] = {
	{ .name = "id", .kind = F_TEXT, .offset = offsetof(struct token_user, id), .may = IN, .min = 1, .max = 64 },
	{ .name = "name", .kind = F_TEXT, .offset = offsetof(struct token_user, name), .may = IN, .min = 1, .max = 64 },
	{ .name = "password", .kind = F_SECRET, .offset = offsetof(struct token_user, password), .may = IN, .must = IN,
	    .min = 1, .max = 128 },
	{ .name = "domain", .kind = F_OBJECT, .offset = offsetof(struct token_user, domain), .may = IN,
	    .of = &domain_of_token },
	{ .name = NULL },
};
static const struct field_table user_of_token = {
	.name = "TokenUser", .size = sizeof(struct token_user), .fields = user_fields,
};

static const struct field password_fields[] = {
	{ .name = "user", .kind = F_OBJECT, .offset = offsetof(struct token_password, user), .may = IN, .must = IN,
	    .of = &user_of_token },
	{ .name = NULL },
};
static const struct field_table password_of_token = {
	.name = "TokenPassword", .size = sizeof(struct token_password), .fields = password_fields,
};

static const struct field old_fields[] = {
	{ .name = "id", .kind = F_SECRET, .offset = offsetof(struct token_old, id), .may = IN, .must = IN, .min = 1,
	    .max = 10240 },
	{ .name = NULL },
};
static const struct field_table old_of_token = {
	.name = "TokenOld", .size = sizeof(struct token_old), .fields = old_fields,
};

static const struct field identity_fields[] = {
	{ .name = "methods", .kind = F_LIST, .offset = offsetof(struct token_identity, methods), .may = IN, .must = IN,
	    .min = 1, .max = 32, .min_items = 1, .max_items = 4, .doc = "password or token." },
	{ .name = "password", .kind = F_OBJECT, .offset = offsetof(struct token_identity, password), .may = IN,
	    .of = &password_of_token },
	{ .name = "token", .kind = F_OBJECT, .offset = offsetof(struct token_identity, token), .may = IN,
	    .of = &old_of_token },
	{ .name = NULL },
};
static const struct field_table identity_of_token = {
	.name = "TokenIdentity", .size = sizeof(struct token_identity), .fields = identity_fields,
};

static const struct field project_fields[] = {
	{ .name = "id", .kind = F_TEXT, .offset = offsetof(struct token_project, id), .may = IN, .min = 1, .max = 64 },
	{ .name = "name", .kind = F_TEXT, .offset = offsetof(struct token_project, name), .may = IN, .min = 1, .max = 64 },
	{ .name = "domain", .kind = F_OBJECT, .offset = offsetof(struct token_project, domain), .may = IN,
	    .of = &domain_of_token },
	{ .name = NULL },
};
static const struct field_table project_of_token = {
	.name = "TokenProject", .size = sizeof(struct token_project), .fields = project_fields,
};

static const struct field scope_fields[] = {
	{ .name = "project", .kind = F_OBJECT, .offset = offsetof(struct token_scope, project), .may = IN,
	    .of = &project_of_token },
	{ .name = "domain", .kind = F_OBJECT, .offset = offsetof(struct token_scope, domain), .may = IN,
	    .of = &domain_of_token },
	{ .name = NULL },
};
static const struct field_table scope_of_token = {
	.name = "TokenScope", .size = sizeof(struct token_scope), .fields = scope_fields,
};

static const struct field request_fields[] = {
	{ .name = "identity", .kind = F_OBJECT, .offset = offsetof(struct token_request, identity), .may = IN, .must = IN,
	    .of = &identity_of_token },
	{ .name = "scope", .kind = F_OBJECT, .offset = offsetof(struct token_request, scope), .may = IN,
	    .of = &scope_of_token },
	{ .name = NULL },
};
const struct field_table token_request_table = {
	.name = "TokenRequest", .size = sizeof(struct token_request), .fields = request_fields,
};
