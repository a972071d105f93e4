/* SPDX-License-Identifier: ISC */
/* fuzz_keystone.c - an answer of Keystone's about a token: any text is refused in words, or it is a caller whose ids
 * have the form that this API needs, and whose role the configuration knows. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keystone_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check(const struct keystone_token *t)
{
	require(t->role > ROLE_NONE && t->role <= ROLE_OPERATOR);
	require(t->user_id != NULL && t->user_id[0] != '\0' && t->audit_id != NULL);
	require(hex32_is_valid(t->domain_id) && t->domain_name[0] != '\0');
	if (t->project_id == NULL)
		require(t->role == ROLE_OPERATOR);
	else
		require(hex32_is_valid(t->project_id) && t->project_name[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct keystone_roles roles = {"admin", "member, _member_", "reader"};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct dc_error err = {0};
	struct keystone_token token = {0};
	enum dc_code rc = keystone_token_read((const char *)data, size, &roles, arena, &token, &err);

	if (rc == DC_OK)
		check(&token);
	else
		require((rc == DC_E_PROTOCOL || rc == DC_E_FORBIDDEN) && err.text[0] != '\0');
	return 0;
}
