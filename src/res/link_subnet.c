#include "res/link_subnet.h"

#include <string.h>

#include "store/query.h"

/* Row of link_subnet: id is the peer, or the session of a link. first and last address as hex, so that text order is
 * address order. */
struct link_subnet {
	struct f_text id, gateway_id;
	struct f_int family;
	struct f_text first, last;
};

const struct field_table link_subnet_table = {
    .name = "LinkSubnet",
    .sql = "link_subnet",
    .size = sizeof(struct link_subnet),
    .fields =
	(const struct field[]){
	    {AT(link_subnet, id), .kind = F_UUID, .doc = "Peer, or session of a link."},
	    {AT(link_subnet, gateway_id), .kind = F_UUID, .doc = "Gateway."},
	    {AT(link_subnet, family), .kind = F_INT, .max = 6, .doc = "4 or 6."},
	    {AT(link_subnet, first), .kind = F_TEXT, .max = 32, .doc = "First address."},
	    {AT(link_subnet, last), .kind = F_TEXT, .max = 32, .doc = "Last address."},
	    {0},
	},
};

static void
subnet_range(const struct ip_prefix *subnet, struct link_subnet *row, struct arena *arena)
{
	unsigned bytes = ip_bits(subnet->addr.family) / 8;
	uint8_t last[16];
	char hex[HEX32_TEXT_SIZE];

	for (unsigned i = 0; i < bytes; i++) {
		unsigned bits = subnet->len > i * 8 ? subnet->len - i * 8 : 0;
		uint8_t host = (uint8_t)(bits >= 8 ? 0 : 0xffu >> bits);

		last[i] = (uint8_t)(subnet->addr.byte[i] | host);
	}
	hex_encode(subnet->addr.byte, bytes, hex);
	F_SET_TEXT(row->first, arena_strdup(arena, hex));
	hex_encode(last, bytes, hex);
	F_SET_TEXT(row->last, arena_strdup(arena, hex));
	F_SET_INT(row->family, subnet->addr.family);
}

/* Subnets in the table do not overlap, so only the one that begins nearest before our end can reach into ours. */
enum dc_code
link_subnet_is_taken(
    struct tx *tx, const char *gateway_id, const struct ip_prefix *subnet, bool *ret, struct dc_error *err)
{
	struct query_page nearest = {.sort = "first", .descending = true, .limit = 1};
	struct link_subnet row = {0};
	void *rows;
	size_t n;
	enum dc_code rc;

	subnet_range(subnet, &row, tx_arena(tx));
	rc = query_list(tx, &link_subnet_table,
	    Q(Q_EQ("gateway_id", gateway_id), Q_EQ_INT("family", row.family.v),
		{.column = "first", .op = Q_OP_LE, .text = row.last.v}),
	    &nearest, &rows, &n, err);
	if (rc == DC_OK)
		*ret = n > 0 && strcmp(((struct link_subnet *)rows)->last.v, row.first.v) >= 0;
	return rc;
}

enum dc_code
link_subnet_take(
    struct tx *tx, const char *id, const char *gateway_id, const struct ip_prefix *subnet, struct dc_error *err)
{
	struct link_subnet row = {0};

	subnet_range(subnet, &row, tx_arena(tx));
	F_SET_TEXT(row.id, id);
	F_SET_TEXT(row.gateway_id, gateway_id);
	return query_insert(tx, &link_subnet_table, &row, err);
}

enum dc_code
link_subnet_release(struct tx *tx, const char *id, struct dc_error *err)
{
	return query_delete(tx, &link_subnet_table, Q(Q_EQ("id", id)), NULL, err);
}
