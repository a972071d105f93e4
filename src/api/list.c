/* SPDX-License-Identifier: ISC */
/* Lists: paging, sorting, filters and member selection as the contract has them (semantics of lists), from the table.
 */
#include "api/crud.h"

#include <ctype.h>

#include "store/child.h"

#define LIMIT_MAX 2000
#define OFFSET_MAX 1000
#define FILTER_VALUES_MAX 100
#define FIELDS_MAX 5

static enum dc_code
query_number(const struct call *call, const char *name, int64_t lo, int64_t hi, int64_t *ret, struct dc_error *err)
{
	const char *text = call_query(call, name, 0), *wrong;
	int64_t value;

	if (text == NULL)
		return DC_OK;
	value = strtonum(text, lo, hi, &wrong);
	if (wrong != NULL || !isdigit((unsigned char)text[0]))
		return dc_fail(err, DC_E_PARAM, name, "%s must be a whole number from %lld to %lld", name,
		    (long long)lo, (long long)hi);
	*ret = value;
	return DC_OK;
}

static enum dc_code
query_flag(const struct call *call, const char *name, bool *ret, struct dc_error *err)
{
	const char *text = call_query(call, name, 0);

	if (text == NULL)
		return DC_OK;
	if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
		return dc_fail(err, DC_E_PARAM, name, "%s must be true or false", name);
	*ret = strcasecmp(text, "true") == 0;
	return DC_OK;
}

static enum dc_code
take_sort(const struct call *call, const struct field_table *table, struct query_page *page, struct dc_error *err)
{
	const char *key = call_query(call, "sort_key", 0), *dir = call_query(call, "sort_dir", 0);
	const struct field *f;

	if (key != NULL && key[0] != '\0') { /* the contract allows an empty one */
		if ((f = field_find(table, key)) == NULL || f->no_column || !(f->sort || strcmp(key, "id") == 0))
			return dc_fail(err, DC_E_PARAM, "sort_key", "sort_key names no member that can be sorted by");
		page->sort = f->name;
	}
	if (dir != NULL) {
		if (strcasecmp(dir, "asc") != 0 && strcasecmp(dir, "desc") != 0)
			return dc_fail(err, DC_E_PARAM, "sort_dir", "sort_dir must be asc or desc");
		page->descending = strcasecmp(dir, "desc") == 0;
	}
	return DC_OK;
}

static enum dc_code
take_page(struct call *call, const struct field_table *table, struct query_page *page, struct dc_error *err)
{
	const char *marker = call_query(call, "marker", 0);
	enum dc_code rc;

	*page = (struct query_page){.limit = LIMIT_MAX};
	if ((rc = query_number(call, "limit", 1, LIMIT_MAX, &page->limit, err)) != DC_OK ||
	    (rc = query_number(call, "offset", 0, OFFSET_MAX, &page->offset, err)) != DC_OK ||
	    (rc = query_flag(call, "page_reverse", &page->reverse, err)) != DC_OK ||
	    (rc = take_sort(call, table, page, err)) != DC_OK)
		return rc;
	/* Go sends an empty marker for none. Without a marker there is nothing to go back from. */
	if (marker == NULL || marker[0] == '\0') {
		page->reverse = false;
		return DC_OK;
	}
	rc = field_check_query(field_find(table, "id"), marker, call->arena, &page->after, err);
	return rc == DC_OK ? rc : dc_fail(err, DC_E_PARAM, "marker", "marker must be the id of an item");
}

/* The values of one filter: repeated keys, and the parts of each where commas separate. */
static enum dc_code
filter_values(struct call *call, const struct field *f, const char **values, size_t *n, struct dc_error *err)
{
	size_t repeats = call_query_count(call, f->name);
	enum dc_code rc;

	*n = 0;
	for (size_t i = 0; i < repeats; i++) {
		char *rest = arena_strdup(call->arena, call_query(call, f->name, i)), *part;

		do {
			part = f->filter_csv ? strsep(&rest, ",") : rest;
			if (*n == FILTER_VALUES_MAX)
				return dc_fail(err, DC_E_PARAM, f->name, "%s has too many values", f->name);
			if ((rc = field_check_query(f, part, call->arena, &values[(*n)++], err)) != DC_OK)
				return rc;
		} while (f->filter_csv && rest != NULL);
	}
	return DC_OK;
}

