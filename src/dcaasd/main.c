/* SPDX-License-Identifier: ISC */
/* main.c - dcaasd: configuration, store, API servers, signals. Needs no privilege. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "auth/bootstrap.h"
#include "auth/cache.h"
#include "base/log.h"
#include "base/notify.h"
#include "dcaasd/certificate.h"
#include "dcaasd/check.h"
#include "dcaasd/edge_routes.h"
#include "dcaasd/health.h"
#include "dcaasd/iam.h"
#include "dcaasd/key_routes.h"
#include "dcaasd/listener.h"
#include "dcaasd/not_served.h"
#include "dcaasd/service_routes.h"
#include "dcaasd/settings.h"
#include "reconcile/work.h"
#include "res/inventory.h"
#include "res/registry.h"
#include "res/vif_row.h"

#define STOP_MS 4000 /* a stop takes 5 s at most; the rest is for the writer and the checkpoint */
#define RELOAD_WAIT_MS 30000
#define OTHER_DESCRIPTORS 100 /* the database's, the log's, those of the HTTP server's threads */
#define CONNECTIONS_MIN 8
#define HEALTH_SECONDS 1

struct daemon {
	const char *config_path;
	struct settings *settings;
	unsigned reloads;         /* asked for so far */
	unsigned max_connections; /* of each listener */
	struct shared shared;
	struct arena *arena;
	struct store *store;
	struct work_env work_env;
	struct store_engine engine;
	struct auth_cache *cache;
	struct due_runner *due;
	struct tls *tls; /* NULL: nothing listens over HTTPS */
	struct api *api[LISTENERS_MAX + 2];
	size_t api_n;
};

static const struct route *const extra_routes[] = {
    iam_routes, edge_channel_routes, service_routes, key_routes, not_served_routes, NULL};

static void
usage(FILE *to)
{
	fprintf(to,
	    "usage: dcaasd [-c FILE] [-n | -V | --reload | --init | --operator-key | --backup FILE | --restored |\n"
	    "              --forget-secrets | --openapi | --keys]\n"
	    "  -c FILE           configuration (INI); without it defaults\n"
	    "  -n                check the configuration, and the files it names, and end\n"
	    "  -V                print the version\n"
	    "  --reload          have the dcaasd that serves read its configuration again; fails when that refuses\n"
	    "  --init            new database with a first operator; prints his access key\n"
	    "  --operator-key    another access key for an operator, who has lost his\n"
	    "  --backup FILE     copy of the database, which may be in use\n"
	    "  --restored        the database was put back from a backup: edges hold until confirmed\n"
	    "  --forget-secrets  the key file is lost: give up every password and secret key\n"
	    "  --openapi         print the API as an OpenAPI document\n"
	    "  --keys            print the configuration's keys with their defaults\n");
}

static struct store_options
store_options(struct daemon *d)
{
	return (struct store_options){
	    .path = arena_printf(d->arena, "%s/dcaas.db", d->settings->state_dir),
	    .key_path = arena_printf(d->arena, "%s/dcaas.key", d->settings->state_dir),
	    .tables = registry_tables,
	};
}

static enum dc_code
open_store(struct daemon *d, bool serves, struct dc_error *error)
{
	struct store_options options = store_options(d);
	const char *dir = d->settings->state_dir;

	options.serves = serves;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return dc_fail(error, DC_E_IO, NULL, "%s: %s", dir, strerror(errno));
	return store_open(&options, &d->store, error);
}

/* --- one-shot commands --- */

struct init_job {
	struct arena *arena;
	struct bootstrap_result result;
};

static enum dc_code
init_run(struct tx *tx, void *arg, struct dc_error *error)
{
	struct init_job *job = arg;
	const struct bootstrap nothing_given = {0};

	return identity_bootstrap(tx, &nothing_given, job->arena, &job->result, error);
}

static enum dc_code
command_init(struct daemon *d, struct dc_error *error)
{
	struct init_job job = {.arena = d->arena};
	enum dc_code rc;

	if ((rc = open_store(d, false, error)) != DC_OK ||
	    (rc = store_submit_wait(d->store, init_run, &job, error)) != DC_OK)
		return rc;
	printf("DCAAS_DOMAIN_ID=%s\nDCAAS_ADMIN_ACCESS_KEY=%s\nDCAAS_ADMIN_SECRET_KEY=%s\n", job.result.domain_id,
	    job.result.key.access_key, job.result.key.secret_key);
	return DC_OK;
}

