/* SPDX-License-Identifier: ISC */
/* seal.h - secrets at rest: AES-256-GCM (GnuTLS) under a key file, one random nonce per value.
 *
 * Text form: "v1:" key id ":" base64(nonce | ciphertext | tag).
 *
 * A rotation: seal_rotate(), then the owner of the values seals them again, then seal_forget(). In between the key file
 * has two lines, the new key first, and every value opens, whichever of the two it was sealed under; a crash loses
 * nothing. All calls on one handle may come from several threads. */
#ifndef DC_SEAL_H
#define DC_SEAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

struct seal;

/* Reads the key file, or creates it with mode 0600 when create is true and it is missing. Errors name the path and what
 * is wrong (missing, readable by others, not a key), never its content. */
enum dc_code seal_open(const char *path, bool create, struct seal **ret, struct dc_error *err);
struct seal *seal_close(struct seal *); /* wipes the key */
/* plain is a C string; `context` (table.column) is authenticated with it, so a value moved elsewhere does not open. */
const char *seal_text(struct seal *, const char *plain, const char *context, struct arena *);
/* NULL with err set when the text was sealed under another key or altered. */
const char *seal_open_text(
    struct seal *, const char *sealed, const char *context, struct arena *, struct dc_error *err);

/* A new key, put beside the old one in the key file before it is used. DC_E_CONFLICT while there are two keys already.
 */
enum dc_code seal_rotate(struct seal *, struct dc_error *err);
/* Drops the old key from the file: what is still sealed under it is lost with this process. The process knows it on,
 * for who had begun to read before. */
enum dc_code seal_forget(struct seal *, struct dc_error *err);
bool seal_is_rotating(struct seal *); /* there are two keys */
/* Whether the file's first key still is this handle's: another process may have rotated. */
bool seal_is_current(struct seal *);
/* How every text begins that is sealed under the current key: "v1:" key id ":". */
const char *seal_prefix(struct seal *, struct arena *);

#endif
