/* SPDX-License-Identifier: ISC */
/* plan_priv.h - the inside of the planner, shared by plan*.c: what is there, indexed; what is wanted, with its verdict
 * so far; the steps, by phase. */
#ifndef DC_PLAN_PRIV_H
#define DC_PLAN_PRIV_H

#include "edge/plan.h"

struct seen_link {
	uint32_t instance;
	bool aside; /* of an instance that is only looked at: nobody sweeps there */
	const struct item_link *l;
	const char *owner; /* key of a tombstone that it belonged to */
	bool wanted;       /* stays, as it is or changed in place */
	bool deleted;      /* is deleted in this plan */
};

struct seen_addr {
	uint32_t instance;
	bool aside; /* of an instance that is only looked at: nobody sweeps there */
	const struct item_addr *a;
	const char *owner;
	bool wanted;
};

struct seen_route {
	uint32_t instance;
	bool aside; /* of an instance that is only looked at: nobody sweeps there */
	const struct item_route *r;
	const char *owner;
	bool wanted;
};

struct seen_filter {
	uint32_t instance;
	const struct item_filter *f;
};

struct seen_neighbour {
	uint32_t instance;
	bool aside;
	const struct item_neighbour *n;
	const char *owner;
	bool wanted;
};

struct seen_network {
	uint32_t instance;
	bool aside;
	const struct item_network *n;
	bool wanted;
};

struct seen_rate {
	uint32_t instance;
	bool aside;
	const struct item_rate *r;
	const char *owner;
	bool wanted;
};

struct item { /* one wanted object */
	const struct want *want;
	struct plan_verdict *verdict;
	struct item *vrf, *link; /* that it stands on; NULL: not there */
	struct seen_link *seen;  /* vrf, vlan */
	bool paired;             /* veth: planned with its other end */
	bool rebuilt;            /* made in this plan: nothing that stood on it is there any more */
};

enum plan_phase {
	DEL_ROUTE,
	DEL_NEIGHBOUR,
	DEL_NETWORK,
	DEL_ADDR,
	DEL_VLAN,
	DEL_VRF,
	ADD_NETNS,
	ADD_VRF,
	ADD_VLAN,
	ADD_FILTER,
	ADD_NETWORK,
	ADD_NEIGHBOUR,
	DEL_RATE,
	ADD_RATE,
	ADD_ADDR,
	UP,
	ADD_ROUTE,
	DEL_NETNS,
	PHASES
};

struct step_list {
	struct plan_step *v;
	size_t n, cap;
};

struct planning {
	struct arena *arena;
	const struct seen *state;
	struct item *item;
	size_t items;
	struct seen_link *link;
	size_t links;
	struct seen_addr *addr;
	size_t addrs;
	struct seen_route *route;
	size_t routes;
	struct seen_filter *filter;
	size_t filters;
	struct seen_neighbour *neighbour;
	size_t neighbours;
	struct seen_network *network;
	size_t networks;
	struct seen_rate *rate;
	size_t rates;
	const struct item_port **port;
	const char **name; /* hash set of names that wanted objects have taken */
	size_t name_slots; /* power of two */
	struct step_list phase[PHASES];
};

/* plan_seen.c: what is there */
void index_seen(struct planning *);
struct seen_link *find_link(struct planning *, uint32_t instance, const char *device);
struct seen_addr *find_addr(struct planning *, uint32_t instance, const char *device, const struct ip_addr *);
struct seen_route *find_route(struct planning *, uint32_t instance, uint32_t table, const struct ip_prefix *);
const struct item_filter *find_filter(struct planning *, uint32_t instance, const char *device);
struct seen_neighbour *find_neighbour(struct planning *, uint32_t instance, const char *device,
    const struct ip_addr *local, const struct ip_addr *remote);
struct seen_rate *find_rate(struct planning *, uint32_t instance, const char *device);
struct seen_network *find_network(struct planning *, uint32_t instance, uint32_t table, const struct ip_prefix *);
const struct item_port *find_port(struct planning *, const char *device);
bool has_instance(const struct seen *, uint32_t instance);
bool is_ours(const struct item_link *);
int compare_number(uint32_t, uint32_t);

/* plan.c: what is wanted, and steps */
struct item *find_item(struct planning *, const char *key, enum object_kind); /* NULL also when its body is bad */
struct item *find_link_item(struct planning *, const char *key);
void set_verdict(struct item *, enum plan_state, const char *text);
/* Whether what an object stands on is there or made in this plan; else the object waits. */
bool is_on(struct item *, const struct item *below, const char *key, struct arena *);
/* The same of the link of that key, which becomes i->link. Links are planned before all that stands on them. */
bool is_on_link(struct planning *, struct item *, const char *key);
/* Whether it is the first object to want that name. Objects that do not exist yet collide here, the others when both
 * find the same thing. */
bool reserve(struct planning *, const char *name);
struct plan_step *add_step(
    struct planning *, enum plan_phase, enum agent_op, uint32_t instance, const char *key, size_t size);
void add_device_step(
    struct planning *, enum plan_phase, enum agent_op, uint32_t instance, const char *device, const char *key);

/* plan_link.c: what all kinds of devices have in common */
bool reserve_link(struct planning *, struct item *, const char *device);  /* the name, when it is ours to take */
void delete_link(struct planning *, struct seen_link *, const char *key); /* deletes it */
void keep_link(struct planning *, struct item *, const char *device);     /* as asked for, if perhaps not up */
/* As plan_kind.left. */
const char **link_left(struct planning *, struct item *, uint32_t instance, const char *device, const char *mark);
const char **link_in_vrf_left(struct planning *, struct item *);

/* One kind of objects: a file, and a line in plan.c. */
struct plan_kind {
	enum object_kind kind;
	void (*plan)(struct planning *, struct item *); /* its verdict, and the steps for it */
	/* Of a tombstone: where the key of the owner of what is left of it goes; NULL: nothing is. */
	const char **(*left)(struct planning *, struct item *);
	void (*sweep)(struct planning *); /* deletes what is there and nobody wants; NULL: nothing to do */
};

extern const struct plan_kind plan_vrf_kind, plan_vlan_kind, plan_veth_kind, plan_addr_kind, plan_route_kind,
    plan_bgp_kind, plan_bfd_kind, plan_ping_kind, plan_rate_kind;

/* plan_filter.c: what may come in by devices */
/* Whether the device of that link has its filter; else the plan has a step for it. */
bool has_filter(struct planning *, const struct item *link, const char *device);
/* Whether the filter knows the networks of the VRF, or the neighbour; else the plan has steps for it. */
bool has_networks(struct planning *, const struct item *vrf);
bool has_neighbour(struct planning *, const struct item *bgp);
const char **neighbour_left(struct planning *, const struct item *bgp); /* as plan_kind.left */
void sweep_neighbours(struct planning *);
void sweep_networks(struct planning *);

/* Sorts numbers and keeps each once; returns how many stay. */
size_t plan_unique(uint32_t *, size_t n);

#endif
