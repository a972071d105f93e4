/* SPDX-License-Identifier: ISC */
#include "res/tag.h"

#include <stdio.h>
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

/* The rows of one resource's tags. guard: the table of the lock that owns them. */
#define TAG_ROWS(title, table, guard)                                                                                  \
	{                                                                                                              \
		.name = title, .sql = table, .size = sizeof(struct tag_row), .fields = row_fields,                     \
		.guarded_by = guard, .guard_column = "owner_id", .constraints = (const struct constraint[])            \
		{                                                                                                      \
			{.name = table "_owner_id_fkey"}, {.name = table "_owner_id_key_key"}, {.name = NULL},         \
		}                                                                                                      \
	}

const struct field_table direct_connect_tag_table =
    TAG_ROWS("DirectConnectTag", "direct_connect_tag", "direct_connect");
const struct field_table virtual_gateway_tag_table = TAG_ROWS("VirtualGatewayTag", "virtual_gateway_tag", "gateway");
const struct field_table virtual_interface_tag_table =
    TAG_ROWS("VirtualInterfaceTag", "virtual_interface_tag", "virtual_interface");
const struct field_table global_dc_gateway_tag_table =
    TAG_ROWS("GlobalDcGatewayTag", "global_dc_gateway_tag", "gateway");

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
tag_check(const struct tag *tag, const char *where, struct dc_error *err)
{
	const char *value = tag->value.set == GIVEN ? tag->value.v : "";

	if (!tag_text_ok(tag->key.v, false))
		return dc_fail(
		    err, DC_E_PARAM, where, "%s.key may hold letters, digits, inner spaces and _ . : = + - @", where);
	if (strncmp(tag->key.v, TAG_SYSTEM, strlen(TAG_SYSTEM)) == 0)
		return dc_fail(err, DC_E_PARAM, where, "%s.key must not start with " TAG_SYSTEM, where);
	if (!tag_text_ok(value, true))
		return dc_fail(err, DC_E_PARAM, where,
		    "%s.value may hold letters, digits, inner spaces and _ . : = + - @ /", where);
	return DC_OK;
}

enum dc_code
tags_check(const struct f_objects *tags, const char *member, struct dc_error *err)
{
	const struct tag *tag = tags->v;
	char where[96];
	enum dc_code rc;

	for (size_t i = 0; tags->set == GIVEN && i < tags->n; i++) {
		snprintf(where, sizeof(where), "%s[%zu]", member, i);
		if ((rc = tag_check(&tag[i], where, err)) != DC_OK)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (strcmp(tag[k].key.v, tag[i].key.v) == 0)
				return dc_fail(err, DC_E_PARAM, member, "%s.key occurs twice", where);
	}
	return DC_OK;
}
