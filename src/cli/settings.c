/* SPDX-License-Identifier: ISC */
#include "cli/settings.h"

#include <errno.h>
#include <ini.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/file.h"

#define ENV_FILE_MAX (64 * 1024)
#define DEFAULT_SECTION "default"

static const struct {
	const char *key, *variable, *doc;
	size_t offset;
} keys[] = {
#define KEY(member, variable, doc)                                                                                     \
	{                                                                                                              \
#member, variable, doc, offsetof(struct settings, member)                                              \
	}
    KEY(endpoint, "DCAAS_ENDPOINT", "server, as scheme://host:port"),
    KEY(project_id, "DCAAS_PROJECT_ID", "project to work in"),
    KEY(access_key, "DCAAS_ACCESS_KEY", "access key"),
    KEY(secret_key, "DCAAS_SECRET_KEY", "its secret key"),
    KEY(admin_access_key, "DCAAS_ADMIN_ACCESS_KEY", "operator's access key, for the operator's commands"),
    KEY(admin_secret_key, "DCAAS_ADMIN_SECRET_KEY", "its secret key"),
    KEY(ca, "DCAAS_CA", "file of certificates to trust"),
#undef KEY
};
#define KEYS_N (sizeof(keys) / sizeof(keys[0]))

bool
settings_key(size_t i, const char **key, const char **variable, const char **doc)
{
	if (i >= KEYS_N)
		return false;
	*key = keys[i].key;
	*variable = keys[i].variable;
	*doc = keys[i].doc;
	return true;
}

static const char **
slot(struct settings *s, size_t i)
{
	return (const char **)(void *)((char *)s + keys[i].offset);
}

/* Fills what is not set yet. */
static void
set_missing(struct settings *s, size_t i, const char *value)
{
	if (*slot(s, i) == NULL && value != NULL && value[0] != '\0')
		*slot(s, i) = value;
}

/* --- lines for a shell --- */

static char *
trimmed(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	for (len = strlen(text); len > 0 && strchr(" \t\r", text[len - 1]) != NULL; len--)
		text[len - 1] = '\0';
	if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0]) {
		text[len - 1] = '\0';
		text++;
	}
	return text;
}

/* NAME=value, perhaps behind "export"; other names are somebody else's. */
static void
take_env_line(struct settings *s, char *line)
{
	char *name = line + strspn(line, " \t"), *equals;

	if (strncmp(name, "export ", strlen("export ")) == 0)
		name += strlen("export ");
	if (name[0] == '#' || (equals = strchr(name, '=')) == NULL)
		return;
	*equals = '\0';
	for (size_t i = 0; i < KEYS_N; i++) {
		if (strcmp(name, keys[i].variable) == 0)
			set_missing(s, i, trimmed(equals + 1));
	}
}

static enum dc_code
take_env_file(struct settings *s, const char *path, struct arena *arena, struct dc_error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(ENV_FILE_MAX);
	enum dc_code rc = file_read(path, &text, err);
	char *rest, *line;

	if (rc != DC_OK)
		return rc;
	rest = arena_strdup(arena, buf_str(&text));
	while ((line = strsep(&rest, "\n")) != NULL)
		take_env_line(s, line);
	return DC_OK;
}

static void
take_environment(struct settings *s)
{
	for (size_t i = 0; i < KEYS_N; i++)
		set_missing(s, i, getenv(keys[i].variable));
}

/* --- configuration file --- */

struct config_reader {
	struct arena *arena;
	const char *path, *section;
	struct settings *found; /* of the wanted section */
	bool seen;
	struct dc_error *err;
	enum dc_code rc;
};

static int
take_config(void *arg, const char *section, const char *key, const char *value)
{
	struct config_reader *r = arg;
	size_t i = 0;

	while (i < KEYS_N && strcmp(keys[i].key, key) != 0)
		i++;
	if (i == KEYS_N) {
		r->rc = dc_fail(r->err, DC_E_PARAM, key, "%s: [%s] %s is not a known key", r->path, section, key);
		return 0;
	}
	if (strcmp(section, r->section) != 0)
		return 1;
	r->seen = true;
	set_missing(r->found, i, arena_strdup(r->arena, value));
	return 1;
}

/* It holds secrets: as ssh does with its keys, a file that others can read or write is refused. */
static enum dc_code
check_owner(FILE *f, const char *path, struct dc_error *err)
{
	struct stat st;

	if (fstat(fileno(f), &st) != 0)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(errno));
	if (st.st_uid != geteuid())
		return dc_fail(
		    err, DC_E_PARAM, NULL, "%s belongs to somebody else; it holds secrets and must be yours", path);
	if ((st.st_mode & 077) != 0)
		return dc_fail(err, DC_E_PARAM, NULL,
		    "%s holds secrets and is open to others (mode %03o): chmod 600 it", path,
		    (unsigned)st.st_mode & 0777);
	return DC_OK;
}

