/* SPDX-License-Identifier: ISC */
/* password.h - password hashes (yescrypt, by libcrypt). Each call takes tens of milliseconds and 16 MB by design: never
 * on a thread that others wait for. */
#ifndef DC_PASSWORD_H
#define DC_PASSWORD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

enum dc_code password_hash(const char *password, struct arena *, const char **ret, struct dc_error *err);
/* hash NULL (no such user, or one without a password): false, after the same work. */
bool password_verify(const char *password, const char *hash);

#endif
