/* SPDX-License-Identifier: ISC */
/* spec.h - the API as commands: an OpenAPI document, taken apart once.
 *
 * Every operation is one command. Its verb is the first word of the operationId, its noun the rest, in the singular:
 * ListVirtualInterfaces is `virtual-interface list`. An operation that shows one thing brings a second command, wait,
 * which is this program's own: it reads until the members are as wanted. A resource that the API shows inside of
 * another one only (an interface's peers) gets list, show and wait, which read the other one.
 *
 * What else this program needs to know of resources comes from members x-dcaas-... of the document: short words,
 * columns, whose ids a member holds, what identifies a resource, how it is drawn, what is always refused. */
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
	/* This program's own (tool.h), of no resource: */
	COMMAND_APPLY,
	COMMAND_DIFF,
	COMMAND_EXPORT,
	COMMAND_TOPOLOGY,
	COMMAND_EVENTS,
	COMMAND_DOCTOR,
};

/* A parameter of the path or of the query. */
struct parameter {
	const char *name;
	const char *doc; /* NULL: none */
	json_t *schema;
	json_t *ref; /* resources whose id it is, an array of names; NULL: none */
	bool required;
};

/* What the API has things of; several nouns may be of one resource (a tenant's and the operator's). */
struct resource_words {
	const char *name;  /* "virtual_interface" */
	const char *title; /* "virtual interface" */
	json_t *shorts;    /* array of short words; NULL: none */
	json_t *identity;  /* members that identify one */
	json_t *topology;  /* how it is drawn; NULL: it is not */
	const char *idle;  /* status of one that nothing leads to, as it shall be; NULL: none */
	json_t *trail;     /* members of a record of what happened; NULL: it is none */
};

struct command {
	const char *noun, *verb;
	const struct resource_words *resource; /* NULL: of none */
	enum command_kind kind;
	const char *method, *path, *summary;
	json_t *project_ref;         /* resource of that project; NULL: unknown */
	bool in_project;             /* the path begins with the caller's project, which comes from the settings */
	bool operator_side;          /* under /dcaas/v1: the administrator's credentials, where there are some */
	bool open;                   /* needs no credentials */
	bool paged;                  /* a list that accepts a marker */
	const struct parameter *ids; /* the other parameters of the path: the command's arguments, in order */
	size_t ids_n;
	const struct parameter *query;
	size_t query_n;
	json_t *body;         /* schema of the object that the options fill; NULL: no body */
	const char *envelope; /* member of the body that holds the object; NULL: the body is the object */
	json_t *answer;       /* schema of what is answered, of an item for a list; NULL: unknown */
	const char *member;   /* member of the answer that holds it; NULL: the answer itself */
	const char *inside; /* member of each item that holds the things, which have no list of their own; NULL: none */
	bool document;      /* the answer is a document, to be printed as it is */
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
const struct resource_words *spec_resources(const struct spec *, size_t *n);
const struct resource_words *spec_resource(const struct spec *, const char *name); /* NULL: there is none */
/* The list of what happened: of all, on the operator's side, or of a project. NULL: there is none. */
const struct command *spec_trail(const struct spec *, bool operator_side);
/* The command of that verb for a resource; of several, the first one on that side. NULL: there is none. */
const struct command *spec_command(const struct spec *, const char *resource, const char *verb, bool operator_side);
/* The command of that verb for what a command is about: of the same noun, else as spec_command(). */
const struct command *spec_beside(const struct spec *, const struct command *, const char *verb);
const struct command *noun_command(const struct noun *, const char *verb);
/* The noun that a word means: by its name or a beginning of it, in the plural, or a short word. DC_E_PARAM when there
 * is none, with the nearest. */
enum dc_code spec_noun(const struct spec *, const char *word, const struct noun **ret, struct dc_error *err);

/* --- schemas --- */

enum schema_type { SCHEMA_ANY, SCHEMA_STRING, SCHEMA_INTEGER, SCHEMA_BOOLEAN, SCHEMA_ARRAY, SCHEMA_OBJECT };

json_t *spec_schemas(const struct spec *); /* by name */
/* Whether an array of texts has this one. NULL has none. */
bool schema_lists(json_t *list, const char *value);
/* The schema itself, behind "$ref" and an "allOf" of one. NULL stays NULL. */
json_t *schema_of(const struct spec *, json_t *schema);
/* The following take a schema as schema_of() gives it; NULL is SCHEMA_ANY. */
enum schema_type schema_type(json_t *schema);
bool schema_is_secret(json_t *schema);
bool schema_is_id(json_t *schema);   /* a UUID, or a project's 32 digits */
bool schema_is_time(json_t *schema); /* a date with a time */
/* Resources whose ids a member holds, from its own schema (before schema_of()); NULL: none. */
json_t *schema_ref(json_t *member);
/* Whether every request with this member, or with this value of it, is refused. */
bool schema_refuses(json_t *member, const char *value);
/* Whether nothing that the member could be set to would change anything. */
bool schema_refuses_all(json_t *member);
json_t *schema_properties(json_t *schema); /* NULL: none */
bool schema_requires(json_t *schema, const char *member);
const char *schema_doc(json_t *schema); /* NULL: none */
/* Writes "***" over every secret in value. */
void schema_mask(const struct spec *, json_t *schema, json_t *value);

#endif
