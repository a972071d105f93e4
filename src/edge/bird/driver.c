/* SPDX-License-Identifier: ISC */
/* driver.c - BIRD behind routing.h: one instance of the daemon per network namespace, each with files of its own. */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/bird/glass.h"
#include "edge/bird/instance.h"

#define IDLE_MS 500

int64_t
now_ms(void)
{
	return monotonic_now().ms;
}

void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

void
secret_set(char **at, const char *text)
{
	char *copy = text == NULL ? NULL : must(strdup(text));

	if (*at != NULL)
		explicit_bzero(*at, strlen(*at));
	free(*at);
	*at = copy;
}

void
words_set(char **at, const char *text)
{
	char *copy = text == NULL ? NULL : must(strdup(text));

	free(*at);
	*at = copy;
}

const char *
instance_path(const struct instance *in, struct arena *a, const char *file)
{
	return arena_printf(a, "%s/%s", in->dir, file);
}

/* --- instances --- */

static struct instance *
find(const struct bird_driver *d, uint32_t number)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->instance[i]->number == number)
			return d->instance[i];
	}
	return NULL;
}

static void on_timer(evutil_socket_t, short, void *);

static void
on_lost(void *arg)
{
	process_lost(arg, "BIRD has ended the connection");
}

static struct instance *
instance_new(struct bird_driver *d, uint32_t number)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct instance *in = must(calloc(1, sizeof(*in)));

	in->driver = d;
	in->number = number;
	in->dir = must(strdup(arena_printf(a, "%s/bird/%u", d->state_dir, number)));
	in->control = control_new(d->base, instance_path(in, a, "run"), on_lost, in);
	in->timer = must(event_new(d->base, -1, 0, on_timer, in));
	in->arena = arena_new();
	in->shown = must(calloc(1, sizeof(*in->shown)));
	d->instance = must(realloc(d->instance, (d->count + 1) * sizeof(struct instance *)));
	d->instance[d->count++] = in;
	return in;
}

static void
instance_free(struct instance *in)
{
	load_drop(in);
	look_drop(in);
	glass_free(in);
	control_free(in->control);
	event_free(in->timer);
	instance_drop_all(in);
	own_free(in);
	secret_set(&in->loaded, NULL);
	secret_set(&in->wish, NULL);
	connections_free(&in->connections);
	free(in->why);
	free(in->dir);
	free(in);
}

void
instance_forget(struct instance *in)
{
	struct bird_driver *d = in->driver;
	uint32_t number = in->number;

	for (size_t i = 0; i < d->count; i++) {
		if (d->instance[i] == in)
			d->instance[i] = d->instance[--d->count];
	}
	instance_free(in);
	d->changed(d->changed_arg, number);
}

void
instance_news(struct instance *in)
{
	in->driver->changed(in->driver->changed_arg, in->number);
}

void
instance_wake(struct instance *in, int64_t ms)
{
	struct timeval t = {ms / 1000, ms % 1000 * 1000}, left;

	if (ms > 0 && event_pending(in->timer, EV_TIMEOUT, &left)) {
		struct timeval now;

		event_base_gettimeofday_cached(in->driver->base, &now);
		evutil_timersub(&left, &now, &left);
		if (left.tv_sec * 1000 + left.tv_usec / 1000 <= ms)
			return;
	}
	event_add(in->timer, &t);
}

/* --- what is due --- */

static void
end_waits(struct instance *in)
{
	int64_t now = now_ms();

	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		struct peer *p = in->peer[i];

		if (!limit_over(&p->limit, now))
			continue;
		dc_log(LOG_NOTICE, "route-limit-over", "instance=%u name=%s", in->number, p->want->name);
		in->again = true;
	}
}

static void
work_running(struct instance *in)
{
	int64_t left;

	end_waits(in);
	if (load_due(in)) {
		load_begin(in);
		return;
	}
	if (in->look == NULL && (in->look_due || now_ms() >= in->next_look)) {
		in->look_due = false;
		look_begin(in);
	}
	/* A timer may come a little early. */
	left = in->next_look - now_ms();
	instance_wake(in, in->look != NULL || left > IDLE_MS ? IDLE_MS : left > 0 ? left : 1);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct instance *in = arg;

	(void)fd;
	(void)what;
	if (in->state == ROUTING_RUNNING)
		work_running(in);
	else if (in->state != ROUTING_CONFIGURING) /* what is on its way continues by itself */
		process_work(in);
}

/* --- routing.h --- */

static struct bird_driver *
driver_of(struct routing *r)
{
	return (struct bird_driver *)(void *)r;
}

static void
bird_start(struct routing *r, struct event_base *base, routing_changed *changed, void *arg)
{
	struct bird_driver *d = driver_of(r);

	d->base = base;
	d->changed = changed;
	d->changed_arg = arg;
}

