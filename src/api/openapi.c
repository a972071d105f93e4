/* SPDX-License-Identifier: ISC */
/* openapi.c - the routes and their tables as an OpenAPI 3.0 document: what the command line, tests and readers go by.
 */
#include "api/api.h"
#include "api/crud.h"
#include "api/errors.h"

#define SCHEMAS_MAX 256

/* One schema under components: a table seen through a view. */
struct schema {
	const struct field_table *table;
	enum field_view view;
};

struct document {
	const struct route *const *tables;
	struct json *out;
	struct arena *arena;
	struct schema schema[SCHEMAS_MAX];
	size_t schema_n;
};

static const char *
view_suffix(enum field_view view)
{
	if (view == VIEW_CREATE || view == VIEW_OP_CREATE)
		return "Create";
	if (view == VIEW_UPDATE || view == VIEW_OP_UPDATE)
		return "Update";
	return view == VIEW_CREATED ? "Created" : view == VIEW_OWN ? "Observed" : "";
}

static bool
is_operator_view(enum field_view view)
{
	return view == VIEW_OP_CREATE || view == VIEW_OP_UPDATE || view == VIEW_OP_ANSWER;
}

static const char *
schema_name(const struct document *d, const struct schema *s)
{
	return arena_printf(
	    d->arena, "%s%s%s", is_operator_view(s->view) ? "Operator" : "", s->table->name, view_suffix(s->view));
}

/* {"$ref": ...} to a schema, which is remembered for components. */
static void
write_ref(struct document *d, const struct field_table *table, enum field_view view)
{
	const struct schema wanted = {table, view};
	size_t i = 0;

	while (i < d->schema_n && (d->schema[i].table != table || d->schema[i].view != view))
		i++;
	if (i == d->schema_n && i < SCHEMAS_MAX)
		d->schema[d->schema_n++] = wanted;
	jw_object_begin(d->out);
	jw_member_string(d->out, "$ref", arena_printf(d->arena, "#/components/schemas/%s", schema_name(d, &wanted)));
	jw_object_end(d->out);
}

/* --- parameters --- */

static void
begin_parameter(struct json *out, const char *in, const char *name, bool required, const char *doc)
{
	jw_object_begin(out);
	jw_member_string(out, "in", in);
	jw_member_string(out, "name", name);
	jw_member_bool(out, "required", required);
	if (doc != NULL)
		jw_member_string(out, "description", doc);
	jw_key(out, "schema");
	jw_object_begin(out);
}

static void
write_words(struct document *d, const char *words)
{
	char *rest = arena_strdup(d->arena, words), *word;

	jw_array_begin(d->out);
	while ((word = strsep(&rest, "|")) != NULL)
		jw_string(d->out, word);
	jw_array_end(d->out);
}

static void
write_ref_to(struct document *d, const char *resources)
{
	jw_key(d->out, "x-dcaas-ref");
	write_words(d, resources);
}

static void
end_parameter(struct json *out)
{
	jw_object_end(out);
	jw_object_end(out);
}

static void
text_parameter(struct json *out, const char *in, const char *name, bool required, const char *doc)
{
	begin_parameter(out, in, name, required, doc);
	jw_member_string(out, "type", "string");
	if (strcmp(name, "project_id") == 0)
		jw_member_string(out, "pattern", "^[0-9a-fA-F]{32}$");
	end_parameter(out);
}

static void
number_parameter(struct json *out, const char *name, int64_t min, int64_t max, const char *doc)
{
	begin_parameter(out, "query", name, false, doc);
	jw_member_string(out, "type", "integer");
	jw_member_int(out, "minimum", min);
	jw_member_int(out, "maximum", max);
	end_parameter(out);
}

static bool
is_parent(const struct resource *res, const char *parameter)
{
	return res->parent != NULL && strcmp(parameter, res->parent_column) == 0;
}

/* The description of a parameter of an extra route's path. */
static const struct field *
described(const struct route *r, const char *parameter)
{
	return r->query_table != NULL ? field_find(r->query_table, parameter) : NULL;
}

static void
path_schema(struct json *out, const struct field *f, const char *name)
{
	jw_member_string(out, "type", "string");
	if (strcmp(name, "project_id") == 0)
		jw_member_string(out, "pattern", "^[0-9a-fA-F]{32}$");
	if (f == NULL)
		return;
	if (f->min > 0)
		jw_member_int(out, "minLength", f->min);
	if (f->max > 0)
		jw_member_int(out, "maxLength", f->max);
	if (f->kind != F_ENUM)
		return;
	jw_key(out, "enum");
	jw_array_begin(out);
	for (const char *const *word = f->names; *word != NULL; word++)
		jw_string(out, *word);
	jw_array_end(out);
}

