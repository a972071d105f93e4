/* SPDX-License-Identifier: ISC */
/* keystone_project.h - the rows of a project that Keystone knows, and of its domain. Quotas, locks and foreign keys
 * rest on them, so they are made when the first token of the project is shown, and take new names over. */
#ifndef DC_KEYSTONE_PROJECT_H
#define DC_KEYSTONE_PROJECT_H

#include "auth/keystone_token.h"
#include "store/store.h"

/* Whether the rows are there as the token has them. */
enum dc_code keystone_project_look(struct tx *, const struct keystone_token *, bool *same, struct dc_error *err);
/* Makes them so. A name that another row has is replaced by the id. A project that an operator has made stays in the
 * domain that the operator gave it. */
enum dc_code keystone_project_keep(struct tx *, const struct keystone_token *, struct dc_error *err);

#endif
