/* SPDX-License-Identifier: ISC */
#include "auth/keystone_token.h"

#include <string.h>

#include "field/field.h"

#define IN VIEW_WIRE
#define NAME_MAX_LENGTH 255 /* Keystone's own limit */
#define ID_MAX_LENGTH 64
#define HAS(objects) ((objects).set == GIVEN && (objects).n > 0)

/* --- the answer as tables --- */

struct domain_part {
	struct f_text id, name;
};
struct owner_part { /* a user, or a project */
	struct f_text id, name;
	struct f_objects domain; /* struct domain_part */
};
struct role_part {
	struct f_text name;
};
struct system_part {
	struct f_bool all;
};
struct token_part {
	struct f_objects user, project; /* struct owner_part */
	struct f_objects system;        /* struct system_part */
	struct f_objects roles;         /* struct role_part */
	struct f_list audit_ids;
	struct f_int expires_at;
	struct f_bool is_admin_project;
};

static const struct field domain_fields[] = {
    {AT(domain_part, id), .kind = F_TEXT, .may = IN, .must = IN, .min = 1, .max = ID_MAX_LENGTH},
    {AT(domain_part, name), .kind = F_TEXT, .may = IN, .max = NAME_MAX_LENGTH},
    {.name = NULL},
};
static const struct field_table domain_of_answer = {
    .name = "KeystoneDomain",
    .size = sizeof(struct domain_part),
    .fields = domain_fields,
};

static const struct field owner_fields[] = {
    {AT(owner_part, id), .kind = F_TEXT, .may = IN, .must = IN, .min = 1, .max = ID_MAX_LENGTH},
    {AT(owner_part, name), .kind = F_TEXT, .may = IN, .max = NAME_MAX_LENGTH},
    {AT(owner_part, domain), .kind = F_OBJECT, .may = IN, .must = IN, .of = &domain_of_answer},
    {.name = NULL},
};
static const struct field_table owner_of_answer = {
    .name = "KeystoneOwner",
    .size = sizeof(struct owner_part),
    .fields = owner_fields,
};

static const struct field role_fields[] = {
    {AT(role_part, name), .kind = F_TEXT, .may = IN, .must = IN, .max = NAME_MAX_LENGTH},
    {.name = NULL},
};
static const struct field_table role_of_answer = {
    .name = "KeystoneRole",
    .size = sizeof(struct role_part),
    .fields = role_fields,
};

static const struct field system_fields[] = {
    {AT(system_part, all), .kind = F_BOOL, .may = IN},
    {.name = NULL},
};
static const struct field_table system_of_answer = {
    .name = "KeystoneSystem",
    .size = sizeof(struct system_part),
    .fields = system_fields,
};

static const struct field token_fields[] = {
    {AT(token_part, user), .kind = F_OBJECT, .may = IN, .must = IN, .of = &owner_of_answer},
    {AT(token_part, project), .kind = F_OBJECT, .may = IN, .of = &owner_of_answer},
    {AT(token_part, system), .kind = F_OBJECT, .may = IN, .of = &system_of_answer},
    {AT(token_part, roles), .kind = F_OBJECTS, .may = IN, .of = &role_of_answer},
    {AT(token_part, audit_ids), .kind = F_LIST, .may = IN, .max = 64},
    {AT(token_part, expires_at), .kind = F_TIME, .may = IN, .must = IN},
    {AT(token_part, is_admin_project), .kind = F_BOOL, .may = IN},
    {.name = NULL},
};
static const struct field_table token_of_answer = {
    .name = "KeystoneToken",
    .size = sizeof(struct token_part),
    .fields = token_fields,
};

/* --- what it is worth --- */

static bool
is_among(const char *list, const char *name)
{
	size_t len;

	while (list != NULL && *(list += strspn(list, " \t,")) != '\0') {
		len = strcspn(list, " \t,");
		if (len == strlen(name) && memcmp(list, name, len) == 0)
			return true;
		list += len;
	}
	return false;
}

/* The highest one. Where a cloud names an admin project, Keystone marks the tokens of all others, and a role on those
 * makes nobody an operator. */
