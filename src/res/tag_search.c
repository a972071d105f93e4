/* SPDX-License-Identifier: ISC */
/* tag_search.c - the tags that a project uses, and resources by their tags (semantics.md section 6).
 *
 * A search turns each condition on tags into the set of resources that meet it, by the index of keys and values. It
 * then looks at the resources themselves: those of the smallest set that must be met, or all of the project. */
#include <stdlib.h>
#include <string.h>

#include "api/crud.h"
#include "res/res.h"
#include "res/tag.h"
#include "store/child.h"

/* A resource as a search sees it. */
struct tagged {
	struct f_text id, tenant_id, name, enterprise_project_id;
	struct f_objects tags;
};

#define TAGGED(title, table, tag_rows)                                                                                 \
	{                                                                                                              \
		.name = title, .sql = table, .size = sizeof(struct tagged), .fields = (const struct field[])           \
		{                                                                                                      \
			{AT(tagged, id), .kind = F_UUID}, {AT(tagged, tenant_id), .kind = F_HEX32, .fixed = true},     \
			    {AT(tagged, name), .kind = F_TEXT},                                                        \
			    {AT(tagged, enterprise_project_id), .kind = F_UUID, .zero = true},                         \
			    {AT(tagged, tags), .kind = F_OBJECTS, .of = &tag_table, .rows = &(tag_rows)},              \
			    {.name = NULL},                                                                            \
		}                                                                                                      \
	}

const struct field_table tagged_connection_table =
    TAGGED("TaggedConnection", "direct_connect", direct_connect_tag_table);
const struct field_table tagged_gateway_table = TAGGED("TaggedGateway", "virtual_gateway", virtual_gateway_tag_table);
const struct field_table tagged_interface_table =
    TAGGED("TaggedInterface", "virtual_interface", virtual_interface_tag_table);

/* --- the tags of a project --- */

struct project_tag {
	struct f_text key, value;
	struct f_list values;
};

struct project_tags {
	struct f_objects tags;
	struct f_text request_id;
};

static const struct field_column project_tag_columns[] = {
    {.member = "key"},
    {.member = "values"},
    {0},
};

static const struct field_table project_tag_table = {
    .name = "ProjectTag",
    .size = sizeof(struct project_tag),
    .columns = project_tag_columns,
    .fields =
	(const struct field[]){
	    {AT(project_tag, key), .kind = F_TEXT, .min = 1, .max = 128, .may = V_R, .must = V_R, .cli = true,
		.doc = "Key of tags."},
	    {AT(project_tag, values), .kind = F_LIST, .max = 255, .may = V_R, .must = V_R, .cli = true,
		.doc = "All values that are in use with the key."},
	    {AT(project_tag, value), .kind = F_TEXT, .max = 255, .may = V_R, .must = V_R,
		.doc = "The first of the values."},
	    {0},
	},
};

static const struct field_table project_tags_table = {
    .name = "ProjectTags",
    .size = sizeof(struct project_tags),
    .fields =
	(const struct field[]){
	    {AT(project_tags, tags), .kind = F_OBJECTS, .of = &project_tag_table, .may = V_R, .must = V_R,
		.doc = "One for each key."},
	    {AT(project_tags, request_id), .kind = F_TEXT, .max = 36, .may = V_R, .must = V_R,
		.doc = "Identifier of this call."},
	    {0},
	},
};

/* A list of pointers that grows. */
struct texts {
	struct arena *arena;
	const char **v;
	size_t n, cap;
};

static void
add_text(struct texts *t, const char *text)
{
	if (t->n == t->cap) {
		size_t cap = t->cap == 0 ? 16 : 2 * t->cap;
		const char **bigger = arena_array(t->arena, cap, sizeof(*bigger));

		if (t->n > 0)
			memcpy(bigger, t->v, t->n * sizeof(*bigger));
		t->v = bigger;
		t->cap = cap;
	}
	t->v[t->n++] = text;
}

