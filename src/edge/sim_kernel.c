/* SPDX-License-Identifier: ISC */
/* sim_kernel.c - the kernel of the simulated router, as kernel.h has it. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "edge/op_device.h"
#include "edge/sim_array.h"
#include "edge/sim_change.h"

static struct sim *
of_kernel(struct kernel *k)
{
	return (struct sim *)((char *)k - offsetof(struct sim, kernel));
}

enum dc_code
sim_refuse(struct dc_error *err, const char *subject, const char *why)
{
	return dc_fail(err, DC_E_KERNEL, NULL, "%s: %s (simulated)", subject, why);
}

/* The instance that a request is about. */
enum dc_code
sim_enter(const struct sim *s, uint32_t number, struct sim_instance **ret, struct dc_error *err)
{
	*ret = sim_instance(s, number);
	return *ret != NULL ? DC_OK : sim_refuse(err, "namespace", "No such file or directory");
}

/* Whether the operator of the simulation wants this change to take its time. */
static bool
is_slow(const struct sim *s, enum agent_op op, const void *request)
{
	const struct sim_instance *in = sim_instance(s, ((const struct op_instance *)request)->instance);
	const char *device = "", *mark = "";
	const struct ip_addr *addr = NULL;

	if (s->options.slow[0] == '\0' || s->options.change_ms == 0)
		return s->options.change_ms > 0;
	if (op == OP_VRF_ADD || op == OP_VLAN_ADD) {
		device = ((const struct op_link *)request)->device;
		mark = ((const struct op_link *)request)->mark;
	} else if (op == OP_VETH_ADD) {
		device = ((const struct op_veth *)request)->device;
		mark = ((const struct op_veth *)request)->mark;
	} else if (op == OP_LINK_UP || op == OP_LINK_DEL || op == OP_RATE_DEL) {
		device = ((const struct op_device *)request)->device;
	} else if (op == OP_ADDR_ADD || op == OP_ADDR_DEL) {
		device = ((const struct op_addr *)request)->device;
		addr = &((const struct op_addr *)request)->prefix.addr;
	} else if (op == OP_ROUTE_ADD || op == OP_ROUTE_DEL)
		device = ((const struct op_route *)request)->device;
	else if (op == OP_RATE_SET)
		device = ((const struct op_rate *)request)->device;
	else if (op == OP_FILTER_ADD)
		device = ((const struct op_filter *)request)->device;
	else if (op == OP_NEIGHBOUR_ADD || op == OP_NEIGHBOUR_DEL)
		device = ((const struct op_neighbour *)request)->device;
	return sim_lists_change(s->options.slow, in, device, mark, addr);
}

/* Whether the operator of the simulation wants this change to fail. */
static bool
must_fail(const struct sim *s, enum agent_op op, const void *request)
{
	char text[IP_TEXT_SIZE] = "";
	const char *device = NULL;

	if (s->options.fail[0] == '\0')
		return false;
	if (op == OP_VRF_ADD || op == OP_VLAN_ADD)
		device = ((const struct op_link *)request)->device;
	else if (op == OP_VETH_ADD)
		device = ((const struct op_veth *)request)->device;
	else if (op == OP_LINK_UP || op == OP_LINK_DEL)
		device = ((const struct op_device *)request)->device;
	else if (op == OP_ADDR_ADD || op == OP_ADDR_DEL)
		ip_format_addr(&((const struct op_addr *)request)->prefix.addr, text);
	else if (op == OP_ROUTE_ADD || op == OP_ROUTE_DEL)
		ip_format_prefix(&((const struct op_route *)request)->prefix, text);
	return (device != NULL && sim_names(s->options.fail, device)) ||
	       (text[0] != '\0' && sim_names(s->options.fail, text));
}

static enum dc_code
carry_out(struct sim *s, enum agent_op op, const void *request, struct dc_error *err)
{
	if (op == OP_NETNS_ADD)
		return sim_netns_add(s, request, err);
	if (op == OP_NETNS_DEL)
		return sim_netns_del(s, request, err);
	if (op == OP_VRF_ADD)
		return sim_vrf_add(s, request, err);
	if (op == OP_VLAN_ADD)
		return sim_vlan_add(s, request, err);
	if (op == OP_VETH_ADD)
		return sim_veth_add(s, request, err);
	if (op == OP_LINK_UP)
		return sim_link_up(s, request, err);
	if (op == OP_LINK_DEL)
		return sim_link_del(s, request, err);
	if (op == OP_ADDR_ADD)
		return sim_addr_add(s, request, err);
	if (op == OP_ADDR_DEL)
		return sim_addr_del(s, request, err);
	if (op == OP_ROUTE_ADD)
		return sim_route_add(s, request, err);
	if (op == OP_ROUTE_DEL)
		return sim_route_del(s, request, err);
	if (op == OP_FILTER_ADD)
		return sim_filter_add(s, request, err);
	if (op == OP_NEIGHBOUR_ADD || op == OP_NEIGHBOUR_DEL)
		return sim_neighbour_change(s, request, op == OP_NEIGHBOUR_ADD, err);
	if (op == OP_NETWORK_ADD || op == OP_NETWORK_DEL)
		return sim_network_change(s, request, op == OP_NETWORK_ADD, err);
	if (op == OP_RATE_SET)
		return sim_rate_set(s, request, err);
	if (op == OP_RATE_DEL)
		return sim_rate_del(s, request, err);
	return sim_refuse(err, "operation", "Operation not supported");
}

