/* SPDX-License-Identifier: ISC */
/* sim_routing.c - the simulated routing daemon and the neighbours that talk to it. A session needs its ground (device
 * up, carrier, our address), comes up after a while, announces the configured number of routes, and may flap. Both
 * sides of a link between two gateways are ours: each is a neighbour of its own here. */
#include <stdlib.h>
#include <string.h>

#include "edge/sim_priv.h"

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
	free(in->vrf);
	in->neighbour = NULL;
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
	       n->password == fingerprint(w->password) && n->is_link == w->is_link &&
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

/* Those that are as before keep their session. */
static void
take_neighbours(struct sim *s, struct sim_instance *in, const struct routing_desired *d, struct routing_result *result)
{
	struct sim_neighbour *fresh = calloc(d->neighbour_count + 1, sizeof(*fresh));
	size_t n = 0;

	if (fresh == NULL)
		abort();
	for (size_t i = 0; i < d->neighbour_count; i++) {
		const struct routing_neighbour *w = &d->neighbour[i];
		struct sim_neighbour *old = find_neighbour(in, w->key);

		result[i] = (struct routing_result){.key = w->key};
		if (sim_names(s->options.fail, w->name)) {
			result[i].code = DC_E_DAEMON;
			result[i].text = "refused as the options ask (simulated)";
			continue;
		}
		if (old != NULL && is_same(old, w)) {
			fresh[n] = *old;
			*old = (struct sim_neighbour){.key = old->key};
			fresh[n].key = copy(w->key);
		} else {
			fresh[n] = neighbour_new(s, w);
			if (sim_lists_session(s->options.slow, in, &fresh[n]))
				sim_pause(s);
		}
		fresh[n++].route_limit = w->route_limit;
	}
	qsort(fresh, n, sizeof(*fresh), compare_neighbour);
	for (size_t i = 0; i < in->neighbours; i++)
		neighbour_clear(&in->neighbour[i]);
	free(in->neighbour);
	in->neighbour = fresh;
	in->neighbours = n;
}

static enum dc_code
sim_apply(struct routing *r, const struct routing_desired *d, struct arena *arena, struct routing_result **results,
    struct dc_error *err)
{
	struct sim *s = of_routing(r);
	struct sim_instance *in = sim_instance(s, d->instance);

	sim_reread(s);
	*results = arena_array(arena, d->neighbour_count + 1, sizeof(**results));
	if (in == NULL)
		return d->vrf_count == 0
			   ? DC_OK
			   : dc_fail(err, DC_E_DAEMON, NULL, "instance %u has no namespace (simulated)", d->instance);
	take_vrfs(in, d);
	take_neighbours(s, in, d, *results);
	return DC_OK;
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
	if (!has_ground(s, in, n)) {
		if (n->established)
			fall(n, 0, "Interface is down (simulated)");
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

static enum dc_code
sim_observe(struct routing *r, uint32_t instance, struct arena *arena, struct routing_session **ret, size_t *ret_n,
    struct dc_error *err)
{
	struct sim *s = of_routing(r);
	struct sim_instance *in = sim_instance(s, instance);
	int64_t now = monotonic_now().ms;

	if (in == NULL)
		return dc_fail(err, DC_E_DAEMON, NULL, "instance %u does not run (simulated)", instance);
	count_vpc_routes(in);
	*ret = arena_array(arena, in->neighbours + 1, sizeof(**ret));
	*ret_n = in->neighbours;
	for (size_t i = 0; i < in->neighbours; i++) {
		struct sim_neighbour *n = &in->neighbour[i];

		live(s, in, n, now);
		(*ret)[i] = (struct routing_session){
		    .key = arena_strdup(arena, n->key),
		    .established = n->established,
		    .state = n->established         ? "Established"
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
	return DC_OK;
}

static void
sim_tick(struct routing *r)
{
	sim_reread(of_routing(r));
}

static struct routing *
sim_routing_close(struct routing *r)
{
	sim_release(of_routing(r));
	return NULL;
}

const struct routing_ops sim_routing_ops = {sim_apply, sim_observe, sim_tick, sim_routing_close};
