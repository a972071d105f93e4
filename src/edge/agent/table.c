/* SPDX-License-Identifier: ISC */
#include "edge/agent/table.h"

#include <errno.h>
#include <string.h>

#include "base/name.h"
#include "edge/agent/addr.h"
#include "edge/agent/bird_process.h"
#include "edge/agent/counters.h"
#include "edge/agent/device.h"
#include "edge/agent/diag.h"
#include "edge/agent/guard.h"
#include "edge/agent/netns_setup.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/port.h"
#include "edge/agent/route.h"
#include "edge/agent/session.h"
#include "edge/agent/veth.h"
#include "edge/agent/vlan.h"
#include "edge/agent/vrf.h"

#define INSTANCE_LAST 9999

enum kind {
	END = 0,
	INSTANCE,
	NAME, /* of a device of ours */
	MAYBE_NAME,
	PORT, /* of a device of the router's own */
	MAYBE_PORT,
	MARK,
	ADDR,
	MAYBE_ADDR,
	PREFIX,
	KEY_LENGTH,
};

struct member {
	enum kind kind;
	size_t offset;
};

#define M(type, kind, name)                                                                                            \
	{                                                                                                              \
		kind, offsetof(struct type, name)                                                                      \
	}

static const struct member none[] = {{END, 0}};
static const struct member instance[] = {M(op_instance, INSTANCE, instance), {END, 0}};
static const struct member vrf[] = {M(op_link, INSTANCE, instance), M(op_link, NAME, device), M(op_link, MARK, mark),
    M(op_link, MAYBE_PORT, port), M(op_link, MAYBE_NAME, vrf), {END, 0}};
static const struct member vlan[] = {M(op_link, INSTANCE, instance), M(op_link, NAME, device), M(op_link, MARK, mark),
    M(op_link, PORT, port), M(op_link, NAME, vrf), {END, 0}};
static const struct member veth[] = {M(op_veth, INSTANCE, instance), M(op_veth, NAME, device), M(op_veth, MARK, mark),
    M(op_veth, NAME, vrf), M(op_veth, INSTANCE, peer_instance), M(op_veth, NAME, peer_device),
    M(op_veth, MARK, peer_mark), M(op_veth, NAME, peer_vrf), {END, 0}};
static const struct member device[] = {M(op_device, INSTANCE, instance), M(op_device, NAME, device), {END, 0}};
static const struct member addr[] = {
    M(op_addr, INSTANCE, instance), M(op_addr, NAME, device), M(op_addr, PREFIX, prefix), {END, 0}};
static const struct member route[] = {M(op_route, INSTANCE, instance), M(op_route, PREFIX, prefix),
    M(op_route, MAYBE_ADDR, via), M(op_route, NAME, device), {END, 0}};
static const struct member guard[] = {
    M(op_guard, INSTANCE, instance), M(op_guard, NAME, device), M(op_guard, ADDR, local), {END, 0}};
static const struct member md5[] = {M(op_md5, INSTANCE, instance), M(op_md5, NAME, vrf), M(op_md5, ADDR, remote),
    M(op_md5, KEY_LENGTH, key_len), {END, 0}};
static const struct member tcp[] = {
    M(op_tcp, INSTANCE, instance), M(op_tcp, NAME, vrf), M(op_tcp, ADDR, local), M(op_tcp, ADDR, remote), {END, 0}};
static const struct member start[] = {M(op_daemon, INSTANCE, instance), {END, 0}};

static const struct row {
	operation *run;
	size_t size;
	const struct member *members;
} rows[OP_LAST] = {
    [OP_HELLO] = {op_hello, sizeof(struct op_hello), none},
    [OP_PORTS] = {op_ports, sizeof(struct op_none), none},
    [OP_CHANGES] = {op_changes, sizeof(struct op_none), none},
    [OP_NETNS_ADD] = {op_netns_add, sizeof(struct op_instance), instance},
    [OP_NETNS_DEL] = {op_netns_del, sizeof(struct op_instance), instance},
    [OP_INSTANCES] = {op_instances, sizeof(struct op_none), none},
    [OP_READ_LINKS] = {op_read_links, sizeof(struct op_instance), instance},
    [OP_READ_ADDRS] = {op_read_addrs, sizeof(struct op_instance), instance},
    [OP_READ_ROUTES] = {op_read_routes, sizeof(struct op_instance), instance},
    [OP_VRF_ADD] = {op_vrf_add, sizeof(struct op_link), vrf},
    [OP_VLAN_ADD] = {op_vlan_add, sizeof(struct op_link), vlan},
    [OP_VETH_ADD] = {op_veth_add, sizeof(struct op_veth), veth},
    [OP_LINK_UP] = {op_link_up, sizeof(struct op_device), device},
    [OP_LINK_DEL] = {op_link_del, sizeof(struct op_device), device},
    [OP_ADDR_ADD] = {op_addr_add, sizeof(struct op_addr), addr},
    [OP_ADDR_DEL] = {op_addr_del, sizeof(struct op_addr), addr},
    [OP_ROUTE_ADD] = {op_route_add, sizeof(struct op_route), route},
    [OP_ROUTE_DEL] = {op_route_del, sizeof(struct op_route), route},
    [OP_GUARD_ON] = {op_guard_on, sizeof(struct op_guard), guard},
    [OP_GUARD_OFF] = {op_guard_off, sizeof(struct op_guard), guard},
    [OP_MD5_LISTENER] = {op_md5_listener, sizeof(struct op_md5), md5},
    [OP_LISTENER_KEYS] = {op_listener_keys, sizeof(struct op_md5), md5},
    [OP_TCP_STATE] = {op_tcp_state, sizeof(struct op_tcp), tcp},
    [OP_CONNECTIONS] = {op_connections, sizeof(struct op_instance), instance},
    [OP_TCP_RESET] = {op_tcp_reset, sizeof(struct op_tcp), tcp},
    [OP_COUNTERS] = {op_counters, sizeof(struct op_instance), instance},
    [OP_DAEMON_START] = {op_daemon_start, sizeof(struct op_daemon), start},
    [OP_DAEMON_STATE] = {op_daemon_state, sizeof(struct op_instance), instance},
    [OP_DAEMON_STOP] = {op_daemon_stop, sizeof(struct op_instance), instance},
};

