/* SPDX-License-Identifier: ISC */
#include "edge/seen.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "edge/op_device.h"

#define INSTANCES_MS 5000 /* that the list of namespaces is good for */
/* An instance is read again without news from the kernel, for what no message announces and for what filters have
 * counted: by what it costs. */
#define AGAIN_MIN_MS 5000
#define AGAIN_MAX_MS 60000
#define AGAIN_COST 200
#define CHANGED_MOST 32 /* devices; when there are more, the instance is read whole */

struct memory { /* of one instance */
	uint32_t instance;
	struct arena *arena; /* of what was read; NULL: nothing was */
	struct kernel_instance kernel;
	bool stale, exists;                      /* stale: all of it */
	char changed[CHANGED_MOST][OP_NAME_MAX]; /* devices that have to be read again */
	size_t changed_n;
	bool touched;          /* something has to be read again */
	struct monotonic read; /* when */
	int64_t cost_ms;       /* of that */
};

struct seen_memory {
	struct kernel *kernel;
	struct arena *ports_arena, *instances_arena; /* NULL: never read */
	const struct item_port *port;
	const struct item_instance *instance;
	size_t ports, instances;
	bool ports_stale, instances_stale;
	struct monotonic instances_at;
	struct memory *v; /* sorted by instance */
	size_t n;
};

struct seen_memory *
seen_memory_new(struct kernel *kernel)
{
	struct seen_memory *m = calloc(1, sizeof(*m));

	if (m == NULL)
		abort();
	m->kernel = kernel;
	m->ports_stale = m->instances_stale = true;
	return m;
}

struct seen_memory *
seen_memory_free(struct seen_memory *m)
{
	if (m != NULL) {
		for (size_t i = 0; i < m->n; i++)
			arena_free(m->v[i].arena);
		free(m->v);
		arena_free(m->ports_arena);
		arena_free(m->instances_arena);
		free(m);
	}
	return NULL;
}

static struct memory *
memory_find(struct seen_memory *m, uint32_t instance, bool make)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (m->v[middle].instance < instance)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (lo < m->n && m->v[lo].instance == instance)
		return &m->v[lo];
	if (!make)
		return NULL;
	if ((m->v = reallocarray(m->v, m->n + 1, sizeof(*m->v))) == NULL)
		abort();
	memmove(&m->v[lo + 1], &m->v[lo], (m->n - lo) * sizeof(*m->v));
	m->n++;
	m->v[lo] = (struct memory){.instance = instance, .stale = true};
	return &m->v[lo];
}

static void
note_device(struct memory *in, const char *device)
{
	in->touched = true;
	for (size_t i = 0; i < in->changed_n; i++)
		if (strcmp(in->changed[i], device) == 0)
			return;
	if (in->changed_n == CHANGED_MOST)
		in->stale = true;
	else
		strlcpy(in->changed[in->changed_n++], device, OP_NAME_MAX);
}

static bool
port_is_same(const struct item_port *a, const struct item_port *b)
{
	return strcmp(a->device, b->device) == 0 && a->carrier == b->carrier && a->up == b->up &&
	       a->exposed == b->exposed && a->mtu == b->mtu;
}

static bool
ports_are_same(const struct seen_memory *m, const struct item_port *port, size_t n)
{
	if (m->ports_arena == NULL || n != m->ports)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!port_is_same(&port[i], &m->port[i]))
			return false;
	return true;
}

static void
forget_reading(struct seen_memory *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->v[i].stale = true;
}

static enum dc_code
refresh_ports(struct seen_memory *m, struct dc_error *err)
{
	struct arena *arena = arena_new();
	const struct item_port *port;
	size_t n;
	enum dc_code rc = m->kernel->ops->read_ports(m->kernel, arena, &port, &n, err);

	if (rc != DC_OK) {
		arena_free(arena);
		return rc;
	}
	/* Devices that are made from a port show its state, and the kernel announces that change for the port alone. */
	if (!ports_are_same(m, port, n))
		forget_reading(m);
	arena_free(m->ports_arena);
	m->ports_arena = arena;
	m->port = port;
	m->ports = n;
	m->ports_stale = false;
	return DC_OK;
}

