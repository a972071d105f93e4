/* SPDX-License-Identifier: ISC */
#include "res/vif_crossing.h"

#include <string.h>

#include "api/crud.h"
#include "res/lifecycle.h"
#include "res/virtual_interface_place.h"

bool
vif_is_crossing(const struct virtual_interface *v)
{
	return v->resource_tenant_id.set == GIVEN;
}

bool
vif_is_apart(const struct virtual_interface *v)
{
	return life_is(&v->status, LIFE_AUTHORIZATION) || life_is(&v->status, LIFE_REJECTED);
}

bool
vif_is_received(const struct call *call, const struct virtual_interface *v)
{
	return call->project != NULL && strcmp(call->project, v->tenant_id.v) != 0;
}

enum dc_code
vif_crossing_check(const struct virtual_interface *v, struct dc_error *err)
{
	if (v->tags.set == GIVEN && v->tags.n > 0)
		return dc_fail(err, DC_E_PARAM, "virtual_interface.tags",
		    "virtual_interface.tags: an interface into another project's gateway has tags once it is accepted");
	if (v->vgw_id.set == GIVEN && v->gateway_id.set == GIVEN)
		return dc_fail(err, DC_E_PARAM, "virtual_interface.vgw_id",
		    "virtual_interface.vgw_id: an interface into another project's gateway names that gateway only");
	return DC_OK;
}

/* Where the order names its gateway. */
static struct f_text *
named(struct virtual_interface *v)
{
	return strcmp(v->service_type.v, virtual_gateway_kind.service) == 0 ? &v->vgw_id : &v->gateway_id;
}

void
vif_crossing_ask(struct virtual_interface *v)
{
	static const struct f_text none = {NULLED, NULL};

	v->asked_gateway_id = *named(v);
	v->vgw_id = v->gateway_id = v->vrf_gateway_id = v->router_id = none;
	F_SET_TEXT(v->status, life_names[LIFE_AUTHORIZATION]);
}

void
vif_crossing_show(const struct call *call, struct virtual_interface *v, struct vif_peer *peer, size_t peers)
{
	if (v->asked_gateway_id.set == GIVEN)
		*named(v) = v->asked_gateway_id;
	if (!vif_is_crossing(v) || !vif_is_received(call, v))
		return;
	F_SET_NULL(v->bgp_md5);
	for (size_t i = 0; i < peers; i++)
		F_SET_NULL(peer[i].bgp_md5);
}

/* Gateway and connection, as if the order came now. */
static enum dc_code
check_place(struct tx *tx, struct virtual_interface *v, struct gateway *gw, struct dc_error *err)
{
	void *dc;
	enum dc_code rc;

	if ((rc = vif_find_gateway(tx, v, gw, err)) != DC_OK ||
	    (rc = query_get(tx, &direct_connect_table, Q(Q_EQ("id", v->direct_connect_id.v)), &dc, err)) != DC_OK)
		return rc;
	F_SET_TEXT(v->vrf_gateway_id, gw->id);
	F_SET_TEXT(v->router_id, gw->kind == &enterprise_router_kind ? gw->id : NULL);
	if ((rc = vif_check_two_connections(tx, v, err)) != DC_OK || (rc = vif_check_states(v, dc, gw, err)) != DC_OK)
		return rc;
	return vif_check_one_edge(tx, v, err);
}

/* The first peer takes what it needs in the gateway. */
static enum dc_code
take_peer(struct tx *tx, struct call *call, const struct virtual_interface *v, const struct gateway *gw,
    const struct peer_names *names[2], struct dc_error *err)
{
	static const char *const columns[] = {"gateway_id", "status", "status_time", NULL};
	const struct peer_names *of;
	struct vif_peer *peers, *first;
	size_t n;
	enum dc_code rc;

	if ((rc = vif_peers_of(tx, v->id.v, &peers, &n, err)) != DC_OK || (first = vif_first_peer(peers, n)) == NULL)
		return rc;
	of = names[vif_peer_is_v6(first) ? 1 : 0];
	if ((rc = vif_peer_check(tx, call, gw, first, of, err)) != DC_OK ||
	    (rc = vif_peer_check_key_room(tx, v->edge_id.v, first, of, err)) != DC_OK)
		return rc;
	life_move(&first->status, EV_ACCEPT, "vif_peer", first->id.v);
	F_SET_INT(first->status_time, tx_now(tx));
	tx_dirty(tx, &vif_peer_resource, first->id.v);
	return query_set(tx, &vif_peer_table, columns, first, Q(Q_EQ("id", first->id.v)), NULL, err);
}