static enum table_verdict
check_name(const char *text, bool empty_is_fine, bool fits(const char *), struct fault *fault)
{
	if (memchr(text, '\0', OP_NAME_MAX) == NULL)
		return TABLE_MALFORMED;
	if ((text[0] == '\0' && empty_is_fine) || fits(text))
		return TABLE_FINE;
	if (text[0] == '\0')
		fault_set(fault, EINVAL, "a name is missing");
	else
		fault_set(fault, EINVAL, "that is no name of a device");
	return TABLE_REFUSED;
}

static enum table_verdict
check_mark(const char *text, struct fault *fault)
{
	if (memchr(text, '\0', OP_MARK_MAX) == NULL)
		return TABLE_MALFORMED;
	if (strncmp(text, LINK_MARK, sizeof(LINK_MARK) - 1) != 0 || text[sizeof(LINK_MARK) - 1] == '\0') {
		fault_set(fault, EINVAL, "that is no mark of ours");
		return TABLE_REFUSED;
	}
	return TABLE_FINE;
}

/* The family is read as a number: what another process wrote need not be one of the enum. */
static enum table_verdict
check_addr(const struct ip_addr *a, bool none_is_fine)
{
	uint32_t family;

	memcpy(&family, &a->family, sizeof(family));
	return family == IP_V4 || family == IP_V6 || (family == IP_NONE && none_is_fine) ? TABLE_FINE : TABLE_MALFORMED;
}

static enum table_verdict
check_prefix(const struct ip_prefix *p)
{
	if (check_addr(&p->addr, false) != TABLE_FINE)
		return TABLE_MALFORMED;
	return p->len <= ip_bits(p->addr.family) ? TABLE_FINE : TABLE_MALFORMED;
}

static enum table_verdict
check_instance(const uint32_t *number, struct fault *fault)
{
	if (*number >= 1 && *number <= INSTANCE_LAST)
		return TABLE_FINE;
	fault_set(fault, EINVAL, "there is no instance %u", *number);
	return TABLE_REFUSED;
}

static enum table_verdict
check_member(const struct member *m, const char *packet, struct fault *fault)
{
	const void *at = packet + m->offset;

	switch (m->kind) {
	case END:
		return TABLE_FINE;
	case INSTANCE:
		return check_instance(at, fault);
	case NAME:
	case MAYBE_NAME:
		return check_name(at, m->kind == MAYBE_NAME, name_is_ours, fault);
	case PORT:
	case MAYBE_PORT:
		return check_name(at, m->kind == MAYBE_PORT, name_is_port, fault);
	case MARK:
		return check_mark(at, fault);
	case ADDR:
	case MAYBE_ADDR:
		return check_addr(at, m->kind == MAYBE_ADDR);
	case PREFIX:
		return check_prefix(at);
	case KEY_LENGTH:
		return *(const uint32_t *)at <= OP_KEY_MAX ? TABLE_FINE : TABLE_MALFORMED;
	}
	return TABLE_MALFORMED;
}

static const struct row *
find_row(uint32_t op)
{
	return op > 0 && op < OP_LAST && rows[op].run != NULL ? &rows[op] : NULL;
}

enum table_verdict
table_check(const void *packet, size_t size, bool hello, struct fault *fault)
{
	const struct op_header *header = packet;
	enum table_verdict worst = TABLE_FINE;
	const struct row *row;

	if (size < sizeof(*header) || (row = find_row(header->op)) == NULL || row->size != size)
		return TABLE_MALFORMED;
	if ((header->op == OP_HELLO) == hello) /* first, and once */
		return TABLE_MALFORMED;
	for (const struct member *m = row->members; m->kind != END; m++) {
		enum table_verdict verdict = check_member(m, packet, fault);

		if (verdict > worst)
			worst = verdict;
	}
	return worst;
}

operation *
table_operation(const void *packet)
{
	return rows[((const struct op_header *)packet)->op].run;
}
