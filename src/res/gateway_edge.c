/* gateway_edge.c - a gateway on its edges: the VRF, and what the edges' reports make of the gateway. */
#include <arpa/inet.h>
#include <string.h>

#include "reconcile/objects.h"
#include "res/gateway.h"
#include "res/peer_link.h"
#include "res/virtual_interface.h"

const char *
gateway_key(struct arena *arena, const char *gateway_id)
{
	return arena_printf(arena, "vrf/%s", gateway_id);
}

enum dc_code
gateway_edges(struct tx *tx, const char *id, struct edge_number **ret, size_t *n, struct dc_error *err)
{
	void *rows;
	enum dc_code rc =
	    query_list(tx, &edge_number_table, Q(Q_EQ("space", "vrf"), Q_EQ("owner_id", id)), NULL, &rows, n, err);

	if (rc == DC_OK)
		*ret = rows;
	return rc;
}

enum dc_code
gateway_is_on(struct tx *tx, const char *id, const char *edge_id, bool *ret, struct dc_error *err)
{
	int64_t objects;
	enum dc_code rc = query_count(tx, &edge_object_table,
	    Q(Q_EQ("edge_id", edge_id), Q_EQ("owner_id", id), Q_EQ_INT("deleted", 0)), &objects, err);

	if (rc == DC_OK)
		*ret = objects > 0;
	return rc;
}

