/* SPDX-License-Identifier: ISC */
/* field.h - the field engine: one table per resource describes its members; from it come JSON decoding and
 * encoding, limits and their errors, SQL columns, what an update may change, filters and sort keys, and openapi.json.
 *
 * The engine knows no resource and does no I/O. A row is a C struct whose members are the f_* types below; a field
 * names the member's offset in it. The same row serves several bodies: a view (enum field_view) selects the members of
 * a body.
 *
 * Memory: a decoded row and everything it points to live in the arena given; the input may go away afterwards. */
#ifndef DC_FIELD_H
#define DC_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* Absent, null and value are kept apart: an update must distinguish "leave it" from "clear it". */
enum presence { ABSENT = 0, NULLED, GIVEN };

struct f_text { /* F_TEXT, F_ENUM, F_UUID, F_HEX32, F_ADDRESS, F_PREFIX, F_SECRET, F_JSON */
	enum presence set;
	const char *v; /* NULL unless GIVEN */
};
struct f_int { /* F_INT, F_TIME (utc_ms) */
	enum presence set;
	int64_t v;
};
struct f_bool {
	enum presence set;
	bool v;
};
struct f_list { /* F_LIST: strings, order kept */
	enum presence set;
	size_t n;
	const char **v;
};
struct f_objects { /* F_OBJECT (n is 1), F_OBJECTS: rows of another table, order kept */
	enum presence set;
	size_t n;
	void *v; /* array of n structs of field->of->size bytes */
};

/* Setters for code that fills rows. */
#define F_SET_TEXT(member, value) ((member) = (struct f_text){(value) != NULL ? GIVEN : NULLED, (value)})
#define F_SET_INT(member, value) ((member) = (struct f_int){GIVEN, (value)})
#define F_SET_BOOL(member, value) ((member) = (struct f_bool){GIVEN, (value)})
#define F_SET_NULL(member) ((member).set = NULLED)

enum field_kind {
	F_TEXT,  /* min..max characters of UTF-8, no control characters */
	F_ENUM,  /* one of names; `fold` compares without case and stores the table's spelling */
	F_UUID,  /* 36 characters; stored in lower case */
	F_HEX32, /* project ids */
	F_INT,   /* min..max; `quoted` also takes a string of digits */
	F_BOOL,
	F_TIME,    /* utc_ms in the row, RFC 3339 with milliseconds on the wire */
	F_LIST,    /* strings of min..max characters, at least min_items, at most max_items; JSON text in one column */
	F_OBJECT,  /* nested object `of`; JSON text in one column */
	F_OBJECTS, /* list of nested objects `of`, order kept; JSON text in one column, or `rows` */
	F_EMBED,   /* rows of another resource (a VIF's vif_peers): no column; the resource fills them, once per page */
	F_SECRET,  /* text that is sealed in the store; answered as the call's reader may see it */
	F_JSON,    /* JSON text as it is (observed details), at most max bytes; answers and wire only */
};

/* The bodies a row can be seen through. */
enum field_view {
	VIEW_CREATE = 1 << 0,    /* request of POST */
	VIEW_UPDATE = 1 << 1,    /* request of PUT */
	VIEW_CREATED = 1 << 2,   /* answer of POST (and PUT) where it differs; see field_table.created_differs */
	VIEW_ANSWER = 1 << 3,    /* item of show and list */
	VIEW_OP_CREATE = 1 << 4, /* the operator's side, /dcaas/v1 */
	VIEW_OP_UPDATE = 1 << 5,
	VIEW_OP_ANSWER = 1 << 6,
	VIEW_WIRE = 1 << 7, /* bodies of edge objects */
	VIEW_OWN = 1 << 8,  /* what a tenant reads of its own things beyond the contract, /dcaas/v1/projects/ */
};
#define VIEW_REQUESTS (VIEW_CREATE | VIEW_UPDATE | VIEW_OP_CREATE | VIEW_OP_UPDATE)

/* What some clients cannot read: their answers have null in such members (api/quirk.c names them, with the reason). */
enum field_quirk {
	QUIRK_TYPED_AS_TIME = 1 << 0, /* text that they take for a time */
	QUIRK_INT32 = 1 << 1,         /* a number that they have 31 bits for; null only when it is larger */
};

struct field_table;

/* A column of the command line's list of a table. The value is the first of `member` ("vgw_id|gateway_id") that the row
 * has; with `in`, that of each item of the list (or of the object) of this name, or, with `where`
 * ("address_family=ipv4"), of those items that have this value. */
struct field_column {
	const char *title; /* NULL: the member's name */
	const char *in, *where, *member;
	const char *of;    /* member with the limit of the value: "3/100" */
	const char *since; /* member with the time since when the value holds */
	bool note;         /* words, which may stand below the row where the line has no room for them */
};

