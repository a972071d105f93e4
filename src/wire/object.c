/* SPDX-License-Identifier: ISC */
#include "wire/object.h"

#include <string.h>

#define ON_WIRE(type, member) AT(type, member), .may = VIEW_WIRE
#define NEEDED .must = VIEW_WIRE              /* a message without it is malformed */
#define COUNT .kind = F_INT, .max = INT32_MAX /* clients of many languages have 31 bits for it */
#define NATURAL .kind = F_INT, .max = INT64_MAX
#define KEY .kind = F_TEXT, .min = 1, .max = 255

static const struct {
	const char *name;
	const struct field_table *table;
} kinds[] = {
#define X(id, name, table) {name, &table},
    OBJECT_KINDS(X)
#undef X
};

const char *
object_kind_name(enum object_kind kind)
{
	return kind < OBJECT_UNKNOWN ? kinds[kind].name : "unknown";
}

enum object_kind
object_kind_parse(const char *name)
{
	for (unsigned i = 0; i < OBJECT_UNKNOWN; i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return (enum object_kind)i;
	}
	return OBJECT_UNKNOWN;
}

const struct field_table *
object_kind_table(enum object_kind kind)
{
	return kind < OBJECT_UNKNOWN ? kinds[kind].table : NULL;
}

const struct field_table wire_vrf_table = {
    .name = "WireVrf",
    .size = sizeof(struct wire_vrf),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_vrf, device), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_vrf, mark), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_vrf, table), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_vrf, instance), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_vrf, router_id), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_vrf, own), .kind = F_LIST},
	    {ON_WIRE(wire_vrf, linked), .kind = F_LIST},
	    {ON_WIRE(wire_vrf, internal_asn_first), .kind = F_INT},
	    {ON_WIRE(wire_vrf, internal_asn_last), .kind = F_INT},
	    {0},
	},
};

const struct field_table wire_vlan_table = {
    .name = "WireVlan",
    .size = sizeof(struct wire_vlan),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_vlan, vrf), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_vlan, device), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_vlan, mark), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_vlan, port), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_vlan, vlan), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_vlan, use), NEEDED, .kind = F_TEXT},
	    {0},
	},
};

const struct field_table wire_veth_table = {
    .name = "WireVeth",
    .size = sizeof(struct wire_veth),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_veth, vrf), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_veth, device), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_veth, mark), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_veth, peer), NEEDED, .kind = F_TEXT},
	    {0},
	},
};

const struct field_table wire_addr_table = {
    .name = "WireAddr",
    .size = sizeof(struct wire_addr),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_addr, link), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_addr, prefix), NEEDED, .kind = F_TEXT},
	    {0},
	},
};

const struct field_table wire_route_table = {
    .name = "WireRoute",
    .size = sizeof(struct wire_route),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_route, vrf), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_route, link), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_route, prefix), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_route, via), .kind = F_TEXT},
	    {ON_WIRE(wire_route, class), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_route, shut_until), .kind = F_TIME},
	    {0},
	},
};

const struct field_table wire_bgp_table = {
    .name = "WireBgp",
    .size = sizeof(struct wire_bgp),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_bgp, vrf), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_bgp, link), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_bgp, name), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_bgp, local), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_bgp, remote), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_bgp, local_asn), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_bgp, remote_asn), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_bgp, password), .kind = F_SECRET},
	    {ON_WIRE(wire_bgp, route_limit), .kind = F_INT},
	    {ON_WIRE(wire_bgp, class), .kind = F_TEXT},
	    {ON_WIRE(wire_bgp, default_route), .kind = F_BOOL},
	    {ON_WIRE(wire_bgp, shut_until), .kind = F_TIME},
	    {0},
	},
};

/* What BIRD takes over while a session is up; all else belongs to the session. */
static const char *const session_keeps[] = {"route_limit", "default_route"};

