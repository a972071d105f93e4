/* SPDX-License-Identifier: ISC */
/* object.h - what an edge is asked to have: the objects that travel from dcaasd to dcaas-edge, and what comes back.
 *
 * An object is (key, kind, body). Keys are unique per edge and name what they belong to: "vrf/<gateway>",
 * "vlan/<interface>", "rate/<interface>", "veth/<link>/a", "addr/<peer>", "route/<peer>/<prefix>", "bgp/<peer>"; the
 * edge compares them and reads nothing from them. Bodies are rows of the field tables below, encoded in VIEW_WIRE, so
 * that both sides share one description. An edge that meets a kind it does not know reports it `unsupported` and
 * touches nothing. */
#ifndef DC_WIRE_OBJECT_H
#define DC_WIRE_OBJECT_H

#include "field/field.h"

#define WIRE_VERSION 1

/* What a report may carry: dcaasd refuses more, and the edge cuts. Limits of texts and numbers are in the tables. */
#define WIRE_OBJECTS_MAX 100000 /* of edges that know no parts: 12 MB hold no more */
#define WIRE_PORTS_MAX 4096
#define WIRE_APPLIES_MAX 256
#define WIRE_RESETS_MAX 10000
/* A report and an answer of the poll come in parts. What a part holds at most, more or less: one object always fits. */
#define WIRE_PART_OBJECTS 128
#define WIRE_PART_BYTES ((size_t)192 << 10)

#define OBJECT_KINDS(X)                                                                                                \
	X(OBJECT_VRF, "vrf", wire_vrf_table)                                                                           \
	X(OBJECT_VLAN, "vlan", wire_vlan_table)                                                                        \
	X(OBJECT_VETH, "veth", wire_veth_table)                                                                        \
	X(OBJECT_ADDR, "addr", wire_addr_table)                                                                        \
	X(OBJECT_ROUTE, "route", wire_route_table)                                                                     \
	X(OBJECT_BGP, "bgp", wire_bgp_table)                                                                           \
	X(OBJECT_BFD, "bfd", wire_bfd_table)                                                                           \
	X(OBJECT_NQA, "nqa", wire_nqa_table)                                                                           \
	X(OBJECT_PING, "ping", wire_ping_table)                                                                        \
	X(OBJECT_RATE, "rate", wire_rate_table)

enum object_kind {
#define X(id, name, table) id,
	OBJECT_KINDS(X)
#undef X
	    OBJECT_UNKNOWN
};

const char *object_kind_name(enum object_kind);
enum object_kind object_kind_parse(const char *);
const struct field_table *object_kind_table(enum object_kind); /* NULL for OBJECT_UNKNOWN */

/* A gateway on this edge. */
struct wire_vrf {
	struct f_text device;    /* interface name, at most 15 characters, allocated by the store: "dcr12" */
	struct f_text mark;      /* uuid for the alias "dcaas:<uuid>" */
	struct f_int table;      /* kernel routing table id */
	struct f_int instance;   /* number of the BIRD instance (and its network namespace) it lives in */
	struct f_text router_id; /* dotted quad */
	struct f_list own;       /* local_ep_group of both families: refused on import, equal or more specific */
	/* What gateways at the other ends of links are known to have. Refused from customers as `own` is; links bring
	 * it. */
	struct f_list linked;
	/* AS numbers that links between gateways use: taken out of paths towards customers. Both null: none. */
	struct f_int internal_asn_first;
	struct f_int internal_asn_last;
};
extern const struct field_table wire_vrf_table;

/* A device in a VRF: a customer's VLAN or a VPC's attachment. */
struct wire_vlan {
	struct f_text vrf;    /* key of the vrf object */
	struct f_text device; /* "dcv12" */
	struct f_text mark;
	struct f_text port; /* the port's device name in the router's own namespace */
	struct f_int vlan;  /* 1..4094: an 802.1Q device; 0: the whole port, macvlan in passthru mode */
	struct f_text use;  /* "customer" or "vpc" */
};
extern const struct field_table wire_vlan_table;

/* One end of a veth pair that joins two VRFs of this edge. The pair is two objects that name each other; it exists when
 * both are wanted, and each end is observed for itself. */
struct wire_veth {
	struct f_text vrf;    /* key of the vrf object */
	struct f_text device; /* "dcl12a" */
	struct f_text mark;
	struct f_text peer; /* key of the other end's veth object */
};
extern const struct field_table wire_veth_table;

