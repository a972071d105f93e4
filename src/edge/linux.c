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
linux_where(struct kernel *k, struct arena *arena, struct kernel_change **ret, size_t *n, struct dc_error *err)
{
	const struct item_change *change;
	void *items;
	enum dc_code code = list(linux_of(k)->agent, OP_CHANGES, sizeof(*change), arena, &items, n, err);

	if (code != DC_OK)
		return code;
	change = items;
	*ret = arena_array(arena, *n + 1, sizeof(**ret));
	for (size_t i = 0; i < *n; i++) {
		(*ret)[i].instance = change[i].instance;
		memcpy((*ret)[i].device, change[i].device, sizeof((*ret)[i].device));
		(*ret)[i].device[OP_NAME_MAX - 1] = '\0';
		dc_log(LOG_DEBUG, "changed", "instance=%u device=%s", change[i].instance, (*ret)[i].device);
	}
	return DC_OK;
}

static enum dc_code
linux_read_ports(struct kernel *k, struct arena *arena, const struct item_port **ret, size_t *n, struct dc_error *err)
{
	void *items;
	enum dc_code code = list(linux_of(k)->agent, OP_PORTS, sizeof(**ret), arena, &items, n, err);

	if (code == DC_OK)
		*ret = items;
	return code;
}

static enum dc_code
linux_read_instances(
    struct kernel *k, struct arena *arena, const struct item_instance **ret, size_t *n, struct dc_error *err)
{
	void *items;
	enum dc_code code = list(linux_of(k)->agent, OP_INSTANCES, sizeof(**ret), arena, &items, n, err);

	if (code == DC_OK)
		*ret = items;
	return code;
}

static enum dc_code
linux_read_connections(struct kernel *k, uint32_t instance, struct arena *arena, const struct item_connection **ret,
    size_t *n, struct dc_error *err)
{
	void *items;
	enum dc_code code = list_in(linux_of(k)->agent, OP_CONNECTIONS, instance, sizeof(**ret), arena, &items, n, err);

	if (code == DC_OK)
		*ret = items;
	return code;
}

/* One list of what is in the instance; the items of several requests, one after the other. */
struct listing {
	enum agent_op op;
	bool of_devices; /* else of the instance whole */
	size_t size;
	const void **items;
	size_t *n;
};

static enum dc_code
read_more(struct agent *agent, const struct listing *l, uint32_t instance, const char *device, struct arena *arena,
    struct dc_error *err)
{
	struct op_read request = {.instance = instance};
	size_t n;
	void *items;
	char *all;
	enum dc_code code;

	strlcpy(request.device, device, sizeof(request.device));
	code = agent_list(agent, l->op, &request, l->of_devices ? sizeof(request) : sizeof(struct op_instance), l->size,
	    arena, &items, &n, err);
	if (code != DC_OK || n == 0)
		return code;
	all = arena_array(arena, *l->n + n, l->size);
	if (*l->n > 0)
		memcpy(all, *l->items, *l->n * l->size);
	memcpy(all + *l->n * l->size, items, n * l->size);
	*l->items = all;
	*l->n += n;
	return DC_OK;
}

static enum dc_code
linux_read_instance(struct kernel *k, uint32_t instance, const struct kernel_part *part, struct arena *arena,
    struct kernel_instance *ret, struct dc_error *err)
{
	struct kernel_instance in = {.instance = instance};
	const struct listing lists[] = {
	    {OP_READ_LINKS, true, sizeof(*in.link), (const void **)&in.link, &in.link_count},
	    {OP_READ_ADDRS, true, sizeof(*in.addr), (const void **)&in.addr, &in.addr_count},
	    {OP_READ_ROUTES, false, sizeof(*in.route), (const void **)&in.route, &in.route_count},
	    {OP_READ_FILTERS, true, sizeof(*in.filter), (const void **)&in.filter, &in.filter_count},
	    {OP_READ_NEIGHBOURS, true, sizeof(*in.neighbour), (const void **)&in.neighbour, &in.neighbour_count},
	    {OP_READ_RATES, true, sizeof(*in.rate), (const void **)&in.rate, &in.rate_count},
	    {OP_READ_NETWORKS, false, sizeof(*in.network), (const void **)&in.network, &in.network_count},
	};
	enum dc_code code = DC_OK;

	for (size_t i = 0; code == DC_OK && i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (part == NULL || !lists[i].of_devices)
			code = read_more(linux_of(k)->agent, &lists[i], instance, "", arena, err);
		for (size_t d = 0; code == DC_OK && part != NULL && lists[i].of_devices && d < part->devices; d++)
			code = read_more(linux_of(k)->agent, &lists[i], instance, part->device[d], arena, err);
	}
	if (code == DC_OK)
		*ret = in;
	return code;
}

static enum dc_code
linux_change(struct kernel *k, enum agent_op op, void *request, size_t size, struct dc_error *err)
{
	return agent_do(linux_of(k)->agent, op, request, size, err);
}

static void
linux_delete_together(struct kernel *k, struct op_devices *request)
{
	struct dc_error ignored = {0};

	agent_do(linux_of(k)->agent, OP_LINKS_DEL, request, sizeof(*request), &ignored);
}

static enum dc_code
linux_open_echo(struct kernel *k, struct op_echo *request, int *ret, struct dc_error *err)
{
	return agent_ask_fd(linux_of(k)->agent, OP_ECHO, request, sizeof(*request), ret, err);
}

static enum dc_code
linux_read_line(struct kernel *k, struct op_line *request, struct reply_line *ret, struct dc_error *err)
{
	return agent_ask(linux_of(k)->agent, OP_LINE, request, sizeof(*request), ret, sizeof(*ret), err);
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

static const struct kernel_ops linux_ops = {.where = linux_where,
    .read_ports = linux_read_ports,
    .read_instances = linux_read_instances,
    .read_instance = linux_read_instance,
    .read_connections = linux_read_connections,
    .change = linux_change,
    .delete_together = linux_delete_together,
    .open_echo = linux_open_echo,
    .read_line = linux_read_line,
    .changes = linux_changes,
    .close = linux_close};

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
