/* SPDX-License-Identifier: ISC */
#include "base/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_SHOWN 80 /* letters of a refused value */

struct config {
	const struct config_key *keys;
	size_t count;
	char *path;     /* NULL: fallbacks only */
	char **value;   /* one per key; NULL: not set */
	unsigned *line; /* one per key: where it is set */
};

struct reading {
	struct config *config;
	FILE *file;
	unsigned line; /* of what inih hands over; inih does not report it */
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
		dc_fail(r->err, DC_E_PARAM, key, "%s:%u: [%s] %s = \"%.*s\": %s", c->path, r->line, section, key,
		    VALUE_SHOWN, value, i == c->count ? "there is no such key" : "the key is set twice");
		r->failed = true;
		return 0;
	}
	c->value[i] = strdup(value);
	c->line[i] = r->line;
	return c->value[i] != NULL;
}

/* For inih, as fgets(). */
static char *
next_line(char *into, int size, void *arg)
{
	struct reading *r = arg;
	char *read = fgets(into, size, r->file);

	if (read != NULL)
		r->line++;
	return read;
}

struct config *
config_free(struct config *c)
{
	if (c == NULL)
		return NULL;
	for (size_t i = 0; c->value != NULL && i < c->count; i++)
		free(c->value[i]);
	free(c->value);
	free(c->line);
	free(c->path);
	free(c);
	return NULL;
}

static struct config *
config_new(const char *path, const struct config_key *keys)
{
	struct config *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->keys = keys;
	while (keys[c->count].section != NULL)
		c->count++;
	c->value = calloc(c->count + 1, sizeof(*c->value));
	c->line = calloc(c->count + 1, sizeof(*c->line));
	c->path = path != NULL ? strdup(path) : NULL;
	if (c->value == NULL || c->line == NULL || (path != NULL && c->path == NULL))
		return config_free(c);
	return c;
}

static enum dc_code
read_file(struct config *c, FILE *file, struct dc_error *err)
{
	struct reading r = {.config = c, .err = err, .file = file != NULL ? file : fopen(c->path, "re")};
	int wrong;

	if (r.file == NULL)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", c->path, strerror(errno));
	wrong = ini_parse_stream(next_line, &r, take, &r);
	if (wrong == 0 && ferror(r.file))
		dc_fail(err, DC_E_IO, NULL, "%s: %s", c->path, strerror(errno));
	else if (wrong != 0 && !r.failed)
		dc_fail(err, DC_E_PARAM, NULL, "%s:%d: the line is neither [section] nor key = value", c->path, wrong);
	if (r.file != file)
		fclose(r.file);
	return err->code;
}

enum dc_code
config_load(const char *path, const struct config_key *keys, struct config **ret, struct dc_error *err)
{
	return config_load_file(NULL, path, keys, ret, err);
}

enum dc_code
config_load_file(FILE *file, const char *path, const struct config_key *keys, struct config **ret, struct dc_error *err)
{
	struct config *c = config_new(path, keys);
	struct dc_error failure = {0};

	if (c == NULL)
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	if (path != NULL && read_file(c, file, &failure) != DC_OK) {
		*err = failure;
		config_free(c);
		return err->code;
	}
	*ret = c;
	return DC_OK;
}

/* Behind "[section] key ", with which errors of settings begin. */
static const char *
rule_of(const char *text, const struct config_key *key)
{
	const char *rule = text;
	size_t n = strlen(key->section), k = strlen(key->key);

	if (rule[0] == '[' && strncmp(rule + 1, key->section, n) == 0 && strncmp(rule + 1 + n, "] ", 2) == 0)
		rule += n + 3;
	if (strncmp(rule, key->key, k) == 0 && (rule[k] == ' ' || rule[k] == ':'))
		rule += k + strspn(rule + k, " :");
	return rule;
}

enum dc_code
config_locate(const struct config *c, const char *section, struct dc_error *err)
{
	const struct dc_error was = *err;
	size_t i = key_index(c, section, was.member);
	const char *path = c->path != NULL ? c->path : "", *colon = c->path != NULL ? ": " : "";

	if (i == c->count)
		return dc_fail(err, was.code, was.member, "%s%s%s", path, colon, was.text);
	if (c->value[i] == NULL)
		return dc_fail(err, was.code, was.member, "%s%s[%s] %s is not set%s%s%s: %s", path, colon, section,
		    c->keys[i].key, c->keys[i].fallback != NULL ? " (default " : "",
		    c->keys[i].fallback != NULL ? c->keys[i].fallback : "", c->keys[i].fallback != NULL ? ")" : "",
		    rule_of(was.text, &c->keys[i]));
	return dc_fail(err, was.code, was.member, "%s:%u: [%s] %s = \"%.*s\": %s", path, c->line[i], section,
	    c->keys[i].key, VALUE_SHOWN, c->value[i], rule_of(was.text, &c->keys[i]));
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
		return dc_fail(err, DC_E_PARAM, key, "[%s] %s must be a whole number from %lld to %lld", section, key,
		    (long long)lo, (long long)hi);
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
	return dc_fail(err, DC_E_PARAM, key, "[%s] %s must be yes or no", section, key);
}
