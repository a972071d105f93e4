/* SPDX-License-Identifier: ISC */
/* peer_link_number.c - the addresses of links between gateways: each link has a number, and the number is that of a /31
 * and a /127 in the blocks that the operator gave. */
#include "res/peer_link.h"

#include "res/gateway.h"
#include "res/link_subnet.h"
#include "res/remote_subnet.h"
#include "store/query.h"

/* The n-th pair of addresses of a block: a /31 (RFC 3021) or /127 (RFC 6164). */
static struct ip_prefix
pair_of(const struct ip_prefix *block, uint64_t n, unsigned host)
{
	struct ip_prefix p = *block;
	unsigned last = ip_bits(p.addr.family) / 8 - 1;
	uint64_t add = n * 2 + host;

	for (unsigned i = 0; i < 8 && i <= last; i++) {
		add += p.addr.byte[last - i];
		p.addr.byte[last - i] = (uint8_t)(add & 0xff);
		add >>= 8;
	}
	p.len = ip_bits(p.addr.family) - 1;
	return p;
}

/* How many pairs a block has, as far as it matters. */
static int64_t
pairs_in(const struct ip_prefix *block)
{
	unsigned host_bits = ip_bits(block->addr.family) - block->len;

	return host_bits == 0 ? 0 : host_bits > 32 ? (int64_t)1 << 31 : (int64_t)1 << (host_bits - 1);
}

static struct f_text
address_text(const struct ip_prefix *address, struct arena *arena)
{
	char text[IP_TEXT_SIZE];

	ip_format_prefix(address, text);
	return (struct f_text){GIVEN, arena_strdup(arena, text)};
}

void
peer_link_number_ends(const struct res_settings *settings, int64_t number, struct link_end end[2], struct arena *arena)
{
	for (unsigned i = 0; i < 2; i++) {
		struct ip_prefix v4 = pair_of(&settings->link_block_v4, (uint64_t)number, i),
				 v6 = pair_of(&settings->link_block_v6, (uint64_t)number, i);

		end[i].address_v4 = address_text(&v4, arena);
		end[i].address_v6 = address_text(&v6, arena);
	}
}

/* Whether a number's subnets are free of customers' links and static blocks on both gateways. */
static enum dc_code
is_free(struct tx *tx, const struct link_end end[2], bool *ret, struct dc_error *err)
{
	bool taken = false;
	enum dc_code rc = DC_OK;

	for (unsigned i = 0; i < 4 && !taken && rc == DC_OK; i++) {
		const char *block = NULL, *gateway = end[i / 2].gateway_id.v;
		struct ip_prefix subnet;

		link_end_address(&end[i / 2], i % 2, &subnet);
		subnet = ip_network(&subnet);
		rc = link_subnet_is_taken(tx, gateway, &subnet, &taken, err);
		if (rc == DC_OK && !taken)
			rc = remote_subnet_within(tx, gateway, &subnet, &block, err);
		taken = taken || block != NULL;
	}
	*ret = !taken;
	return rc;
}

/* The first number from `from` on that no link has and whose subnets are free; -1 when there is none before `end`. */
static enum dc_code
search_number(struct tx *tx, struct peer_link *link, struct link_end ends[2], const struct res_settings *settings,
    int64_t from, int64_t end, struct dc_error *err)
{
	for (int64_t n = from; n < end; n++) {
		int64_t used;
		bool ok;
		enum dc_code rc;

		F_SET_INT(link->number, n);
		peer_link_number_ends(settings, n, ends, tx_arena(tx));
		if ((rc = query_count(tx, &peer_link_table, Q(Q_EQ_INT("number", n)), &used, err)) != DC_OK ||
		    (rc = is_free(tx, ends, &ok, err)) != DC_OK)
			return rc;
		if (used == 0 && ok)
			return DC_OK;
	}
	F_SET_INT(link->number, -1);
	return DC_OK;
}

enum dc_code
peer_link_take_number(struct tx *tx, struct peer_link *link, struct link_end ends[2],
    const struct res_settings *settings, struct dc_error *err)
{
	struct query_page top = {.sort = "number", .descending = true, .limit = 1};
	int64_t v4 = pairs_in(&settings->link_block_v4), v6 = pairs_in(&settings->link_block_v6),
		end = v4 < v6 ? v4 : v6, next;
	void *rows;
	size_t n;
	enum dc_code rc;

	if ((rc = query_list(tx, &peer_link_table, Q_ALL, &top, &rows, &n, err)) != DC_OK)
		return rc;
	next = n > 0 ? ((struct peer_link *)rows)->number.v + 1 : 0;
	if ((rc = search_number(tx, link, ends, settings, next, end, err)) != DC_OK || link->number.v >= 0)
		return rc;
	if ((rc = search_number(tx, link, ends, settings, 0, end, err)) != DC_OK || link->number.v >= 0)
		return rc;
	return dc_fail(err, DC_E_QUOTA, NULL, "the blocks that links between gateways are numbered from are used up");
}

enum dc_code
peer_link_take_subnets(struct tx *tx, const struct link_end ends[2], struct dc_error *err)
{
	enum dc_code rc = DC_OK;

	for (unsigned i = 0; i < 4 && rc == DC_OK; i++) {
		const struct link_end *e = &ends[i / 2];
		struct ip_prefix subnet;

		link_end_address(e, i % 2, &subnet);
		subnet = ip_network(&subnet);
		rc = link_subnet_take(tx, link_end_session(e, i % 2), e->gateway_id.v, &subnet, false, err);
	}
	return rc;
}
