/* SPDX-License-Identifier: ISC */
/* registry.h - all resources, their routes and all tables of the database, for the engines. */
#ifndef DC_REGISTRY_H
#define DC_REGISTRY_H

#include "api/route.h"
#include "store/due.h"

extern const struct resource *const registry[];           /* NULL-terminated */
extern const struct field_table *const registry_tables[]; /* every SQL table; NULL-terminated */
extern const struct due_kind registry_due[]; /* what happens at a time; user of each is that of hooks, work_user() */

/* The routes of all resources, then of `more` (NULL-terminated, may be NULL): a NULL-terminated array in arena. */
const struct route *const *registry_routes(const struct route *const *more, struct arena *);

#endif