struct field {
	const char *name; /* JSON member and SQL column */
	enum field_kind kind;
	size_t offset; /* of the f_* struct in the row */
	unsigned may;  /* views (or'ed) in which the member occurs */
	unsigned must; /* views in which it is required (requests), or never null (answers) */
	/* Limits of requests. Text: characters. Int: value. List: characters of each item. */
	int64_t min, max;
	size_t min_items, max_items; /* F_LIST, F_OBJECTS; max_items 0: no limit of its own */
	/* Limits published for answers, where they differ from the request's; both 0: the same. */
	int64_t out_min, out_max;
	bool out_unlimited;          /* the answer has no maximum */
	const char *const *names;    /* F_ENUM: NULL-terminated */
	const char *const *in_names; /* F_ENUM: what a request may name, where fewer; NULL: names */
	bool fold;     /* F_ENUM: case does not matter. F_TEXT: a filter is taken in lower case, which the text is in */
	bool quoted;   /* F_INT: "12" is taken as 12 */
	bool zero;     /* F_UUID: "0" and "" are taken too */
	bool nullable; /* answer may be null */
	bool omitted;  /* some answers are without it */
	bool no_column;  /* computed or embedded: not in SQL */
	bool filter;     /* may filter a list (repeated key: OR) */
	bool filter_csv; /* and its values may be comma-separated */
	bool parameter;  /* of an extra route's query_table: a parameter of the query that stands once */
	bool sort;       /* may be a sort_key */
	unsigned quirks; /* enum field_quirk, or'ed */
	bool guard;      /* SQL: column is bumped to lock the row; never in a body */
	bool renders;    /* a change of it changes what an edge is asked to have */
	bool fixed; /* text that never changes once the row is there: an update leaves it be, and reads by it can be
		     * kept (store/footing.h) */
	enum dc_code code;              /* error of a broken limit or format; 0: DC_E_PARAM */
	const struct field_table *of;   /* F_OBJECT, F_OBJECTS, F_EMBED */
	const struct field_table *rows; /* F_OBJECTS: they are rows of this table and no column (store/child.h) */
	const char *fallback; /* server default as JSON text ("\"ipv4\"", "false"); applied by field_defaults() */
	const char *pattern;  /* published pattern (openapi only); checks are by kind */
	const char *doc;      /* one sentence, for openapi.json, CLI and console */
	bool cli;             /* a column of the CLI's table: of the wide one, where the table has `columns` */
	const char *ref;      /* resource whose id the member holds; "a|b": either */
	const char *ref_kind; /* instead: member of the same row that names the resource */
	const char *option;  /* its option of the CLI, where the member's name is that of another one; NULL: its name */
	const char *example; /* a good value, for help; text as a user types it */
	/* Values that every request is refused with ("true", "LGW"), NULL-terminated; an empty list: any value. */
	const char *const *refused;
};

/* Begins the row of a table: the member, its column and its place in the row's struct have one name. */
#define AT(type, member) .name = #member, .offset = offsetof(struct type, member)

/* A rule that the database keeps, and what a client reads when its order breaks it. Checks come before it; it stands
 * behind them where two orders meet, and for what nothing else looks at. */
struct constraint {
	const char *name;   /* as the database reports it (store/query.h); primary keys need no row */
	enum dc_code code;  /* of a row that breaks it; 0: only a fault of ours can */
	const char *member; /* of the request */
	const char *words;  /* behind "MEMBER: " */
	/* Of a foreign key, when the row that it refers to would go. */
	enum dc_code in_use_code;
	const char *in_use; /* a sentence without a full stop */
};

/* With which rows of other tables a row goes (ON DELETE). */
enum row_end {
	END_ALONE = 0,
	END_WITH_GUARD, /* with the one of guarded_by in guard_column */
	END_WITH_OTHERS,
};

/* A member of an older generation of the API, which clients of that generation still send. Where it would be ignored,
 * the client would lose what it orders with it: a request that has it is refused (DC_E_PARAM). */
struct outdated {
	const char *name;
	const char *instead; /* the member that took its place */
};

struct field_table {
	const char *name;                     /* schema name in openapi.json: "VirtualInterface" */
	const char *sql;                      /* table; NULL: has none */
	size_t size;                          /* of the row struct */
	const struct field *fields;           /* ends with a row whose name is NULL */
	const struct constraint *constraints; /* all of the table's; ends with a row whose name is NULL. NULL: none */
	const struct outdated *outdated;      /* ends with a row whose name is NULL. NULL: none */
	bool at_least_one;                    /* an update without any member of its view is refused (DC_E_PARAM) */
	bool created_differs; /* VIEW_CREATED is used for the answer of POST and PUT; else VIEW_ANSWER */
	/* Locks (store/row_lock.h). A row of a table with a rank is written under its own lock; other rows under the
	 * lock of the row of table `guarded_by` (its SQL name) whose id is in guard_column. Both absent: the database's
	 * constraints are all that is needed. */
	unsigned rank;
	const char *guarded_by, *guard_column;
	bool freed_without_lock; /* deleting a row only gives something free */
	const struct field_column
	    *columns;     /* of the CLI's table, ends with a row without member; NULL: the fields `cli` */
	bool kept;        /* its rows are kept in memory elsewhere: changes of them are counted, tx_generation() */
	enum row_end end; /* of rows, without a statement of their own */
};