/* A member that has the same value in every item (its fallback, in no column): all of them match, or none. */
static void
filter_constant(struct call *call, const struct resource *res, const struct field *f, const char *const *values,
    struct query_cond *cond, size_t *n)
{
	void *row = arena_alloc(call->arena, res->table->size);
	const struct f_text *constant = field_ptr(f, row);

	field_defaults(res->table, call->arena, row);
	for (; *values != NULL; values++)
		if (strcmp(*values, constant->v) == 0)
			return;
	cond[(*n)++] = (struct query_cond)Q_IN("id", values); /* the end of the list: nothing is in it */
}

static bool
is_filter(const struct field *f)
{
	return (f->filter || f->filter_csv) && (!f->no_column || f->fallback != NULL);
}

/* What is no member of the answer cannot be asked for either. */
static enum field_view
list_view(const struct call *call)
{
	if (call->route->answer != 0)
		return call->route->answer;
	return crud_is_operator(call) ? VIEW_OP_ANSWER : VIEW_ANSWER;
}

/* Whether the index that the column may have gives the rows in the list's order: each index ends with the id. */
static bool
may_lead(const struct query_cond *cond, const struct query_page *page)
{
	bool by_id = page->sort == NULL || strcmp(page->sort, "id") == 0;

	return cond->op == Q_OP_EQ && (by_id || strcmp(cond->column, "id") == 0);
}

static enum dc_code
take_filters(struct call *call, const struct resource *res, const char *parent, const struct query_page *page,
    const struct query_cond **ret, struct dc_error *err)
{
	struct query_cond *cond;
	size_t fields = 0, n, scope, values_n;
	enum dc_code rc;

	for (const struct field *f = res->table->fields; f->name != NULL; f++)
		fields++;
	cond = arena_array(call->arena, CRUD_SCOPE_MAX + fields + 1, sizeof(*cond));
	n = scope = crud_scope(call, res, parent, false, cond);
	for (const struct field *f = res->table->fields; f->name != NULL; f++) {
		const char **values;

		if (!is_filter(f) || !(f->may & (unsigned)list_view(call)) || call_query(call, f->name, 0) == NULL)
			continue;
		values = arena_array(call->arena, FILTER_VALUES_MAX + 1, sizeof(*values));
		if ((rc = filter_values(call, f, values, &values_n, err)) != DC_OK)
			return rc;
		if (f->no_column)
			filter_constant(call, res, f, values, cond, &n);
		else if (values_n == 1)
			cond[n++] = (struct query_cond)Q_EQ(f->name, values[0]);
		else
			cond[n++] = (struct query_cond)Q_IN(f->name, values);
	}
	/* Within a project's rows, which come in their order. */
	for (size_t i = scope; !crud_is_operator(call) && i < n; i++)
		cond[i].sift = !may_lead(&cond[i], page);
	*ret = cond; /* arena memory is zero, which is Q_END */
	return DC_OK;
}

enum dc_code
crud_fields(struct call *call, const struct field_table *table, const char *const **ret, struct dc_error *err)
{
	size_t repeats = call_query_count(call, "fields"), n = 0;
	const char **only = arena_array(call->arena, FIELDS_MAX + 1, sizeof(*only));

	for (size_t i = 0; i < repeats; i++) {
		char *rest = arena_strdup(call->arena, call_query(call, "fields", i)), *part;

		while ((part = strsep(&rest, ",")) != NULL) {
			const struct field *f = field_find(table, part);

			if (f == NULL || !(f->may & (unsigned)list_view(call)))
				return dc_fail(
				    err, DC_E_PARAM, "fields", "fields: \"%.64s\" is no member of the answer", part);
			if (n == FIELDS_MAX)
				return dc_fail(err, DC_E_PARAM, "fields", "fields takes at most %d names", FIELDS_MAX);
			only[n++] = f->name;
		}
	}
	*ret = n > 0 ? only : NULL;
	return DC_OK;
}

