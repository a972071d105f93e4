/* SPDX-License-Identifier: ISC */
/* kernel.h over the agent: each question and each change is a request to it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/agent_client.h"
#include "edge/kernel.h"

struct linux_kernel {
	struct kernel kernel; /* first: what the caller knows */
	struct agent *agent;  /* borrowed */
	int changes;
};

static struct linux_kernel *
linux_of(struct kernel *k)
{
	return (struct linux_kernel *)(void *)k;
}

static enum dc_code
list(struct agent *agent, enum agent_op op, size_t item_size, struct arena *arena, void **items, size_t *n,
    struct dc_error *err)
{
	struct op_none none = {0};

	return agent_list(agent, op, &none, sizeof(none), item_size, arena, items, n, err);
}

static enum dc_code
list_in(struct agent *agent, enum agent_op op, uint32_t instance, size_t item_size, struct arena *arena, void **items,
    size_t *n, struct dc_error *err)
{
	struct op_instance request = {.instance = instance};

	return agent_list(agent, op, &request, sizeof(request), item_size, arena, items, n, err);
}

static enum dc_code
read_instance(struct agent *agent, struct kernel_instance *in, struct arena *arena, struct dc_error *err)
{
	void *links, *addrs, *routes, *filters, *neighbours, *networks;
	enum dc_code code;

	if ((code = list_in(agent, OP_READ_LINKS, in->instance, sizeof(struct item_link), arena, &links,
		 &in->link_count, err)) != DC_OK ||
	    (code = list_in(agent, OP_READ_ADDRS, in->instance, sizeof(struct item_addr), arena, &addrs,
		 &in->addr_count, err)) != DC_OK ||
	    (code = list_in(agent, OP_READ_ROUTES, in->instance, sizeof(struct item_route), arena, &routes,
		 &in->route_count, err)) != DC_OK ||
	    (code = list_in(agent, OP_READ_FILTERS, in->instance, sizeof(struct item_filter), arena, &filters,
		 &in->filter_count, err)) != DC_OK ||
	    (code = list_in(agent, OP_READ_NEIGHBOURS, in->instance, sizeof(struct item_neighbour), arena, &neighbours,
		 &in->neighbour_count, err)) != DC_OK ||
	    (code = list_in(agent, OP_READ_NETWORKS, in->instance, sizeof(struct item_network), arena, &networks,
		 &in->network_count, err)) != DC_OK)
		return code;
	in->link = links;
	in->addr = addrs;
	in->route = routes;
	in->filter = filters;
	in->neighbour = neighbours;
	in->network = networks;
	return DC_OK;
}

/* Everything is read anew whatever changed: where is for the log. */
static enum dc_code
forget_changes(struct agent *agent, struct arena *arena, struct dc_error *err)
{
	const struct item_change *change;
	void *items;
	size_t n;
	enum dc_code code = list(agent, OP_CHANGES, sizeof(*change), arena, &items, &n, err);

	change = items;
	for (size_t i = 0; code == DC_OK && i < n; i++)
		dc_log(LOG_DEBUG, "changed", "instance=%u", change[i].instance);
	return code;
}

static enum dc_code
linux_read(struct kernel *k, struct arena *arena, struct kernel_state *ret, struct dc_error *err)
{
	struct agent *agent = linux_of(k)->agent;
	struct kernel_state state = {0};
	void *ports, *instances;
	enum dc_code code;

	if ((code = forget_changes(agent, arena, err)) != DC_OK ||
	    (code = list(agent, OP_PORTS, sizeof(struct item_port), arena, &ports, &state.port_count, err)) != DC_OK ||
	    (code = list(agent, OP_INSTANCES, sizeof(struct item_instance), arena, &instances, &state.instance_count,
		 err)) != DC_OK)
		return code;
	state.port = ports;
	state.instance = instances;
	state.in = arena_array(arena, state.instance_count + 1, sizeof(*state.in));
	for (size_t i = 0; i < state.instance_count; i++) {
		state.in[i].instance = state.instance[i].instance;
		if ((code = read_instance(agent, &state.in[i], arena, err)) != DC_OK)
			return code;
	}
	*ret = state;
	return DC_OK;
}

static enum dc_code
linux_change(struct kernel *k, enum agent_op op, void *request, size_t size, struct dc_error *err)
{
	return agent_do(linux_of(k)->agent, op, request, size, err);
}

static int
linux_changes(struct kernel *k)
{
	return linux_of(k)->changes;
}

static struct kernel *
linux_close(struct kernel *k)
{
	free(k);
	return NULL;
}

static const struct kernel_ops linux_ops = {
    .read = linux_read, .change = linux_change, .changes = linux_changes, .close = linux_close};

enum dc_code
linux_kernel_open(struct agent *agent, int changes, struct kernel **ret, struct dc_error *err)
{
	struct linux_kernel *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return dc_fail(err, DC_E_SYSTEM, NULL, "no memory");
	k->kernel.ops = &linux_ops;
	k->kernel.key_room = agent_key_room(agent);
	k->agent = agent;
	k->changes = changes;
	*ret = &k->kernel;
	return DC_OK;
}