bool
wire_bgp_keeps_session(const char *before, const char *after)
{
	json_t *a = json_loads(before, 0, NULL), *b = json_loads(after, 0, NULL);
	bool keeps;

	for (size_t i = 0; i < sizeof(session_keeps) / sizeof(session_keeps[0]); i++) {
		json_object_del(a, session_keeps[i]);
		json_object_del(b, session_keeps[i]);
	}
	keeps = a != NULL && b != NULL && json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return keeps;
}

const struct field_table wire_bfd_table = {
    .name = "WireBfd",
    .size = sizeof(struct wire_bfd),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_bfd, vrf), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_bfd, link), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_bfd, local), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_bfd, remote), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_bfd, bgp), .kind = F_TEXT},
	    {ON_WIRE(wire_bfd, min_rx), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_bfd, min_tx), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_bfd, multiplier), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_bfd, local_disc), .kind = F_INT},
	    {ON_WIRE(wire_bfd, remote_disc), .kind = F_INT},
	    {0},
	},
};

const struct field_table wire_nqa_table = {
    .name = "WireNqa",
    .size = sizeof(struct wire_nqa),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_nqa, vrf), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_nqa, link), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_nqa, local), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_nqa, remote), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_nqa, bgp), .kind = F_TEXT},
	    {ON_WIRE(wire_nqa, interval), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_nqa, multiplier), NEEDED, .kind = F_INT},
	    {0},
	},
};

const struct field_table wire_ping_table = {
    .name = "WirePing",
    .size = sizeof(struct wire_ping),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_ping, link), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_ping, local), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_ping, remote), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_ping, count), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_ping, interval), NEEDED, .kind = F_INT},
	    {0},
	},
};

const struct field_table wire_ping_result_table = {
    .name = "WirePingResult",
    .size = sizeof(struct wire_ping_result),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_ping_result, sent), NEEDED, COUNT},
	    {ON_WIRE(wire_ping_result, received), NEEDED, COUNT},
	    {0},
	},
};

const struct field_table wire_rate_table = {
    .name = "WireRate",
    .size = sizeof(struct wire_rate),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_rate, link), NEEDED, .kind = F_TEXT},
	    {ON_WIRE(wire_rate, ingress), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_rate, egress), NEEDED, .kind = F_INT},
	    {ON_WIRE(wire_rate, burst), NEEDED, .kind = F_INT},
	    {0},
	},
};

const struct field_table wire_object_table = {
    .name = "WireObject",
    .size = sizeof(struct wire_object),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_object, key), NEEDED, KEY},
	    {ON_WIRE(wire_object, kind), NEEDED, .kind = F_TEXT, .max = 32},
	    {ON_WIRE(wire_object, revision), NEEDED, NATURAL},
	    {ON_WIRE(wire_object, deleted), .kind = F_BOOL},
	    {ON_WIRE(wire_object, body), .kind = F_JSON},
	    {0},
	},
};

const struct field_table wire_question_table = {
    .name = "WireQuestion",
    .size = sizeof(struct wire_question),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_question, id), NEEDED, .kind = F_TEXT, .min = 1, .max = 36},
	    {ON_WIRE(wire_question, kind), NEEDED, .kind = F_TEXT, .min = 1, .max = 32},
	    {ON_WIRE(wire_question, argument), .kind = F_TEXT, .max = 255},
	    {ON_WIRE(wire_question, left_ms), NATURAL},
	    {0},
	},
};

const struct field_table wire_answer_table = {
    .name = "WireAnswer",
    .size = sizeof(struct wire_answer),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_answer, id), NEEDED, .kind = F_TEXT, .min = 1, .max = 36},
	    {ON_WIRE(wire_answer, error), .kind = F_TEXT, .max = 1024},
	    {ON_WIRE(wire_answer, body), .kind = F_JSON, .max = 1 << 20},
	    {0},
	},
};

