/* SPDX-License-Identifier: ISC */
#include "api/errors.h"

#include <string.h>

#include "api/crud.h"

/* In the order of the catalogue. */
static const enum dc_code all[] = {
#define X(name, http, api, text) name,
    DC_CODES(X)
#undef X
};
#define ALL (sizeof(all) / sizeof(all[0]))

struct codes {
	bool has[ALL];
};

static void
add(struct codes *c, enum dc_code code)
{
	c->has[code] = true;
}

bool
route_declares_errors(const struct route *r)
{
	static const char contract[] = "/v3/{project_id}/";

	return strncmp(r->path, contract, sizeof(contract) - 1) == 0;
}

/* Of limits and formats that have a code of their own. */
static void
add_fields(struct codes *c, const struct field_table *table, enum field_view view)
{
	for (const struct field *f = table->fields; f->name != NULL; f++) {
		if ((f->may & (unsigned)view) == 0)
			continue;
		if (f->code != DC_OK)
			add(c, f->code);
		if (f->of != NULL && f->kind != F_EMBED)
			add_fields(c, f->of, view);
	}
}

/* What two orders meet at. */
static void
add_constraints(struct codes *c, const struct field_table *table)
{
	for (const struct constraint *k = table->constraints; k != NULL && k->name != NULL; k++)
		if (k->code != DC_OK)
			add(c, k->code);
}

static void
add_resource(struct codes *c, const struct route *r)
{
	const struct resource *res = r->res;

	if (r->run == crud_show || r->run == crud_update || r->run == crud_delete)
		add(c, res->missing);
	if (res->parent != NULL && strstr(r->path, res->parent_column) != NULL)
		add(c, res->parent->missing);
	if (r->run == crud_create)
		add_constraints(c, res->table);
	for (const struct blocker *b = res->blockers; r->run == crud_delete && b != NULL && b->resource != NULL; b++)
		add(c, b->code);
}

static struct codes
codes_of(const struct route *r)
{
	static const enum dc_code of_each[] = {
	    DC_E_PARAM, DC_E_SYSTEM, DC_E_REQUEST, DC_E_UNAUTHORIZED, DC_E_FORBIDDEN};
	const struct field_table *body = r->body_table != NULL ? r->body_table : r->res != NULL ? r->res->table : NULL;
	struct codes c = {0};

	for (size_t i = 0; i < sizeof(of_each) / sizeof(of_each[0]); i++)
		add(&c, of_each[i]);
	if (r->view != 0) {
		add(&c, DC_E_BODY);
		if (body != NULL)
			add_fields(&c, body, r->view);
	}
	if (r->res != NULL)
		add_resource(&c, r);
	for (const enum dc_code *e = r->errors; e != NULL && *e != DC_OK; e++)
		add(&c, *e);
	return c;
}

void
route_write_errors(const struct route *r, struct json *out)
{
	const struct codes c = codes_of(r);

	jw_array_begin(out);
	for (size_t i = 1; i < ALL; i++)
		if (c.has[i])
			jw_string(out, dc_code_api(all[i]));
	jw_array_end(out);
}

/* The first of those that share a public code and a status; what is never an answer shares DC.0003 and 500. */
static bool
is_first(size_t at)
{
	for (size_t i = 1; i < at; i++)
		if (strcmp(dc_code_api(all[i]), dc_code_api(all[at])) == 0 &&
		    dc_code_http(all[i]) == dc_code_http(all[at]))
			return false;
	return true;
}

void
errors_write_catalogue(struct json *out)
{
	jw_array_begin(out);
	for (size_t i = 1; i < ALL; i++) {
		if (!is_first(i))
			continue;
		jw_object_begin(out);
		jw_member_string(out, "code", dc_code_api(all[i]));
		jw_member_int(out, "status", dc_code_http(all[i]));
		jw_member_string(out, "words", dc_code_text(all[i]));
		jw_object_end(out);
	}
	jw_array_end(out);
}
