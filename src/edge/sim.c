/* SPDX-License-Identifier: ISC */
/* sim.c - the simulated fabric: options, and the two halves over one memory. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "edge/sim_priv.h"

#define SECTION "sim"
#define MS_MAX 3600000
#define ROUTES_MAX 10000000
#define KEYS_MAX 1000000

/* clang-format off */
static const struct config_key sim_keys[] = {
	{ SECTION, "ports", "", "Ports that the simulated router shows from the start; others appear as they are asked for." },
	{ SECTION, "no_carrier", "", "Ports without carrier." },
	{ SECTION, "exposed", "", "Ports with an address of the router's own." },
	{ SECTION, "fail", "", "Devices, prefixes, addresses and neighbours whose changes are refused." },
	{ SECTION, "down", "", "Sessions that never come up, by a name, an id (of a peer, an interface, a link, a gateway) or an address. Their routers do not answer echo requests." },
	{ SECTION, "slow", "", "Whose changes take change_ms, by the same words; empty: all." },
	{ SECTION, "flap", "", "Sessions that live flap_ms, by the same words; empty: all." },
	{ SECTION, "change_ms", "0", "Milliseconds that a change takes." },
	{ SECTION, "session_ms", "200", "Milliseconds until a session is Established." },
	{ SECTION, "flap_ms", "0", "Milliseconds that a session lives; 0: it stays." },
	{ SECTION, "routes", "1", "Routes that each neighbour announces." },
	{ SECTION, "key_room", "0", "Neighbours with a password that one gateway and family can have; 0: no limit." },
	{ 0 },
};
/* clang-format on */

/* A list of slow things is useless without a time. */
static enum dc_code
check_times(const struct sim_options *o, struct dc_error *err)
{
	if (o->slow[0] != '\0' && o->change_ms == 0)
		return dc_fail(err, DC_E_PARAM, "slow", "[" SECTION "] slow requires change_ms");
	if (o->flap[0] != '\0' && o->flap_ms == 0)
		return dc_fail(err, DC_E_PARAM, "flap", "[" SECTION "] flap requires flap_ms");
	return DC_OK;
}

static enum dc_code
read_options(const char *path, struct sim_options *ret, struct dc_error *err)
{
	struct sim_options o = {0};
	enum dc_code rc;

	if ((rc = config_load(path, sim_keys, &o.config, err)) != DC_OK)
		return rc;
	o.ports = config_get(o.config, SECTION, "ports");
	o.no_carrier = config_get(o.config, SECTION, "no_carrier");
	o.exposed = config_get(o.config, SECTION, "exposed");
	o.fail = config_get(o.config, SECTION, "fail");
	o.down = config_get(o.config, SECTION, "down");
	o.slow = config_get(o.config, SECTION, "slow");
	o.flap = config_get(o.config, SECTION, "flap");
	if ((rc = config_int(o.config, SECTION, "change_ms", 0, MS_MAX, &o.change_ms, err)) != DC_OK ||
	    (rc = config_int(o.config, SECTION, "session_ms", 0, MS_MAX, &o.session_ms, err)) != DC_OK ||
	    (rc = config_int(o.config, SECTION, "flap_ms", 0, MS_MAX, &o.flap_ms, err)) != DC_OK ||
	    (rc = config_int(o.config, SECTION, "routes", 0, ROUTES_MAX, &o.routes, err)) != DC_OK ||
	    (rc = config_int(o.config, SECTION, "key_room", 0, KEYS_MAX, &o.key_room, err)) != DC_OK ||
	    (rc = check_times(&o, err)) != DC_OK) {
		config_locate(o.config, SECTION, err);
		config_free(o.config);
		return rc;
	}
	*ret = o;
	return DC_OK;
}

static bool
options_changed(struct sim *s)
{
	struct stat st;

	if (s->options_path == NULL || stat(s->options_path, &st) != 0 ||
	    (st.st_mtim.tv_sec == s->options_time.tv_sec && st.st_mtim.tv_nsec == s->options_time.tv_nsec))
		return false;
	s->options_time = st.st_mtim;
	return true;
}

/* Names of absent things are reported, not kept for later: a misspelt fault would never come. */
static enum dc_code
read_known_options(const struct sim *s, struct sim_options *ret, struct dc_error *err)
{
	struct sim_options o;
	enum dc_code rc = read_options(s->options_path, &o, err);

	if (rc != DC_OK)
		return rc;
	if ((rc = sim_check_names(s, "down", o.down, true, err)) != DC_OK ||
	    (rc = sim_check_names(s, "flap", o.flap, true, err)) != DC_OK ||
	    (rc = sim_check_names(s, "slow", o.slow, false, err)) != DC_OK) {
		config_locate(o.config, SECTION, err);
		config_free(o.config);
		return rc;
	}
	*ret = o;
	return DC_OK;
}

void
sim_reread(struct sim *s)
{
	struct sim_options fresh;
	struct dc_error err = {0};

	if (!options_changed(s))
		return;
	if (read_known_options(s, &fresh, &err) != DC_OK) {
		_cleanup_arena_ struct arena *arena = arena_new();

		dc_log(LOG_ERR, "options of the simulation refused", "error=%s", log_quote(arena, err.text));
		return;
	}
	config_free(s->options.config);
	s->options = fresh;
	(void)eventfd_write(s->changes, 1);
	dc_log(LOG_INFO, "options of the simulation read", "session_ms=%lld routes=%lld", (long long)fresh.session_ms,
	    (long long)fresh.routes);
}

void
sim_pause(const struct sim *s)
{
	struct timespec t = {s->options.change_ms / 1000, s->options.change_ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

void
sim_release(struct sim *s)
{
	if (--s->users > 0)
		return;
	for (size_t i = 0; i < s->instances; i++)
		sim_instance_free(s->instance[i]);
	free(s->instance);
	sim_close_echoes(s);
	free(s->asked);
	config_free(s->options.config);
	free(s->options_path);
	close(s->changes);
	free(s);
}

enum dc_code
sim_open(const char *options_path, struct kernel **ret_kernel, struct routing **ret_routing, struct dc_error *err)
{
	struct sim *s = calloc(1, sizeof(*s));
	enum dc_code rc;

	if (s == NULL || (options_path != NULL && (s->options_path = strdup(options_path)) == NULL))
		abort();
	if ((s->changes = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		abort();
	options_changed(s);
	if ((rc = read_options(options_path, &s->options, err)) != DC_OK) {
		s->users = 1;
		sim_release(s);
		return rc;
	}
	s->users = 2;
	s->kernel.ops = &sim_kernel_ops;
	s->kernel.key_room = (uint32_t)s->options.key_room;
	s->routing.ops = &sim_routing_ops;
	*ret_kernel = &s->kernel;
	*ret_routing = &s->routing;
	return DC_OK;
}
