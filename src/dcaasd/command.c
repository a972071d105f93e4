/* SPDX-License-Identifier: ISC */
/* command.c - what dcaasd does once, and ends: dcaasd(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth/bootstrap.h"
#include "dcaasd/check.h"
#include "dcaasd/daemon.h"
#include "res/registry.h"
#include "res/vif_row.h"

#define RELOAD_WAIT_MS 30000

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

enum dc_code
command_init(struct daemon *d, struct dc_error *error)
{
	struct init_job job = {.arena = d->arena};
	enum dc_code rc;

	if ((rc = daemon_open_store(d, false, error)) != DC_OK ||
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

enum dc_code
command_operator_key(struct daemon *d, struct dc_error *error)
{
	struct key_job job = {.arena = d->arena};
	enum dc_code rc;

	if ((d->store == NULL && (rc = daemon_open_store(d, false, error)) != DC_OK) ||
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

enum dc_code
command_forget_secrets(struct daemon *d, struct dc_error *error)
{
	const struct store_options options = daemon_store_options(d);
	struct lost_peers lost = {.arena = d->arena};
	enum dc_code rc;

	if ((rc = store_forget_secrets(&options, tell_lost, &lost, error)) != DC_OK ||
	    (rc = daemon_open_store(d, false, error)) != DC_OK ||
	    (rc = store_read_wait(d->store, tell_interfaces_run, &lost, error)) != DC_OK ||
	    (rc = store_submit_wait(d->store, drop_keys_run, NULL, error)) != DC_OK)
		return rc;
	return command_operator_key(d, error);
}

enum dc_code
command_restored(struct daemon *d, struct dc_error *error)
{
	const struct store_options options = daemon_store_options(d);

	return store_new_epoch(&options, error);
}

enum dc_code
command_backup(struct daemon *d, const char *to, struct dc_error *error)
{
	const struct store_options options = daemon_store_options(d);

	return store_backup(&options, to, error);
}

/* What the dcaasd that serves has left: see service.c. */
struct server {
	int pid;
	unsigned reloads;
	char result[DC_ERROR_TEXT_MAX + 32];
};

static bool
find_server(struct daemon *d, struct server *ret)
{
	const struct store_options options = daemon_store_options(d);
	char text[DC_ERROR_TEXT_MAX + 128];
	int at = 0;

	if (!store_get_holder(&options, text, sizeof(text)) ||
	    sscanf(text, "pid %d\nreloads %u\n%n", &ret->pid, &ret->reloads, &at) < 2 || at == 0)
		return false;
	snprintf(ret->result, sizeof(ret->result), "%.*s", (int)strcspn(text + at, "\n"), text + at);
	return true;
}

/* As a service manager wants it: back when the server has taken the settings, and with words when it has not. */
enum dc_code
command_reload(struct daemon *d, struct dc_error *error)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	struct monotonic began = monotonic_now();
	struct server before, after;
	enum dc_code rc = check_files(d->settings, d->arena, error);

	if (rc != DC_OK)
		return rc;
	if (!find_server(d, &before))
		return dc_fail(error, DC_E_IO, NULL, "no dcaasd serves with %s", d->settings->state_dir);
	if (kill(before.pid, SIGHUP) != 0)
		return dc_fail(error, DC_E_IO, NULL, "dcaasd, process %d: %s", before.pid, strerror(errno));
	do {
		nanosleep(&pause, NULL);
		if (!find_server(d, &after))
			return dc_fail(error, DC_E_IO, NULL, "dcaasd, process %d, has ended", before.pid);
	} while (after.reloads == before.reloads && monotonic_since(began) < RELOAD_WAIT_MS);
	if (after.reloads == before.reloads)
		return dc_fail(error, DC_E_IO, NULL, "dcaasd, process %d, does not react", before.pid);
	if (strncmp(after.result, RELOAD_PENDING, strlen(RELOAD_PENDING)) == 0)
		fprintf(stderr, "dcaasd: %s\n", after.result);
	else if (strcmp(after.result, RELOAD_GOOD) != 0)
		return dc_fail(error, DC_E_PARAM, NULL, "%s", after.result);
	return DC_OK;
}

void
command_openapi(struct arena *arena)
{
	_cleanup_buf_ struct buf text = BUF_INIT(16 << 20);
	struct json out = JSON_INIT(&text);

	api_openapi(registry_routes(daemon_routes, arena), &out);
	puts(buf_str(&text));
}

void
command_keys(void)
{
	for (const struct config_key *k = settings_keys; k->section != NULL; k++)
		printf("# %s\n%s%s = %s\n", k->doc, k->fallback == NULL ? "#" : "", k->key,
		    k->fallback != NULL ? k->fallback : "");
}
