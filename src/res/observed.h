/* SPDX-License-Identifier: ISC */
/* observed.h - read-only resources over what reconcile keeps per edge (reconcile/objects.h). */
#ifndef DC_OBSERVED_H
#define DC_OBSERVED_H

#include "field/resource.h"

extern const struct resource edge_object_resource;  /* /dcaas/v1/objects */
extern const struct resource edge_session_resource; /* /dcaas/v1/sessions */
extern const struct resource vif_session_resource; /* /dcaas/v1/projects/{project_id}/virtual-interfaces/.../sessions */
extern const struct resource edge_apply_resource;  /* /dcaas/v1/applies */
extern const struct resource edge_report_resource; /* /dcaas/v1/edge-reports */

#endif
