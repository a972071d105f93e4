/* SPDX-License-Identifier: ISC */
/* sim_routing.c - the simulated routing daemon and the neighbours that talk to it. A session needs its ground (device
 * up, carrier, our address), comes up after a while, announces the configured number of routes, and may flap. Both
 * sides of a link between two gateways are ours: each is a neighbour of its own here. */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "edge/sim_priv.h"

#define TICK_MS 100
#define COUNT_TICKS 5       /* between two counts of what is advertised */
#define LIMIT_WAIT_MS 60000 /* a session that passed its route limit stays off for so long */

static struct sim *
of_routing(struct routing *r)
{
	return (struct sim *)((char *)r - offsetof(struct sim, routing));
}

static char *
copy(const char *text)
{
	char *c = strdup(text);

	if (c == NULL)
		abort();
	return c;
}

static uint64_t
fingerprint(const char *text)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a: only to notice that a password is another one */

	for (; text != NULL && *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return h;
}

static void
neighbour_clear(struct sim_neighbour *n)
{
	free(n->key);
	free(n->name);
	free(n->vrf);
	free(n->link);
	*n = (struct sim_neighbour){0};
}

void
sim_forget_neighbours(struct sim_instance *in)
{
	for (size_t i = 0; i < in->neighbours; i++)
		neighbour_clear(&in->neighbour[i]);
	free(in->neighbour);
	free(in->session);
	free(in->vrf);
	in->neighbour = NULL;
	in->session = NULL;
	in->vrf = NULL;
	in->neighbours = in->vrfs = 0;
}

/* --- applying --- */

static int
compare_neighbour(const void *a, const void *b)
{
	return strcmp(((const struct sim_neighbour *)a)->key, ((const struct sim_neighbour *)b)->key);
}

static struct sim_neighbour *
find_neighbour(struct sim_instance *in, const char *key)
{
	struct sim_neighbour probe = {.key = (char *)(uintptr_t)key};

	return in->neighbours > 0 ? bsearch(&probe, in->neighbour, in->neighbours, sizeof(probe), compare_neighbour)
				  : NULL;
}

static bool
is_same(const struct sim_neighbour *n, const struct routing_neighbour *w)
{
	return strcmp(n->name, w->name) == 0 && strcmp(n->vrf, w->vrf) == 0 && strcmp(n->link, w->link) == 0 &&
	       ip_addr_equal(&n->local, &w->local) && ip_addr_equal(&n->remote, &w->remote) &&
	       n->local_asn == w->local_asn && n->remote_asn == w->remote_asn && n->md5 == (w->password != NULL) &&
	       n->password == fingerprint(w->password) && n->is_link == w->is_link && n->is_uplink == w->is_uplink &&
	       n->accept_default == w->accept_default;
}

static struct sim_neighbour
neighbour_new(const struct sim *s, const struct routing_neighbour *w)
{
	return (struct sim_neighbour){
	    .key = copy(w->key),
	    .name = copy(w->name),
	    .vrf = copy(w->vrf),
	    .link = copy(w->link),
	    .local = w->local,
	    .remote = w->remote,
	    .local_asn = w->local_asn,
	    .remote_asn = w->remote_asn,
	    .md5 = w->password != NULL,
	    .password = fingerprint(w->password),
	    .is_link = w->is_link,
	    .is_uplink = w->is_uplink,
	    .accept_default = w->accept_default,
	    .due = monotonic_now().ms + s->options.session_ms,
	    .since = utc_now(),
	    .last_error = "",
	};
}

static void
take_vrfs(struct sim_instance *in, const struct routing_desired *d)
{
	free(in->vrf);
	if ((in->vrf = calloc(d->vrf_count + 1, sizeof(*in->vrf))) == NULL)
		abort();
	in->vrfs = d->vrf_count;
	for (size_t i = 0; i < d->vrf_count; i++) {
		strlcpy(in->vrf[i].device, d->vrf[i].device, sizeof(in->vrf[i].device));
		in->vrf[i].table = d->vrf[i].table;
	}
}

static bool
is_refused(const struct sim *s, const struct routing_neighbour *w)
{
	return sim_names(s->options.fail, w->name);
}

/* Whether it is on this already. */
static bool
has_all(const struct sim *s, struct sim_instance *in, const struct routing_desired *d)
{
	if (in->vrfs != d->vrf_count || in->neighbours != d->neighbour_count)
		return false;
	for (size_t i = 0; i < d->vrf_count; i++)
		if (strcmp(in->vrf[i].device, d->vrf[i].device) != 0 || in->vrf[i].table != d->vrf[i].table)
			return false;
	for (size_t i = 0; i < d->neighbour_count; i++) {
		const struct sim_neighbour *n = find_neighbour(in, d->neighbour[i].key);

		if (n == NULL || !is_same(n, &d->neighbour[i]) || n->shut != d->neighbour[i].shut ||
		    n->route_limit != d->neighbour[i].route_limit || n->refused != is_refused(s, &d->neighbour[i]))
			return false;
	}
	return true;
}

