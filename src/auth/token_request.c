/* SPDX-License-Identifier: ISC */
/* The body of POST /v3/auth/tokens as tables. */
#include "auth/token.h"

#define IN VIEW_CREATE

static const struct field domain_fields[] = {
    {AT(token_domain, id), .kind = F_TEXT, .may = IN, .min = 1, .max = 64},
    {AT(token_domain, name), .kind = F_TEXT, .may = IN, .min = 1, .max = 64},
    {.name = NULL},
};
static const struct field_table domain_of_token = {
    .name = "TokenDomain",
    .size = sizeof(struct token_domain),
    .fields = domain_fields,
};

static const struct field user_fields[] = {
    {AT(token_user, id), .kind = F_TEXT, .may = IN, .min = 1, .max = 64},
    {AT(token_user, name), .kind = F_TEXT, .may = IN, .min = 1, .max = 64},
    {AT(token_user, password), .kind = F_SECRET, .may = IN, .must = IN, .min = 1, .max = 128},
    {AT(token_user, domain), .kind = F_OBJECT, .may = IN, .of = &domain_of_token},
    {.name = NULL},
};
static const struct field_table user_of_token = {
    .name = "TokenUser",
    .size = sizeof(struct token_user),
    .fields = user_fields,
};

static const struct field password_fields[] = {
    {AT(token_password, user), .kind = F_OBJECT, .may = IN, .must = IN, .of = &user_of_token},
    {.name = NULL},
};
static const struct field_table password_of_token = {
    .name = "TokenPassword",
    .size = sizeof(struct token_password),
    .fields = password_fields,
};

static const struct field old_fields[] = {
    {AT(token_old, id), .kind = F_SECRET, .may = IN, .must = IN, .min = 1, .max = 10240},
    {.name = NULL},
};
static const struct field_table old_of_token = {
    .name = "TokenOld",
    .size = sizeof(struct token_old),
    .fields = old_fields,
};

static const struct field identity_fields[] = {
    {AT(token_identity, methods), .kind = F_LIST, .may = IN, .must = IN, .min = 1, .max = 32, .min_items = 1,
	.max_items = 4, .doc = "password or token."},
    {AT(token_identity, password), .kind = F_OBJECT, .may = IN, .of = &password_of_token},
    {AT(token_identity, token), .kind = F_OBJECT, .may = IN, .of = &old_of_token},
    {.name = NULL},
};
static const struct field_table identity_of_token = {
    .name = "TokenIdentity",
    .size = sizeof(struct token_identity),
    .fields = identity_fields,
};

static const struct field project_fields[] = {
    {AT(token_project, id), .kind = F_TEXT, .may = IN, .min = 1, .max = 64},
    {AT(token_project, name), .kind = F_TEXT, .may = IN, .min = 1, .max = 64},
    {AT(token_project, domain), .kind = F_OBJECT, .may = IN, .of = &domain_of_token},
    {.name = NULL},
};
static const struct field_table project_of_token = {
    .name = "TokenProject",
    .size = sizeof(struct token_project),
    .fields = project_fields,
};

static const struct field scope_fields[] = {
    {AT(token_scope, project), .kind = F_OBJECT, .may = IN, .of = &project_of_token},
    {AT(token_scope, domain), .kind = F_OBJECT, .may = IN, .of = &domain_of_token},
    {.name = NULL},
};
static const struct field_table scope_of_token = {
    .name = "TokenScope",
    .size = sizeof(struct token_scope),
    .fields = scope_fields,
};

static const struct field request_fields[] = {
    {AT(token_request, identity), .kind = F_OBJECT, .may = IN, .must = IN, .of = &identity_of_token},
    {AT(token_request, scope), .kind = F_OBJECT, .may = IN, .of = &scope_of_token},
    {.name = NULL},
};
const struct field_table token_request_table = {
    .name = "TokenRequest",
    .size = sizeof(struct token_request),
    .fields = request_fields,
};
