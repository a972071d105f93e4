/* SPDX-License-Identifier: ISC */
/* sim_priv.h - the simulated router: one memory that sim_kernel.c changes as a kernel would and that sim_routing.c lets
 * neighbours live in. Nothing here is real, and nothing outlives the process. */
#ifndef DC_EDGE_SIM_PRIV_H
#define DC_EDGE_SIM_PRIV_H

#include <time.h>

#include "base/config.h"
#include "edge/kernel.h"
#include "edge/routing.h"

#define SIM_WHERE 16

struct sim_options {
	struct config *config;
	const char *ports;                /* shown from the start; names, by blanks or commas */
	const char *no_carrier, *exposed; /* of ports */
	const char *fail;                 /* devices, prefixes, addresses and neighbours whose changes are refused */
	const char *down;                 /* sessions that never come up */
	const char *slow;                 /* whose changes take change_ms; "": all */
	const char *flap;                 /* sessions that live flap_ms; "": all */
	int64_t change_ms;                /* that a change takes */
	int64_t session_ms;               /* until a neighbour is Established */
	int64_t flap_ms;                  /* that a session lives; 0: for ever */
	int64_t routes;                   /* that each neighbour announces */
	int64_t key_room;                 /* neighbours with a password in one gateway and family; 0: no limit */
};

struct sim_neighbour {
	char *key, *name, *vrf, *link;
	struct ip_addr local, remote;
	uint32_t local_asn, remote_asn, route_limit;
	bool md5, is_link, is_uplink, accept_default;
	uint64_t password; /* a fingerprint, to see a change */
	bool established, limited;
	int64_t due; /* monotonic ms of the next change of its session */
	utc_ms since;
	const char *last_error;
	bool refused, shut;
	uint64_t changed; /* the wish that made it as it is */
};

struct sim_vrf {
	char device[OP_NAME_MAX];
	uint32_t table;
	int64_t vpc[2]; /* routes of VPCs in it, by family */
};

struct sim_instance {
	uint32_t number;
	char where[SIM_WHERE][OP_NAME_MAX]; /* devices that changed since the network half asked */
	size_t where_n;
	bool anywhere;          /* or more than those */
	struct item_link *link; /* sorted by device */
	size_t links;
	struct item_addr *addr; /* sorted by device, address */
	size_t addrs;
	struct item_route *route; /* sorted by table, prefix */
	size_t routes;
	struct item_filter *filter; /* sorted by device */
	size_t filters;
	struct item_neighbour *allowed; /* neighbours that the filter lets in, sorted by device, addresses */
	size_t allowed_n;
	struct item_network *network; /* sorted by table, prefix */
	size_t networks;
	struct item_rate *rate; /* sorted by device */
	size_t rates;
	/* the routing daemon */
	struct sim_vrf *vrf;
	size_t vrfs;
	struct sim_neighbour *neighbour; /* sorted by key */
	struct routing_session *session; /* same order: what is shown of them */
	size_t neighbours;
	uint64_t set, loaded;
	int64_t loaded_at; /* monotonic ms: `set` is in place from then on */
};

struct sim {
	unsigned users; /* of the two halves below */
	struct kernel kernel;
	struct routing routing;
	char *options_path; /* NULL: defaults */
	struct timespec options_time;
	struct sim_options options;
	uint32_t next_index;
	struct sim_instance **instance;
	size_t instances;
	char (*asked)[OP_NAME_MAX]; /* ports that VLANs were made on */
	size_t asked_n;
	bool ports_changed; /* as sim_instance.anywhere */
	uint64_t wishes;
	struct event *tick;
	unsigned ticks;
	routing_changed *changed;
	void *changed_arg;
	struct sim_echo *echo; /* sim_echo.c */
	int changes; /* eventfd: the options, and with them what the kernel shows, changed since the last read */
};

extern const struct kernel_ops sim_kernel_ops;
extern const struct routing_ops sim_routing_ops;

/* sim_glass.c: as routing.h's routes() */
void sim_routes(struct routing *, const struct routing_query *, routing_told_routes *, void *arg);

/* sim_names.c. Lists of the options: entries between blanks or commas. */
#define SIM_NAME_MAX 64                                   /* longer ones are cut: nothing has such a name */
bool sim_next(const char **list, char ret[SIM_NAME_MAX]); /* the next entry; false at the end */
bool sim_names(const char *list, const char *name);       /* whether the list has that very word */
/* Whether the list names the session: protocol, device, id of the peer, the interface, the link or the gateway,
 * address. */
bool sim_lists_session(const char *list, const struct sim_instance *, const struct sim_neighbour *);
/* Whether the list names what a change is about. mark: of the new device, or ""; addr may be NULL. */
bool sim_lists_change(
    const char *list, const struct sim_instance *, const char *device, const char *mark, const struct ip_addr *addr);
/* An error that names the first entry which nothing on the router is called by now. */
enum dc_code sim_check_names(
    const struct sim *, const char *key, const char *list, bool sessions_only, struct dc_error *err);
struct sim_instance *sim_instance(const struct sim *, uint32_t number);
struct item_link *sim_link(const struct sim_instance *, const char *device);
struct item_addr *sim_addr(const struct sim_instance *, const char *device, const struct ip_addr *);
bool sim_port_carrier(const struct sim *, const char *port);
void sim_forget_neighbours(struct sim_instance *);
void sim_instance_free(struct sim_instance *); /* with all that it holds */
void sim_pause(const struct sim *);            /* as long as a slow change takes */
void sim_answer_echoes(struct sim *);          /* now and then */
void sim_close_echoes(struct sim *);
void sim_release(struct sim *); /* one user less */
/* The options again when their file changed; what is wrong with them is logged and the old ones stay. */
void sim_reread(struct sim *);

#endif