/* Those that are as before keep their session; returns how many are not and take their time. */
static size_t
take_neighbours(struct sim *s, struct sim_instance *in, const struct routing_desired *d)
{
	struct sim_neighbour *fresh = calloc(d->neighbour_count + 1, sizeof(*fresh));
	size_t slow = 0;

	if (fresh == NULL)
		abort();
	for (size_t i = 0; i < d->neighbour_count; i++) {
		const struct routing_neighbour *w = &d->neighbour[i];
		struct sim_neighbour *old = find_neighbour(in, w->key);
		bool refused = is_refused(s, w);

		if (old != NULL && is_same(old, w) && old->refused == refused) {
			fresh[i] = *old;
			*old = (struct sim_neighbour){.key = old->key};
			fresh[i].key = copy(w->key);
			if (fresh[i].shut != w->shut)
				fresh[i].changed = in->set;
		} else {
			fresh[i] = neighbour_new(s, w);
			fresh[i].changed = in->set;
			fresh[i].refused = refused;
			slow += sim_lists_session(s->options.slow, in, &fresh[i]);
		}
		fresh[i].route_limit = w->route_limit;
		fresh[i].shut = w->shut;
	}
	for (size_t i = 0; i < in->neighbours; i++)
		neighbour_clear(&in->neighbour[i]);
	free(in->neighbour);
	in->neighbour = fresh;
	in->neighbours = d->neighbour_count;
	return slow;
}

static void show(struct sim *, struct sim_instance *);

static uint64_t
sim_set(struct routing *r, const struct routing_desired *d)
{
	struct sim *s = of_routing(r);
	struct sim_instance *in = sim_instance(s, d->instance);

	sim_reread(s);
	if (in == NULL || has_all(s, in, d))
		return in == NULL ? 0 : in->set;
	in->set = ++s->wishes;
	in->loaded_at = monotonic_now().ms;
	take_vrfs(in, d);
	in->loaded_at += (int64_t)take_neighbours(s, in, d) * s->options.change_ms;
	if (in->loaded_at <= monotonic_now().ms)
		in->loaded = in->set;
	for (size_t i = 0; i < in->neighbours; i++)
		if (in->neighbour[i].changed == in->set)
			in->neighbour[i].due += in->loaded_at - monotonic_now().ms;
	free(in->session);
	if ((in->session = calloc(in->neighbours + 1, sizeof(*in->session))) == NULL)
		abort();
	show(s, in);
	return in->set;
}

/* --- time passes --- */

static bool
has_ground(const struct sim *s, const struct sim_instance *in, const struct sim_neighbour *n)
{
	const struct item_link *link = sim_link(in, n->link);

	if (link == NULL || !link->up || sim_addr(in, n->link, &n->local) == NULL)
		return false;
	return link->is_veth || sim_port_carrier(s, link->port);
}

static void
fall(struct sim_neighbour *n, int64_t due, const char *why)
{
	if (n->established)
		n->since = utc_now();
	n->established = false;
	n->due = due;
	n->last_error = why;
}

static bool
flaps(const struct sim *s, const struct sim_instance *in, const struct sim_neighbour *n)
{
	return s->options.flap_ms > 0 && (s->options.flap[0] == '\0' || sim_lists_session(s->options.flap, in, n));
}

static void
live(const struct sim *s, const struct sim_instance *in, struct sim_neighbour *n, int64_t now)
{
	if (n->refused)
		return;
	if (!has_ground(s, in, n)) {
		if (n->established)
			fall(n, 0, "Interface is down (simulated)");
		n->due = now + s->options.session_ms;
	} else if (n->shut) {
		if (n->established)
			fall(n, 0, "Administratively shut down (simulated)");
		n->due = now + s->options.session_ms;
	} else if (sim_lists_session(s->options.down, in, n)) {
		if (n->established)
			fall(n, 0, "Hold timer expired (simulated)");
		n->due = now + s->options.session_ms;
	} else if (n->established && n->route_limit > 0 && s->options.routes > n->route_limit) {
		n->limited = true;
		fall(n, now + LIMIT_WAIT_MS, "Route limit exceeded (simulated)");
	} else if (n->established && flaps(s, in, n) && now >= n->due)
		fall(n, now + s->options.session_ms, "Received: Cease (simulated)");
	else if (!n->established && now >= n->due) {
		n->established = true;
		n->limited = false;
		n->since = utc_now();
		n->due = now + s->options.flap_ms;
	}
}

static void
count_vpc_routes(struct sim_instance *in)
{
	for (size_t i = 0; i < in->vrfs; i++)
		in->vrf[i].vpc[0] = in->vrf[i].vpc[1] = 0;
	for (size_t i = 0; i < in->routes; i++)
		for (size_t k = 0; in->route[i].proto == ROUTE_PROTO_VPC && k < in->vrfs; k++)
			if (in->vrf[k].table == in->route[i].table)
				in->vrf[k].vpc[in->route[i].prefix.addr.family == IP_V6]++;
}

