/* seal.h - secrets at rest: AES-256-GCM (GnuTLS) under a key file, one random nonce per value.
 *
 * Text form: "v1:" key id ":" base64(nonce | ciphertext | tag). The key id lets a later rotation hold two keys. */
#ifndef DC_SEAL_H
#define DC_SEAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

struct seal;

/* Reads the key file, or creates it with mode 0600 when create is true and it is missing. Errors say the path and what is
 * wrong (missing, readable by others, not a key), never its content. */
enum dc_code seal_open(const char *path, bool create, struct seal **ret, struct dc_error *err);
struct seal *seal_close(struct seal *); /* wipes the key */
/* plain is a C string; `context` (table.column) is authenticated with it, so a value moved elsewhere does not open. */
const char *seal_text(struct seal *, const char *plain, const char *context, struct arena *);
/* NULL with err set when the text was sealed under another key or altered. */
const char *seal_open_text(struct seal *, const char *sealed, const char *context, struct arena *, struct dc_error *err);

#endif