struct key_job {
	struct arena *arena;
	struct access_key key;
};

/* For the first operator that there is. */
static enum dc_code
operator_key_run(struct tx *tx, void *arg, struct dc_error *error)
{
	struct key_job *job = arg;
	struct access_key key;
	void *rows;
	size_t n;
	enum dc_code rc =
	    query_list(tx, &user_table, Q(Q_EQ("role", "operator"), Q_EQ("enabled", "true")), NULL, &rows, &n, error);

	if (rc == DC_OK && n == 0)
		return dc_fail(error, DC_E_NOT_FOUND, NULL, "there is no operator: see --init");
	if (rc != DC_OK ||
	    (rc = identity_add_key(tx, ((const struct user_row *)rows)->id.v, NULL, &key, error)) != DC_OK)
		return rc;
	job->key =
	    (struct access_key){arena_strdup(job->arena, key.access_key), arena_strdup(job->arena, key.secret_key)};
	return tx_check_key(tx, error);
}

static enum dc_code
command_operator_key(struct daemon *d, struct dc_error *error)
{
	struct key_job job = {.arena = d->arena};
	enum dc_code rc;

	if ((d->store == NULL && (rc = open_store(d, false, error)) != DC_OK) ||
	    (rc = store_submit_wait(d->store, operator_key_run, &job, error)) != DC_OK)
		return rc;
	printf("DCAAS_ADMIN_ACCESS_KEY=%s\nDCAAS_ADMIN_SECRET_KEY=%s\n", job.key.access_key, job.key.secret_key);
	return DC_OK;
}

/* Peers that have lost their password: their interfaces are what a tenant orders again. */
struct lost_peers {
	struct arena *arena;
	const char **id;
	size_t n, cap;
};

static void
tell_lost(void *arg, const char *table, const char *id)
{
	struct lost_peers *lost = arg;

	if (strcmp(table, vif_peer_table.sql) != 0) {
		printf("# lost: %s %s\n", table, id);
		return;
	}
	if (lost->n == lost->cap) {
		size_t cap = lost->cap == 0 ? 64 : 2 * lost->cap;
		const char **more = arena_array(lost->arena, cap, sizeof(*more));

		for (size_t k = 0; k < lost->n; k++)
			more[k] = lost->id[k];
		lost->id = more;
		lost->cap = cap;
	}
	lost->id[lost->n++] = arena_strdup(lost->arena, id);
}

static enum dc_code
tell_interfaces_run(struct tx *tx, void *arg, struct dc_error *error)
{
	const struct lost_peers *lost = arg;
	const struct vif_peer *peer;
	void *row;
	enum dc_code rc;

	for (size_t k = 0; k < lost->n; k++) {
		if ((rc = query_get(tx, &vif_peer_table, Q(Q_EQ("id", lost->id[k])), &row, error)) != DC_OK)
			return rc;
		peer = row;
		printf("# lost: virtual_interface %s, peer %s\n", peer->vif_id.v, peer->id.v);
	}
	return DC_OK;
}

/* Keys without their secret are of no use to anybody. */
static enum dc_code
drop_keys_run(struct tx *tx, void *arg, struct dc_error *error)
{
	(void)arg;
	return query_delete(tx, &key_table, Q_ALL, NULL, error);
}

static enum dc_code
command_forget_secrets(struct daemon *d, struct dc_error *error)
{
	const struct store_options options = store_options(d);
	struct lost_peers lost = {.arena = d->arena};
	enum dc_code rc;

	if ((rc = store_forget_secrets(&options, tell_lost, &lost, error)) != DC_OK ||
	    (rc = open_store(d, false, error)) != DC_OK ||
	    (rc = store_read_wait(d->store, tell_interfaces_run, &lost, error)) != DC_OK ||
	    (rc = store_submit_wait(d->store, drop_keys_run, NULL, error)) != DC_OK)
		return rc;
	return command_operator_key(d, error);
}

static enum dc_code
command_restored(struct daemon *d, struct dc_error *error)
{
	return store_new_epoch(arena_printf(d->arena, "%s/dcaas.db", d->settings->state_dir), error);
}

static enum dc_code
command_backup(struct daemon *d, const char *to, struct dc_error *error)
{
	return store_backup(arena_printf(d->arena, "%s/dcaas.db", d->settings->state_dir), to, error);
}

/* What the dcaasd that serves has left: see tell_reloads(). */
struct server {
	int pid;
	unsigned reloads;
	char result[DC_ERROR_TEXT_MAX + 32];
};

