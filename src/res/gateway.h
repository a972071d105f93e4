/* gateway.h - what virtual gateways, global DC gateways and enterprise routers have in common: a VRF on each edge where
 * somebody uses it (an interface, or the end of a link), with what is attached behind it.
 *
 * The row of `gateway` is the lock of everything in those VRFs, whatever the kind. */
#ifndef DC_GATEWAY_H
#define DC_GATEWAY_H

#include "res/inventory.h"
#include "res/res.h"

struct gateway;
struct edge_number; /* reconcile/objects.h */

/* Row of gateway. */
struct gateway_row {
	struct f_text id, kind;
	struct f_int internal_asn; /* of its ends of links; null: takes none */
};
extern const struct field_table gateway_table;

/* What a resource says of itself to be a gateway. */
struct gateway_kind {
	const struct resource *res; /* its name is the kind's */
	const char *interfaces;     /* column of virtual_interface that names it; NULL: takes none */
	const char *service;        /* service_type of its interfaces: others may name it beside their own gateway */
	const char *attachments;    /* column of attachment that names what is behind it; NULL: nothing can be */
	bool links;                 /* can be an end of links */
	/* Fills the view from gw->row. */
	enum dc_code (*view)(struct tx *, struct gateway *, struct dc_error *err);
	/* Its first interface or link on an edge is being made. NULL: nothing to do. */
	enum dc_code (*joined)(struct tx *, const struct gateway *, const char *edge_id, const struct res_settings *,
	    struct dc_error *err);
	/* Its edges, its VRFs' states or its interfaces' states changed: brings its row in step. */
	enum dc_code (*settle)(struct tx *, const struct gateway *, struct dc_error *err);
};
extern const struct gateway_kind virtual_gateway_kind, global_dc_gateway_kind, enterprise_router_kind;

/* A gateway as its VRF, its interfaces and its links see it. */
struct gateway {
	const struct gateway_kind *kind;
	void *row;                           /* of the kind's table */
	const char *id, *tenant_id, *status; /* status: NULL for a kind without */
	int64_t bgp_asn;                     /* towards customers; 0: has none */
	int64_t internal_asn;                /* 0: takes no links */
	struct cidr_list local;              /* what is behind it, both families */
	const char *behind;                  /* value of attachments' column; NULL: nothing */
	bool ipv6;                           /* takes IPv6 peers */
	bool leaving;                        /* deleted; waits for its edges */
};

/* --- rows --- */

/* Inserts the common row. A kind with links takes its internal AS number from the settings' range. */
enum dc_code gateway_insert(
    struct tx *, const struct gateway_kind *, const char *id, const struct res_settings *, struct dc_error *err);
enum dc_code gateway_delete(struct tx *, const char *id, struct dc_error *err);
/* resource.removed of all kinds: the engine has deleted the kind's row. */
enum dc_code gateway_removed(struct tx *, struct call *, void *row, struct dc_error *err);
/* DC_E_NOT_FOUND (err untouched) when there is none. gateway_lock() locks the row first. */
enum dc_code gateway_get(struct tx *, const char *id, struct gateway *ret, struct dc_error *err);
enum dc_code gateway_lock(struct tx *, const char *id, struct gateway *ret, struct dc_error *err);
/* Whether the API says that it is gone: a deleted one of a kind that has no word for "waits for its edges". */
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

/* --- on the edges (gateway_edge.c) --- */

/* Key of its VRF object, in the arena. */
const char *gateway_key(struct arena *, const char *gateway_id);
/* Brings the gateway's objects on an edge in step: the VRF and what is attached while somebody uses it there, nothing
 * when the last user is gone. */
enum dc_code gateway_render(
    struct tx *, const struct gateway *, const char *edge_id, const struct res_settings *, struct dc_error *err);
/* As gateway_render(), on every edge that it has a VRF on. */
enum dc_code gateway_render_all(struct tx *, const char *id, const struct res_settings *, struct dc_error *err);
/* A user of the gateway left the edge: when it was the last one, the gateway's objects leave, too. */
enum dc_code gateway_leave(struct tx *, const char *gateway_id, const char *edge_id, struct dc_error *err);
/* The state of one of its interfaces moved. */
enum dc_code gateway_settle(struct tx *, const char *gateway_id, struct dc_error *err);
/* resource.observe of all kinds. */
enum dc_code gateway_observe(struct tx *, const char *id, struct dc_error *err);
/* The edges that it has a number on: a VRF, or one that is being removed. */
enum dc_code gateway_edges(struct tx *, const char *id, struct edge_number **ret, size_t *n, struct dc_error *err);
/* Whether its VRF is wanted on the edge. */
enum dc_code gateway_is_on(struct tx *, const char *id, const char *edge_id, bool *ret, struct dc_error *err);

/* --- attachment.c --- */

/* An attachment's objects in the VRF of gw, or none when gw is NULL. */
enum dc_code attachment_render(struct tx *, const struct attachment *, const struct gateway *gw, struct dc_error *err);
/* What is attached behind a gateway on an edge; edge_id NULL: on all. */
enum dc_code attachments_of(
    struct tx *, const struct gateway *, const char *edge_id, struct attachment **ret, size_t *n, struct dc_error *err);
/* The blocks that attachments reach, in one list. */
enum dc_code attachment_prefixes(
    struct tx *, const struct attachment *, size_t n, struct cidr_list *ret, struct dc_error *err);

#endif
