/* SPDX-License-Identifier: ISC */
#include "dcaasd/check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seal.h"
#include "dcaasd/certificate.h"

static const char *
folder_of(const char *path, struct arena *arena)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

static enum dc_code
refuse(const char *key, const char *path, const char *what, struct dc_error *err)
{
	return dc_fail(err, DC_E_IO, key, "[dcaasd] %s: %s %s: %s", key, path, what, strerror(errno));
}

static enum dc_code
check_state_dir(const char *dir, struct arena *arena, struct dc_error *err)
{
	struct stat found;

	if (stat(dir, &found) != 0 && errno == ENOENT)
		return access(folder_of(dir, arena), W_OK | X_OK) == 0
			   ? DC_OK
			   : refuse("state_dir", dir, "does not exist and cannot be made", err);
	if (access(dir, F_OK) == 0 && !S_ISDIR(found.st_mode))
		errno = ENOTDIR;
	else if (access(dir, R_OK | W_OK | X_OK) == 0)
		return DC_OK;
	return refuse("state_dir", dir, "cannot be used", err);
}

/* A database has a key file; without a database both are made by --init. */
static enum dc_code
check_database(const struct settings *s, struct arena *arena, struct dc_error *err)
{
	const char *dir = s->state_dir;
	const char *path = arena_printf(arena, "%s/dcaas.db", dir);
	struct seal *seal = NULL;
	enum dc_code rc;

	if (s->database != NULL)
		path = arena_printf(arena, "%s/dcaas.key", dir);
	if (access(path, F_OK) != 0)
		return DC_OK;
	if (s->database == NULL && access(path, R_OK | W_OK) != 0)
		return refuse("state_dir", path, "cannot be used", err);
	if ((rc = seal_open(arena_printf(arena, "%s/dcaas.key", dir), false, &seal, err)) == DC_OK)
		seal_close(seal);
	return rc;
}

/* Inherited HTTPS listeners are not known here; a certificate that is named is looked at in any case. */
static enum dc_code
check_certificate(const struct settings *s, struct arena *arena, struct dc_error *err)
{
	const char *certificate, *key;
	struct tls *tls = NULL;
	enum dc_code rc;

	certificate_paths(s, arena, &certificate, &key);
	if (s->tls_certificate == NULL && (s->https.address[0] == '\0' || access(certificate, F_OK) != 0))
		return DC_OK;
	if ((rc = tls_open(certificate, key, &tls, err)) == DC_OK)
		tls_close(tls);
	return rc;
}

static enum dc_code
check_port_file(const char *key, const char *path, struct arena *arena, struct dc_error *err)
{
	if (path == NULL || access(folder_of(path, arena), W_OK | X_OK) == 0)
		return DC_OK;
	return refuse(key, path, "cannot be written", err);
}

static enum dc_code
check_readable(const char *key, const char *path, struct dc_error *err)
{
	return path == NULL || access(path, R_OK) == 0 ? DC_OK : refuse(key, path, "cannot be read", err);
}

enum dc_code
check_files(const struct settings *s, struct arena *arena, struct dc_error *err)
{
	enum dc_code rc;

	if ((rc = check_state_dir(s->state_dir, arena, err)) != DC_OK ||
	    (rc = check_database(s, arena, err)) != DC_OK || (rc = check_certificate(s, arena, err)) != DC_OK ||
	    (rc = check_readable("keystone_ca_file", s->identity.keystone.http.ca_file, err)) != DC_OK ||
	    (rc = check_readable("keystone_password_file", s->identity.keystone.http.password_file, err)) != DC_OK ||
	    (rc = check_port_file("port_file", s->port_file, arena, err)) != DC_OK ||
	    (rc = check_port_file("tls_port_file", s->tls_port_file, arena, err)) != DC_OK)
		config_locate(s->config, "dcaasd", err);
	return rc;
}
