/* SPDX-License-Identifier: ISC */
#include "edge/agent/port.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "edge/agent/addr.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/nl_tc.h"

/* Frames with a priority tag (VLAN 0) are untagged ones to the kernel. Frames with a VLAN reach their VLAN device.
 */
static const struct tc_rule drop_rules[] = {
    {.pref = TC_PORT_FIRST, .protocol = ETH_P_8021Q, .vlan_zero = true, .verdict = TC_ACT_SHOT},
    {.pref = TC_PORT_FIRST + 1, .protocol = ETH_P_8021Q, .verdict = TC_ACT_OK},
    {.pref = TC_PORT_FIRST + 2, .protocol = ETH_P_8021AD, .vlan_zero = true, .verdict = TC_ACT_SHOT},
    {.pref = TC_PORT_FIRST + 3, .protocol = ETH_P_8021AD, .verdict = TC_ACT_OK},
    {.pref = TC_PORT_FIRST + 4, .protocol = ETH_P_ALL, .verdict = TC_ACT_SHOT},
};
#define DROP_RULES (sizeof(drop_rules) / sizeof(drop_rules[0]))

/* The rules' handle remembers whose the clsact is, so that the operator's stays when the rules go. */
enum { HANDLE_HOOK_OURS = 1, HANDLE_HOOK_FOUND = 2 };

struct port_users {    /* devices of ours that are made from one of the router's */
	uint32_t port; /* its index */
	uint32_t n;
	bool whole; /* a macvlan among them */
};

struct ports { /* all that is known of the router's own namespace */
	struct link *link;
	size_t links;
	struct addr *addr;
	size_t addrs;
	struct port_users *user;
	size_t users;
};

static void
count_user(struct ports *all, const struct link *link)
{
	size_t i = 0;

	while (i < all->users && all->user[i].port != link->lower)
		i++;
	if (i == all->users)
		all->user[all->users++] = (struct port_users){.port = link->lower};
	all->user[i].n++;
	all->user[i].whole = all->user[i].whole || link->kind == LINK_MACVLAN;
}

/* What we make from a device always has it in the router's own namespace. */
static int
read_users(struct host *host, struct arena *arena, struct ports *all, struct fault *fault)
{
	uint32_t *numbers;
	size_t n;

	/* What has no port there any more counts for none that is. */
	all->user = arena_array(arena, all->links + 1, sizeof(*all->user));
	if (netns_numbers(host, arena, &numbers, &n, fault) != 0)
		return fault->code;
	for (size_t i = 0; i < n; i++) {
		const struct link *links;
		struct netns *ns;
		size_t count;

		if (netns_get(host, numbers[i], &ns, fault) != 0 || link_peek(&ns->links, &links, &count, fault) != 0)
			return fault->code;
		for (size_t k = 0; k < count; k++)
			if (link_is_from_port(&links[k]) &&
			    link_by_index(all->link, all->links, links[k].lower) != NULL)
				count_user(all, &links[k]);
	}
	return 0;
}

static int
read_ports(struct host *host, struct arena *arena, struct ports *ret, struct fault *fault)
{
	if (link_read(&host->links, arena, &ret->link, &ret->links, fault) != 0 ||
	    addr_read(host->route, arena, 0, &ret->addr, &ret->addrs, fault) != 0)
		return fault->code;
	ret->users = 0;
	return read_users(host, arena, ret, fault);
}

static bool
has_address(const struct ports *all, uint32_t index)
{
	for (size_t i = 0; i < all->addrs && index != 0; i++)
		if (all->addr[i].index == index)
			return true;
	return false;
}

/* The bridge or bond that the port's untagged frames are for; 0: the router itself. A VRF only selects the table. */
static uint32_t
upper_of(const struct ports *all, const struct link *port)
{
	const struct link *master = link_by_index(all->link, all->links, port->master);

	return master == NULL || master->kind == LINK_VRF ? 0 : master->index;
}

static bool
is_exposed(const struct ports *all, const struct link *port)
{
	return has_address(all, port->index) || has_address(all, upper_of(all, port));
}

static bool
is_listed(const char *ports, const char *name)
{
	char pattern[OP_NAME_MAX + 1];

	for (const char *at = ports; *at != '\0';) {
		size_t len = strcspn(at, " ");

		if (len > 0 && len < sizeof(pattern)) {
			memcpy(pattern, at, len);
			pattern[len] = '\0';
			if (fnmatch(pattern, name, 0) == 0)
				return true;
		}
		at += len + strspn(at + len, " ");
	}
	return false;
}

int
port_check(const struct host *host, const char *name, struct fault *fault)
{
	return is_listed(host->ports, name)
		   ? 0
		   : fault_set(fault, EPERM,
			 "port %s may not carry customers: [edge] ports of this router does not list it", name);
}

int
port_is_exposed(struct host *host, struct arena *arena, uint32_t index, bool *exposed, struct fault *fault)
{
	struct ports all;

	if (read_ports(host, arena, &all, fault) != 0)
		return fault->code;
	const struct link *port = link_by_index(all.link, all.links, index);

	*exposed = port != NULL && is_exposed(&all, port);
	return 0;
}

