/* SPDX-License-Identifier: ISC */
#include "edge/bird_ids.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

static enum dc_code
check_groups(const struct edge_settings *s, struct dc_error *err)
{
	FILE *file = fopen("/etc/group", "re");
	const struct group *g = NULL;
	enum dc_code rc = DC_OK;

	while (rc == DC_OK && file != NULL && (g = fgetgrent(file)) != NULL)
		if (g->gr_gid >= s->bird_first && g->gr_gid <= s->bird_last)
			rc = dc_fail(err, DC_E_PARAM, "bird_ids",
			    "[edge] bird_ids must not have the number of group %s", g->gr_name);
	if (file != NULL)
		fclose(file);
	return rc;
}

/* A user with one of these numbers could read a configuration with its passwords. */
enum dc_code
bird_ids_check(const struct edge_settings *s, uid_t uid, gid_t gid, struct dc_error *err)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *p = NULL;
	enum dc_code rc = DC_OK;

	if ((uid >= s->bird_first && uid <= s->bird_last) || (gid >= s->bird_first && gid <= s->bird_last))
		rc = dc_fail(err, DC_E_PARAM, "bird_ids", "[edge] bird_ids must not have the number of [edge] user");
	while (rc == DC_OK && file != NULL && (p = fgetpwent(file)) != NULL)
		if (p->pw_uid >= s->bird_first && p->pw_uid <= s->bird_last)
			rc = dc_fail(err, DC_E_PARAM, "bird_ids", "[edge] bird_ids must not have the number of user %s",
			    p->pw_name);
	if (file != NULL)
		fclose(file);
	return rc == DC_OK ? check_groups(s, err) : rc;
}
