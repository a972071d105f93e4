/* SPDX-License-Identifier: ISC */
/* driver.c - BIRD behind routing.h: one instance of the daemon per network namespace, each with files of its own. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/bird/instance.h"

#define AGAIN_MS 2000 /* between tries of what is due */

int64_t
now_ms(void)
{
	return monotonic_now().ms;
}

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

const char *
instance_path(const struct instance *in, struct arena *a, const char *file)
{
	return arena_printf(a, "%s/%s", in->dir, file);
}

struct instance *
instance_find(struct bird_driver *d, uint32_t number)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->instance[i]->number == number)
			return d->instance[i];
	}
	return NULL;
}

static struct instance *
instance_new(struct bird_driver *d, uint32_t number)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct instance *in = must(calloc(1, sizeof(*in)));

	in->driver = d;
	in->number = number;
	in->dir = must(strdup(arena_printf(a, "%s/bird/%u", d->state_dir, number)));
	in->control = control_new(in->dir);
	in->arena = arena_new();
	d->instance = must(realloc(d->instance, (d->count + 1) * sizeof(struct instance *)));
	d->instance[d->count++] = in;
	return in;
}

static void
secret_free(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
peer_free(struct peer *p)
{
	free(p->key);
	secret_free(p->block);
	free(p);
}

static void
instance_free(struct instance *in)
{
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		peer_free(in->peer[i]);
	secret_free(in->loaded);
	control_free(in->control);
	connections_free(&in->connections);
	arena_free(in->arena);
	free(in->dir);
	free(in);
}

static void
forget(struct bird_driver *d, struct instance *in)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->instance[i] == in)
			d->instance[i] = d->instance[--d->count];
	}
	instance_free(in);
}

static int
by_key(const void *a, const void *b)
{
	return strcmp((*(struct peer *const *)a)->key, (*(struct peer *const *)b)->key);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct peer *const *)a)->want->name, (*(struct peer *const *)b)->want->name);
}

struct peer *
instance_peer_by_name(const struct instance *in, const char *name)
{
	struct routing_neighbour n = {.name = name};
	struct peer probe = {.want = &n}, *at = &probe;
	struct peer **found = in->held.neighbour_count == 0
				  ? NULL
				  : bsearch(&at, in->by_name, in->held.neighbour_count, sizeof(struct peer *), by_name);

	return found == NULL ? NULL : *found;
}

/* Takes the peer of that key out of the sorted old ones, or makes one. */
static struct peer *
take_peer(struct peer **old, size_t n, bool *taken, const struct routing_neighbour *want)
{
	struct peer probe = {.key = NULL}, *at = &probe;
	char *key = must(strdup(want->key));

	probe.key = key;
	struct peer **found = n == 0 ? NULL : bsearch(&at, old, n, sizeof(*old), by_key);

	if (found == NULL || taken[found - old]) {
		struct peer *p = must(calloc(1, sizeof(*p)));

		p->key = key;
		return p;
	}
	free(key);
	taken[found - old] = true;
	return *found;
}

static void
renew(struct peer *p, const struct routing_neighbour *want)
{
	if (p->want != NULL && p->want->route_limit != want->route_limit)
		limit_forget(&p->limit);
	if (p->want != NULL && strcmp(p->want->name, want->name) != 0)
		p->seen = p->established = false;
	p->want = want;
}

/* A neighbour that goes takes its guard with it. */
static void
drop_rest(struct instance *in, struct peer **old, size_t n, const bool *taken)
{
	for (size_t i = 0; i < n; i++) {
		if (taken[i])
			continue;
		if (old[i]->guarded) {
			struct op_guard ask = {.instance = in->number, .local = old[i]->guard_local};

			strlcpy(ask.device, old[i]->guard_link, sizeof(ask.device));
			agent_do(in->driver->agent, OP_GUARD_OFF, &ask, sizeof(ask), NULL);
		}
		peer_free(old[i]);
	}
}

void
instance_hold(struct instance *in, const struct routing_desired *d)
{
	struct arena *a = arena_new();
	struct routing_desired held = routing_copy(d, a);
	size_t old_n = in->held.neighbour_count, n = d->neighbour_count;
	struct peer **old = in->peer, **peer = arena_array(a, n + 1, sizeof(*peer));
	bool *taken = arena_array(a, old_n + 1, sizeof(*taken));

	if (old_n > 0)
		qsort(old, old_n, sizeof(*old), by_key);
	for (size_t i = 0; i < n; i++) {
		peer[i] = take_peer(old, old_n, taken, &held.neighbour[i]);
		renew(peer[i], &held.neighbour[i]);
		peer[i]->refused = NULL;
	}
	drop_rest(in, old, old_n, taken);
	arena_free(in->arena);
	in->arena = a;
	in->held = held;
	in->peer = peer;
	in->by_name = arena_memdup(a, peer, (n + 1) * sizeof(*peer));
	if (n > 0)
		qsort(in->by_name, n, sizeof(*peer), by_name);
}

