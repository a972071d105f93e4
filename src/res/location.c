/* SPDX-License-Identifier: ISC */
/* location.c - sites where customers reach an edge: described by the operator, read by tenants (semantics.md 5.3). */
#include "api/crud.h"
#include "res/inventory.h"

struct location_provider {
	struct f_text id, short_name, type, description;
	struct f_objects provider_value;
};

static const char *const provider_types[] = {"LEVEL_ONE", "LEVEL_TWO", NULL};

static const struct field_table provider_table = {
    .name = "LocationProvider",
    .size = sizeof(struct location_provider),
    .fields =
	(const struct field[]){
	    {AT(location_provider, id), .kind = F_TEXT, .max = 36, .may = V_R | OP_CRU,
		.must = VIEW_ANSWER | VIEW_OP_ANSWER | VIEW_OP_CREATE | VIEW_OP_UPDATE,
		.doc = "Identifier of the carrier."},
	    {AT(location_provider, short_name), .kind = F_TEXT, .max = 36, .nullable = true, .may = V_R | OP_CRU,
		.doc = "Short name of the carrier."},
	    {AT(location_provider, type), .kind = F_ENUM, .names = provider_types, .nullable = true,
		.may = V_R | OP_CRU, .doc = "Kind of carrier."},
	    {AT(location_provider, description), .kind = F_TEXT, .max = 36, .nullable = true, .may = V_R | OP_CRU,
		.doc = "Free text."},
	    {AT(location_provider, provider_value), .kind = F_OBJECT, .of = &localized_table, .nullable = true,
		.may = V_R | OP_CRU, .doc = "Display name of the carrier."},
	    {0},
	},
};

#define BOTH (V_R | OP_CRU)

static const struct field_column list_columns[] = {
    {.member = "name"},
    {.title = "region", .member = "region_id"},
    {.title = "site", .member = "site_code"},
    {.member = "city"},
    {.member = "status"},
    {0},
};

const struct field_table location_table = {
    .name = "DirectConnectLocation",
    .sql = "location",
    .size = sizeof(struct location),
    .at_least_one = true,
    .columns = list_columns,
    .fields =
	(const struct field[]){
	    {AT(location, id), .kind = F_UUID, .may = V_R | OP_CR, .must = VIEW_ANSWER | VIEW_OP_ANSWER, .filter = true,
		.sort = true, .cli = true, .doc = "Identifier of the location."},
	    {AT(location, name), .example = "fra1", .kind = F_TEXT, .min = 1, .max = 64, .may = BOTH,
		.must = VIEW_ANSWER | VIEW_OP_CREATE, .filter = true, .filter_csv = true, .sort = true, .cli = true,
		.doc = "Name."},
	    {AT(location, description), .kind = F_TEXT, .max = 255, .nullable = true, .may = BOTH, .doc = "Free text."},
	    {AT(location, region_id), .kind = F_TEXT, .max = 36, .nullable = true, .may = BOTH, .cli = true,
		.doc = "Region it belongs to."},
	    {AT(location, site_code), .kind = F_TEXT, .max = 64, .nullable = true, .may = BOTH, .cli = true,
		.doc = "Code of the site."},
	    {AT(location, locales), .kind = F_OBJECT, .of = &localized_table, .nullable = true, .may = BOTH,
		.doc = "Display name in two languages."},
	    {AT(location, address), .kind = F_OBJECT, .of = &localized_table, .nullable = true, .may = BOTH,
		.doc = "Street address in two languages."},
	    {AT(location, available_port_speeds), .kind = F_LIST, .min = 1, .max = 255, .max_items = 6,
		.nullable = true, .may = BOTH, .doc = "Port classes to be had."},
	    {AT(location, provider_list), .kind = F_OBJECTS, .of = &provider_table, .max_items = 100, .nullable = true,
		.may = BOTH, .doc = "Carriers on site."},
	    {AT(location, latitude), .kind = F_TEXT, .max = 36, .nullable = true, .may = BOTH, .doc = "Latitude."},
	    {AT(location, longitude), .kind = F_TEXT, .max = 36, .nullable = true, .may = BOTH, .doc = "Longitude."},
	    {AT(location, public_border_group), .kind = F_TEXT, .max = 64, .nullable = true, .may = BOTH,
		.doc = "Border group of the site."},
	    {AT(location, city), .kind = F_TEXT, .max = 255, .nullable = true, .may = BOTH, .cli = true,
		.doc = "City."},
	    {AT(location, location_type), .kind = F_TEXT, .max = 64, .nullable = true, .may = BOTH,
		.doc = "Kind of site."},
	    {AT(location, support_region_type), .kind = F_TEXT, .max = 64, .nullable = true, .may = BOTH,
		.doc = "Kind of region it serves."},
	    {AT(location, created_time), .kind = F_TIME, .nullable = true, .may = V_R | OP_R, .sort = true,
		.doc = "When it was described."},
	    {AT(location, updated_time), .kind = F_TIME, .nullable = true, .may = V_R | OP_R, .sort = true,
		.doc = "When it was last changed."},
	    {AT(location, status), .kind = F_TEXT, .max = 64, .no_column = true, .may = V_R | OP_R, .filter = true,
		.fallback = "\"ACTIVE\"", .doc = "ACTIVE: what is described is in service."},
	    {0},
	},
};

