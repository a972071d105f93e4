/* SPDX-License-Identifier: ISC */
#include "res/switchover.h"

#include <string.h>

#include "api/crud.h"
#include "res/lifecycle.h"
#include "res/router_lock.h"
#include "res/virtual_interface_place.h"

#define RECORDS_MAX 100 /* of one interface: the oldest go */

static const char *const types[] = {"virtual_interface", NULL};
static const char *const operations[] = {"shutdown", "undo_shutdown", NULL};
static const char *const progress[] = {"STARTING", "INPROGRESS", "COMPLETE", "ERROR", NULL};

static const struct field_column list_columns[] = {
    {.title = "interface", .member = "resource_id"},
    {.member = "operation"},
    {.title = "status", .member = "operate_status"},
    {.title = "started", .member = "start_time"},
    {.title = "ended", .member = "end_time"},
    {0},
};

const struct field_table switchover_record_table = {
    .name = "SwitchoverTestRecord",
    .sql = "switchover_record",
    .size = sizeof(struct switchover_record),
    .guarded_by = "virtual_interface",
    .guard_column = "resource_id",
    .constraints =
	(const struct constraint[]){
	    {"switchover_record_resource_id_fkey", DC_E_VIF_NOT_FOUND, "switchover_test_record.resource_id",
		"the virtual interface does not exist"},
	    {.name = NULL},
	},
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(switchover_record, id), .kind = F_UUID, .may = V_R, .must = V_R, .cli = true,
		.doc = "Identifier of the record."},
	    {AT(switchover_record, tenant_id), .fixed = true, .ref = "project", .kind = F_HEX32, .may = V_R,
		.must = V_R, .doc = "Project of the interface."},
	    {AT(switchover_record, resource_id), .fixed = true, .ref = "virtual_interface", .example = "office",
		.kind = F_UUID, .may = V_CR, .must = V_C | V_R, .filter = true, .cli = true,
		.doc = "Interface that is shut down or brought back."},
	    {AT(switchover_record, resource_type), .kind = F_ENUM, .names = types, .may = V_CR, .must = V_R,
		.fallback = "\"virtual_interface\"", .doc = "Kind of resource."},
	    {AT(switchover_record, operation), .example = "shutdown", .kind = F_ENUM, .names = operations, .may = V_CR,
		.must = V_C | V_R, .cli = true, .doc = "Whether the interface is shut down or brought back."},
	    {AT(switchover_record, operate_status), .kind = F_ENUM, .names = progress, .may = V_R, .must = V_R,
		.cli = true, .doc = "How far that is, as the edge reports it."},
	    {AT(switchover_record, start_time), .kind = F_TIME, .may = V_R, .must = V_R, .sort = true, .cli = true,
		.doc = "When it was ordered."},
	    {AT(switchover_record, end_time), .kind = F_TIME, .nullable = true, .may = V_R, .cli = true,
		.doc = "When it was done, or had failed."},
	    {0},
	},
};

bool
switchover_shuts(const struct virtual_interface *v)
{
	return v->shut_until.set == GIVEN;
}

const char *
switchover_words(const struct virtual_interface *v, struct arena *arena)
{
	char until[UTC_TEXT_SIZE];

	utc_format(v->shut_until.v, until);
	return arena_printf(arena, "shut down for a switchover test until %s", until);
}

enum dc_code
switchover_check_idle(const struct virtual_interface *v, struct dc_error *err)
{
	return switchover_shuts(v) ? dc_fail(err, DC_E_VIF_STATE, NULL,
					 "a switchover test has shut the interface down: bring it back first")
				   : DC_OK;
}

/* --- records --- */

static enum dc_code
write_progress(struct tx *tx, const char *id, const char *status, struct dc_error *err)
{
	static const char *const begun[] = {"operate_status", NULL}, *const ended[] = {
									 "operate_status", "end_time", NULL};
	bool ends = strcmp(status, "COMPLETE") == 0 || strcmp(status, "ERROR") == 0;
	struct switchover_record record = {0};

	F_SET_TEXT(record.operate_status, status);
	F_SET_INT(record.end_time, tx_now(tx));
	return query_set(tx, &switchover_record_table, ends ? ended : begun, &record, Q(Q_EQ("id", id)), NULL, err);
}

