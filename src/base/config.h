/* SPDX-License-Identifier: ISC */
/* config.h - INI files (inih): sections and keys into a flat list, then read by typed getters. */
#ifndef DC_CONFIG_H
#define DC_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct config;

/* One key a program knows. Unknown sections or keys are errors, so that a misspelt one is told, not ignored. */
struct config_key {
	const char *section;
	const char *key;
	const char *fallback; /* NULL: none */
	const char *doc;      /* one line, used by the manual page and -n */
};

/* keys ends with a row whose section is NULL and must outlive the config. path NULL: fallbacks only. On failure err
 * says file, line and reason, and *ret is untouched. */
enum dc_code config_load(const char *path, const struct config_key *keys, struct config **ret, struct dc_error *err);
struct config *config_free(struct config *);
/* Borrowed; NULL when neither set nor with a fallback. Asking for a key that is not in the table aborts. */
const char *config_get(const struct config *, const char *section, const char *key);
/* Whole numbers in lo..hi, and yes|no|true|false|1|0. The error names section, key and rule. */
enum dc_code config_int(const struct config *, const char *section, const char *key, int64_t lo, int64_t hi,
    int64_t *ret, struct dc_error *err);
enum dc_code config_bool(const struct config *, const char *section, const char *key, bool *ret, struct dc_error *err);

#endif
