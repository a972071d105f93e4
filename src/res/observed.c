/* SPDX-License-Identifier: ISC */
/* observed.c - the operator's reading room: what edges were asked for, what they reported of it, and what they did. And
 * the sessions of an interface, for its tenant. Nothing here can be changed. */
#include "res/observed.h"

#include "api/crud.h"
#include "reconcile/objects.h"
#include "res/virtual_interface.h"

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

/* --- the same sessions, as the tenant of an interface sees them --- */

#define OWN VIEW_ANSWER

static const struct field_column vif_session_columns[] = {
    {.title = "peer", .member = "id"},
    {.member = "state"},
    {.member = "since"},
    {.member = "received"},
    {.member = "accepted"},
    {.member = "rejected"},
    {.member = "advertised"},
    {.title = "reason", .member = "last_error"},
    {0},
};

static const struct field_table vif_session_table = {
    .name = "VifSession",
    .sql = "edge_session",
    .size = sizeof(struct edge_session),
    .columns = vif_session_columns,
    .fields =
	(const struct field[]){
	    {AT(edge_session, id), .ref = "vif_peer", .kind = F_UUID, .may = OWN, .sort = true, .cli = true,
		.doc = "Virtual interface peer."},
	    {AT(edge_session, owner_id), .ref = "virtual_interface", .kind = F_UUID, .may = OWN,
		.doc = "Virtual interface."},
	    {AT(edge_session, established), .kind = F_BOOL, .may = OWN, .filter = true,
		.doc = "The session is Established."},
	    {AT(edge_session, state), .kind = F_TEXT, .max = 32, .may = OWN, .cli = true,
		.doc = "The routing daemon's state."},
	    {AT(edge_session, since), .kind = F_TIME, .nullable = true, .may = OWN, .cli = true,
		.doc = "Since when it is Established, or not."},
	    {AT(edge_session, uptime), .kind = F_INT, .max = INT64_MAX, .may = OWN,
		.doc = "Seconds Established at the last report."},
	    {AT(edge_session, received), .kind = F_INT, .max = INT64_MAX, .may = OWN, .cli = true,
		.doc = "Routes received."},
	    {AT(edge_session, accepted), .kind = F_INT, .max = INT64_MAX, .may = OWN, .cli = true,
		.doc = "Routes accepted by policy."},
	    {AT(edge_session, rejected), .kind = F_INT, .max = INT64_MAX, .may = OWN, .cli = true,
		.doc = "Routes rejected by policy."},
	    {AT(edge_session, advertised), .kind = F_INT, .max = INT64_MAX, .may = OWN, .cli = true,
		.doc = "Routes advertised to the neighbour."},
	    {AT(edge_session, last_error), .kind = F_TEXT, .max = 1024, .nullable = true, .may = OWN, .cli = true,
		.doc = "Last error of the session."},
	    {AT(edge_session, tcp), .kind = F_TEXT, .max = 16, .nullable = true, .may = OWN,
		.doc = "State of the TCP connection."},
	    {AT(edge_session, md5), .kind = F_BOOL, .may = OWN, .doc = "MD5 is ordered."},
	    {AT(edge_session, observed_time), .kind = F_TIME, .nullable = true, .may = OWN,
		.doc = "When this was reported."},
	    {0},
	},
};

static const struct route vif_session_routes[] = {
    {M_GET, "/dcaas/v1/projects/{project_id}/virtual-interfaces/{owner_id}/sessions", ROLE_READER,
	.res = &vif_session_resource, .run = crud_list, .operation = "ListVifSessions",
	.summary = "List the BGP sessions of an interface as its edge sees them."},
    {0},
};

const struct resource vif_session_resource = {
    .name = "vif_session",
    .plural = "vif_sessions",
    .title = "session of the interface",
    .table = &vif_session_table,
    .parent = &virtual_interface_resource,
    .parent_column = "owner_id",
    .below_received = true,
    .missing = DC_E_NOT_FOUND,
    .routes = vif_session_routes,
};
