/* SPDX-License-Identifier: ISC */
/* virtual_interface_place.c - what an interface stands on: its connection, with that one's port and edge, and its
 * gateway. Which of them an order may name, and in which state. */
#include "res/virtual_interface_place.h"

#include <string.h>

#include "api/call.h"
#include "res/router_lock.h"
#include "res/virtual_gateway_row.h"

enum dc_code
vif_find_connection(struct tx *tx, const struct virtual_interface *v, struct direct_connect **ret, struct dc_error *err)
{
	void *row;
	enum dc_code rc;

	if (v->lag_id.set == GIVEN)
		return dc_fail(err, DC_E_DC_OR_LAG_NOT_FOUND, "virtual_interface.lag_id",
		    "virtual_interface.lag_id: LAG %s does not exist", v->lag_id.v);
	if (v->direct_connect_id.set != GIVEN)
		return dc_fail(err, DC_E_NO_CONNECTION, "virtual_interface.direct_connect_id",
		    "virtual_interface.direct_connect_id is missing");
	rc = query_get(tx, &direct_connect_table,
	    Q(Q_EQ("id", v->direct_connect_id.v), Q_EQ("tenant_id", v->tenant_id.v)), &row, err);
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(err, DC_E_DC_NOT_FOUND, "virtual_interface.direct_connect_id",
		    "virtual_interface.direct_connect_id: connection %s does not exist", v->direct_connect_id.v);
	if (rc == DC_OK)
		*ret = row;
	return rc;
}

/* The gateway by service_type: its kind, and the member that names it. */
struct service {
	const struct gateway_kind *kind;
	const char *member;
	enum dc_code missing;
};

static const struct service services[] = {
    {&virtual_gateway_kind, "virtual_interface.vgw_id", DC_E_VGW_NOT_FOUND},
    {&global_dc_gateway_kind, "virtual_interface.gateway_id", DC_E_NOT_FOUND},
    {&connect_gateway_kind, "virtual_interface.gateway_id", DC_E_NOT_FOUND},
};
#define SERVICES (sizeof(services) / sizeof(services[0]))

static bool
is_global(const struct virtual_interface *v)
{
	return strcmp(v->service_type.v, global_dc_gateway_kind.service) == 0;
}

bool
vif_is_at_router(const struct virtual_interface *v)
{
	return v->router_id.set == GIVEN;
}

static const struct service *
service_of(const struct virtual_interface *v)
{
	for (size_t i = 1; i < SERVICES; i++)
		if (strcmp(v->service_type.v, services[i].kind->service) == 0)
			return &services[i];
	return &services[0];
}

/* Whether gateway_id names the gateway, and not vgw_id. */
static bool
is_by_gateway_id(const struct virtual_interface *v)
{
	return service_of(v) != &services[0];
}

/* In the VRF of a router's gateway everything is under the router's lock. */
static enum dc_code
want_router(struct tx *tx, const char *vgw_id, struct lock_set *set, struct dc_error *err)
{
	const char *router;
	void *vgw;
	enum dc_code rc;

	if (vgw_id == NULL)
		return DC_OK;
	rc = query_get(tx, &virtual_gateway_table, Q(Q_EQ("id", vgw_id)), &vgw, err);
	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	router = ((const struct virtual_gateway *)vgw)->enterprise_router_id.v;
	lock_want(set, &gateway_table, router);
	return router_want_locks(tx, router, set, err);
}

/* What owns the sets that a new interface joins: its connection, the connection's port, and both gateways that it may
 * name. Later only its gateway. */
enum dc_code
vif_chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	const struct virtual_interface *v = row;
	const struct direct_connect *dc;
	void *found;
	enum dc_code rc;

	lock_want(set, &gateway_table, v->vgw_id.v);
	lock_want(set, &gateway_table, v->gateway_id.v);
	lock_want(set, &gateway_table, v->vrf_gateway_id.v);
	if (call != NULL && v->asked_gateway_id.set == GIVEN) { /* the answer to the order */
		lock_want(set, &gateway_table, v->asked_gateway_id.v);
		return want_router(tx, v->asked_gateway_id.v, set, err);
	}
	if (call == NULL)
		return DC_OK;
	if (call->route->method != M_POST || v->direct_connect_id.set != GIVEN)
		return router_want_locks(tx, v->router_id.v, set, err);
	if ((rc = want_router(tx, v->vgw_id.v, set, err)) != DC_OK)
		return rc;
	lock_want(set, &direct_connect_table, v->direct_connect_id.v);
	rc = query_get(tx, &direct_connect_table, Q(Q_EQ("id", v->direct_connect_id.v)), &found, err);
	if (rc == DC_OK) {
		dc = found;
		lock_want(set, &port_table, dc->port_id.v);
	}
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

