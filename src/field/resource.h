/* SPDX-License-Identifier: ISC */
/* resource.h - what the engines know of a resource: its table, its envelope and a few hooks. Engines never include
 * res/; they get `const struct resource *` from the registry that dcaasd hands them. */
#ifndef DC_RESOURCE_H
#define DC_RESOURCE_H

#include "field/field.h"

struct tx;    /* store/store.h */
struct call;  /* api/call.h */
struct route; /* api/route.h */

struct observed; /* store/footing.h */

struct lock_set;  /* store/row_lock.h */
struct work_view; /* reconcile/work.h */

/* Why an owner of edge objects is looked at; or'ed. */
enum work_reason {
	WORK_ROW = 1 << 0,   /* its row was made, changed, or marked as leaving */
	WORK_STATE = 1 << 1, /* an edge reported another state of one of its objects */
	WORK_REST = 1 << 2,  /* something that it depends on was looked at */
	WORK_WISHES =
	    1 << 3 /* what it wants on its edges has changed; only a dependent of a higher rank may rest on that */
};

/* "This resource depends on that one": when a row of `on` is looked at for one of the reasons, so are the rows of this
 * resource whose column `mine` has the value of the other row's column `theirs`. */
struct depend {
	const char *on, *mine, *theirs;
	unsigned render; /* reasons for which they are rendered and settled */
	unsigned settle; /* reasons for which they are only settled */
};

/* Every hook runs inside the call's transaction, may run again after a serialization failure, and returns DC_OK or
 * fills err. Rows are in the transaction's arena. NULL hooks are skipped. */
/* A device of an edge that can be a port. */
struct port_seen {
	const char *device;
	bool carrier;
};

/* "A row is not deleted while that resource has rows whose column has its id." */
struct blocker {
	const char *resource, *column;
	enum dc_code code;
	const char *owner; /* column with the project: only rows of the caller's project count. NULL: all do */
};

/* How a resource is drawn in the picture of all that a project has. */
struct topology {
	const char *under; /* member with the id of what it is drawn under; NULL: it begins a tree */
	const char *leads; /* member with the id of what it leads to, "a|b": the first that is set; NULL: nowhere */
	const struct field_column *shows; /* what stands behind its name */
};

/* One move of a status. */
struct life_move {
	const char *from; /* NULL: from any state */
	const char *on;   /* in words */
	const char *to;   /* NULL: it is gone */
};

/* Members of a record of what happened. */
struct trail {
	const char *time, *who, *action, *kind, *thing, *from, *count;
};

struct resource {
	const char *name;   /* envelope of one: "virtual_interface"; also the kind in events */
	const char *plural; /* envelope of a list: "virtual_interfaces" */
	const char *title;  /* in words: "virtual interface" */
	const char *shorts; /* short words for it on the command line: "vif", "a|b"; NULL: none */
	/* Members that identify one of the resource, where the name does not: "vif_id|address_family". */
	const char *identity;
	const struct topology *topology; /* NULL: it is not drawn */
	/* Status of one that nothing leads to, which is as it shall be; NULL: none but ACTIVE is. */
	const char *idle;
	/* Its life cycle, for readers: moves in the arena, the last one without `on`. NULL: it has none. */
	const struct life_move *(*life)(struct arena *);
	const struct trail *trail; /* of the resource that records what happens; NULL: it does not */
	const struct field_table *table;
	enum dc_code missing; /* code of the 404 when the path names an unknown one */
	const char
	    *owner; /* column that must equal the path's project ("tenant_id"); NULL: the operator's, no project */
	const char *user; /* column that must equal the calling user's id; NULL: any user's rows */
	/* Column with another project that sees the row, too, and may change what the resource lets it; NULL: none. */
	const char *receiver;
	const char *received_below; /* what parent_column is for that project's rows; NULL: the same */
	/* Nested in the path: the resource above, and the column with its id, which is also the name of the path
	 * parameter. */
	const struct resource *parent;
	const char *parent_column;
	bool below_received; /* also below a row that the caller sees as its receiver */
	/* Column that is null while the API shows the row; a row that waits for its edge after a delete has a value.
	 * NULL: all rows are shown. */
	const char *hidden;
	bool counted;               /* lists of a project have the number of items over all pages, as total_count */
	const struct route *routes; /* ends with a row whose path is NULL */

	/* Names the rows to lock before any other hook sees the row (store/row_lock.h): those that own the sets it
	 * belongs to. The engine adds the row itself, and for a create its project. Of a create the row is what the
	 * caller sent, with id, owner column and defaults. call is NULL when an edge's report or a call of another
	 * resource is the cause. */
	enum dc_code (*chain)(struct tx *, struct call *, void *row, struct lock_set *, struct dc_error *err);
	/* Before INSERT, with body decoded and defaults set: checks references, quotas, cross-member rules and states
	 * in the order of semantics.md section 3; fills what the server fills. The engine has set id, the owner column,
	 * and created/updated times where the table has them. */
	enum dc_code (*create)(struct tx *, struct call *, void *row, struct dc_error *err);
	/* After INSERT: children. */
	enum dc_code (*created)(struct tx *, struct call *, void *row, struct dc_error *err);
	/* Before UPDATE: row is old with the patch merged in. */
	enum dc_code (*update)(
	    struct tx *, struct call *, const void *old, const void *patch, void *row, struct dc_error *err);
	enum dc_code (*updated)(struct tx *, struct call *, const void *old, void *row, struct dc_error *err);
	const struct blocker *blockers; /* ends with a row whose resource is NULL; asked before `remove` */
	/* Before DELETE: refuses what the blockers do not cover. A resource that lives on edges has its row marked as
	 * leaving here instead; the engine writes it, and deletes it when settle() reports that nothing is left. */
	enum dc_code (*remove)(struct tx *, struct call *, void *row, struct dc_error *err);
	enum dc_code (*removed)(struct tx *, struct call *, void *row, struct dc_error *err);
	/* Fills F_EMBED and computed members of n rows, with one query per embedded table, never one per row. */
	enum dc_code (*embed)(struct tx *, const struct call *, void *rows, size_t n, struct dc_error *err);
	/* An edge's report shows the carrier of its ports. */
	enum dc_code (*observe_ports)(
	    struct tx *, const char *edge_id, const struct port_seen *, size_t n, struct dc_error *err);
	/* --- on the edges: reconcile/work.h; a resource with settle() lives on edges --- */

	unsigned rank;                /* owners are rendered in this order, and settled in the reverse one */
	const struct depend *depends; /* ends with a row whose `on` is NULL */
	/* Whether the row waits for its edges after a delete. */
	bool (*leaving)(const void *row);
	/* Puts every object that is wanted now, on any edge (work_put). One that leaves puts none but what others rest
	 * on. */
	enum dc_code (*render)(struct tx *, struct work_view *, const void *row, struct dc_error *err);
	/* Derives status from the owner's objects, and writes the row where it moved. *gone: nothing is left on any
	 * edge of a row that leaves; the hook has given back what the row had taken, and the engine deletes the row. */
	enum dc_code (*settle)(struct tx *, struct work_view *, void *row, bool *gone, struct dc_error *err);
	/* What the age of the row's observed members is known by: header X-Dcaas-Observed-Age of a show. *ret is zero
	 * before. */
	enum dc_code (*observed)(struct tx *, const void *row, struct observed *ret, struct dc_error *err);
};

#endif
