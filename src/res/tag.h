/* SPDX-License-Identifier: ISC */
/* tag.h - tags: on the wire a list of a resource's keys and values, in the database a table of rows for each resource
 * that has them. */
#ifndef DC_RES_TAG_H
#define DC_RES_TAG_H

#include "field/field.h"

struct tag {
	struct f_text key, value;
};
extern const struct field_table tag_table;

/* Key and value characters (semantics.md section 6), no key twice. */
enum dc_code tags_check(const struct f_objects *, const char *member, struct dc_error *err);

/* A tag as a row (store/child.h). */
struct tag_row {
	struct f_text id, owner_id, tenant_id, key, value;
	struct f_int position;
};
extern const struct field_table direct_connect_tag_table, virtual_gateway_tag_table, virtual_interface_tag_table,
    global_dc_gateway_tag_table;

#endif
