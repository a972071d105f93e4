/* SPDX-License-Identifier: ISC */
/* direct_connect.c - connections (semantics.md 5.1): the operator makes them, since v3 has no call for it; their
 * project reads, changes and gives them back. ACTIVE and DOWN follow the carrier of the port that the edge reports. */
#include "res/direct_connect.h"

#include <string.h>

#include "api/crud.h"
#include "reconcile/edge.h"
#include "reconcile/objects.h"
#include "res/inventory.h"
#include "res/silence.h"
#include "res/tag.h"
#include "store/due.h"
#include "store/row_lock.h"

static const char *const port_types[] = {"1G", "10G", "40G", "100G", NULL};
static const char *const types[] = {"standard", "hosting", "hosted", "onestop_standard", "onestop_hosted", NULL};
static const char *const charge_modes[] = {"prepayment", "bandwidth", "traffic", NULL};
static const char *const provider_states[] = {"ACTIVE", "DOWN", NULL};
static const char *const vgw_types[] = {"default", NULL};
static const char *const agreement_states[] = {"signed", NULL};
static const char *const statuses[] = {"BUILD", "PAID", "APPLY", "PENDING_SURVEY", "ACTIVE", "DOWN", "ERROR",
    "PENDING_DELETE", "DELETED", "DENY", "PENDING_PAY", "LEASED_LINE_DELIVERY", NULL};
static const char *const order_statuses[] = {"PENDING_PAY", "APPLY", NULL};

#define BOTH (V_R | OP_CRU)
#define ALL (V_RU | OP_CRU)
#define ORDER_TEXT(m, words)                                                                                           \
	{                                                                                                              \
		AT(direct_connect, m), .kind = F_TEXT, .max = 255, .nullable = true, .may = BOTH, .doc = words         \
	}
#define ORDER_INT(m, words)                                                                                            \
	{                                                                                                              \
		AT(direct_connect, m), .kind = F_INT, .min = INT32_MIN, .max = INT32_MAX, .nullable = true,            \
				       .may = BOTH, .doc = words                                                       \
	}

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "project", .member = "tenant_id"},
    {.member = "type"},
    {.member = "bandwidth"},
    {.member = "location"},
    {.title = "port", .member = "port_id"},
    {.member = "status"},
    {.member = "reason", .note = true},
    {0},
};