/* The distinct values of a column, in order, each by one look into the index; an empty one comes first. */
static enum dc_code
distinct(struct tx *tx, const struct tag_kind *kind, const char *column, const char *project, const char *key,
    struct texts *ret, struct dc_error *err)
{
	struct query_cond cond[] = {Q_EQ("tenant_id", project), Q_END, Q_END, Q_END};
	const char *at = "";
	int64_t empty = 0;
	enum dc_code rc;

	if (key != NULL) {
		cond[1] = (struct query_cond)Q_EQ("key", key);
		cond[2] = (struct query_cond)Q_EQ("value", "");
		if ((rc = query_count_to(tx, kind->rows, cond, 1, &empty, err)) != DC_OK)
			return rc;
		cond[2] = (struct query_cond)Q_END;
	}
	if (empty > 0)
		add_text(ret, "");
	for (;;) {
		if ((rc = query_next(tx, kind->rows, column, at, cond, &at, err)) != DC_OK || at == NULL)
			return rc;
		add_text(ret, at);
	}
}

static enum dc_code
list_project_tags(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct texts keys = {.arena = tx_arena(tx)};
	struct project_tags answer = {0};
	struct project_tag *tag;
	const struct tag_kind *kind;
	enum dc_code rc;

	if ((rc = tag_kind_of(call, &kind, err)) != DC_OK ||
	    (rc = distinct(tx, kind, "key", call->project, NULL, &keys, err)) != DC_OK)
		return rc;
	tag = arena_array(tx_arena(tx), keys.n + 1, sizeof(*tag));
	for (size_t i = 0; i < keys.n; i++) {
		struct texts values = {.arena = tx_arena(tx)};

		if ((rc = distinct(tx, kind, "value", call->project, keys.v[i], &values, err)) != DC_OK)
			return rc;
		F_SET_TEXT(tag[i].key, keys.v[i]);
		F_SET_TEXT(tag[i].value, values.n > 0 ? values.v[0] : "");
		tag[i].values = (struct f_list){GIVEN, values.n, values.v};
	}
	answer.tags = (struct f_objects){GIVEN, keys.n, tag};
	F_SET_TEXT(answer.request_id, call->request_id);
	call_answer_row(call, &answer);
	return DC_OK;
}

/* --- a search's bodies --- */

#define PAGE_MAX 1000

struct tag_values {
	struct f_text key;
	struct f_list values;
};

struct tag_match {
	struct f_text key, value;
};

struct tag_search {
	struct f_text action;
	struct f_int limit, offset;
	struct f_objects tags, tags_any, not_tags, not_tags_any, sys_tags; /* tag_values */
	struct f_objects matches;
};

static const char *const actions[] = {"filter", "count", NULL};
static const char *const match_keys[] = {"resource_name", "resource_id", NULL};

static const struct field_table tag_values_table = {
    .name = "TagValues",
    .size = sizeof(struct tag_values),
    .fields =
	(const struct field[]){
	    {AT(tag_values, key), .kind = F_TEXT, .min = 1, .max = 128, .may = VIEW_CREATE, .must = VIEW_CREATE,
		.doc = "Key that a tag must have."},
	    {AT(tag_values, values), .kind = F_LIST, .max = 255, .max_items = 10, .may = VIEW_CREATE,
		.must = VIEW_CREATE, .doc = "One of these values; none: any. *text: a value with that text in it."},
	    {0},
	},
};

static const struct field_table tag_match_table = {
    .name = "TagMatch",
    .size = sizeof(struct tag_match),
    .fields =
	(const struct field[]){
	    {AT(tag_match, key), .kind = F_ENUM, .names = match_keys, .may = VIEW_CREATE, .must = VIEW_CREATE,
		.doc = "Attribute of the resource."},
	    {AT(tag_match, value), .kind = F_TEXT, .max = 255, .may = VIEW_CREATE, .must = VIEW_CREATE,
		.doc = "Text in the name, in either case; or the id."},
	    {0},
	},
};

#define CONDITION(member, most, words)                                                                                 \
	{                                                                                                              \
		AT(tag_search, member), .kind = F_OBJECTS, .of = &tag_values_table, .max_items = (most),               \
					.may = VIEW_CREATE, .doc = (words)                                             \
	}

