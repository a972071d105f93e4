/* SPDX-License-Identifier: ISC */
#include "edge/agent/vrf.h"

#include <errno.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"
#include "edge/agent/nl_route.h"
#include "edge/agent/route.h"

struct guards { /* routes of protocol GUARD */
	struct route *route;
	size_t n;
};

int
vrf_find(struct netns *ns, const char *name, struct link *ret, struct fault *fault)
{
	if (link_find(ns->route, name, ret, fault) != 0)
		return fault->code;
	if (!link_is_ours(ret) || ret->kind != LINK_VRF)
		return fault_set(fault, EINVAL, "device %s is no VRF of ours", name);
	return 0;
}

static int
create_vrf(struct netns *ns, const struct op_link *op, struct fault *fault)
{
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg.h, IFLA_IFNAME, op->device);
	mnl_attr_put_u32(msg.h, IFLA_GROUP, LINK_GROUP);
	struct nlattr *info = mnl_attr_nest_start(msg.h, IFLA_LINKINFO);

	mnl_attr_put_strz(msg.h, IFLA_INFO_KIND, link_kind_name(LINK_VRF));
	struct nlattr *data = mnl_attr_nest_start(msg.h, IFLA_INFO_DATA);

	mnl_attr_put_u32(msg.h, IFLA_VRF_TABLE, op->table);
	mnl_attr_nest_end(msg.h, data);
	mnl_attr_nest_end(msg.h, info);
	return nl_call(ns->route, &msg, fault) == 0 ? 0 : fault_prefix(fault, "making VRF %s", op->device);
}

static int
vrf_complete(struct netns *ns, const struct link *vrf, struct fault *fault)
{
	if (!vrf->up && link_set_up(ns->route, vrf->index, fault) != 0)
		return fault_prefix(fault, "VRF %s up", vrf->name);
	return route_guard_table(ns, vrf->table, fault);
}

/* Whether what is there is what is asked for. */
static int
check_vrf(const struct link *link, const struct op_link *op, struct fault *fault)
{
	if (link->kind != LINK_VRF)
		return fault_set(fault, EEXIST, "device %s is there and is no VRF", op->device);
	if (link->table != op->table)
		return fault_set(fault, EEXIST, "VRF %s is there with table %u", op->device, link->table);
	if (strcmp(link->alias, op->mark) != 0)
		return fault_set(fault, EEXIST, "VRF %s is there and belongs to another object", op->device);
	return 0;
}

/* Two VRFs with one table would be one. (The kernel has a switch that forbids it, but not before it knows VRFs.) */
static int
check_vrf_table(struct call *call, struct netns *ns, uint32_t table)
{
	struct link *links;
	size_t n;

	if (link_read(&ns->links, call->arena, &links, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n; i++)
		if (links[i].kind == LINK_VRF && links[i].table == table)
			return fault_set(&call->fault, EEXIST, "table %u is that of VRF %s", table, links[i].name);
	return 0;
}

static int
op_vrf_add(struct call *call, const void *request)
{
	const struct op_link *op = request;
	struct fault *fault = &call->fault;
	struct netns *ns;
	struct link link;

	if (op->table < TABLE_FIRST || op->table > TABLE_LAST)
		return fault_set(fault, EINVAL, "table %u is not of our range", op->table);
	if (netns_get(call->host, op->instance, &ns, fault) != 0)
		return fault->code;
	int code = link_claim(ns->route, op->device, &link, fault);

	if (code == 0)
		code = check_vrf(&link, op, fault);
	else if (code == ENODEV) {
		if (check_vrf_table(call, ns, op->table) != 0 || create_vrf(ns, op, fault) != 0 ||
		    link_mark(&ns->links, op->device, op->mark, fault) != 0)
			return fault->code;
		code = link_find(ns->route, op->device, &link, fault);
	}
	return code == 0 ? vrf_complete(ns, &link, fault) : code;
}

/* Both unreachable defaults. */
static bool
is_guarded(const struct guards *guards, uint32_t table)
{
	size_t n = 0;

	for (size_t i = 0; i < guards->n; i++)
		n += guards->route[i].table == table && guards->route[i].type == RTN_UNREACHABLE &&
		     guards->route[i].prefix.len == 0;
	return n == 2;
}

static int
begin_vrf_list(struct call *call, const struct device_list *list, void **own)
{
	struct guards *guards = arena_new_of(call->arena, struct guards);

	*own = guards;
	return route_read(list->ns->route, call->arena, ROUTE_PROTO_GUARD, 0, &guards->route, &guards->n, &call->fault);
}

static void
fill_vrf(
    struct call *call, const struct device_list *list, const void *own, const struct link *vrf, struct item_link *item)
{
	(void)call;
	(void)list;
	item->is_vrf = 1;
	if (link_is_ours(vrf) && !is_guarded(own, vrf->table))
		item->up = 0;
}

static int
guard_vrf(struct call *call, struct netns *ns, const struct link *vrf)
{
	return route_guard_table(ns, vrf->table, &call->fault);
}

static int
empty_vrf(struct call *call, struct netns *ns, const struct link *vrf)
{
	struct link *links;
	size_t n;

	if (link_read(&ns->links, call->arena, &links, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n; i++)
		if (links[i].master == vrf->index)
			return fault_set(&call->fault, EBUSY, "VRF %s: device %s is in it", vrf->name, links[i].name);
	return route_unguard_table(ns, vrf->table, &call->fault) == 0
		   ? 0
		   : fault_prefix(&call->fault, "removing VRF %s", vrf->name);
}

const struct device_kind vrf_kind = {
    .begin = begin_vrf_list, .fill = fill_vrf, .before_up = guard_vrf, .before_delete = empty_vrf};

static const struct member members[] = {MEMBER(op_link, INSTANCE, instance), MEMBER(op_link, NAME, device),
    MEMBER(op_link, MARK, mark), MEMBER(op_link, MAYBE_PORT, port), MEMBER(op_link, MAYBE_NAME, vrf), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_VRF_ADD, op_vrf_add, sizeof(struct op_link), members},
};

const struct object vrf_object = OBJECT(rows);
