/* SPDX-License-Identifier: ISC */
/* vif_rate_show.c - the limit of an interface as its edge reports it, and what was dropped: for its tenant. */
#include <string.h>

#include "api/crud.h"
#include "res/inventory.h"
#include "res/vif_rate.h"
#include "res/virtual_interface.h"

struct vif_rate { /* what is shown */
	struct f_text virtual_interface_id;
	struct f_int bandwidth;
	struct f_bool limited;
	struct f_text state, reason;
	struct f_bool simulated;
	struct f_int dropped_in_packets, dropped_in_bytes, dropped_out_packets, observed_time;
};

#define OWN VIEW_ANSWER

static const struct field_table vif_rate_table = {
    .name = "VifRate",
    .size = sizeof(struct vif_rate),
    .fields =
	(const struct field[]){
	    {AT(vif_rate, virtual_interface_id), .ref = "virtual_interface", .kind = F_UUID, .may = OWN, .must = OWN,
		.doc = "Virtual interface."},
	    {AT(vif_rate, bandwidth), .kind = F_INT, .max = INT32_MAX, .may = OWN, .must = OWN,
		.doc = "Bandwidth in Mbit/s, as it is ordered."},
	    {AT(vif_rate, limited), .kind = F_BOOL, .may = OWN, .must = OWN,
		.doc = "The edge is to hold the interface to it."},
	    {AT(vif_rate, state), .kind = F_ENUM, .names = wire_object_states, .nullable = true, .may = OWN,
		.doc = "State of the limit as the edge reports it: applied when it is in force."},
	    {AT(vif_rate, reason), .kind = F_TEXT, .max = 1024, .nullable = true, .may = OWN,
		.doc = "Why it is not in force."},
	    {AT(vif_rate, simulated), .kind = F_BOOL, .may = OWN, .must = OWN,
		.doc = "The edge is simulated: it limits and counts nothing."},
	    {AT(vif_rate, dropped_in_packets), .kind = F_INT, .max = INT64_MAX, .nullable = true, .may = OWN,
		.doc = "Packets from the customer that exceeded the bandwidth, since the device was made."},
	    {AT(vif_rate, dropped_in_bytes), .kind = F_INT, .max = INT64_MAX, .nullable = true, .may = OWN,
		.doc = "Their bytes."},
	    {AT(vif_rate, dropped_out_packets), .kind = F_INT, .max = INT64_MAX, .nullable = true, .may = OWN,
		.doc = "Packets towards the customer that found the queue full."},
	    {AT(vif_rate, observed_time), .kind = F_TIME, .nullable = true, .may = OWN,
		.doc = "When this was reported."},
	    {0},
	},
};

/* The edge's detail: {"dropped": {...}}, with the counts that are not 0. */
static void
take_drops(const struct edge_object *o, struct vif_rate *to)
{
	json_t *json = o->detail.set == GIVEN ? json_loads(o->detail.v, 0, NULL) : NULL;
	const json_t *dropped = json_object_get(json, "dropped");

	F_SET_INT(to->dropped_in_packets, json_integer_value(json_object_get(dropped, "in_packets")));
	F_SET_INT(to->dropped_in_bytes, json_integer_value(json_object_get(dropped, "in_bytes")));
	F_SET_INT(to->dropped_out_packets, json_integer_value(json_object_get(dropped, "out_packets")));
	json_decref(json);
}

static void
take_object(const struct edge_object *o, struct vif_rate *to)
{
	if (o->deleted.v)
		return;
	F_SET_BOOL(to->limited, true);
	to->state = o->state;
	to->reason = o->error;
	to->observed_time = o->updated_time;
	if (o->updated_time.set == GIVEN && !to->simulated.v)
		take_drops(o, to);
}

static enum dc_code
find_simulated(struct tx *tx, const char *edge, bool *ret, struct dc_error *err)
{
	void *found;
	enum dc_code rc = query_get(tx, &edge_report_table, Q(Q_EQ("id", edge)), &found, err);

	*ret = false;
	if (rc == DC_OK) {
		const struct edge_report *r = found;

		*ret = r->fabric.set == GIVEN && strcmp(r->fabric.v, "sim") == 0;
	}
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

static enum dc_code
show_rate(struct tx *tx, struct call *call, struct dc_error *err)
{
	const char *id = call_param(call, "virtual_interface_id");
	const struct virtual_interface *v;
	struct vif_rate rate = {0};
	bool simulated = false;
	void *found;
	enum dc_code rc = crud_load(tx, call, &virtual_interface_resource, id, &found, err);

	if (rc != DC_OK)
		return rc;
	v = found;
	rate.virtual_interface_id = v->id;
	rate.bandwidth = v->bandwidth;
	F_SET_BOOL(rate.limited, false);
	F_SET_BOOL(rate.simulated, false);
	if (v->edge_id.set == GIVEN) {
		const char *key = vif_rate_key(tx_arena(tx), v->id.v);

		if ((rc = find_simulated(tx, v->edge_id.v, &simulated, err)) != DC_OK)
			return rc;
		F_SET_BOOL(rate.simulated, simulated);
		rc = query_get(tx, &edge_object_table, Q(Q_EQ("edge_id", v->edge_id.v), Q_EQ("key", key)), &found, err);
		if (rc == DC_OK)
			take_object(found, &rate);
		else if (rc != DC_E_NOT_FOUND)
			return rc;
	}
	return crud_answer(tx, call, &vif_rate_resource, &rate, false, err);
}

static const struct route routes[] = {
    {M_GET, "/dcaas/v1/projects/{project_id}/virtual-interfaces/{virtual_interface_id}/rate", ROLE_READER,
	.res = &vif_rate_resource, .run = show_rate, .operation = "ShowVifRate",
	.summary = "Read whether an interface is held to its bandwidth, and what was dropped for it."},
    {0},
};

const struct resource vif_rate_resource = {
    .name = "vif_rate",
    .plural = "vif_rates",
    .title = "limit of the interface",
    .table = &vif_rate_table,
    .parent = &virtual_interface_resource,
    .parent_column = "virtual_interface_id",
    .missing = DC_E_NOT_FOUND,
    .routes = routes,
};