static const struct field_table tag_search_table = {
    .name = "TagSearch",
    .size = sizeof(struct tag_search),
    .fields =
	(const struct field[]){
	    {AT(tag_search, action), .kind = F_ENUM, .names = actions, .may = VIEW_CREATE, .must = VIEW_CREATE,
		.doc = "Whether the matches are listed or only counted."},
	    {AT(tag_search, limit), .kind = F_INT, .quoted = true, .max = INT32_MAX, .may = VIEW_CREATE,
		.doc = "Matches of a page, 1 to 1000."},
	    {AT(tag_search, offset), .kind = F_INT, .quoted = true, .max = INT32_MAX, .may = VIEW_CREATE,
		.doc = "Matches to pass over."},
	    CONDITION(tags, 10, "Each of them must match."),
	    CONDITION(tags_any, 10, "One of them must match."),
	    CONDITION(not_tags, 10, "Not all of them may match."),
	    CONDITION(not_tags_any, 10, "None of them may match."),
	    CONDITION(sys_tags, 1, "The system's tag, for operators; excludes the other conditions on tags."),
	    {AT(tag_search, matches), .kind = F_OBJECTS, .of = &tag_match_table, .may = VIEW_CREATE,
		.doc = "Each of them must match."},
	    {0},
	},
};

/* Reserved by the contract: always null. */
static const struct field_table resource_detail_table = {
    .name = "TaggedResourceDetail",
    .size = sizeof(struct f_text),
    .fields = (const struct field[]){{0}},
};

struct tagged_resource {
	struct f_text resource_id, resource_name;
	struct f_objects resource_detail, tags, sys_tags;
};

static const struct field_column tagged_resource_columns[] = {
    {.title = "resource", .member = "resource_id"},
    {.title = "tags", .in = "tags", .member = "key"},
    {0},
};

static const struct field_table tagged_resource_table = {
    .name = "TaggedResource",
    .size = sizeof(struct tagged_resource),
    .columns = tagged_resource_columns,
    .fields =
	(const struct field[]){
	    {AT(tagged_resource, resource_id), .ref = "direct_connect|virtual_gateway|virtual_interface",
		.kind = F_UUID, .may = V_R, .must = V_R, .cli = true, .doc = "Identifier of the resource."},
	    {AT(tagged_resource, resource_name), .kind = F_TEXT, .max = 255, .may = V_R, .must = V_R, .cli = true,
		.doc = "Name of the resource."},
	    {AT(tagged_resource, resource_detail), .kind = F_OBJECT, .of = &resource_detail_table, .nullable = true,
		.may = V_R, .doc = "Always null."},
	    {AT(tagged_resource, tags), .kind = F_OBJECTS, .of = &tag_table, .may = V_R, .must = V_R,
		.doc = "Tags of the resource."},
	    {AT(tagged_resource, sys_tags), .kind = F_OBJECTS, .of = &tag_table, .may = V_R, .must = V_R,
		.doc = "The system's tags, for operators; empty for others."},
	    {0},
	},
};

struct tag_matches {
	struct f_objects resources;
	struct f_int total_count;
	struct f_text request_id;
};

static const struct field_table tag_matches_table = {
    .name = "TagMatches",
    .size = sizeof(struct tag_matches),
    .fields =
	(const struct field[]){
	    {AT(tag_matches, resources), .omitted = true, .kind = F_OBJECTS, .of = &tagged_resource_table, .may = V_R,
		.doc = "This page of the matches; count answers without."},
	    {AT(tag_matches, total_count), .kind = F_INT, .max = INT32_MAX, .may = V_R, .must = V_R,
		.doc = "How many match, on all pages."},
	    {AT(tag_matches, request_id), .kind = F_TEXT, .max = 36, .may = V_R, .must = V_R,
		.doc = "Identifier of this call."},
	    {0},
	},
};

/* --- sets of resources --- */

