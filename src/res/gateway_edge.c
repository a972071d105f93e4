/* SPDX-License-Identifier: ISC */
/* gateway_edge.c - a gateway on its edges: the VRF, and what the edges' reports make of the gateway. */
#include <arpa/inet.h>
#include <string.h>

#include "res/gateway.h"
#include "res/link_end.h"
#include "res/silence.h"
#include "res/vif_row.h"

const char *
gateway_key(struct arena *arena, const char *gateway_id)
{
	return arena_printf(arena, "vrf/%s", gateway_id);
}

enum dc_code
gateway_is_used_on(struct tx *tx, const struct gateway_kind *kind, const char *id, const char *edge_id, bool *ret,
    struct dc_error *err)
{
	int64_t found = 0;
	enum dc_code rc = DC_OK;

	for (const struct gateway_user *u = kind->users; u->table != NULL && found == 0 && rc == DC_OK; u++)
		rc = query_count_to(tx, u->table, Q(Q_EQ(u->column, id), Q_EQ("edge_id", edge_id)), 1, &found, err);
	if (rc == DC_OK)
		*ret = found > 0;
	return rc;
}

/* The first edge after `after` on which somebody uses the gateway; NULL: none. So each edge costs a look-up, however
 * many interfaces are there. */
static enum dc_code
next_edge(struct tx *tx, const struct gateway *gw, const char *after, const char **ret, struct dc_error *err)
{
	const char *edge;
	enum dc_code rc;

	*ret = NULL;
	for (const struct gateway_user *u = gw->kind->users; u->table != NULL; u++) {
		if ((rc = query_next(tx, u->table, "edge_id", after, Q(Q_EQ(u->column, gw->id)), &edge, err)) != DC_OK)
			return rc;
		if (edge != NULL && (*ret == NULL || strcmp(edge, *ret) < 0))
			*ret = edge;
	}
	return DC_OK;
}

/* --- down --- */

static struct f_list
texts_of(const struct cidr_list *list, struct arena *arena)
{
	struct f_list out = {GIVEN, list->n, arena_array(arena, list->n + 1, sizeof(char *))};

	for (size_t i = 0; i < list->n; i++) {
		char text[IP_TEXT_SIZE];

		ip_format_prefix(&list->v[i], text);
		out.v[i] = arena_strdup(arena, text);
	}
	return out;
}

/* A router id per gateway and edge, from the operator's block: the VRF's number in it. Kept once it has been given. */
static enum dc_code
keep_router_id(struct tx *tx, struct edge_number *number, struct dc_error *err)
{
	struct ip_prefix block = ip_network(&res_settings_of(tx)->router_ids);
	uint32_t base, host = (uint32_t)number->number.v;
	char text[IP_TEXT_SIZE];

	if (number->router_id.set == GIVEN)
		return DC_OK;
	memcpy(&base, block.addr.byte, sizeof(base));
	if (block.len > 0 && (uint64_t)host >= (1ULL << (32 - block.len)))
		return dc_fail(err, DC_E_SYSTEM, NULL, "the block of router ids is used up");
	base = htonl(ntohl(base) + host);
	memcpy(block.addr.byte, &base, sizeof(base));
	ip_format_addr(&block.addr, text);
	F_SET_TEXT(number->router_id, arena_strdup(tx_arena(tx), text));
	return number_keep_router_id(tx, number, err);
}

static bool
is_listed(const struct cidr_list *list, const struct ip_prefix *p)
{
	for (size_t i = 0; i < list->n; i++)
		if (ip_contains(&list->v[i], p))
			return true;
	return false;
}