static bool
find_server(struct daemon *d, struct server *ret)
{
	char text[DC_ERROR_TEXT_MAX + 128];
	int at = 0;

	if (!store_get_holder(store_options(d).path, text, sizeof(text)) ||
	    sscanf(text, "pid %d\nreloads %u\n%n", &ret->pid, &ret->reloads, &at) < 2 || at == 0)
		return false;
	snprintf(ret->result, sizeof(ret->result), "%.*s", (int)strcspn(text + at, "\n"), text + at);
	return true;
}

/* As a service manager wants it: back when the server has taken the settings, and with words when it has not. */
static enum dc_code
command_reload(struct daemon *d, struct dc_error *error)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	struct monotonic began = monotonic_now();
	struct server before, after;
	enum dc_code rc = check_files(d->settings, d->arena, error);

	if (rc != DC_OK)
		return rc;
	if (!find_server(d, &before))
		return dc_fail(error, DC_E_IO, NULL, "no dcaasd serves %s", store_options(d).path);
	if (kill(before.pid, SIGHUP) != 0)
		return dc_fail(error, DC_E_IO, NULL, "dcaasd, process %d: %s", before.pid, strerror(errno));
	do {
		nanosleep(&pause, NULL);
		if (!find_server(d, &after))
			return dc_fail(error, DC_E_IO, NULL, "dcaasd, process %d, has ended", before.pid);
	} while (after.reloads == before.reloads && monotonic_since(began) < RELOAD_WAIT_MS);
	if (after.reloads == before.reloads)
		return dc_fail(error, DC_E_IO, NULL, "dcaasd, process %d, does not react", before.pid);
	return strcmp(after.result, "good") == 0 ? DC_OK : dc_fail(error, DC_E_PARAM, NULL, "%s", after.result);
}

static void
command_openapi(struct arena *arena)
{
	_cleanup_buf_ struct buf text = BUF_INIT(16 << 20);
	struct json out = JSON_INIT(&text);

	api_openapi(registry_routes(extra_routes, arena), &out);
	puts(buf_str(&text));
}

static void
command_keys(void)
{
	for (const struct config_key *k = settings_keys; k->section != NULL; k++)
		printf("# %s\n%s%s = %s\n", k->doc, k->fallback == NULL ? "#" : "", k->key,
		    k->fallback != NULL ? k->fallback : "");
}

/* --- the service --- */

/* Edges poll on any of the listeners. */
static void
wake_edge(void *arg, const char *edge_id)
{
	struct daemon *d = arg;

	for (size_t i = 0; i < d->api_n; i++)
		api_wake(d->api[i], edge_id);
}

/* One listener: at an address, or an inherited one (at NULL). */
struct listener {
	const struct listen_at *at;
	int fd; /* -1: none yet */
	bool tls;
	const char *port_file; /* NULL: none */
};

/* For api_options.settings. */
static const void *
settings_now(void *user, struct arena *arena)
{
	return res_holder_copy(&((struct shared *)user)->holder, arena);
}

/* A server without descriptors for them would be deaf to connections it says it takes: as many as there can be. */
static void
fit_connections(struct daemon *d, size_t listeners)
{
	rlim_t needed = OTHER_DESCRIPTORS + listeners * api_descriptors(d->settings->max_connections);
	struct rlimit limit;

	d->max_connections = d->settings->max_connections;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return;
	while (d->max_connections > CONNECTIONS_MIN &&
	       OTHER_DESCRIPTORS + listeners * api_descriptors(d->max_connections) > limit.rlim_cur)
		d->max_connections--;
	dc_log(LOG_WARNING, "fewer connections than max_connections", "connections=%u descriptors=%llu",
	    d->max_connections, (unsigned long long)limit.rlim_cur);
}

