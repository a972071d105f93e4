/* SPDX-License-Identifier: ISC */
#include "res/link_subnet.h"

#include <string.h>

#include "store/query.h"

/* Row of link_subnet: id is the peer, or the session of a link. first and last address as hex, so that text order is
 * address order. */
struct link_subnet {
	struct f_text id, gateway_id;
	struct f_int family;
	struct f_text first, last;
	struct f_bool customer; /* else between gateways */
};

const struct field_table link_subnet_table = {
    .name = "LinkSubnet",
    .sql = "link_subnet",
    .constraints =
	(const struct constraint[]){
	    {.name = "link_subnet_gateway_id_fkey"},
	    {.name = NULL},
	},
    .size = sizeof(struct link_subnet),
    .guarded_by = "gateway",
    .guard_column = "gateway_id",
    .fields =
	(const struct field[]){
	    {AT(link_subnet, id), .kind = F_UUID, .doc = "Peer, or session of a link."},
	    {AT(link_subnet, gateway_id), .kind = F_UUID, .doc = "Gateway."},
	    {AT(link_subnet, family), .kind = F_INT, .max = 6, .doc = "4 or 6."},
	    {AT(link_subnet, first), .kind = F_TEXT, .max = 32, .doc = "First address."},
	    {AT(link_subnet, last), .kind = F_TEXT, .max = 32, .doc = "Last address."},
	    {AT(link_subnet, customer), .kind = F_BOOL, .doc = "A customer's link; else one between gateways."},
	    {0},
	},
};

struct subnet_range
subnet_range(const struct ip_prefix *subnet, struct arena *arena)
{
	struct subnet_range out = {.family = subnet->addr.family};
	unsigned bytes = ip_bits(subnet->addr.family) / 8;
	uint8_t last[16];
	char hex[HEX32_TEXT_SIZE];

	for (unsigned i = 0; i < bytes; i++) {
		unsigned bits = subnet->len > i * 8 ? subnet->len - i * 8 : 0;
		uint8_t host = (uint8_t)(bits >= 8 ? 0 : 0xffu >> bits);

		last[i] = (uint8_t)(subnet->addr.byte[i] | host);
	}
	hex_encode(subnet->addr.byte, bytes, hex);
	out.first = arena_strdup(arena, hex);
	hex_encode(last, bytes, hex);
	out.last = arena_strdup(arena, hex);
	return out;
}

/* Subnets in the table do not overlap, so only the one that begins nearest before our end can reach into ours. */
enum dc_code
link_subnet_is_taken(
    struct tx *tx, const char *gateway_id, const struct ip_prefix *subnet, bool *ret, struct dc_error *err)
{
	struct query_page nearest = {.sort = "first", .descending = true, .limit = 1};
	struct subnet_range range = subnet_range(subnet, tx_arena(tx));
	void *rows;
	size_t n;
	enum dc_code rc;

	rc = query_list(tx, &link_subnet_table,
	    Q(Q_EQ("gateway_id", gateway_id), Q_EQ_INT("family", range.family),
		{.column = "first", .op = Q_OP_LE, .text = range.last}),
	    &nearest, &rows, &n, err);
	if (rc == DC_OK)
		*ret = n > 0 && strcmp(((struct link_subnet *)rows)->last.v, range.first) >= 0;
	return rc;
}

/* As above, but for one's own: whether the block is another's subnet, or lies in it. */
static enum dc_code
is_within(struct tx *tx, const char *gateway_id, const struct subnet_range *block, const char *id, bool *ret,
    struct dc_error *err)
{
	struct query_page nearest = {.sort = "first", .descending = true, .limit = 1};
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &link_subnet_table,
	    Q(Q_EQ("gateway_id", gateway_id), Q_EQ_INT("family", block->family), Q_NE("id", id),
		{.column = "first", .op = Q_OP_LE, .text = block->first}),
	    &nearest, &rows, &n, err);

	if (rc == DC_OK)
		*ret = n > 0 && strcmp(((struct link_subnet *)rows)->last.v, block->last) >= 0;
	return rc;
}

/* Whether a customer's link other than one's own lies in the block. Links between gateways do not count: their blocks
 * are the operator's, and the subnets on their devices go before a wider route. */
static enum dc_code
covers_customer(struct tx *tx, const char *gateway_id, const struct subnet_range *block, const char *id, bool *ret,
    struct dc_error *err)
{
	int64_t n;
	enum dc_code rc = query_count_to(tx, &link_subnet_table,
	    Q(Q_EQ("gateway_id", gateway_id), Q_EQ_INT("family", block->family), Q_NE("id", id),
		Q_EQ_INT("customer", 1), {.column = "first", .op = Q_OP_GE, .text = block->first},
		{.column = "first", .op = Q_OP_LE, .text = block->last}),
	    1, &n, err);

	if (rc == DC_OK)
		*ret = n > 0;
	return rc;
}

enum dc_code
link_subnet_meets(struct tx *tx, const char *gateway_id, const struct ip_prefix *block, const char *id, bool *ret,
    struct dc_error *err)
{
	struct subnet_range range = subnet_range(block, tx_arena(tx));
	enum dc_code rc = is_within(tx, gateway_id, &range, id, ret, err);

	return rc != DC_OK || *ret || block->len == 0 ? rc : covers_customer(tx, gateway_id, &range, id, ret, err);
}

enum dc_code
link_subnet_take(struct tx *tx, const char *id, const char *gateway_id, const struct ip_prefix *subnet, bool customer,
    struct dc_error *err)
{
	struct subnet_range range = subnet_range(subnet, tx_arena(tx));
	struct link_subnet row = {0};

	F_SET_TEXT(row.id, id);
	F_SET_TEXT(row.gateway_id, gateway_id);
	F_SET_INT(row.family, range.family);
	F_SET_TEXT(row.first, range.first);
	F_SET_TEXT(row.last, range.last);
	row.customer = (struct f_bool){GIVEN, customer};
	return query_insert(tx, &link_subnet_table, &row, err);
}

enum dc_code
link_subnet_release(struct tx *tx, const char *id, struct dc_error *err)
{
	return query_delete(tx, &link_subnet_table, Q(Q_EQ("id", id)), NULL, err);
}