const struct field_table direct_connect_table = {
    .name = "DirectConnect",
    .sql = "direct_connect",
    .constraints =
	(const struct constraint[]){
	    {"direct_connect_hosted", DC_E_PARAM, "direct_connect.vlan", "the VLAN of the hosting connection is taken"},
	    {"direct_connect_port", DC_E_PARAM, "direct_connect.port_id", "the port has a connection already"},
	    {"direct_connect_tenant_id_fkey", DC_E_NOT_FOUND, "direct_connect.tenant_id", "the project does not exist",
		DC_E_PARAM, "The project has connections"},
	    {.name = NULL},
	},
    .size = sizeof(struct direct_connect),
    .rank = RANK_CONNECTION,
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(direct_connect, id), .kind = F_UUID, .may = V_R | OP_CR, .must = VIEW_ANSWER | VIEW_OP_ANSWER,
		.filter = true, .sort = true, .cli = true, .doc = "Identifier of the connection."},
	    {AT(direct_connect, tenant_id), .fixed = true, .ref = "project", .example = "acme", .kind = F_HEX32,
		.may = V_R | OP_CR, .must = VIEW_ANSWER | VIEW_OP_CREATE, .doc = "Project that owns the connection."},
	    {AT(direct_connect, name), .example = "line", .kind = F_TEXT, .max = 64, .may = ALL, .must = VIEW_ANSWER,
		.filter = true, .filter_csv = true, .sort = true, .cli = true, .doc = "Display name."},
	    {AT(direct_connect, description), .kind = F_TEXT, .max = 128, .nullable = true, .may = ALL,
		.doc = "Free text."},
	    {AT(direct_connect, port_type), .kind = F_ENUM, .names = port_types, .nullable = true, .may = BOTH,
		.doc = "Optical port class."},
	    {AT(direct_connect, bandwidth), .example = "1000", .kind = F_INT, .min = 2, .max = 100000, .quoted = true,
		.may = ALL, .must = VIEW_ANSWER | VIEW_OP_CREATE, .sort = true, .cli = true,
		.doc = "Bandwidth in Mbit/s."},
	    {AT(direct_connect, location), .example = "fra1", .kind = F_TEXT, .max = 255, .nullable = true, .may = BOTH,
		.doc = "Name of the access location."},
	    {AT(direct_connect, peer_location), .kind = F_TEXT, .max = 255, .nullable = true, .may = ALL,
		.doc = "Street address of the customer end."},
	    {AT(direct_connect, device_id), .kind = F_TEXT, .max = 36, .nullable = true, .may = V_R | OP_R,
		.doc = "Edge that the port belongs to."},
	    {AT(direct_connect, type), .kind = F_ENUM, .names = types, .may = V_R | OP_CR, .must = VIEW_ANSWER,
		.fallback = "\"standard\"", .cli = true, .doc = "Kind of connection."},
	    {AT(direct_connect, hosting_id), .ref = "direct_connect", .kind = F_UUID, .nullable = true,
		.may = V_R | OP_CR, .filter = true, .doc = "Partner connection below a hosted one."},
	    {AT(direct_connect, vlan), .kind = F_INT, .max = 3999, .nullable = true, .may = V_R | OP_CR,
		.doc = "VLAN given to a hosted connection."},
	    {AT(direct_connect, charge_mode), .kind = F_ENUM, .names = charge_modes, .nullable = true, .may = BOTH,
		.fallback = "\"bandwidth\"", .doc = "Billing mode."},
	    {AT(direct_connect, apply_time), .kind = F_TIME, .nullable = true, .may = V_R | OP_R, .sort = true,
		.doc = "When the connection was requested."},
	    {AT(direct_connect, create_time), .kind = F_TIME, .nullable = true, .may = V_R | OP_R, .sort = true,
		.doc = "When the connection came into being."},
	    {AT(direct_connect, provider_status), .kind = F_ENUM, .names = provider_states, .nullable = true,
		.may = ALL, .doc = "Carrier-side line state."},
	    {AT(direct_connect, admin_state_up), .kind = F_BOOL, .may = V_R | OP_R, .fallback = "true",
		.doc = "Administrative state."},
	    ORDER_TEXT(provider, "Carrier of the leased line."),
	    ORDER_TEXT(order_id, "Order number."),
	    ORDER_TEXT(product_id, "Product number of the order."),
	    ORDER_TEXT(spec_code, "Product specification code."),
	    ORDER_INT(period_type, "Unit of a prepaid period."),
	    ORDER_INT(period_num, "Number of prepaid periods."),
	    {AT(direct_connect, vgw_type), .kind = F_ENUM, .names = vgw_types, .nullable = true, .may = V_R | OP_R,
		.fallback = "\"default\"", .doc = "Obsolete gateway kind."},
	    {AT(direct_connect, lag_id), .kind = F_UUID, .nullable = true, .may = V_R | OP_R,
		.doc = "Link aggregation group the port belongs to."},
	    {AT(direct_connect, signed_agreement_status), .kind = F_ENUM, .names = agreement_states, .nullable = true,
		.may = BOTH, .doc = "Whether the cross-border terms were signed."},
	    {AT(direct_connect, signed_agreement_time), .kind = F_TIME, .nullable = true, .may = BOTH,
		.doc = "When the cross-border terms were signed."},
	    {AT(direct_connect, enterprise_project_id), .fallback = "\"0\"", .kind = F_UUID, .zero = true,
		.nullable = true, .may = BOTH, .filter = true, .filter_csv = true,
		.doc = "Enterprise project of the connection; 0 is the default one."},
	    {AT(direct_connect, status), .kind = F_ENUM, .names = statuses, .in_names = order_statuses,
		.may = V_RU | OP_R, .must = VIEW_ANSWER, .sort = true, .cli = true, .doc = "Life-cycle state."},
	    {AT(direct_connect, tags), .kind = F_OBJECTS, .of = &tag_table, .rows = &direct_connect_tag_table,
		.max_items = 10, .may = BOTH, .doc = "Tags of the resource."},
	    {AT(direct_connect, locales), .kind = F_OBJECT, .of = &localized_table, .nullable = true, .may = BOTH,
		.doc = "Display name in two languages."},
	    {AT(direct_connect, support_feature), .kind = F_LIST, .max = 255, .nullable = true, .may = BOTH,
		.doc = "Capabilities of the port."},
	    {AT(direct_connect, ies_id), .kind = F_TEXT, .max = 64, .nullable = true, .may = V_R | OP_R,
		.doc = "Edge site the connection ends at."},
	    {AT(direct_connect, reason), .kind = F_TEXT, .max = 255, .nullable = true, .may = BOTH,
		.doc = "Why the connection is in ERROR."},
	    {AT(direct_connect, email), .kind = F_TEXT, .max = 255, .nullable = true, .may = BOTH,
		.doc = "Contact mail address."},
	    ORDER_TEXT(onestop_product_id, "One-stop product identifier."),
	    ORDER_TEXT(building_line_product_id, "In-building line product identifier."),
	    ORDER_TEXT(last_onestop_product_id, "Previous one-stop product identifier."),
	    ORDER_TEXT(last_building_line_product_id, "Previous in-building line product identifier."),
	    ORDER_INT(modified_bandwidth, "Bandwidth a pending order will change to."),
	    ORDER_INT(change_mode, "Kind of a pending order change."),
	    ORDER_TEXT(onestopdc_status, "State of the one-stop order."),
	    {AT(direct_connect, public_border_group), .kind = F_TEXT, .max = 64, .nullable = true, .may = BOTH,
		.doc = "Border group of the site."},
	    ORDER_INT(auto_renew, "Renewal flag: 1 renews by itself, 0 does not."),
	    {AT(direct_connect, ratio_95peak), .kind = F_INT, .max = 100, .nullable = true, .may = BOTH,
		.doc = "Guaranteed share for 95th-percentile billing, in percent."},
	    ORDER_TEXT(peer_port_type, "Port type at the customer end."),
	    ORDER_TEXT(peer_provider, "Carrier at the customer end."),
	    {AT(direct_connect, port_id), .ref = "port", .example = "customer", .kind = F_UUID, .nullable = true,
		.may = OP_CRU, .cli = true, .doc = "Port of an edge that it is cabled to."},
	    {AT(direct_connect, hosting_tenant_id), .ref = "project", .kind = F_HEX32, .nullable = true, .may = OP_R,
		.filter = true, .doc = "Project of the hosting connection below a hosted one."},
	    {AT(direct_connect, spelling), .kind = F_TEXT,
		.doc = "Ids as they were sent, where that is not in lower case."},
	    {0},
	},
};