/* What is on its way and is overtaken by another call, or by its deadline. */
static enum dc_code
give_up(struct tx *tx, const struct virtual_interface *v, struct dc_error *err)
{
	return v->switchover_id.set == GIVEN ? write_progress(tx, v->switchover_id.v, "ERROR", err) : DC_OK;
}

static enum dc_code
drop_old(struct tx *tx, const char *vif_id, struct dc_error *err)
{
	struct query_page oldest = {.descending = true, .offset = RECORDS_MAX - 1, .limit = RECORDS_MAX};
	const struct switchover_record *record;
	void *rows;
	size_t n;
	enum dc_code rc =
	    query_list(tx, &switchover_record_table, Q(Q_EQ("resource_id", vif_id)), &oldest, &rows, &n, err);

	record = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		rc = query_delete(tx, &switchover_record_table, Q(Q_EQ("id", record[i].id.v)), NULL, err);
	return rc;
}

enum dc_code
switchover_forget(struct tx *tx, const char *vif_id, struct dc_error *err)
{
	enum dc_code rc = query_delete(tx, &switchover_record_table, Q(Q_EQ("resource_id", vif_id)), NULL, err);

	return rc == DC_OK ? due_clear(tx, SWITCHOVER_END, vif_id, err) : rc;
}

/* --- the interface --- */

/* What leads to it without being its own: routes of a global DC gateway, and the global EIPs of a connect gateway. They
 * are taken away and put back with it. */
static enum dc_code
dirty_rows(struct tx *tx, const char *resource, const char *column, const struct f_text *value, struct dc_error *err)
{
	const struct resource *res = work_resource(tx, resource);
	const char *row;
	void *rows;
	size_t n;
	enum dc_code rc;

	if (value->set != GIVEN)
		return DC_OK;
	rc = query_list(tx, res->table, Q(Q_EQ(column, value->v)), NULL, &rows, &n, err);
	row = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++, row += res->table->size)
		tx_dirty(tx, res, field_to_text(field_find(res->table, "id"), row, tx_arena(tx)));
	return rc;
}

static enum dc_code
dirty_routes(struct tx *tx, const struct virtual_interface *v, struct dc_error *err)
{
	enum dc_code rc = dirty_rows(tx, "gdgw_routetable", "vif_id", &v->id, err);

	return rc == DC_OK ? dirty_rows(tx, "global_eip_binding", "connect_gateway_id", &v->gateway_id, err) : rc;
}

static enum dc_code
write_interface(struct tx *tx, struct virtual_interface *v, struct dc_error *err)
{
	static const char *const columns[] = {"status", "shut_until", "switchover_id", NULL};
	enum dc_code rc = query_set(tx, &virtual_interface_table, columns, v, Q(Q_EQ("id", v->id.v)), NULL, err);

	if (rc != DC_OK)
		return rc;
	tx_dirty(tx, work_resource(tx, "virtual_interface"), v->id.v);
	return dirty_routes(tx, v, err);
}

static enum dc_code
shut(struct tx *tx, struct virtual_interface *v, const char *record_id, int64_t seconds, struct dc_error *err)
{
	enum dc_code rc;

	life_move(&v->status, EV_SHUT, "virtual_interface", v->id.v);
	F_SET_INT(v->shut_until, tx_now(tx) + seconds * 1000);
	F_SET_TEXT(v->switchover_id, record_id);
	if ((rc = write_interface(tx, v, err)) != DC_OK)
		return rc;
	return due_set(tx, SWITCHOVER_END, v->id.v, NULL, v->shut_until.v, err);
}

static enum dc_code
bring_back(struct tx *tx, struct virtual_interface *v, const char *record_id, struct dc_error *err)
{
	life_move(&v->status, EV_BROUGHT_BACK, "virtual_interface", v->id.v);
	F_SET_NULL(v->shut_until);
	F_SET_TEXT(v->switchover_id, record_id);
	return write_interface(tx, v, err);
}

static enum dc_code
want_interface(struct tx *tx, struct virtual_interface *v, struct lock_set *set, struct dc_error *err)
{
	enum dc_code rc;

	lock_want(set, &virtual_interface_table, v->id.v);
	rc = vif_chain(tx, NULL, v, set, err);
	return rc == DC_OK ? router_want_locks(tx, v->router_id.v, set, err) : rc;
}

