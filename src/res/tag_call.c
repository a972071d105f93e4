/* SPDX-License-Identifier: ISC */
/* tag_call.c - the calls that read, set and remove the tags of one resource (semantics.md section 6). A change is a new
 * list of the resource, written under the resource's lock, so that the limit holds against calls at the same time. */
#include <string.h>

#include "api/crud.h"
#include "res/direct_connect.h"
#include "res/res.h"
#include "res/tag.h"
#include "res/virtual_gateway.h"
#include "res/virtual_interface.h"
#include "store/child.h"

/* --- which resource --- */

static const struct tag_kind kinds[] = {
    {"dc-directconnect", &direct_connect_resource, &direct_connect_tag_table, &tagged_connection_table},
    {"dc-vgw", &virtual_gateway_resource, &virtual_gateway_tag_table, &tagged_gateway_table},
    {"dc-vif", &virtual_interface_resource, &virtual_interface_tag_table, &tagged_interface_table},
};
static const char *const kind_names[] = {"dc-directconnect", "dc-vgw", "dc-vif", NULL};

struct tag_path {
	struct f_text resource_type, resource_id, key;
};

const struct field_table tag_path_table = {
    .name = "TagPath",
    .size = sizeof(struct tag_path),
    .fields =
	(const struct field[]){
	    {AT(tag_path, resource_type), .kind = F_ENUM, .names = kind_names, .may = V_R, .must = V_R,
		.doc = "Kind of tagged resource."},
	    {AT(tag_path, resource_id), .ref = "direct_connect|virtual_gateway|virtual_interface", .kind = F_UUID,
		.may = V_R, .must = V_R, .doc = "Tagged resource."},
	    {AT(tag_path, key), .kind = F_TEXT, .min = 1, .max = 128, .may = V_R, .must = V_R,
		.doc = "Key of the tag, percent-encoded."},
	    {0},
	},
};

enum dc_code
tag_kind_of(const struct call *call, const struct tag_kind **ret, struct dc_error *err)
{
	const char *name = call_param(call, "resource_type");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*ret = &kinds[i];
			return DC_OK;
		}
	return dc_fail(err, DC_E_NO_API, "resource_type",
	    "resource_type %.64s does not exist: dc-directconnect, dc-vgw, dc-vif", name);
}

static struct f_objects *
tags_of(const struct tag_kind *kind, void *row)
{
	return field_ptr(field_find(kind->res->table, "tags"), row);
}

static size_t
tags_max(const struct tag_kind *kind)
{
	return field_find(kind->res->table, "tags")->max_items;
}

static struct f_text *
enterprise_project_of(const struct tag_kind *kind, void *row)
{
	return field_ptr(field_find(kind->res->table, "enterprise_project_id"), row);
}

/* The resource of the path, locked, with its tags. */
static enum dc_code
load(struct tx *tx, struct call *call, const struct tag_kind **kind, void **ret, struct dc_error *err)
{
	enum dc_code rc;

	if ((rc = tag_kind_of(call, kind, err)) != DC_OK ||
	    (rc = crud_load_locked(tx, call, (*kind)->res, call_param(call, "resource_id"), ret, err)) != DC_OK)
		return rc;
	return child_read(tx, (*kind)->res->table, *ret, 1, err);
}

/* --- system tags --- */

bool
tag_sees_system(const struct call *call)
{
	return call->who.role == ROLE_OPERATOR;
}

struct f_objects
tag_system(const struct call *call, const struct f_text *enterprise_project_id, struct arena *arena)
{
	struct tag *tag = arena_new_of(arena, struct tag);

	if (!tag_sees_system(call))
		return (struct f_objects){GIVEN, 0, NULL};
	F_SET_TEXT(tag->key, TAG_ENTERPRISE_PROJECT);
	F_SET_TEXT(tag->value, text_or_null(enterprise_project_id) != NULL ? enterprise_project_id->v : "0");
	return (struct f_objects){GIVEN, 1, tag};
}

static enum dc_code
check_system(const struct call *call, const struct tag *tag, struct dc_error *err)
{
	if (!tag_sees_system(call))
		return dc_fail(err, DC_E_FORBIDDEN, "sys_tags", "sys_tags are the operator's");
	return strcmp(tag->key.v, TAG_ENTERPRISE_PROJECT) == 0
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, "sys_tags",
			 "sys_tags[0].key must be " TAG_ENTERPRISE_PROJECT ": there is no other system tag");
}

static enum dc_code
set_system(struct tx *tx, const struct call *call, const struct tag_kind *kind, void *row, const struct tag *tag,
    bool removes, struct dc_error *err)
{
	static const char *const columns[] = {"enterprise_project_id", NULL};
	const struct field *f = field_find(kind->res->table, "enterprise_project_id");
	const struct f_text *id = field_ptr(field_find(kind->res->table, "id"), row);
	const char *value = text_or_null(&tag->value);
	enum dc_code rc;

	if ((rc = check_system(call, tag, err)) != DC_OK)
		return rc;
	if (removes || value == NULL)
		value = "0";
	if ((rc = field_check_query(f, value, tx_arena(tx), &value, NULL)) != DC_OK)
		return dc_fail(err, DC_E_PARAM, "sys_tags", "sys_tags[0].value must be a UUID or 0");
	F_SET_TEXT(*enterprise_project_of(kind, row), value);
	return query_set(tx, kind->res->table, columns, row, Q(Q_EQ("id", id->v)), NULL, err);
}