static int64_t
advertised(const struct sim_instance *in, const struct sim_neighbour *n)
{
	for (size_t i = 0; i < in->vrfs; i++)
		if (strcmp(in->vrf[i].device, n->vrf) == 0)
			return in->vrf[i].vpc[n->local.family == IP_V6];
	return 0;
}

static void
show_one(const struct sim *s, const struct sim_instance *in, const struct sim_neighbour *n, struct routing_session *ret)
{
	*ret = (struct routing_session){
	    .key = n->key,
	    .refused = n->refused ? "refused as the options ask (simulated)" : NULL,
	    .changed = n->changed,
	    .known = true,
	    .established = n->established,
	    .state = n->established         ? "Established"
		     : n->shut              ? "Down"
		     : n->limited           ? "Disabled"
		     : has_ground(s, in, n) ? "Connect"
					    : "Idle",
	    .since = n->since,
	    .received = n->established ? s->options.routes : 0,
	    .accepted = n->established ? s->options.routes : 0,
	    .advertised = n->established ? advertised(in, n) : 0,
	    .last_error = n->last_error,
	    .tcp = n->established ? "ESTABLISHED" : "none",
	    .md5 = n->md5,
	};
}

static void
show(struct sim *s, struct sim_instance *in)
{
	count_vpc_routes(in);
	for (size_t i = 0; i < in->neighbours; i++)
		show_one(s, in, &in->neighbour[i], &in->session[i]);
}

static bool
live_all(const struct sim *s, struct sim_instance *in)
{
	int64_t now = monotonic_now().ms;
	bool changed = false;

	for (size_t i = 0; i < in->neighbours; i++) {
		struct sim_neighbour *n = &in->neighbour[i];
		bool established = n->established;
		const char *error = n->last_error;

		live(s, in, n, now);
		changed = changed || n->established != established || n->last_error != error;
	}
	if (in->loaded != in->set && now >= in->loaded_at) {
		in->loaded = in->set;
		changed = true;
	}
	return changed;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct sim *s = arg;
	bool count = ++s->ticks % COUNT_TICKS == 0;

	(void)fd;
	(void)what;
	sim_reread(s);
	sim_answer_echoes(s);
	for (size_t i = 0; i < s->instances; i++) {
		struct sim_instance *in = s->instance[i];

		if (!live_all(s, in) && !count)
			continue;
		show(s, in);
		s->changed(s->changed_arg, in->number);
	}
}

static void
sim_start(struct routing *r, struct event_base *base, routing_changed *changed, void *arg)
{
	struct sim *s = of_routing(r);

	s->changed = changed;
	s->changed_arg = arg;
	if ((s->tick = event_new(base, -1, EV_PERSIST, on_tick, s)) == NULL)
		abort();
	event_add(s->tick, &(struct timeval){.tv_usec = TICK_MS * 1000});
}

static bool
sim_seen(struct routing *r, uint32_t instance, struct routing_seen *ret)
{
	const struct sim_instance *in = sim_instance(of_routing(r), instance);

	if (in == NULL || in->vrfs == 0)
		return false;
	*ret = (struct routing_seen){
	    .state = in->loaded == in->set ? ROUTING_RUNNING : ROUTING_CONFIGURING,
	    .set = in->set,
	    .loaded = in->loaded,
	    .session = in->session,
	    .sessions = in->neighbours,
	};
	return true;
}

static uint32_t *
sim_instances(struct routing *r, struct arena *arena, size_t *n)
{
	const struct sim *s = of_routing(r);
	uint32_t *number = arena_array(arena, s->instances + 1, sizeof(*number));

	*n = 0;
	for (size_t i = 0; i < s->instances; i++)
		if (s->instance[i]->vrfs > 0)
			number[(*n)++] = s->instance[i]->number;
	return number;
}

static bool
sim_may_run(struct routing *r, uint32_t instance, const char *key)
{
	const struct sim *s = of_routing(r);

	for (size_t i = 0; i < s->instances; i++)
		if ((instance == 0 || s->instance[i]->number == instance) &&
		    (s->instance[i]->loaded != s->instance[i]->set || find_neighbour(s->instance[i], key) != NULL))
			return true;
	return false;
}

static struct routing *
sim_routing_close(struct routing *r)
{
	struct sim *s = of_routing(r);

	if (s->tick != NULL)
		event_free(s->tick);
	sim_release(s);
	return NULL;
}

const struct routing_ops sim_routing_ops = {
    .start = sim_start,
    .set = sim_set,
    .seen = sim_seen,
    .instances = sim_instances,
    .may_run = sim_may_run,
    .routes = sim_routes,
    .close = sim_routing_close,
};