static enum dc_code
accept_order(struct tx *tx, struct call *call, struct virtual_interface *v, const struct peer_names *names[2],
    struct dc_error *err)
{
	struct gateway gw = {0};
	enum dc_code rc;

	*named(v) = v->asked_gateway_id;
	F_SET_NULL(v->asked_gateway_id);
	if ((rc = check_place(tx, v, &gw, err)) != DC_OK || (rc = take_peer(tx, call, v, &gw, names, err)) != DC_OK)
		return rc;
	life_move(&v->status, EV_ACCEPT, "virtual_interface", v->id.v);
	tx_dirty(tx, &virtual_interface_resource, v->id.v);
	return DC_OK;
}

static enum dc_code
reject_order(struct tx *tx, struct virtual_interface *v, struct dc_error *err)
{
	static const char *const columns[] = {"status", "status_time", NULL};
	struct vif_peer peer = {0};

	life_move(&v->status, EV_REJECT, "virtual_interface", v->id.v);
	peer.status = v->status;
	F_SET_INT(peer.status_time, tx_now(tx));
	return query_set(tx, &vif_peer_table, columns, &peer, Q(Q_EQ("vif_id", v->id.v)), NULL, err);
}

/* What the other project answers. */
static enum dc_code
answer_order(struct tx *tx, struct call *call, const struct virtual_interface *patch, struct virtual_interface *v,
    const struct peer_names *names[2], struct dc_error *err)
{
	bool accepted = strcmp(patch->status.v, "ACCEPTED") == 0;
	enum dc_code rc;

	if (patch->name.set == GIVEN || patch->description.set == GIVEN || patch->bandwidth.set == GIVEN ||
	    patch->remote_ep_group.set == GIVEN || patch->service_ep_group.set == GIVEN ||
	    patch->enable_bfd.set == GIVEN || patch->enable_nqa.set == GIVEN || patch->priority.set == GIVEN)
		return dc_fail(
		    err, DC_E_PARAM, "virtual_interface.status", "virtual_interface.status must be sent alone");
	if (!life_is(&v->status, LIFE_AUTHORIZATION))
		return dc_fail(err, DC_E_VIF_STATE, "virtual_interface.status",
		    "virtual_interface.status: the interface is not waiting for an answer");
	F_SET_INT(v->update_time, tx_now(tx));
	rc = accepted ? accept_order(tx, call, v, names, err) : reject_order(tx, v, err);
	return rc == DC_OK ? event_add_for(tx, call, call->project, accepted ? "accept" : "reject",
				 virtual_interface_resource.name, v->id.v, err)
			   : rc;
}

enum dc_code
vif_crossing_update(struct tx *tx, struct call *call, const struct virtual_interface *old,
    const struct virtual_interface *patch, struct virtual_interface *v, const struct peer_names *names[2],
    struct dc_error *err)
{
	v->status = old->status; /* ACCEPTED and REJECTED are words of a request, never a state */
	if (patch->status.set == GIVEN && !vif_is_crossing(old))
		return dc_fail(err, DC_E_VIF_STATE, "virtual_interface.status",
		    "virtual_interface.status: the interface is not waiting for an answer");
	if (patch->status.set == GIVEN && vif_is_received(call, old))
		return answer_order(tx, call, patch, v, names, err);
	if (patch->status.set == GIVEN)
		return dc_fail(err, DC_E_VIF_PROJECT, "virtual_interface.status",
		    "virtual_interface.status: the project of the gateway answers, not the one that has ordered");
	if (vif_is_received(call, old))
		return dc_fail(err, DC_E_VIF_PROJECT, NULL,
		    "the project that has ordered the interface changes it, and not the one of its gateway");
	if (patch->bandwidth.set == GIVEN || patch->remote_ep_group.set == GIVEN ||
	    patch->service_ep_group.set == GIVEN || patch->enable_bfd.set == GIVEN || patch->enable_nqa.set == GIVEN ||
	    patch->priority.set == GIVEN)
		return dc_fail(err, DC_E_VIF_STATE, NULL,
		    "the interface is in state %s: its name and description can change", old->status.v);
	F_SET_INT(v->update_time, tx_now(tx));
	return DC_OK;
}