static uint32_t
count_users(const struct ports *all, uint32_t index, bool *whole)
{
	*whole = false;
	for (size_t i = 0; i < all->users; i++) {
		if (all->user[i].port != index)
			continue;
		*whole = all->user[i].whole;
		return all->user[i].n;
	}
	return 0;
}

/* Untagged frames of a port in a bridge or bond are that one's. */
static bool
wants_drop(const struct ports *all, const struct link *port)
{
	bool whole;

	return count_users(all, port->index, &whole) > 0 && !whole && upper_of(all, port) == 0 &&
	       !is_exposed(all, port);
}

/* Which of the rules are there, and by their handle whose the hook is (0: none there). */
static int
read_drop(struct call *call, uint32_t index, bool there[DROP_RULES], uint32_t *handle)
{
	struct tc_rule *rules;
	size_t n;

	memset(there, 0, DROP_RULES * sizeof(there[0]));
	*handle = 0;
	if (tc_read(call->host->route, index, call->arena, &rules, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < DROP_RULES; k++) {
			if (rules[i].pref != drop_rules[k].pref || rules[i].protocol != drop_rules[k].protocol)
				continue;
			there[k] = true;
			*handle = rules[i].handle;
		}
	}
	return 0;
}

static int
add_drop(struct call *call, uint32_t index, const bool there[DROP_RULES], uint32_t handle)
{
	bool made;

	if (tc_hook(call->host->route, index, &made, &call->fault) != 0)
		return call->fault.code;
	if (handle == 0)
		handle = made ? HANDLE_HOOK_OURS : HANDLE_HOOK_FOUND;
	for (size_t i = 0; i < DROP_RULES; i++) {
		struct tc_rule rule = drop_rules[i];

		rule.handle = handle;
		if (!there[i] && tc_add(call->host->route, index, &rule, &call->fault) != 0)
			return call->fault.code;
	}
	return 0;
}

/* The drop itself goes first, or tagged frames would meet it. */
static int
del_drop(struct call *call, uint32_t index, const bool there[DROP_RULES], uint32_t handle)
{
	struct nl *nl = call->host->route;

	for (size_t i = DROP_RULES; i-- > 0;)
		if (there[i] && tc_del(nl, index, drop_rules[i].pref, drop_rules[i].protocol, 0, &call->fault) != 0)
			return call->fault.code;
	if (handle == HANDLE_HOOK_OURS && tc_hook_is_empty(nl, index))
		return tc_unhook(nl, index, &call->fault);
	return 0;
}

static int
align_drop(struct call *call, const struct ports *all, const struct link *port)
{
	bool there[DROP_RULES], some = false, every = true, want = wants_drop(all, port);
	uint32_t handle;
	int code = read_drop(call, port->index, there, &handle);

	for (size_t i = 0; code == 0 && i < DROP_RULES; i++) {
		some = some || there[i];
		every = every && there[i];
	}
	if (code == 0 && want && !every)
		code = add_drop(call, port->index, there, handle);
	else if (code == 0 && !want && some)
		code = del_drop(call, port->index, there, handle);
	if (code == ENODEV) /* gone since it was read */
		return 0;
	return code == 0 ? 0 : fault_prefix(&call->fault, "drop of untagged frames on port %s", port->name);
}

static int
align_drop_of(struct call *call, uint32_t index)
{
	struct ports all;

	if (read_ports(call->host, call->arena, &all, &call->fault) != 0)
		return call->fault.code;
	const struct link *port = link_by_index(all.link, all.links, index);

	return port == NULL ? 0 : align_drop(call, &all, port);
}

int
port_gained(struct call *call, uint32_t index, bool whole)
{
	bool there[DROP_RULES], every = true;
	uint32_t handle;
	int code = read_drop(call, index, there, &handle);

	for (size_t i = 0; i < DROP_RULES; i++)
		every = every && there[i];
	if (code == ENODEV || (code == 0 && every && !whole))
		return 0;
	return code == 0 ? align_drop_of(call, index) : code;
}

int
port_lost(struct call *call, struct netns *ns, uint32_t index, bool whole)
{
	const struct link *links;
	size_t n;

	if (link_peek(&ns->links, &links, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n && !whole; i++)
		if (link_is_from_port(&links[i]) && links[i].lower == index)
			return 0;
	return align_drop_of(call, index);
}

static int
op_ports(struct call *call, const void *request)
{
	struct ports all;

	(void)request;
	if (read_ports(call->host, call->arena, &all, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < all.links; i++) {
		const struct link *port = &all.link[i];
		struct item_port item = {.up = port->up,
		    .carrier = port->up && port->carrier,
		    .exposed = is_exposed(&all, port),
		    .mtu = port->mtu};
		bool whole;

		if (strcmp(port->name, "lo") == 0)
			continue;
		item.vlans = count_users(&all, port->index, &whole);
		/* The first time all of them: an agent that died may have left a drop behind. */
		if ((item.vlans > 0 || !call->host->ports_checked) && align_drop(call, &all, port) != 0)
			return call->fault.code;
		strlcpy(item.device, port->name, sizeof(item.device));
		call_item(call, &item, sizeof(item));
	}
	call->host->ports_checked = true;
	return 0;
}

static const struct op_row rows[] = {
    {OP_PORTS, op_ports, sizeof(struct op_none), members_none},
};

const struct object port_object = OBJECT(rows);
