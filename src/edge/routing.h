/* SPDX-License-Identifier: ISC */
/* routing.h - a routing daemon behind a small driver: desired neighbours in, session states out. bird/ is the real one,
 * sim.c the simulated. The caller knows neither.
 *
 * An instance is one daemon with its own configuration, control socket and (real) network namespace; a VRF lives in one
 * instance, wholly. The driver owns the files of its instances below the state directory. */
#ifndef DC_ROUTING_H
#define DC_ROUTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"

struct routing_vrf {
	const char *device; /* "dcr12"; also the stem of names in the configuration */
	uint32_t table;
	struct ip_addr router_id;
	const struct ip_prefix *own; /* refused on import, equal or more specific: local_ep_group and link subnets */
	size_t own_count;
	uint32_t internal_asn_first, internal_asn_last; /* taken out of paths towards customers; both 0: none */
};

struct routing_neighbour {
	const char *key;  /* of the bgp object */
	const char *name; /* "p12_4": protocol name, unique in the instance */
	const char *vrf;  /* routing_vrf.device */
	const char *link; /* device */
	struct ip_addr local, remote;
	uint32_t local_asn, remote_asn;
	const char *password; /* NULL: none */
	uint32_t route_limit;
	bool is_link;        /* to another gateway, not to a customer: another policy, see bird/ */
	bool accept_default; /* link: a default route of the other side is taken */
};

struct routing_desired { /* of one instance, whole */
	uint32_t instance;
	const struct routing_vrf *vrf;
	size_t vrf_count;
	const struct routing_neighbour *neighbour;
	size_t neighbour_count;
};

/* The same with all that it points to, in the arena. */
struct routing_desired routing_copy(const struct routing_desired *, struct arena *);

struct routing_session {
	const char *key;
	bool established;
	const char
	    *state;   /* Idle, Connect, Active, OpenSent, OpenConfirm, Established, Down; "Disabled" by the limit */
	utc_ms since; /* when it became Established, or ceased to be */
	int64_t received, accepted, rejected, advertised;     /* routes; received = accepted + rejected */
	const char *last_error;                               /* "" when none */
	const char *tcp;                                      /* "none", "SYN_SENT", "ESTABLISHED", ... */
	bool md5;                                             /* ordered */
	uint64_t md5_failures, md5_not_found, md5_unexpected; /* of the whole instance */
};

/* What became of one neighbour in an apply. */
struct routing_result {
	const char *key;
	enum dc_code code;
	const char *text; /* the daemon's words when code is not DC_OK */
};

struct routing;

struct routing_ops {
	/* Brings the instance to exactly this: writes, checks and loads the configuration; starts the daemon if needed.
	 * Changing one neighbour never resets another. A neighbour that the daemon's check refuses is left out and gets
	 * its error; the rest is applied. *results: one per neighbour, arena. An instance with no VRF is stopped. */
	enum dc_code (*apply)(struct routing *, const struct routing_desired *, struct arena *,
	    struct routing_result **results, struct dc_error *err);
	/* Sessions of the instance as they are now (cheap to call every half second). DC_E_DAEMON when the daemon is
	 * not to be had; it is then started again by the driver at its own pace. */
	enum dc_code (*observe)(struct routing *, uint32_t instance, struct arena *, struct routing_session **ret,
	    size_t *n, struct dc_error *err);
	/* To be called every 100 to 500 ms: timers (restart of dead daemons, growing waits after a route limit, the
	 * guard against sessions without a key). Never blocks longer than an agent call. */
	void (*tick)(struct routing *);
	struct routing *(*close)(struct routing *); /* daemons go on running */
};

struct routing {
	const struct routing_ops *ops;
};

struct agent;
/* <state_dir>/bird/<instance>/ has bird.conf (0600), bird.ctl, bird.pid, bird.log. */
enum dc_code bird_open(struct agent *, const char *state_dir, struct routing **ret, struct dc_error *err);

#endif