bool
direct_connect_is_hosted(const struct direct_connect *dc)
{
	return strcmp(dc->type.v, "hosted") == 0 || strcmp(dc->type.v, "onestop_hosted") == 0;
}

static bool
is_status(const struct direct_connect *dc, const char *status)
{
	return strcmp(dc->status.v, status) == 0;
}

/* Carrier of a device as its edge last reported it; *known is false when it never did. */
static enum dc_code
port_carrier(struct tx *tx, const struct port *port, bool *known, bool *carrier, struct dc_error *err)
{
	const struct edge_report *report;
	json_t *list, *item;
	size_t i;
	void *row;
	enum dc_code rc;

	*known = *carrier = false;
	if ((rc = query_get(tx, &edge_report_table, Q(Q_EQ("id", port->edge_id.v)), &row, err)) != DC_OK)
		return rc;
	report = row;
	if (report->ports.set != GIVEN || (list = json_loads(report->ports.v, 0, NULL)) == NULL)
		return DC_OK;
	json_array_foreach(list, i, item)
	{
		const char *device = json_string_value(json_object_get(item, "device"));

		if (device != NULL && strcmp(device, port->device.v) == 0) {
			*known = true;
			*carrier = json_is_true(json_object_get(item, "carrier"));
		}
	}
	json_decref(list);
	return DC_OK;
}

