/* SPDX-License-Identifier: ISC */
/* common.c - small things that resources share: localized texts, what the server fills in. */
#include <string.h>

#include "api/api.h"
#include "auth/tables.h"
#include "reconcile/work.h"
#include "res/res.h"

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

enum dc_code
password_check(const struct f_text *password, const char *member, struct dc_error *err)
{
	for (const char *c = password->v; c != NULL && *c != '\0'; c++)
		if (*c < ' ' || *c > '~' || *c == '"')
			return dc_fail(err, DC_E_PARAM, member,
			    "%s may hold printable ASCII characters except the double quote", member);
	return DC_OK;
}
