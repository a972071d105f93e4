/* SPDX-License-Identifier: ISC */
/* check.h - whether dcaasd could start with a configuration: what `dcaasd -n` looks at beside the file itself. */
#ifndef DC_CHECK_H
#define DC_CHECK_H

#include "base/arena.h"
#include "dcaasd/settings.h"

/* The folders and files that the settings name, as this process's user sees them: state_dir, database, key file,
 * certificate with its key, folders of the port files. Opens no database and makes nothing. DC_E_IO, DC_E_PARAM: err
 * names the file. */
enum dc_code check_files(const struct settings *, struct arena *, struct dc_error *err);

#endif