/* Fills device_id, location and the state that the port's carrier gives. */
static enum dc_code
cable(struct tx *tx, struct direct_connect *dc, struct dc_error *err)
{
	struct port *port;
	struct edge *edge;
	bool known, carrier;
	void *location;
	enum dc_code rc;

	if (dc->port_id.set != GIVEN) {
		F_SET_TEXT(dc->device_id, NULL);
		return DC_OK;
	}
	rc = port_get(tx, dc->port_id.v, &port, err);
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(err, DC_E_NOT_FOUND, "direct_connect.port_id",
		    "direct_connect.port_id: port %s does not exist", dc->port_id.v);
	if (rc != DC_OK || (rc = edge_get(tx, port->edge_id.v, &edge, err)) != DC_OK)
		return rc;
	F_SET_TEXT(dc->device_id, edge->device_id.set == GIVEN ? edge->device_id.v : edge->id.v);
	if (dc->location.set != GIVEN && edge->location_id.set == GIVEN) {
		rc = query_get(tx, location_resource.table, Q(Q_EQ("id", edge->location_id.v)), &location, err);
		if (rc != DC_OK)
			return rc;
		F_SET_TEXT(dc->location, ((struct location *)location)->name.v);
	}
	if ((rc = port_carrier(tx, port, &known, &carrier, err)) != DC_OK)
		return rc;
	/* A hosted one is being built until an interface on it is up (direct_connect_in_use). */
	F_SET_TEXT(dc->status, !known || direct_connect_is_hosted(dc) ? "BUILD" : carrier ? "ACTIVE" : "DOWN");
	return DC_OK;
}

/* A port carries one connection, and besides it only the hosted ones of a hosting one. */
static enum dc_code
check_port_free(struct tx *tx, const struct direct_connect *dc, struct dc_error *err)
{
	int64_t others;
	enum dc_code rc;

	if (dc->port_id.set != GIVEN || direct_connect_is_hosted(dc))
		return DC_OK;
	if ((rc = query_count(tx, &direct_connect_table,
		 Q(Q_EQ("port_id", dc->port_id.v), Q_NE("id", dc->id.v), Q_IS_NULL("hosting_id")), &others, err)) !=
	    DC_OK)
		return rc;
	return others == 0 ? DC_OK
			   : dc_fail(err, DC_E_PARAM, "direct_connect.port_id",
				 "direct_connect.port_id: the port has a connection already");
}

/* --- part of a partner's connection --- */

/* "hosted_connect.vlan" */
static const char *
named(struct tx *tx, const char *envelope, const char *member)
{
	return arena_printf(tx_arena(tx), "%s.%s", envelope, member);
}

static enum dc_code
find_hosting(struct tx *tx, const struct direct_connect *dc, const char *project, const char *envelope,
    struct direct_connect **ret, struct dc_error *err)
{
	const char *member = named(tx, envelope, "hosting_id");
	struct query_cond cond[] = {Q_EQ("id", dc->hosting_id.v), Q_END, Q_END};
	void *row;
	enum dc_code rc;

	if (dc->hosting_id.set != GIVEN)
		return dc_fail(
		    err, DC_E_PARAM, member, "%s is missing: a hosted connection is part of a hosting one", member);
	if (project != NULL)
		cond[1] = (struct query_cond)Q_EQ("tenant_id", project);
	rc = query_get(tx, &direct_connect_table, cond, &row, err);
	if (rc == DC_E_NOT_FOUND)
		return dc_fail(
		    err, DC_E_DC_NOT_FOUND, member, "%s: connection %s does not exist", member, dc->hosting_id.v);
	if (rc != DC_OK)
		return rc;
	*ret = row;
	return strcmp((*ret)->type.v, "hosting") == 0
		   ? DC_OK
		   : dc_fail(
			 err, DC_E_NOT_HOSTING, member, "%s: connection %s is not a hosting one", member, (*ret)->id.v);
}

static enum dc_code
check_hosted_vlan(struct tx *tx, const struct direct_connect *dc, const char *envelope, struct dc_error *err)
{
	const char *member = named(tx, envelope, "vlan");
	int64_t same;
	enum dc_code rc;

	if (dc->vlan.set != GIVEN)
		return dc_fail(err, DC_E_HOSTED_NO_VLAN, member, "%s is missing", member);
	if (dc->vlan.v == 0)
		return dc_fail(err, DC_E_HOSTED_VLAN_ZERO, member,
		    "%s must be a VLAN from 1 to 3999 on a hosted connection", member);
	if ((rc = query_count(tx, &direct_connect_table,
		 Q(Q_EQ("hosting_id", dc->hosting_id.v), Q_EQ_INT("vlan", dc->vlan.v)), &same, err)) != DC_OK)
		return rc;
	return same == 0 ? DC_OK
			 : dc_fail(err, DC_E_HOSTED_VLAN_TAKEN, member,
			       "%s: VLAN %lld of the hosting connection is taken", member, (long long)dc->vlan.v);
}

