/* SPDX-License-Identifier: ISC */
/* settings.h - configuration of dcaas-edge: one INI file, section [edge]. */
#ifndef DC_EDGE_SETTINGS_H
#define DC_EDGE_SETTINGS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/config.h"

struct edge_settings {
	struct config *config;
	const char *server; /* "http://host:port" of dcaasd, without a slash at the end */
	const char *device; /* id of the edge; for the log, the credential is what counts */
	const char *token_file;
	const char *state_dir;
	const char *user;        /* of the network half: name or number; NULL: stay who we are */
	const char *ca_file;     /* certificate authority of an https server; NULL: the system's */
	const char *sim_options; /* NULL: defaults */
	bool sim;
	const char *ports;              /* devices that may carry customers: names and patterns, apart by blanks */
	uint32_t bird_first, bird_last; /* user and group numbers of the routing daemons: agent.h */
	uint64_t bird_memory;           /* bytes that one of them may take */
	int64_t slow_retry_after;       /* seconds that a neighbour is down before it is tried seldom; 0: never */
	int log_priority;
};

extern const struct config_key edge_settings_keys[];

/* file: read instead of path, unless NULL. fabric: from the command line, NULL: from the file. */
enum dc_code edge_settings_load(
    const char *path, FILE *file, const char *fabric, struct edge_settings **ret, struct dc_error *err);
struct edge_settings *edge_settings_free(struct edge_settings *);
/* The credential, read again each time, so that a replaced file counts without a restart. */
enum dc_code edge_settings_token(const struct edge_settings *, struct arena *, const char **ret, struct dc_error *err);

#endif