/* A router's gateway is the router, with the gateway's own AS number and state. */
static enum dc_code
see_router(struct tx *tx, const struct virtual_gateway *vgw, struct gateway *gw, struct dc_error *err)
{
	struct gateway router;
	enum dc_code rc = gateway_get(tx, vgw->enterprise_router_id.v, &router, err);

	if (rc != DC_OK)
		return rc;
	router.bgp_asn = vgw->bgp_asn.v;
	router.status = vgw->status.v;
	*gw = router;
	return DC_OK;
}

enum dc_code
vif_gateway(struct tx *tx, const struct virtual_interface *v, struct gateway *ret, struct dc_error *err)
{
	void *vgw;
	enum dc_code rc;

	if (!vif_is_at_router(v))
		return gateway_get(tx, v->vrf_gateway_id.v, ret, err);
	rc = query_get(tx, &virtual_gateway_table, Q(Q_EQ("id", v->vgw_id.v)), &vgw, err);
	return rc == DC_OK ? see_router(tx, vgw, ret, err) : rc;
}

static enum dc_code
get_gateway(struct tx *tx, const struct virtual_interface *v, const struct service *s, const struct f_text *id,
    struct gateway *ret, struct dc_error *err)
{
	const char *owner = v->resource_tenant_id.set == GIVEN ? v->resource_tenant_id.v : v->tenant_id.v;
	struct gateway gw;
	void *row;
	enum dc_code rc = query_get(tx, s->kind->res->table, Q(Q_EQ("id", id->v)), &row, err);

	if (rc == DC_OK)
		rc = gateway_of_row(tx, s->kind, row, &gw, err);
	if (rc == DC_OK && (strcmp(gw.tenant_id, owner) != 0 || gateway_is_hidden(&gw)))
		rc = DC_E_NOT_FOUND;
	if (rc == DC_E_NOT_FOUND && v->resource_tenant_id.set == GIVEN)
		return dc_fail(err, DC_E_VIF_PROJECT, s->member, "%s: project %s has no %s %s", s->member, owner,
		    s->kind->res->title, id->v);
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(
		    err, s->missing, s->member, "%s: %s %s does not exist", s->member, s->kind->res->title, id->v);
	if (rc == DC_OK)
		*ret = gw;
	return rc;
}

/* A global gateway's interface may name a virtual gateway, too, which is only shown: it has to be there, and to stay.
 */
static enum dc_code
check_shown_gateway(struct tx *tx, const struct virtual_interface *v, struct dc_error *err)
{
	const struct service *s = &services[0];
	struct gateway gw;
	enum dc_code rc = get_gateway(tx, v, s, &v->vgw_id, &gw, err);

	return rc != DC_OK || !gw.leaving
		   ? rc
		   : dc_fail(err, DC_E_VGW_LOCKED, s->member, "%s: the gateway is in state %s", s->member, gw.status);
}

enum dc_code
vif_find_gateway(struct tx *tx, const struct virtual_interface *v, struct gateway *ret, struct dc_error *err)
{
	const struct service *s = service_of(v);
	const struct f_text *id = is_by_gateway_id(v) ? &v->gateway_id : &v->vgw_id;
	enum dc_code rc;

	if (id->set != GIVEN)
		return dc_fail(err, s->missing, s->member, "%s is missing", s->member);
	if (!is_by_gateway_id(v) && v->gateway_id.set == GIVEN)
		return dc_fail(err, DC_E_PARAM, "virtual_interface.gateway_id",
		    "virtual_interface.gateway_id does not go with service_type %s", v->service_type.v);
	if ((rc = get_gateway(tx, v, s, id, ret, err)) != DC_OK)
		return rc;
	if (ret->kind == &virtual_gateway_kind &&
	    ((const struct virtual_gateway *)ret->row)->enterprise_router_id.set == GIVEN)
		return see_router(tx, ret->row, ret, err);
	return is_by_gateway_id(v) && v->vgw_id.set == GIVEN ? check_shown_gateway(tx, v, err) : DC_OK;
}

enum dc_code
vif_check_bandwidth(const struct virtual_interface *v, const struct direct_connect *dc, struct dc_error *err)
{
	return v->bandwidth.v <= dc->bandwidth.v
		   ? DC_OK
		   : dc_fail(err, DC_E_DC_BANDWIDTH, "virtual_interface.bandwidth",
			 "virtual_interface.bandwidth: %lld Mbit/s are more than the connection's %lld",
			 (long long)v->bandwidth.v, (long long)dc->bandwidth.v);
}

enum dc_code
vif_check_hosted(
    struct tx *tx, const struct virtual_interface *v, const struct direct_connect *dc, struct dc_error *err)
{
	int64_t others;
	enum dc_code rc;

