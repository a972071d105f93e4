/* SPDX-License-Identifier: ISC */
#include "edge/agent/veth.h"

#include <errno.h>
#include <string.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "edge/agent/nl.h"
#include "edge/agent/nl_nsid.h"
#include "edge/agent/vrf.h"

/* What one namespace calls the others of ours. */
struct veth_map {
	size_t n;
	struct veth_place {
		uint32_t number;
		int32_t id; /* -1: itself, or one it has no name for */
	} * place;
};

struct end {
	struct netns *ns;
	const char *device, *mark, *vrf_name;
	struct link vrf;
	bool there;
	struct link link; /* when it is there */
};

static bool
is_peer_in(struct netns *ns, const struct link *link, struct netns *other)
{
	return link->lower_netns < 0 ? ns == other : ns != other && nl_nsid(ns->route, other->fd) == link->lower_netns;
}

static bool
are_a_pair(const struct end *a, const struct end *b)
{
	return a->link.kind == LINK_VETH && b->link.kind == LINK_VETH && a->link.lower == b->link.index &&
	       b->link.lower == a->link.index && is_peer_in(a->ns, &a->link, b->ns);
}

/* Making */

static int
find_end(struct call *call, uint32_t instance, struct end *end)
{
	struct fault *fault = &call->fault;

	if (netns_get(call->host, instance, &end->ns, fault) != 0 ||
	    vrf_find(end->ns, end->vrf_name, &end->vrf, fault) != 0)
		return fault->code;
	int code = link_find_ours(end->ns->route, end->device, &end->link, fault);

	if (code != 0 && code != ENODEV)
		return code;
	end->there = code == 0;
	if (end->there && !link_is_half_made(&end->link) && strcmp(end->link.alias, end->mark) != 0)
		return fault_set(fault, EEXIST, "device %s is there and belongs to another object", end->device);
	if (end->there && end->link.kind != LINK_VETH)
		return fault_set(fault, EEXIST, "device %s is there and is no end of a veth pair", end->device);
	return 0;
}

static int
create_pair(const struct end *a, const struct end *b, struct fault *fault)
{
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg.h, IFLA_IFNAME, a->device);
	mnl_attr_put_u32(msg.h, IFLA_GROUP, LINK_GROUP);
	mnl_attr_put_u32(msg.h, IFLA_MASTER, a->vrf.index);
	struct nlattr *info = mnl_attr_nest_start(msg.h, IFLA_LINKINFO);

	mnl_attr_put_strz(msg.h, IFLA_INFO_KIND, link_kind_name(LINK_VETH));
	struct nlattr *data = mnl_attr_nest_start(msg.h, IFLA_INFO_DATA);
	struct nlattr *peer = mnl_attr_nest_start(msg.h, VETH_INFO_PEER);

	memset(mnl_nlmsg_put_extra_header(msg.h, sizeof(struct ifinfomsg)), 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg.h, IFLA_IFNAME, b->device);
	mnl_attr_put_u32(msg.h, IFLA_GROUP, LINK_GROUP);
	mnl_attr_put_u32(msg.h, IFLA_NET_NS_FD, (uint32_t)b->ns->fd);
	mnl_attr_nest_end(msg.h, peer);
	mnl_attr_nest_end(msg.h, data);
	mnl_attr_nest_end(msg.h, info);
	return nl_call(a->ns->route, &msg, fault);
}

static int
complete_end(struct end *end, struct fault *fault)
{
	struct nl *nl = end->ns->route;
	int code = link_find(nl, end->device, &end->link, fault);

	if (code == 0 && end->link.master != end->vrf.index)
		code = link_set_master(nl, end->link.index, end->vrf.index, fault);
	if (code == 0 && link_is_half_made(&end->link))
		code = link_mark(&end->ns->links, end->device, end->mark, fault);
	if (code == 0 && !end->link.up)
		code = link_set_up(nl, end->link.index, fault);
	return code;
}

