/* SPDX-License-Identifier: ISC */
/* iam.h - the identity reads and tokens that clients ask for before their first Direct Connect call, in the form of
 * Keystone v3: POST, GET, DELETE /v3/auth/tokens; GET /v3/projects, /v3/auth/projects, /v3/auth/domains, /v3/users;
 * version discovery at GET / and GET /v3. */
#ifndef DC_IAM_H
#define DC_IAM_H

#include "api/route.h"

extern const struct route iam_routes[];

#endif