/* What a parameter of the path identifies; NULL: nothing that has a name. */
static const char *
identified(struct document *d, const struct route *r, const struct field *f, const char *parameter)
{
	size_t n = strlen(parameter);

	if (f != NULL && f->ref != NULL)
		return f->ref;
	if (r->res != NULL)
		return is_parent(r->res, parameter) ? r->res->parent->name : r->res->name;
	return n > 3 && strcmp(parameter + n - 3, "_id") == 0 ? arena_strndup(d->arena, parameter, n - 3) : NULL;
}

static void
path_parameters(struct document *d, const struct route *r)
{
	for (const char *at = r->path; (at = strchr(at, '{')) != NULL; at++) {
		const char *name = arena_strndup(d->arena, at + 1, strcspn(at + 1, "}"));
		bool project = strcmp(name, "project_id") == 0 && !route_is_operators(r);

		const struct field *f = described(r, name);

		begin_parameter(d->out, "path", name, true,
		    project     ? "The caller's project."
		    : f != NULL ? f->doc
				: NULL);
		path_schema(d->out, f, name);
		jw_object_end(d->out);
		const char *ref = project ? "project" : identified(d, r, f, name);

		if (ref != NULL)
			write_ref_to(d, ref);
		jw_object_end(d->out);
	}
}

static void
sort_parameters(struct document *d, const struct field_table *table)
{
	begin_parameter(d->out, "query", "sort_key", false, "Member to sort by.");
	jw_member_string(d->out, "type", "string");
	jw_key(d->out, "enum");
	jw_array_begin(d->out);
	jw_string(d->out, "id");
	for (const struct field *f = table->fields; f->name != NULL; f++)
		if (f->sort && !f->no_column && strcmp(f->name, "id") != 0)
			jw_string(d->out, f->name);
	jw_array_end(d->out);
	end_parameter(d->out);
	begin_parameter(d->out, "query", "sort_dir", false, "Direction.");
	jw_member_string(d->out, "type", "string");
	jw_key(d->out, "enum");
	jw_array_begin(d->out);
	jw_string(d->out, "asc");
	jw_string(d->out, "desc");
	jw_array_end(d->out);
	end_parameter(d->out);
}

static enum field_view
answer_view(const struct route *r)
{
	if (r->answer != 0)
		return r->answer;
	if (route_is_operators(r))
		return VIEW_OP_ANSWER;
	return r->res->table->created_differs && r->run != crud_show && r->run != crud_list ? VIEW_CREATED
											    : VIEW_ANSWER;
}

static void
filter_parameters(struct document *d, const struct field_table *table, enum field_view view)
{
	for (const struct field *f = table->fields; f->name != NULL; f++) {
		if (!(f->filter || f->filter_csv) || (f->no_column && f->fallback == NULL) ||
		    !(f->may & (unsigned)view))
			continue;
		begin_parameter(d->out, "query", f->name, false,
		    arena_printf(d->arena, "Only items with this %s; several values: any of them.", f->name));
		jw_member_string(d->out, "type", "array");
		jw_key(d->out, "items");
		jw_object_begin(d->out);
		jw_member_string(d->out, "type",
		    f->kind == F_INT    ? "integer"
		    : f->kind == F_BOOL ? "boolean"
					: "string");
		jw_object_end(d->out);
		jw_object_end(d->out);
		if (f->ref != NULL)
			write_ref_to(d, f->ref);
		jw_object_end(d->out);
	}
}

static void
fields_parameter(struct document *d)
{
	begin_parameter(d->out, "query", "fields", false, "Only these members, and id.");
	jw_member_string(d->out, "type", "array");
	jw_member_int(d->out, "maxItems", 5);
	jw_key(d->out, "items");
	jw_object_begin(d->out);
	jw_member_string(d->out, "type", "string");
	jw_object_end(d->out);
	end_parameter(d->out);
}

/* Of an extra route: parameters that stand once, and filters, which may stand several times. */
static void
query_parameters(struct document *d, const struct route *r)
{
	for (const struct field *f = r->query_table->fields; f->name != NULL; f++) {
		if (!f->parameter)
			continue;
		if (f->kind == F_INT) {
			number_parameter(d->out, f->name, f->min, f->max, f->doc);
			continue;
		}
		begin_parameter(d->out, "query", f->name, false, f->doc);
		path_schema(d->out, f, f->name);
		end_parameter(d->out);
	}
	filter_parameters(d, r->query_table, VIEW_ANSWER);
}