/* --- read --- */

struct resource_tags {
	struct f_objects tags, sys_tags;
	struct f_text request_id;
};

static const struct field_table resource_tags_table = {
    .name = "ResourceTags",
    .size = sizeof(struct resource_tags),
    .fields =
	(const struct field[]){
	    {AT(resource_tags, tags), .kind = F_OBJECTS, .of = &tag_table, .may = V_R, .must = V_R,
		.doc = "Tags of the resource."},
	    {AT(resource_tags, sys_tags), .kind = F_OBJECTS, .of = &tag_table, .may = V_R, .must = V_R,
		.doc = "The system's tags, for operators; empty for others."},
	    {AT(resource_tags, request_id), .kind = F_TEXT, .max = 36, .may = V_R, .must = V_R,
		.doc = "Identifier of this call."},
	    {0},
	},
};

static enum dc_code
show_tags(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct tag_kind *kind;
	struct resource_tags answer = {0};
	void *row;
	enum dc_code rc;

	if ((rc = tag_kind_of(call, &kind, err)) != DC_OK ||
	    (rc = crud_load(tx, call, kind->res, call_param(call, "resource_id"), &row, err)) != DC_OK ||
	    (rc = child_read(tx, kind->res->table, row, 1, err)) != DC_OK)
		return rc;
	answer.tags = *tags_of(kind, row);
	answer.sys_tags = tag_system(call, enterprise_project_of(kind, row), tx_arena(tx));
	F_SET_TEXT(answer.request_id, call->request_id);
	call_answer_row(call, &answer);
	return DC_OK;
}

/* --- change --- */

static struct tag *
find_tag(struct f_objects *tags, const char *key)
{
	struct tag *tag = tags->v;

	for (size_t i = 0; i < tags->n; i++)
		if (strcmp(tag[i].key.v, key) == 0)
			return &tag[i];
	return NULL;
}

/* A copy of the resource's list, with room for so many more. */
static struct f_objects
copy_tags(const struct tag_kind *kind, void *row, size_t more, struct arena *arena)
{
	const struct f_objects *old = tags_of(kind, row);
	struct tag *copy = arena_array(arena, old->n + more + 1, sizeof(*copy));

	if (old->n > 0)
		memcpy(copy, old->v, old->n * sizeof(*copy));
	return (struct f_objects){GIVEN, old->n, copy};
}

static void
put_tag(struct f_objects *tags, const struct tag *tag)
{
	struct tag *place = find_tag(tags, tag->key.v);

	if (place == NULL)
		place = (struct tag *)tags->v + tags->n++;
	place->key = tag->key;
	F_SET_TEXT(place->value, tag->value.set == GIVEN ? tag->value.v : "");
}

static void
drop_tag(struct f_objects *tags, const char *key)
{
	struct tag *all = tags->v, *place = find_tag(tags, key);

	if (place == NULL)
		return;
	tags->n--;
	memmove(place, place + 1, (size_t)(all + tags->n - place) * sizeof(*place));
}

static enum dc_code
event(struct tx *tx, const struct call *call, const struct tag_kind *kind, void *row, struct dc_error *err)
{
	const struct f_text *id = field_ptr(field_find(kind->res->table, "id"), row);

	return event_add_for(tx, call, call->project, "update", kind->res->name, id->v, err);
}

static enum dc_code
write_tags(struct tx *tx, const struct call *call, const struct tag_kind *kind, void *row, const struct f_objects *tags,
    struct dc_error *err)
{
	void *changed = arena_memdup(tx_arena(tx), row, kind->res->table->size);
	enum dc_code rc;

	if (tags->n > tags_max(kind))
		return dc_fail(
		    err, DC_E_PARAM, "tags", "tags: a %s has at most %zu tags", kind->res->title, tags_max(kind));
	if (field_objects_equal(&tag_table, tags_of(kind, row), tags))
		return DC_OK;
	*tags_of(kind, changed) = *tags;
	rc = child_write(tx, kind->res->table, row, changed, err);
	return rc == DC_OK ? event(tx, call, kind, row, err) : rc;
}

static enum dc_code
create_tag(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct tag *tag = call->body;
	const struct tag_kind *kind;
	struct f_objects tags;
	void *row;
	enum dc_code rc;

	if ((rc = tag_kind_of(call, &kind, err)) != DC_OK || (rc = tag_check(tag, "tag", err)) != DC_OK ||
	    (rc = load(tx, call, &kind, &row, err)) != DC_OK)
		return rc;
	tags = copy_tags(kind, row, 1, tx_arena(tx));
	put_tag(&tags, tag);
	return write_tags(tx, call, kind, row, &tags, err);
}