static enum dc_code
location_embed(struct tx *tx, const struct call *call, void *rows, size_t n, struct dc_error *err)
{
	struct location *l = rows;

	(void)call;
	(void)err;
	for (size_t i = 0; i < n; i++)
		field_defaults(&location_table, tx_arena(tx), &l[i]);
	return DC_OK;
}

static enum dc_code
location_create(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	struct location *l = row;

	(void)tx;
	(void)err;
	if (l->region_id.set != GIVEN)
		F_SET_TEXT(l->region_id, res_settings(call)->region_id);
	return DC_OK;
}

static enum dc_code
location_remove(struct tx *tx, struct call *call, void *row, struct dc_error *err)
{
	const struct location *l = row;
	int64_t used;
	enum dc_code rc;

	(void)call;
	if ((rc = query_count(tx, edge_resource.table, Q(Q_EQ("location_id", l->id.v)), &used, err)) != DC_OK)
		return rc;
	return used == 0 ? DC_OK : dc_fail(err, DC_E_PARAM, NULL, "the location still has %lld edges", (long long)used);
}

static const struct route location_routes[] = {
    {M_GET, "/v3/{project_id}/dcaas/direct-connect-locations", ROLE_READER, .res = &location_resource, .run = crud_list,
	.operation = "ListDirectConnectLocations", .summary = "List the sites."},
    {M_GET, "/v3/{project_id}/dcaas/direct-connect-locations/{direct_connect_location_id}", ROLE_READER,
	.res = &location_resource, .run = crud_show, .operation = "ShowDirectConnectLocation",
	.errors = ERRORS(DC_E_NOT_FOUND), .summary = "Read one site."},
    {M_GET, "/dcaas/v1/locations", ROLE_OPERATOR, .res = &location_resource, .run = crud_list,
	.operation = "ListLocations", .summary = "List the locations."},
    {M_POST, "/dcaas/v1/locations", ROLE_OPERATOR, ROUTE_WRITES, &location_resource, VIEW_OP_CREATE, .status = 201,
	.run = crud_create, .operation = "CreateLocation", .summary = "Describe a location."},
    {M_GET, "/dcaas/v1/locations/{location_id}", ROLE_OPERATOR, .res = &location_resource, .run = crud_show,
	.operation = "ShowLocation", .summary = "Read one location."},
    {M_PUT, "/dcaas/v1/locations/{location_id}", ROLE_OPERATOR, ROUTE_WRITES, &location_resource, VIEW_OP_UPDATE,
	.run = crud_update, .operation = "UpdateLocation", .summary = "Change a location."},
    {M_DELETE, "/dcaas/v1/locations/{location_id}", ROLE_OPERATOR, ROUTE_WRITES, &location_resource, .status = 204,
	.run = crud_delete, .operation = "DeleteLocation", .summary = "Forget a location without edges."},
    {0},
};

const struct resource location_resource = {
    .name = "direct_connect_location",
    .plural = "direct_connect_locations",
    .title = "location",
    .shorts = "loc",
    .table = &location_table,
    .missing = DC_E_NOT_FOUND,
    .routes = location_routes,
    .create = location_create,
    .remove = location_remove,
    .embed = location_embed,
};