static enum dc_code
refresh_instances(struct seen_memory *m, struct dc_error *err)
{
	struct arena *arena = arena_new();
	const struct item_instance *instance;
	size_t n;
	enum dc_code rc = m->kernel->ops->read_instances(m->kernel, arena, &instance, &n, err);

	if (rc != DC_OK) {
		arena_free(arena);
		return rc;
	}
	arena_free(m->instances_arena);
	m->instances_arena = arena;
	m->instance = instance;
	m->instances = n;
	m->instances_stale = false;
	m->instances_at = monotonic_now();
	for (size_t i = 0; i < m->n; i++)
		m->v[i].exists = false;
	for (size_t i = 0; i < n; i++)
		memory_find(m, instance[i].instance, true)->exists = true;
	return DC_OK;
}

static void
forget_old(struct seen_memory *m)
{
	for (size_t i = 0; i < m->n; i++) {
		int64_t good = AGAIN_COST * m->v[i].cost_ms;

		good = good < AGAIN_MIN_MS ? AGAIN_MIN_MS : good > AGAIN_MAX_MS ? AGAIN_MAX_MS : good;
		m->v[i].stale = m->v[i].stale || monotonic_since(m->v[i].read) >= good;
	}
}

enum dc_code
seen_ask(struct seen_memory *m, bool whole, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct kernel_change *changed;
	size_t n;
	enum dc_code rc = m->kernel->ops->where(m->kernel, arena, &changed, &n, err);

	if (rc != DC_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (changed[i].instance == 0)
			m->ports_stale = true;
		else if (changed[i].device[0] != '\0')
			note_device(memory_find(m, changed[i].instance, true), changed[i].device);
		else
			memory_find(m, changed[i].instance, true)->stale = true;
	}
	forget_old(m);
	if (whole) {
		forget_reading(m);
		m->ports_stale = m->instances_stale = true;
	}
	if (m->ports_stale && (rc = refresh_ports(m, err)) != DC_OK)
		return rc;
	/* No message announces that a namespace lost its name, or that its settings changed. */
	if (m->instances_stale || monotonic_since(m->instances_at) >= INSTANCES_MS)
		return refresh_instances(m, err);
	return DC_OK;
}

void
seen_stepped(struct seen_memory *m, enum agent_op op, uint32_t instance, const void *request)
{
	const char *device = op_device(op, request);
	struct memory *in = memory_find(m, instance, true);

	in->touched = true;
	if (device == NULL)
		in->stale = true;
	else if (device[0] != '\0')
		note_device(in, device);
	if (op == OP_NETNS_ADD || op == OP_NETNS_DEL)
		m->instances_stale = true;
	/* How many devices are made from a port, and its drop of untagged frames. */
	if (op == OP_VLAN_ADD || op == OP_LINK_DEL)
		m->ports_stale = true;
}

uint32_t *
seen_stale(const struct seen_memory *m, struct arena *arena, size_t *n)
{
	uint32_t *number = arena_array(arena, m->n + 1, sizeof(*number));

	*n = 0;
	for (size_t i = 0; i < m->n; i++)
		if ((m->v[i].stale || m->v[i].touched) && (m->v[i].exists || m->v[i].arena != NULL))
			number[(*n)++] = m->v[i].instance;
	return number;
}

/* --- a part in the place of the old one --- */

static bool
has_changed(const struct memory *in, const char *device)
{
	for (size_t i = 0; i < in->changed_n; i++)
		if (strcmp(in->changed[i], device) == 0)
			return true;
	return false;
}

/* Items of devices that have not changed, and behind them what was read of those that have. An item begins with its
 * device's name. */
static const void *
merge(const struct memory *in, const void *old, size_t old_n, const void *part, size_t part_n, size_t size,
    struct arena *arena, size_t *n)
{
	char *all = arena_array(arena, old_n + part_n + 1, size);
	size_t kept = 0;