static enum dc_code
listen_at(struct daemon *d, const struct route *const *routes, const struct listener *l, struct dc_error *error)
{
	const struct settings *s = d->settings;
	const struct api_options options = {
	    .store = d->store,
	    .routes = routes,
	    .resources = registry,
	    .auth = {.cache = d->cache,
		.edge_table = &edge_table,
		.edge_hash = "token_hash",
		.unsigned_payload = s->unsigned_payload},
	    .address = l->at != NULL ? arena_strdup(d->arena, l->at->address) : "",
	    .port = l->at != NULL ? l->at->port : 0,
	    .listen_fd = l->fd,
	    .tls = l->tls ? d->tls : NULL,
	    .max_connections = d->max_connections,
	    .max_per_address = s->max_per_address,
	    .idle_seconds = s->idle_seconds,
	    .threads = s->http_threads,
	    .user = &d->shared,
	    .settings = settings_now,
	};
	enum dc_code rc = api_start(&options, &d->api[d->api_n], error);

	if (rc != DC_OK)
		return rc;
	dc_log(LOG_INFO, "listening", "address=%s port=%u scheme=%s", l->at != NULL ? l->at->address : "inherited",
	    api_port(d->api[d->api_n]), l->tls ? "https" : "http");
	d->api_n++;
	return DC_OK;
}

/* Others wait for this file: it appears whole or not at all. */
static enum dc_code
write_port_file(const struct listener *l, uint16_t port, struct arena *arena, struct dc_error *error)
{
	const char *fresh = arena_printf(arena, "%s.new", l->port_file);
	FILE *f = fopen(fresh, "we");
	bool v6 = strchr(l->at->address, ':') != NULL;

	if (f == NULL)
		return dc_fail(error, DC_E_IO, "port_file", "%s: %s", fresh, strerror(errno));
	fprintf(f, "%s%s%s:%u\n", v6 ? "[" : "", l->at->address, v6 ? "]" : "", port);
	if (fclose(f) != 0 || rename(fresh, l->port_file) != 0)
		return dc_fail(error, DC_E_IO, "port_file", "%s: %s", l->port_file, strerror(errno));
	return DC_OK;
}

/* For --reload, which waits for the number to change. */
static void
tell_reloads(struct daemon *d, const char *result)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	store_set_holder(d->store, arena_printf(arena, "pid %d\nreloads %u\n%s\n", (int)getpid(), d->reloads, result));
}

static void
watch_certificate(struct daemon *d)
{
	struct tls_life life;

	if (d->tls == NULL)
		return;
	life = tls_get_life(d->tls);
	health_set_certificate(d->shared.health, life.begins, life.ends);
}

/* One that a crash had cut short. */
static enum dc_code
finish_rotation(struct daemon *d, struct dc_error *error)
{
	size_t sealed;
	enum dc_code rc = store_finish_rotation(d->store, &sealed, error);

	if (rc == DC_OK && sealed > 0)
		dc_log(LOG_INFO, "key rotated", "sealed=%zu", sealed);
	return rc;
}

static enum dc_code
start(struct daemon *d, struct dc_error *error)
{
	const struct settings *s = d->settings;
	const struct route *const *routes = registry_routes(extra_routes, d->arena);
	struct listener listener[LISTENERS_MAX + 2];
	bool inherited_tls[LISTENERS_MAX], want_tls = false;
	int inherited = listeners_inherited(inherited_tls), n = 0;
	enum dc_code rc;

	if (s->http.address[0] != '\0')
		listener[n++] = (struct listener){&s->http, -1, false, s->port_file};
	if (s->https.address[0] != '\0')
		listener[n++] = (struct listener){&s->https, -1, true, s->tls_port_file};
	for (int i = 0; i < inherited; i++)
		listener[n++] = (struct listener){NULL, LISTENERS_FIRST + i, inherited_tls[i], NULL};
	if (n == 0)
		return dc_fail(error, DC_E_PARAM, "listen",
		    "neither [dcaasd] listen nor an inherited listener: nobody could call");
	fit_connections(d, (size_t)n);
	for (int i = 0; i < n; i++)
		want_tls = want_tls || listener[i].tls;
	if ((rc = open_store(d, true, error)) != DC_OK ||
	    (want_tls && (rc = certificate_open(s, d->arena, &d->tls, error)) != DC_OK))
		return rc;
	tell_reloads(d, "good");
	d->work_env = (struct work_env){registry, &d->shared.holder};
	work_engine(&d->work_env, &d->engine);
	store_set_engine(d->store, &d->engine);
	d->shared.health = health_new(d->store);
	d->cache = auth_cache_new();
	watch_certificate(d);
	health_look(d->shared.health);
	for (int i = 0; i < n; i++)
		if ((rc = listen_at(d, routes, &listener[i], error)) != DC_OK)
			return rc;
	/* Before the first order: one that nobody is told of would wake no poll. */
	store_watch(d->store, wake_edge, d);
	d->due = due_runner_new(d->store, registry_due, &d->shared.holder);
	if ((rc = finish_rotation(d, error)) != DC_OK || (rc = due_stand(d->due, error)) != DC_OK)
		return rc;
	for (size_t i = 0; i < d->api_n; i++)
		if ((rc = api_serve(d->api[i], error)) != DC_OK)
			return rc;
	/* port_file comes last: whoever has waited for it finds tls_port_file written, and not that of an earlier
	 * start. */
	for (int i = n - 1; i >= 0; i--)
		if (listener[i].port_file != NULL &&
		    (rc = write_port_file(&listener[i], api_port(d->api[i]), d->arena, error)) != DC_OK)
			return rc;
	return DC_OK;
}