	if (strcmp(dc->type.v, "hosting") == 0)
		return dc_fail(err, DC_E_HOSTING, "virtual_interface.direct_connect_id",
		    "virtual_interface.direct_connect_id: a hosting connection carries no interfaces");
	if (!direct_connect_is_hosted(dc))
		return DC_OK;
	if (dc->vlan.set == GIVEN && v->vlan.v != dc->vlan.v)
		return dc_fail(err, DC_E_HOSTED_VLAN, "virtual_interface.vlan",
		    "virtual_interface.vlan must be %lld, the VLAN of the hosted connection", (long long)dc->vlan.v);
	if ((rc = query_count(tx, &virtual_interface_table, Q(Q_EQ("direct_connect_id", dc->id.v)), &others, err)) !=
	    DC_OK)
		return rc;
	return others == 0
		   ? DC_OK
		   : dc_fail(err, DC_E_HOSTED_TAKEN, "virtual_interface.direct_connect_id",
			 "virtual_interface.direct_connect_id: the hosted connection has its interface already");
}

enum dc_code
vif_check_two_connections(struct tx *tx, const struct virtual_interface *v, struct dc_error *err)
{
	struct virtual_interface *other;
	const char *seen[2] = {v->direct_connect_id.v, NULL};
	void *rows;
	size_t n;
	enum dc_code rc;
	struct query_page one = {.limit = 1};

	if (is_by_gateway_id(v))
		return DC_OK; /* a rule of virtual gateways */
	/* Two look-ups instead of a walk through all interfaces: another connection than mine, then one that is
	 * neither. */
	rc = query_list(tx, &virtual_interface_table,
	    Q(Q_EQ("vrf_gateway_id", v->vrf_gateway_id.v), Q_EQ("vgw_id", v->vgw_id.v),
		Q_NE("direct_connect_id", seen[0])),
	    &one, &rows, &n, err);
	if (rc != DC_OK || n == 0)
		return rc;
	other = rows;
	seen[1] = other->direct_connect_id.v;
	rc = query_list(tx, &virtual_interface_table,
	    Q(Q_EQ("vrf_gateway_id", v->vrf_gateway_id.v), Q_EQ("vgw_id", v->vgw_id.v),
		Q_NE("direct_connect_id", seen[0]), Q_NE("direct_connect_id", seen[1])),
	    &one, &rows, &n, err);
	if (rc != DC_OK || n == 0)
		return rc;
	return dc_fail(err, DC_E_VGW_TWO_CONNECTIONS, "virtual_interface.vgw_id",
	    "virtual_interface.vgw_id: the gateway serves interfaces of two connections already");
}

/* The VRFs of a global gateway on several edges would have to be joined before one edge's customers could reach what is
 * linked on another. */
enum dc_code
vif_check_one_edge(struct tx *tx, const struct virtual_interface *v, struct dc_error *err)
{
	int64_t elsewhere;
	enum dc_code rc;

	if (!is_global(v))
		return DC_OK;
	rc = query_count(tx, &virtual_interface_table,
	    Q(Q_EQ("vrf_gateway_id", v->vrf_gateway_id.v), Q_NE("edge_id", v->edge_id.v)), &elsewhere, err);
	if (rc != DC_OK || elsewhere == 0)
		return rc;
	return dc_fail(err, DC_E_PARAM, "virtual_interface.direct_connect_id",
	    "virtual_interface.direct_connect_id: the gateway has interfaces on another edge, and a global DC gateway "
	    "on several "
	    "edges is not served yet");
}

enum dc_code
vif_check_states(
    const struct virtual_interface *v, const struct direct_connect *dc, const struct gateway *gw, struct dc_error *err)
{
	const char *member = service_of(v)->member;
	static const char *const fine[] = {
	    "ACTIVE", "BUILD", "DOWN", NULL}; /* DOWN: the order comes before the cable */
	bool ok = false;

	for (const char *const *f = fine; *f != NULL; f++)
		ok = ok || strcmp(dc->status.v, *f) == 0;
	if (!ok)
		return dc_fail(err, DC_E_DC_STATE, "virtual_interface.direct_connect_id",
		    "virtual_interface.direct_connect_id: the connection is in state %s", dc->status.v);
	if (dc->port_id.set != GIVEN)
		return dc_fail(err, DC_E_DC_STATE, "virtual_interface.direct_connect_id",
		    "virtual_interface.direct_connect_id: the connection is not cabled to a port yet");
	if (strncmp(gw->status, "PENDING_", 8) == 0)
		return dc_fail(err, DC_E_VGW_LOCKED, member, "%s: the gateway is in state %s", member, gw->status);
	return DC_OK;
}
