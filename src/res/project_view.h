/* SPDX-License-Identifier: ISC */
/* project_view.h - what the operator has given a project, as its tenants read it: networks that are attached for it,
 * and its connections with what is free on them. */
#ifndef DC_PROJECT_VIEW_H
#define DC_PROJECT_VIEW_H

#include "res/res.h"

extern const struct resource project_attachment_resource, project_connection_resource;

#endif