enum dc_code
direct_connect_check_share(struct tx *tx, const struct direct_connect *dc, const char *envelope, struct dc_error *err)
{
	const char *member = named(tx, envelope, "bandwidth");
	const struct direct_connect *other;
	int64_t left;
	void *row, *rows;
	size_t n;
	enum dc_code rc;

	if ((rc = query_get(tx, &direct_connect_table, Q(Q_EQ("id", dc->hosting_id.v)), &row, err)) != DC_OK ||
	    (rc = query_list(
		 tx, &direct_connect_table, Q(Q_EQ("hosting_id", dc->hosting_id.v)), NULL, &rows, &n, err)) != DC_OK)
		return rc;
	left = ((const struct direct_connect *)row)->bandwidth.v;
	other = rows;
	for (size_t i = 0; i < n; i++)
		left -= strcmp(other[i].id.v, dc->id.v) != 0 ? other[i].bandwidth.v : 0;
	return dc->bandwidth.v <= left
		   ? DC_OK
		   : dc_fail(err, DC_E_DC_BANDWIDTH, member,
			 "%s: %lld Mbit/s are more than the %lld Mbit/s that the hosting connection has left", member,
			 (long long)dc->bandwidth.v, (long long)(left > 0 ? left : 0));
}

enum dc_code
direct_connect_host(
    struct tx *tx, struct direct_connect *dc, const char *project, const char *envelope, struct dc_error *err)
{
	struct direct_connect *parent = NULL;
	enum dc_code rc;

	if ((rc = find_hosting(tx, dc, project, envelope, &parent, err)) != DC_OK ||
	    (rc = check_hosted_vlan(tx, dc, envelope, err)) != DC_OK ||
	    (rc = direct_connect_check_share(tx, dc, envelope, err)) != DC_OK)
		return rc;
	dc->hosting_tenant_id = parent->tenant_id;
	dc->port_id = parent->port_id;
	if (dc->location.set != GIVEN)
		dc->location = parent->location;
	if (dc->peer_location.set != GIVEN)
		dc->peer_location = parent->peer_location;
	if (dc->provider.set != GIVEN)
		dc->provider = parent->provider;
	if (dc->port_type.set != GIVEN)
		dc->port_type = parent->port_type;
	return DC_OK;
}

/* A connection is locked before an interface: its own row changes in a transaction of its own. */
enum dc_code
direct_connect_in_use(struct tx *tx, const char *id, struct dc_error *err)
{
	const struct direct_connect *dc;
	void *row;
	enum dc_code rc = query_get(tx, &direct_connect_table, Q(Q_EQ("id", id)), &row, err);

	if (rc != DC_OK)
		return rc == DC_E_NOT_FOUND ? DC_OK : rc;
	dc = row;
	return direct_connect_is_hosted(dc) && strcmp(dc->status.v, "BUILD") == 0
		   ? due_set(tx, SHARE_IN_USE, id, NULL, tx_now(tx), err)
		   : DC_OK;
}

enum dc_code
direct_connect_used(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	static const char *const columns[] = {"status", NULL};
	struct direct_connect to = {0};
	enum dc_code rc;
	LOCK_SET(set, tx);

	(void)user;
	lock_want(&set, &direct_connect_table, due->owner.v);
	if ((rc = lock_rows(tx, &set, err)) != DC_OK)
		return rc;
	F_SET_TEXT(to.status, "ACTIVE");
	return query_set(tx, &direct_connect_table, columns, &to,
	    Q(Q_EQ("id", due->owner.v), Q_EQ("status", "BUILD"), Q_NOT_NULL("hosting_id")), NULL, err);
}

/* The port that it is to be cabled to, and the connection that hosts it. */
static enum dc_code
chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	const struct direct_connect *dc = row, *sent = call != NULL ? call->body : NULL;

	(void)tx;
	(void)err;
	lock_want(set, &direct_connect_table, dc->hosting_id.v);
	lock_want(set, &port_table, dc->port_id.v);
	if (sent != NULL && sent->port_id.set == GIVEN)
		lock_want(set, &port_table, sent->port_id.v);
	return DC_OK;
}

