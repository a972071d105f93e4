/* SPDX-License-Identifier: ISC */
/* daemon.h - what the parts of dcaasd's main program share: main.c (the command line), command.c (what is done once),
 * and service.c. */
#ifndef DC_DCAASD_DAEMON_H
#define DC_DCAASD_DAEMON_H

#include "api/api.h"
#include "api/kept.h"
#include "auth/cache.h"
#include "dcaasd/health.h"
#include "dcaasd/listener.h"
#include "dcaasd/settings.h"
#include "reconcile/work.h"

/* What a reload leaves for the one who asked (store_set_holder()): one of these, or "refused: REASON". */
#define RELOAD_GOOD "good"
#define RELOAD_PENDING "good; changed settings count at the next start: "

struct daemon {
	const char *config_path;
	struct settings *settings;
	struct settings *at_start; /* once they were read again; NULL: they are `settings` */
	unsigned reloads;          /* asked for so far */
	unsigned max_connections;  /* of each listener */
	struct shared shared;
	struct arena *arena;
	struct store *store;
	struct work_env work_env;
	struct store_engine engine;
	struct auth_cache *cache;
	struct keystone *keystone; /* NULL: tokens are ours */
	struct kept *kept;         /* NULL: no answers are kept */
	struct faults *faults;     /* NULL: this is no test double */
	struct due_runner *due;
	struct tls *tls; /* NULL: nothing listens over HTTPS */
	struct api *api[LISTENERS_MAX + 2];
	size_t api_n;
};

/* The routes beside those of resources: an array of tables for registry_routes(). */
extern const struct route *const daemon_routes[];

struct store_options daemon_store_options(struct daemon *);
/* serves: as the one process that does. Closed by main(). */
enum dc_code daemon_open_store(struct daemon *, bool serves, struct dc_error *error);

/* command.c: dcaasd(8). Each prints its result. */
enum dc_code command_init(struct daemon *, struct dc_error *error);
enum dc_code command_operator_key(struct daemon *, struct dc_error *error);
enum dc_code command_forget_secrets(struct daemon *, struct dc_error *error);
enum dc_code command_restored(struct daemon *, struct dc_error *error);
enum dc_code command_backup(struct daemon *, const char *to, struct dc_error *error);
enum dc_code command_reload(struct daemon *, struct dc_error *error);
void command_openapi(struct arena *);
void command_keys(void);

/* service.c: serves until a signal stops it; the exit status. */
int serve(struct daemon *);

#endif