static enum role
role_of(const struct token_part *t, const struct keystone_roles *known)
{
	bool elsewhere = t->is_admin_project.set == GIVEN && !t->is_admin_project.v;
	const struct role_part *role = t->roles.v;
	enum role found = ROLE_NONE, one;

	for (size_t i = 0; i < t->roles.n; i++) {
		one = !elsewhere && is_among(known->operator, role[i].name.v) ? ROLE_OPERATOR
		      : is_among(known->member, role[i].name.v)               ? ROLE_MEMBER
		      : is_among(known->reader, role[i].name.v)               ? ROLE_READER
									      : ROLE_NONE;
		if (one > found)
			found = one;
	}
	return found;
}

static const char *
lower_hex32(const char *id, struct arena *arena)
{
	char *copy;

	if (!hex32_is_valid(id))
		return NULL;
	copy = arena_strdup(arena, id);
	for (char *c = copy; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c + ('a' - 'A'));
	return copy;
}

/* Clients of the API expect 32 hex digits. Keystone's first domain has the id "default". */
static const char *
domain_id_of(const char *id, struct arena *arena)
{
	const char *own = lower_hex32(id, arena), *text;
	char hash[SHA256_HEX_SIZE];

	if (own != NULL)
		return own;
	text = arena_printf(arena, "Keystone's domain %s", id);
	sha256_hex(text, strlen(text), hash);
	return arena_strndup(arena, hash, HEX32_TEXT_SIZE - 1);
}

static void
set_domain(struct keystone_token *ret, const struct owner_part *owner, struct arena *arena)
{
	const struct domain_part *d = owner->domain.v;

	ret->domain_id = domain_id_of(d->id.v, arena);
	ret->domain_name = d->name.v != NULL && d->name.v[0] != '\0' ? d->name.v : ret->domain_id;
}

static enum dc_code
set_scope(struct keystone_token *ret, const struct token_part *t, struct arena *arena, struct dc_error *err)
{
	const struct owner_part *project = t->project.v;
	const struct system_part *system = t->system.v;

	if (HAS(t->project)) {
		set_domain(ret, project, arena);
		ret->project_name =
		    project->name.v != NULL && project->name.v[0] != '\0' ? project->name.v : project->id.v;
		if ((ret->project_id = lower_hex32(project->id.v, arena)) != NULL)
			return DC_OK;
		return dc_fail(err, DC_E_FORBIDDEN, "X-Auth-Token",
		    "The id of the token's project is not made of 32 hex digits, as this API has them");
	}
	set_domain(ret, t->user.v, arena);
	if (!HAS(t->system) || system->all.set != GIVEN || !system->all.v)
		return dc_fail(err, DC_E_FORBIDDEN, "X-Auth-Token", "The token is not scoped to a project");
	if (ret->role != ROLE_OPERATOR)
		return dc_fail(err, DC_E_FORBIDDEN, "X-Auth-Token",
		    "The token is scoped to the system, and its roles there are not an operator's");
	return DC_OK;
}

static enum dc_code
read_token(const struct token_part *t, const struct keystone_roles *known, struct arena *arena,
    struct keystone_token *ret, struct dc_error *err)
{
	const struct owner_part *user = t->user.v;

	*ret = (struct keystone_token){
	    .user_id = user->id.v,
	    .user_name = user->name.v,
	    .audit_id = t->audit_ids.n > 0 ? t->audit_ids.v[0] : "",
	    .role = role_of(t, known),
	    .until = t->expires_at.v,
	};
	if (ret->role == ROLE_NONE)
		return dc_fail(
		    err, DC_E_FORBIDDEN, "X-Auth-Token", "The token has no role at Keystone that may use this API");
	return set_scope(ret, t, arena, err);
}

enum dc_code
keystone_token_read(const char *body, size_t len, const struct keystone_roles *known, struct arena *arena,
    struct keystone_token *ret, struct dc_error *err)
{
	struct dc_error own = {0};
	json_t *json = NULL;
	void *row = NULL;

	if (field_parse(body, len, &json, &own) != DC_OK)
		return dc_fail(err, DC_E_PROTOCOL, NULL, "%s", own.text);
	if (field_decode_in(&token_of_answer, IN, json, "token", arena, &row, &own) != DC_OK)
		row = NULL;
	json_decref(json);
	if (row == NULL)
		return dc_fail(err, DC_E_PROTOCOL, NULL, "%s", own.text);
	return read_token(row, known, arena, ret, err);
}
