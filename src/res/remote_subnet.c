/* SPDX-License-Identifier: ISC */
#include "res/remote_subnet.h"

#include "res/link_subnet.h"
#include "store/query.h"

/* Row of remote_subnet: UNIQUE (gateway_id, prefix): a static route of one VRF has one owner. first is the prefix's
 * first address as in link_subnet. */
struct remote_subnet {
	struct f_text id, peer_id, gateway_id, prefix;
	struct f_int family;
	struct f_text first;
};

const struct field_table remote_subnet_table = {
    .name = "RemoteSubnet",
    .sql = "remote_subnet",
    .constraints =
	(const struct constraint[]){
	    {"remote_subnet_gateway_id_prefix_key", DC_E_CIDR_TWICE, "remote_ep_group",
		"a block leads to another next hop of the gateway already"},
	    {.name = "remote_subnet_gateway_id_fkey"},
	    {.name = NULL},
	},
    .size = sizeof(struct remote_subnet),
    .guarded_by = "gateway",
    .guard_column = "gateway_id",
    .fields =
	(const struct field[]){
	    {AT(remote_subnet, id), .kind = F_UUID, .doc = "Identifier of the row."},
	    {AT(remote_subnet, peer_id), .kind = F_UUID, .doc = "Peer, or route of the gateway's table."},
	    {AT(remote_subnet, gateway_id), .kind = F_UUID, .doc = "Gateway."},
	    {AT(remote_subnet, prefix), .kind = F_TEXT, .max = 64, .doc = "Network."},
	    {AT(remote_subnet, family), .kind = F_INT, .max = 6, .doc = "4 or 6."},
	    {AT(remote_subnet, first), .kind = F_TEXT, .max = 32, .doc = "First address."},
	    {0},
	},
};

/* The network of this length that an address is in. */
static const char *
text_of(const struct ip_prefix *address, unsigned len, struct arena *arena)
{
	struct ip_prefix network = {address->addr, len};
	char text[IP_TEXT_SIZE];

	network = ip_network(&network);
	ip_format_prefix(&network, text);
	return arena_strdup(arena, text);
}

/* One of these networks that is taken; NULL when none is. */
static enum dc_code
find(struct tx *tx, const char *gateway_id, const char *const *texts, const char **ret, struct dc_error *err)
{
	struct query_page one = {.sort = "prefix", .limit = 1};
	const struct remote_subnet *row;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(
	    tx, &remote_subnet_table, Q(Q_EQ("gateway_id", gateway_id), Q_IN("prefix", texts)), &one, &rows, &n, err);

	row = rows;
	*ret = rc == DC_OK && n > 0 ? row->prefix.v : NULL;
	return rc;
}

/* A block that begins where the networks of the link's address do, of the lengths from `from` on. */
static enum dc_code
find_by_length(struct tx *tx, const char *gateway_id, const struct ip_prefix *link, unsigned from, const char **ret,
    struct dc_error *err)
{
	unsigned bits = ip_bits(link->addr.family);
	const char **texts = arena_array(tx_arena(tx), bits - from + 2U, sizeof(*texts));

	for (unsigned len = from; len <= bits; len++)
		texts[len - from] = text_of(link, len, tx_arena(tx));
	return find(tx, gateway_id, texts, ret, err);
}

static enum dc_code
check_free(struct tx *tx, const char *link, const char *gateway_id, const struct ip_prefix *block, const char *text,
    const char *member, struct dc_error *err)
{
	int64_t taken;
	bool meets;
	enum dc_code rc;

	if ((rc = query_count(tx, &remote_subnet_table, Q(Q_EQ("gateway_id", gateway_id), Q_EQ("prefix", text)), &taken,
		 err)) != DC_OK)
		return rc;
	if (taken > 0)
		return dc_fail(err, DC_E_CIDR_TWICE, member, "%s: %s leads to another next hop of the gateway already",
		    member, text);
	if ((rc = link_subnet_meets(tx, gateway_id, block, link, &meets, err)) != DC_OK)
		return rc;
	return !meets ? DC_OK
		      : dc_fail(err, DC_E_ADDRESS, member,
			    "%s: %s overlaps the link subnet of another peer of the gateway", member, text);
}

enum dc_code
remote_subnets_take(struct tx *tx, const char *owner_id, const char *link, const char *gateway_id,
    const struct cidr_list *remote, const char *member, struct dc_error *err)
{
	for (size_t i = 0; i < remote->n; i++) {
		struct subnet_range range = subnet_range(&remote->v[i], tx_arena(tx));
		struct remote_subnet row = {0};
		char id[UUID_TEXT_SIZE], text[IP_TEXT_SIZE];
		enum dc_code rc;

		ip_format_prefix(&remote->v[i], text);
		if ((rc = check_free(tx, link, gateway_id, &remote->v[i], text, member, err)) != DC_OK)
			return rc;
		uuid_new(id);
		F_SET_TEXT(row.id, id);
		F_SET_TEXT(row.peer_id, owner_id);
		F_SET_TEXT(row.gateway_id, gateway_id);
		F_SET_TEXT(row.prefix, text);
		F_SET_INT(row.family, range.family);
		F_SET_TEXT(row.first, range.first);
		if ((rc = query_insert(tx, &remote_subnet_table, &row, err)) != DC_OK)
			return rc;
	}
	return DC_OK;
}

/* A block that begins in the link's subnet behind its first address; one that begins at that may be the wider one. */
static enum dc_code
find_inside(struct tx *tx, const char *gateway_id, const struct ip_prefix *link, const char **ret, struct dc_error *err)
{
	struct subnet_range range = subnet_range(link, tx_arena(tx));
	struct query_page one = {.sort = "first", .limit = 1};
	const struct remote_subnet *row;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &remote_subnet_table,
	    Q(Q_EQ("gateway_id", gateway_id), Q_EQ_INT("family", range.family),
		{.column = "first", .op = Q_OP_GT, .text = range.first},
		{.column = "first", .op = Q_OP_LE, .text = range.last}),
	    &one, &rows, &n, err);

	row = rows;
	*ret = rc == DC_OK && n > 0 ? row->prefix.v : NULL;
	return rc;
}

enum dc_code
remote_subnet_within(
    struct tx *tx, const char *gateway_id, const struct ip_prefix *link, const char **ret, struct dc_error *err)
{
	enum dc_code rc = find_inside(tx, gateway_id, link, ret, err);

	return rc != DC_OK || *ret != NULL ? rc : find_by_length(tx, gateway_id, link, link->len, ret, err);
}

enum dc_code
remote_subnet_meets(
    struct tx *tx, const char *gateway_id, const struct ip_prefix *link, const char **ret, struct dc_error *err)
{
	enum dc_code rc = find_inside(tx, gateway_id, link, ret, err);

	/* The default route is in nobody's way. */
	return rc != DC_OK || *ret != NULL ? rc : find_by_length(tx, gateway_id, link, 1, ret, err);
}

enum dc_code
remote_subnets_release(struct tx *tx, const char *owner_id, struct dc_error *err)
{
	return query_delete(tx, &remote_subnet_table, Q(Q_EQ("peer_id", owner_id)), NULL, err);
}
