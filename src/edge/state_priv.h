/* SPDX-License-Identifier: ISC */
/* state_priv.h - the inside of state.c, shared with state_file.c only. */
#ifndef DC_EDGE_STATE_PRIV_H
#define DC_EDGE_STATE_PRIV_H

#include "base/seal.h"
#include "edge/state.h"

#define DESIRED_MAX ((size_t)256 << 20) /* bytes of the file */

struct state {
	char *dir;
	int lock; /* descriptor; -1: none */
	struct seal *seal;
	char *lost;
	char *edge; /* NULL: not known */
	char *epoch;
	int64_t revision;
	bool saved;
	size_t n;
	struct edge_object **object; /* sorted by key */
	const struct want **want;    /* same order */
};

/* An object out of what travelled: decoded, its secrets sealed for the disk. */
struct edge_object *object_new(struct seal *, const struct wire_object *);
struct edge_object *object_free(struct edge_object *);

/* state_file.c. On DC_OK *ret is NULL when there is no file. */
enum dc_code file_load(const char *dir, struct arena *, struct wire_desired **ret, struct dc_error *err);
enum dc_code file_save(const char *dir, const struct wire_desired *, struct dc_error *err);

/* The kind's secrets in a body, sealed or opened. *ret is body itself when it has none. */
enum dc_code body_seal(
    struct seal *, enum object_kind, const char *body, struct arena *, const char **ret, struct dc_error *err);
enum dc_code body_open(
    struct seal *, enum object_kind, const char *body, struct arena *, const char **ret, struct dc_error *err);

#endif