/* Interfaces and ends of links on the edge, those that are being removed too: their objects rest on the VRF. */
static enum dc_code
count_users(struct tx *tx, const struct gateway *gw, const char *edge_id, int64_t *ret, struct dc_error *err)
{
	int64_t links;
	enum dc_code rc;

	*ret = 0;
	if (gw->kind->interfaces != NULL && (rc = query_count(tx, virtual_interface_resource.table,
						 Q(Q_EQ(gw->kind->interfaces, gw->id),
						     Q_EQ("service_type", gw->kind->service), Q_EQ("edge_id", edge_id)),
						 ret, err)) != DC_OK)
		return rc;
	if (!gw->kind->links)
		return DC_OK;
	if ((rc = peer_links_on(tx, gw->id, edge_id, &links, err)) == DC_OK)
		*ret += links;
	return rc;
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

/* A router id per gateway and edge, from the operator's block: the VRF's number in it. */
static enum dc_code
router_id(const struct res_settings *settings, int64_t number, char out[IP_TEXT_SIZE], struct dc_error *err)
{
	struct ip_prefix block = ip_network(&settings->router_ids);
	uint32_t base, host;

	memcpy(&base, block.addr.byte, sizeof(base));
	host = (uint32_t)number;
	if (block.len > 0 && (uint64_t)host >= (1ULL << (32 - block.len)))
		return dc_fail(err, DC_E_SYSTEM, NULL, "the block of router ids is used up");
	base = htonl(ntohl(base) + host);
	memcpy(block.addr.byte, &base, sizeof(base));
	ip_format_addr(&block.addr, out);
	return DC_OK;
}

static enum dc_code
render_vrf(struct tx *tx, const struct gateway *gw, const char *edge_id, const struct res_settings *settings,
    struct render *render, struct dc_error *err)
{
	struct arena *arena = tx_arena(tx);
	struct wire_vrf vrf = {0};
	struct edge_number number;
	char id[IP_TEXT_SIZE];
	enum dc_code rc;

	if ((rc = number_get(tx, edge_id, "vrf", gw->id, settings->vrfs_per_instance, &number, err)) != DC_OK ||
	    (rc = router_id(settings, number.number.v, id, err)) != DC_OK)
		return rc;
	F_SET_TEXT(vrf.device, arena_printf(arena, "dcr%lld", (long long)number.number.v));
	F_SET_TEXT(vrf.mark, gw->id);
	F_SET_INT(vrf.table, 100000 + number.number.v);
	vrf.instance = number.instance;
	F_SET_TEXT(vrf.router_id, id);
	vrf.own = texts_of(&gw->local, arena);
	if (gw->kind->links) {
		F_SET_INT(vrf.internal_asn_first, settings->internal_asn_first);
		F_SET_INT(vrf.internal_asn_last, settings->internal_asn_last);
	}
	render_put(render, gateway_key(arena, gw->id), OBJECT_VRF, &vrf, NULL);
	return DC_OK;
}

enum dc_code
gateway_render(struct tx *tx, const struct gateway *gw, const char *edge_id, const struct res_settings *settings,
    struct dc_error *err)
{
	struct attachment *attachment;
	struct render *render;
	int64_t users;
	bool changed;
	size_t n;
	enum dc_code rc;

	if ((rc = count_users(tx, gw, edge_id, &users, err)) != DC_OK ||
	    (rc = render_begin(tx, edge_id, gw->kind->res->name, gw->id, &render, err)) != DC_OK ||
	    (rc = attachments_of(tx, gw, edge_id, &attachment, &n, err)) != DC_OK)
		return rc;
	if (users > 0 && (rc = render_vrf(tx, gw, edge_id, settings, render, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		if ((rc = attachment_render(tx, &attachment[i], users > 0 ? gw : NULL, err)) != DC_OK)
			return rc;
	if ((rc = render_commit(tx, render, &changed, err)) != DC_OK || !changed || users == 0)
		return rc;
	if (gw->kind->joined != NULL && (rc = gw->kind->joined(tx, gw, edge_id, settings, err)) != DC_OK)
		return rc;
	return gw->kind->settle(tx, gw, err);
}

enum dc_code
gateway_render_all(struct tx *tx, const char *id, const struct res_settings *settings, struct dc_error *err)
{
	struct edge_number *number;
	struct gateway gw;
	size_t n;
	enum dc_code rc;

	if ((rc = gateway_edges(tx, id, &number, &n, err)) != DC_OK || n == 0 ||
	    (rc = gateway_get(tx, id, &gw, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		if ((rc = gateway_render(tx, &gw, number[i].edge_id.v, settings, err)) != DC_OK)
			return rc;
	return DC_OK;
}

enum dc_code
gateway_leave(struct tx *tx, const char *gateway_id, const char *edge_id, struct dc_error *err)
{
	struct gateway gw;
	int64_t users;
	enum dc_code rc;

	if ((rc = gateway_get(tx, gateway_id, &gw, err)) != DC_OK ||
	    (rc = count_users(tx, &gw, edge_id, &users, err)) != DC_OK)
		return rc;
	/* With users left nothing of the VRF changes; without, nothing is rendered that would need settings. */
	if (users == 0 && (rc = gateway_render(tx, &gw, edge_id, NULL, err)) != DC_OK)
		return rc;
	return gw.kind->settle(tx, &gw, err);
}

/* --- up --- */

enum dc_code
gateway_settle(struct tx *tx, const char *gateway_id, struct dc_error *err)
{
	struct gateway gw;
	enum dc_code rc = gateway_get(tx, gateway_id, &gw, err);

	return rc == DC_OK ? gw.kind->settle(tx, &gw, err) : rc;
}

/* Interfaces rest on the VRF: those that are not settled may be now. */
static enum dc_code
observe_waiting_interfaces(struct tx *tx, const struct gateway *gw, struct dc_error *err)
{
	static const char *const unsettled[] = {"PENDING_CREATE", "PENDING_UPDATE", "ERROR", NULL};
	struct virtual_interface *v;
	void *rows;
	size_t n;
	enum dc_code rc;

	if (gw->kind->interfaces == NULL)
		return DC_OK;
	rc = query_list(tx, virtual_interface_resource.table,
	    Q(Q_EQ(gw->kind->interfaces, gw->id), Q_EQ("service_type", gw->kind->service), Q_IN("status", unsettled)),
	    NULL, &rows, &n, err);
	v = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		rc = vif_observe(tx, v[i].id.v, err);
	return rc;
}

/* Where the VRF is gone, its name and table are free. */
static enum dc_code
free_numbers(
    struct tx *tx, const struct gateway *gw, const struct edge_object *object, size_t objects, struct dc_error *err)
{
	struct edge_number *number;
	size_t n;
	enum dc_code rc;

	if ((rc = gateway_edges(tx, gw->id, &number, &n, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		bool there = false;

		for (size_t k = 0; k < objects; k++)
			there = there || strcmp(object[k].edge_id.v, number[i].edge_id.v) == 0;
		if (!there && (rc = number_free(tx, number[i].edge_id.v, "vrf", gw->id, err)) != DC_OK)
			return rc;
	}
	return DC_OK;
}

enum dc_code
gateway_observe(struct tx *tx, const char *id, struct dc_error *err)
{
	struct gateway gw;
	struct edge_object *object;
	size_t objects;
	enum dc_code rc;

	rc = gateway_get(tx, id, &gw, err);
	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	if ((rc = objects_of(tx, id, &object, &objects, err)) != DC_OK ||
	    (rc = free_numbers(tx, &gw, object, objects, err)) != DC_OK ||
	    (rc = gw.kind->settle(tx, &gw, err)) != DC_OK || (rc = observe_waiting_interfaces(tx, &gw, err)) != DC_OK)
		return rc;
	if (gw.kind->links && (rc = peer_links_observe(tx, id, err)) != DC_OK)
		return rc;
	if (!gw.leaving || objects > 0)
		return DC_OK;
	tx_wake(tx, id); /* an order may wait for its place */
	if ((rc = query_delete(tx, gw.kind->res->table, Q(Q_EQ("id", id)), NULL, err)) != DC_OK)
		return rc;
	return gateway_delete(tx, id, err);
}