const struct field_table wire_instance_table = {
    .name = "WireInstance",
    .size = sizeof(struct wire_instance),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_instance, instance), NEEDED, COUNT},
	    {ON_WIRE(wire_instance, daemon), .kind = F_TEXT, .max = 32},
	    {ON_WIRE(wire_instance, why), .kind = F_TEXT, .max = 1024},
	    {ON_WIRE(wire_instance, age_ms), NATURAL},
	    {ON_WIRE(wire_instance, sessions), COUNT},
	    {ON_WIRE(wire_instance, established), COUNT},
	    {ON_WIRE(wire_instance, devices), COUNT},
	    {ON_WIRE(wire_instance, addresses), COUNT},
	    {ON_WIRE(wire_instance, routes), COUNT},
	    {ON_WIRE(wire_instance, wanted), COUNT},
	    {ON_WIRE(wire_instance, applied), COUNT},
	    {0},
	},
};

const char *const wire_route_sets[] = {"accepted", "rejected", "received", "advertised", NULL};

const struct field_table wire_peer_route_query_table = {
    .name = "WirePeerRouteQuery",
    .size = sizeof(struct wire_peer_route_query),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_peer_route_query, key), NEEDED, KEY},
	    {ON_WIRE(wire_peer_route_query, routes), NEEDED, .kind = F_ENUM, .names = wire_route_sets},
	    {ON_WIRE(wire_peer_route_query, limit), NEEDED, .kind = F_INT, .min = 1, .max = QUESTION_ROUTES_MAX},
	    {ON_WIRE(wire_peer_route_query, after), .kind = F_TEXT, .max = 49},
	    {ON_WIRE(wire_peer_route_query, inside), .kind = F_TEXT, .max = 49},
	    {ON_WIRE(wire_peer_route_query, containing), .kind = F_TEXT, .max = 45},
	    {ON_WIRE(wire_peer_route_query, asn), .kind = F_INT, .min = 1, .max = UINT32_MAX},
	    {ON_WIRE(wire_peer_route_query, community), .kind = F_TEXT, .max = 11},
	    {0},
	},
};

const struct field_table wire_peer_route_table = {
    .name = "WirePeerRoute",
    .size = sizeof(struct wire_peer_route),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_peer_route, destination), NEEDED, .kind = F_TEXT, .max = 49},
	    {ON_WIRE(wire_peer_route, next_hop), .kind = F_TEXT, .max = 45},
	    {ON_WIRE(wire_peer_route, rejected), NEEDED, .kind = F_BOOL},
	    {ON_WIRE(wire_peer_route, best), NEEDED, .kind = F_BOOL},
	    {ON_WIRE(wire_peer_route, reason), .kind = F_TEXT, .max = 32},
	    {ON_WIRE(wire_peer_route, words), .kind = F_TEXT, .max = 255},
	    {ON_WIRE(wire_peer_route, since), NATURAL},
	    {ON_WIRE(wire_peer_route, local_preference), .kind = F_INT, .max = UINT32_MAX},
	    {ON_WIRE(wire_peer_route, med), .kind = F_INT, .max = UINT32_MAX},
	    {ON_WIRE(wire_peer_route, as_path), .kind = F_TEXT, .max = 600},
	    {ON_WIRE(wire_peer_route, origin), .kind = F_TEXT, .max = 32},
	    {ON_WIRE(wire_peer_route, communities), .kind = F_TEXT, .max = 600},
	    {ON_WIRE(wire_peer_route, large_communities), .kind = F_TEXT, .max = 600},
	    {0},
	},
};

const struct field_table wire_peer_routes_table = {
    .name = "WirePeerRoutes",
    .size = sizeof(struct wire_peer_routes),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_peer_routes, total), NEEDED, COUNT},
	    {ON_WIRE(wire_peer_routes, more), NEEDED, .kind = F_BOOL},
	    {ON_WIRE(wire_peer_routes, routes), NEEDED, .kind = F_OBJECTS, .of = &wire_peer_route_table,
		.max_items = QUESTION_ROUTES_MAX},
	    {0},
	},
};

const char *const wire_neighbour_states[] = {"none", "incomplete", "failed", "known", NULL};

