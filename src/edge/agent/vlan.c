/* SPDX-License-Identifier: ISC */
#include "edge/agent/vlan.h"

#include <errno.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>

#include "base/log.h"
#include "edge/agent/link_cache.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/nl_tc.h"
#include "edge/agent/port.h"
#include "edge/agent/vrf.h"

#define VLAN_LAST 4094
#define VLAN_TAG_BYTES 4 /* IEEE 802.1Q */

struct places { /* what a VLAN stands on */
	struct netns *ns;
	struct link port; /* in the router's own namespace */
	struct link vrf;
};

static void
put_vlan(struct nl_msg *msg, uint32_t vlan)
{
	/* Loose: the port's going down leaves the device up, so that its static routes stay. */
	struct ifla_vlan_flags flags = {.flags = VLAN_FLAG_LOOSE_BINDING, .mask = VLAN_FLAG_LOOSE_BINDING};

	mnl_attr_put_strz(msg->h, IFLA_INFO_KIND, link_kind_name(LINK_VLAN));
	struct nlattr *data = mnl_attr_nest_start(msg->h, IFLA_INFO_DATA);

	mnl_attr_put_u16(msg->h, IFLA_VLAN_ID, (uint16_t)vlan);
	mnl_attr_put(msg->h, IFLA_VLAN_FLAGS, sizeof(flags), &flags);
	mnl_attr_nest_end(msg->h, data);
}

static void
put_macvlan(struct nl_msg *msg)
{
	mnl_attr_put_strz(msg->h, IFLA_INFO_KIND, link_kind_name(LINK_MACVLAN));
	struct nlattr *data = mnl_attr_nest_start(msg->h, IFLA_INFO_DATA);

	mnl_attr_put_u32(msg->h, IFLA_MACVLAN_MODE, MACVLAN_MODE_PASSTHRU);
	/* It has the port's own hardware address: no need to hear what is for others. */
	mnl_attr_put_u16(msg->h, IFLA_MACVLAN_FLAGS, MACVLAN_FLAG_NOPROMISC);
	mnl_attr_nest_end(msg->h, data);
}

/* Sent where the port is. NLM_F_EXCL always: without it a device of that name here would be changed. */
static int
create_vlan(struct host *host, const struct op_link *op, const struct places *at, struct fault *fault)
{
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg.h, IFLA_IFNAME, op->device);
	mnl_attr_put_u32(msg.h, IFLA_LINK, at->port.index);
	mnl_attr_put_u32(msg.h, IFLA_NET_NS_FD, (uint32_t)at->ns->fd);
	mnl_attr_put_u32(msg.h, IFLA_MASTER, at->vrf.index);
	mnl_attr_put_u32(msg.h, IFLA_GROUP, LINK_GROUP);
	struct nlattr *info = mnl_attr_nest_start(msg.h, IFLA_LINKINFO);

	if (op->vlan == 0)
		put_macvlan(&msg);
	else
		put_vlan(&msg, op->vlan);
	mnl_attr_nest_end(msg.h, info);
	int code = nl_call(host->route, &msg, fault);

	if (code == EEXIST)
		return fault_prefix(fault,
		    "device %s: the VLAN is taken on %s, or the name in the router's own namespace", op->device,
		    op->port);
	return code == 0 ? 0 : fault_prefix(fault, "making device %s from %s", op->device, op->port);
}

static int
check_vlan(const struct link *link, const struct op_link *op, const struct places *at, struct fault *fault)
{
	if (link->kind != (op->vlan == 0 ? LINK_MACVLAN : LINK_VLAN) || link->vlan != op->vlan)
		return fault_set(fault, EEXIST, "device %s is there and is another VLAN", op->device);
	if (link->lower != at->port.index)
		return fault_set(fault, EEXIST, "device %s is there and is made from another port", op->device);
	if (link->master != at->vrf.index)
		return fault_set(fault, EEXIST, "device %s is there and is not in VRF %s", op->device, op->vrf);
	if (strcmp(link->alias, op->mark) != 0)
		return fault_set(fault, EEXIST, "device %s is there and belongs to another object", op->device);
	return 0;
}

static int
find_places(struct call *call, const struct op_link *op, struct places *ret)
{
	struct fault *fault = &call->fault;

	if (op->vlan > VLAN_LAST)
		return fault_set(fault, EINVAL, "there is no VLAN %u", op->vlan);
	if (port_check(call->host, op->port, fault) != 0)
		return fault->code;
	if (link_find(call->host->route, op->port, &ret->port, fault) != 0)
		return fault_prefix(fault, "port");
	if (netns_get(call->host, op->instance, &ret->ns, fault) != 0 ||
	    vrf_find(ret->ns, op->vrf, &ret->vrf, fault) != 0)
		return fault->code;
	return 0;
}

/* A macvlan in passthru mode takes every untagged frame, also what is for the router itself. */
static int
refuse_when_exposed(struct call *call, const struct op_link *op, const struct link *port)
{
	bool exposed;

	if (op->vlan != 0)
		return 0;
	if (port_is_exposed(call->host, call->arena, port->index, &exposed, &call->fault) != 0)
		return call->fault.code;
	if (exposed)
		return fault_set(&call->fault, EBUSY,
		    "port %s has an address of the router's own, which untagged traffic "
		    "into a gateway would cut off",
		    op->port);
	return 0;
}