static void
list_parameters(struct document *d, const struct field_table *table, enum field_view view)
{
	number_parameter(d->out, "limit", 1, 2000, "Items of a page.");
	text_parameter(d->out, "query", "marker", false, "Id of the last item of the page before.");
	number_parameter(d->out, "offset", 0, 1000, "Items to pass over, without a marker.");
	begin_parameter(d->out, "query", "page_reverse", false, "The page before the marker instead.");
	jw_member_string(d->out, "type", "boolean");
	end_parameter(d->out);
	fields_parameter(d);
	sort_parameters(d, table);
	filter_parameters(d, table, view);
}

static void
write_parameters(struct document *d, const struct route *r)
{
	jw_key(d->out, "parameters");
	jw_array_begin(d->out);
	path_parameters(d, r);
	if (r->run == crud_list)
		list_parameters(d, r->res->table, answer_view(r));
	else if (r->run == crud_show)
		fields_parameter(d);
	else if (r->query_table != NULL)
		query_parameters(d, r);
	jw_array_end(d->out);
}

/* --- bodies --- */

static void
begin_json_content(struct json *out)
{
	jw_key(out, "content");
	jw_object_begin(out);
	jw_key(out, "application/json");
	jw_object_begin(out);
	jw_key(out, "schema");
}

static void
end_json_content(struct json *out)
{
	jw_object_end(out);
	jw_object_end(out);
}

static void
required_members(struct json *out, const char *first, const char *second)
{
	jw_key(out, "required");
	jw_array_begin(out);
	jw_string(out, first);
	if (second != NULL)
		jw_string(out, second);
	jw_array_end(out);
}

static void
write_request(struct document *d, const struct route *r)
{
	const struct field_table *table = r->body_table != NULL ? r->body_table : r->res != NULL ? r->res->table : NULL;
	const char *envelope = r->envelope != NULL ? r->envelope : r->res != NULL ? r->res->name : "";

	if (r->view == 0 || table == NULL)
		return;
	jw_key(d->out, "requestBody");
	jw_object_begin(d->out);
	jw_member_bool(d->out, "required", envelope[0] != '\0' || field_table_requires(table, r->view));
	begin_json_content(d->out);
	if (envelope[0] == '\0') {
		write_ref(d, table, r->view);
	} else {
		jw_object_begin(d->out);
		jw_member_string(d->out, "type", "object");
		required_members(d->out, envelope, NULL);
		jw_key(d->out, "properties");
		jw_object_begin(d->out);
		jw_key(d->out, envelope);
		write_ref(d, table, r->view);
		jw_object_end(d->out);
		jw_object_end(d->out);
	}
	end_json_content(d->out);
	jw_object_end(d->out);
}

static void
write_items(struct document *d, const struct route *r)
{
	jw_object_begin(d->out);
	jw_member_string(d->out, "type", "array");
	jw_key(d->out, "items");
	write_ref(d, r->res->table, answer_view(r));
	jw_object_end(d->out);
}

static void
write_answer_schema(struct document *d, const struct route *r)
{
	if (r->answer_table != NULL) {
		write_ref(d, r->answer_table, VIEW_ANSWER);
		return;
	}
	/* A part of the resource answers with itself; words about the call are no part. */
	bool list = r->run == crud_list, part = r->body_table != NULL && r->envelope[0] != '\0';

	jw_object_begin(d->out);
	jw_member_string(d->out, "type", "object");
	if (r->res != NULL) {
		const char *name = list ? r->res->plural : part ? r->envelope : r->res->name;

		required_members(d->out, name, "request_id");
		jw_key(d->out, "properties");
		jw_object_begin(d->out);
		jw_key(d->out, name);
		if (list)
			write_items(d, r);
		else
			write_ref(d, part ? r->body_table : r->res->table, answer_view(r));
		if (list) {
			jw_key(d->out, "page_info");
			jw_raw(d->out, "{\"$ref\":\"#/components/schemas/PageInfo\"}");
			if (r->res->counted && !is_operator_view(answer_view(r))) {
				jw_key(d->out, "total_count");
				jw_raw(d->out, "{\"type\":\"integer\",\"minimum\":0}");
			}
		}
		jw_key(d->out, "request_id");
		jw_raw(d->out, "{\"type\":\"string\"}");
		jw_object_end(d->out);
	}
	jw_object_end(d->out);
}

