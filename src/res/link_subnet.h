/* SPDX-License-Identifier: ISC */
/* link_subnet.h - the subnets between a gateway and its neighbours: customers' links and links to other gateways. No
 * two of one gateway overlap, because they share its VRF. Under the gateway's lock. */
#ifndef DC_LINK_SUBNET_H
#define DC_LINK_SUBNET_H

#include "res/res.h"

extern const struct field_table link_subnet_table;

/* Whether the subnet overlaps one that is taken. */
enum dc_code link_subnet_is_taken(
    struct tx *, const char *gateway_id, const struct ip_prefix *subnet, bool *ret, struct dc_error *err);
/* Takes it for the adjacency with this id: a customer's, or one between gateways. The caller has looked that it is
 * free.
 */
enum dc_code link_subnet_take(struct tx *, const char *id, const char *gateway_id, const struct ip_prefix *subnet,
    bool customer, struct dc_error *err);
enum dc_code link_subnet_release(struct tx *, const char *id, struct dc_error *err);
/* Whether a static block of the adjacency with this id would draw away what is for another's link: the block is that
 * link's subnet or lies in it, or another customer's link lies in the block (unless that is a default route). */
enum dc_code link_subnet_meets(struct tx *, const char *gateway_id, const struct ip_prefix *block, const char *id,
    bool *ret, struct dc_error *err);

/* First and last address of a network as hex, so that text order is address order. */
struct subnet_range {
	int64_t family;
	const char *first, *last;
};
struct subnet_range subnet_range(const struct ip_prefix *subnet, struct arena *);

#endif
