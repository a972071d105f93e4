/* SPDX-License-Identifier: ISC */
/* gateway.h - what virtual gateways, global DC gateways and enterprise routers have in common: a VRF on each edge where
 * somebody uses it (an interface, or the end of a link), with the networks attached behind that VRF.
 *
 * The row of `gateway` is the lock of everything in those VRFs, for each kind. */
#ifndef DC_GATEWAY_H
#define DC_GATEWAY_H

#include "reconcile/work.h"
#include "res/attachment_row.h"
#include "res/inventory.h"
#include "res/res.h"

struct gateway;

/* Row of gateway. */
struct gateway_row {
	struct f_text id, kind;
	struct f_int internal_asn; /* of its ends of links; null: takes none */
	/* The range that it was taken from: what the gateway hides from customers, also when the settings have changed.
	 */
	struct f_int internal_asn_first, internal_asn_last;
};
extern const struct field_table gateway_table;

/* Who needs a gateway's VRF on an edge: rows of a table whose column names the gateway, and whose edge_id the edge. */
struct gateway_user {
	const struct field_table *table;
	const char *column;
};

/* The description of a resource that is a gateway. */
struct gateway_kind {
	const struct resource *res;       /* its name is the kind's */
	const struct gateway_user *users; /* ends with a row whose table is NULL */
	const char *service;              /* service_type of its interfaces; NULL: takes none */
	const char
	    *attachments; /* column of attachment that names the networks behind the gateway; NULL: there are none */
	bool links;       /* can be an end of links */
	bool eips;        /* to its customers lead the global EIPs that are bound to it, and nothing else */
	/* Fills the view from gw->row. */
	enum dc_code (*view)(struct tx *, struct gateway *, struct dc_error *err);
};
extern const struct gateway_kind virtual_gateway_kind, global_dc_gateway_kind, enterprise_router_kind,
    connect_gateway_kind;

/* A gateway as its VRF, its interfaces and its links see it. */
struct gateway {
	const struct gateway_kind *kind;
	void *row;                           /* of the kind's table */
	const char *id, *tenant_id, *status; /* status: NULL for a kind without */
	int64_t bgp_asn;                     /* towards customers; 0: has none */
	int64_t internal_asn;                /* 0: takes no links */
	int64_t internal_asn_first, internal_asn_last;
	struct cidr_list local; /* the networks behind the gateway, both families */
	const char *behind;     /* value of attachments' column; NULL: nothing */
	bool ipv6;              /* takes IPv6 peers */
	bool leaving;           /* deleted; waits for its edges */
};

/* The kind of gateway that interfaces with this service_type lead into. */
const struct gateway_kind *gateway_kind_of_service(const char *service_type);

/* --- rows --- */

/* Inserts the common row. A kind with links takes its internal AS number from the settings' range. */
enum dc_code gateway_insert(
    struct tx *, const struct gateway_kind *, const char *id, const struct res_settings *, struct dc_error *err);
enum dc_code gateway_delete(struct tx *, const char *id, struct dc_error *err);
/* DC_E_NOT_FOUND (err untouched) when there is none. */
enum dc_code gateway_get(struct tx *, const char *id, struct gateway *ret, struct dc_error *err);
/* The view of a row of the kind's table that the caller has read. */
enum dc_code gateway_of_row(
    struct tx *, const struct gateway_kind *, void *row, struct gateway *ret, struct dc_error *err);
/* resource.chain of all kinds: the common row. */
enum dc_code gateway_chain(struct tx *, struct call *, void *row, struct lock_set *, struct dc_error *err);
/* Whether the API shows it as gone: a deleted one of a kind that has no word for "waits for its edges". */
bool gateway_is_hidden(const struct gateway *);
/* DC_E_ASN when a customer or a gateway may not have this AS number, because links use it. */
enum dc_code gateway_check_asn(const struct res_settings *, int64_t asn, const char *member, struct dc_error *err);

/* Locks the pool that all gateways share, before a number is taken from it. */
struct pool {
	struct f_text id;
};
extern const struct field_table pool_table;
#define POOL_INTERNAL_ASN "internal_asn"
#define POOL_LINK "link"
#define POOL_GLOBAL_EIP "global_eip"

/* --- gateway_behind.c --- */

/* What is attached behind a gateway on an edge; edge_id NULL: on all. */
enum dc_code attachments_of(
    struct tx *, const struct gateway *, const char *edge_id, struct attachment **ret, size_t *n, struct dc_error *err);
/* The blocks that attachments reach, in one list. */
enum dc_code attachment_prefixes(
    struct tx *, const struct attachment *, size_t n, struct cidr_list *ret, struct dc_error *err);

/* --- on the edges (gateway_edge.c) --- */

/* resource.life of gateways whose state is that of their interfaces: gateway_word(). */
const struct life_move *gateway_life(struct arena *);

/* Key of its VRF object, in the arena. */
const char *gateway_key(struct arena *, const char *gateway_id);
/* Whether an interface or a link needs its VRF on the edge. One that is being removed counts: its objects rest there.
 */
enum dc_code gateway_is_used_on(
    struct tx *, const struct gateway_kind *, const char *id, const char *edge_id, bool *ret, struct dc_error *err);
/* Where traffic leaves a VRF on an edge. */
struct next_hop {
	const char *edge_id;
	const char *link;        /* key of the device */
	const char *via;         /* NULL: on-link */
	struct f_int shut_until; /* a switchover test keeps it away until then (wire_route) */
};
/* Puts a route of the owner into a gateway's VRF; class as wire_route has it. */
void gateway_put_route(struct work_view *, struct arena *, const char *gateway_id, const struct next_hop *,
    const char *owner_id, const struct ip_prefix *, const char *class);
/* Puts its VRF on each edge where somebody uses it. */
enum dc_code gateway_render(struct tx *, struct work_view *, const struct gateway *, struct dc_error *err);
/* The same of a row of the kind: resource.render. */
enum dc_code gateway_render_row(
    struct tx *, struct work_view *, const struct gateway_kind *, const void *row, struct dc_error *err);

/* What the edges report of its VRFs. */
struct gateway_state {
	enum work_verdict verdict;
	const char *error;      /* with VERDICT_FAILED, in words */
	const char *edge_id[2]; /* the first two edges that it is on; NULL: none */
	bool gone;              /* nothing of it is on any edge */
};
/* Reads them, and gives back the numbers of edges that have let go. A leaving gateway that is gone loses its common
 * row.
 */
enum dc_code gateway_observe(
    struct tx *, struct work_view *, const struct gateway *, struct gateway_state *ret, struct dc_error *err);
/* The state of a gateway that interfaces lead into: ERROR, ACTIVE while one of them is ACTIVE, else DOWN. */
enum dc_code gateway_word(
    struct tx *, const char *id, const struct gateway_state *, const char **ret, struct dc_error *err);
/* Adds the silence of edges to the reasons of gateways: a gateway is observed where it has a VRF. */
enum dc_code gateway_silence(
    struct tx *, const char *const *ids, struct f_text *const *reasons, size_t n, struct dc_error *err);

#endif
