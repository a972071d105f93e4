/* SPDX-License-Identifier: ISC */
/* tag.h - tags: on the wire a list of a resource's keys and values, in the database a table of rows for each resource
 * that has them. */
#ifndef DC_RES_TAG_H
#define DC_RES_TAG_H

#include "api/route.h"

struct tag {
	struct f_text key, value;
};
extern const struct field_table tag_table;

/* How keys begin that only the server sets. */
#define TAG_SYSTEM "_sys_"

/* Key and value characters (semantics.md section 6). where: the tag's place in the request. */
enum dc_code tag_check(const struct tag *, const char *where, struct dc_error *err);
/* The same of a list, which has no key twice. */
enum dc_code tags_check(const struct f_objects *, const char *member, struct dc_error *err);

/* A tag as a row (store/child.h). */
struct tag_row {
	struct f_text id, owner_id, tenant_id, key, value;
	struct f_int position;
};
extern const struct field_table direct_connect_tag_table, virtual_gateway_tag_table, virtual_interface_tag_table,
    global_dc_gateway_tag_table;

/* --- calls of their own --- */

/* A resource whose tags have calls of their own: "dc-vif". */
struct tag_kind {
	const char *name; /* resource_type of the path */
	const struct resource *res;
	const struct field_table *rows;   /* its tags */
	const struct field_table *tagged; /* its rows as a search sees them: struct tagged (tag_search.c) */
};
/* That of the path; the API has no other ones. */
enum dc_code tag_kind_of(const struct call *, const struct tag_kind **ret, struct dc_error *err);
extern const struct field_table tag_path_table; /* what the paths' parameters are */

extern const struct field_table tagged_connection_table, tagged_gateway_table, tagged_interface_table;

/* The one system tag: the enterprise project. Tenants neither set nor see it as a tag. */
#define TAG_ENTERPRISE_PROJECT TAG_SYSTEM "enterprise_project_id"
bool tag_sees_system(const struct call *);
/* As the list that answers have: empty for tenants. */
struct f_objects tag_system(const struct call *, const struct f_text *enterprise_project_id, struct arena *);

extern const struct route tag_routes[];        /* tag_call.c: the tags of one resource */
extern const struct route tag_search_routes[]; /* tag_search.c: of a project, and resources by their tags */

#endif