/* A call at one listener wakes polls at the others, so none is freed before all are silent. */
static void
stop(struct daemon *d)
{
	int64_t until = monotonic_now().ms + STOP_MS;

	for (size_t i = 0; i < d->api_n; i++)
		api_quiesce(d->api[i]);
	for (size_t i = 0; i < d->api_n; i++)
		api_drain(d->api[i], until);
	if (d->store != NULL)
		store_watch(d->store, NULL, NULL);
	for (size_t i = 0; i < d->api_n; i++)
		d->api[i] = api_free(d->api[i]);
	d->api_n = 0;
}

/* All of it or nothing: a certificate that does not fit refuses the settings beside it. */
static enum dc_code
take_settings(struct daemon *d, struct dc_error *error)
{
	struct settings *fresh = NULL;
	enum dc_code rc = settings_load(d->config_path, &fresh, error);

	if (rc == DC_OK && d->tls != NULL)
		rc = tls_reload(d->tls, error);
	if (rc != DC_OK) {
		settings_free(fresh);
		return rc;
	}
	res_holder_set(&d->shared.holder, &fresh->res);
	log_init("dcaasd", fresh->log_priority);
	settings_free(d->settings);
	d->settings = fresh;
	watch_certificate(d);
	return DC_OK;
}

static void
reload(struct daemon *d)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct dc_error error = {0};

	d->reloads++;
	if (take_settings(d, &error) != DC_OK) {
		dc_log(LOG_ERR, "reload refused", "error=%s", log_quote(arena, error.text));
		tell_reloads(d, arena_printf(arena, "refused: %s", error.text));
		return;
	}
	dc_log(LOG_INFO, "reloaded", "file=%s", d->config_path != NULL ? log_quote(arena, d->config_path) : "-");
	tell_reloads(d, "good");
}

/* Between signals the state of the server is looked at, and what is due is done. */
static int
next_signal(struct daemon *d, const sigset_t *signals)
{
	const struct timespec pause = {.tv_sec = HEALTH_SECONDS};
	int signal_number;

	while ((signal_number = sigtimedwait(signals, NULL, &pause)) < 0)
		if (errno == EAGAIN) {
			health_look(d->shared.health);
			due_look(d->due);
		}
	return signal_number;
}

static int
serve(struct daemon *d)
{
	struct dc_error error = {0};
	sigset_t signals;
	int signal_number;

	/* Blocked before the first thread is made, so that only next_signal() sees them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk, not an end */
	if (start(d, &error) != DC_OK) {
		dc_log(LOG_ERR, "start failed", "error=%s", log_quote(d->arena, error.text));
		stop(d);
		return 1;
	}
	dc_log(LOG_INFO, "ready", "version=%s", DCAAS_VERSION);
	notify_manager("READY=1");
	while ((signal_number = next_signal(d, &signals)) == SIGHUP)
		reload(d);
	notify_manager("STOPPING=1");
	dc_log(LOG_INFO, "stopping", "signal=%d", signal_number);
	stop(d);
	return 0;
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
		command_openapi(d->arena);
		break;
	case COMMAND_KEYS:
		command_keys();
		break;
	}
	if (rc != DC_OK)
		warnx("%s", error.text);
	return rc == DC_OK ? 0 : 1;
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
	if (settings_load(d.config_path, &d.settings, &error) != DC_OK)
		errx(1, "%s", error.text);
	log_init("dcaasd", d.settings->log_priority);
	d.arena = arena_new();
	res_holder_init(&d.shared.holder, &d.settings->res);
	umask(077);
	int status = run(&d, command, backup_path);

	store_close(d.store);
	due_runner_free(d.due);
	auth_cache_free(d.cache);
	health_free(d.shared.health);
	tls_close(d.tls);
	settings_free(d.settings);
	arena_free(d.arena);
	return status;
}
