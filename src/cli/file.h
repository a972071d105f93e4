/* SPDX-License-Identifier: ISC */
/* file.h - reads files that the user names; "-" is standard input. */
#ifndef DC_CLI_FILE_H
#define DC_CLI_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* The whole file, up to out's ceiling. DC_E_IO names the file and the reason. */
enum dc_code file_read(const char *path, struct buf *out, struct dc_error *err);

#endif
