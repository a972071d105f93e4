/* SPDX-License-Identifier: ISC */
#include "cli/file.h"

#include <errno.h>
#include <stdbool.h>

enum dc_code
file_read(const char *path, struct buf *out, struct dc_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? stdin : fopen(path, "re");
	char chunk[4096];
	size_t n;

	if (f == NULL)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0 && !out->failed)
		buf_add(out, chunk, n);
	int reason = ferror(f) ? errno : 0;

	if (!standard)
		fclose(f);
	if (reason != 0)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(reason));
	return out->failed ? dc_fail(err, DC_E_IO, NULL, "%s: larger than %zu bytes", path, out->max) : DC_OK;
}