static enum dc_code
direct_connect_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct direct_connect *dc = row;
	enum dc_code rc;

	(void)call;
	if ((rc = tags_check(&dc->tags, "direct_connect.tags", err)) != DC_OK)
		return rc;
	if ((rc = project_check(tx, dc->tenant_id.v, "direct_connect.tenant_id", err)) != DC_OK)
		return rc;
	if (direct_connect_is_hosted(dc)) {
		if ((rc = direct_connect_host(tx, dc, NULL, "direct_connect", err)) != DC_OK)
			return rc;
	} else if (dc->vlan.set == GIVEN || dc->hosting_id.set == GIVEN)
		return dc_fail(err, DC_E_PARAM, "direct_connect.type",
		    "direct_connect.vlan and hosting_id belong to hosted connections only");
	fill_common(&dc->name, &dc->description, &dc->enterprise_project_id);
	F_SET_TEXT(dc->status, "BUILD");
	F_SET_INT(dc->apply_time, tx_now(tx));
	F_SET_INT(dc->create_time, tx_now(tx));
	if ((rc = check_port_free(tx, dc, err)) != DC_OK)
		return rc;
	return cable(tx, dc, err);
}

static bool
bandwidth_is_fixed(const struct direct_connect *dc)
{
	return direct_connect_is_hosted(dc) || strncmp(dc->type.v, "onestop", 7) == 0 ||
	       (dc->charge_mode.set == GIVEN && strcmp(dc->charge_mode.v, "prepayment") == 0);
}

static bool
is_order_state(const struct direct_connect *dc)
{
	return is_status(dc, "APPLY") || is_status(dc, "PENDING_PAY") || is_status(dc, "PENDING_SURVEY") ||
	       is_status(dc, "DENY");
}

static enum dc_code
operator_update(
    struct tx *tx, struct call *call, const struct direct_connect *old, struct direct_connect *dc, struct dc_error *err)
{
	bool same_port = dc->port_id.set == old->port_id.set &&
			 (dc->port_id.set != GIVEN || strcmp(dc->port_id.v, old->port_id.v) == 0);
	enum dc_code rc;

	if ((rc = tags_check(&dc->tags, "direct_connect.tags", err)) != DC_OK)
		return rc;
	field_rows_defaults(&tag_table, tx_arena(tx), &dc->tags);
	if (same_port)
		return DC_OK;
	if ((rc = crud_check_blockers(tx, call, &direct_connect_resource, dc->id.v, "direct_connect.port_id", err)) !=
	    DC_OK)
		return rc;
	if ((rc = check_port_free(tx, dc, err)) != DC_OK)
		return rc;
	return cable(tx, dc, err);
}

static enum dc_code
direct_connect_update(
    struct tx *tx, struct call *call, const void *old_row, const void *patch_row, void *row, struct dc_error *err)
{
	const struct direct_connect *old = old_row, *patch = patch_row;
	struct direct_connect *dc = row;

	if (crud_is_operator(call))
		return operator_update(tx, call, old, dc, err);
	if (patch->bandwidth.set == GIVEN && dc->bandwidth.v != old->bandwidth.v) {
		if (bandwidth_is_fixed(old))
			return dc_fail(err, DC_E_DC_BANDWIDTH_FIXED, "direct_connect.bandwidth",
			    "direct_connect.bandwidth of a prepaid, hosted or one-stop connection cannot change here");
		if (dc->bandwidth.v < old->bandwidth.v)
			return dc_fail(err, DC_E_DC_SHRINK, "direct_connect.bandwidth",
			    "direct_connect.bandwidth cannot shrink below %lld Mbit/s", (long long)old->bandwidth.v);
	}
	if (patch->status.set == GIVEN && !is_order_state(old))
		return dc_fail(err, DC_E_DC_STATE, "direct_connect.status",
		    "direct_connect.status: a connection in state %s cannot go back to %s", old->status.v,
		    patch->status.v);
	return DC_OK;
}

static enum dc_code
direct_connect_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	const struct direct_connect *dc = row;

	(void)tx;
	if (!crud_is_operator(call) && dc->charge_mode.set == GIVEN && strcmp(dc->charge_mode.v, "prepayment") == 0)
		return dc_fail(
		    err, DC_E_FORBIDDEN_MEMBER, NULL, "a prepaid connection is unsubscribed from, not deleted");
	return DC_OK;
}

