/* SPDX-License-Identifier: ISC */
#include "base/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config {
	const struct config_key *keys;
	size_t count;
	char **value; /* one per key; NULL: not set */
};

struct reading {
	struct config *config;
	const char *path;
	struct dc_error *err;
	bool failed;
};

static size_t
key_index(const struct config *c, const char *section, const char *key)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->keys[i].section, section) == 0 && strcmp(c->keys[i].key, key) == 0)
			return i;
	}
	return c->count;
}

static int
take(void *arg, const char *section, const char *key, const char *value)
{
	struct reading *r = arg;
	struct config *c = r->config;
	size_t i = key_index(c, section, key);

	if (r->failed)
		return 0;
	if (i == c->count || c->value[i] != NULL) {
		dc_fail(r->err, DC_E_PARAM, key,
		    i == c->count ? "%s: [%s] %s is not a known key" : "%s: [%s] %s is set twice", r->path, section,
		    key);
		r->failed = true;
		return 0;
	}
	c->value[i] = strdup(value);
	return c->value[i] != NULL;
}

struct config *
config_free(struct config *c)
{
	if (c == NULL)
		return NULL;
	for (size_t i = 0; c->value != NULL && i < c->count; i++)
		free(c->value[i]);
	free(c->value);
	free(c);
	return NULL;
}

enum dc_code
config_load(const char *path, const struct config_key *keys, struct config **ret, struct dc_error *err)
{
	struct config *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	c->keys = keys;
	while (keys[c->count].section != NULL)
		c->count++;
	c->value = calloc(c->count + 1, sizeof(*c->value));
	if (c->value == NULL) {
		config_free(c);
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	}
	struct reading r = {.config = c, .path = path, .err = err};
	int line = path != NULL ? ini_parse(path, take, &r) : 0;

	if (line == 0 && !r.failed) {
		*ret = c;
		return DC_OK;
	}
	int reason = errno;

	config_free(c);
	if (r.failed)
		return DC_E_PARAM;
	if (line < 0)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(reason));
	return dc_fail(err, DC_E_PARAM, NULL, "%s: line %d is neither [section] nor key = value", path, line);
}

const char *
config_get(const struct config *c, const char *section, const char *key)
{
	size_t i = key_index(c, section, key);

	if (i == c->count)
		abort(); /* the caller's table and its code disagree */
	return c->value[i] != NULL ? c->value[i] : c->keys[i].fallback;
}

enum dc_code
config_int(const struct config *c, const char *section, const char *key, int64_t lo, int64_t hi, int64_t *ret,
    struct dc_error *err)
{
	const char *text = config_get(c, section, key);
	const char *why = "is not set";
	int64_t v = text != NULL ? strtonum(text, lo, hi, &why) : 0;

	if (why != NULL)
		return dc_fail(err, DC_E_PARAM, key, "[%s] %s must be a whole number from %lld to %lld, and is \"%s\"",
		    section, key, (long long)lo, (long long)hi, text != NULL ? text : "");
	*ret = v;
	return DC_OK;
}

enum dc_code
config_bool(const struct config *c, const char *section, const char *key, bool *ret, struct dc_error *err)
{
	static const char *const words[] = {"no", "yes", "false", "true", "0", "1"};
	const char *text = config_get(c, section, key);

	for (size_t i = 0; text != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = i % 2 == 1;
			return DC_OK;
		}
	}
	return dc_fail(
	    err, DC_E_PARAM, key, "[%s] %s must be yes or no, and is \"%s\"", section, key, text != NULL ? text : "");
}