/* Sorted, each once. */
static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
make_set(struct texts *t)
{
	size_t n = 0;

	if (t->n > 1)
		qsort(t->v, t->n, sizeof(*t->v), compare_texts);
	for (size_t i = 0; i < t->n; i++)
		if (n == 0 || strcmp(t->v[n - 1], t->v[i]) != 0)
			t->v[n++] = t->v[i];
	t->n = n;
}

static bool
is_in(const struct texts *set, const char *id)
{
	return set->n > 0 && bsearch(&id, set->v, set->n, sizeof(*set->v), compare_texts) != NULL;
}

static struct texts
intersection(const struct texts *a, const struct texts *b)
{
	struct texts both = {.arena = a->arena};

	for (size_t i = 0; i < a->n; i++)
		if (is_in(b, a->v[i]))
			add_text(&both, a->v[i]);
	return both;
}

/* Adds the owners of the tags with this key and value. */
static enum dc_code
add_value(struct tx *tx, const struct tag_kind *kind, const char *project, const char *key, const char *value,
    struct texts *ret, struct dc_error *err)
{
	struct tag_row *row;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, kind->rows,
	    Q(Q_EQ("tenant_id", project), Q_EQ("key", key), Q_EQ("value", value)), NULL, &rows, &n, err);

	row = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		add_text(ret, row[i].owner_id.v);
	return rc;
}

/* A value that begins with * is a text to look for in values. */
static bool
value_matches(const struct f_list *wanted, const char *value)
{
	for (size_t i = 0; i < wanted->n; i++)
		if (wanted->v[i][0] == '*' ? strstr(value, wanted->v[i] + 1) != NULL : strcmp(value, wanted->v[i]) == 0)
			return true;
	return wanted->n == 0;
}

static bool
is_exact(const struct f_list *wanted)
{
	for (size_t i = 0; i < wanted->n; i++)
		if (wanted->v[i][0] == '*')
			return false;
	return wanted->n > 0;
}

/* Adds the owners of the tags with this key and a value that matches. */
static enum dc_code
add_key(struct tx *tx, const struct tag_kind *kind, const char *project, const struct tag_values *wanted,
    struct texts *ret, struct dc_error *err)
{
	struct query_page by_value = {.sort = "value"}; /* as the index has them */
	struct tag_row *row;
	void *rows;
	size_t n;
	enum dc_code rc = DC_OK;

	for (size_t i = 0; is_exact(&wanted->values) && rc == DC_OK && i < wanted->values.n; i++)
		rc = add_value(tx, kind, project, wanted->key.v, wanted->values.v[i], ret, err);
	if (rc != DC_OK || is_exact(&wanted->values))
		return rc;
	rc = query_list(
	    tx, kind->rows, Q(Q_EQ("tenant_id", project), Q_EQ("key", wanted->key.v)), &by_value, &rows, &n, err);
	row = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		if (value_matches(&wanted->values, row[i].value.v))
			add_text(ret, row[i].owner_id.v);
	return rc;
}

/* The resources that meet all of the conditions, or one of them. */
static enum dc_code
find_set(struct tx *tx, const struct tag_kind *kind, const char *project, const struct f_objects *conditions, bool all,
    struct texts *ret, struct dc_error *err)
{
	const struct tag_values *wanted = conditions->v;

	*ret = (struct texts){.arena = tx_arena(tx)};
	for (size_t i = 0; i < conditions->n; i++) {
		struct texts one = {.arena = tx_arena(tx)};
		enum dc_code rc = add_key(tx, kind, project, &wanted[i], all ? &one : ret, err);

		if (rc != DC_OK)
			return rc;
		if (!all)
			continue;
		make_set(&one);
		*ret = i == 0 ? one : intersection(ret, &one);
	}
	make_set(ret);
	return DC_OK;
}

/* --- the search --- */

/* A condition, and the resources that meet it. */
struct meeting {
	bool given;
	struct texts set;
};

struct search {
	const struct tag_kind *kind;
	const struct tag_search *body;
	struct meeting all, any, not_all, not_any;
};

