/* resource.h - what the engines know of a resource: its table, its envelope and a few hooks. Engines never include
 * res/; they get `const struct resource *` from the registry that dcaasd hands them. */
#ifndef DC_RESOURCE_H
#define DC_RESOURCE_H

#include "field/field.h"

struct tx;    /* store/store.h */
struct call;  /* api/call.h */
struct route; /* api/route.h */

/* Every hook runs inside the call's transaction, may run again after a serialization failure, and returns DC_OK or
 * fills err. Rows are in the transaction's arena. NULL hooks are skipped. */
struct resource {
	const char *name;   /* envelope of one: "virtual_interface"; also the kind in events */
	const char *plural; /* envelope of a list: "virtual_interfaces" */
	const char *title;  /* in words: "virtual interface" */
	const struct field_table *table;
	enum dc_code missing; /* code of the 404 when the path names an unknown one */
	const char
	    *owner; /* column that must equal the path's project ("tenant_id"); NULL: the operator's, no project */
	/* Nested in the path: the resource above, and the column with its id, which is also the name of the path
	 * parameter. */
	const struct resource *parent;
	const char *parent_column;
	/* Column that is null while the API shows the row; a row that waits for its edge after a delete has a value.
	 * NULL: all rows are shown. */
	const char *hidden;
	const struct route *routes; /* ends with a row whose path is NULL */

	/* Before INSERT, with body decoded and defaults set: takes locks, checks references, quotas, cross-member rules
	 * and states in the order of semantics.md section 3; fills what the server fills. The engine has set id,
	 * the owner column, and created/updated times where the table has them. */
	enum dc_code (*create)(struct tx *, struct call *, void *row, struct dc_error *err);
	/* After INSERT: children, edge objects. */
	enum dc_code (*created)(struct tx *, struct call *, void *row, struct dc_error *err);
	/* Before UPDATE: row is old with the patch merged in. */
	enum dc_code (*update)(
	    struct tx *, struct call *, const void *old, const void *patch, void *row, struct dc_error *err);
	enum dc_code (*updated)(struct tx *, struct call *, const void *old, void *row, struct dc_error *err);
	/* Before DELETE. Sets *later when the row must stay until the edges have let go of its objects; the hook has
	 * then written what has to be written. */
	enum dc_code (*remove)(struct tx *, struct call *, void *row, bool *later, struct dc_error *err);
	enum dc_code (*removed)(struct tx *, struct call *, void *row, struct dc_error *err);
	/* Fills F_EMBED and computed members of n rows, with one query per embedded table, never one per row. */
	enum dc_code (*embed)(struct tx *, const struct call *, void *rows, size_t n, struct dc_error *err);
	/* An edge's report changed objects that this resource owns (edge_object.owner): derive status from them; delete
	 * the row when it was waiting for its objects to go. */
	enum dc_code (*observe)(struct tx *, const char *id, struct dc_error *err);
	/* An edge's report told the carrier of one of its ports. */
	enum dc_code (*observe_port)(
	    struct tx *, const char *edge_id, const char *device, bool carrier, struct dc_error *err);
	/* Age in ms of what the row's observed members rest on, or -1: header X-Dcaas-Observed-Age of a show. */
	enum dc_code (*observed_age)(struct tx *, const void *row, int64_t *ret, struct dc_error *err);
};

#endif
