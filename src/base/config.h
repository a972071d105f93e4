/* SPDX-License-Identifier: ISC */
/* config.h - INI files (inih): sections and keys into a flat list, then read by typed getters. */
#ifndef DC_CONFIG_H
#define DC_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct config;

/* One key a program knows. Unknown sections or keys are errors, so that a misspelt one is reported, not ignored. */
struct config_key {
	const char *section;
	const char *key;
	const char *fallback; /* NULL: none */
	const char *doc;      /* one line, used by the manual page and -n */
};

/* keys ends with a row whose section is NULL and must outlive the config. path NULL: fallbacks only. On failure err
 * has the form of config_locate(), and *ret is untouched. */
enum dc_code config_load(const char *path, const struct config_key *keys, struct config **ret, struct dc_error *err);
/* The same from an open file; path is for the error's words. */
enum dc_code config_load_file(
    FILE *, const char *path, const struct config_key *keys, struct config **ret, struct dc_error *err);
struct config *config_free(struct config *);
/* Borrowed; NULL when neither set nor with a fallback. Asking for a key that is not in the table aborts. */
const char *config_get(const struct config *, const char *section, const char *key);
/* The one form of errors of a configuration: for an error whose member is a key of that section its words become
 *
 *     FILE:LINE: [section] key = "value": rule             (the key stands in the file)
 *     FILE: [section] key is not set: rule                 (it does not)
 *
 * The rule is what the words were, without "[section] key " at their beginning. Returns the error's code. */
enum dc_code config_locate(const struct config *, const char *section, struct dc_error *err);
/* Whole numbers in lo..hi, and yes|no|true|false|1|0. The error names section, key and rule; see config_locate(). */
enum dc_code config_int(const struct config *, const char *section, const char *key, int64_t lo, int64_t hi,
    int64_t *ret, struct dc_error *err);
enum dc_code config_bool(const struct config *, const char *section, const char *key, bool *ret, struct dc_error *err);

#endif