static enum dc_code
meet(struct tx *tx, const struct call *call, const struct search *s, const struct f_objects *conditions, bool all,
    struct meeting *ret, struct dc_error *err)
{
	ret->given = conditions->set == GIVEN && conditions->n > 0;
	return ret->given ? find_set(tx, s->kind, call->project, conditions, all, &ret->set, err) : DC_OK;
}

static enum dc_code
check_system(const struct call *call, const struct tag_search *body, struct dc_error *err)
{
	const struct tag_values *wanted = body->sys_tags.v;

	if (body->sys_tags.set != GIVEN || body->sys_tags.n == 0)
		return DC_OK;
	if (!tag_sees_system(call))
		return dc_fail(err, DC_E_FORBIDDEN, "sys_tags", "sys_tags are the operator's");
	if (body->tags.n + body->tags_any.n + body->not_tags.n + body->not_tags_any.n > 0)
		return dc_fail(err, DC_E_PARAM, "sys_tags", "sys_tags excludes the other conditions on tags");
	return strcmp(wanted->key.v, TAG_ENTERPRISE_PROJECT) == 0
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, "sys_tags",
			 "sys_tags[0].key must be " TAG_ENTERPRISE_PROJECT ": there is no other system tag");
}

static enum dc_code
check_page(const struct tag_search *body, struct dc_error *err)
{
	return strcmp(body->action.v, "filter") != 0 || body->limit.set != GIVEN ||
		       (body->limit.v >= 1 && body->limit.v <= PAGE_MAX)
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, "limit", "limit must be a whole number from 1 to %d", PAGE_MAX);
}

static enum dc_code
begin_search(struct tx *tx, const struct call *call, struct search *s, struct dc_error *err)
{
	const struct tag_search *body = s->body;
	enum dc_code rc;

	if ((rc = check_page(body, err)) != DC_OK || (rc = check_system(call, body, err)) != DC_OK ||
	    (rc = meet(tx, call, s, &body->tags, true, &s->all, err)) != DC_OK ||
	    (rc = meet(tx, call, s, &body->tags_any, false, &s->any, err)) != DC_OK ||
	    (rc = meet(tx, call, s, &body->not_tags, true, &s->not_all, err)) != DC_OK)
		return rc;
	return meet(tx, call, s, &body->not_tags_any, false, &s->not_any, err);
}

static bool
match_is_met(const struct tag_match *match, const struct tagged *row)
{
	const char *name = row->name.set == GIVEN ? row->name.v : "";

	if (strcmp(match->key.v, "resource_id") == 0)
		return strcasecmp(match->value.v, row->id.v) == 0;
	return match->value.v[0] == '\0' ? name[0] == '\0' : strcasestr(name, match->value.v) != NULL;
}

static bool
is_met(const struct search *s, const struct tagged *row)
{
	const struct tag_match *match = s->body->matches.v;
	const struct tag_values *system = s->body->sys_tags.v;

	for (size_t i = 0; i < s->body->matches.n; i++)
		if (!match_is_met(&match[i], row))
			return false;
	if (s->body->sys_tags.n > 0 &&
	    !value_matches(
		&system->values, row->enterprise_project_id.set == GIVEN ? row->enterprise_project_id.v : "0"))
		return false;
	return (!s->all.given || is_in(&s->all.set, row->id.v)) && (!s->any.given || is_in(&s->any.set, row->id.v)) &&
	       (!s->not_all.given || !is_in(&s->not_all.set, row->id.v)) &&
	       (!s->not_any.given || !is_in(&s->not_any.set, row->id.v));
}

/* More of them are as well read in the order of the project. */
#define NAMED_MAX 1000

/* The ids that nothing else than these can be; NULL: any of the project. */
static const char *const *
named_ids(struct tx *tx, const struct search *s)
{
	const struct tag_match *match = s->body->matches.v;
	const struct texts *least = s->all.given ? &s->all.set : NULL;
	struct texts ids = {.arena = tx_arena(tx)};

	if (s->any.given && (least == NULL || s->any.set.n < least->n))
		least = &s->any.set;
	for (size_t i = 0; i < s->body->matches.n; i++)
		if (strcmp(match[i].key.v, "resource_id") == 0) {
			const char *id = crud_normal_id(s->kind->res->table, match[i].value.v, tx_arena(tx));

			if (id != NULL)
				add_text(&ids, id);
			add_text(&ids, NULL);
			return ids.v;
		}
	if (least == NULL || least->n > NAMED_MAX)
		return NULL;
	for (size_t i = 0; i < least->n; i++)
		add_text(&ids, least->v[i]);
	add_text(&ids, NULL);
	return ids.v;
}

