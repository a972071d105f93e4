/* SPDX-License-Identifier: ISC */
/* objects.h - the rows of reconcile: edge objects (what each edge is asked to have, and what it reported of them),
 * reports, sessions, applies, numbers. work.h has the engine that writes the objects. */
#ifndef DC_OBJECTS_H
#define DC_OBJECTS_H

#include "field/resource.h"
#include "store/query.h"
#include "wire/object.h"

/* Row of edge_object. */
struct edge_object {
	struct f_text id;
	struct f_text edge_id;
	struct f_text key; /* UNIQUE with edge_id */
	struct f_text kind;
	struct f_text owner_kind; /* resource that the operator reads as its owner: of a peer's objects the interface */
	struct f_text owner_id;
	struct f_text holder_kind; /* resource that renders it (work.h) */
	struct f_text holder_id;
	struct f_int revision;
	struct f_bool deleted;
	struct f_text body;   /* JSON without the secret */
	struct f_text secret; /* sealed; the kind's secret member */
	struct f_text state;  /* as reported for this revision: pending until then */
	struct f_text error;
	struct f_int applied_revision; /* newest revision that was reported applied; 0: none */
	struct f_bool carrier;
	struct f_text detail;
	struct f_int updated_time; /* of state */
	struct f_int series;       /* of the newest full report that named it */
};
extern const struct field_table edge_object_table;

/* Row of edge_revision: id is the edge's. */
struct edge_revision {
	struct f_text id;
	struct f_int revision;
	struct f_int floor; /* since an older revision not all changes are known: tombstones were dropped */
};
extern const struct field_table edge_revision_table;

/* Row of edge_report: id is the edge's. Its lock is taken first of all by the transaction that folds a report. */
struct edge_report {
	struct f_text id;
	struct f_text boot;
	struct f_int sequence;
	struct f_int part;        /* of that report: the newest */
	struct f_bool unfinished; /* others of its parts follow */
	struct f_int series;      /* full reports, counted when their first part comes */
	struct f_int received_time;
	struct f_text fabric; /* "linux", "sim" */
	struct f_text agent_version;
	struct f_int key_room; /* neighbours with a password that one gateway and family can have on it */
	struct f_text epoch;
	struct f_int revision;
	struct f_bool held;
	struct f_text held_reason;
	struct f_text confirm_epoch; /* the operator's word for exactly this held state */
	struct f_int confirm_revision;
	struct f_int report_interval;
	struct f_text ports; /* JSON of the last full port list */
	/* Two processes with one credential, see twins.c. */
	struct f_text former_boot;
	struct f_bool former_asked;
	struct f_text refused_boot;
	struct f_int refused_time;
};
extern const struct field_table edge_report_table;

/* What is read of an edge's report often: a view of edge_report without what an edge may make long. */
struct edge_pulse {
	struct f_text id;
	struct f_int received_time;
	struct f_text fabric;
	struct f_bool held;
	struct f_int report_interval;
	struct f_int key_room;
};
extern const struct field_table edge_pulse_table;

/* Row of edge_session: the operator's view of one BGP session; id is the peer's. */
struct edge_session {
	struct f_text id;
	struct f_text edge_id;
	struct f_text key;
	struct f_text owner_kind, owner_id;
	struct f_bool established;
	struct f_text state;
	struct f_int since;
	struct f_int uptime;
	struct f_int received, accepted, rejected, advertised;
	struct f_text last_error;
	struct f_text tcp;
	struct f_bool md5;
	struct f_int md5_failures, md5_not_found, md5_unexpected;
	struct f_int observed_time;
};
extern const struct field_table edge_session_table;

/* Row of edge_apply: the record of what an apply did, newest kept. */
struct edge_apply {
	struct f_text id;
	struct f_text edge_id;
	struct f_int applied_time;
	struct f_int revision, steps, failed, ms;
	struct f_list reset;
	struct f_int watched, shortest_uptime;
};
extern const struct field_table edge_apply_table;

/* Read back as asked: applied at its newest revision. */
bool object_is_applied(const struct edge_object *);
/* The edge could not, or does not know the kind. */
bool object_is_error(const struct edge_object *);

/* --- numbers with a limited space: interface names, table ids, instances --- */

/* Row of edge_number: UNIQUE (edge_id, space, number), UNIQUE (edge_id, space, owner_id). */
struct edge_number {
	struct f_text id;
	struct f_text edge_id;
	struct f_text space; /* "vrf", "link" */
	struct f_int number;
	struct f_text owner_id;
	struct f_int instance;   /* space "vrf": the BIRD instance it lives in */
	struct f_text router_id; /* space "vrf": dotted quad, kept as the number is */
};
extern const struct field_table edge_number_table;

/* Row of edge_instance: how many VRFs a routing instance of an edge has. id is "EDGE/INSTANCE". */
struct edge_instance {
	struct f_text id, edge_id;
	struct f_int instance, used;
};
extern const struct field_table edge_instance_table;

/* What a routing instance may hold. */
struct instance_rule {
	int64_t vrfs;
	/* Whether there is room for the neighbours of one VRF more beside those of these owners. */
	enum dc_code (*has_room)(
	    struct tx *, const struct edge_number *owners, size_t n, bool *ret, struct dc_error *err);
};

/* The owner's row, allocated at the first call and kept as long as the owner. rule: for space "vrf", by which an
 * instance is chosen; else NULL. */
enum dc_code number_get(struct tx *, const char *edge_id, const char *space, const char *owner_id,
    const struct instance_rule *, struct edge_number *ret, struct dc_error *err);
/* All that an owner has, on any edge; gives one back; gives all back. */
enum dc_code numbers_of(struct tx *, const char *owner_id, struct edge_number **ret, size_t *n, struct dc_error *err);
enum dc_code number_free(struct tx *, const struct edge_number *, struct dc_error *err);
enum dc_code numbers_free(struct tx *, const char *owner_id, struct dc_error *err);
/* Keeps the router id that the owner's VRF has been given on the edge. */
enum dc_code number_keep_router_id(struct tx *, const struct edge_number *, struct dc_error *err);

#endif