static int
make_vlan(struct call *call, const struct op_link *op, const struct places *at)
{
	struct fault *fault = &call->fault;
	struct link made;

	if (refuse_when_exposed(call, op, &at->port) != 0 || create_vlan(call->host, op, at, fault) != 0 ||
	    link_find(at->ns->route, op->device, &made, fault) != 0)
		return fault->code;
	/* BIRD reads devices by number, and must know a VRF before what is in it. */
	if (made.index < at->vrf.index) {
		struct fault ignored = {0};

		link_delete(at->ns->route, made.index, &ignored);
		return fault_set(fault, EAGAIN, "device %s got a lower number than VRF %s", op->device, op->vrf);
	}
	return link_mark(&at->ns->links, op->device, op->mark, fault);
}

static int
op_vlan_add(struct call *call, const void *request)
{
	const struct op_link *op = request;
	struct fault *fault = &call->fault;
	struct places at;
	struct link link;
	bool hooked;

	if (find_places(call, op, &at) != 0)
		return fault->code;
	int code = link_claim(at.ns->route, op->device, &link, fault);

	if (code == 0)
		code = check_vlan(&link, op, &at, fault);
	else if (code == ENODEV)
		code = make_vlan(call, op, &at);
	if (code != 0 || link_find(at.ns->route, op->device, &link, fault) != 0 ||
	    tc_hook(at.ns->route, link.index, &hooked, fault) != 0)
		return fault->code;
	return port_gained(call, at.port.index, op->vlan == 0);
}

/* The kernel takes a VLAN's MTU down with its port's, but not up again. Over ports that count the tag as a part of the
 * frame it stays a tag's length below. */
static bool
is_mtu_behind(const struct link *link, const struct link *port)
{
	return link->mtu + VLAN_TAG_BYTES < port->mtu;
}

static void
fill_vlan(
    struct call *call, const struct device_list *list, const void *own, const struct link *link, struct item_link *item)
{
	const struct link *port = link_is_ours(link) ? link_by_index(list->port, list->ports, link->lower) : NULL;

	(void)call;
	(void)own;
	item->is_vlan = 1;
	if (port == NULL)
		return;
	strlcpy(item->port, port->name, sizeof(item->port));
	/* Not every driver drops its carrier when its device is set down. */
	item->carrier = link->carrier && port->carrier && port->up;
	if (is_mtu_behind(link, port))
		item->up = 0;
}

static int
take_mtu_of_port(struct call *call, struct netns *ns, const struct link *link)
{
	struct link port;
	int code = link_find_index(call->host->route, link->lower, &port, &call->fault);

	if (code == 0 && is_mtu_behind(link, &port)) {
		code = link_set_mtu(ns->route, link->index, port.mtu, &call->fault);
		if (code == ERANGE)
			code = link_set_mtu(ns->route, link->index, port.mtu - VLAN_TAG_BYTES, &call->fault);
	}
	return code == 0 ? 0 : fault_prefix(&call->fault, "MTU of device %s", link->name);
}

static int
leave_port(struct call *call, struct netns *ns, const struct link *link)
{
	return port_lost(call, ns, link->lower, link->kind == LINK_MACVLAN);
}

const struct device_kind vlan_kind = {.fill = fill_vlan, .before_up = take_mtu_of_port, .after_delete = leave_port};

static const struct member members[] = {MEMBER(op_link, INSTANCE, instance), MEMBER(op_link, NAME, device),
    MEMBER(op_link, MARK, mark), MEMBER(op_link, PORT, port), MEMBER(op_link, NAME, vrf), {MEMBER_END, 0}};

static void
remove_refused_in(struct host *host, struct arena *arena, struct netns *ns, const struct link *ports, size_t port_count)
{
	struct fault fault = {0};
	struct link *links;
	size_t n;

	if (link_read(&ns->links, arena, &links, &n, &fault) != 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct link *port = link_by_index(ports, port_count, links[i].lower);

		if (!link_is_ours(&links[i]) || !link_is_from_port(&links[i]) || port == NULL ||
		    port_check(host, port->name, &fault) == 0)
			continue;
		dc_log(LOG_WARNING, "agent", "instance=%u device=%s removed=\"%s\"", ns->number, links[i].name,
		    fault.text);
		link_delete(ns->route, links[i].index, &fault);
	}
}

void
vlan_remove_refused(struct host *host)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct fault ignored = {0};
	uint32_t *numbers;
	struct link *ports;
	struct netns *ns;
	size_t n, port_count;

	if (link_read(&host->links, arena, &ports, &port_count, &ignored) != 0 ||
	    netns_numbers(host, arena, &numbers, &n, &ignored) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (netns_get(host, numbers[i], &ns, &ignored) == 0)
			remove_refused_in(host, arena, ns, ports, port_count);
}

static const struct op_row rows[] = {
    {OP_VLAN_ADD, op_vlan_add, sizeof(struct op_link), members},
};

const struct object vlan_object = OBJECT(rows);