/* An address on such a device; its connected route is link-scope and ours. */
struct wire_addr {
	struct f_text link;   /* key of the vlan or veth object */
	struct f_text prefix; /* host address with mask */
};
extern const struct field_table wire_addr_table;

/* A route in the VRF's table. */
struct wire_route {
	struct f_text vrf;
	struct f_text link;   /* key of the vlan or veth object it leaves by */
	struct f_text prefix; /* network */
	struct f_text via;    /* next hop; null: on-link */
	/* "vpc": advertised to all BGP peers (protocol 201); "static": behind a customer, advertised to other gateways
	 * only (202); "link": behind another gateway, advertised to customers only (204); "eip": a global
	 * EIP behind a customer, advertised to uplinks only (205). */
	struct f_text class;
	/* F_TIME: the edge takes the route away until then, by its own clock, and puts it back by itself. */
	struct f_int shut_until;
};
extern const struct field_table wire_route_table;

/* A BGP neighbour. */
struct wire_bgp {
	struct f_text vrf;
	struct f_text link;
	struct f_text name;  /* protocol name in the daemon, ours: "p12_4" */
	struct f_text local; /* address without mask */
	struct f_text remote;
	struct f_int local_asn;
	struct f_int remote_asn;
	struct f_text password;   /* MD5 (RFC 2385); null: none. Secret: kept sealed in the edge's state file */
	struct f_int route_limit; /* more received routes than this disable the session for a growing while */
	/* "link": a session between two gateways. It carries what its own gateway has (VPC, static and customers'
	 * routes), never what came over another link. "uplink": a session with a router of the Internet, which hears of
	 * the global EIPs and is not listened to. Null: a customer's. */
	struct f_text class;
	struct f_bool default_route; /* a link's: whether a default route is accepted from the other side */
	struct f_int shut_until;     /* F_TIME: the edge keeps the session down until then, by its own clock */
};
extern const struct field_table wire_bgp_table;
/* Whether a session stays up when its neighbour's body (JSON text) changes from one to the other; the password, which
 * is not in it, left aside. */
bool wire_bgp_keeps_session(const char *before, const char *after);

/* Whether a peer's router answers, by BFD (RFC 5880); what rests on the peer goes down with it. */
struct wire_bfd {
	struct f_text vrf, link;
	struct f_text local, remote;          /* addresses without mask */
	struct f_text bgp;                    /* key of the peer's bgp object; null: its routes are static */
	struct f_int min_rx, min_tx;          /* ms */
	struct f_int multiplier;              /* packets lost in a row that mean down */
	struct f_int local_disc, remote_disc; /* discriminators; null: the edge chooses its own and learns the other */
};
extern const struct field_table wire_bfd_table;

/* The same by echo requests (ICMP) of the edge. */
struct wire_nqa {
	struct f_text vrf, link;
	struct f_text local, remote;
	struct f_text bgp;
	struct f_int interval;   /* ms */
	struct f_int multiplier; /* answers missed in a row that mean down */
};
extern const struct field_table wire_nqa_table;

/* Echo requests to a peer's router, once: applied when they are through, with wire_ping_result as its detail. */
struct wire_ping {
	struct f_text link;           /* key of the device that they leave by */
	struct f_text local, remote;  /* addresses without mask */
	struct f_int count, interval; /* how many; ms between two */
};
extern const struct field_table wire_ping_table;

struct wire_ping_result {
	struct f_int sent, received;
};
extern const struct field_table wire_ping_result_table;

/* How much passes a device: what comes in is policed, what goes out is shaped, but for the router's own packets. Whole
 * Ethernet frames count, without VLAN tag and checksum. */
struct wire_rate {
	struct f_text link;           /* key of the vlan object */
	struct f_int ingress, egress; /* kbit/s */
	struct f_int burst;           /* bytes: that may come in at once, and that wait to go out */
};
extern const struct field_table wire_rate_table;

/* One object as the poll's answer carries it. */
struct wire_object {
	struct f_text key;
	struct f_text kind; /* name; unknown ones are kept as they are */
	struct f_int revision;
	struct f_bool deleted; /* a tombstone: remove it, and report it removed */
	struct f_text body;    /* F_JSON: JSON text of the kind's row; null on tombstones */
};
extern const struct field_table wire_object_table;

/* A question to the edge at this moment, which nothing depends on: it is answered by a POST /dcaas/v1/edge/answer, or
 * not. An edge that knows questions sends questions=1 in its poll; no other is given any. */
