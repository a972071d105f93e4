/* SPDX-License-Identifier: ISC */
/* manifest.h - files that describe several things:
 *
 *	virtual_gateways:
 *	  - name: office
 *	    vpc_id: 6a1e2f30-0000-4000-8000-000000000001
 *	    local_ep_group: [10.1.0.0/16]
 *	virtual_interfaces:
 *	  - name: office
 *	    vgw_id: office
 *	    ...
 *
 * A resource is called as on the command line. Members are those of its create and update calls, and the ids of its
 * path; ids may be names, also of things in the same file. A secret may be in a file of its own (bgp_md5_file). */
#ifndef DC_CLI_MANIFEST_H
#define DC_CLI_MANIFEST_H

#include "cli/spec.h"

struct entry {
	const struct noun *noun;
	const struct resource_words *resource;
	const struct command *list, *create, *update; /* update may be NULL */
	json_t *members;                              /* as the file has them, types as the API wants them */
	const char *label;                            /* "virtual interface office" */
};

struct manifest {
	struct entry *entry; /* what is referred to comes before what refers to it */
	size_t n;
};

/* Reads the files; "-" is standard input. DC_E_PARAM with the place for what cannot be meant. *ret is the caller's, to
 * give to manifest_free(); it is in the arena apart from that. */
enum dc_code manifest_read(const struct spec *, const char *const *files, size_t files_n, struct arena *,
    struct manifest *ret, struct dc_error *err);
void manifest_free(struct manifest *);
/* How a member of the entry is described, in a create or else in an update; NULL: it is no member. */
json_t *entry_property(const struct entry *, const char *member);
/* The parameter of the path of that name; NULL: there is none. */
const struct parameter *entry_place(const struct entry *, const char *member);
/* What a noun is called in a file: "virtual_gateways". */
const char *manifest_key(const struct noun *, struct arena *);
/* Puts what is referred to before what refers to it. */
void manifest_sort(const struct spec *, const struct noun **nouns, size_t n, struct arena *);
/* Whether things of the noun can be in a file. */
bool manifest_can(const struct noun *);

#endif
