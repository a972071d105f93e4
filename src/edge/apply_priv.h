/* SPDX-License-Identifier: ISC */
/* apply_priv.h - the inside of apply.c, shared with the files named here. */
#ifndef DC_EDGE_APPLY_PRIV_H
#define DC_EDGE_APPLY_PRIV_H

#include "edge/apply.h"
#include "edge/number_set.h"
#include "edge/seen.h"

enum phase { IDLE, FILTERS, BEFORE, STEPS, AFTER, LATE };

struct leave { /* an instance whose steps wait */
	uint32_t instance;
	struct monotonic since;
	bool waits; /* in this run */
};

struct shut_end { /* when something of an instance that is kept away comes back */
	uint32_t instance;
	utc_ms at;
};

struct round { /* one look and what follows from it */
	struct arena *arena;
	struct edge_object **object; /* what was planned, sorted by key */
	const struct want **want;    /* same order */
	size_t n;
	struct plan plan;
	struct routing_desired *routing; /* of the instances of the run */
	size_t routings;
};

struct apply {
	struct state *state;
	struct kernel *kernel;
	struct routing *routing;
	struct seen_memory *seen;
	struct leave *leave;
	size_t leaves;
	struct shut_end *shut; /* one of an instance at most; heap */
	size_t shuts;
	enum phase phase;
	struct number_set scope;   /* the instances that this run is about; 0: objects that belong to none */
	struct number_set noted;   /* those whose sessions were noted as it began */
	struct number_set unknown; /* those that could not be read, at the last look */
	struct number_set retry;   /* those that the next apply covers in any case */
	bool whole;                /* the run is about all */
	struct round round;        /* the plan that is carried out, then the one that the statuses come from */
	size_t next;               /* step or instance of the phase */
	size_t deleted;            /* steps before this one have had their devices deleted together */
	struct monotonic begun;
	int64_t revision, done, failed, wishes, held; /* of this run */
	int64_t read_ms, told_revision;
	bool record_due;
	struct apply_record record;
};

/* apply.c: whether the daemon runs and has yet to take over what it was given. */
bool apply_can_let_go(const struct routing_seen *);

/* apply_look.c: chooses the instances of the run, reads them, and plans. False: the router cannot be read. */
bool apply_look(struct apply *, struct dc_error *err);

/* apply_shut.c: which objects are kept away now; before they are planned. */
void apply_judge_shut(struct apply *, struct round *);

/* apply_status.c: what became of the objects of the run. */
void apply_set_statuses(struct apply *);

/* apply_record.c: which sessions are up as the run begins. */
void apply_note_sessions(struct apply *);

#endif
