/* SPDX-License-Identifier: ISC */
/* crud.h - create, show, list, update and delete of any resource, from its table and hooks: run() functions for routes.
 *
 * Answers: {"<name>": {...}, "request_id": "..."}; lists {"<plural>": [...], "page_info": {...}, "request_id": "..."}.
 * Every mutation that changed something leaves an event row in the same transaction. */
#ifndef DC_CRUD_H
#define DC_CRUD_H

#include "api/call.h"

enum dc_code crud_create(struct tx *, struct call *, struct dc_error *err);
/* Honours `fields`. */
enum dc_code crud_show(struct tx *, struct call *, struct dc_error *err);
/* limit, marker, offset, page_reverse, sort_key, sort_dir, fields, and the table's filters (semantics.md section 4). */
enum dc_code crud_list(struct tx *, struct call *, struct dc_error *err);
enum dc_code crud_update(struct tx *, struct call *, struct dc_error *err);
enum dc_code crud_delete(struct tx *, struct call *, struct dc_error *err);

/* The parts, for extra routes. Load: the row with this id that the caller may see; 404 with the resource's code. */
enum dc_code crud_load(
    struct tx *, struct call *, const struct resource *, const char *id, void **ret, struct dc_error *err);
/* The same for a change: the row's chain (resource.chain) and the row are locked. */
enum dc_code crud_load_locked(
    struct tx *, struct call *, const struct resource *, const char *id, void **ret, struct dc_error *err);
/* An id as it is kept, in lower case; NULL when the text cannot be one of the table, so that it is not looked for. */
const char *crud_normal_id(const struct field_table *, const char *id, struct arena *);
/* Refuses while something refers to the row (resource.blockers), naming the first of it. member: of the request, when
 * it is not the whole row that is in the way of. */
enum dc_code crud_check_blockers(
    struct tx *, struct call *, const struct resource *, const char *id, const char *member, struct dc_error *err);
/* The id of the resource above in the path, which must be there; NULL for a resource without one. */
enum dc_code crud_parent(struct tx *, struct call *, const struct resource *, const char **id, struct dc_error *err);
/* The conditions that every look at the resource has: the caller's project (received: as the receiver), the resource
 * above (parent may be NULL), not hidden. Writes at most CRUD_SCOPE_MAX, returns how many. */
#define CRUD_SCOPE_MAX 4
size_t crud_scope(
    const struct call *, const struct resource *, const char *parent, bool received, struct query_cond *cond);
/* The column with the id of the resource above; received: in rows that the caller sees as the receiver. */
const char *crud_parent_column(const struct resource *, bool received);
/* Whether the caller sees rows of others by this call, too: those with its project in resource.receiver. */
bool crud_receives(const struct call *, const struct resource *);
/* The members that the query's `fields` names, for field_options.only; NULL when it names none. */
enum dc_code crud_fields(struct call *, const struct field_table *, const char *const **ret, struct dc_error *err);
/* Writes the envelope of one row into the answer (embed hook included), in the route's answer view; without one, in
 * that of the side the call comes by. created: VIEW_CREATED where it differs. */
enum dc_code crud_answer(
    struct tx *, struct call *, const struct resource *, void *row, bool created, struct dc_error *err);
/* Whether the call is one of the operator's (route_is_operators()): then the operator's views are used. */
bool crud_is_operator(const struct call *);

/* Events: who did what, when, from where, with which request and credential; kept by age, repeats as one row (event.c).
 * project may be NULL. */
enum dc_code event_add(
    struct tx *, const struct call *, const char *action, const char *kind, const char *id, struct dc_error *err);
/* The same, for the project that owns the thing (the operator's calls have none in their path). */
enum dc_code event_add_for(struct tx *, const struct call *, const char *project, const char *action, const char *kind,
    const char *id, struct dc_error *err);
/* A call whose credential was refused: as an event of its own, in a transaction of its own, a bounded number of them.
 */
void event_refused(const struct call *);
/* The kind of due rows that takes away what is too old; a standing one. */
#define EVENT_TRIM "event_trim"
#define EVENT_TRIM_MS (INT64_C(15) * 60 * 1000)
struct due; /* store/due.h */
enum dc_code event_trim(struct tx *, const struct due *, void *user, struct dc_error *err);
extern const struct field_table event_table, event_rate_table;
extern const struct resource event_resource;
extern const struct route event_routes[]; /* GET /dcaas/v1/events */
extern const struct resource project_event_resource;
extern const struct route project_event_routes[]; /* GET /dcaas/v1/projects/{project_id}/events */

#endif