static const struct blocker blockers[] = {
    {"virtual_interface", "direct_connect_id", DC_E_DC_IN_USE},
    {"direct_connect", "hosting_id", DC_E_DC_IN_USE},
    {0},
};

/* The carrier of a device, as a report has it; NULL: nothing of it. */
static const struct port_seen *
seen_of(const struct port_seen *seen, size_t n, const char *device)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(seen[i].device, device) == 0)
			return &seen[i];
	return NULL;
}

/* Connections of the port whose state differs from its carrier. */
static enum dc_code
add_stale(struct tx *tx, const struct port *port, bool carrier, struct lock_set *set, struct dc_error *err)
{
	const char *const stale[] = {carrier ? "DOWN" : "ACTIVE", "BUILD", NULL};
	const struct direct_connect *dc;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(
	    tx, &direct_connect_table, Q(Q_EQ("port_id", port->id.v), Q_IN("status", stale)), NULL, &rows, &n, err);

	if (rc != DC_OK)
		return rc;
	dc = rows;
	for (size_t i = 0; i < n; i++)
		if (!direct_connect_is_hosted(&dc[i]) || !is_status(&dc[i], "BUILD"))
			lock_want(set, &direct_connect_table, dc[i].id.v);
	return DC_OK;
}

static enum dc_code
set_carrier(struct tx *tx, const struct port *port, bool carrier, struct dc_error *err)
{
	static const char *const columns[] = {"status", NULL};
	struct direct_connect to = {0};
	enum dc_code rc;

	F_SET_TEXT(to.status, carrier ? "ACTIVE" : "DOWN");
	rc = query_set(tx, &direct_connect_table, columns, &to,
	    Q(Q_EQ("port_id", port->id.v), Q_EQ("status", carrier ? "DOWN" : "ACTIVE")), NULL, err);
	if (rc != DC_OK)
		return rc;
	return query_set(tx, &direct_connect_table, columns, &to,
	    Q(Q_EQ("port_id", port->id.v), Q_EQ("status", "BUILD"), Q_IS_NULL("hosting_id")), NULL, err);
}

static enum dc_code
direct_connect_observe_ports(
    struct tx *tx, const char *edge_id, const struct port_seen *seen, size_t n, struct dc_error *err)
{
	LOCK_SET(set, tx);
	const struct port_seen *now;
	const struct port *port;
	void *rows;
	size_t ports;
	enum dc_code rc = query_list(tx, &port_table, Q(Q_EQ("edge_id", edge_id)), NULL, &rows, &ports, err);

	port = rc == DC_OK ? rows : NULL;
	for (size_t i = 0; rc == DC_OK && i < ports; i++)
		if ((now = seen_of(seen, n, port[i].device.v)) != NULL)
			rc = add_stale(tx, &port[i], now->carrier, &set, err);
	if (rc != DC_OK || set.n == 0)
		return rc;
	rc = lock_rows(tx, &set, err);
	for (size_t i = 0; rc == DC_OK && i < ports; i++)
		if ((now = seen_of(seen, n, port[i].device.v)) != NULL)
			rc = set_carrier(tx, &port[i], now->carrier, err);
	return rc;
}

enum dc_code
direct_connect_embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct direct_connect *dc = rows;
	const char **ids = arena_array(tx_arena(tx), n + 1, sizeof(*ids));
	struct silence silence = {0};
	const struct port *port;
	void *found;
	size_t ports, wanted = 0;
	enum dc_code rc;

	(void)call;
	for (size_t i = 0; i < n; i++)
		if (dc[i].port_id.set == GIVEN)
			ids[wanted++] = dc[i].port_id.v;
	if (wanted == 0 || (rc = query_list(tx, &port_table, Q(Q_IN("id", ids)), NULL, &found, &ports, err)) != DC_OK)
		return wanted == 0 ? DC_OK : rc;
	port = found;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ports && dc[i].port_id.set == GIVEN; k++)
			if (strcmp(port[k].id.v, dc[i].port_id.v) == 0 &&
			    (rc = silence_tell(tx, &silence, port[k].edge_id.v, &dc[i].reason, err)) != DC_OK)
				return rc;
	return DC_OK;
}

