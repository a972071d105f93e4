/* SPDX-License-Identifier: ISC */
#include "edge/agent/device.h"

#include <errno.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "edge/agent/addr.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/nl_route.h"
#include "edge/agent/port.h"
#include "edge/agent/route.h"
#include "edge/agent/veth.h"
#include "edge/agent/vrf.h"

#define VLAN_TAG_BYTES 4 /* IEEE 802.1Q */

struct reading { /* of one namespace */
	struct netns *ns;
	struct link *link, *port; /* port: of the router's own namespace */
	size_t links, ports;
	struct route *guard; /* of protocol GUARD */
	size_t guards;
	struct veth_map map; /* when there is a veth pair's end */
};

static bool
has_veth(const struct reading *all)
{
	for (size_t i = 0; i < all->links; i++)
		if (strcmp(all->link[i].kind, "veth") == 0)
			return true;
	return false;
}

static int
read_all(struct call *call, uint32_t instance, struct reading *ret)
{
	struct fault *fault = &call->fault;

	if (netns_get(call->host, instance, &ret->ns, fault) != 0 ||
	    link_read(&call->host->links, call->arena, &ret->port, &ret->ports, fault) != 0 ||
	    link_read(&ret->ns->links, call->arena, &ret->link, &ret->links, fault) != 0)
		return fault->code;
	if (has_veth(ret) && veth_map_read(call->host, call->arena, ret->ns, &ret->map, fault) != 0)
		return fault->code;
	return route_read(ret->ns->route, call->arena, ROUTE_PROTO_GUARD, 0, &ret->guard, &ret->guards, fault);
}

/* Both unreachable defaults. */
static bool
is_guarded(const struct reading *all, uint32_t table)
{
	size_t n = 0;

	for (size_t i = 0; i < all->guards; i++)
		n += all->guard[i].table == table && all->guard[i].type == RTN_UNREACHABLE &&
		     all->guard[i].prefix.len == 0;
	return n == 2;
}

/* The kernel takes a VLAN's MTU down with its port's, but not up again. Over ports that count the tag as a part of the
 * frame it stays a tag's length below. */
static bool
is_mtu_behind(const struct link *link, const struct link *port)
{
	return link->mtu + VLAN_TAG_BYTES < port->mtu;
}

static void
fill_item(struct call *call, const struct reading *all, const struct link *link, struct item_link *item)
{
	const struct link *master = link_by_index(all->link, all->links, link->master);
	const struct link *port = link_is_from_port(link) ? link_by_index(all->port, all->ports, link->lower) : NULL;

	*item = (struct item_link){.ifindex = link->index,
	    .table = link->table,
	    .vlan = link->vlan,
	    .is_vrf = strcmp(link->kind, "vrf") == 0,
	    .is_vlan = strcmp(link->kind, "vlan") == 0 || strcmp(link->kind, "macvlan") == 0,
	    .is_veth = strcmp(link->kind, "veth") == 0,
	    .up = link->up,
	    .carrier = link->carrier};
	strlcpy(item->device, link->name, sizeof(item->device));
	if (master != NULL)
		strlcpy(item->vrf, master->name, sizeof(item->vrf));
	if (port != NULL) {
		strlcpy(item->port, port->name, sizeof(item->port));
		/* Not every driver drops its carrier when its device is set down. */
		item->carrier = link->carrier && port->carrier && port->up;
	}
	if (!link_is_ours(link))
		return;
	strlcpy(item->mark, link->alias, sizeof(item->mark));
	if (item->is_vrf && !is_guarded(all, link->table))
		item->up = 0;
	if (port != NULL && is_mtu_behind(link, port))
		item->up = 0;
	if (item->is_veth)
		veth_peer(call->host, &all->map, all->ns, link, &item->peer_instance, item->peer);
}

int
op_read_links(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	struct reading all = {0};

	if (read_all(call, op->instance, &all) != 0)
		return call->fault.code;
	for (size_t i = 0; i < all.links; i++) {
		struct item_link item;

		/* What is half made will be made anew; until then it is not there. */
		if (strcmp(all.link[i].name, "lo") == 0 || link_is_half_made(&all.link[i]))
			continue;
		fill_item(call, &all, &all.link[i], &item);
		call_item(call, &item, sizeof(item));
	}
	return 0;
}

static int
take_mtu_of_port(struct call *call, const struct netns *ns, const struct link *link)
{
	struct link port;

	if (!link_is_from_port(link) || link_find_index(call->host->route, link->lower, &port, &call->fault) != 0)
		return call->fault.code;
	if (!is_mtu_behind(link, &port) || link_set_mtu(ns->route, link->index, port.mtu, &call->fault) == 0)
		return 0;
	if (call->fault.code != ERANGE)
		return call->fault.code;
	return link_set_mtu(ns->route, link->index, port.mtu - VLAN_TAG_BYTES, &call->fault);
}

int
op_link_up(struct call *call, const void *request)
{
	const struct op_device *op = request;
	struct netns *ns;
	struct link link, vrf;

	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    link_find_ours(ns->route, op->device, &link, &call->fault) != 0)
		return call->fault.code;
	if (strcmp(link.kind, "vrf") == 0)
		return vrf_complete(ns, &link, &call->fault);
	if (take_mtu_of_port(call, ns, &link) != 0)
		return fault_prefix(&call->fault, "MTU of device %s", op->device);
	if (!link.up && link_set_up(ns->route, link.index, &call->fault) != 0)
		return fault_prefix(&call->fault, "device %s up", op->device);
	if (link.master == 0)
		return 0;
	/* Routes cannot be added over a device that is down: those of the addresses it has got come now. */
	if (link_find_index(ns->route, link.master, &vrf, &call->fault) != 0)
		return call->fault.code;
	return addr_subnet_routes(call, ns, &link, vrf.table);
}

int
op_link_del(struct call *call, const void *request)
{
	const struct op_device *op = request;
	struct netns *ns;
	struct link link;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);

	if (code == 0)
		code = link_find_ours(ns->route, op->device, &link, &call->fault);
	if (code == ENOENT || code == ENODEV)
		return 0;
	if (code != 0)
		return code;
	if (strcmp(link.kind, "vrf") == 0)
		return vrf_delete(call, ns, &link);
	if (link_delete(ns->route, link.index, &call->fault) != 0)
		return fault_prefix(&call->fault, "removing device %s", op->device);
	if (!link_is_from_port(&link))
		return 0;
	return port_lost(call, ns, link.lower, strcmp(link.kind, "macvlan") == 0);
}