static void
write_responses(struct document *d, const struct route *r)
{
	int status = r->status != 0 ? r->status : r->run == crud_delete ? 204 : 200;

	jw_key(d->out, "responses");
	jw_object_begin(d->out);
	jw_key(d->out, arena_printf(d->arena, "%d", status));
	jw_object_begin(d->out);
	jw_member_string(d->out, "description", "Done.");
	if (status != 204) {
		begin_json_content(d->out);
		write_answer_schema(d, r);
		end_json_content(d->out);
	}
	jw_object_end(d->out);
	jw_key(d->out, "default");
	jw_object_begin(d->out);
	jw_member_string(d->out, "description", "Refused, and why.");
	begin_json_content(d->out);
	jw_raw(d->out, "{\"$ref\":\"#/components/schemas/Error\"}");
	end_json_content(d->out);
	jw_object_end(d->out);
	jw_object_end(d->out);
}

/* --- operations --- */

static const char *
method_key(enum method m)
{
	return m == M_GET ? "get" : m == M_POST ? "post" : m == M_PUT ? "put" : "delete";
}

static void
write_operation(struct document *d, const struct route *r)
{
	jw_key(d->out, method_key(r->method));
	jw_object_begin(d->out);
	jw_member_string(d->out, "operationId", r->operation);
	jw_member_string(d->out, "summary", r->summary);
	if (r->res != NULL) {
		jw_key(d->out, "tags");
		jw_array_begin(d->out);
		jw_string(d->out, r->res->title);
		jw_array_end(d->out);
	}
	if (r->command != NULL)
		jw_member_string(d->out, "x-dcaas-command", r->command);
	if (r->flags & ROUTE_DOCUMENT)
		jw_member_bool(d->out, "x-dcaas-document", true);
	if (r->flags & ROUTE_REFUSED)
		jw_member_bool(d->out, "x-dcaas-refused", true);
	if (route_declares_errors(r)) {
		jw_key(d->out, "x-dcaas-errors");
		route_write_errors(r, d->out);
	}
	if (r->flags & ROUTE_OPEN) {
		jw_key(d->out, "security");
		jw_array_begin(d->out);
		jw_array_end(d->out);
	}
	write_parameters(d, r);
	write_request(d, r);
	write_responses(d, r);
	jw_object_end(d->out);
}

/* --- resources --- */

typedef void (*route_visit)(struct document *, const struct route *, void *arg);

static void
each_route(struct document *d, route_visit visit, void *arg)
{
	for (size_t t = 0; d->tables[t] != NULL; t++)
		for (const struct route *r = d->tables[t]; r->path != NULL; r++)
			if (!(r->flags & ROUTE_HIDDEN))
				visit(d, r, arg);
}

struct same_path {
	const struct route *wanted;
	const struct route *first; /* route with that path that comes first */
	bool write;
};

static void
visit_same(struct document *d, const struct route *r, void *arg)
{
	struct same_path *same = arg;

	if (strcmp(r->path, same->wanted->path) != 0)
		return;
	if (same->first == NULL)
		same->first = r;
	if (same->write)
		write_operation(d, r);
}

/* Writes all operations of a path where its first route stands. */
static void
visit_path(struct document *d, const struct route *r, void *arg)
{
	struct same_path same = {.wanted = r};

	(void)arg;
	each_route(d, visit_same, &same);
	if (same.first != r)
		return;
	same.write = true;
	jw_key(d->out, r->path);
	jw_object_begin(d->out);
	each_route(d, visit_same, &same);
	jw_object_end(d->out);
}

struct first_route {
	const struct route *wanted, *first;
};

static void
visit_resource(struct document *d, const struct route *r, void *arg)
{
	struct first_route *f = arg;

	(void)d;
	if (f->first == NULL && r->res == f->wanted->res)
		f->first = r;
}

static void
write_topology(struct document *d, const struct resource *res)
{
	enum field_view view = res->owner != NULL ? VIEW_ANSWER : VIEW_OP_ANSWER;

	jw_key(d->out, "x-dcaas-topology");
	jw_object_begin(d->out);
	if (res->topology->under != NULL)
		jw_member_string(d->out, "under", res->topology->under);
	if (res->topology->leads != NULL) {
		jw_key(d->out, "leads");
		write_words(d, res->topology->leads);
	}
	jw_key(d->out, "shows");
	field_columns(res->table, view, res->topology->shows, d->out);
	jw_object_end(d->out);
}

static void
write_life(struct document *d, const struct resource *res)
{
	jw_key(d->out, "x-dcaas-life-cycle");
	jw_array_begin(d->out);
	for (const struct life_move *m = res->life(d->arena); m->on != NULL; m++) {
		jw_object_begin(d->out);
		jw_member_string(d->out, "from", m->from);
		jw_member_string(d->out, "on", m->on);
		jw_member_string(d->out, "to", m->to);
		jw_object_end(d->out);
	}
	jw_array_end(d->out);
}

