/* SPDX-License-Identifier: ISC */
/* observed.c - the operator's reading room: what edges were asked for, what they reported of it, and what they did.
 * Nothing here can be changed. */
#include "res/observed.h"

#include "api/crud.h"
#include "reconcile/objects.h"

#define READ(resource, path, list, show, words)                                                                        \
	{M_GET, path, ROLE_OPERATOR, .res = &resource, .run = crud_list, .operation = list,                            \
	    .summary = "List " words "."},                                                                             \
	{                                                                                                              \
		M_GET, path "/{id}", ROLE_OPERATOR, .res = &resource, .run = crud_show, .operation = show,             \
						    .summary = "Read one of the " words "."                            \
	}

static const struct route object_routes[] = {
    READ(
	edge_object_resource, "/dcaas/v1/objects", "ListObjects", "ShowObject", "objects that edges are asked to have"),
    {0},
};

const struct resource edge_object_resource = {
    .name = "object",
    .plural = "objects",
    .title = "edge object",
    .table = &edge_object_table,
    .missing = DC_E_NOT_FOUND,
    .routes = object_routes,
};

static const struct route session_routes[] = {
    READ(edge_session_resource, "/dcaas/v1/sessions", "ListSessions", "ShowSession",
	"BGP sessions as the edges see them"),
    {0},
};

const struct resource edge_session_resource = {
    .name = "session",
    .plural = "sessions",
    .title = "BGP session",
    .table = &edge_session_table,
    .missing = DC_E_NOT_FOUND,
    .routes = session_routes,
};

static const struct route apply_routes[] = {
    READ(edge_apply_resource, "/dcaas/v1/applies", "ListApplies", "ShowApply", "records of what the edges applied"),
    {0},
};

const struct resource edge_apply_resource = {
    .name = "apply",
    .plural = "applies",
    .title = "apply",
    .table = &edge_apply_table,
    .missing = DC_E_NOT_FOUND,
    .routes = apply_routes,
};

static const struct route report_routes[] = {
    READ(edge_report_resource, "/dcaas/v1/edge-reports", "ListEdgeReports", "ShowEdgeReport",
	"newest reports of the edges"),
    {0},
};

const struct resource edge_report_resource = {
    .name = "edge_report",
    .plural = "edge_reports",
    .title = "report of the edge",
    .table = &edge_report_table,
    .missing = DC_E_NOT_FOUND,
    .routes = report_routes,
};