static const char *
id_at(const struct field_table *table, void *rows, size_t i)
{
	return ((const struct f_text *)field_ptr(field_find(table, "id"), (char *)rows + i * table->size))->v;
}

static void
write_list(struct call *call, const struct resource *res, char *rows, size_t n, bool more, int64_t total,
    const struct field_options *options)
{
	struct json w = JSON_INIT(&call->out);
	bool any = n > 0;

	jw_object_begin(&w);
	jw_key(&w, res->plural);
	jw_array_begin(&w);
	for (size_t i = 0; i < n; i++)
		field_encode(res->table, list_view(call), rows + i * res->table->size, options, &w);
	jw_array_end(&w);
	jw_key(&w, "page_info");
	jw_object_begin(&w);
	jw_member_string(&w, "next_marker", any && more ? id_at(res->table, rows, n - 1) : NULL);
	jw_member_string(&w, "previous_marker", any ? id_at(res->table, rows, 0) : NULL);
	jw_member_int(&w, "current_count", (int64_t)n);
	jw_object_end(&w);
	if (res->counted && !crud_is_operator(call))
		jw_member_int(&w, "total_count", total);
	jw_member_string(&w, "request_id", call->request_id);
	jw_object_end(&w);
}

/* In another order than that of ids a marker stands for its item's place, which goes with the item: an empty page would
 * read as the list's end. */
static enum dc_code
check_marker(struct tx *tx, struct call *call, const struct resource *res, const char *parent,
    const struct query_page *page, struct dc_error *err)
{
	int64_t n;
	enum dc_code rc;

	if (page->after == NULL || page->sort == NULL || strcmp(page->sort, "id") == 0)
		return DC_OK;
	for (unsigned i = 0; i < (crud_receives(call, res) ? 2 : 1); i++) {
		struct query_cond cond[CRUD_SCOPE_MAX + 2] = {Q_EQ("id", page->after)};

		crud_scope(call, res, parent, i > 0, &cond[1]);
		if ((rc = query_count(tx, res->table, cond, &n, err)) != DC_OK || n > 0)
			return rc;
	}
	return dc_fail(err, DC_E_PARAM, "marker",
	    "marker: item %.64s does not exist any more, so it has no place in the order of %s: list from the start",
	    page->after, page->sort);
}

/* --- rows of others --- */

/* The order of query_list(): rows without a value first, ties by id. */
static int
compare_rows(const struct field_table *table, const struct query_page *page, const char *a, const char *b)
{
	const struct field *f = field_find(table, page->sort != NULL ? page->sort : "id"),
			   *id = field_find(table, "id");
	bool number = f->kind == F_INT || f->kind == F_TIME || f->kind == F_BOOL;
	const struct f_text *x = field_ptr(f, (void *)(uintptr_t)a), *y = field_ptr(f, (void *)(uintptr_t)b);
	int order = (x->set == GIVEN) - (y->set == GIVEN);

	if (order == 0 && x->set == GIVEN && !number)
		order = strcmp(x->v, y->v);
	if (order == 0 && x->set == GIVEN && f->kind != F_BOOL && number) {
		int64_t i = ((const struct f_int *)(const void *)x)->v, k = ((const struct f_int *)(const void *)y)->v;

		order = (i > k) - (i < k);
	}
	if (order == 0)
		order = strcmp(((const struct f_text *)field_ptr(id, (void *)(uintptr_t)a))->v,
		    ((const struct f_text *)field_ptr(id, (void *)(uintptr_t)b))->v);
	return page->descending ? -order : order;
}

