/* SPDX-License-Identifier: ISC */
/* quota.h - how much a project may have: a setting for all projects, or the operator's own number for one of them. */
#ifndef DC_QUOTA_H
#define DC_QUOTA_H

#include "res/res.h"

extern const struct field_table project_quota_table;
extern const struct resource project_quota_resource;

/* The limit of the project: the operator's number for this project, else the setting. -1: no limit. */
enum dc_code quota_limit(
    struct tx *, const struct call *, const char *project, enum quota, int64_t *ret, struct dc_error *err);
/* DC_E_QUOTA when the project has as many as its limit. Rows that only wait until an edge has removed their objects do
 * not count. The caller holds the project's lock. */
enum dc_code quota_check(struct tx *, const struct call *, const char *project, enum quota, struct dc_error *err);
/* As quota_limit, for a list with so many items: asks the store only when the list could exceed a limit at all (each
 * limit of a list is at least 1), and gives INT64_MAX otherwise. */
enum dc_code quota_of_list(struct tx *, const struct call *, const char *project, enum quota, const struct f_list *,
    int64_t *ret, struct dc_error *err);

#endif
