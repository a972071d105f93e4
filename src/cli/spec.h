/* SPDX-License-Identifier: ISC */
/* spec.h - the API as commands: what an OpenAPI document says, taken apart once.
 *
 * Every operation is one command. Its verb is the first word of the operationId, its noun the rest, in the singular:
 * ListVirtualInterfaces is `virtual-interface list`. An operation that shows one thing brings a second command, wait,
 * which is this program's own: it reads until the members are as wanted. */
#ifndef DC_CLI_SPEC_H
#define DC_CLI_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct spec;

enum command_kind {
	COMMAND_CALL,
	COMMAND_LIST, /* answers one array of items */
	COMMAND_WAIT, /* reads one thing again and again */
};

/* A parameter of the path or of the query. */
struct parameter {
	const char *name;
	const char *doc; /* NULL: none */
	json_t *schema;
	bool required;
};

struct command {
	const char *noun, *verb;
	enum command_kind kind;
	const char *method, *path, *summary;
	bool in_project;             /* the path begins with the caller's project, which comes from the settings */
	bool operator_side;          /* under /dcaas/v1: the administrator's credentials, where there are some */
	bool open;                   /* needs no credentials */
	bool paged;                  /* a list that takes a marker */
	const struct parameter *ids; /* the other parameters of the path: the command's arguments, in order */
	size_t ids_n;
	const struct parameter *query;
	size_t query_n;
	json_t *body;         /* schema of the object that the options fill; NULL: no body */
	const char *envelope; /* member of the body that holds the object; NULL: the body is the object */
	json_t *answer;       /* schema of what is answered, of an item for a list; NULL: not told */
	const char *member;   /* member of the answer that holds it; NULL: the answer itself */
};

/* Commands of one noun. */
struct noun {
	const char *name;
	struct command *commands; /* list, show, create, update, delete, the others, wait */
	size_t n;
	bool operator_side; /* every one of them is */
};

/* text is not kept. On DC_OK *ret is the caller's, to give to spec_free(). */
enum dc_code spec_read(const char *text, size_t len, struct spec **ret, struct dc_error *err);
struct spec *spec_free(struct spec *);                         /* NULL is fine; returns NULL */
const struct noun *spec_nouns(const struct spec *, size_t *n); /* sorted by name */

/* --- schemas --- */

enum schema_type { SCHEMA_ANY, SCHEMA_STRING, SCHEMA_INTEGER, SCHEMA_BOOLEAN, SCHEMA_ARRAY, SCHEMA_OBJECT };

/* The schema itself, behind "$ref" and an "allOf" of one. NULL stays NULL. */
json_t *schema_of(const struct spec *, json_t *schema);
/* The following take a schema as schema_of() gives it; NULL is SCHEMA_ANY. */
enum schema_type schema_type(json_t *schema);
bool schema_is_secret(json_t *schema);
json_t *schema_properties(json_t *schema); /* NULL: none */
bool schema_requires(json_t *schema, const char *member);
const char *schema_doc(json_t *schema); /* NULL: none */
/* Writes "***" over every secret in value. */
void schema_mask(const struct spec *, json_t *schema, json_t *value);

#endif
