/* SPDX-License-Identifier: ISC */
/* tables.c - field tables of what reconcile keeps per edge. */
#include "reconcile/objects.h"

#include "store/row_lock.h"

static const struct field_column object_columns[] = {
    {.member = "kind"},
    {.title = "of", .member = "owner_kind"},
    {.title = "owner", .member = "owner_id"},
    {.title = "edge", .member = "edge_id"},
    {.member = "state"},
    {.member = "revision"},
    {.member = "error", .note = true},
    {0},
};

const struct field_table edge_object_table = {
    .name = "EdgeObject",
    .sql = "edge_object",
    .constraints =
	(const struct constraint[]){
	    {.name = "edge_object_edge_id_key_key"},
	    {"edge_object_edge_id_fkey", .in_use_code = DC_E_PARAM, .in_use = "The edge has objects"},
	    {.name = NULL},
	},
    .size = sizeof(struct edge_object),
    .columns = object_columns,
    .fields =
	(const struct field[]){
	    {AT(edge_object, id), .kind = F_UUID, .may = VIEW_OP_ANSWER, .sort = true, .filter = true,
		.doc = "Identifier of the row."},
	    {AT(edge_object, edge_id), .ref = "edge", .kind = F_UUID, .may = VIEW_OP_ANSWER, .filter = true,
		.doc = "Edge that is asked to have it."},
	    {AT(edge_object, key), .kind = F_TEXT, .max = 255, .may = VIEW_OP_ANSWER, .filter = true, .cli = true,
		.doc = "Key of the object on its edge."},
	    {AT(edge_object, kind), .kind = F_TEXT, .max = 32, .may = VIEW_OP_ANSWER, .filter = true, .cli = true,
		.doc = "Kind of the object."},
	    {AT(edge_object, owner_kind), .kind = F_TEXT, .max = 32, .may = VIEW_OP_ANSWER,
		.doc = "Resource kind it belongs to."},
	    {AT(edge_object, owner_id), .ref_kind = "owner_kind", .kind = F_UUID, .may = VIEW_OP_ANSWER, .filter = true,
		.doc = "Resource it belongs to."},
	    {AT(edge_object, holder_kind), .kind = F_TEXT, .max = 32, .doc = "Resource kind that renders it."},
	    {AT(edge_object, holder_id), .kind = F_UUID, .doc = "Resource that renders it."},
	    {AT(edge_object, revision), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .sort = true,
		.cli = true, .doc = "Revision of the edge at which it was last changed."},
	    {AT(edge_object, deleted), .kind = F_BOOL, .may = VIEW_OP_ANSWER, .filter = true,
		.doc = "The object is to be removed, and the edge has not reported the removal yet."},
	    {AT(edge_object, body), .kind = F_JSON, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "What the edge is asked for; secrets left out."},
	    {AT(edge_object, secret), .kind = F_SECRET, .max = 80, .may = 0, .doc = "Its secret."},
	    {AT(edge_object, state), .kind = F_TEXT, .max = 16, .may = VIEW_OP_ANSWER, .filter = true, .cli = true,
		.doc = "State as the edge reported it."},
	    {AT(edge_object, error), .kind = F_TEXT, .max = 1024, .nullable = true, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Why it could not be applied."},
	    {AT(edge_object, applied_revision), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER,
		.doc = "Newest revision that was read back."},
	    {AT(edge_object, carrier), .kind = F_BOOL, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Whether the port below has carrier."},
	    {AT(edge_object, detail), .kind = F_JSON, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc =
		    "Further facts of the edge: `exposed`, and `dropped`, what the device's filter dropped by reason."},
	    {AT(edge_object, updated_time), .kind = F_TIME, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "When the state was last reported."},
	    {AT(edge_object, series), .kind = F_INT, .max = INT64_MAX, .nullable = true,
		.doc = "Newest full report that named it."},
	    {0},
	},
};

const struct field_table edge_revision_table = {
    .name = "EdgeRevision",
    .sql = "edge_revision",
    .constraints =
	(const struct constraint[]){
	    {.name = "edge_revision_id_fkey"},
	    {.name = NULL},
	},
    .size = sizeof(struct edge_revision),
    .rank = RANK_REVISION,
    .fields =
	(const struct field[]){
	    {AT(edge_revision, id), .kind = F_UUID, .doc = "Edge."},
	    {AT(edge_revision, revision), .kind = F_INT, .max = INT64_MAX, .doc = "Newest revision."},
	    {AT(edge_revision, floor), .kind = F_INT, .max = INT64_MAX,
		.doc = "Oldest revision that changes are known since."},
	    {0},
	},
};

static const struct field_column report_columns[] = {
    {.title = "edge", .member = "id"},
    {.title = "received", .member = "received_time"},
    {.member = "fabric"},
    {.member = "revision"},
    {.member = "held"},
    {.title = "reason", .member = "held_reason", .note = true},
    {0},
};

const struct field_table edge_report_table = {
    .name = "EdgeReport",
    .sql = "edge_report",
    .constraints =
	(const struct constraint[]){
	    {.name = "edge_report_id_fkey"},
	    {.name = NULL},
	},
    .size = sizeof(struct edge_report),
    .rank = RANK_REPORT,
    .columns = report_columns,
    .fields =
	(const struct field[]){
	    {AT(edge_report, id), .ref = "edge", .kind = F_UUID, .may = VIEW_OP_ANSWER, .sort = true, .filter = true,
		.cli = true, .doc = "Edge."},
	    {AT(edge_report, boot), .kind = F_UUID, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Start of the edge's process that reported last."},
	    {AT(edge_report, sequence), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER,
		.doc = "Number of its newest report."},
	    {AT(edge_report, part), .kind = F_INT, .max = INT32_MAX, .doc = "Newest part of that."},
	    {AT(edge_report, unfinished), .kind = F_BOOL, .doc = "More parts of it follow."},
	    {AT(edge_report, series), .kind = F_INT, .max = INT64_MAX, .doc = "Number of its newest full report."},
	    {AT(edge_report, received_time), .kind = F_TIME, .nullable = true, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "When it came in."},
	    {AT(edge_report, fabric), .kind = F_TEXT, .max = 16, .nullable = true, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "linux: a real router; sim: simulated."},
	    {AT(edge_report, agent_version), .kind = F_TEXT, .max = 64, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Version of dcaas-edge."},
	    {AT(edge_report, key_room), .kind = F_INT, .max = INT32_MAX, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "BGP peers with a password that one gateway and family can have on it."},
	    {AT(edge_report, epoch), .kind = F_UUID, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Epoch of the desired set that the edge holds."},
	    {AT(edge_report, revision), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Revision of the desired set that the edge holds."},
	    {AT(edge_report, held), .kind = F_BOOL, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "It keeps what it has and waits for the operator's confirmation."},
	    {AT(edge_report, held_reason), .kind = F_TEXT, .max = 1024, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Why it holds."},
	    {AT(edge_report, confirm_epoch), .kind = F_UUID, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Epoch that the operator confirmed."},
	    {AT(edge_report, confirm_revision), .kind = F_INT, .max = INT64_MAX, .nullable = true,
		.may = VIEW_OP_ANSWER, .doc = "Revision that the operator confirmed."},
	    {AT(edge_report, report_interval), .kind = F_INT, .max = 3600, .may = VIEW_OP_ANSWER,
		.doc = "Seconds between heartbeats."},
	    {AT(edge_report, ports), .kind = F_JSON, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Devices of the router that can be ports."},
	    {AT(edge_report, former_boot), .kind = F_UUID, .nullable = true,
		.doc = "Start of the process that reported before."},
	    {AT(edge_report, former_asked), .kind = F_BOOL, .nullable = true,
		.doc = "The former process reported again, and was asked for a full report."},
	    {AT(edge_report, refused_boot), .kind = F_UUID, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Start of another process with the same credential, which is refused."},
	    {AT(edge_report, refused_time), .kind = F_TIME, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "When a report of that one was refused last."},
	    {0},
	},
};

const struct field_table edge_pulse_table = {
    .name = "EdgePulse",
    .sql = "edge_report",
    .size = sizeof(struct edge_pulse),
    .fields =
	(const struct field[]){
	    {AT(edge_pulse, id), .kind = F_UUID},
	    {AT(edge_pulse, received_time), .kind = F_TIME, .nullable = true},
	    {AT(edge_pulse, fabric), .kind = F_TEXT, .max = 16, .nullable = true},
	    {AT(edge_pulse, held), .kind = F_BOOL},
	    {AT(edge_pulse, report_interval), .kind = F_INT, .max = 3600},
	    {AT(edge_pulse, key_room), .kind = F_INT, .max = INT32_MAX, .nullable = true},
	    {0},
	},
};

static const struct field_column session_columns[] = {
    {.title = "owner", .member = "owner_id"},
    {.title = "edge", .member = "edge_id"},
    {.member = "state", .since = "since"},
    {.title = "recv", .member = "received"},
    {.title = "acc", .member = "accepted"},
    {.title = "rej", .member = "rejected"},
    {.title = "adv", .member = "advertised"},
    {.title = "error", .member = "last_error", .note = true},
    {0},
};

const struct field_table edge_session_table = {
    .name = "EdgeSession",
    .sql = "edge_session",
    .size = sizeof(struct edge_session),
    .columns = session_columns,
    .fields =
	(const struct field[]){
	    {AT(edge_session, id), .kind = F_UUID, .may = VIEW_OP_ANSWER, .sort = true, .filter = true,
		.doc = "Virtual interface peer."},
	    {AT(edge_session, edge_id), .ref = "edge", .kind = F_UUID, .may = VIEW_OP_ANSWER, .filter = true,
		.doc = "Edge."},
	    {AT(edge_session, key), .kind = F_TEXT, .max = 255, .may = VIEW_OP_ANSWER, .filter = true, .cli = true,
		.doc = "Edge object of the neighbour."},
	    {AT(edge_session, owner_kind), .kind = F_TEXT, .max = 32, .may = VIEW_OP_ANSWER,
		.doc = "Resource kind it belongs to."},
	    {AT(edge_session, owner_id), .ref_kind = "owner_kind", .kind = F_UUID, .may = VIEW_OP_ANSWER,
		.filter = true, .doc = "Resource it belongs to: the virtual interface."},
	    {AT(edge_session, established), .kind = F_BOOL, .may = VIEW_OP_ANSWER, .filter = true,
		.doc = "The session is Established."},
	    {AT(edge_session, state), .kind = F_TEXT, .max = 32, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "The routing daemon's state."},
	    {AT(edge_session, since), .kind = F_TIME, .nullable = true, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Since when it is Established, or not."},
	    {AT(edge_session, uptime), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER,
		.doc = "Seconds Established at the last report."},
	    {AT(edge_session, received), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Routes received."},
	    {AT(edge_session, accepted), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Routes accepted by policy."},
	    {AT(edge_session, rejected), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Routes rejected by policy."},
	    {AT(edge_session, advertised), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Routes advertised to the neighbour."},
	    {AT(edge_session, last_error), .kind = F_TEXT, .max = 1024, .nullable = true, .may = VIEW_OP_ANSWER,
		.cli = true, .doc = "Last error of the session."},
	    {AT(edge_session, tcp), .kind = F_TEXT, .max = 16, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "State of the TCP connection."},
	    {AT(edge_session, md5), .kind = F_BOOL, .may = VIEW_OP_ANSWER, .doc = "MD5 is ordered."},
	    {AT(edge_session, md5_failures), .kind = F_INT, .max = INT64_MAX, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Whole instance: segments with a wrong MD5 signature (TcpExtTCPMD5Failure)."},
	    {AT(edge_session, md5_not_found), .kind = F_INT, .max = INT64_MAX, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "Whole instance: segments without the expected MD5 signature (TcpExtTCPMD5NotFound)."},
	    {AT(edge_session, md5_unexpected), .kind = F_INT, .max = INT64_MAX, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc =
		    "Whole instance: segments with an MD5 signature where none is ordered (TcpExtTCPMD5Unexpected)."},
	    {AT(edge_session, observed_time), .kind = F_TIME, .nullable = true, .may = VIEW_OP_ANSWER,
		.doc = "When this was reported."},
	    {0},
	},
};

static const struct field_column apply_columns[] = {
    {.title = "time", .member = "applied_time"},
    {.title = "edge", .member = "edge_id"},
    {.member = "revision"},
    {.member = "steps"},
    {.member = "failed"},
    {.member = "ms"},
    {.member = "watched"},
    {.member = "reset"},
    {0},
};

const struct field_table edge_apply_table = {
    .name = "EdgeApply",
    .sql = "edge_apply",
    .constraints =
	(const struct constraint[]){
	    {.name = "edge_apply_edge_id_fkey"},
	    {.name = NULL},
	},
    .size = sizeof(struct edge_apply),
    .columns = apply_columns,
    .fields =
	(const struct field[]){
	    {AT(edge_apply, id), .kind = F_UUID, .may = VIEW_OP_ANSWER, .sort = true, .filter = true,
		.doc = "Identifier of the record."},
	    {AT(edge_apply, edge_id), .ref = "edge", .kind = F_UUID, .may = VIEW_OP_ANSWER, .filter = true,
		.doc = "Edge."},
	    {AT(edge_apply, applied_time), .kind = F_TIME, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "When it was reported."},
	    {AT(edge_apply, revision), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Revision that was applied."},
	    {AT(edge_apply, steps), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Steps taken."},
	    {AT(edge_apply, failed), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Steps that failed."},
	    {AT(edge_apply, ms), .kind = F_INT, .max = INT64_MAX, .may = VIEW_OP_ANSWER, .cli = true,
		.doc = "Milliseconds it took."},
	    {AT(edge_apply, reset), .kind = F_LIST, .max = 255, .may = VIEW_OP_ANSWER,
		.doc = "Sessions of others that were reset meanwhile; empty is the proof that none was."},
	    {AT(edge_apply, watched), .kind = F_INT, .max = INT64_MAX, .nullable = true, .may = VIEW_OP_ANSWER,
		.cli = true, .doc = "Sessions of others that were up before it, and were looked at again after it."},
	    {AT(edge_apply, shortest_uptime), .kind = F_INT, .max = INT64_MAX, .nullable = true, .may = VIEW_OP_ANSWER,
		.cli = true, .doc = "Seconds that the youngest of those was up afterwards; null when there was none."},
	    {0},
	},
};

const struct field_table edge_instance_table = {
    .name = "EdgeInstance",
    .sql = "edge_instance",
    .constraints =
	(const struct constraint[]){
	    {.name = "edge_instance_edge_id_instance_key"},
	    {.name = "edge_instance_edge_id_fkey"},
	    {.name = NULL},
	},
    .end = END_WITH_OTHERS,
    .size = sizeof(struct edge_instance),
    .fields =
	(const struct field[]){
	    {AT(edge_instance, id), .kind = F_TEXT, .max = 64, .doc = "Edge and number of the instance."},
	    {AT(edge_instance, edge_id), .kind = F_UUID, .doc = "Edge."},
	    {AT(edge_instance, instance), .kind = F_INT, .max = 9999, .doc = "Its number."},
	    {AT(edge_instance, used), .kind = F_INT, .max = 99999, .doc = "VRFs in it."},
	    {0},
	},
};

const struct field_table edge_number_table = {
    .name = "EdgeNumber",
    .sql = "edge_number",
    .constraints =
	(const struct constraint[]){
	    {.name = "edge_number_edge_id_space_owner_id_key"},
	    {.name = "edge_number_edge_id_space_number_key"},
	    {.name = "edge_number_edge_id_fkey"},
	    {.name = NULL},
	},
    .size = sizeof(struct edge_number),
    .fields =
	(const struct field[]){
	    {AT(edge_number, id), .kind = F_UUID, .doc = "Identifier of the row."},
	    {AT(edge_number, edge_id), .kind = F_UUID, .doc = "Edge."},
	    {AT(edge_number, space), .kind = F_TEXT, .max = 16, .doc = "Kind of name."},
	    {AT(edge_number, number), .kind = F_INT, .max = 99999, .doc = "The number."},
	    {AT(edge_number, owner_id), .fixed = true, .kind = F_UUID, .doc = "What it is allocated to."},
	    {AT(edge_number, instance), .kind = F_INT, .max = 9999, .doc = "BIRD instance of a VRF."},
	    {AT(edge_number, router_id), .kind = F_TEXT, .max = 15, .doc = "Router id of a VRF."},
	    {0},
	},
};