/* What the gateways at the other ends of its links are known to have: no customer of this one may announce it. */
static enum dc_code
linked_networks(struct tx *tx, const struct gateway *gw, struct cidr_list *ret, struct dc_error *err)
{
	const char **far;
	struct gateway *beyond;
	size_t n = 0, most = 0;
	enum dc_code rc = gw->kind->links ? link_ends_beyond(tx, gw->id, &far, &n, err) : DC_OK;

	*ret = (struct cidr_list){0};
	beyond = arena_array(tx_arena(tx), n + 1, sizeof(*beyond));
	for (size_t i = 0; rc == DC_OK && i < n; i++) {
		rc = gateway_get(tx, far[i], &beyond[i], err);
		most += rc == DC_OK ? beyond[i].local.n : 0;
	}
	ret->v = arena_array(tx_arena(tx), most + 1, sizeof(*ret->v));
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		for (size_t k = 0; k < beyond[i].local.n; k++)
			if (!is_listed(ret, &beyond[i].local.v[k]))
				ret->v[ret->n++] = beyond[i].local.v[k];
	return rc;
}

/* A daemon's work at each change grows with its neighbours. A gateway stays in one instance, however many it gets. */
static enum dc_code
has_room(struct tx *tx, const struct edge_number *gateway, size_t n, bool *ret, struct dc_error *err)
{
	int64_t left = res_settings_of(tx)->neighbours_per_instance, count;
	enum dc_code rc = DC_OK;

	for (size_t i = 0; rc == DC_OK && i < n && left > 0; i++)
		if ((rc = query_count_to(tx, &vif_peer_table, Q(Q_EQ("gateway_id", gateway[i].owner_id.v)), left,
			 &count, err)) == DC_OK)
			left -= count;
	*ret = left > 0;
	return rc;
}

static enum dc_code
put_vrf(struct tx *tx, struct work_view *work, const struct gateway *gw, const char *edge_id, struct dc_error *err)
{
	const struct instance_rule rule = {res_settings_of(tx)->vrfs_per_instance, has_room};
	struct arena *arena = tx_arena(tx);
	struct wire_vrf vrf = {0};
	struct edge_number number;
	struct cidr_list linked;
	enum dc_code rc;

	if ((rc = number_get(tx, edge_id, "vrf", gw->id, &rule, &number, err)) != DC_OK ||
	    (rc = keep_router_id(tx, &number, err)) != DC_OK || (rc = linked_networks(tx, gw, &linked, err)) != DC_OK)
		return rc;
	F_SET_TEXT(vrf.device, arena_printf(arena, "dcr%lld", (long long)number.number.v));
	F_SET_TEXT(vrf.mark, gw->id);
	F_SET_INT(vrf.table, 100000 + number.number.v);
	vrf.instance = number.instance;
	vrf.router_id = number.router_id;
	vrf.own = texts_of(&gw->local, arena);
	if (linked.n > 0)
		vrf.linked = texts_of(&linked, arena);
	if (gw->kind->links) {
		F_SET_INT(vrf.internal_asn_first, gw->internal_asn_first);
		F_SET_INT(vrf.internal_asn_last, gw->internal_asn_last);
	}
	work_put(work, edge_id, gateway_key(arena, gw->id), OBJECT_VRF, &vrf, NULL);
	return DC_OK;
}

enum dc_code
gateway_render(struct tx *tx, struct work_view *work, const struct gateway *gw, struct dc_error *err)
{
	const char *edge = "";
	enum dc_code rc;

	while ((rc = next_edge(tx, gw, edge, &edge, err)) == DC_OK && edge != NULL)
		if ((rc = put_vrf(tx, work, gw, edge, err)) != DC_OK)
			return rc;
	return rc;
}

enum dc_code
gateway_render_row(
    struct tx *tx, struct work_view *work, const struct gateway_kind *kind, const void *row, struct dc_error *err)
{
	void *copy = arena_memdup(tx_arena(tx), row, kind->res->table->size);
	struct gateway gw;
	enum dc_code rc = gateway_of_row(tx, kind, copy, &gw, err);

	return rc == DC_OK ? gateway_render(tx, work, &gw, err) : rc;
}

