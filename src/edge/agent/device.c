/* SPDX-License-Identifier: ISC */
#include "edge/agent/device.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "edge/agent/addr.h"
#include "edge/agent/link_cache.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/object.h"

static bool
is_asked_for(const struct op_read *op, const struct link *link)
{
	return op->device[0] == '\0' || strcmp(op->device, link->name) == 0;
}

/* All are read from the kernel, which announces nearly every change but not each; one is as it was announced. */
static int
read_list(struct call *call, const struct op_read *op, struct device_list *ret)
{
	struct fault *fault = &call->fault;

	if (netns_get(call->host, op->instance, &ret->ns, fault) != 0 ||
	    link_read(&call->host->links, call->arena, &ret->port, &ret->ports, fault) != 0)
		return fault->code;
	if (op->device[0] != '\0' ? link_read(&ret->ns->links, call->arena, &ret->link, &ret->links, fault) != 0
				  : link_read_again(&ret->ns->links, call->arena, &ret->link, &ret->links, fault) != 0)
		return fault->code;
	for (size_t i = 0; i < ret->links; i++) {
		enum link_kind kind = ret->link[i].kind;

		if (is_asked_for(op, &ret->link[i]) && device_kinds[kind] != NULL &&
		    device_kinds[kind]->begin != NULL && ret->own[kind] == NULL &&
		    device_kinds[kind]->begin(call, ret, &ret->own[kind]) != 0)
			return fault->code;
	}
	return 0;
}

static void
fill_item(struct call *call, const struct device_list *list, const struct link *link, struct item_link *item)
{
	const struct link *master = link_by_index(list->link, list->links, link->master);
	const struct device_kind *kind = device_kinds[link->kind];

	*item = (struct item_link){
	    .ifindex = link->index, .table = link->table, .vlan = link->vlan, .up = link->up, .carrier = link->carrier};
	strlcpy(item->device, link->name, sizeof(item->device));
	if (master != NULL)
		strlcpy(item->vrf, master->name, sizeof(item->vrf));
	if (link_is_ours(link))
		strlcpy(item->mark, link->alias, sizeof(item->mark));
	if (kind != NULL)
		kind->fill(call, list, list->own[link->kind], link, item);
}

static int
op_read_links(struct call *call, const void *request)
{
	const struct op_read *op = request;
	struct device_list list = {0};

	if (read_list(call, op, &list) != 0)
		return call->fault.code;
	for (size_t i = 0; i < list.links; i++) {
		struct item_link item;

		/* A half-made device will be made again; until then it counts as absent. */
		if (!is_asked_for(op, &list.link[i]) || strcmp(list.link[i].name, "lo") == 0 ||
		    link_is_half_made(&list.link[i]))
			continue;
		fill_item(call, &list, &list.link[i], &item);
		call_item(call, &item, sizeof(item));
	}
	return 0;
}

static int
op_link_up(struct call *call, const void *request)
{
	const struct op_device *op = request;
	const struct device_kind *kind;
	struct netns *ns;
	struct link link, vrf;

	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    link_find_ours(ns->route, op->device, &link, &call->fault) != 0)
		return call->fault.code;
	kind = device_kinds[link.kind];
	if (kind != NULL && kind->before_up != NULL && kind->before_up(call, ns, &link) != 0)
		return call->fault.code;
	if (!link.up && link_set_up(ns->route, link.index, &call->fault) != 0)
		return fault_prefix(&call->fault, "device %s up", op->device);
	if (link.master == 0)
		return 0;
	/* Routes cannot be added over a device that is down: those of the addresses it has got come now. */
	if (link_find_index(ns->route, link.master, &vrf, &call->fault) != 0)
		return call->fault.code;
	return addr_subnet_routes(call, ns, &link, vrf.table);
}

static int
op_link_del(struct call *call, const void *request)
{
	const struct op_device *op = request;
	const struct device_kind *kind;
	struct netns *ns;
	struct link link;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);

	if (code == 0)
		code = link_find_ours(ns->route, op->device, &link, &call->fault);
	if (code == ENOENT || code == ENODEV)
		return 0;
	if (code != 0)
		return code;
	kind = device_kinds[link.kind];
	if (kind != NULL && kind->before_delete != NULL && kind->before_delete(call, ns, &link) != 0)
		return call->fault.code;
	if (link_delete(ns->route, link.index, &call->fault) != 0)
		return fault_prefix(&call->fault, "removing device %s", op->device);
	return kind != NULL && kind->after_delete != NULL ? kind->after_delete(call, ns, &link) : 0;
}

/* A number that no earlier request used, in case an agent died before it deleted what it had put into its group. */
static uint32_t
leaving_group(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return LINK_GROUP_LEAVING | (((uint32_t)now.tv_sec << 14 ^ (uint32_t)now.tv_nsec >> 16) & 0xffffffu);
}

/* VLANs of ours among the devices that are named: each is in the group when this returns. */
static size_t
gather_leaving(struct netns *ns, const struct op_devices *op, uint32_t group, struct link link[OP_DEVICES])
{
	struct fault ignored = {0};
	size_t n = 0;

	for (size_t i = 0; i < OP_DEVICES; i++)
		if (op->device[i][0] != '\0' && link_find(ns->route, op->device[i], &link[n], &ignored) == 0 &&
		    link_is_from_port(&link[n]) && link_set_group(ns->route, link[n].index, group, &ignored) == 0)
			n++;
	return n;
}

/* The kernel waits for its readers once for all of them; that wait is most of what a deletion takes. */
static int
op_links_del(struct call *call, const void *request)
{
	const struct op_devices *op = request;
	uint32_t group = leaving_group();
	struct link link[OP_DEVICES];
	struct netns *ns;
	size_t n;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);

	if (code != 0)
		return code == ENOENT ? 0 : code;
	n = gather_leaving(ns, op, group, link);
	if (n > 0 && link_delete_group(ns->route, group, &call->fault) != 0)
		return fault_prefix(&call->fault, "removing %zu devices", n);
	for (size_t i = 0; i < n; i++) {
		const struct device_kind *kind = device_kinds[link[i].kind];

		if (kind->after_delete != NULL && (code = kind->after_delete(call, ns, &link[i])) != 0)
			return code;
	}
	return 0;
}

static const struct member devices[] = {
    MEMBER(op_devices, INSTANCE, instance), MEMBER(op_devices, MAYBE_NAMES, device), {MEMBER_END, 0}};

static const struct member device[] = {
    MEMBER(op_device, INSTANCE, instance), MEMBER(op_device, NAME, device), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_READ_LINKS, op_read_links, sizeof(struct op_read), members_read},
    {OP_LINK_UP, op_link_up, sizeof(struct op_device), device},
    {OP_LINK_DEL, op_link_del, sizeof(struct op_device), device},
    {OP_LINKS_DEL, op_links_del, sizeof(struct op_devices), devices},
};

const struct object device_object = OBJECT(rows);