/* --- the call --- */

static enum dc_code
load_interface(
    struct tx *tx, const struct switchover_record *record, struct virtual_interface **ret, struct dc_error *err)
{
	void *row;
	enum dc_code rc = query_get(tx, &virtual_interface_table,
	    Q(Q_EQ("id", record->resource_id.v), Q_EQ("tenant_id", record->tenant_id.v)), &row, err);

	if (rc == DC_OK)
		*ret = row;
	return rc == DC_E_NOT_FOUND ? dc_fail(err, DC_E_VIF_NOT_FOUND, "switchover_test_record.resource_id",
					  "switchover_test_record.resource_id: virtual interface %s does not exist",
					  record->resource_id.v)
				    : rc;
}

static enum dc_code
switchover_chain(struct tx *tx, struct call *call, void *row, struct lock_set *set, struct dc_error *err)
{
	struct virtual_interface *v;
	enum dc_code rc = load_interface(tx, row, &v, err);

	(void)call;
	if (rc != DC_OK)
		return rc;
	return want_interface(tx, v, set, err);
}

static enum dc_code
switchover_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct switchover_record *record = row;
	struct virtual_interface *v;
	bool shuts = strcmp(record->operation.v, "shutdown") == 0;
	enum dc_code rc = load_interface(tx, record, &v, err);

	(void)call;
	if (rc != DC_OK)
		return rc;
	if (shuts && !life_is(&v->status, LIFE_ACTIVE) && !life_is(&v->status, LIFE_DOWN))
		return dc_fail(err, DC_E_VIF_STATE, "switchover_test_record.operation",
		    "switchover_test_record.operation: only an interface that is ACTIVE or DOWN can be shut down: it "
		    "is %s",
		    v->status.v);
	if (!shuts && !switchover_shuts(v))
		return dc_fail(err, DC_E_VIF_STATE, "switchover_test_record.operation",
		    "switchover_test_record.operation: no switchover test has shut the interface down");
	F_SET_TEXT(record->operate_status, "STARTING");
	F_SET_INT(record->start_time, tx_now(tx));
	if ((rc = give_up(tx, v, err)) != DC_OK)
		return rc;
	return drop_old(tx, v->id.v, err);
}

static enum dc_code
switchover_created(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct switchover_record *record = row;
	struct virtual_interface *v;
	enum dc_code rc = load_interface(tx, record, &v, err);

	if (rc != DC_OK)
		return rc;
	if (strcmp(record->operation.v, "shutdown") == 0)
		return shut(tx, v, record->id.v, res_settings(call)->switchover_seconds, err);
	if ((rc = bring_back(tx, v, record->id.v, err)) != DC_OK)
		return rc;
	return due_clear(tx, SWITCHOVER_END, v->id.v, err);
}

/* --- its progress --- */

static bool
is_down(const struct vif_peer *p)
{
	return life_is(&p->status, LIFE_DOWN) && (p->bgp_status.set != GIVEN || strcmp(p->bgp_status.v, "up") != 0);
}

/* STARTING until the edge has reported what was ordered. */
static const char *
progress_of(const struct virtual_interface *v, const struct vif_peer *peer, size_t n)
{
	bool waiting = false, failed = false, stays = false;

	for (size_t i = 0; i < n; i++) {
		waiting = waiting || life_is(&peer[i].status, LIFE_PENDING_CREATE) ||
			  life_is(&peer[i].status, LIFE_PENDING_UPDATE);
		failed = failed || life_is(&peer[i].status, LIFE_ERROR);
		stays = stays || !(is_down(&peer[i]) || life_is(&peer[i].status, LIFE_PENDING_DELETE));
	}
	if (waiting)
		return "STARTING";
	if (failed)
		return "ERROR";
	return switchover_shuts(v) && stays ? "INPROGRESS" : "COMPLETE";
}

enum dc_code
switchover_settle(
    struct tx *tx, struct virtual_interface *v, const struct vif_peer *peer, size_t n, struct dc_error *err)
{
	static const char *const columns[] = {"switchover_id", NULL};
	const char *now;
	enum dc_code rc;