const struct field_table wire_line_query_table = {
    .name = "WireLineQuery",
    .size = sizeof(struct wire_line_query),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_line_query, link), NEEDED, KEY},
	    {ON_WIRE(wire_line_query, local), .kind = F_TEXT, .max = 45},
	    {ON_WIRE(wire_line_query, remote), .kind = F_TEXT, .max = 45},
	    {ON_WIRE(wire_line_query, local_v6), .kind = F_TEXT, .max = 45},
	    {ON_WIRE(wire_line_query, remote_v6), .kind = F_TEXT, .max = 45},
	    {0},
	},
};

const struct field_table wire_line_router_table = {
    .name = "WireLineRouter",
    .size = sizeof(struct wire_line_router),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_line_router, address), NEEDED, .kind = F_TEXT, .max = 45},
	    {ON_WIRE(wire_line_router, neighbour), NEEDED, .kind = F_ENUM, .names = wire_neighbour_states},
	    {ON_WIRE(wire_line_router, hardware_address), .kind = F_TEXT, .max = 17},
	    {ON_WIRE(wire_line_router, answered), NEEDED, .kind = F_BOOL},
	    {0},
	},
};

const struct field_table wire_line_table = {
    .name = "WireLine",
    .size = sizeof(struct wire_line),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_line, device), NEEDED, .kind = F_TEXT, .max = 16},
	    {ON_WIRE(wire_line, received_packets), NATURAL},
	    {ON_WIRE(wire_line, received_bytes), NATURAL},
	    {ON_WIRE(wire_line, sent_packets), NATURAL},
	    {ON_WIRE(wire_line, sent_bytes), NATURAL},
	    {ON_WIRE(wire_line, routers), NEEDED, .kind = F_OBJECTS, .of = &wire_line_router_table, .max_items = 2},
	    {0},
	},
};

const struct field_table wire_desired_table = {
    .name = "WireDesired",
    .size = sizeof(struct wire_desired),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_desired, version), COUNT},
	    {ON_WIRE(wire_desired, edge), .kind = F_TEXT, .max = 36},
	    {ON_WIRE(wire_desired, epoch), NEEDED, .kind = F_TEXT, .max = 36},
	    {ON_WIRE(wire_desired, revision), NEEDED, NATURAL},
	    {ON_WIRE(wire_desired, full), NEEDED, .kind = F_BOOL},
	    {ON_WIRE(wire_desired, part), COUNT},
	    {ON_WIRE(wire_desired, next), .kind = F_TEXT, .max = 255},
	    {ON_WIRE(wire_desired, confirm_epoch), .kind = F_TEXT, .max = 36},
	    {ON_WIRE(wire_desired, confirm_revision), NATURAL},
	    {ON_WIRE(wire_desired, report_interval), COUNT},
	    {ON_WIRE(wire_desired, objects), .kind = F_OBJECTS, .of = &wire_object_table},
	    {ON_WIRE(wire_desired, questions), .kind = F_OBJECTS, .of = &wire_question_table},
	    {0},
	},
};

const char *const wire_object_states[] = {"applied", "pending", "error", "removed", "unsupported", NULL};

const struct field_table wire_object_state_table = {
    .name = "WireObjectState",
    .size = sizeof(struct wire_object_state),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_object_state, key), NEEDED, KEY},
	    {ON_WIRE(wire_object_state, revision), NEEDED, NATURAL},
	    {ON_WIRE(wire_object_state, state), NEEDED, .kind = F_ENUM, .names = wire_object_states},
	    {ON_WIRE(wire_object_state, error), .kind = F_TEXT, .max = 1024},
	    {ON_WIRE(wire_object_state, carrier), .kind = F_BOOL},
	    {ON_WIRE(wire_object_state, detail), .kind = F_JSON, .max = 1024},
	    {0},
	},
};