/* NULL: any. */
static void
note_device(struct sim_instance *in, const char *device)
{
	if (device == NULL || in->where_n == SIM_WHERE) {
		in->anywhere = true;
		return;
	}
	for (size_t i = 0; i < in->where_n; i++)
		if (strcmp(in->where[i], device) == 0)
			return;
	if (device[0] != '\0')
		strlcpy(in->where[in->where_n++], device, OP_NAME_MAX);
}

/* As a kernel announces its changes: where they are. */
static void
note_change(struct sim *s, enum agent_op op, const void *request)
{
	struct sim_instance *in = sim_instance(s, ((const struct op_instance *)request)->instance);
	const struct item_link *link =
	    in != NULL && op == OP_LINK_DEL ? sim_link(in, ((const struct op_device *)request)->device) : NULL;

	if (in != NULL)
		note_device(in, link != NULL && !link->is_vlan ? NULL : op_device(op, request));
	if (link != NULL && link->is_veth && (in = sim_instance(s, link->peer_instance)) != NULL)
		note_device(in, NULL);
	if (op == OP_VETH_ADD && (in = sim_instance(s, ((const struct op_veth *)request)->peer_instance)) != NULL)
		note_device(in, NULL);
}

static enum dc_code
sim_change(struct kernel *k, enum agent_op op, void *request, size_t size, struct dc_error *err)
{
	struct sim *s = of_kernel(k);

	(void)size;
	sim_reread(s);
	if (is_slow(s, op, request))
		sim_pause(s);
	if (must_fail(s, op, request))
		return sim_refuse(err, "change", "refused as the options ask");
	note_change(s, op, request);
	return carry_out(s, op, request, err);
}

static void
read_instance(const struct sim *s, const struct sim_instance *in, struct arena *arena, struct kernel_instance *ret)
{
	struct item_link *link = arena_array(arena, in->links + 1, sizeof(*link));

	if (in->links > 0)
		memcpy(link, in->link, in->links * sizeof(*link));
	for (size_t i = 0; i < in->links; i++)
		if (link[i].is_vlan)
			link[i].carrier = link[i].up && sim_port_carrier(s, link[i].port);
	*ret = (struct kernel_instance){
	    .instance = in->number,
	    .link = link,
	    .link_count = in->links,
	    .addr = in->addrs > 0 ? arena_memdup(arena, in->addr, in->addrs * sizeof(*in->addr)) : NULL,
	    .addr_count = in->addrs,
	    .route = in->routes > 0 ? arena_memdup(arena, in->route, in->routes * sizeof(*in->route)) : NULL,
	    .route_count = in->routes,
	    .filter = in->filters > 0 ? arena_memdup(arena, in->filter, in->filters * sizeof(*in->filter)) : NULL,
	    .filter_count = in->filters,
	    .neighbour =
		in->allowed_n > 0 ? arena_memdup(arena, in->allowed, in->allowed_n * sizeof(*in->allowed)) : NULL,
	    .neighbour_count = in->allowed_n,
	    .network = in->networks > 0 ? arena_memdup(arena, in->network, in->networks * sizeof(*in->network)) : NULL,
	    .network_count = in->networks,
	    .rate = in->rates > 0 ? arena_memdup(arena, in->rate, in->rates * sizeof(*in->rate)) : NULL,
	    .rate_count = in->rates,
	};
}

static void
show_port(const struct sim *s, const char *name, size_t len, struct item_port *p)
{
	memcpy(p->device, name, len);
	p->carrier = sim_port_carrier(s, p->device);
	p->exposed = sim_names(s->options.exposed, p->device);
	p->up = 1;
}

static const struct item_port *
show_ports(const struct sim *s, struct arena *arena, size_t *n)
{
	struct item_port *port = arena_array(arena, strlen(s->options.ports) / 2 + 2 + s->asked_n, sizeof(*port));

	*n = 0;
	for (const char *at = s->options.ports; *at != '\0';) {
		size_t len = strcspn(at, " ,");

		if (len > 0 && len < OP_NAME_MAX)
			show_port(s, at, len, &port[(*n)++]);
		at += len;
		at += strspn(at, " ,");
	}
	for (size_t i = 0; i < s->asked_n; i++)
		if (!sim_names(s->options.ports, s->asked[i]))
			show_port(s, s->asked[i], strlen(s->asked[i]), &port[(*n)++]);
	return port;
}

