/* SPDX-License-Identifier: ISC */
/* common.c - small things that resources share: tags, localized texts, what the server fills in. */
#include <string.h>

#include "api/api.h"
#include "auth/tables.h"
#include "reconcile/work.h"
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

const struct field_table localized_table = {
    .name = "LocalizedText",
    .size = sizeof(struct localized),
    .fields =
	(const struct field[]){
	    {AT(localized, en_us), .kind = F_TEXT, .may = V_R | OP_CRU, .max = 255, .nullable = true,
		.doc = "English text."},
	    {AT(localized, zh_cn), .kind = F_TEXT, .may = V_R | OP_CRU, .max = 255, .nullable = true,
		.doc = "Chinese text."},
	    {0},
	},
};

void
res_holder_init(struct res_holder *holder, const struct res_settings *settings)
{
	pthread_mutex_init(&holder->lock, NULL);
	holder->settings = settings;
}

void
res_holder_set(struct res_holder *holder, const struct res_settings *settings)
{
	pthread_mutex_lock(&holder->lock);
	holder->settings = settings;
	pthread_mutex_unlock(&holder->lock);
}

const struct res_settings *
res_holder_copy(struct res_holder *holder, struct arena *arena)
{
	struct res_settings *copy = arena_new_of(arena, struct res_settings);

	pthread_mutex_lock(&holder->lock);
	*copy = *holder->settings;
	copy->region_id = arena_strdup(arena, copy->region_id);
	pthread_mutex_unlock(&holder->lock);
	return copy;
}

const struct res_settings *
res_settings(const struct call *call)
{
	return call->settings;
}

const struct res_settings *
res_settings_of(struct tx *tx)
{
	return res_holder_copy(work_user(tx), tx_arena(tx));
}

enum dc_code
project_check(struct tx *tx, const char *project, const char *member, struct dc_error *err)
{
	int64_t found;
	enum dc_code rc = query_count(tx, &project_table, Q(Q_EQ("id", project)), &found, err);

	if (rc != DC_OK || found > 0)
		return rc;
	return dc_fail(err, DC_E_NOT_FOUND, member, "%s: project %s does not exist", member, project);
}

bool
text_is_same(const struct f_text *a, const struct f_text *b)
{
	const char *x = a->set == GIVEN ? a->v : NULL, *y = b->set == GIVEN ? b->v : NULL;

	return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

void
fill_common(struct f_text *name, struct f_text *description, struct f_text *enterprise_project_id)
{
	if (name->set != GIVEN)
		F_SET_TEXT(*name, "");
	if (description->set != GIVEN)
		F_SET_TEXT(*description, "");
	if (enterprise_project_id != NULL && text_or_null(enterprise_project_id) == NULL)
		F_SET_TEXT(*enterprise_project_id, "0");
}

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

/* One character of valid UTF-8; moves on. */
static uint32_t
next_character(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	unsigned more = s[0] < 0x80 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	uint32_t c = more == 0 ? s[0] : s[0] & (0x3fu >> more);

	for (unsigned i = 1; i <= more && s[i] != '\0'; i++)
		c = c << 6 | (s[i] & 0x3fu);
	for (*at += 1; ((unsigned char)**at & 0xc0) == 0x80; *at += 1)
		;
	return c;
}

enum dc_code
name_check(const char *name, const char *member, struct dc_error *err)
{
	for (const char *at = name; at != NULL && *at != '\0';) {
		uint32_t c = next_character(&at);
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!alnum && c != '_' && c != '.' && c != '-' && (c < 0x4e00 || c > 0x9fa5))
			return dc_fail(err, DC_E_PARAM, member, "%s may hold letters, digits, _ . -", member);
	}
	return DC_OK;
}