static enum dc_code
delete_tag(struct tx *tx, struct call *call, struct dc_error *err)
{
	const char *key = call_param(call, "key");
	const struct tag_kind *kind;
	struct f_objects tags;
	void *row;
	enum dc_code rc;

	if ((rc = load(tx, call, &kind, &row, err)) != DC_OK)
		return rc;
	if (find_tag(tags_of(kind, row), key) == NULL)
		return dc_missing(err, DC_E_NOT_FOUND, "The %s has no tag with the key %.128s", kind->res->title, key);
	tags = copy_tags(kind, row, 0, tx_arena(tx));
	drop_tag(&tags, key);
	return write_tags(tx, call, kind, row, &tags, err);
}

struct tag_batch {
	struct f_text action;
	struct f_objects tags, sys_tags;
};
static const char *const actions[] = {"create", "delete", NULL};

static const struct field_table tag_batch_table = {
    .name = "TagBatch",
    .size = sizeof(struct tag_batch),
    .fields =
	(const struct field[]){
	    {AT(tag_batch, action), .kind = F_ENUM, .names = actions, .may = VIEW_CREATE, .must = VIEW_CREATE,
		.doc = "Whether the tags are set or removed."},
	    {AT(tag_batch, tags), .kind = F_OBJECTS, .of = &tag_table, .min_items = 1, .max_items = 20,
		.may = VIEW_CREATE, .doc = "Tags; a removal ignores their values."},
	    {AT(tag_batch, sys_tags), .kind = F_OBJECTS, .of = &tag_table, .min_items = 1, .max_items = 1,
		.may = VIEW_CREATE, .doc = "The system's tag, for operators; excludes tags."},
	    {0},
	},
};

static enum dc_code
check_batch(const struct tag_batch *batch, bool removes, struct dc_error *err)
{
	if ((batch->tags.set == GIVEN) == (batch->sys_tags.set == GIVEN))
		return dc_fail(err, DC_E_PARAM, "tags", "The body must have either tags or sys_tags");
	return removes ? DC_OK : tags_check(&batch->tags, "tags", err);
}

static enum dc_code
change_tags(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct tag_batch *batch = call->body;
	bool removes = strcmp(batch->action.v, "delete") == 0;
	const struct tag *tag = batch->tags.v;
	const struct tag_kind *kind;
	struct f_objects tags;
	void *row;
	enum dc_code rc;

	if ((rc = tag_kind_of(call, &kind, err)) != DC_OK || (rc = check_batch(batch, removes, err)) != DC_OK ||
	    (rc = load(tx, call, &kind, &row, err)) != DC_OK)
		return rc;
	if (batch->sys_tags.set == GIVEN) {
		rc = set_system(tx, call, kind, row, batch->sys_tags.v, removes, err);
		return rc == DC_OK ? event(tx, call, kind, row, err) : rc;
	}
	tags = copy_tags(kind, row, batch->tags.n, tx_arena(tx));
	for (size_t i = 0; i < batch->tags.n; i++) {
		if (removes)
			drop_tag(&tags, tag[i].key.v);
		else
			put_tag(&tags, &tag[i]);
	}
	return write_tags(tx, call, kind, row, &tags, err);
}

#define PATH "/v3/{project_id}/{resource_type}/{resource_id}/tags"

const struct route tag_routes[] = {
    {M_GET, PATH, ROLE_READER, .run = show_tags, .answer_table = &resource_tags_table, .query_table = &tag_path_table,
	.operation = "ShowResourceTag", .errors = ERRORS(DC_E_DC_NOT_FOUND, DC_E_VGW_NOT_FOUND, DC_E_VIF_NOT_FOUND),
	.command = "resource-tag list", .summary = "Read the tags of one resource."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, NULL, VIEW_CREATE, &tag_table, "tag", .status = 204, .run = create_tag,
	.query_table = &tag_path_table, .operation = "CreateResourceTag",
	.errors = ERRORS(DC_E_DC_NOT_FOUND, DC_E_VGW_NOT_FOUND, DC_E_VIF_NOT_FOUND),
	.summary = "Set one tag of a resource; a key that it has gets the new value."},
    {M_DELETE, PATH "/{key}", ROLE_MEMBER, ROUTE_WRITES, .status = 204, .run = delete_tag,
	.query_table = &tag_path_table, .operation = "DeleteResourceTag",
	.errors = ERRORS(DC_E_NOT_FOUND, DC_E_DC_NOT_FOUND, DC_E_VGW_NOT_FOUND, DC_E_VIF_NOT_FOUND),
	.summary = "Remove one tag of a resource."},
    {M_POST, PATH "/action", ROLE_MEMBER, ROUTE_WRITES, NULL, VIEW_CREATE, &tag_batch_table, "", .status = 204,
	.run = change_tags, .query_table = &tag_path_table, .operation = "BatchCreateResourceTags",
	.errors = ERRORS(DC_E_DC_NOT_FOUND, DC_E_VGW_NOT_FOUND, DC_E_VIF_NOT_FOUND), .command = "resource-tag batch",
	.summary = "Set or remove several tags of a resource."},
    {0},
};
