/* SPDX-License-Identifier: ISC */
#include "dcaasd/fault_routes.h"

#include <string.h>

#include "api/api.h"
#include "api/fault.h"

static enum dc_code
faults_of(const struct call *call, struct faults **ret, struct dc_error *err)
{
	*ret = api_get_options(call->api)->faults;
	return *ret != NULL ? DC_OK
			    : dc_fail(err, DC_E_POLICY, NULL,
				  "Only a test double has faults: set test_double = yes in dcaasd.conf");
}

static bool
is_operation(const struct call *call, const char *name)
{
	for (const struct route *const *table = api_get_options(call->api)->routes; *table != NULL; table++)
		for (const struct route *r = *table; r->path != NULL; r++)
			if (strcmp(r->operation, name) == 0 && (r->flags & (ROUTE_EDGE | ROUTE_NO_FAULTS)) == 0)
				return true;
	return strcmp(name, "*") == 0;
}

static enum dc_code
check_fault(const struct call *call, const struct fault *row, struct dc_error *err)
{
	bool refuses = row->error_code.set == GIVEN;

	if (!is_operation(call, row->operation.v))
		return dc_fail(err, DC_E_PARAM, "fault.operation", "fault.operation: there is no operation %.64s",
		    row->operation.v);
	if (!refuses && (row->error_msg.set == GIVEN || row->status.set == GIVEN))
		return dc_fail(
		    err, DC_E_PARAM, "fault.error_code", "fault.error_code is required with error_msg and status");
	if (!refuses && row->delay_ms.set != GIVEN && !row->drop.v)
		return dc_fail(err, DC_E_PARAM, "fault", "fault must have delay_ms, error_code or drop");
	return DC_OK;
}

#define OUT VIEW_ANSWER

struct one_fault {
	struct f_objects fault;
	struct f_text request_id;
};

static const struct field_table one_fault_table = {
    .name = "OneFault",
    .size = sizeof(struct one_fault),
    .fields =
	(const struct field[]){
	    {AT(one_fault, fault), .kind = F_OBJECT, .of = &fault_table, .may = OUT, .must = OUT, .doc = "The fault."},
	    {AT(one_fault, request_id), .kind = F_TEXT, .max = 36, .may = OUT, .must = OUT,
		.doc = "Identifier of this call."},
	    {0},
	},
};

struct fault_list {
	struct f_objects faults;
	struct f_text request_id;
};

static const struct field_table fault_list_table = {
    .name = "FaultList",
    .size = sizeof(struct fault_list),
    .fields =
	(const struct field[]){
	    {AT(fault_list, faults), .kind = F_OBJECTS, .of = &fault_table, .may = OUT, .must = OUT,
		.doc = "All faults, the oldest first."},
	    {AT(fault_list, request_id), .kind = F_TEXT, .max = 36, .may = OUT, .must = OUT,
		.doc = "Identifier of this call."},
	    {0},
	},
};

static enum dc_code
create_fault(struct call *call, struct dc_error *err)
{
	struct fault *row = arena_memdup(call->arena, call->body, sizeof(*row));
	struct faults *faults;
	enum dc_code rc;

	field_defaults(&fault_table, call->arena, row);
	if ((rc = faults_of(call, &faults, err)) != DC_OK || (rc = check_fault(call, row, err)) != DC_OK ||
	    (rc = faults_add(faults, row, call->arena, err)) != DC_OK)
		return rc;
	call->prepared = row;
	return DC_OK;
}

static enum dc_code
answer_fault(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct one_fault answer = {.fault = {GIVEN, 1, (void *)(uintptr_t)call->prepared}};

	(void)tx;
	(void)err;
	F_SET_TEXT(answer.request_id, call->request_id);
	call_answer_row(call, &answer);
	return DC_OK;
}

static enum dc_code
list_faults(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct fault_list answer = {.faults = {.set = GIVEN}};
	struct faults *faults;
	enum dc_code rc = faults_of(call, &faults, err);

	(void)tx;
	if (rc != DC_OK)
		return rc;
	answer.faults.v = faults_list(faults, call->arena, &answer.faults.n);
	F_SET_TEXT(answer.request_id, call->request_id);
	call_answer_row(call, &answer);
	return DC_OK;
}

/* Like creating: outside of the transaction, which may run twice. */
static enum dc_code
delete_fault(struct call *call, struct dc_error *err)
{
	struct faults *faults;
	enum dc_code rc = faults_of(call, &faults, err);

	if (rc == DC_OK && !faults_remove(faults, call_param(call, "fault_id")) && call_param(call, "fault_id") != NULL)
		return dc_missing(err, DC_E_NOT_FOUND, "The fault %.64s does not exist", call_param(call, "fault_id"));
	return rc;
}

static enum dc_code
nothing_more(struct tx *tx, struct call *call, struct dc_error *err)
{
	(void)tx;
	(void)call;
	(void)err;
	return DC_OK;
}

#define PATH "/dcaas/v1/faults"

const struct route fault_routes[] = {
    {M_GET, PATH, ROLE_OPERATOR, ROUTE_NO_FAULTS, .run = list_faults, .answer_table = &fault_list_table,
	.operation = "ListFaults", .summary = "List the faults that calls will suffer (test double only)."},
    {M_POST, PATH, ROLE_OPERATOR, ROUTE_NO_FAULTS, .view = VIEW_OP_CREATE, .body_table = &fault_table,
	.envelope = "fault", .status = 201, .run = answer_fault, .answer_table = &one_fault_table,
	.operation = "CreateFault",
	.summary = "Let the next calls of an operation be slow, be refused, or get no answer (test double only).",
	.prepare = create_fault, .lane = LANE_OPERATOR},
    {M_DELETE, PATH, ROLE_OPERATOR, ROUTE_NO_FAULTS, .status = 204, .run = nothing_more, .operation = "DeleteFaults",
	.command = "fault clear", .summary = "Remove all faults (test double only).", .prepare = delete_fault,
	.lane = LANE_OPERATOR},
    {M_DELETE, PATH "/{fault_id}", ROLE_OPERATOR, ROUTE_NO_FAULTS, .status = 204, .run = nothing_more,
	.operation = "DeleteFault", .summary = "Remove a fault (test double only).", .prepare = delete_fault,
	.lane = LANE_OPERATOR},
    {0},
};
