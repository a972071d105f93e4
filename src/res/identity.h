/* SPDX-License-Identifier: ISC */
/* identity.h - who may call, as the operator's resources: domains, projects, users and access keys under /dcaas/v1. */
#ifndef DC_RES_IDENTITY_H
#define DC_RES_IDENTITY_H

#include "field/resource.h"

extern const struct resource domain_resource, project_resource, user_resource, key_resource;

#endif
