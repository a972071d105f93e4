/* SPDX-License-Identifier: ISC */
/* snapshot_routes.h - a tester's snapshots of the whole service: by name, in memory, at most SNAPSHOTS_MAX. */
#ifndef DC_SNAPSHOT_ROUTES_H
#define DC_SNAPSHOT_ROUTES_H

#include "api/route.h"

#define SNAPSHOTS_MAX 16

struct snapshots;
/* Each lives as long as the store. */
struct snapshots *snapshots_new(void);
struct snapshots *snapshots_free(struct snapshots *); /* NULL is fine; returns NULL */

extern const struct route snapshot_routes[];

#endif
