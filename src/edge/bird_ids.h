/* SPDX-License-Identifier: ISC */
/* bird_ids.h - numbers of users and groups that only routing daemons may have. */
#ifndef DC_EDGE_BIRD_IDS_H
#define DC_EDGE_BIRD_IDS_H

#include <sys/types.h>

#include "base/error.h"
#include "edge/settings.h"

/* An error that names who has one of [edge] bird_ids: the edge's own user, another user, or a group. */
enum dc_code bird_ids_check(const struct edge_settings *, uid_t, gid_t, struct dc_error *);

#endif