static void
write_trail(struct document *d, const struct trail *t)
{
	jw_key(d->out, "x-dcaas-trail");
	jw_object_begin(d->out);
	jw_member_string(d->out, "time", t->time);
	jw_member_string(d->out, "who", t->who);
	jw_member_string(d->out, "action", t->action);
	jw_member_string(d->out, "kind", t->kind);
	jw_member_string(d->out, "thing", t->thing);
	jw_member_string(d->out, "from", t->from);
	jw_member_string(d->out, "count", t->count);
	jw_object_end(d->out);
}

/* A resource is a tag: how it is called, known and drawn. */
static void
visit_tag(struct document *d, const struct route *r, void *arg)
{
	struct first_route f = {.wanted = r};
	const struct resource *res = r->res;

	(void)arg;
	if (res == NULL)
		return;
	each_route(d, visit_resource, &f);
	if (f.first != r)
		return;
	jw_object_begin(d->out);
	jw_member_string(d->out, "name", res->title);
	jw_member_string(d->out, "x-dcaas-resource", res->name);
	if (res->shorts != NULL) {
		jw_key(d->out, "x-dcaas-short");
		write_words(d, res->shorts);
	}
	jw_key(d->out, "x-dcaas-identity");
	write_words(d, res->identity != NULL ? res->identity : "name");
	if (res->topology != NULL)
		write_topology(d, res);
	if (res->idle != NULL)
		jw_member_string(d->out, "x-dcaas-idle", res->idle);
	if (res->life != NULL)
		write_life(d, res);
	if (res->trail != NULL)
		write_trail(d, res->trail);
	jw_object_end(d->out);
}

/* --- the rest of the document --- */

static void
write_schemas(struct document *d)
{
	jw_key(d->out, "schemas");
	jw_object_begin(d->out);
	for (size_t i = 0; i < d->schema_n; i++) {
		jw_key(d->out, schema_name(d, &d->schema[i]));
		field_schema(d->schema[i].table, d->schema[i].view, d->out);
	}
	jw_key(d->out, "PageInfo");
	jw_raw(d->out, "{\"type\":\"object\",\"required\":[\"current_count\"],\"properties\":{"
		       "\"next_marker\":{\"type\":\"string\",\"nullable\":true},"
		       "\"previous_marker\":{\"type\":\"string\",\"nullable\":true},"
		       "\"current_count\":{\"type\":\"integer\"}}}");
	jw_key(d->out, "Error");
	jw_raw(d->out,
	    "{\"type\":\"object\",\"required\":[\"error_code\",\"error_msg\",\"request_id\"],\"properties\":{"
	    "\"error_code\":{\"type\":\"string\"},\"error_msg\":{\"type\":\"string\"},"
	    "\"request_id\":{\"type\":\"string\"}}}");
	jw_object_end(d->out);
}

static void
write_security(struct json *out)
{
	jw_key(out, "securitySchemes");
	jw_raw(out, "{\"AuthToken\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Auth-Token\"},"
		    "\"AkSkSignature\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"Authorization\","
		    "\"description\":\"SDK-HMAC-SHA256 over the request, with X-Sdk-Date.\"}}");
}

void
api_openapi(const struct route *const *tables, struct json *out)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct document *d = arena_new_of(arena, struct document);

	d->tables = tables;
	d->out = out;
	d->arena = arena;
	jw_object_begin(out);
	jw_member_string(out, "openapi", "3.0.3");
	jw_key(out, "info");
	jw_object_begin(out);
	jw_member_string(out, "title", "dcaas: Direct Connect v3, and the operator's side under /dcaas/v1");
	jw_member_string(out, "version", DCAAS_VERSION);
	jw_object_end(out);
	jw_key(out, "security");
	jw_raw(out, "[{\"AuthToken\":[]},{\"AkSkSignature\":[]}]");
	jw_key(out, "tags");
	jw_array_begin(out);
	each_route(d, visit_tag, NULL);
	jw_array_end(out);
	jw_key(out, "paths");
	jw_object_begin(out);
	each_route(d, visit_path, NULL);
	jw_object_end(out);
	jw_key(out, "x-dcaas-error-codes");
	errors_write_catalogue(out);
	jw_key(out, "components");
	jw_object_begin(out);
	write_schemas(d);
	write_security(out);
	jw_object_end(out);
	jw_object_end(out);
}
