/* SPDX-License-Identifier: ISC */
#include "res/link_end.h"

#include <string.h>

#include "store/row_lock.h"
#include "store/query.h"

static const char *const sides[] = {"a", "b", NULL};

const struct field_table link_end_table = {
    .name = "LinkEnd",
    .sql = "link_end",
    .constraints =
	(const struct constraint[]){
	    {.name = "link_end_edge_id_device_key"},
	    {.name = "link_end_link_id_side_key"},
	    {.name = "link_end_gateway_id_fkey"},
	    {"link_end_edge_id_fkey", .in_use_code = DC_E_PARAM, .in_use = "The edge has peer links"},
	    {.name = "link_end_link_id_fkey"},
	    {.name = "link_end_side_check"},
	    {.name = NULL},
	},
    .size = sizeof(struct link_end),
    .guarded_by = "peer_link",
    .guard_column = "link_id",
    .fields =
	(const struct field[]){
	    {AT(link_end, id), .kind = F_UUID, .doc = "Identifier of the end."},
	    {AT(link_end, link_id), .fixed = true, .kind = F_UUID, .doc = "Link."},
	    {AT(link_end, side), .kind = F_ENUM, .names = sides, .doc = "Which end."},
	    {AT(link_end, region_id), .kind = F_TEXT, .max = 36, .doc = "Region."},
	    {AT(link_end, edge_id), .kind = F_UUID, .doc = "Edge."},
	    {AT(link_end, gateway_id), .fixed = true, .kind = F_UUID, .doc = "Gateway."},
	    {AT(link_end, device), .kind = F_TEXT, .max = 15, .doc = "Name of its device."},
	    {AT(link_end, mark), .kind = F_UUID, .doc = "Mark of its device."},
	    {AT(link_end, session_v4), .kind = F_UUID, .doc = "IPv4 session."},
	    {AT(link_end, session_v6), .kind = F_UUID, .doc = "IPv6 session."},
	    {AT(link_end, address_v4), .kind = F_TEXT, .max = 64, .doc = "IPv4 address."},
	    {AT(link_end, address_v6), .kind = F_TEXT, .max = 64, .doc = "IPv6 address."},
	    {AT(link_end, leaving), .kind = F_BOOL, .doc = "The link waits for its edges."},
	    {0},
	},
};

enum dc_code
link_ends_of(struct tx *tx, const char *link_id, struct link_end end[2], struct dc_error *err)
{
	struct query_page by_side = {.sort = "side"};
	const struct link_end *row;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &link_end_table, Q(Q_EQ("link_id", link_id)), &by_side, &rows, &n, err);

	if (rc != DC_OK)
		return rc;
	if (n != 2)
		return dc_fail(err, DC_E_SYSTEM, NULL, "peer link %s has %zu ends", link_id, n);
	row = rows;
	end[0] = row[0];
	end[1] = row[1];
	return DC_OK;
}

enum dc_code
link_ends_count(struct tx *tx, const char *gateway_id, int64_t *ret, struct dc_error *err)
{
	return query_count(tx, &link_end_table, Q(Q_EQ("gateway_id", gateway_id), Q_EQ_INT("leaving", 0)), ret, err);
}

enum dc_code
link_ends_beyond(struct tx *tx, const char *gateway_id, const char ***ret, size_t *n, struct dc_error *err)
{
	struct query_page by_id = {.sort = "id"};
	const struct link_end *own;
	struct link_end end[2];
	void *rows;
	enum dc_code rc = query_list(
	    tx, &link_end_table, Q(Q_EQ("gateway_id", gateway_id), Q_EQ_INT("leaving", 0)), &by_id, &rows, n, err);

	if (rc != DC_OK)
		return rc;
	own = rows;
	*ret = arena_array(tx_arena(tx), *n + 1, sizeof(**ret));
	for (size_t i = 0; i < *n; i++) {
		if ((rc = link_ends_of(tx, own[i].link_id.v, end, err)) != DC_OK)
			return rc;
		(*ret)[i] = end[strcmp(end[0].id.v, own[i].id.v) == 0 ? 1 : 0].gateway_id.v;
	}
	return DC_OK;
}

const char *
link_end_session(const struct link_end *end, unsigned family)
{
	return family == 0 ? end->session_v4.v : end->session_v6.v;
}

bool
link_end_address(const struct link_end *end, unsigned family, struct ip_prefix *ret)
{
	const struct f_text *text = family == 0 ? &end->address_v4 : &end->address_v6;

	return text->set == GIVEN && ip_parse_prefix(text->v, ret);
}

const char *
link_end_key(struct arena *arena, const struct link_end *end)
{
	return arena_printf(arena, "veth/%s/%s", end->link_id.v, end->side.v);
}
