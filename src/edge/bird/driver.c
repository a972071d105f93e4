/* SPDX-License-Identifier: ISC */
/* driver.c - BIRD behind routing.h: one instance of the daemon per network namespace, each with files of its own. */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/bird/instance.h"

#define AGAIN_MS 2000 /* between tries of what is due */
#define TICK_MS 200
#define LOOK_MS 500

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
	secret_free(p->wish);
	free(p);
}

static void
instance_free(struct instance *in)
{
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		peer_free(in->peer[i]);
	secret_free(in->loaded);
	secret_free(in->wish);
	free(in->why);
	arena_free(in->seen_arena);
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

static void
drop_rest(struct peer **old, size_t n, const bool *taken)
{
	for (size_t i = 0; i < n; i++)
		if (!taken[i])
			peer_free(old[i]);
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
	drop_rest(old, old_n, taken);
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

/* --- what is set --- */

static void
keep(char **at, const char *text)
{
	secret_free(*at);
	*at = text == NULL ? NULL : must(strdup(text));
}

/* The text as it were if nobody were left out: what two wishes are compared by. */
static enum dc_code
render_wish(const struct instance *in, const struct routing_desired *d, struct arena *a, struct bird_config *ret,
    struct dc_error *err)
{
	enum bird_how *how = arena_array(a, d->neighbour_count + 1, sizeof(*how));

	for (size_t i = 0; i < d->neighbour_count; i++)
		how[i] = BIRD_RUN;
	return bird_render(d, how, instance_path(in, a, "bird.log"), a, ret, err);
}

static void
note_wish(struct instance *in, const struct bird_config *config)
{
	keep(&in->wish, config->text);
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		struct peer *p = in->peer[i];

		if (p->wish != NULL && config->block[i] != NULL && strcmp(p->wish, config->block[i]) == 0)
			continue;
		keep(&p->wish, config->block[i]);
		p->changed = in->set;
	}
}

static void
hurry(struct bird_driver *d)
{
	if (d->soon != NULL)
		event_active(d->soon, 0, 0);
}

static uint64_t
bird_set(struct routing *r, const struct routing_desired *desired)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct bird_driver *d = driver_of(r);
	struct instance *in = instance_find(d, desired->instance);
	struct bird_config config = {0};
	struct dc_error err = {0};

	if (in == NULL)
		in = instance_new(d, desired->instance);
	if (render_wish(in, desired, a, &config, &err) != DC_OK)
		config.text = NULL;
	bool ending = desired->vrf_count == 0;

	if (in->set != 0 && in->ending == ending && config.text != NULL && in->wish != NULL &&
	    strcmp(config.text, in->wish) == 0)
		return in->set;
	in->ending = ending;
	in->set = ++d->wishes;
	instance_hold(in, desired);
	in->seen = NULL;
	if (config.text != NULL)
		note_wish(in, &config);
	keep(&in->why, config.text != NULL ? NULL : err.text);
	in->due = config.text != NULL;
	hurry(d);
	return in->set;
}

/* --- what is seen --- */

static void
show_down(struct instance *in, const char *why)
{
	struct arena *a = arena_new();
	size_t n = in->held.neighbour_count;
	struct routing_session *s = arena_array(a, n + 1, sizeof(*s));

	for (size_t i = 0; i < n; i++) {
		struct peer *p = in->peer[i];

		if (p->established || p->since == 0)
			p->since = utc_now();
		p->established = false;
		s[i] = (struct routing_session){.state = "Down",
		    .since = p->since,
		    .last_error = arena_strdup(a, why),
		    .tcp = "none",
		    .md5 = p->want->password != NULL};
	}
	arena_free(in->seen_arena);
	in->seen_arena = a;
	in->seen = s;
	in->seen_n = n;
}

static void
name_sessions(struct instance *in)
{
	for (size_t i = 0; i < in->seen_n; i++) {
		in->seen[i].key = in->peer[i]->key;
		in->seen[i].refused = in->peer[i]->refused;
		in->seen[i].changed = in->peer[i]->changed;
		in->seen[i].known = in->seen_at != 0;
	}
}

static void
look(struct instance *in)
{
	struct arena *a = arena_new();
	struct routing_session *s;
	struct dc_error err = {0};
	size_t n;

	in->next_look = now_ms() + LOOK_MS;
	in->seen_at = now_ms();
	if (observe_sessions(in, a, &s, &n, &err) == DC_OK) {
		arena_free(in->seen_arena);
		in->seen_arena = a;
		in->seen = s;
		in->seen_n = n;
	} else {
		show_down(in, err.text);
		arena_free(a);
	}
	name_sessions(in);
	in->driver->changed(in->driver->changed_arg, in->number);
}

