/* SPDX-License-Identifier: ISC */
/* fuzz_request.c - what the unprivileged half of an edge sends to the agent. For any input an operation is only run
 * with strings that end, addresses that are some, and numbers in their range. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "edge/agent/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ends(const char *text, size_t size)
{
	if (memchr(text, '\0', size) == NULL)
		abort();
}

static void
is_addr(const struct ip_addr *a)
{
	if (a->family != IP_V4 && a->family != IP_V6)
		abort();
}

static void
is_prefix(const struct ip_prefix *p)
{
	is_addr(&p->addr);
	if (p->len > ip_bits(p->addr.family))
		abort();
}

static void
is_link(const struct op_link *op)
{
	ends(op->device, sizeof(op->device));
	ends(op->mark, sizeof(op->mark));
	ends(op->port, sizeof(op->port));
	ends(op->vrf, sizeof(op->vrf));
	if (op->instance < 1 || op->instance > 9999 || strncmp(op->mark, "dcaas:", 6) != 0)
		abort();
}

static void
is_veth(const struct op_veth *op)
{
	ends(op->device, sizeof(op->device));
	ends(op->mark, sizeof(op->mark));
	ends(op->vrf, sizeof(op->vrf));
	ends(op->peer_device, sizeof(op->peer_device));
	ends(op->peer_mark, sizeof(op->peer_mark));
	ends(op->peer_vrf, sizeof(op->peer_vrf));
}

static void
is_route(const struct op_route *op)
{
	ends(op->device, sizeof(op->device));
	is_prefix(&op->prefix);
	if (op->via.family != IP_NONE)
		is_addr(&op->via);
}

static void
is_addr_request(const struct op_addr *op)
{
	ends(op->device, sizeof(op->device));
	is_prefix(&op->prefix);
}

static void
is_neighbour(const struct op_neighbour *op)
{
	ends(op->device, sizeof(op->device));
	is_addr(&op->local);
	is_addr(&op->remote);
}

static void
look(const void *packet)
{
	uint32_t op = ((const struct op_header *)packet)->op;

	if (table_operation(packet) == NULL)
		abort();
	if (op == OP_VRF_ADD || op == OP_VLAN_ADD)
		is_link(packet);
	else if (op == OP_VETH_ADD)
		is_veth(packet);
	else if (op == OP_ADDR_ADD || op == OP_ADDR_DEL)
		is_addr_request(packet);
	else if (op == OP_ROUTE_ADD || op == OP_ROUTE_DEL)
		is_route(packet);
	else if (op == OP_NEIGHBOUR_ADD || op == OP_NEIGHBOUR_DEL)
		is_neighbour(packet);
	else if (op == OP_NETWORK_ADD || op == OP_NETWORK_DEL)
		is_prefix(&((const struct op_network *)packet)->prefix);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *packet =
	    size <= REQUEST_MAX ? malloc(size > 0 ? size : 1) : NULL; /* of the exact size, and aligned for any type */
	struct fault fault = {0};

	if (packet == NULL)
		return 0;
	memcpy(packet, data, size);
	for (int hello = 0; hello < 2; hello++) {
		enum table_verdict verdict = table_check(packet, size, hello != 0, &fault);

		if (verdict == TABLE_FINE)
			look(packet);
		else if (verdict == TABLE_REFUSED && (fault.code == 0 || fault.text[0] == '\0'))
			abort();
	}
	free(packet);
	return 0;
}
