/* SPDX-License-Identifier: ISC */
/* project_pair.h - which projects may be linked with each other: by the setting peer_links_across_projects, and where
 * that is "listed", by the operator's pairs. */
#ifndef DC_PROJECT_PAIR_H
#define DC_PROJECT_PAIR_H

#include "res/res.h"

extern const struct field_table project_pair_table;
extern const struct resource project_pair_resource;

/* DC_E_POLICY, naming the member, unless a gateway of one project may be linked to one of the other. */
enum dc_code project_pair_check(
    struct tx *, const struct call *, const char *project, const char *peer, const char *member, struct dc_error *err);

#endif
