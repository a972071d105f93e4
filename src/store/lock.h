/* SPDX-License-Identifier: ISC */
/* lock.h - one process serves a database of SQLite: a lock file beside it, locked for as long as the process lives.
 * SQLite's own locks let two servers write in turns, each with a key, waiting polls and caches of its own. With
 * PostgreSQL it is one process for each folder of state. Only files in store/ include it. */
#ifndef DC_STORE_LOCK_H
#define DC_STORE_LOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Locks PATH.lock, which is made when it is missing and never removed. *fd: the lock, until it is closed; -1 when
 * another process has it. Waits up to wait_ms for that one to end. DC_E_IO when the file cannot be used. */
enum dc_code lock_take(const char *path, int64_t wait_ms, int *fd, struct dc_error *err);
/* Replaces what the file holds, for others to read; a full disk is no error. */
void lock_write(int fd, const char *text);
/* What the one who has the lock has written; false when nobody has it. */
bool lock_read(const char *path, char *text, size_t size);

#endif