static enum routing_state
state_of(const struct instance *in)
{
	return in->ending                  ? ROUTING_STOPPING
	       : in->starting              ? ROUTING_STARTING
	       : in->silent_since          ? ROUTING_SILENT
	       : in->suspect               ? ROUTING_BACKOFF
	       : in->set != in->loaded_set ? ROUTING_CONFIGURING
					   : ROUTING_RUNNING;
}

static bool
bird_seen(struct routing *r, uint32_t number, struct routing_seen *ret)
{
	struct instance *in = instance_find(driver_of(r), number);

	if (in == NULL)
		return false;
	if (in->seen_n != in->held.neighbour_count || in->seen == NULL) {
		show_down(in, "");
		name_sessions(in);
		for (size_t i = 0; i < in->seen_n; i++)
			in->seen[i].known = false;
	}
	*ret = (struct routing_seen){
	    .state = state_of(in),
	    .why = in->why,
	    .set = in->set,
	    .loaded = in->loaded_set,
	    .age_ms = in->seen_at == 0 ? -1 : now_ms() - in->seen_at,
	    .session = in->seen,
	    .sessions = in->seen_n,
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

static bool
may_run(const struct instance *in, const char *key)
{
	if (in->set != in->loaded_set)
		return true;
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		if (strcmp(in->peer[i]->key, key) == 0)
			return true;
	return false;
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

/* --- time --- */

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
bring_in(struct instance *in)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct dc_error err = {0};
	uint64_t wish = in->set;

	in->due = false;
	in->next_try = now_ms() + AGAIN_MS;
	if (apply_held(in, &err) == DC_OK) {
		in->loaded_set = wish;
		keep(&in->why, NULL);
	} else {
		dc_log(LOG_ERR, "bird-apply-failed", "instance=%u reason=%s", in->number, log_quote(a, err.text));
		keep(&in->why, err.text);
		in->again = true;
	}
	look(in);
}

/* True: it is forgotten. */
static bool
end(struct instance *in)
{
	struct bird_driver *d = in->driver;
	struct dc_error err = {0};
	uint32_t number = in->number;

	in->next_try = now_ms() + AGAIN_MS;
	if (daemon_stop(in, &err) != DC_OK) {
		keep(&in->why, err.text);
		return false;
	}
	folder_clear(in);
	forget(d, in);
	d->changed(d->changed_arg, number);
	return true;
}

static bool
tick_instance(struct instance *in)
{
	if (in->ending && (in->due || now_ms() >= in->next_try) && end(in))
		return true;
	if (in->ending)
		return false;
	daemon_tick(in);
	if (in->due || (in->again && now_ms() >= in->next_try))
		bring_in(in);
	if (now_ms() >= in->next_look)
		look(in);
	if (in->suspect || in->starting)
		return false;
	end_waits(in);
	return false;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct bird_driver *d = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < d->count;)
		i += !tick_instance(d->instance[i]);
}

static void
bird_start(struct routing *r, struct event_base *base, routing_changed *changed, void *arg)
{
	struct bird_driver *d = driver_of(r);

	d->changed = changed;
	d->changed_arg = arg;
	d->tick = must(event_new(base, -1, EV_PERSIST, on_tick, d));
	d->soon = must(event_new(base, -1, 0, on_tick, d));
	event_add(d->tick, &(struct timeval){.tv_usec = TICK_MS * 1000});
}

static struct routing *
bird_close(struct routing *r)
{
	struct bird_driver *d = r == NULL ? NULL : driver_of(r);

	if (d == NULL)
		return NULL;
	for (size_t i = 0; i < d->count; i++)
		instance_free(d->instance[i]);
	if (d->tick != NULL)
		event_free(d->tick);
	if (d->soon != NULL)
		event_free(d->soon);
	free(d->instance);
	free(d->state_dir);
	free(d);
	return NULL;
}

enum dc_code
bird_open(struct agent *agent, const char *state_dir, struct routing **ret, struct dc_error *err)
{
	static const struct routing_ops ops = {
	    .start = bird_start,
	    .set = bird_set,
	    .seen = bird_seen,
	    .instances = bird_instances,
	    .may_run = bird_may_run,
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
