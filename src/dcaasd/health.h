/* SPDX-License-Identifier: ISC */
/* health.h - what GET /health shows, kept ready: the main thread looks at the store each second, and the calls read
 * what it found. So a call costs the same however many edges there are, and for each caller. */
#ifndef DC_HEALTH_H
#define DC_HEALTH_H

#include "base/clock.h"
#include "res/res.h"

#define HEALTH_REASONS_MAX 10

struct health;
struct keystone;  /* auth/keystone.h */
struct snapshots; /* snapshot_routes.h */

/* A state of the server. It stays the same while others are found. */
struct health_state {
	int64_t edges, real, simulated, held, silent; /* silent: no report for three report intervals */
	int64_t objects_in_error;                     /* at most 10,000 are counted */
	int64_t short_of_keys;                        /* edges with little kernel memory for MD5 keys */
	bool no_operator;
	bool certificate_ends;                  /* within CERTIFICATE_SHORT of the HTTPS certificate's end */
	bool log_damaged;                       /* a write-ahead log was damaged: the copy of it is still there */
	bool clock_behind;                      /* the clock shows a time before one that is in the database */
	bool keystone_fails;                    /* the last question to Keystone */
	bool failing;                           /* no change can be written: calls that change something are 503 */
	const char *reason[HEALTH_REASONS_MAX]; /* words of a fixed list, see doc/operations.md */
	size_t reasons;
};

/* store outlives it; NULL is no store. */
struct health *health_new(struct store *);
/* After the store was closed: a probe may be under way until then. NULL is fine; returns NULL. */
struct health *health_free(struct health *);
/* When the HTTPS certificate begins and ends, in the clock's time. */
void health_set_certificate(struct health *, utc_ms begins, utc_ms ends);
/* Whose tokens are taken; NULL: ours. It outlives the looks. */
void health_set_keystone(struct health *, const struct keystone *);
/* Looks at the store, and writes to it when nothing else has for a while. Logs what has changed. The main thread does
 * that each second; any other may, when the store is another one at once. */
void health_look(struct health *);
/* Any thread. */
void health_get(struct health *, struct health_state *ret);

/* api_options.user. */
struct shared {
	struct res_holder holder;
	struct health *health;
	struct snapshots *snapshots; /* NULL: this is no test double */
	struct api *const *api;      /* of all listeners, once they serve */
	size_t api_n;
};

#endif
