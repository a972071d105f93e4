/* Events: one row for each change, kept by count and age. */
#include "api/crud.h"

#include "api/api.h"

#define KEPT_PER_PROJECT 1000
#define KEPT_MS (INT64_C(90) * 24 * 3600 * 1000)
#define TRIM_ONE_IN 64

struct event_row {
	struct f_text id, project_id;
	struct f_int create_time;
	struct f_text action, kind, resource_id, user_id, user_name, request_id;
};

#define MAY VIEW_OP_ANSWER

static const struct field event_fields[] = {
    {AT(event_row, id), .kind = F_UUID, .may = MAY, .must = MAY, .sort = true,
	.doc = "Id of the event; by it events are in the order they happened."},
    {AT(event_row, project_id), .kind = F_HEX32, .may = MAY, .nullable = true, .filter = true, .cli = true,
	.doc = "Project it concerns; null: the operator's own things."},
    {AT(event_row, create_time), .kind = F_TIME, .may = MAY, .must = MAY, .sort = true, .cli = true, .doc = "When."},
    {AT(event_row, action), .kind = F_TEXT, .may = MAY, .must = MAY, .max = 64, .filter = true, .cli = true,
	.doc = "What was done: create, update, delete and others."},
    {AT(event_row, kind), .kind = F_TEXT, .may = MAY, .must = MAY, .max = 64, .filter = true, .cli = true,
	.doc = "Kind of resource."},
    {AT(event_row, resource_id), .kind = F_TEXT, .may = MAY, .max = 64, .nullable = true, .filter = true, .cli = true,
	.doc = "Its id."},
    {AT(event_row, user_id), .kind = F_TEXT, .may = MAY, .max = 64, .nullable = true, .filter = true,
	.doc = "Who; null: the service itself."},
    {AT(event_row, user_name), .kind = F_TEXT, .may = MAY, .max = 64, .nullable = true, .cli = true,
	.doc = "Who, by name; for an edge its id."},
    {AT(event_row, request_id), .kind = F_HEX32, .may = MAY, .nullable = true, .filter = true,
	.doc = "The call's X-Request-Id."},
    {.name = NULL},
};

const struct field_table event_table = {
    .name = "Event",
    .sql = "event",
    .size = sizeof(struct event_row),
    .fields = event_fields,
};

const struct resource event_resource = {
    .name = "event",
    .plural = "events",
    .title = "event",
    .table = &event_table,
    .missing = DC_E_NOT_FOUND,
    .routes = event_routes,
};

const struct route event_routes[] = {
    {.method = M_GET,
	.path = "/dcaas/v1/events",
	.role = ROLE_OPERATOR,
	.res = &event_resource,
	.run = crud_list,
	.operation = "ListEvents",
	.summary = "List what was done, by whom and when."},
    {.path = NULL},
};

/* Not at each event: reading past the newest thousand costs more than writing one. So a project may hold a few dozen
 * more than KEPT_PER_PROJECT for a while. */
static enum dc_code
trim(struct tx *tx, const char *project, struct dc_error *err)
{
	struct query_page newest = {.sort = "id", .descending = true, .offset = KEPT_PER_PROJECT, .limit = 1};
	struct query_cond of_project = Q_IS_NULL("project_id");
	void *rows = NULL;
	size_t n = 0;
	enum dc_code rc;

	if (project != NULL)
		of_project = (struct query_cond)Q_EQ("project_id", project);
	rc = query_delete(tx, &event_table, Q(Q_LT_INT("create_time", tx_now(tx) - KEPT_MS)), NULL, err);
	if (rc != DC_OK || (rc = query_list(tx, &event_table, Q(of_project), &newest, &rows, &n, err)) != DC_OK ||
	    n == 0)
		return rc;
	return query_delete(tx, &event_table,
	    Q(of_project, {.column = "id", .op = Q_OP_LE, .text = ((const struct event_row *)rows)->id.v}), NULL, err);
}

enum dc_code
event_add_for(struct tx *tx, const struct call *call, const char *project, const char *action, const char *kind,
    const char *id, struct dc_error *err)
{
	struct event_row row = {0};
	char own_id[UUID_TEXT_SIZE];
	unsigned char dice;
	enum dc_code rc;

	uuid_new(own_id);
	F_SET_TEXT(row.id, own_id);
	F_SET_TEXT(row.project_id, project);
	F_SET_INT(row.create_time, tx_now(tx));
	F_SET_TEXT(row.action, action);
	F_SET_TEXT(row.kind, kind);
	F_SET_TEXT(row.resource_id, id);
	F_SET_TEXT(row.user_id, call->who.user_id);
	F_SET_TEXT(row.user_name, call->who.edge_id != NULL ? call->who.edge_id : call->who.user_name);
	F_SET_TEXT(row.request_id, call->request_id);
	if ((rc = query_insert(tx, &event_table, &row, err)) != DC_OK)
		return rc;
	random_bytes(&dice, 1);
	return dice % TRIM_ONE_IN == 0 ? trim(tx, project, err) : DC_OK;
}

enum dc_code
event_add(
    struct tx *tx, const struct call *call, const char *action, const char *kind, const char *id, struct dc_error *err)
{
	return event_add_for(tx, call, call->project, action, kind, id, err);
}
