/* SPDX-License-Identifier: ISC */
/* projects.h - which projects a caller may use. */
#ifndef DC_AUTH_PROJECTS_H
#define DC_AUTH_PROJECTS_H

#include "auth/tables.h"

/* Who asks: a user's domain, and the one project that the user is bound to (NULL: all of the domain). */
struct project_scope {
	const char *domain_id;
	const char *project_id;
};

/* Projects in scope, by id; with name, those of that name. Clients that know only a region ask for a project named like
 * the region: where none has that name, the scope's only project stands for it, under the region's name. */
enum dc_code projects_of(struct tx *, const struct project_scope *, const char *name, const char *region,
    struct project_row **rows, size_t *n, struct dc_error *err);
/* Whether the project is in scope; an operator may use any. DC_E_FORBIDDEN when it is not, or does not exist. */
enum dc_code projects_check(
    struct tx *, const struct project_scope *, enum role, const char *project_id, struct dc_error *err);

#endif
