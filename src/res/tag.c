/* SPDX-License-Identifier: ISC */
#include "res/tag.h"

#include <string.h>

#include "res/res.h"

const struct field_table tag_table = {
    .name = "Tag",
    .size = sizeof(struct tag),
    .fields =
	(const struct field[]){
	    {AT(tag, key), .kind = F_TEXT, .may = V_CR | OP_CRU, .min = 1, .max = 128,
		.must = VIEW_CREATE | VIEW_OP_CREATE | VIEW_OP_UPDATE | VIEW_ANSWER,
		.doc = "Tag key, unique within a resource."},
	    {AT(tag, value), .kind = F_TEXT, .may = V_CR | OP_CRU, .max = 255, .fallback = "\"\"",
		.doc = "Tag value, may be empty."},
	    {0},
	},
};

static const struct field row_fields[] = {
    {AT(tag_row, id), .kind = F_TEXT},
    {AT(tag_row, owner_id), .kind = F_UUID, .fixed = true},
    {AT(tag_row, tenant_id), .kind = F_HEX32, .fixed = true},
    {AT(tag_row, position), .kind = F_INT},
    {AT(tag_row, key), .kind = F_TEXT},
    {AT(tag_row, value), .kind = F_TEXT},
    {.name = NULL},
};

const struct field_table direct_connect_tag_table = {
    .name = "DirectConnectTag",
    .sql = "direct_connect_tag",
    .size = sizeof(struct tag_row),
    .fields = row_fields,
    .guarded_by = "direct_connect",
    .guard_column = "owner_id",
    .constraints =
	(const struct constraint[]){
	    {.name = "direct_connect_tag_owner_id_fkey"},
	    {.name = "direct_connect_tag_owner_id_key_key"},
	    {.name = NULL},
	},
};

const struct field_table virtual_gateway_tag_table = {
    .name = "VirtualGatewayTag",
    .sql = "virtual_gateway_tag",
    .size = sizeof(struct tag_row),
    .fields = row_fields,
    .guarded_by = "gateway",
    .guard_column = "owner_id",
    .constraints =
	(const struct constraint[]){
	    {.name = "virtual_gateway_tag_owner_id_fkey"},
	    {.name = "virtual_gateway_tag_owner_id_key_key"},
	    {.name = NULL},
	},
};

const struct field_table virtual_interface_tag_table = {
    .name = "VirtualInterfaceTag",
    .sql = "virtual_interface_tag",
    .size = sizeof(struct tag_row),
    .fields = row_fields,
    .guarded_by = "virtual_interface",
    .guard_column = "owner_id",
    .constraints =
	(const struct constraint[]){
	    {.name = "virtual_interface_tag_owner_id_fkey"},
	    {.name = "virtual_interface_tag_owner_id_key_key"},
	    {.name = NULL},
	},
};

const struct field_table global_dc_gateway_tag_table = {
    .name = "GlobalDcGatewayTag",
    .sql = "global_dc_gateway_tag",
    .size = sizeof(struct tag_row),
    .fields = row_fields,
    .guarded_by = "gateway",
    .guard_column = "owner_id",
    .constraints =
	(const struct constraint[]){
	    {.name = "global_dc_gateway_tag_owner_id_fkey"},
	    {.name = "global_dc_gateway_tag_owner_id_key_key"},
	    {.name = NULL},
	},
};

/* Letters of any language count as letters: every byte of a multi-byte character passes (semantics.md section 6). */
static bool
tag_text_ok(const char *s, bool slash)
{
	static const char marks[] = "_.:=+-@ ";
	size_t len = strlen(s);

	if (len > 0 && (s[0] == ' ' || s[len - 1] == ' '))
		return false;
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!alnum && c < 0x80 && strchr(marks, c) == NULL && !(slash && c == '/'))
			return false;
	}
	return true;
}

enum dc_code
tags_check(const struct f_objects *tags, const char *member, struct dc_error *err)
{
	const struct tag *tag = tags->v;

	for (size_t i = 0; tags->set == GIVEN && i < tags->n; i++) {
		const char *value = tag[i].value.set == GIVEN ? tag[i].value.v : "";

		if (!tag_text_ok(tag[i].key.v, false))
			return dc_fail(err, DC_E_PARAM, member,
			    "%s[%zu].key may hold letters, digits, inner spaces and _ . : = + - @", member, i);
		if (strncmp(tag[i].key.v, "_sys_", 5) == 0)
			return dc_fail(err, DC_E_PARAM, member, "%s[%zu].key must not start with _sys_", member, i);
		if (!tag_text_ok(value, true))
			return dc_fail(err, DC_E_PARAM, member,
			    "%s[%zu].value may hold letters, digits, inner spaces and _ . : = + - @ /", member, i);
		for (size_t k = 0; k < i; k++)
			if (strcmp(tag[k].key.v, tag[i].key.v) == 0)
				return dc_fail(err, DC_E_PARAM, member, "%s[%zu].key occurs twice", member, i);
	}
	return DC_OK;
}