static enum dc_code
read_config(struct config_reader *r, FILE *f)
{
	int line;

	if ((r->rc = check_owner(f, r->path, r->err)) != DC_OK)
		return r->rc;
	line = ini_parse_file(f, take_config, r);
	if (r->rc == DC_OK && line != 0)
		r->rc = dc_fail(
		    r->err, DC_E_PARAM, NULL, "%s: line %d is neither [section] nor key = value", r->path, line);
	return r->rc;
}

/* A file that nobody asked for may be missing. */
static enum dc_code
take_section(
    struct settings *s, const char *path, bool asked, const char *section, struct arena *arena, struct dc_error *err)
{
	struct settings found = {0};
	struct config_reader r = {arena, path, section, &found, .err = err};
	FILE *f = path != NULL ? fopen(path, "re") : NULL;
	bool absent = f == NULL && (path == NULL || errno == ENOENT);
	enum dc_code rc;

	if (f == NULL && absent && !asked)
		return DC_OK;
	if (f == NULL)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", path != NULL ? path : "configuration file",
		    path != NULL ? strerror(errno) : "no home folder to look in");
	rc = read_config(&r, f);
	fclose(f);
	if (rc == DC_OK && asked && !r.seen)
		return dc_fail(err, DC_E_PARAM, "profile", "%s has no section [%s]", path, section);
	for (size_t i = 0; rc == DC_OK && i < KEYS_N; i++)
		set_missing(s, i, *slot(&found, i));
	return rc;
}

static const char *
default_path(struct arena *arena)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (base != NULL && base[0] == '/')
		return arena_printf(arena, "%s/dcaas/config", base);
	return home != NULL ? arena_printf(arena, "%s/.config/dcaas/config", home) : NULL;
}

/* --- all of it --- */

/* scheme://host[:port]: the signature covers the path, so the server must see the one we sign. */
static enum dc_code
check_endpoint(struct settings *s, struct arena *arena, struct dc_error *err)
{
	const char *host;
	char *clean;
	size_t len;

	if (s->endpoint == NULL)
		return dc_fail(err, DC_E_PARAM, "endpoint",
		    "which server? Set DCAAS_ENDPOINT, or --endpoint URL, or endpoint in the configuration file");
	clean = arena_strdup(arena, s->endpoint);
	for (len = strlen(clean); len > 0 && clean[len - 1] == '/'; len--)
		clean[len - 1] = '\0';
	host = strncasecmp(clean, "http://", 7) == 0    ? clean + 7
	       : strncasecmp(clean, "https://", 8) == 0 ? clean + 8
							: "";
	if (host[0] == '\0' || strpbrk(host, "/?#@ \t\r\n") != NULL)
		return dc_fail(err, DC_E_PARAM, "endpoint",
		    "the endpoint must be http://host:port or https://host:port, not \"%s\"", s->endpoint);
	s->endpoint = clean;
	return DC_OK;
}

/* Two halves from two places would be nobody's key. */
static enum dc_code
check_pair(const char *access, const char *secret, const char *what, struct dc_error *err)
{
	if ((access == NULL) == (secret == NULL))
		return DC_OK;
	return dc_fail(err, DC_E_UNAUTHORIZED, NULL, "%s: the %s key is set and the %s key is not", what,
	    access != NULL ? "access" : "secret", access != NULL ? "secret" : "access");
}

enum dc_code
settings_load(const struct settings_options *o, struct arena *arena, struct settings *ret, struct dc_error *err)
{
	struct settings s = {.endpoint = o->endpoint, .project_id = o->project, .ca = o->ca};
	const char *path = o->config != NULL ? o->config : default_path(arena);
	enum dc_code rc;

	if (o->env != NULL && (rc = take_env_file(&s, o->env, arena, err)) != DC_OK)
		return rc;
	if (o->profile != NULL && (rc = take_section(&s, path, true, o->profile, arena, err)) != DC_OK)
		return rc;
	take_environment(&s);
	if (o->profile == NULL &&
	    (rc = take_section(&s, path, o->config != NULL, DEFAULT_SECTION, arena, err)) != DC_OK)
		return rc;
	if ((rc = check_endpoint(&s, arena, err)) != DC_OK ||
	    (rc = check_pair(s.access_key, s.secret_key, "credentials", err)) != DC_OK ||
	    (rc = check_pair(s.admin_access_key, s.admin_secret_key, "operator's credentials", err)) != DC_OK)
		return rc;
	*ret = s;
	return DC_OK;
}
