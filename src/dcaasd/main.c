/* SPDX-License-Identifier: ISC */
/* main.c - dcaasd: the command line. Needs no privilege. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/fault.h"
#include "base/log.h"
#include "dcaasd/check.h"
#include "dcaasd/daemon.h"
#include "dcaasd/edge_routes.h"
#include "dcaasd/fault_routes.h"
#include "dcaasd/health.h"
#include "dcaasd/iam.h"
#include "dcaasd/key_routes.h"
#include "dcaasd/outdated.h"
#include "dcaasd/service_routes.h"
#include "dcaasd/snapshot_routes.h"
#include "res/registry.h"

#define CONFIG_PATH "/etc/dcaas/dcaasd.conf"

const struct route *const daemon_routes[] = {
    iam_routes, edge_channel_routes, service_routes, key_routes, fault_routes, snapshot_routes, outdated_routes, NULL};

static void
usage(FILE *to)
{
	fprintf(to,
	    "usage: dcaasd [-c FILE] [-n | -V | --reload | --init | --operator-key | --backup FILE | --restored |\n"
	    "              --forget-secrets | --openapi | --keys]\n"
	    "  -c FILE           configuration (INI); without it " CONFIG_PATH ", or defaults where that is not there\n"
	    "  -n                check the configuration, and the files it names, and end\n"
	    "  -V                print the version\n"
	    "  --reload          have the dcaasd that serves read its configuration again; fails when that refuses\n"
	    "  --init            new database with a first operator; prints the operator's access key\n"
	    "  --operator-key    another access key for an operator whose key is lost\n"
	    "  --backup FILE     copy of the database, which may be in use\n"
	    "  --restored        the database was put back from a backup: edges hold until confirmed\n"
	    "  --forget-secrets  the key file is lost: give up every password and secret key\n"
	    "  --openapi         print the API as an OpenAPI document\n"
	    "  --keys            print the configuration's keys with their defaults\n");
}

struct store_options
daemon_store_options(struct daemon *d)
{
	return (struct store_options){
	    .path = arena_printf(d->arena, "%s/dcaas.db", d->settings->state_dir),
	    .key_path = arena_printf(d->arena, "%s/dcaas.key", d->settings->state_dir),
	    .tables = registry_tables,
	    .database = d->settings->database,
	    .connections = d->settings->database_connections,
	};
}

enum dc_code
daemon_open_store(struct daemon *d, bool serves, struct dc_error *error)
{
	struct store_options options = daemon_store_options(d);
	const char *dir = d->settings->state_dir;

	options.serves = serves;
	options.snapshots = serves && d->settings->test_double;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return dc_fail(error, DC_E_IO, NULL, "%s: %s", dir, strerror(errno));
	return store_open(&options, &d->store, error);
}

enum command {
	COMMAND_SERVE,
	COMMAND_CHECK,
	COMMAND_RELOAD,
	COMMAND_INIT,
	COMMAND_OPERATOR_KEY,
	COMMAND_BACKUP,
	COMMAND_RESTORED,
	COMMAND_FORGET_SECRETS,
	COMMAND_OPENAPI,
	COMMAND_KEYS,
};

static int
run(struct daemon *d, enum command command, const char *backup_path)
{
	struct dc_error error = {0};
	enum dc_code rc = DC_OK;

	switch (command) {
	case COMMAND_SERVE:
		return serve(d);
	case COMMAND_CHECK:
		if ((rc = check_files(d->settings, d->arena, &error)) == DC_OK)
			puts("configuration is good");
		break;
	case COMMAND_RELOAD:
		rc = command_reload(d, &error);
		break;
	case COMMAND_INIT:
		rc = command_init(d, &error);
		break;
	case COMMAND_OPERATOR_KEY:
		rc = command_operator_key(d, &error);
		break;
	case COMMAND_RESTORED:
		rc = command_restored(d, &error);
		break;
	case COMMAND_FORGET_SECRETS:
		rc = command_forget_secrets(d, &error);
		break;
	case COMMAND_BACKUP:
		rc = command_backup(d, backup_path, &error);
		break;
	case COMMAND_OPENAPI:
	case COMMAND_KEYS:
		break;
	}
	if (rc != DC_OK)
		warnx("%s", error.text);
	return rc == DC_OK ? 0 : 1;
}

/* What no configuration changes. */
static int
describe(enum command command)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	if (command == COMMAND_OPENAPI)
		command_openapi(arena);
	else
		command_keys();
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"reload", no_argument, NULL, COMMAND_RELOAD + 1000},
	    {"version", no_argument, NULL, 'V'},
	    {"init", no_argument, NULL, COMMAND_INIT + 1000},
	    {"operator-key", no_argument, NULL, COMMAND_OPERATOR_KEY + 1000},
	    {"forget-secrets", no_argument, NULL, COMMAND_FORGET_SECRETS + 1000},
	    {"restored", no_argument, NULL, COMMAND_RESTORED + 1000},
	    {"backup", required_argument, NULL, COMMAND_BACKUP + 1000},
	    {"openapi", no_argument, NULL, COMMAND_OPENAPI + 1000},
	    {"keys", no_argument, NULL, COMMAND_KEYS + 1000},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct daemon d = {0};
	struct dc_error error = {0};
	enum command command = COMMAND_SERVE;
	const char *backup_path = NULL;

	for (int option; (option = getopt_long(argc, argv, "c:nVh", longs, NULL)) != -1;) {
		if (option == 'c') {
			d.config_path = optarg;
		} else if (option == 'n') {
			command = COMMAND_CHECK;
		} else if (option == 'V') {
			puts("dcaasd " DCAAS_VERSION);
			return 0;
		} else if (option >= 1000) {
			command = (enum command)(option - 1000);
			backup_path = optarg;
		} else {
			usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : 2;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	log_init("dcaasd", LOG_INFO);
	if (command == COMMAND_OPENAPI || command == COMMAND_KEYS)
		return describe(command);
	if (d.config_path == NULL && access(CONFIG_PATH, F_OK) == 0)
		d.config_path = CONFIG_PATH;
	if (settings_load(d.config_path, &d.settings, &error) != DC_OK)
		errx(1, "%s", error.text);
	log_init("dcaasd", d.settings->log_priority);
	d.arena = arena_new();
	res_holder_init(&d.shared.holder, &d.settings->res);
	umask(077);
	int status = run(&d, command, backup_path);

	snapshots_free(d.shared.snapshots);
	store_close(d.store);
	due_runner_free(d.due);
	kept_free(d.kept);
	faults_free(d.faults);
	auth_cache_free(d.cache);
	health_free(d.shared.health);
	tls_close(d.tls);
	settings_free(d.at_start);
	settings_free(d.settings);
	arena_free(d.arena);
	return status;
}