/* The matches, in the order of their ids. */
static enum dc_code
find_matches(struct tx *tx, const struct call *call, const struct search *s, struct tagged **ret, size_t *n,
    struct dc_error *err)
{
	const char *const *ids = named_ids(tx, s);
	struct query_cond cond[] = {Q_EQ(s->kind->res->owner, call->project), Q_END, Q_END};
	struct tagged *row;
	void *rows;
	size_t found;
	enum dc_code rc;

	*n = 0;
	if (ids != NULL && ids[0] == NULL)
		return DC_OK;
	if (ids != NULL) {
		cond[0].sift = true;
		cond[1] = (struct query_cond)Q_IN("id", ids);
	}
	if ((rc = query_list(tx, s->kind->tagged, cond, NULL, &rows, &found, err)) != DC_OK)
		return rc;
	*ret = row = rows;
	for (size_t i = 0; i < found; i++)
		if (is_met(s, &row[i]))
			row[(*n)++] = row[i];
	return DC_OK;
}

static struct f_objects
answer_resources(const struct call *call, const struct tagged *row, size_t n, struct arena *arena)
{
	struct tagged_resource *out = arena_array(arena, n + 1, sizeof(*out));

	for (size_t i = 0; i < n; i++) {
		F_SET_TEXT(out[i].resource_id, row[i].id.v);
		F_SET_TEXT(out[i].resource_name, row[i].name.set == GIVEN ? row[i].name.v : "");
		out[i].tags = row[i].tags;
		out[i].sys_tags = tag_system(call, &row[i].enterprise_project_id, arena);
	}
	return (struct f_objects){GIVEN, n, out};
}

static enum dc_code
search(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct search s = {.body = call->body};
	struct tag_matches answer = {0};
	struct tagged *row = NULL;
	size_t n, first, page;
	enum dc_code rc;

	if ((rc = tag_kind_of(call, &s.kind, err)) != DC_OK || (rc = begin_search(tx, call, &s, err)) != DC_OK ||
	    (rc = find_matches(tx, call, &s, &row, &n, err)) != DC_OK)
		return rc;
	F_SET_INT(answer.total_count, (int64_t)n);
	F_SET_TEXT(answer.request_id, call->request_id);
	if (strcmp(s.body->action.v, "count") == 0) {
		call_answer_members(call, &answer, (const char *const[]){"total_count", "request_id", NULL});
		return DC_OK;
	}
	first = s.body->offset.set == GIVEN ? (size_t)s.body->offset.v : 0;
	page = s.body->limit.set == GIVEN ? (size_t)s.body->limit.v : PAGE_MAX;
	if (first > n)
		first = n;
	if (page > n - first)
		page = n - first;
	if ((rc = child_read(tx, s.kind->tagged, row + first, page, err)) != DC_OK)
		return rc;
	answer.resources = answer_resources(call, row + first, page, tx_arena(tx));
	call_answer_row(call, &answer);
	return DC_OK;
}

#define PATH "/v3/{project_id}/{resource_type}/"

const struct route tag_search_routes[] = {
    {M_GET, PATH "tags", ROLE_READER, .run = list_project_tags, .answer_table = &project_tags_table,
	.query_table = &tag_path_table, .operation = "ListProjectTags",
	.summary = "List keys and values of the tags that the project uses."},
    {M_POST, PATH "resource-instances/action", ROLE_READER, 0, NULL, VIEW_CREATE, &tag_search_table, "", .run = search,
	.answer_table = &tag_matches_table, .query_table = &tag_path_table, .operation = "ListTagResourceInstances",
	.command = "tagged-resource list", .summary = "List or count the resources that have certain tags."},
    {0},
};
