/* SPDX-License-Identifier: ISC */
/* service.c - dcaasd while it serves: its start, reloads, signals and its stop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/fault.h"
#include "base/log.h"
#include "base/notify.h"
#include "dcaasd/certificate.h"
#include "dcaasd/daemon.h"
#include "dcaasd/health.h"
#include "dcaasd/snapshot_routes.h"
#include "reconcile/plan.h"
#include "reconcile/questions.h"
#include "res/inventory.h"
#include "res/registry.h"
#include "res/vif_rate.h"

#define STOP_MS 4000          /* a stop takes 5 s at most; the rest is for the writer and the checkpoint */
#define OTHER_DESCRIPTORS 100 /* the database's, the log's, those of the HTTP server's threads */
#define CONNECTIONS_MIN 8
#define HEALTH_SECONDS 1

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

/* For api_options.wake: who waits, and who has what it waits for, may have come by different listeners. */
static void
wake_everywhere(void *user, const char *key)
{
	const struct shared *shared = user;

	for (size_t i = 0; i < shared->api_n; i++)
		api_wake(shared->api[i], key);
}

/* Of another dcaasd over the same database. */
static void
hear(void *user, const char *text)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *wake;

	question_hear(text, arena, &wake);
	if (wake != NULL)
		wake_everywhere(user, wake);
}

/* A server without descriptors would not hear connections that it promises to accept: as many as there can be. */
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
		.keystone = d->keystone,
		.edge_table = &edge_table,
		.edge_hash = "token_hash",
		.unsigned_payload = s->unsigned_payload},
	    .address = l->at != NULL ? arena_strdup(d->arena, l->at->address) : "",
	    .port = l->at != NULL ? l->at->port : 0,
	    .listen_fd = l->fd,
	    .tls = l->tls ? d->tls : NULL,
	    .max_connections = d->max_connections,
	    .max_per_address = s->max_per_address,
	    .max_calls_per_address = s->max_calls_per_address,
	    .idle_seconds = s->idle_seconds,
	    .threads = s->http_threads,
	    .kept = d->kept,
	    .faults = d->faults,
	    .user = &d->shared,
	    .plan = plan_write,
	    .settings = settings_now,
	    .wake = wake_everywhere,
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
	const struct route *const *routes = registry_routes(daemon_routes, d->arena);
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
	if ((rc = daemon_open_store(d, true, error)) != DC_OK ||
	    (want_tls && (rc = certificate_open(s, d->arena, &d->tls, error)) != DC_OK))
		return rc;
	tell_reloads(d, RELOAD_GOOD);
	d->work_env = (struct work_env){registry, &d->shared.holder};
	work_engine(&d->work_env, &d->engine);
	store_set_engine(d->store, &d->engine);
	d->shared.health = health_new(d->store);
	d->cache = auth_cache_new();
	if (s->identity.by_keystone &&
	    (rc = keystone_open(&s->identity.keystone, d->store, &d->keystone, error)) != DC_OK)
		return rc;
	health_set_keystone(d->shared.health, d->keystone);
	/* An answer that another server has made untrue must not be given again. */
	if (s->answer_memory > 0 && s->database == NULL)
		d->kept = kept_new(d->store, s->answer_memory);
	if (s->test_double)
		d->faults = faults_new();
	if (s->test_double)
		d->shared.snapshots = snapshots_new();
	watch_certificate(d);
	health_look(d->shared.health);
	for (int i = 0; i < n; i++)
		if ((rc = listen_at(d, routes, &listener[i], error)) != DC_OK)
			return rc;
	d->shared.api = d->api;
	d->shared.api_n = d->api_n;
	/* Before the first order: an order before that would wake no poll. */
	store_watch(d->store, wake_everywhere, &d->shared);
	store_hear(d->store, hear, &d->shared);
	d->due = due_runner_new(d->store, registry_due, &d->shared.holder);
	if ((rc = finish_rotation(d, error)) != DC_OK || (rc = due_stand(d->due, error)) != DC_OK ||
	    (rc = store_submit_wait(d->store, vif_rate_look, NULL, error)) != DC_OK)
		return rc;
	for (size_t i = 0; i < d->api_n; i++)
		if ((rc = api_serve(d->api[i], error)) != DC_OK)
			return rc;
	/* port_file comes last: a program that has waited for it finds tls_port_file written, and not the file of an
	 * earlier start. */
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
	if (d->store != NULL)
		store_hurry(d->store);
	keystone_quiesce(d->keystone);
	for (size_t i = 0; i < d->api_n; i++)
		api_drain(d->api[i], until);
	if (d->store != NULL) {
		store_watch(d->store, NULL, NULL);
		store_hear(d->store, NULL, NULL);
	}
	for (size_t i = 0; i < d->api_n; i++)
		d->api[i] = api_free(d->api[i]);
	d->api_n = 0;
	d->keystone = keystone_close(d->keystone);
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
	if (d->kept != NULL)
		kept_forget(d->kept);
	log_init("dcaasd", fresh->log_priority);
	if (d->at_start == NULL)
		d->at_start = d->settings;
	else
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
	if (store_submit_wait(d->store, vif_rate_look, NULL, &error) != DC_OK)
		dc_log(LOG_ERR, "bandwidths not looked at", "error=%s", log_quote(arena, error.text));
	const char *pending = settings_pending(d->at_start, d->settings, arena);

	dc_log(LOG_INFO, "reloaded", "file=%s", d->config_path != NULL ? log_quote(arena, d->config_path) : "-");
	if (pending != NULL)
		dc_log(LOG_WARNING, "settings count at the next start", "keys=%s", log_quote(arena, pending));
	tell_reloads(d, pending != NULL ? arena_printf(arena, RELOAD_PENDING "%s", pending) : RELOAD_GOOD);
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

int
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