static struct bird_driver *
driver_of(struct routing *r)
{
	return (struct bird_driver *)(void *)r;
}

static enum dc_code
stop(struct bird_driver *d, uint32_t number, struct dc_error *err)
{
	struct instance *in = instance_find(d, number);

	if (in == NULL)
		in = instance_new(d, number);
	instance_hold(in, &(struct routing_desired){.instance = number});
	enum dc_code code = daemon_stop(in, err);

	if (code != DC_OK)
		return code;
	folder_clear(in);
	forget(d, in);
	return DC_OK;
}

static void
tell(const struct instance *in, struct arena *a, struct routing_result **ret)
{
	struct routing_result *r = arena_array(a, in->held.neighbour_count + 1, sizeof(*r));

	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		const char *refused = in->peer[i]->refused;

		r[i].key = arena_strdup(a, in->peer[i]->key);
		r[i].code = refused == NULL ? DC_OK : DC_E_DAEMON;
		r[i].text = refused == NULL ? "" : arena_strdup(a, refused);
	}
	*ret = r;
}

static enum dc_code
bird_apply(struct routing *r, const struct routing_desired *desired, struct arena *a, struct routing_result **results,
    struct dc_error *err)
{
	struct bird_driver *d = driver_of(r);
	struct instance *in = instance_find(d, desired->instance);

	if (desired->vrf_count == 0) {
		*results = NULL;
		return stop(d, desired->instance, err);
	}
	if (in == NULL)
		in = instance_new(d, desired->instance);
	instance_hold(in, desired);
	enum dc_code code = apply_held(in, err);

	if (code == DC_OK)
		tell(in, a, results);
	return code;
}

static enum dc_code
bird_observe(
    struct routing *r, uint32_t number, struct arena *a, struct routing_session **ret, size_t *n, struct dc_error *err)
{
	struct instance *in = instance_find(driver_of(r), number);

	if (in == NULL)
		return dc_fail(err, DC_E_DAEMON, NULL, "no BIRD was asked for in instance %u", number);
	return observe_sessions(in, a, ret, n, err);
}

static void
end_waits(struct instance *in)
{
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		struct peer *p = in->peer[i];

		if (!limit_over(&p->limit, now_ms()))
			continue;
		dc_log(LOG_NOTICE, "route-limit-over", "instance=%u name=%s", in->number, p->want->name);
		in->again = true;
	}
}

static void
tick_instance(struct instance *in)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct dc_error err = {0};

	daemon_tick(in);
	if (in->suspect || in->starting)
		return;
	guard_poll(in, a);
	end_waits(in);
	if (!in->again || now_ms() < in->next_try)
		return;
	in->next_try = now_ms() + AGAIN_MS;
	if (apply_held(in, &err) != DC_OK)
		dc_log(LOG_ERR, "bird-apply-failed", "instance=%u reason=%s", in->number, log_quote(a, err.text));
}

static void
bird_tick(struct routing *r)
{
	struct bird_driver *d = driver_of(r);

	for (size_t i = 0; i < d->count; i++)
		tick_instance(d->instance[i]);
}

static struct routing *
bird_close(struct routing *r)
{
	struct bird_driver *d = r == NULL ? NULL : driver_of(r);

	if (d == NULL)
		return NULL;
	for (size_t i = 0; i < d->count; i++)
		instance_free(d->instance[i]);
	free(d->instance);
	free(d->state_dir);
	free(d);
	return NULL;
}

enum dc_code
bird_open(struct agent *agent, const char *state_dir, struct routing **ret, struct dc_error *err)
{
	static const struct routing_ops ops = {
	    .apply = bird_apply,
	    .observe = bird_observe,
	    .tick = bird_tick,
	    .close = bird_close,
	};

	if (state_dir[0] != '/')
		return dc_fail(err, DC_E_PARAM, "state_dir", "must be an absolute path");
	struct bird_driver *d = must(calloc(1, sizeof(*d)));

	d->routing.ops = &ops;
	d->agent = agent;
	d->state_dir = must(strdup(state_dir));
	*ret = &d->routing;
	return DC_OK;
}