/* What is on its way refers to what is held: the new wish waits until it is over. */
static void
take(struct instance *in, const struct routing_desired *desired, const struct bird_config *wish)
{
	if (in->load == NULL) {
		instance_hold(in, desired, wish);
		return;
	}
	arena_free(in->next_arena);
	in->next_arena = arena_new();
	in->next = arena_new_of(in->next_arena, struct routing_desired);
	*in->next = routing_copy(desired, in->next_arena);
}

static void
stop_if_unwanted(struct instance *in)
{
	if (in->state == ROUTING_STOPPING)
		return;
	load_drop(in);
	look_drop(in);
	if (in->next != NULL)
		instance_hold(in, in->next, NULL);
	in->next = NULL;
	instance_happens(in, EVENT_UNWANTED);
}

static uint64_t
bird_set(struct routing *r, const struct routing_desired *desired)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct bird_driver *d = driver_of(r);
	struct instance *in = find(d, desired->instance);
	bool wanted = desired->vrf_count > 0;
	struct bird_config config = {0};
	struct dc_error err = {0};

	if (in == NULL)
		in = instance_new(d, desired->instance);
	if (instance_wish(desired, a, &config, &err) != DC_OK)
		config.text = NULL;
	if (in->set != 0 && config.text != NULL && in->wish != NULL && strcmp(config.text, in->wish) == 0 &&
	    wanted == in->wanted)
		return in->set;
	in->wanted = wanted;
	in->set = ++d->wishes;
	secret_set(&in->wish, config.text);
	words_set(&in->why, config.text == NULL ? err.text : NULL);
	take(in, desired, config.text != NULL ? &config : NULL);
	if (!wanted)
		stop_if_unwanted(in);
	else if (in->state == ROUTING_ABSENT)
		instance_happens(in, EVENT_WANTED);
	in->next_try = 0;
	instance_wake(in, 0);
	return in->set;
}

static bool
bird_seen(struct routing *r, uint32_t number, struct routing_seen *ret)
{
	const struct instance *in = find(driver_of(r), number);

	if (in == NULL)
		return false;
	*ret = (struct routing_seen){
	    .state = in->state,
	    .why = in->why,
	    .set = in->set,
	    .loaded = in->loaded_set,
	    .age_ms = in->shown_at == 0 ? -1 : now_ms() - in->shown_at,
	    .session = in->shown,
	    .sessions = in->held.neighbour_count,
	};
	return true;
}

static uint32_t *
bird_instances(struct routing *r, struct arena *arena, size_t *n)
{
	const struct bird_driver *d = driver_of(r);
	uint32_t *number = arena_array(arena, d->count + 1, sizeof(*number));

	for (size_t i = 0; i < d->count; i++)
		number[i] = d->instance[i]->number;
	*n = d->count;
	return number;
}

static int
compare_key(const void *key, const void *element)
{
	return strcmp(key, ((const struct routing_session *)element)->key);
}

static bool
may_run(const struct instance *in, const char *key)
{
	return in->set != in->loaded_set ||
	       bsearch(key, in->shown, in->held.neighbour_count, sizeof(*in->shown), compare_key) != NULL;
}

static bool
bird_may_run(struct routing *r, uint32_t instance, const char *key)
{
	const struct bird_driver *d = driver_of(r);

	for (size_t i = 0; i < d->count; i++)
		if ((instance == 0 || d->instance[i]->number == instance) && may_run(d->instance[i], key))
			return true;
	return false;
}

static void
bird_routes(struct routing *r, const struct routing_query *query, routing_told_routes *told, void *arg)
{
	const struct bird_driver *d = driver_of(r);

	for (size_t i = 0; i < d->count; i++)
		for (size_t k = 0; k < d->instance[i]->held.neighbour_count; k++)
			if (strcmp(d->instance[i]->peer[k]->key, query->key) == 0) {
				glass_ask(d->instance[i], d->instance[i]->peer[k]->want, query, told, arg);
				return;
			}
	told(arg, NULL, 0, "the routing daemon has no such neighbour");
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
bird_open(struct agent *agent, const char *state_dir, int64_t slow_after_ms, struct routing **ret, struct dc_error *err)
{
	static const struct routing_ops ops = {
	    .start = bird_start,
	    .set = bird_set,
	    .seen = bird_seen,
	    .instances = bird_instances,
	    .may_run = bird_may_run,
	    .routes = bird_routes,
	    .close = bird_close,
	};

	if (state_dir[0] != '/')
		return dc_fail(err, DC_E_PARAM, "state_dir", "must be an absolute path");
	struct bird_driver *d = must(calloc(1, sizeof(*d)));

	d->routing.ops = &ops;
	d->agent = agent;
	d->slow_after_ms = slow_after_ms;
	d->state_dir = must(strdup(state_dir));
	*ret = &d->routing;
	return DC_OK;
}
