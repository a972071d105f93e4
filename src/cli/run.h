/* SPDX-License-Identifier: ISC */
/* run.h - one command carried out: its calls, and what is printed of their answers. */
#ifndef DC_CLI_RUN_H
#define DC_CLI_RUN_H

#include "cli/arguments.h"
#include "cli/settings.h"

/* Failures are in err, in words; where they are on standard error already, err->text is
 * empty. The code is the kind: DC_E_PARAM usage, DC_E_IO a file, DC_E_UNAVAILABLE no answer, DC_E_UNAUTHORIZED,
 * DC_E_AGAIN timed out, DC_E_CONFLICT there are differences (diff), anything else refused by the API. */
enum dc_code run_command(const struct spec *, const struct arguments *, const struct settings *, struct dc_error *err);

#endif