/* What the options change may be anywhere. */
static enum dc_code
sim_where(struct kernel *k, struct arena *arena, struct kernel_change **ret, size_t *n, struct dc_error *err)
{
	struct sim *s = of_kernel(k);
	eventfd_t ignored;
	bool all;

	(void)err;
	sim_reread(s);
	all = eventfd_read(s->changes, &ignored) == 0;
	*ret = arena_array(arena, SIM_WHERE * s->instances + 1, sizeof(**ret));
	*n = 0;
	if (all || s->ports_changed)
		(*n)++;
	for (size_t i = 0; i < s->instances; i++) {
		struct sim_instance *in = s->instance[i];

		for (size_t d = 0; !all && !in->anywhere && d < in->where_n; d++) {
			(*ret)[*n].instance = in->number;
			memcpy((*ret)[(*n)++].device, in->where[d], OP_NAME_MAX);
		}
		if (all || in->anywhere)
			(*ret)[(*n)++].instance = in->number;
		in->anywhere = false;
		in->where_n = 0;
	}
	s->ports_changed = false;
	return DC_OK;
}

static enum dc_code
sim_read_ports(struct kernel *k, struct arena *arena, const struct item_port **ret, size_t *n, struct dc_error *err)
{
	(void)err;
	*ret = show_ports(of_kernel(k), arena, n);
	return DC_OK;
}

static int
compare_instance(const void *a, const void *b)
{
	const struct item_instance *x = a, *y = b;

	return x->instance < y->instance ? -1 : x->instance > y->instance;
}

static enum dc_code
sim_read_instances(
    struct kernel *k, struct arena *arena, const struct item_instance **ret, size_t *n, struct dc_error *err)
{
	const struct sim *s = of_kernel(k);
	struct item_instance *instance = arena_array(arena, s->instances + 1, sizeof(*instance));

	(void)err;
	for (size_t i = 0; i < s->instances; i++)
		instance[i] = (struct item_instance){s->instance[i]->number, s->instance[i]->vrfs > 0};
	qsort(instance, s->instances, sizeof(*instance), compare_instance);
	*ret = instance;
	*n = s->instances;
	return DC_OK;
}

/* Items of the devices of the part alone; an item begins with its device's name. */
static size_t
keep(const struct kernel_part *part, const void *items, size_t n, size_t size)
{
	char *item = (char *)(uintptr_t)items;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t d = 0; d < part->devices; d++)
			if (strcmp(item + i * size, part->device[d]) == 0) {
				memmove(item + kept++ * size, item + i * size, size);
				break;
			}
	return kept;
}

static void
keep_part(const struct kernel_part *part, struct kernel_instance *in)
{
	in->link_count = keep(part, in->link, in->link_count, sizeof(*in->link));
	in->addr_count = keep(part, in->addr, in->addr_count, sizeof(*in->addr));
	in->filter_count = keep(part, in->filter, in->filter_count, sizeof(*in->filter));
	in->neighbour_count = keep(part, in->neighbour, in->neighbour_count, sizeof(*in->neighbour));
	in->rate_count = keep(part, in->rate, in->rate_count, sizeof(*in->rate));
}

static enum dc_code
sim_read_instance(struct kernel *k, uint32_t number, const struct kernel_part *part, struct arena *arena,
    struct kernel_instance *ret, struct dc_error *err)
{
	const struct sim *s = of_kernel(k);
	struct sim_instance *in;
	enum dc_code rc = sim_enter(s, number, &in, err);

	if (rc != DC_OK)
		return rc;
	read_instance(s, in, arena, ret);
	if (part != NULL)
		keep_part(part, ret);
	return DC_OK;
}

/* Nobody's connections outlive the process here. */
static enum dc_code
sim_read_connections(struct kernel *k, uint32_t number, struct arena *arena, const struct item_connection **ret,
    size_t *n, struct dc_error *err)
{
	(void)k;
	(void)number;
	(void)arena;
	(void)err;
	*ret = NULL;
	*n = 0;
	return DC_OK;
}

static enum dc_code
sim_kernel_open_echo(struct kernel *k, struct op_echo *request, int *ret, struct dc_error *err)
{
	return sim_open_echo(of_kernel(k), request, ret, err);
}

static enum dc_code
sim_read_line(struct kernel *k, struct op_line *request, struct reply_line *ret, struct dc_error *err)
{
	return sim_line(of_kernel(k), request, ret, err);
}

static int
sim_changes(struct kernel *k)
{
	return of_kernel(k)->changes;
}

static struct kernel *
sim_kernel_close(struct kernel *k)
{
	sim_release(of_kernel(k));
	return NULL;
}

const struct kernel_ops sim_kernel_ops = {
    .where = sim_where,
    .read_ports = sim_read_ports,
    .read_instances = sim_read_instances,
    .read_instance = sim_read_instance,
    .read_connections = sim_read_connections,
    .change = sim_change,
    .open_echo = sim_kernel_open_echo,
    .read_line = sim_read_line,
    .changes = sim_changes,
    .close = sim_kernel_close,
};