/* An end without its peer is of no use, and goes. */
static int
clear(struct end *a, struct end *b, struct fault *fault)
{
	if (a->there && link_delete(a->ns->route, a->link.index, fault) != 0)
		return fault->code;
	return b->there ? link_delete(b->ns->route, b->link.index, fault) : 0;
}

static int
op_veth_add(struct call *call, const void *request)
{
	const struct op_veth *op = request;
	struct end a = {.device = op->device, .mark = op->mark, .vrf_name = op->vrf};
	struct end b = {.device = op->peer_device, .mark = op->peer_mark, .vrf_name = op->peer_vrf};
	struct fault *fault = &call->fault;

	if (find_end(call, op->instance, &a) != 0 || find_end(call, op->peer_instance, &b) != 0)
		return fault->code;
	/* The second look may have moved what the first one found. */
	if (netns_get(call->host, op->instance, &a.ns, fault) != 0)
		return fault->code;
	int code = 0;

	if (!a.there || !b.there || !are_a_pair(&a, &b)) {
		code = clear(&a, &b, fault);
		if (code == 0)
			code = create_pair(&a, &b, fault);
	}
	if (code == 0)
		code = complete_end(&a, fault);
	if (code == 0)
		code = complete_end(&b, fault);
	return code == 0 ? 0 : fault_prefix(fault, "veth pair %s, %s", op->device, op->peer_device);
}

/* Reading */

static int
read_map(struct host *host, struct arena *arena, struct netns *ns, struct veth_map *ret, struct fault *fault)
{
	uint32_t *numbers;

	if (netns_numbers(host, arena, &numbers, &ret->n, fault) != 0)
		return fault->code;
	ret->place = arena_array(arena, ret->n + 1, sizeof(*ret->place));
	for (size_t i = 0; i < ret->n; i++) {
		struct netns *other;

		if (netns_get(host, numbers[i], &other, fault) != 0)
			return fault->code;
		ret->place[i].number = numbers[i];
		ret->place[i].id = other == ns ? -1 : nl_nsid(ns->route, other->fd);
	}
	return 0;
}

static uint32_t
instance_of_peer(const struct veth_map *map, const struct netns *ns, const struct link *link)
{
	if (link->lower_netns < 0)
		return ns->number;
	for (size_t i = 0; i < map->n; i++)
		if (map->place[i].id == link->lower_netns)
			return map->place[i].number;
	return 0;
}

static void
fill_peer(
    struct host *host, const struct veth_map *map, struct netns *ns, const struct link *link, struct item_link *item)
{
	uint32_t number = instance_of_peer(map, ns, link);
	struct fault ignored = {0};
	struct netns *other;
	struct link peer;

	if (number == 0 || netns_get(host, number, &other, &ignored) != 0 ||
	    link_find_index(other->route, link->lower, &peer, &ignored) != 0)
		return;
	item->peer_instance = number;
	strlcpy(item->peer, peer.name, sizeof(item->peer));
}

static int
begin_veth_list(struct call *call, const struct device_list *list, void **own)
{
	struct veth_map *map = arena_new_of(call->arena, struct veth_map);

	*own = map;
	return read_map(call->host, call->arena, list->ns, map, &call->fault);
}

static void
fill_veth(
    struct call *call, const struct device_list *list, const void *own, const struct link *link, struct item_link *item)
{
	item->is_veth = 1;
	if (link_is_ours(link))
		fill_peer(call->host, own, list->ns, link, item);
}

const struct device_kind veth_kind = {.begin = begin_veth_list, .fill = fill_veth};

static const struct member members[] = {MEMBER(op_veth, INSTANCE, instance), MEMBER(op_veth, NAME, device),
    MEMBER(op_veth, MARK, mark), MEMBER(op_veth, NAME, vrf), MEMBER(op_veth, INSTANCE, peer_instance),
    MEMBER(op_veth, NAME, peer_device), MEMBER(op_veth, MARK, peer_mark), MEMBER(op_veth, NAME, peer_vrf),
    {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_VETH_ADD, op_veth_add, sizeof(struct op_veth), members},
};

const struct object veth_object = OBJECT(rows);