/* Its state is the carrier of its port, where it has one. */
enum dc_code
direct_connect_observed(struct tx *tx, const void *row, struct observed *ret, struct dc_error *err)
{
	const struct direct_connect *dc = row;
	struct port *port;
	enum dc_code rc;

	if (dc->port_id.set != GIVEN)
		return DC_OK;
	rc = port_get(tx, dc->port_id.v, &port, err);
	return rc == DC_OK ? edge_observed(tx, port->edge_id.v, ret, err) : rc;
}

#define PATH "/v3/{project_id}/dcaas/direct-connects"
#define OP_PATH "/dcaas/v1/connections"

static const struct route direct_connect_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &direct_connect_resource, .run = crud_list, .operation = "ListDirectConnects",
	.summary = "List the connections of the project."},
    {M_GET, PATH "/{direct_connect_id}", ROLE_READER, ROUTE_OBSERVED, &direct_connect_resource, .run = crud_show,
	.operation = "ShowDirectConnect", .errors = ERRORS(DC_E_DC_NOT_FOUND), .summary = "Read one connection."},
    {M_PUT, PATH "/{direct_connect_id}", ROLE_MEMBER, ROUTE_WRITES, &direct_connect_resource, VIEW_UPDATE,
	.run = crud_update, .operation = "UpdateDirectConnect",
	.errors = ERRORS(DC_E_DC_NOT_FOUND, DC_E_DC_SHRINK, DC_E_DC_BANDWIDTH_FIXED, DC_E_DC_STATE),
	.summary = "Change name, text, bandwidth, address, order step or carrier state of a connection."},
    {M_DELETE, PATH "/{direct_connect_id}", ROLE_MEMBER, ROUTE_WRITES, &direct_connect_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteDirectConnect",
	.errors = ERRORS(DC_E_DC_NOT_FOUND, DC_E_DC_IN_USE, DC_E_FORBIDDEN_MEMBER),
	.summary = "Remove a connection that carries nothing."},
    {M_GET, OP_PATH, ROLE_OPERATOR, .res = &direct_connect_resource, .run = crud_list, .operation = "ListConnections",
	.summary = "List the connections of all projects."},
    {M_POST, OP_PATH, ROLE_OPERATOR, ROUTE_WRITES, &direct_connect_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateConnection", .summary = "Make a connection for a project."},
    {M_GET, OP_PATH "/{direct_connect_id}", ROLE_OPERATOR, ROUTE_OBSERVED, &direct_connect_resource, .run = crud_show,
	.operation = "ShowConnection", .summary = "Read one connection."},
    {M_PUT, OP_PATH "/{direct_connect_id}", ROLE_OPERATOR, ROUTE_WRITES, &direct_connect_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateConnection", .summary = "Change a connection."},
    {M_DELETE, OP_PATH "/{direct_connect_id}", ROLE_OPERATOR, ROUTE_WRITES, &direct_connect_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteConnection", .summary = "Remove a connection that carries nothing."},
    {0},
};

static const struct field_column shows[] = {
    {.member = "status"},
    {.title = "Mbit/s", .member = "bandwidth"},
    {.member = "location"},
    {.member = "reason", .note = true},
    {0},
};

static const struct topology topology = {.shows = shows};

static const struct life_move *
life(struct arena *arena)
{
	static const struct life_move moves[] = {
	    {NULL, "it has no port, or its port was not reported yet", "BUILD"},
	    {NULL, "its port has carrier", "ACTIVE"},
	    {NULL, "its port has no carrier", "DOWN"},
	    {NULL, "it is deleted", NULL},
	    {0},
	};

	(void)arena;
	return moves;
}

const struct resource direct_connect_resource = {
    .name = "direct_connect",
    .plural = "direct_connects",
    .title = "connection",
    .shorts = "dc",
    .topology = &topology,
    .table = &direct_connect_table,
    .missing = DC_E_DC_NOT_FOUND,
    .owner = "tenant_id",
    .life = life,
    .routes = direct_connect_routes,
    .chain = chain,
    .create = direct_connect_create,
    .update = direct_connect_update,
    .blockers = blockers,
    .remove = direct_connect_remove,
    .embed = direct_connect_embed,
    .observe_ports = direct_connect_observe_ports,
    .observed = direct_connect_observed,
};