struct wire_question {
	struct f_text id;       /* that the answer names */
	struct f_text kind;     /* QUESTION_...; an edge that does not know it reports that in the answer's error */
	struct f_text argument; /* what it is about, as the kind wants it */
	struct f_int left_ms;   /* that an answer may take from now on */
};
extern const struct field_table wire_question_table;

struct wire_answer {
	struct f_text id;
	struct f_text error; /* in words: why there is no answer */
	struct f_text body;  /* F_JSON: a row of the kind's table */
};
extern const struct field_table wire_answer_table;

/* "instance", argument: its number. How one instance is: the namespace, what is in it, and its routing daemon. */
#define QUESTION_INSTANCE "instance"
struct wire_instance {
	struct f_int instance;
	struct f_text daemon; /* the driver's word: running, silent, backoff, ...; absent when there is none */
	struct f_text why;    /* what keeps the daemon from what is wanted, in words; null: nothing */
	struct f_int age_ms;  /* of what is known of the sessions; null: nothing is */
	struct f_int sessions, established;
	struct f_int devices, addresses, routes; /* of ours, read from the kernel for this answer */
	struct f_int wanted, applied;            /* objects that belong there; those that are in place */
};
extern const struct field_table wire_instance_table;

/* "routes", argument: a wire_peer_route_query as JSON. Routes of one BGP neighbour at this moment, sorted by
 * destination. */
#define QUESTION_ROUTES "routes"
#define QUESTION_ROUTES_MAX 500
struct wire_peer_route_query {
	struct f_text key;                /* of the bgp object */
	struct f_text routes;             /* wire_route_sets */
	struct f_int limit;               /* 1 to QUESTION_ROUTES_MAX */
	struct f_text after;              /* the destination before the first one; null: from the start */
	struct f_text inside, containing; /* destinations inside a prefix, or around an address */
	struct f_int asn;                 /* in the AS path */
	struct f_text community;          /* "65001:100" (RFC 1997) */
};
extern const char *const wire_route_sets[]; /* accepted, rejected, received, advertised */
extern const struct field_table wire_peer_route_query_table;

struct wire_peer_route {
	struct f_text destination, next_hop;
	struct f_bool rejected, best;
	struct f_text reason, words; /* of a rejected one: a word, and the same for people */
	struct f_int since;          /* ms since 1970 */
	struct f_int local_preference, med;
	struct f_text as_path, origin, communities, large_communities; /* as the routing daemon writes them */
};
extern const struct field_table wire_peer_route_table;

struct wire_peer_routes {
	struct f_int total; /* that match, those before and after this page counted */
	struct f_bool more; /* there are some behind the last one */
	struct f_objects routes;
};
extern const struct field_table wire_peer_routes_table;

/* "line", argument: a wire_line_query as JSON. What an interface's device and the customer's router do at this moment:
 * the edge sends echo requests for up to a second. */
#define QUESTION_LINE "line"
struct wire_line_query {
	struct f_text link;                               /* key of the vlan object */
	struct f_text local, remote, local_v6, remote_v6; /* of its peers; null: none of that family */
};
extern const struct field_table wire_line_query_table;

struct wire_line_router {
	struct f_text address;
	struct f_text neighbour; /* wire_neighbour_states */
	struct f_text hardware_address;
	struct f_bool answered; /* an echo request */
};
extern const char *const wire_neighbour_states[]; /* none, incomplete, failed, known */
extern const struct field_table wire_line_router_table;

struct wire_line {
	struct f_text device;
	struct f_int received_packets, received_bytes, sent_packets, sent_bytes; /* since the device was made */
	struct f_objects routers;
};
extern const struct field_table wire_line_table;

/* Answer of GET /dcaas/v1/edge/desired?epoch=E&revision=R&wait=SECONDS (the edge's long poll).
 * `full` is true when all objects of the edge are there; else only those changed since R.
 *
 * To an edge that sends parts=1 an answer comes in parts: after each, but the last, it asks for the `next`. All of them
 * together are the edge's objects as they are at the last part's `revision`. The objects come in the order of their
 * revisions, so what changes meanwhile comes once more, later, and its newest revision counts; nothing is acted upon
 * before the last part is there. A part 1 in place of the one that was asked for begins again. */
