/* SPDX-License-Identifier: ISC */
/* state_priv.h - the inside of state.c, shared with state_file.c only. */
#ifndef DC_EDGE_STATE_PRIV_H
#define DC_EDGE_STATE_PRIV_H

#include "base/buf.h"
#include "base/seal.h"
#include "edge/state.h"

#define DESIRED_MAX ((size_t)256 << 20) /* bytes of a file */

struct journal;

struct object_list { /* of objects, each once */
	struct edge_object **v;
	size_t n, cap;
};

enum list { LIST_NEWS, LIST_UNSAVED, LIST_TOMBSTONES, LISTS };

struct state {
	char *dir;
	int lock; /* descriptor; -1: none */
	struct seal *seal;
	char *lost;
	char *edge; /* NULL: not known */
	char *epoch;
	int64_t revision;
	bool saved, save_whole; /* save_whole: a change in the journal will not do */
	struct journal *journal;
	size_t n, cap, wanted;
	struct edge_object **object; /* sorted by key */
	struct object_list list[LISTS];
	struct unit **unit; /* sorted by instance */
	size_t units;
};

/* state_units.c */
void units_free(struct state *);
void units_move(struct state *, struct edge_object *const *touched, size_t n); /* to where they belong now */
void units_touch(struct state *, struct edge_object *); /* its unit has changed, and that of its other end */
void units_forget(struct state *, struct edge_object *); /* one that nothing is left of: no change of its unit */

/* state_file.c. On DC_OK *ret is NULL when there is no file. hash: of what is on disk, FILE_HASH_SIZE. */
#define FILE_HASH_SIZE 65
enum dc_code read_whole(const char *path, struct buf *out, bool *missing, struct dc_error *err);
bool sync_folder(const char *dir);
void hash_text(const char *text, size_t len, char hex[FILE_HASH_SIZE]);
enum dc_code file_load(
    const char *dir, struct arena *, struct wire_desired **ret, char hash[FILE_HASH_SIZE], struct dc_error *err);
enum dc_code file_save(
    const char *dir, const struct wire_desired *, char hash[FILE_HASH_SIZE], size_t *size, struct dc_error *err);

/* The kind's secrets in a body, sealed or opened. *ret is body itself when it has none. */
enum dc_code body_seal(
    struct seal *, enum object_kind, const char *body, struct arena *, const char **ret, struct dc_error *err);
enum dc_code body_open(
    struct seal *, enum object_kind, const char *body, struct arena *, const char **ret, struct dc_error *err);

#endif
