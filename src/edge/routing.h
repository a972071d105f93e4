/* SPDX-License-Identifier: ISC */
/* routing.h - a routing daemon behind a small driver: desired neighbours in, session states out. bird/ is the real one,
 * sim_routing.c the simulated. The caller knows neither.
 *
 * An instance is one daemon with its own configuration, control socket and (real) network namespace; a VRF lives in one
 * instance, wholly. The driver owns the files of its instances below the state directory.
 *
 * No call waits for a daemon. set() leaves a wish and returns; the driver works from the event loop, tries again at its
 * own pace what failed, and calls back when what seen() shows has changed. A daemon that does not answer concerns its
 * own instance only. */
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
	const struct ip_prefix *linked; /* the same of customers' announcements alone: links bring these networks */
	size_t linked_count;
	uint32_t internal_asn_first, internal_asn_last; /* taken out of paths towards customers; both 0: none */
};

struct routing_bfd {
	uint32_t min_rx_ms, min_tx_ms, multiplier; /* multiplier 0: no BFD */
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
	bool is_uplink;      /* to a router of the Internet: hears of global EIPs, and is not listened to */
	bool accept_default; /* link: a default route of the other side is taken */
	bool shut;           /* is configured, and kept down */
	struct routing_bfd bfd;
};

struct routing_desired { /* of one instance, whole */
	uint32_t instance;
	const struct routing_vrf *vrf;
	size_t vrf_count;
	const struct routing_neighbour *neighbour; /* sorted by key */
	size_t neighbour_count;
};

/* The same with all that it points to, in the arena. */
struct routing_desired routing_copy(const struct routing_desired *, struct arena *);

#define ROUTING_STATES(X)                                                                                              \
	X(ABSENT, "absent")           /* does not run, and is not to */                                                \
	X(STARTING, "starting")       /* was started or found, and has not answered yet */                             \
	X(RUNNING, "running")         /* answers */                                                                    \
	X(CONFIGURING, "configuring") /* is taking over a configuration */                                             \
	X(SILENT, "silent")           /* runs and does not answer: nothing is known of its sessions */                 \
	X(BACKOFF, "backoff")         /* is dead, and is started again after a while */                                \
	X(STOPPING, "stopping")       /* was asked to end */

#define ROUTING_STATE(name, text) ROUTING_##name,
enum routing_state { ROUTING_STATES(ROUTING_STATE) };
#undef ROUTING_STATE

const char *routing_state_name(enum routing_state);

/* One neighbour of what was set last, and its session. */
struct routing_session {
	const char *key;
	const char *refused; /* the daemon's words: it is left out for its own fault. NULL: it is not */
	uint64_t changed; /* the set that last gave a reason to touch its session: it is new, or its own part differs */
	bool known;       /* the rest is */
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

/* What the driver knows of an instance. */
struct routing_seen {
	enum routing_state state;
	const char *why;      /* what keeps it from what was set, in words; NULL: nothing */
	uint64_t set, loaded; /* what was set last, and what the daemon runs on (0: unknown). Equal: all of it is in
			       * place but for who is refused. */
	int64_t age_ms;       /* of the sessions; -1: unknown yet. While the daemon does not answer they are down. */
	const struct routing_session *session; /* sorted by key */
	size_t sessions;
};

/* Why the policy refuses a route. */
#define ROUTING_REASONS(X)                                                                                             \
	X(NEXT_HOP, "next-hop", "the next hop is not on the neighbour's own line")                                     \
	X(NEVER, "not-routable",                                                                                       \
	    "no network of a customer may lie there (loopback, link-local, multicast and the like)")                   \
	X(OWN, "gateways-own",                                                                                         \
	    "the gateway itself has this network, or a larger one: its VPC, or the subnet of a line")                  \
	X(LINKED, "linked", "a link or an attachment brings this network, or a larger one")                            \
	X(FIRST_AS, "first-as", "the AS path does not begin with the neighbour's AS")                                  \
	X(LOOP, "as-loop", "the gateway's own AS is in the AS path")

#define ROUTING_REASON(name, word, text) ROUTING_WHY_##name,
enum routing_reason { ROUTING_REASONS(ROUTING_REASON) ROUTING_WHY_COUNT };
#undef ROUTING_REASON

const char *routing_reason_name(enum routing_reason); /* "gateways-own" */
const char *routing_reason_text(enum routing_reason);

enum routing_routes {
	ROUTES_ACCEPTED,
	ROUTES_REJECTED,
	ROUTES_RECEIVED, /* both */
	ROUTES_ADVERTISED,
};

struct routing_query { /* routes of one neighbour */
	const char *key;
	enum routing_routes which;
	struct ip_prefix inside;   /* family IP_NONE: any */
	struct ip_addr containing; /* the same */
	uint32_t asn;              /* in the AS path; 0: any */
	bool has_community;
	uint16_t community[2]; /* RFC 1997 */
};

struct routing_route {
	struct ip_prefix destination;
	struct ip_addr next_hop; /* family IP_NONE: none */
	bool rejected, best;     /* best: the one that is used for its destination */
	enum routing_reason why; /* rejected */
	utc_ms since;            /* 0: unknown */
	int64_t local_pref, med; /* -1: none */
	const char *as_path, *origin, *communities, *large_communities; /* as the daemon writes them; "" for none */
};

/* Called from the loop, or before routes() returns. failure: NULL, or words; the routes are valid during the call. */
typedef void routing_told_routes(void *arg, const struct routing_route *, size_t n, const char *failure);

struct event_base;
struct routing;
typedef void routing_changed(void *arg, uint32_t instance);

struct routing_ops {
	/* Once, before anything else; `changed` is called from the loop only. */
	void (*start)(struct routing *, struct event_base *, routing_changed *changed, void *arg);
	/* The instance is to be exactly this (copied). Changing one neighbour never resets another. A neighbour that
	 * the daemon refuses is left out, the rest is loaded. An instance with no VRF is stopped, then forgotten.
	 * Returns the number of this wish, greater than all before; that of the last one when nothing differs. */
	uint64_t (*set)(struct routing *, const struct routing_desired *);
	/* False: the driver has nothing to do with that instance. *ret borrows until control returns to the loop. */
	bool (*seen)(struct routing *, uint32_t instance, struct routing_seen *ret);
	/* Numbers of the instances that the driver has to do with; in the arena. */
	uint32_t *(*instances)(struct routing *, struct arena *, size_t *n);
	/* Whether a neighbour of that key may still run in the instance; 0: in any. */
	bool (*may_run)(struct routing *, uint32_t instance, const char *key);
	/* Asks the daemon about routes of one neighbour, whose order is any; `told` is called once, unless close()
	 * comes before. Changes nothing, and does not hold up the driver's own questions. */
	void (*routes)(struct routing *, const struct routing_query *, routing_told_routes *told, void *arg);
	struct routing *(*close)(struct routing *); /* daemons keep running */
};

struct routing {
	const struct routing_ops *ops;
};

/* Whether the driver is through with what was set: it is in place, or words give the reason. */
bool routing_settled(const struct routing_seen *);

struct agent;
/* <state_dir>/bird/<instance>/ has bird.conf (0640), and run/ in it bird.ctl, bird.pid, bird.log. A neighbour that has
 * been down for slow_after_ms is tried once a minute instead of every few seconds; 0: never. */
enum dc_code bird_open(
    struct agent *, const char *state_dir, int64_t slow_after_ms, struct routing **ret, struct dc_error *err);

#endif