struct wire_desired {
	struct f_int version;
	struct f_text edge; /* id of the edge whose credential asked: with another's by mistake, all would be deleted */
	struct f_text epoch;   /* of the store */
	struct f_int revision; /* of this edge; what the next poll sends */
	struct f_bool full;
	struct f_int part;  /* 1 and up; null: it is the whole */
	struct f_text next; /* what to ask for the part after this one with; null: this is the last */
	/* The operator's word (`dcaas edge confirm`): an edge that holds at exactly this epoch and revision of its own
	 * may take the snapshot, and delete what is missing from it. */
	struct f_text confirm_epoch;
	struct f_int confirm_revision;
	struct f_int report_interval; /* seconds */
	struct f_objects objects;
	struct f_objects questions; /* wire_question */
};
extern const struct field_table wire_desired_table;

/* State of one object as read back. */
extern const char *const wire_object_states[]; /* applied, pending, error, removed, unsupported */

struct wire_object_state {
	struct f_text key;
	struct f_int revision; /* of the desired object that this state is about */
	struct f_text state;
	struct f_text error;             /* in words, the kernel's or the daemon's own */
	struct f_bool carrier;           /* kind vlan: lower device has carrier */
	struct f_text detail;            /* F_JSON: what else the operator may want to see ("exposed", ...) */
#define WIRE_DETAIL_SHUT "\"shut\":true" /* in it, while shut_until keeps the object away */
};
extern const struct field_table wire_object_state_table;

/* One BGP session as the routing daemon and the kernel show it. */
struct wire_session {
	struct f_text key; /* of the bgp object */
	struct f_bool established;
	struct f_text state;   /* the daemon's word: Idle, Connect, Active, OpenSent, OpenConfirm, Established, Down */
	struct f_int since;    /* F_TIME: when the session entered that state */
	struct f_int uptime;   /* seconds Established; 0 otherwise */
	struct f_int received; /* routes received, accepted ones and rejected ones */
	struct f_int accepted;
	struct f_int rejected; /* by policy */
	struct f_int advertised;
	struct f_text last_error;    /* the daemon's words */
	struct f_text tcp;           /* state of the TCP connection: none, SYN_SENT, ESTABLISHED, ... */
	struct f_bool md5;           /* a key is ordered */
	struct f_int md5_failures;   /* of the whole instance: TcpExtTCPMD5Failure */
	struct f_int md5_not_found;  /* the same, TcpExtTCPMD5NotFound, and what the device's filter dropped unsigned */
	struct f_int md5_unexpected; /* of the whole instance: TcpExtTCPMD5Unexpected */
};
extern const struct field_table wire_session_table;

/* A device of the router's own namespace that can be a port. */
struct wire_port {
	struct f_text device;
	struct f_bool carrier;
	struct f_bool exposed; /* has an address of the router's own, so untagged frames reach the router */
};
extern const struct field_table wire_port_table;

/* What one apply did: proof that other sessions stayed. */
struct wire_apply {
	struct f_int revision;
	struct f_int steps;
	struct f_int failed;
	struct f_int ms;
	struct f_list
	    reset; /* keys of bgp objects whose uptime fell though nothing of theirs was changed; must be empty */
	struct f_int
	    watched; /* sessions that were up before and had nothing to do with it: those that `reset` is about */
	struct f_int shortest_uptime; /* seconds, of the youngest of those afterwards; null: there was none */
};
extern const struct field_table wire_apply_table;

/* Body of POST /dcaas/v1/edge/report. (boot, sequence) orders reports: dcaasd drops older ones. `full` reports carry
 * all objects and sessions (the first after a start, and when dcaasd asks by 409); others what changed since the one
 * before. An empty report is the heartbeat.
 *
 * A report comes in parts with one sequence, one after the other, each a body of its own; a part that is missing is
 * answered by 409. Only after the last part of a full one is void what none of them named. */
struct wire_report {
	struct f_int version;
	struct f_text boot; /* uuid, new at every start of the edge's network half */
	struct f_int sequence;
	struct f_bool full;
	struct f_int part;    /* 1 and up; null: 1 */
	struct f_bool last;   /* null: true */
	struct f_text fabric; /* "linux" or "sim" */
	struct f_text epoch;  /* of the desired set that the edge holds */
	struct f_int revision;
	struct f_bool held; /* it keeps what it has and waits for `dcaas edge confirm` */
	struct f_text held_reason;
	struct f_text agent_version;
	struct f_int key_room;     /* neighbours with a password that one gateway and family can have; null: unknown */
	struct f_objects objects;  /* wire_object_state */
	struct f_objects sessions; /* wire_session */
	struct f_objects ports;    /* wire_port; only in full reports or when changed */
	struct f_objects applies;  /* wire_apply, since the report before */
};
extern const struct field_table wire_report_table;

#endif