	for (size_t i = 0; i < old_n; i++) {
		const char *item = (const char *)old + i * size;

		if (!has_changed(in, item))
			memcpy(all + kept++ * size, item, size);
	}
	if (part_n > 0)
		memcpy(all + kept * size, part, part_n * size);
	*n = kept + part_n;
	return all;
}

static_assert(offsetof(struct item_link, device) == 0 && offsetof(struct item_addr, device) == 0 &&
		  offsetof(struct item_filter, device) == 0 && offsetof(struct item_neighbour, device) == 0 &&
		  offsetof(struct item_rate, device) == 0,
    "an item begins with its device's name");

static void
put_part(struct memory *in, struct kernel_instance *part, struct arena *arena)
{
	const struct kernel_instance *old = &in->kernel;

	part->link = merge(
	    in, old->link, old->link_count, part->link, part->link_count, sizeof(*old->link), arena, &part->link_count);
	part->addr = merge(
	    in, old->addr, old->addr_count, part->addr, part->addr_count, sizeof(*old->addr), arena, &part->addr_count);
	part->filter = merge(in, old->filter, old->filter_count, part->filter, part->filter_count, sizeof(*old->filter),
	    arena, &part->filter_count);
	part->neighbour = merge(in, old->neighbour, old->neighbour_count, part->neighbour, part->neighbour_count,
	    sizeof(*old->neighbour), arena, &part->neighbour_count);
	part->rate = merge(
	    in, old->rate, old->rate_count, part->rate, part->rate_count, sizeof(*old->rate), arena, &part->rate_count);
}

/* One that got another name is there twice. */
static bool
has_renamed(const struct memory *in, const struct kernel_instance *part)
{
	for (size_t i = 0; i < part->link_count; i++)
		for (size_t k = 0; k < in->kernel.link_count; k++)
			if (in->kernel.link[k].ifindex == part->link[i].ifindex &&
			    strcmp(in->kernel.link[k].device, part->link[i].device) != 0)
				return true;
	return false;
}

static enum dc_code
read_again(
    struct seen_memory *m, struct memory *in, struct arena *arena, struct kernel_instance *ret, struct dc_error *err)
{
	const struct kernel_part part = {in->changed, in->changed_n};
	enum dc_code rc;

	if (!in->stale && in->arena != NULL) {
		if ((rc = m->kernel->ops->read_instance(m->kernel, in->instance, &part, arena, ret, err)) != DC_OK)
			return rc;
		if (!has_renamed(in, ret)) {
			put_part(in, ret, arena);
			return DC_OK;
		}
	}
	in->read = monotonic_now();
	if ((rc = m->kernel->ops->read_instance(m->kernel, in->instance, NULL, arena, ret, err)) == DC_OK)
		in->cost_ms = monotonic_since(in->read);
	return rc;
}

enum dc_code
seen_read(struct seen_memory *m, uint32_t instance, const struct kernel_instance **ret, struct dc_error *err)
{
	struct memory *in = memory_find(m, instance, false);
	struct arena *arena;
	enum dc_code rc;

	*ret = NULL;
	if (in == NULL || !in->exists) {
		if (in != NULL) {
			in->arena = arena_free(in->arena);
			in->stale = true;
		}
		return DC_OK;
	}
	if (in->stale || in->touched) {
		struct kernel_instance fresh;

		arena = arena_new();
		if ((rc = read_again(m, in, arena, &fresh, err)) != DC_OK) {
			arena_free(arena);
			in->stale = m->instances_stale = true;
			return rc;
		}
		arena_free(in->arena);
		in->arena = arena;
		in->kernel = fresh;
		in->stale = in->touched = false;
		in->changed_n = 0;
	}
	*ret = &in->kernel;
	return DC_OK;
}

const struct item_port *
seen_ports(const struct seen_memory *m, size_t *n)
{
	*n = m->ports;
	return m->ports_arena != NULL ? m->port : NULL;
}

struct seen
seen_now(const struct seen_memory *m)
{
	return (struct seen){.port = m->port,
	    .port_count = m->ports,
	    .instance = m->instance,
	    .instance_count = m->instances,
	    .now = monotonic_now()};
}