void
gateway_put_route(struct work_view *work, struct arena *arena, const char *gateway_id, const struct next_hop *hop,
    const char *owner_id, const struct ip_prefix *prefix, const char *class)
{
	struct wire_route route = {0};
	char text[IP_TEXT_SIZE];

	ip_format_prefix(prefix, text);
	F_SET_TEXT(route.vrf, gateway_key(arena, gateway_id));
	F_SET_TEXT(route.link, hop->link);
	F_SET_TEXT(route.prefix, text);
	F_SET_TEXT(route.via, hop->via);
	F_SET_TEXT(route.class, class);
	route.shut_until = hop->shut_until;
	work_put(work, hop->edge_id, arena_printf(arena, "route/%s/%s", owner_id, text), OBJECT_ROUTE, &route, NULL);
}

/* --- up --- */

/* Where the VRF is gone, its name and table are free. */
static enum dc_code
observe_edge(struct tx *tx, const struct edge_number *number, const struct edge_object *object, size_t objects,
    struct gateway_state *state, struct dc_error *err)
{
	for (size_t k = 0; k < objects; k++)
		if (strcmp(object[k].edge_id.v, number->edge_id.v) == 0) {
			state->edge_id[state->edge_id[0] != NULL ? 1 : 0] = number->edge_id.v;
			return DC_OK;
		}
	return number_free(tx, number, err);
}

enum dc_code
gateway_observe(
    struct tx *tx, struct work_view *work, const struct gateway *gw, struct gateway_state *ret, struct dc_error *err)
{
	const struct edge_object *object, *culprit = NULL;
	struct edge_number *number;
	size_t objects, numbers;
	enum dc_code rc;

	object = work_objects(work, &objects);
	*ret = (struct gateway_state){.verdict = work_judge(object, objects, &culprit)};
	if (ret->verdict == VERDICT_FAILED)
		ret->error = culprit->error.set == GIVEN ? culprit->error.v : "the edge does not know VRFs";
	if ((rc = numbers_of(tx, gw->id, &number, &numbers, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < numbers; i++)
		if ((rc = observe_edge(tx, &number[i], object, objects, ret, err)) != DC_OK)
			return rc;
	ret->gone = gw->leaving && objects == 0;
	return ret->gone ? gateway_delete(tx, gw->id, err) : DC_OK;
}

const struct life_move *
gateway_life(struct arena *arena)
{
	static const struct life_move moves[] = {
	    {NULL, "none of its interfaces is ACTIVE", "DOWN"},
	    {NULL, "one of its interfaces is ACTIVE", "ACTIVE"},
	    {NULL, "an edge could not make its VRF", "ERROR"},
	    {NULL, "it is deleted", NULL},
	    {0},
	};

	(void)arena;
	return moves;
}

enum dc_code
gateway_word(struct tx *tx, const char *id, const struct gateway_state *state, const char **ret, struct dc_error *err)
{
	int64_t up;
	enum dc_code rc = query_count_to(
	    tx, &virtual_interface_table, Q(Q_EQ("vrf_gateway_id", id), Q_EQ("status", "ACTIVE")), 1, &up, err);

	if (rc == DC_OK)
		*ret = state->error != NULL ? "ERROR" : up > 0 ? "ACTIVE" : "DOWN";
	return rc;
}

enum dc_code
gateway_silence(struct tx *tx, const char *const *ids, struct f_text *const *reasons, size_t n, struct dc_error *err)
{
	struct query_page by_owner = {.sort = "owner_id"};
	struct silence silence = {0};
	const struct edge_number *number;
	void *rows;
	size_t numbers;
	enum dc_code rc = query_list(tx, &edge_number_table, Q(Q_IN("owner_id", ids)), &by_owner, &rows, &numbers, err);

	number = rc == DC_OK ? rows : NULL;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		for (size_t k = 0; rc == DC_OK && k < numbers; k++)
			if (strcmp(number[k].owner_id.v, ids[i]) == 0)
				rc = silence_tell(tx, &silence, number[k].edge_id.v, reasons[i], err);
	return rc;
}
