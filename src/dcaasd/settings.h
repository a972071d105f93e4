/* SPDX-License-Identifier: ISC */
/* settings.h - dcaasd's configuration file: one INI file, section [dcaasd]; `dcaasd -n` checks it, SIGHUP reads it
 * again. */
#ifndef DC_SETTINGS_H
#define DC_SETTINGS_H

#include "base/config.h"
#include "dcaasd/identity_settings.h"
#include "res/res.h"

struct listen_at {
	char address[46]; /* "": none */
	uint16_t port;    /* 0: any free one */
};

struct settings {
	struct res_settings res; /* read again by SIGHUP */
	/* fixed at start */
	const char *state_dir; /* holds dcaas.db and dcaas.key */
	const char *database;  /* connection string of PostgreSQL; NULL: SQLite in state_dir */
	unsigned database_connections;
	struct listen_at http, https;          /* beside inherited listeners */
	const char *port_file, *tls_port_file; /* NULL, or where "address:port" is written once dcaasd listens */
	const char *tls_certificate, *tls_key; /* NULL: tls.crt and tls.key in state_dir, made at the first start */
	const char *tls_names;                 /* further ones of the certificate that is made; NULL: none */
	struct identity_settings identity;     /* who issues tokens */
	bool test_double;                      /* test_double: calls may be made to fail */
	bool unsigned_payload;                 /* accept_unsigned_payload */
	unsigned max_connections, max_per_address, max_calls_per_address, idle_seconds, http_threads;
	size_t answer_memory; /* bytes */
	int log_priority;
	struct config *config; /* owns the strings */
};

extern const struct config_key settings_keys[];

/* path NULL: defaults only. On failure err names file, key and rule. Free with settings_free(). */
enum dc_code settings_load(const char *path, struct settings **ret, struct dc_error *err);
struct settings *settings_free(struct settings *);
/* The keys that count at the next start, and whose values differ: "listen, tls_key"; NULL: none do. */
const char *settings_pending(const struct settings *at_start, const struct settings *fresh, struct arena *);

#endif