const struct field *field_find(const struct field_table *, const char *name);
void *field_ptr(const struct field *, void *row);
enum presence field_presence(const struct field *, const void *row);

/* JSON -> row. json is the object inside the envelope. Members that the view does not have are ignored (contract,
 * semantics section 2); an explicit null counts as absent; required, type, length, range, enum and format are checked
 * in table order and the first broken rule is reported: err->member is the path ("virtual_interface.tags[0].key" with
 * prefix "virtual_interface"). ret is an arena row of table->size bytes; untouched on failure. */
enum dc_code field_decode(const struct field_table *, enum field_view, const json_t *json, const char *prefix,
    struct arena *, void **ret, struct dc_error *err);

/* Text -> tree, for request bodies. Refuses duplicate members, anything after the value, NUL in strings, and bodies
 * that are no object. err->code is DC_E_BODY. The caller owns *ret (json_decref). */
enum dc_code field_parse(const char *text, size_t len, json_t **ret, struct dc_error *err);
/* As field_decode, of the one member `envelope` of a body, which must be an object: DC_E_BODY names it when missing. */
enum dc_code field_decode_in(const struct field_table *, enum field_view, const json_t *body, const char *envelope,
    struct arena *, void **ret, struct dc_error *err);

/* The paths of the members of a body that field_decode() passes over, with commas between them: names that the table
 * does not have, and members that the view does not have. At most 16, then "...". Members that are null are none. NULL:
 * there is none. Only printable ASCII comes out. json is the whole body; envelope as above, "" when it has none. */
const char *field_ignored(
    const struct field_table *, enum field_view, const json_t *json, const char *envelope, struct arena *);

/* Whether a body of that view must have any member at all. */
bool field_table_requires(const struct field_table *, enum field_view);
/* Sets what is ABSENT and has a fallback; in nested rows too, see below. */
void field_defaults(const struct field_table *, struct arena *, void *row);
/* The same in the rows of a nested member, which become copies in the arena: the row may be a copy of a request's body,
 * which shares its nested rows, and nobody writes to a body. */
void field_rows_defaults(const struct field_table *of, struct arena *, struct f_objects *rows);
/* Copies each GIVEN member that `view` has from patch into row; returns whether any member's value changed. */
bool field_merge(const struct field_table *, enum field_view view, void *row, const void *patch);
/* Whether a member that `renders` differs between two rows. */
bool field_renders(const struct field_table *, const void *a, const void *b);
/* Whether the members of the view are the same in both. */
bool field_equal(const struct field_table *, enum field_view, const void *a, const void *b);

/* Copies the members that both tables have by the same name and kind. */
void field_copy(const struct field_table *from_table, const void *from, const struct field_table *to_table, void *to);
bool field_objects_equal(const struct field_table *of, const struct f_objects *, const struct f_objects *);

/* What an encoder leaves out or hides. */
struct field_options {
	bool hide_secrets;       /* F_SECRET comes out null (readers) */
	unsigned quirks;         /* members with one of these come out null */
	const char *const *only; /* NULL, or NULL-terminated member names (`fields` of a list); "id" always comes out */
};

/* Row -> JSON object. Members of the view without a value are written as null; lists without one too. */
void field_encode(
    const struct field_table *, enum field_view, const void *row, const struct field_options *, struct json *out);

/* One value as text, as SQL column and edge state hold it (lists and objects as JSON); NULL when not GIVEN. */
const char *field_to_text(const struct field *, const void *row, struct arena *);
/* The reverse; NULL text makes the member NULLED. False when text is not of the kind (a damaged store). */
bool field_from_text(const struct field *, void *row, const char *text, struct arena *);

/* A filter or sort value from a query string: checks it against the kind (DC_E_PARAM naming it) and gives the text as
 * the store compares it. */
enum dc_code field_check_query(
    const struct field *, const char *value, struct arena *, const char **ret, struct dc_error *err);

/* The OpenAPI 3.0 schema object of one view, with what the command line needs in members x-dcaas-...: which members are
 * columns, whose ids they hold, which values are always refused. */
void field_schema(const struct field_table *, enum field_view, struct json *out);
/* Columns as an array of objects, those of which the view has a member; ends with a row without member. */
void field_columns(const struct field_table *, enum field_view, const struct field_column *, struct json *out);

/* Called by a table test of every resource: aborts when a table contradicts itself (duplicate name, view in must but
 * not in may, enum without names, limits upside down, overlapping offsets). */
void field_table_assert(const struct field_table *);

#endif