/* Two lists in that order, as one. */
static char *
merge_rows(const struct field_table *table, const struct query_page *page, const char *a, size_t a_n, const char *b,
    size_t b_n, struct arena *arena)
{
	char *all = arena_array(arena, a_n + b_n + 1, table->size), *to = all;

	for (; a_n + b_n > 0; to += table->size) {
		bool first = b_n == 0 || (a_n > 0 && compare_rows(table, page, a, b) <= 0);
		const char **from = first ? &a : &b;

		memcpy(to, *from, table->size);
		*from += table->size;
		*(first ? &a_n : &b_n) -= 1;
	}
	return all;
}

/* The page's rows that another project owns and the caller sees, too, put among the caller's own. Most callers have
 * none, which costs one look. */
static enum dc_code
add_received(struct tx *tx, struct call *call, const char *parent, const struct query_cond *own,
    const struct query_page *page, void **rows, size_t *n, struct dc_error *err)
{
	const struct resource *res = call->route->res;
	struct query_page wide = *page;
	struct query_cond *cond;
	size_t conds = 0, received, drop;
	void *theirs;
	enum dc_code rc;

	while (own[conds].op != Q_OP_END)
		conds++;
	cond = arena_memdup(tx_arena(tx), own, (conds + 1) * sizeof(*own));
	crud_scope(call, res, parent, true, cond); /* in place of the owner's */
	wide.offset = 0;
	wide.limit += page->after == NULL ? page->offset : 0;
	if ((rc = query_list(tx, res->table, cond, &wide, &theirs, &received, err)) != DC_OK || received == 0)
		return rc;
	if (wide.limit != page->limit && (rc = query_list(tx, res->table, own, &wide, rows, n, err)) != DC_OK)
		return rc;
	*rows = merge_rows(res->table, page, *rows, *n, theirs, received, tx_arena(tx));
	*n += received;
	drop = (size_t)(wide.limit - page->limit) < *n ? (size_t)(wide.limit - page->limit) : *n;
	if (page->reverse)
		drop = *n > (size_t)page->limit ? *n - (size_t)page->limit : 0;
	*rows = (char *)*rows + drop * res->table->size;
	*n -= drop;
	if (*n > (size_t)page->limit)
		*n = (size_t)page->limit;
	return DC_OK;
}

enum dc_code
crud_list(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct resource *res = call->route->res;
	struct field_options options = call_options(call);
	const struct query_cond *cond;
	struct query_page page;
	const char *parent;
	void *found = NULL;
	char *rows;
	size_t n = 0, limit;
	int64_t total = 0;
	bool more, counted = res->counted && !crud_is_operator(call);
	enum dc_code rc;

	if ((rc = crud_parent(tx, call, res, &parent, err)) != DC_OK ||
	    (rc = take_page(call, res->table, &page, err)) != DC_OK ||
	    (rc = check_marker(tx, call, res, parent, &page, err)) != DC_OK ||
	    (rc = take_filters(call, res, parent, &page, &cond, err)) != DC_OK ||
	    (rc = crud_fields(call, res->table, &options.only, err)) != DC_OK)
		return rc;
	page.walk = crud_is_operator(call);
	limit = (size_t)page.limit++; /* one more than asked for shows whether there is a next page */
	if ((rc = query_list(tx, res->table, cond, &page, &found, &n, err)) != DC_OK ||
	    (crud_receives(call, res) &&
		(rc = add_received(tx, call, parent, cond, &page, &found, &n, err)) != DC_OK) ||
	    (counted && (rc = query_count(tx, res->table, cond, &total, err)) != DC_OK))
		return rc;
	rows = found;
	more = page.reverse || n > limit; /* backwards, the marker's own page always follows */
	if (n > limit) {
		rows += page.reverse ? (n - limit) * res->table->size : 0;
		n = limit;
	}
	if ((rc = child_read(tx, res->table, rows, n, err)) != DC_OK)
		return rc;
	if (res->embed != NULL && n > 0 && (rc = res->embed(tx, call, rows, n, err)) != DC_OK)
		return rc;
	write_list(call, res, rows, n, more, total, &options);
	return DC_OK;
}
