/* SPDX-License-Identifier: ISC */
/* want.h - one desired object as the planner sees it: its body decoded, every name, number and address checked.
 *
 * What comes from dcaasd is checked here once and nowhere later: names fit the kernel's, addresses parse, numbers are
 * in our ranges. A body that breaks a rule makes that object an error in words and nothing else. */
#ifndef DC_WANT_H
#define DC_WANT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"
#include "wire/object.h"

struct want {
	const char *key;
	enum object_kind kind;
	bool deleted;      /* tombstone; the rest is what it last was, if that is known */
	const char *bad;   /* words: the body cannot be used. NULL: it can */
	bool known;        /* the union below holds it */
	utc_ms shut_until; /* route, bgp: it is kept away until then; 0: it is not */
	bool shut;         /* as object_set_shut() found it last */
	union {
		struct want_vrf {
			const char *device, *mark; /* mark: whole alias, "dcaas:<uuid>" */
			uint32_t table, instance;
			struct ip_addr router_id;
			struct ip_prefix *own, *linked;
			size_t own_count, linked_count;
			uint32_t internal_asn_first, internal_asn_last; /* both 0: none */
		} vrf;
		struct want_vlan {
			const char *vrf; /* key */
			const char *device, *mark, *port;
			uint32_t vlan;
			bool is_customer; /* else a VPC's */
		} vlan;
		struct want_veth {
			const char *vrf; /* key */
			const char *device, *mark;
			const char *peer; /* key of the other end */
		} veth;
		struct want_addr {
			const char *link;        /* key of a vlan or veth */
			struct ip_prefix prefix; /* host bits kept */
		} addr;
		struct want_route {
			const char *vrf, *link; /* keys */
			struct ip_prefix prefix;
			struct ip_addr via; /* IP_NONE: on-link */
			uint32_t proto;
		} route;
		struct want_bgp {
			const char *vrf, *link; /* keys */
			const char *name;
			struct ip_addr local, remote;
			uint32_t local_asn, remote_asn;
			const char *password;
			uint32_t route_limit;
			bool is_link, is_uplink, accept_default;
		} bgp;
		struct want_bfd {
			const char *link, *bgp; /* keys */
			uint32_t min_rx_ms, min_tx_ms, multiplier;
		} bfd;
		struct want_ping {
			const char *link; /* key */
			struct ip_addr local, remote;
			uint32_t count, interval_ms;
		} ping;
		struct want_rate {
			const char *link; /* key */
			uint32_t ingress_kbit, egress_kbit, burst;
		} rate;
	};
};

/* The kind of that name; OBJECT_UNKNOWN for one that this edge does not do. */
enum object_kind want_kind(const char *name);

/* What the two kinds of links have in common. Only for a known vlan or veth. */
const char *want_link_vrf(const struct want *);
const char *want_link_device(const struct want *);
const char *want_link_mark(const struct want *);

/* The same with all that it points to, in the arena. */
struct want want_copy(const struct want *, struct arena *);

/* Fills kind's member from the body; all in the arena. On failure ret->bad has the words, ret->known is false. */
enum dc_code want_decode(struct want *ret, const char *body, struct arena *);

#endif