const struct field_table wire_session_table = {
    .name = "WireSession",
    .size = sizeof(struct wire_session),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_session, key), NEEDED, KEY},
	    {ON_WIRE(wire_session, established), NEEDED, .kind = F_BOOL},
	    {ON_WIRE(wire_session, state), NEEDED, .kind = F_TEXT, .max = 32},
	    {ON_WIRE(wire_session, since), .kind = F_TIME},
	    {ON_WIRE(wire_session, uptime), NATURAL},
	    {ON_WIRE(wire_session, received), COUNT},
	    {ON_WIRE(wire_session, accepted), COUNT},
	    {ON_WIRE(wire_session, rejected), COUNT},
	    {ON_WIRE(wire_session, advertised), COUNT},
	    {ON_WIRE(wire_session, last_error), .kind = F_TEXT, .max = 1024},
	    {ON_WIRE(wire_session, tcp), .kind = F_TEXT, .max = 24},
	    {ON_WIRE(wire_session, md5), .kind = F_BOOL},
	    {ON_WIRE(wire_session, md5_failures), NATURAL},
	    {ON_WIRE(wire_session, md5_not_found), NATURAL},
	    {ON_WIRE(wire_session, md5_unexpected), NATURAL},
	    {0},
	},
};

const struct field_table wire_port_table = {
    .name = "WirePort",
    .size = sizeof(struct wire_port),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_port, device), NEEDED, .kind = F_TEXT, .min = 1, .max = 15},
	    {ON_WIRE(wire_port, carrier), NEEDED, .kind = F_BOOL},
	    {ON_WIRE(wire_port, exposed), .kind = F_BOOL},
	    {0},
	},
};

const struct field_table wire_apply_table = {
    .name = "WireApply",
    .size = sizeof(struct wire_apply),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_apply, revision), NEEDED, NATURAL},
	    {ON_WIRE(wire_apply, steps), COUNT},
	    {ON_WIRE(wire_apply, failed), COUNT},
	    {ON_WIRE(wire_apply, ms), COUNT},
	    {ON_WIRE(wire_apply, reset), .kind = F_LIST, .max = 255, .max_items = WIRE_RESETS_MAX},
	    {ON_WIRE(wire_apply, watched), COUNT},
	    {ON_WIRE(wire_apply, shortest_uptime), NATURAL},
	    {0},
	},
};

const struct field_table wire_report_table = {
    .name = "WireReport",
    .size = sizeof(struct wire_report),
    .fields =
	(const struct field[]){
	    {ON_WIRE(wire_report, version), COUNT},
	    {ON_WIRE(wire_report, boot), NEEDED, .kind = F_UUID},
	    {ON_WIRE(wire_report, sequence), NEEDED, NATURAL},
	    {ON_WIRE(wire_report, full), NEEDED, .kind = F_BOOL},
	    {ON_WIRE(wire_report, part), .kind = F_INT, .min = 1, .max = INT32_MAX},
	    {ON_WIRE(wire_report, last), .kind = F_BOOL},
	    {ON_WIRE(wire_report, fabric), .kind = F_TEXT, .max = 16},
	    {ON_WIRE(wire_report, epoch), .kind = F_TEXT, .max = 36},
	    {ON_WIRE(wire_report, revision), NEEDED, NATURAL},
	    {ON_WIRE(wire_report, held), NEEDED, .kind = F_BOOL},
	    {ON_WIRE(wire_report, held_reason), .kind = F_TEXT, .max = 1024},
	    {ON_WIRE(wire_report, key_room), COUNT},
	    {ON_WIRE(wire_report, agent_version), .kind = F_TEXT, .max = 64},
	    {ON_WIRE(wire_report, objects), .kind = F_OBJECTS, .of = &wire_object_state_table,
		.max_items = WIRE_OBJECTS_MAX},
	    {ON_WIRE(wire_report, sessions), .kind = F_OBJECTS, .of = &wire_session_table,
		.max_items = WIRE_OBJECTS_MAX},
	    {ON_WIRE(wire_report, ports), .kind = F_OBJECTS, .of = &wire_port_table, .nullable = true,
		.max_items = WIRE_PORTS_MAX},
	    {ON_WIRE(wire_report, applies), .kind = F_OBJECTS, .of = &wire_apply_table, .max_items = WIRE_APPLIES_MAX},
	    {0},
	},
};
