/* SPDX-License-Identifier: ISC */
/* state.h - the desired set as this edge holds it: in memory for the planner, and on disk so that a restarted edge
 * brings everything up without dcaasd.
 *
 * On disk are the whole set, <dir>/desired, and beside it <dir>/journal: what changed since (state_journal.h). Both
 * carry checksums. Secrets in them are sealed with the edge's own key, <dir>/key (0600, made at first start).
 *
 * Objects stand in units: one for each instance, and unit 0 for those whose instance is unknown. A
 * change concerns its unit; what looks at the others is the whole look that comes now and then. */
#ifndef DC_EDGE_STATE_H
#define DC_EDGE_STATE_H

#include <stdbool.h>

#include "base/clock.h"
#include "edge/agent/op.h"
#include "edge/want.h"
#include "wire/object.h"

enum object_status { STATUS_PENDING, STATUS_APPLIED, STATUS_ERROR, STATUS_REMOVED, STATUS_UNSUPPORTED };

struct status { /* of one object, as in the report */
	enum object_status state;
	char *error; /* heap; NULL: none */
	bool has_carrier, carrier, exposed;
	bool shut;                /* kept away by its shut_until */
	uint32_t sent, received;  /* kind ping, when it is through: echo requests, and their answers */
	uint64_t drops[OP_DROPS]; /* frames that the device's filter has dropped, by enum filter_reason; kind rate:
				   * by enum rate_drop */
};

struct session { /* of one neighbour as it was last seen; plain, so that two compare member by member */
	bool seen, established, md5;
	char state[24], tcp[24], last_error[480];
	utc_ms since;
	int64_t received, accepted, rejected, advertised;
	uint64_t md5_failures, md5_not_found, md5_unexpected;
};

struct edge_object { /* stays where it is until it is forgotten */
	const struct want *want;
	int64_t revision;
	const char *kind; /* as dcaasd sends it */

	/* what apply.c and observe.c find out */
	struct status now;
	char *step_error;      /* heap; why a step of the last apply failed */
	char *logged_error;    /* heap; the last of these in the log, until the object is in place */
	char *ping_error;      /* heap; kind ping: why it could not be measured */
	char *neighbour_error; /* heap; the routing daemon's words about this neighbour */
	struct session session;
	bool measured;     /* kind ping: it is through */
	bool looked_at;    /* its session, in the last round of looking */
	bool placed, gone; /* neighbour, by the last plan: it may run; tombstone: nothing else of it is left */
	uint32_t instance; /* neighbour: that the last plan had it in; 0: none */
	uint64_t changed;  /* the wish that last gave a reason to touch its session; 0: it is in none */
	utc_ms before;     /* when its session had come up, as an apply began; 0: it was not up */
	uint64_t ground;   /* the wish that its daemon ran on then */

	/* what report.c has sent */
	bool told;
	int64_t told_revision;
	struct status told_status;
	struct session *told_session; /* heap; NULL: none was */

	/* state.c's own */
	struct want own;
	const char *body; /* as on disk; NULL: none */
	struct arena *arena;
	uint32_t home; /* its unit */
	size_t home_at;
	uint8_t lists; /* that it is in, a bit each */
};

struct unit {
	uint32_t instance;
	struct edge_object **object;
	size_t n;
	bool changed; /* what is wanted of it, since state_units_taken() */
	/* state.c's own */
	size_t cap;
	bool sorted;
};

struct state;

/* Makes the folder and the key when they are missing, and locks the folder: another process that has it is a failure. A
 * file that cannot be used is no failure: state_lost() has the reason.
 */
enum dc_code state_open(const char *dir, struct state **ret, struct dc_error *err);
struct state *state_close(struct state *);

/* Why it is not known what should be here: no file, or a damaged one. NULL: it is known. */
const char *state_lost(const struct state *);
const char *state_edge(const struct state *);  /* id that dcaasd has for this edge; NULL: unknown yet */
const char *state_epoch(const struct state *); /* "unknown" when lost */
int64_t state_revision(const struct state *);  /* 1 when lost: dcaasd takes 0 for "send everything" */

/* All objects, sorted by key; tombstones too, until state_forget(). Valid until the next take or forget. */
size_t state_count(const struct state *);
struct edge_object *state_object(const struct state *, size_t);
struct edge_object *state_find(const struct state *, const char *key);
bool state_is_empty(const struct state *); /* nothing is wanted; tombstones do not count */

/* The unit, sorted by key; NULL: nothing belongs there. Valid as the objects are. */
const struct unit *state_unit(struct state *, uint32_t instance);
/* Numbers of the units, ascending: all, or those that changed; in the arena. */
uint32_t *state_units(const struct state *, bool changed, struct arena *, size_t *n);
void state_units_taken(struct state *); /* no unit has changed */
/* False: what is wanted of it is not on disk, and nothing may be done there. */
bool state_unit_is_saved(const struct state *, uint32_t instance);

/* Whether its shut_until keeps it away now: in its want from here on. */
void object_set_shut(struct edge_object *, utc_ms now);
/* Of the kind ping: its result. error: why it could not be measured; NULL: it was. */
void object_set_ping(struct state *, struct edge_object *, uint32_t sent, uint32_t received, const char *error);
/* Something of it may be news for dcaasd. */
void state_note(struct state *, struct edge_object *);
/* Those that were noted, in no order. */
size_t state_news(const struct state *, struct edge_object *const **ret);
/* Forgets those that are no news any more. */
void state_sift_news(struct state *, bool (*is_news)(const struct edge_object *));

/* The set as it would be after this answer, in memory only: sorted, in the arena, for asking the planner first. */
const struct want *const *state_preview(const struct state *, const struct wire_desired *, struct arena *, size_t *n);

/* Takes the answer in, in memory; state_save() must follow before anything is acted upon. What a full answer does not
 * name becomes a tombstone: the caller has decided that it may (intake.h). */
void state_take(struct state *, const struct wire_desired *);
enum dc_code state_save(struct state *, struct dc_error *err);
bool state_is_saved(const struct state *);

/* Drops tombstones that were reported to dcaasd as gone. */
void state_forget_told(struct state *);

void text_set(char **, const char *); /* replaces a heap text; NULL: none */
void status_set(struct status *, enum object_status, const char *error);
void status_copy(struct status *to, const struct status *from);
bool status_equal(const struct status *, const struct status *);

#endif
