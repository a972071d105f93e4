/* SPDX-License-Identifier: ISC */
/* virtual_interface_edge.c - an interface on its edge: a VLAN device in its gateway's VRF, held to its bandwidth
 * (vif_rate.h). It is ACTIVE when one of its peers is, and `reason` names each peer that is not, and a limit that is
 * not in force. */
#include <string.h>

#include "res/direct_connect.h"
#include "res/inventory.h"
#include "res/lifecycle.h"
#include "res/switchover.h"
#include "res/vif_crossing.h"
#include "res/vif_peer.h"
#include "res/vif_rate.h"
#include "res/virtual_interface.h"

#define REASON_MAX 255 /* characters, contract */

bool
vif_leaving(const void *row)
{
	return life_is(&((const struct virtual_interface *)row)->status, LIFE_PENDING_DELETE);
}

enum dc_code
vif_render(struct tx *tx, struct work_view *work, const void *row, struct dc_error *err)
{
	const struct virtual_interface *v = row;
	struct arena *arena = tx_arena(tx);
	struct wire_vlan vlan = {0};
	int64_t number;
	struct port *port;
	enum dc_code rc;

	if (vif_leaving(v) || vif_is_apart(v))
		return DC_OK;
	if ((rc = port_get(tx, v->port_id.v, &port, err)) != DC_OK ||
	    (rc = work_link_number(tx, v->edge_id.v, v->id.v, &number, err)) != DC_OK)
		return rc;
	F_SET_TEXT(vlan.vrf, gateway_key(arena, v->vrf_gateway_id.v));
	F_SET_TEXT(vlan.device, arena_printf(arena, "dcv%lld", (long long)number));
	vlan.mark = v->id;
	vlan.port = port->device;
	vlan.vlan = v->vlan;
	F_SET_TEXT(vlan.use, "customer");
	work_put(work, v->edge_id.v, vif_vlan_key(arena, v->id.v), OBJECT_VLAN, &vlan, NULL);
	vif_rate_put(tx, work, v);
	return DC_OK;
}

/* One event for the interface out of its peers' states: one that is up carries it; otherwise what is still on its way,
 * then what failed. */
static enum life_event
combine(const struct vif_peer *peer, size_t n)
{
	bool up = false, waiting = false, failed = false;

	for (size_t i = 0; i < n; i++) {
		up = up || life_is(&peer[i].status, LIFE_ACTIVE);
		failed = failed || life_is(&peer[i].status, LIFE_ERROR);
		waiting = waiting || life_is(&peer[i].status, LIFE_PENDING_CREATE) ||
			  life_is(&peer[i].status, LIFE_PENDING_UPDATE);
	}
	return waiting ? EV_WAITING : up ? EV_UP : failed ? EV_FAILED : EV_NOT_UP;
}

static const char *
reasons_of(const struct vif_peer *peer, size_t n, const char *limit, struct arena *arena)
{
	const char *all = limit;

	for (size_t i = 0; i < n; i++)
		if (peer[i].reason.set == GIVEN && !life_is(&peer[i].status, LIFE_PENDING_DELETE))
			all = arena_printf(arena, "%s%s%s: %s", all != NULL ? all : "", all != NULL ? "; " : "",
			    peer[i].address_family.v, peer[i].reason.v);
	return all != NULL ? arena_printf(arena, "%.*s", REASON_MAX, all) : NULL;
}

/* Nothing of it is left on its edge. */
static enum dc_code
let_go(struct tx *tx, const char *id, struct dc_error *err)
{
	enum dc_code rc = switchover_forget(tx, id, err);

	return rc == DC_OK ? port_release(tx, id, err) : rc;
}

enum dc_code
vif_settle(struct tx *tx, struct work_view *work, void *row, bool *gone, struct dc_error *err)
{
	static const char *const columns[] = {"status", "reason", NULL};
	struct virtual_interface *v = row, old = *v;
	const struct edge_object *object;
	struct vif_peer *peer;
	size_t peers, objects;
	enum dc_code rc;

	if ((rc = vif_peers_of(tx, v->id.v, &peer, &peers, err)) != DC_OK)
		return rc;
	object = work_objects(work, &objects);
	if (vif_leaving(v)) {
		*gone = objects == 0 && peers == 0;
		return *gone ? let_go(tx, v->id.v, err) : DC_OK;
	}
	if (vif_is_apart(v))
		return DC_OK;
	if (!switchover_shuts(v))
		life_move(&v->status, combine(peer, peers), "virtual_interface", v->id.v);
	F_SET_TEXT(v->reason, reasons_of(peer, peers, vif_rate_fault(object, objects, tx_arena(tx)), tx_arena(tx)));
	if ((rc = switchover_settle(tx, v, peer, peers, err)) != DC_OK)
		return rc;
	if (text_is_same(&old.status, &v->status) && text_is_same(&old.reason, &v->reason))
		return DC_OK;
	if ((rc = query_set(tx, &virtual_interface_table, columns, v, Q(Q_EQ("id", v->id.v)), NULL, err)) != DC_OK)
		return rc;
	return life_is(&v->status, LIFE_ACTIVE) && !life_is(&old.status, LIFE_ACTIVE)
		   ? direct_connect_in_use(tx, v->direct_connect_id.v, err)
		   : DC_OK;
}
