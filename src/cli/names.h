/* SPDX-License-Identifier: ISC */
/* names.h - things of the server by their names: ids for what a person types, names for ids that are shown. Lists are
 * read once each, with ids and names only. */
#ifndef DC_CLI_NAMES_H
#define DC_CLI_NAMES_H

#include "cli/client.h"

struct names;

/* client may be NULL: then nothing is known. Kept in the arena. */
struct names *names_new(struct client *, const struct spec *, struct arena *);
void names_free(struct names *); /* the lists that were read */

/* Where to look. */
struct names_place {
	json_t *resources;  /* an array of names: the resources that it may be one of */
	bool operator_side; /* of two lists of a resource, the operator's */
	const char *parent; /* id of what they are listed below; NULL: nothing */
};

/* typed: a whole id, which stays as it is; a name; or a beginning of an id, of four characters or more. DC_E_PARAM when
 * several things match, with a list of them; DC_E_NOT_FOUND when there is none, with the nearest name. Where the
 * list may not be read, what was typed goes to the server as it is. */
enum dc_code names_find(
    struct names *, const struct names_place *, const char *typed, const char **ret, struct dc_error *err);
/* The name of the thing with that id; NULL: it has none, or it is not known. */
const char *names_of(struct names *, const struct names_place *, const char *id);
/* Names of all, to be completed; each once, and none that is empty. An array, the caller's. */
json_t *names_all(struct names *, const struct names_place *);

#endif
