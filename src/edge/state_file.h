/* SPDX-License-Identifier: ISC */
/* state_file.h - the desired set's files: the whole set as one line with a checksum and a wire_desired as JSON, and
 * what all files there have in common. */
#ifndef DC_EDGE_STATE_FILE_H
#define DC_EDGE_STATE_FILE_H

#include "base/buf.h"
#include "base/seal.h"
#include "wire/object.h"

#define DESIRED_MAX ((size_t)256 << 20) /* bytes of a file */
#define FILE_HASH_SIZE 65

void hash_text(const char *text, size_t len, char hex[FILE_HASH_SIZE]);
enum dc_code read_whole(const char *path, struct buf *out, bool *missing, struct dc_error *err);
bool sync_folder(const char *dir);

/* On DC_OK *ret is NULL when there is no file. hash: of what is on disk. */
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
