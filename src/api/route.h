/* SPDX-License-Identifier: ISC */
/* route.h - the API is a table: each row a method, a path, who may call it, what its body is, and the function that
 * runs inside the call's transaction. The engine has authenticated, checked role and project and decoded the body
 * before. */
#ifndef DC_ROUTE_H
#define DC_ROUTE_H

#include "auth/identity.h"
#include "field/resource.h"

enum method { M_NONE = 0, M_GET, M_POST, M_PUT, M_DELETE, M_HEAD, M_OPTIONS };

enum route_flag {
	ROUTE_WRITES = 1 << 0, /* run() is a mutation: it goes through store_submit() and the connection is suspended */
	ROUTE_OPEN = 1 << 1,   /* no authentication (health, token issue, version discovery) */
	ROUTE_EDGE = 1 << 2,   /* an edge's credential only */
	ROUTE_OBSERVED = 1 << 3,    /* show: answers X-Dcaas-Observed-Age */
	ROUTE_HIDDEN = 1 << 4,      /* not in openapi.json */
	ROUTE_ANY_PROJECT = 1 << 5, /* IAM reads: no project in the path */
	ROUTE_FOR_ANSWER = 1 << 7,  /* a mutation that is of no use to a client that has left; as reads are */
	ROUTE_PROBED = 1 << 6,      /* GET that takes HEAD, too, and OPTIONS: load balancers probe with any of them */
	ROUTE_DOCUMENT = 1 << 8,    /* the answer is a document: the command line prints it as it is */
	ROUTE_REFUSED = 1 << 9,     /* every call is refused so far: openapi.json shows it */
	ROUTE_NO_FAULTS = 1 << 10,  /* no tester's fault meets it (api/fault.h) */
};

struct call;

/* Threads with a queue each, for what takes its time (api/worker.c). */
enum route_lane { LANE_LOGIN = 0, LANE_OPERATOR, LANE_LONG, LANE_READ, LANE_BODY, LANE_TOKEN, LANES };

struct route {
	enum method method;
	const char *path; /* "/v3/{project_id}/dcaas/virtual-interfaces/{virtual_interface_id}"; segments in braces
			   * match one percent-decoded segment without '/' and NUL; a trailing slash is the same path */
	enum role role;   /* least role */
	unsigned flags;
	const struct resource *res;           /* NULL for extra handlers */
	enum field_view view;                 /* request body's view of body_table; 0: no body */
	const struct field_table *body_table; /* NULL with view: res->table */
	const char *envelope;                 /* NULL with view: res->name; "" : the body itself is the object */
	enum field_view answer;               /* of the row in the answer; 0: the engine's choice */
	/* Of an extra route: its answer's body (call_answer_row()), and for openapi.json its query parameters (those
	 * that filter) and the description of parameters of the path by the same names. NULL: the resource in its
	 * envelope, and none. */
	const struct field_table *answer_table, *query_table;
	int status; /* of success; 0: 200 */
	enum dc_code (*run)(struct tx *, struct call *, struct dc_error *err);
	const char *operation; /* operationId: "CreateVirtualInterface" */
	const char *summary;   /* one sentence for openapi.json and the CLI */
	/* Of rules of the call's own, beside those that each call of its shape may have (api/errors.h). Ends with
	 * DC_OK; NULL: none. ERRORS() makes one. */
	const enum dc_code *errors;
	/* "NOUN VERB" on the command line, where the operation's name makes no good one; "": none. NULL: by the name */
	const char *command;
	/* Before the transaction, body decoded: work that takes its time (password hashes), on a thread of its own; it
	 * may read the store with store_read_wait() and leaves its result in call->prepared. NULL: none.
	 */
	enum dc_code (*prepare)(struct call *, struct dc_error *err);
	enum route_lane lane; /* of prepare, without `queue` */
	/* Which lane prepare waits in, body decoded, and in whose name beside that of the caller's address; may read
	 * the store. NULL: `lane`, in the caller's name. */
	enum route_lane (*queue)(struct call *, const char **name);
};

#define ERRORS(...) ((const enum dc_code[]){__VA_ARGS__, DC_OK})

#define ROUTE_PARAMS_MAX 6

struct route_match {
	const struct route *route;
	size_t params; /* path parameters, in order */
	struct {
		const char *name;  /* "virtual_interface_id" */
		const char *value; /* percent-decoded */
	} param[ROUTE_PARAMS_MAX];
};

/* All routes of a program, from an array of tables, which outlive it. */
struct route_index *route_index_new(const struct route *const *tables);
struct route_index *route_index_free(struct route_index *); /* NULL is fine; returns NULL */
/* Longer literal prefixes win over parameters. raw_path is the target as
 * received, before '?'. DC_E_NO_API when nothing matches; DC_E_PARAM when an id's place holds a pattern
 * ("{peer_link_id}"); DC_E_REQUEST for a bad escape, an encoded NUL or '/' inside a parameter's segment, or one that is
 * no UTF-8. An empty segment matches {project_id} only: the caller's one project, or an error with a name. */
enum dc_code route_find(const struct route_index *, enum method, const char *raw_path, struct arena *,
    struct route_match *ret, struct dc_error *err);

/* A tenant's paths name the project: those of the contract (/v3/{project_id}/), and the tenant's own view of what the
 * operator sees (/dcaas/v1/projects/{project_id}/). All else below /dcaas/v1 is the operator's. */
bool route_in_project(const struct route *);
bool route_is_operators(const struct route *);

enum method method_parse(const char *); /* M_NONE for methods that no route has */

#endif