	if (v->switchover_id.set != GIVEN)
		return DC_OK;
	now = progress_of(v, peer, n);
	if (strcmp(now, "STARTING") == 0)
		return DC_OK;
	if ((rc = write_progress(tx, v->switchover_id.v, now, err)) != DC_OK || strcmp(now, "INPROGRESS") == 0)
		return rc;
	F_SET_NULL(v->switchover_id);
	return query_set(tx, &virtual_interface_table, columns, v, Q(Q_EQ("id", v->id.v)), NULL, err);
}

/* --- its end, when nobody ends it --- */

/* Locks what the interface is in, and reads it under its lock; NULL: there is nothing to end. */
static enum dc_code
lock_interface(struct tx *tx, const char *id, struct virtual_interface **ret, struct dc_error *err)
{
	LOCK_SET(set, tx);
	void *row;
	enum dc_code rc = query_get(tx, &virtual_interface_table, Q(Q_EQ("id", id)), &row, err);

	*ret = NULL;
	if (rc == DC_OK) {
		if ((rc = want_interface(tx, row, &set, err)) != DC_OK || (rc = lock_rows(tx, &set, err)) != DC_OK)
			return rc;
		rc = query_get(tx, &virtual_interface_table, Q(Q_EQ("id", id)), &row, err);
	}
	if (rc == DC_OK)
		*ret = row;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

enum dc_code
switchover_end(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	struct switchover_record record = {0};
	struct virtual_interface *v;
	char id[UUID_TEXT_SIZE];
	enum dc_code rc = lock_interface(tx, due->owner.v, &v, err);

	(void)user;
	if (rc != DC_OK || v == NULL || !switchover_shuts(v) || life_is(&v->status, LIFE_PENDING_DELETE))
		return rc;
	uuid_new(id);
	F_SET_TEXT(record.id, id);
	record.tenant_id = v->tenant_id;
	record.resource_id = v->id;
	F_SET_TEXT(record.resource_type, types[0]);
	F_SET_TEXT(record.operation, "undo_shutdown");
	F_SET_TEXT(record.operate_status, "STARTING");
	F_SET_INT(record.start_time, tx_now(tx));
	if ((rc = give_up(tx, v, err)) != DC_OK || (rc = drop_old(tx, v->id.v, err)) != DC_OK ||
	    (rc = query_insert(tx, &switchover_record_table, &record, err)) != DC_OK)
		return rc;
	return bring_back(tx, v, id, err);
}

#define PATH "/v3/{project_id}/dcaas/switchover-test"

static const struct route switchover_routes[] = {
    {M_GET, PATH, ROLE_READER, .res = &switchover_resource, .run = crud_list, .operation = "ListSwitchoverTestRecords",
	.command = "switchover-test list", .summary = "List the switchover tests of the project's interfaces."},
    {M_POST, PATH, ROLE_MEMBER, ROUTE_WRITES, &switchover_resource, VIEW_CREATE, .status = 201, .run = crud_create,
	.operation = "SwitchoverTest", .errors = ERRORS(DC_E_VIF_NOT_FOUND, DC_E_VIF_STATE),
	.command = "switchover-test create",
	.summary = "Shut a virtual interface down to see what takes over, or bring it back."},
    {0},
};

static const struct life_move *
life(struct arena *arena)
{
	static const struct life_move moves[] = {
	    {NULL, "it is ordered", "STARTING"},
	    {"STARTING", "the edge is asked to shut the sessions down, or to bring them back", "INPROGRESS"},
	    {"STARTING", "the sessions are as ordered", "COMPLETE"},
	    {"STARTING", "the edge could not do what was ordered", "ERROR"},
	    {"INPROGRESS", "the sessions are as ordered", "COMPLETE"},
	    {"INPROGRESS", "the edge could not do what was ordered", "ERROR"},
	    {0},
	};

	(void)arena;
	return moves;
}

const struct resource switchover_resource = {
    .name = "switchover_test_record",
    .plural = "switchover_test_records",
    .title = "switchover test",
    .shorts = "switchover",
    .identity = "id",
    .table = &switchover_record_table,
    .missing = DC_E_NOT_FOUND,
    .owner = "tenant_id",
    .life = life,
    .routes = switchover_routes,
    .chain = switchover_chain,
    .create = switchover_create,
    .created = switchover_created,
};
